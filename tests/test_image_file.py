import sys

import numpy as np
import pytest

from advtext.data.image_file import load_image_file

Image = pytest.importorskip("PIL.Image")
RANDOM = np.random.default_rng(0)
PIXELS = RANDOM.integers(0, 256, (12, 12, 3)).astype("uint8")


def saved(path, pixels=PIXELS, mode="RGB", **options):
    Image.fromarray(pixels).convert(mode).save(path, **options)
    return path


@pytest.mark.parametrize("size", [12, (12, 12), np.array([12, 12])])
def test_pixels_are_read_as_they_are(tmp_path, size):
    image = load_image_file(saved(tmp_path / "a.png"), size)
    assert image.dtype == "float32" and image.shape == (12, 12, 3)
    np.testing.assert_array_equal(image, PIXELS / np.float32(255))


def test_the_middle_is_cut_out(tmp_path):
    wide = np.zeros((10, 30, 3), "uint8")
    wide[:, :10, 0] = wide[:, 10:20, 1] = wide[:, 20:, 2] = 255
    tall = np.swapaxes(wide, 0, 1)
    for number, pixels in enumerate((wide, tall)):
        image = load_image_file(saved(tmp_path / f"{number}.png", pixels), 10)
        np.testing.assert_array_equal(image, np.full((10, 10, 3), (0, 1, 0)))
    image = load_image_file(tmp_path / "0.png", (10, 30))
    np.testing.assert_array_equal(image, wide / 255)


def test_shrinking_averages(tmp_path):
    # Every second pixel: taking single ones would give 0 or 1.
    pixels = np.zeros((64, 64, 3), "uint8")
    pixels[::2, ::2] = pixels[1::2, 1::2] = 255
    image = load_image_file(saved(tmp_path / "a.png", pixels), 8)
    np.testing.assert_allclose(image, 0.5, atol=0.02)


@pytest.mark.parametrize("mode", ["L", "P", "1", "CMYK"])
def test_other_kinds_become_red_green_blue(tmp_path, mode):
    suffix = "tiff" if mode == "CMYK" else "png"
    path = saved(tmp_path / f"a.{suffix}", mode=mode)
    image = load_image_file(path, 12)
    assert image.shape == (12, 12, 3)
    if mode == "L":
        np.testing.assert_array_equal(image[..., 0], image[..., 2])
    expected = np.asarray(Image.open(path).convert("RGB")) / np.float32(255)
    np.testing.assert_array_equal(image, expected)


def test_a_turned_photo_is_turned_back(tmp_path):
    exif = Image.Exif()
    # Orientation: the first row is the right side.
    exif[0x0112] = 6
    image = load_image_file(saved(tmp_path / "a.png", exif=exif), 12)
    expected = np.rot90(PIXELS, k=-1) / np.float32(255)
    np.testing.assert_array_equal(image, expected)


def text(path):
    path.write_text("I am no image.")


def empty(path):
    path.touch()


def truncated(path):
    saved(path)
    path.write_bytes(path.read_bytes()[:-60])


def truncated_jpeg(path):
    saved(path, format="JPEG")
    path.write_bytes(path.read_bytes()[:-60])


def alpha(path):
    saved(path, mode="RGBA")


def grey_and_alpha(path):
    saved(path, mode="LA")


def transparent_colour(path):
    saved(path, mode="P", transparency=0)


def sixteen_bits(path):
    Image.fromarray(PIXELS[..., 0].astype("uint16") * 257).save(path)


def postscript(path):
    Image.new("RGB", (9, 9)).save(path, format="EPS")


def folder(path):
    path.mkdir()


@pytest.mark.parametrize(
    "write, error, message",
    [
        (text, ValueError, "a.png is not an image, or damaged.*whole PNG"),
        (empty, ValueError, "a.png is not an image, or damaged"),
        (truncated, ValueError, "a.png is not an image, or damaged"),
        (truncated_jpeg, ValueError, "a.png is not an image.*truncated"),
        (alpha, ValueError, r'a.png has an alpha channel.*convert\("RGB"\)'),
        (postscript, ValueError, "a.png is not an image, or damaged"),
        (grey_and_alpha, ValueError, "a.png has an alpha channel"),
        (transparent_colour, ValueError, "a.png has an alpha channel"),
        (sixteen_bits, ValueError, "a.png holds pixels of the kind 'I;16'"),
        (folder, FileNotFoundError, "no image file .*a.png"),
        (lambda path: None, FileNotFoundError, "no image file .*a.png"),
    ],
)
def test_other_files_are_refused(tmp_path, write, error, message):
    write(tmp_path / "a.png")
    with pytest.raises(error, match=message) as caught:
        load_image_file(tmp_path / "a.png", 12)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("size", [0, -1, 2.5, (3, 0), (1, 2, 3), "ab", True])
def test_wrong_sizes_are_refused(tmp_path, size):
    with pytest.raises(ValueError, match="`size` must be pixels"):
        load_image_file(saved(tmp_path / "a.png"), size)


def test_without_pillow_the_way_out_is_told(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError, match=r"pip install 'advtext\[plots\]'"):
        load_image_file(tmp_path / "a.png", 12)
