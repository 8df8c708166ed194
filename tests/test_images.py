import gzip
import lzma
import os
import struct
from pathlib import Path

import numpy as np
import pytest

from advtext.data import load_images
from advtext.data.images import read_array

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("ADVTEXT_DATA", ROOT / ".." / "shared" / "data"))
RANDOM = np.random.default_rng(0)
PIXELS = RANDOM.integers(0, 256, (5, 4, 3)).astype("uint8")
LABELS = np.array([3, 0, 1, 1, 9])


def idx(array, code=0x08, dtype="uint8"):
    head = struct.pack(
        f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape
    )
    return head + array.astype(dtype).tobytes()


@pytest.fixture
def mnist(tmp_path):
    for split in ("train", "t10k"):
        path = tmp_path / f"{split}-images-idx3-ubyte.gz"
        path.write_bytes(gzip.compress(idx(PIXELS)))
        path = tmp_path / f"{split}-labels-idx1-ubyte"
        path.write_bytes(idx(LABELS))
    return tmp_path


def test_idx_files(mnist):
    found = load_images(mnist)
    assert sorted(found) == ["test", "train"]
    for images in found.values():
        assert images.images.dtype == "float32" and len(images) == 5
        np.testing.assert_allclose(images.images[..., 0], PIXELS / 255)
        assert images.labels.dtype == "int32"
        assert images.labels.tolist() == LABELS.tolist()


@pytest.mark.parametrize("opener", [open, gzip.open, lzma.open])
def test_numpy_files_in_parts(tmp_path, opener):
    suffix = {gzip.open: ".gz", lzma.open: ".xz"}.get(opener, "")
    colours = RANDOM.integers(0, 256, (24, 4, 4, 3)).astype("uint8")
    for part in range(12):
        path = tmp_path / f"x_train_{part}.npy{suffix}"
        with opener(path, "wb") as file:
            np.save(file, colours[2 * part : 2 * part + 2])
    np.save(tmp_path / "y_train.npy", np.arange(24)[:, None] % 7)
    (tmp_path / "README.md").write_text("not an array")
    found = load_images(tmp_path)
    assert list(found) == ["train"]
    # Part 10 comes after part 9.
    np.testing.assert_allclose(found["train"].images, colours / np.float32(255))
    assert found["train"].labels.tolist() == (np.arange(24) % 7).tolist()


@pytest.mark.parametrize(
    "code, dtype", [(0x09, "int8"), (0x0B, ">i2"), (0x0C, ">i4"), (0x0D, ">f4")]
)
def test_other_types_of_idx(tmp_path, code, dtype):
    array = np.array([[1, 2, -3], [4, 5, 100]])
    (tmp_path / "a").write_bytes(idx(array, code, dtype))
    result = read_array(tmp_path / "a")
    assert result.dtype.isnative
    np.testing.assert_array_equal(result, array)


def test_tfds_images(tmp_path):
    tfds = pytest.importorskip("tensorflow_datasets")
    tf = pytest.importorskip("tensorflow")
    features = {
        "image": tfds.features.Image(shape=(4, 3, 1)),
        "label": tfds.features.ClassLabel(num_classes=10),
    }
    rows = {"image": PIXELS[..., None], "label": LABELS}
    few = {key: column[:2] for key, column in rows.items()}
    tfds.dataset_builders.store_as_tfds_dataset(
        name="digits",
        version="1.0.0",
        data_dir=tmp_path,
        split_datasets={
            "train": tf.data.Dataset.from_tensor_slices(rows),
            "test": tf.data.Dataset.from_tensor_slices(few),
        },
        features=tfds.features.FeaturesDict(features),
    )
    found = load_images(tmp_path, tfds_name="digits")
    assert (len(found["train"]), len(found["test"])) == (5, 2)
    order = np.argsort(found["train"].labels, kind="stable")
    assert found["train"].labels[order].tolist() == sorted(LABELS)
    by_sum = np.sort(found["train"].images.sum(axis=(1, 2, 3)))
    expected = np.sort((PIXELS / 255).sum(axis=(1, 2)))
    np.testing.assert_allclose(by_sum, expected, rtol=1e-5)


def damaged(folder):
    (folder / "train-images-idx3-ubyte.gz").write_bytes(
        gzip.compress(idx(PIXELS))[:-20]
    )


