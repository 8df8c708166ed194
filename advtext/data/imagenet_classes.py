"""The names of the classes of ImageNet."""

import dataclasses
import difflib
import json
from pathlib import Path

import keras
import numpy as np

from advtext.arguments import check_path
from advtext.failures import DAMAGE
from advtext.quoting import printable, quoted


@dataclasses.dataclass(frozen=True)
class ImageNetClasses:
    """Names and WordNet ids of classes, by their number.

    Attributes:
        names: Tuple of names, such as `"golden_retriever"`. Two names occur
            twice, `"crane"` and `"maillot"`.
        wordnet_ids: Tuple of ids, such as `"n02099601"`; each occurs once.

    Example:

    >>> from advtext.data.imagenet_classes import ImageNetClasses
    >>> classes = ImageNetClasses(("hen", "hog"), ("n01514859", "n02395406"))
    >>> classes.index("hog"), classes.index("n01514859"), classes.index("1")
    (1, 0, 1)
    """

    names: tuple
    wordnet_ids: tuple

    def __len__(self):
        return len(self.names)

    def index(self, name, argument="name"):
        """Returns the number of a class.

        Args:
            name: Its name (capitals, spaces and underscores are alike), its
                WordNet id, or its number, also as text.
            argument: What an error calls `name`.

        Raises:
            ValueError: If there is no such class, or several have the name.
        """
        wanted = _plain(str(name))
        if wanted.isdecimal():
            if int(wanted) < len(self):
                return int(wanted)
            raise ValueError(
                f"`{argument}` must be a class from 0 to {len(self) - 1}. "
                f"Received: {argument}={quoted(name)}."
            )
        if wanted in self.wordnet_ids:
            return self.wordnet_ids.index(wanted)
        found = [i for i, n in enumerate(self.names) if _plain(n) == wanted]
        if len(found) == 1:
            return found[0]
        if found:
            choices = [f"{i} ({self.wordnet_ids[i]})" for i in found]
            raise ValueError(
                f"`{argument}`: {len(found)} classes are called {name!r}. Give "
                f"the number or the WordNet id: {' or '.join(choices)}."
            )
        raise ValueError(
            f"`{argument}`: no class is called {name!r}. Nearest: "
            f"{', '.join(self._nearest(wanted))}. A number or a WordNet id "
            "will do too."
        )

    def _nearest(self, wanted):
        """Returns up to five names: those that hold the word come first."""
        plain = {_plain(name): name for name in self.names}
        words = [n for n in plain if wanted and wanted in n.split("_")]
        close = difflib.get_close_matches(wanted, plain, n=5, cutoff=0.0)
        return [plain[n] for n in dict.fromkeys([*words, *close])][:5]


def load_imagenet_classes(path=None):
    """Reads the names of the classes.

    Args:
        path: A file `imagenet_class_index.json`, which maps `"0"`, `"1"`, ...
            to `[WordNet id, name]`. `None` takes what `keras.applications`
            itself uses, and has Keras download it if need be.

    Returns:
        `ImageNetClasses`.

    Raises:
        FileNotFoundError: If there is no such file.
        OSError: If it is to be downloaded, and cannot be.
        ValueError: If the file holds something else.

    Example:

    >>> import tempfile
    >>> from pathlib import Path
    >>> from advtext.data.imagenet_classes import load_imagenet_classes
    >>> path = Path(tempfile.mkdtemp()) / "index.json"
    >>> _ = path.write_text('{"0": ["n01440764", "tench"]}')
    >>> load_imagenet_classes(path).names
    ('tench',)
    """
    if path is None:
        return _of_keras()
    path = check_path("path", path)
    if not path.is_file():
        raise FileNotFoundError(
            f"There is no class index {printable(path)}. Name a file like "
            "imagenet_class_index.json, or leave it out to have Keras "
            "download it."
        )
    try:
        found = json.loads(path.read_text("utf-8"))
        rows = [found[str(number)] for number in range(len(found))]
        ids, names = zip(*rows, strict=True)
    except DAMAGE as error:
        raise _damaged(path) from error
    texts = all(isinstance(text, str) for text in (*ids, *names))
    if not texts or len(set(ids)) < len(ids):
        raise _damaged(path)
    return ImageNetClasses(names, ids)


def beside(*paths):
    """Returns the class index in the folder of one of the files, or `None`."""
    for path in paths:
        found = Path(path or "file").with_name("imagenet_class_index.json")
        if found.is_file():
            return found
    return None


def _of_keras():
    """Returns the classes as Keras decodes them."""
    decode = keras.applications.imagenet_utils.decode_predictions
    try:
        rows = decode(np.eye(1000, dtype="float32"), top=1)
    # Keras raises a plain `Exception` when a download fails.
    except Exception as error:
        raise OSError(
            "The names of the classes could not be downloaded "
            f"({error}). Give a file imagenet_class_index.json with "
            "`class_index`."
        ) from error
    ids, names, _ = zip(*(row[0] for row in rows), strict=True)
    return ImageNetClasses(names, ids)


def _damaged(path):
    return ValueError(
        f'{printable(path)} is no class index: it must map "0", "1", ... to '
        "[WordNet id, name], each id once, as imagenet_class_index.json of "
        "Keras does."
    )


def _plain(name):
    return name.strip().lower().replace(" ", "_").replace("-", "_")
