"""Folders of images, and runs of the image experiments."""

import gzip
import io
import lzma

import numpy as np
from case import Accepted, Case
from inputs import (
    bomb,
    copy,
    cut_at_line,
    directory,
    empty,
    fifo,
    gz,
    idx,
    link,
    missing,
    npy,
    saying,
    truncated,
    zeros,
)  # fmt: skip

_CALL = "data.load_images(str(here / 'set'))"
_RUN = "advtext image {image_config} --data_dir={here}/set --run_dir={here}/new"
_X = np.arange(6 * 4 * 4, dtype="uint8").reshape(6, 4, 4)
_Y = np.arange(6, dtype="uint8")
_GOOD = npy(_Y)
_OBJECT = np.array([{"a": 1}] * 6, dtype=object)


def _archive():
    file = io.BytesIO()
    np.savez(file, x=_X)
    return file.getvalue()


def _header(text):
    """Returns a .npy file whose header is that text."""
    head = text.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head


# Images, what is said; the labels are good.
_IMAGES = (
    ("empty", b""),
    ("only the magic number", b"\x93NUM"),
    ("a header cut off", npy(_X)[:30]),
    ("cut off", npy(_X)[:-5]),
    ("of objects", npy(_OBJECT)),
    ("of texts", npy(np.array(["a"] * 6))),
    ("complex", npy(_X.astype("complex64"))),
    ("of dates", npy(_X.astype("datetime64[s]"))),
    ("structured", npy(np.zeros(6, [("a", "u1"), ("b", "f4")]))),
    ("of voids", npy(np.zeros((6, 4, 4), "V3"))),
    ("scalar", npy(np.uint8(3))),
    ("flat", npy(np.zeros(96, "uint8"))),
    ("of five axes", npy(np.zeros((6, 4, 4, 1, 1), "uint8"))),
    ("of no images", npy(np.zeros((0, 4, 4), "uint8"))),
    ("of no pixels", npy(np.zeros((6, 0, 0), "uint8"))),
    ("NaN", npy(np.full((6, 4, 4), np.nan))),
    ("infinite", npy(np.full((6, 4, 4), np.inf))),
    ("negative", npy(-np.ones((6, 4, 4)))),
    ("from 0 to 255 in floats", npy(_X.astype("float32"))),
    ("in int64", npy(_X.astype("int64"))),
    ("one fewer", npy(_X[:5])),
    ("an archive", _archive()),
    ("a header of text", _header("hello")),
    ("a header with a huge shape", _header(
        "{'descr': '|u1', 'fortran_order': False, 'shape': (10**15, 9, 9), }")),
    ("a header with many pixels", _header(
        "{'descr': '|u1', 'fortran_order': False, "
        "'shape': (1000000000000000, 9, 9), }")),
    ("a header with a negative shape", _header(
        "{'descr': '|u1', 'fortran_order': False, 'shape': (-6, 4, 4), }")),
    ("a header open", _header("{'descr': (((((")),
    ("a header deep", _header("(" * 60000)),
    ("a header without a type", _header(
        "{'descr': 'nonsense', 'fortran_order': False, 'shape': (6, 4, 4), }")),
    ("a text", b"x,y\n1,2\n"),
    ("a picture", b"\x89PNG\r\n\x1a\n" + bytes(40)),
)  # fmt: skip
_GZ = (
    ("no gzip", npy(_X)),
    ("cut off", gz(npy(_X))[:-12]),
    ("damaged", gz(npy(_X))[:30] + b"\xff" * 60),
    ("with rubbish behind", gz(npy(_X)) + b"rubbish"),
    ("empty", b""),
    ("a header only", gz(b"")[:10]),
    ("a wrong checksum", gz(npy(_X))[:-8] + bytes(8)),
    ("twice", gz(gz(npy(_X)))),
    ("a bomb", bomb(gzip.open, 2**30)),
)
_IDX = (
    ("no type", b"\0\0\x07\x03" + bytes(12)),
    ("not its beginning", b"\1\0\x08\x03" + bytes(12)),
    ("a header cut off", idx((6, 4, 4))[:9]),
    ("bytes too few", idx((6, 4, 4), bytes(90))),
    ("bytes too many", idx((6, 4, 4), bytes(100))),
    ("400 x 0 x 0", idx((400, 0, 0))),
    ("a shape that overflows", idx((2**32 - 1, 2**32 - 1, 2**32 - 1))),
    ("a shape that wraps", idx((2**31, 2**31, 4))),
    ("no axes", idx(())),
    ("255 axes", b"\0\0\x08\xff" + bytes(1020)),
    (
        "of float64",
        idx((6, 4, 4), np.full((6, 4, 4), 9.0, ">f8").tobytes(), 14),
    ),
    ("of NaN", idx((6, 4, 4), np.full((6, 4, 4), np.nan, ">f4").tobytes(), 13)),
)
_LABELS = (
    ("floats", npy(_Y + 0.5), "labels"),
    ("NaN", npy(np.full(6, np.nan)), "labels"),
    ("texts", npy(np.array(list("abcdef"))), "labels|y_train"),
    ("negative", npy(np.array([0, 1, 2, -1, 4, 5])), "labels"),
    ("of 2**40", npy(np.full(6, 2**40)), "labels"),
    ("of two axes", npy(np.eye(6, dtype="uint8")), "labels"),
    ("Booleans", npy(_Y > 2), "labels"),
    ("none", npy(_Y[:0]), "labels"),
    ("objects", npy(_OBJECT), "y_train"),
    ("one class", npy(_Y * 0), "class|labels"),
)
_TAKEN = (
    # A class may have no image in training.
    ("labels with gaps", {"x_train.npy": npy(_X), "y_train.npy":
     npy(_Y.astype("int64") * 1000)}, "(6, 4, 4, 1)"),
    ("plain", {"x_train.npy": npy(_X)}, "(6, 4, 4, 1)"),
    ("gzip", {"x_train.npy.gz": gz(npy(_X))}, "(6, 4, 4, 1)"),
    ("xz", {"x_train.npy.xz": lzma.compress(npy(_X))}, "(6, 4, 4, 1)"),
    ("floats", {"x_train.npy": npy(_X / 255)}, "(6, 4, 4, 1)"),
    ("colours", {"x_train.npy": npy(np.zeros((6, 4, 4, 3), "u1"))},
     "(6, 4, 4, 3)"),
    ("in order of columns", {"x_train.npy": npy(np.asfortranarray(_X))},
     "(6, 4, 4, 1)"),
    ("in parts", {"x_train_0.npy": npy(_X[:2]), "x_train_1.npy": npy(_X[2:])},
     "(6, 4, 4, 1)"),
)  # fmt: skip
_ROW = "rows/row_1.json", "rows/1.json", "rows/01.json"
_STUDY = "advtext image {image_config} --run_dir={here}/run --resume"