def short(folder):
    path = folder / "train-labels-idx1-ubyte"
    path.write_bytes(path.read_bytes()[:-1])


def text(folder):
    (folder / "train-labels-idx1-ubyte").write_text("3, 0, 1")


def fewer(folder):
    (folder / "train-labels-idx1-ubyte").write_bytes(idx(LABELS[:4]))


def missing(folder):
    (folder / "train-labels-idx1-ubyte").unlink()


def out_of_range(folder):
    for path in folder.glob("train-*"):
        path.unlink()
    np.save(folder / "x_train.npy", PIXELS * 1.0)
    np.save(folder / "y_train.npy", LABELS)


def arrays(images=PIXELS, labels=LABELS):
    """Returns what puts other training images into a folder."""

    def write(folder):
        for path in folder.glob("train-*"):
            path.unlink()
        np.save(folder / "x_train.npy", images)
        np.save(folder / "y_train.npy", labels)

    return write


def header(folder):
    arrays()(folder)
    path = folder / "x_train.npy"
    path.write_bytes(path.read_bytes().replace(b"(5, 4", b"(5( 4"))


def no_pixels(folder):
    path = folder / "train-images-idx3-ubyte.gz"
    sizes = (len(LABELS), 0, 0)
    content = b"\0\0\x08\3" + b"".join(n.to_bytes(4, "big") for n in sizes)
    path.write_bytes(gzip.compress(content))


def bomb(folder):
    path = folder / "train-images-idx3-ubyte.gz"
    content = gzip.decompress(path.read_bytes()) + bytes(10**6)
    path.write_bytes(gzip.compress(content))


def deflated(folder):
    path = folder / "train-images-idx3-ubyte.gz"
    content = path.read_bytes()
    path.write_bytes(content[:15] + b"\xff\xff\xff" + content[18:])


def empty(folder):
    for path in folder.iterdir():
        path.unlink()


@pytest.mark.parametrize(
    "damage, error, message",
    [
        (
            damaged,
            ValueError,
            "idx3-ubyte.gz is truncated or damaged",
        ),
        (short, ValueError, "labels.*it holds 4 bytes .* tells of 5"),
        (
            text,
            ValueError,
            "labels.* is truncated .* an idx or a NumPy file",
        ),
        (bomb, ValueError, "or more of data, its header tells of"),
        (deflated, ValueError, "truncated or damaged .Error -3"),
        (header, ValueError, "x_train.npy is truncated or damaged"),
        (no_pixels, ValueError, "5, 0, 0, 1.* do not fit together"),
        (arrays(PIXELS * 1j), ValueError, "images must be uint8.*complex128"),
        (arrays(PIXELS.astype("U3")), ValueError, "images must be .* <U3"),
        (arrays(labels=LABELS + 2**40), ValueError, "labels must be integers"),
        (arrays(labels=np.arange(5) - 1), ValueError, "from -1 to 3"),
        (arrays(labels=LABELS.astype("U3")), ValueError, "labels must be"),
        (fewer, ValueError, "ubyte.gz: .*5, 4, 3, 1.* do not fit together"),
        (missing, FileNotFoundError, "no file that begins with .*y_train"),
        (out_of_range, ValueError, "x_train.npy: images must be uint8, or"),
        (empty, FileNotFoundError, "holds no images"),
    ],
)
def test_wrong_folders_are_refused(mnist, damage, error, message):
    damage(mnist)
    with pytest.raises(error, match=message):
        load_images(mnist)


def test_no_folder_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no folder"):
        load_images(tmp_path / "nowhere")


@pytest.mark.skipif(
    not (DATA / "mnist").is_dir(),
    reason=f"no MNIST in {DATA / 'mnist'}; set ADVTEXT_DATA",
)
def test_the_real_mnist():
    found = load_images(DATA / "mnist")
    assert found["train"].images.shape == (60_000, 28, 28, 1)
    assert found["test"].images.shape == (10_000, 28, 28, 1)
    # The mean of all training pixels, as everybody finds it.
    np.testing.assert_allclose(found["train"].images.mean(), 0.1307, atol=1e-4)
    counts = np.bincount(found["test"].labels)
    expected = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert counts.tolist() == expected
