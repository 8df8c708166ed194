"""Where texts come from: a folder, tensorflow-datasets, the demo corpus."""

import hashlib
import re
from pathlib import Path

import numpy as np

from advtext.arguments import check_path
from advtext.data.documents import Documents, RawDocuments
from advtext.data.folders import open_folder
from advtext.data.labels import (
    check_class_names,
    class_names_of,
    encode_labels,
)
from advtext.data.source import Source
from advtext.data.text_files import read_text_file
from advtext.failures import reason_of
from advtext.quoting import printable, quoted

# What it begins with: of tensorflow-datasets, or of a community of them.
_TFDS_NAME = re.compile(r"([\w-]+:)?[a-zA-Z]\w*([/:]|$)")
_TFDS_SPLITS = {"train": "train", "test": "test", "unsup": "unsupervised"}


def open_source(data="files", data_dir="", tfds_name="imdb_reviews/plain_text"):
    """Opens a corpus without reading it.

    Args:
        data: `"files"` for a folder (see `open_folder`), `"tfds"` for a set
            of tensorflow-datasets, `"demo"` for the generated demo corpus.
        data_dir: the folder; for `"tfds"`, where its sets are kept (empty:
            its default) or the folder of one prepared set.
        tfds_name: name of the set for `"tfds"`, such as
            `"imdb_reviews/plain_text"`; it needs the features `text` and
            `label`.

    Returns:
        A `Source`.

    Raises:
        FileNotFoundError: no such folder, or no training split in it.
        ValueError: an argument is wrong, or the set has other features.
        OSError: a set cannot be downloaded.
    """
    if data == "files":
        return open_folder(data_dir)
    if data == "tfds":
        return _Tfds(tfds_name, data_dir)
    if data == "demo":
        from advtext.data.demo_reviews import DemoReviews

        return DemoReviews()
    known = "'files', 'tfds' or 'demo'"
    raise ValueError(f"`data` must be {known}. Received: data={quoted(data)}.")


def read_documents(path, class_names=None):
    """Reads one file of texts (see `read_text_file` for the formats).

    Args:
        path: the file.
        class_names: tuple of the names of the classes. Leave it out to take
            them from the labels of this file.

    Returns:
        `Documents`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the message names file and line.
    """
    class_names = check_class_names(class_names)
    documents = read_text_file(path)
    if set(documents.labels) == {None}:
        return Documents(documents.texts, None)
    if class_names is None:
        class_names = class_names_of(documents)
    labels = encode_labels(documents, class_names)
    return Documents(documents.texts, labels)


class _Tfds(Source):
    """A set of tensorflow-datasets; its label -1 means unlabelled."""

    def __init__(self, name, data_dir):
        self._builder = _open_builder(name, data_dir)
        self.name = self._builder.info.full_name
        features = self._builder.info.features
        lacking = [key for key in ("text", "label") if key not in features]
        if lacking:
            raise ValueError(
                f"{self.name} has no feature `{'` and no `'.join(lacking)}`, "
                f"only {', '.join(features)}. Choose another `tfds_name`, or "
                "write the texts to CSV and use `data=files`."
            )
        text, label = features["text"], features["label"]
        whole = np.issubdtype(label.np_dtype, np.integer)
        if text.shape or label.shape or not whole:
            raise ValueError(
                f"{self.name}: `text` must be one string and `label` one "
                f"integer. Received: {features}."
            )
        self._names = getattr(label, "names", None)
        there = self._builder.info.splits
        super().__init__(
            [split for split, name in _TFDS_SPLITS.items() if name in there],
            self._names and tuple(self._names),
        )

    def stream_raw(self, split):
        import tensorflow_datasets as tfds

        name = _TFDS_SPLITS[split]
        labels = []

        def locate(position):
            return f"{self.name} {name}[{position}]"

        def texts():
            batches = self._builder.as_dataset(split=name, batch_size=1000)
            for batch in tfds.as_numpy(batches):
                for text, label in zip(
                    batch["text"], batch["label"].tolist(), strict=True
                ):
                    try:
                        yield text.decode("utf-8")
                    except UnicodeDecodeError as error:
                        raise ValueError(
                            f"{locate(len(labels))}: not valid UTF-8 at byte "
                            f"{error.start + 1}. Write the set again as UTF-8."
                        ) from error
                    labels.append(self._label(label))

        return RawDocuments(texts(), labels, locate)

    def fingerprint(self):
        digest = hashlib.sha256(self.name.encode())
        for path in sorted(Path(self._builder.data_dir).iterdir()):
            with open(path, "rb") as file:
                content = hashlib.file_digest(file, "sha256").hexdigest()
            digest.update(f"{path.name} {content}\n".encode())
        return digest.hexdigest()

    def _label(self, number):
        if number == -1:
            return None
        if self._names and number in range(len(self._names)):
            return self._names[number]
        return str(number)


def tfds_images(name, data_dir=""):
    """Reads the images of a set of tensorflow-datasets.

    Returns:
        Dict from `"train"` and `"test"`, as far as they are there, to arrays
        of images and of labels.

    Raises:
        ValueError: the set has no features `image` and `label`, or no training
            split.
    """
    import tensorflow_datasets as tfds

    builder = _open_builder(name, data_dir)
    features = builder.info.features
    if not {"image", "label"} <= set(features):
        raise ValueError(
            f"{name} has no features `image` and `label`, only "
            f"{', '.join(features)}. Choose another `tfds_name`."
        )
    if "train" not in builder.info.splits:
        raise ValueError(
            f"{name} has no split `train`. Choose another `tfds_name`."
        )
    found = {}
    for split in {"train", "test"} & set(builder.info.splits):
        rows = list(tfds.as_numpy(builder.as_dataset(split=split)))
        found[split] = tuple(
            np.stack([row[key] for row in rows]) for key in ("image", "label")
        )
    return found


def _open_builder(name, data_dir):
    if not isinstance(name, str) or not _TFDS_NAME.match(name):
        raise ValueError(
            "`tfds_name` must be the name of a set of tensorflow-datasets, "
            "such as 'imdb_reviews/plain_text'. Received: tfds_name="
            f"{quoted(name)}."
        )
    import tensorflow_datasets as tfds

    if data_dir:
        check_path("data_dir", data_dir)
    if data_dir and (Path(data_dir) / "dataset_info.json").is_file():
        return tfds.builder_from_directory(data_dir)
    try:
        builder = tfds.builder(name, data_dir=data_dir or None)
    except tfds.core.DatasetNotFoundError as error:
        raise ValueError(
            f"tensorflow-datasets knows no set `{name}`, and there is none of "
            f"that name in data_dir={quoted(data_dir)}. Check `tfds_name`."
        ) from error
    # What else it finds wrong: a version, a configuration, an argument.
    except (AssertionError, ValueError, TypeError, KeyError) as error:
        # It begins with the arguments, and ends with a long list.
        reason = str(error).rpartition('}": ')[2].partition(". Here are")[0]
        raise ValueError(
            f"tensorflow-datasets cannot open `{name}` ("
            f"{reason_of(ValueError(reason))}). Check `tfds_name`."
        ) from error
    try:
        builder.download_and_prepare()
    except OSError as error:
        raise OSError(
            f"tensorflow-datasets could not prepare `{name}` in "
            f"{printable(builder.data_dir)}: {error}. Without a network, set "
            "`data_dir` to a folder where it is prepared already."
        ) from error
    return builder