def cases():
    for name, content in _IMAGES:
        yield _case(f"npy: {name}", {"x_train.npy": content}, "x_train.npy")
    for name, content in _GZ:
        files = {"x_train.npy.gz": content}
        yield _case(f"npy.gz: {name}", files, "x_train.npy.gz")
    for name, content in _IDX:
        files = {"train-images-idx3-ubyte": content}
        yield _case(f"idx: {name}", files, "train-images-idx3-ubyte")
    for name, content, right in _LABELS:
        files = {"x_train.npy": npy(_X), "y_train.npy": content}
        yield _case(f"labels: {name}", files, right)
    for name, files, shape in _TAKEN:
        check = Accepted(f"value['train'].images.shape == {shape}")
        yield _case(name, files, check)
    yield from _folders()
    yield from _runs()


def _case(name, files, right):
    files = {"y_train.npy": _GOOD, **files}
    files = {f"set/{file}": content for file, content in files.items()}
    call = _RUN if isinstance(right, str) else _CALL
    return Case("image", f"images, {name}", call, right, files)


def _folders():
    good = {"x_train.npy": npy(_X)}
    for name, files, right in (
        ("no labels", {"y_train.npy.no": b"", **good}, "y_train"),
        ("a FIFO", {"x_train.npy": fifo}, "regular|x_train"),
        ("/dev/zero", {"x_train.npy": link("/dev/zero")}, "regular|x_train"),
        ("a folder", {"x_train.npy/a": b""}, "x_train"),
        ("a test set of other pixels", {**good, "x_test.npy": npy(_X[:, 1:]),
         "y_test.npy": _GOOD}, "x_test|shape"),
        ("a test set without labels", {**good, "x_test.npy": npy(_X)},
         "y_test"),
        ("a class more in the test set", {**good, "x_test.npy": npy(_X),
         "y_test.npy": npy(_Y + 5)}, "class|label"),
    ):  # fmt: skip
        if name != "no labels":
            files = {"y_train.npy": _GOOD, **files}
        files = {f"set/{file}": content for file, content in files.items()}
        yield Case("image", f"images, {name}", _RUN, right, files)


def _runs():
    for name, damage in (
        ("missing", missing), ("empty", empty), ("truncated", truncated),
        ("zeros", zeros), ("null", saying("null")), ("a list", saying("[]")),
        ("another row", saying('{"row": 1}')), ("a folder", directory),
    ):  # fmt: skip
        files = {"run": copy("image_run", rows=_row(damage))}
        right = Accepted("'row' in out or out") if name == "missing" else "rows"
        yield Case("image", f"image --resume, row {name}", _STUDY, right,
                   files, ("run/*",), seconds=60)  # fmt: skip
    files = {"run": copy("image_run", config__toml=cut_at_line(1))}
    yield Case("image", "image --resume, config cut off", _STUDY,
               "config.toml", files, seconds=60)  # fmt: skip
    call = f"{_STUDY} --epsilon=0.5"
    yield Case("image", "image --resume, another epsilon", call, "epsilon",
               {"run": copy("image_run")}, seconds=60)  # fmt: skip


def _row(damage):
    """Returns the damage of the one file in `rows`."""

    def damaged(path, paths):
        (file,) = path.glob("*.json")
        damage(file, paths)

    return damaged
