"""Photos, class names and weights, for `scripts/fool_imagenet.py`."""

import json

from case import Accepted, Case
from inputs import fifo, folder, link, picture

_LOAD = "data.load_image_file(here / 'photo.png', 8)"
_FOOL = "fool_imagenet --image={here}/photo.png --run_dir={here}/run"
_CLASSES = "data.load_imagenet_classes(here / 'names.json')"
_PNG = b"\x89PNG\r\n\x1a\n"
_EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n"
_BMP = b"BM" + bytes(12) + b"\x28\0\0\0" + b"\xff\xff\xff\x7f" * 2 + bytes(40)
_WRONG = (
    ("empty", b""),
    ("a text", b"not a picture"),
    ("PNG's beginning", _PNG),
    ("PNG with rubbish", _PNG + b"\xff" * 100),
    ("JPEG's beginning", b"\xff\xd8\xff\xe0\0\x10JFIF"),
    ("GIF's beginning", b"GIF89a\xff\xff\xff\xff"),
    ("EPS", _EPS),
    ("PDF", b"%PDF-1.4\n%%EOF"),
    ("SVG", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
    ("a bomb", _BMP),
    ("WebP's beginning", b"RIFF\x10\0\0\0WEBPVP8 "),
    ("TIFF's beginning", b"II*\0\xff\xff\xff\xff"),
    ("NUL", bytes(1000)),
)
_MODES = ("RGBA", "LA", "I;16", "I", "F", "PA")
_TAKEN = ("RGB", "L", "1", "P", "CMYK", "YCbCr")
_NAMES = (
    ("empty", ""),
    ("null", "null"),
    ("a list", "[]"),
    ("an empty dict", "{}"),
    ("not JSON", "{"),
    ("deep", "[" * 99999),
    ("numbers in the place of names", '{"0": 1}'),
    ("one name", '{"0": ["n01"]}'),
    ("a gap", '{"0": ["n01", "a"], "2": ["n02", "b"]}'),
    ("no numbers", '{"a": ["n01", "b"]}'),
    ("an id twice", '{"0": ["n01", "a"], "1": ["n01", "b"]}'),
    ("Latin-1", '{"0": ["n01", "café"]}'.encode("latin-1")),
)
_FLAGS = (
    ("", "--image"),
    ("--image=", "image"),
    ("--image={here}/nowhere.png", "nowhere.png"),
    ("--image={here}", "image"),
    ("--epsilon=0", "`epsilon` must be"),
    ("--epsilon=2", "`epsilon` must be"),
    ("--epsilon=-1/255", "`epsilon` must be"),
    ("--epsilon=1/0", "no number"),
    ("--epsilon=nan", "no number|`epsilon`"),
    ("--epsilon=1e999999999", "no number|`epsilon`"),
    ("--epsilon=" + "9" * 5000, "no number|`epsilon`"),
    ("--step_size=0", "`step_size` must be"),
    ("--num_steps=0", "`num_steps` must be"),
    ("--num_steps=1.5", "num_steps"),
    ("--target_steps=-1", "`target_steps` must be"),
    ("--input_size=0", "`input_size` must be"),
    ("--input_size=1000000000", "input_size|memory"),
    ("--input_size=7", "input_size|MobileNetV2"),
    ("--model=NoNet", "NoNet|model"),
    ("--model=", "model"),
    ("--weights={here}/nowhere.h5", "nowhere.h5"),
    ("--weights={here}/diary.tmp", "diary.tmp"),
    ("--weights={here}", "weights"),
    ("--weights={trained}/classifier.keras", "classifier.keras"),
    ("--run_dir={trained}", "run"),
    ("--run_dir={here}/diary.tmp", "diary.tmp"),
    ("--targett=hen", "did you mean `--target`"),
)


def cases():
    for name, content in _WRONG:
        files = {"photo.png": content}
        yield Case("photo", f"photo: {name}", _FOOL, "photo.png", files)
    for mode in _MODES:
        make = picture(mode, form="TIFF" if mode in ("F", "I") else "PNG")
        if mode == "PA":
            make = picture("P", transparency=0)
        yield Case("photo", f"photo: {mode}", _LOAD, "photo.png",
                   {"photo.png": make})  # fmt: skip
    for mode in _TAKEN:
        make = picture(mode, form="PNG" if len(mode) < 3 else "JPEG")
        yield Case("photo", f"photo: {mode}", _LOAD,
                   Accepted("value.shape == (8, 8, 3)"),
                   {"photo.png": make})  # fmt: skip
    for name, make in (
        ("a FIFO", fifo), ("a folder", folder), ("no end", link("/dev/zero")),
        ("a link to nowhere", link("nowhere")),
    ):  # fmt: skip
        yield Case("photo", f"photo: {name}", _FOOL, "photo.png|regular",
                   {"photo.png": make})  # fmt: skip
    odd = "a'; rm -rf x #.png"
    yield Case("photo", "photo: a name with quotes",
               f"data.load_image_file(here / {odd!r}, 8)",
               "^(?!.*open\\('[^']*a';)", {odd: picture("RGBA")})  # fmt: skip
    for size in ("0", "-1", "nan", "1.5", "'8'", "(8,)", "(8, 8, 8)", "None",
                 "True", "(8, nan)"):  # fmt: skip
        yield Case("photo", f"photo: size {size}",
                   f"data.load_image_file(here / 'photo.png', {size})",
                   "`size` must be", {"photo.png": picture()})  # fmt: skip
    for name, content in _NAMES:
        yield Case("photo", f"class names: {name}", _CLASSES, "names.json",
                   {"names.json": content})  # fmt: skip
    good = json.dumps({"0": ["n01", "hen"], "1": ["n02", "hog"]})
    for name in ("'cat'", "'-1'", "'2'", "None", "1.5", "''", "[]"):
        yield Case("photo", f"class names: index({name})",
                   f"{_CLASSES}.index({name}, 'target')", "target",
                   {"names.json": good})  # fmt: skip
    for flags, right in _FLAGS:
        call = f"{_FOOL} {flags}" if flags else "fool_imagenet"
        files = {"photo.png": picture(size=(40, 40))}
        title = f"fool_imagenet {flags[:40]}"
        yield Case("photo", title, call, right, files, seconds=40)
