"""Labelled images: from a folder of arrays, or from tensorflow-datasets."""

import dataclasses
import gzip
import lzma
import math
import re
from pathlib import Path

import numpy as np

from advtext.arguments import check_path
from advtext.data.text_lines import check_regular
from advtext.failures import reading
from advtext.quoting import printable

# A model has an output for every class up to the largest label.
_MOST_CLASSES = 2**16
_OPENERS = {".gz": gzip.open, ".xz": lzma.open}
_IDX_TYPES = {
    0x08: "uint8",
    0x09: "int8",
    0x0B: ">i2",
    0x0C: ">i4",
    0x0D: ">f4",
    0x0E: ">f8",
}
# What the files of a split begin with: images, then labels.
_NAMES = {
    "train": (r"(train-images|x_train)", r"(train-labels|y_train)"),
    "test": (r"(t10k-images|test-images|x_test)", r"(t10k-labels|y_test)"),
}


@dataclasses.dataclass(frozen=True)
class Images:
    """Images and their classes.

    Attributes:
        images: float32 array `(number, height, width, channels)` in [0, 1].
        labels: int32 array `(number,)`.
    """

    images: np.ndarray
    labels: np.ndarray

    def __len__(self):
        return len(self.images)


def load_images(data_dir="", tfds_name=""):
    """Reads labelled images.

    Args:
        data_dir: A folder with the files of MNIST (`train-images-idx3-ubyte`,
            ..., as they are or `.gz`), or with `x_train*.npy`, `y_train.npy`,
            `x_test*.npy`, `y_test.npy` (as they are, `.gz` or `.xz`; several
            `x_train_0.npy`, `x_train_1.npy`, ... are joined). With
            `tfds_name`, where tensorflow-datasets keeps its sets.
        tfds_name: Name of a set of tensorflow-datasets with the features
            `image` and `label`, such as `"mnist"`; empty reads the folder.

    Returns:
        Dict from `"train"` and, where there is one, `"test"` to `Images`.

    Raises:
        FileNotFoundError: If there is no such folder, or a file is missing.
        ValueError: If a file is damaged, or images and labels do not fit; the
            message names the file.
    """
    if tfds_name:
        from advtext.data.sources import tfds_images

        return _check_splits(
            {
                split: _checked(images, labels, f"{tfds_name}/{split}")
                for split, (images, labels) in tfds_images(
                    tfds_name, data_dir
                ).items()
            }
        )
    folder = check_path("data_dir", data_dir)
    if not folder.is_dir():
        raise FileNotFoundError(f"There is no folder {printable(folder)}.")
    found = {}
    for split, patterns in _NAMES.items():
        parts = [_files(folder, pattern) for pattern in patterns]
        if not any(parts):
            continue
        for files, pattern in zip(parts, patterns, strict=True):
            if not files:
                raise FileNotFoundError(
                    f"{printable(folder)} has no file that begins with one of "
                    f"{pattern.strip('()').split('|')}."
                )
        images, labels = (
            np.concatenate([read_array(file) for file in files])
            for files in parts
        )
        found[split] = _checked(images, labels, parts[0][0])
    if "train" not in found:
        raise FileNotFoundError(
            f"The folder {printable(folder)} holds no images: neither "
            "train-images-idx3-ubyte nor x_train.npy."
        )
    return _check_splits(found)


def _check_splits(found):
    """Returns the splits, if a classifier can be trained and tested on them."""
    train = found["train"]
    if not train.labels.any():
        raise ValueError(
            "The labels of the training images are all 0, the only class. A "
            "classifier needs images of two classes or more."
        )
    shape, most = train.images.shape[1:], train.labels.max()
    for split, part in found.items():
        if part.images.shape[1:] != shape:
            raise ValueError(
                f"The {split} images are of shape {part.images.shape[1:]}, the "
                f"training images of {shape}: (height, width, channels) must "
                "be the same."
            )
        if part.labels.max() > most:
            raise ValueError(
                f"The {split} images have the label {part.labels.max()}, the "
                f"training images none above {most}. A classifier knows the "
                "classes that it was trained on: put the labels right, or take "
                "those images away."
            )
    return found


def files_of(folder, split, part):
    """Returns the files of a split's part: `"images"` or `"labels"`."""
    return _files(Path(folder), _NAMES[split][part == "labels"])


def _files(folder, pattern):
    """Returns the files of a part, in the order of their numbers."""

    def number(path):
        return [int(n) for n in re.findall(r"\d+", path.name)], path.name

    names = re.compile(pattern + r".*(ubyte|npy)(\.gz|\.xz)?")
    matching = [p for p in folder.iterdir() if names.fullmatch(p.name)]
    return sorted(matching, key=number)


def read_array(path):
    """Reads an array from an idx or a NumPy file, plain, `.gz` or `.xz`.

    Raises:
        ValueError: If the file is truncated, damaged or of another kind.

    Reference:
        - The idx format, as told at the MNIST database's page
    """
    path = Path(path)
    check_regular(path)
    opener = _OPENERS.get(path.suffix, open)
    with reading(path, "It must be an idx or a NumPy file."):
        with opener(path, "rb") as file:
            start = file.read(4)
            file.seek(0)
            if start.startswith(b"\x93NUM"):
                array = np.load(file, allow_pickle=False)
            else:
                array = _read_idx(file)
            if array.ndim == 0:
                raise ValueError("it holds one number, not a list of them")
            # A compressed file is compared with its checksum at its end only.
            if file.read(1):
                raise ValueError("it goes on behind its array")
            return array


def _read_idx(file):
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in _IDX_TYPES:
        raise ValueError(f"it begins with {magic!r}")
    dtype = np.dtype(_IDX_TYPES[magic[2]])
    shape = np.frombuffer(file.read(4 * magic[3]), ">u4").tolist()
    expected = math.prod(shape) * dtype.itemsize
    # No more than that: a small file may unpack to more than memory holds.
    content = file.read(expected + 1)
    if len(shape) != magic[3] or len(content) != expected:
        more = "or more " * (len(content) > expected)
        raise ValueError(
            f"it holds {len(content)} bytes {more}of data, its header tells "
            f"of {expected}"
        )
    array = np.frombuffer(content, dtype).reshape(shape)
    return array.astype(dtype.newbyteorder("="))


def _checked(images, labels, name):
    """Returns images in [0, 1] with a channel axis, and labels as integers."""
    if images.ndim == 3:
        images = images[..., None]
    labels = labels.reshape(-1) if labels.ndim == 2 else labels
    if (
        images.ndim != 4
        or not images.size
        or labels.ndim != 1
        or len(images) != len(labels)
    ):
        raise ValueError(
            f"{name}: images of shape {images.shape} and labels of shape "
            f"{labels.shape} do not fit together."
        )
    whole = labels.dtype.kind in "iu"
    if not whole or labels.min() < 0 or labels.max() >= _MOST_CLASSES:
        raise ValueError(
            f"{name}: labels must be integers from 0 to {_MOST_CLASSES - 1}. "
            f"Received: {_range(labels)}."
        )
    if images.dtype == np.uint8:
        images = images.astype("float32") / 255
    elif images.dtype.kind not in "biuf" or not (
        images.min() >= 0.0 and images.max() <= 1.0
    ):
        raise ValueError(
            f"{name}: images must be uint8, or floats from 0 to 1. Received: "
            f"{_range(images)}."
        )
    return Images(images.astype("float32", copy=False), labels.astype("int32"))


def _range(array):
    if array.dtype.kind in "biuf":
        return f"{array.dtype} from {array.min()} to {array.max()}"
    return str(array.dtype)
