"""The base class of the tokenizers: their numbers and their file."""

import hashlib
import json
import warnings

import numpy as np

from advtext.arguments import check_path
from advtext.atomic_file import atomic_file
from advtext.failures import DAMAGE, reading, reason_of
from advtext.quoting import printable, quoted

_FORMAT = "advtext tokenizer"
_VERSION = 1
# Less than this is the usual tail of rare words.
_SHARE = 0.25
_FEW = 200


class Tokenizer:
    """Turns texts into token ids and back.

    Id 0 is padding and never comes out of `encode`; the last id ends every
    text. A subclass sets `kind` and implements `encode`, `decode`,
    `fit_stream`, `get_content` and `from_content`.

    Args:
        token_counts: how often each id occurred in the texts that the
            tokenizer was fitted on, `(vocabulary_size,)`; 0 for padding and
            1 for the end of the sequence.
    """

    kind = ""

    def __init__(self, token_counts):
        wrong = [n for n in token_counts if not _is_count(n)]
        if wrong:
            raise ValueError(
                "Counts of tokens must be integers of at least 0. Received: "
                f"{quoted(wrong[0])}."
            )
        self.token_counts = np.asarray(token_counts, "int64")
        self.vocabulary_size = len(self.token_counts)
        if self.vocabulary_size < 3:
            raise ValueError(
                "A tokenizer needs at least one token beside padding and the "
                "end of the sequence. Received: none. Fit it on texts."
            )
        self.end_of_sequence = self.vocabulary_size - 1

    @classmethod
    def fit(cls, texts, *args, **kwargs):
        """Learns a vocabulary; the arguments are those of `fit_stream`."""
        return cls.fit_stream(texts, *args, **kwargs)[0]

    @classmethod
    def fit_encode(cls, texts, *args, **kwargs):
        """Returns the fitted tokenizer and a list: the ids of each text."""
        tokenizer, encoded = cls.fit_stream(texts, *args, **kwargs)
        return tokenizer, list(encoded)

    @classmethod
    def fit_stream(
        cls, texts, vocabulary_size, folder=None, others=(), **settings
    ):
        """Learns a vocabulary of texts and encodes them, and others.

        All texts have been read when it returns.

        Args:
            texts: iterable of strings.
            vocabulary_size: the most ids there may be.
            folder: for temporary files without a name, where a tokenizer
                needs any; `None` means the folder of temporary files.
            others: iterable of strings that are encoded, not learned from.

        Returns:
            The fitted tokenizer, and an iterator over the ids of each text,
            int32, those of the others last.
        """
        raise NotImplementedError

    def encode(self, text):
        """Returns the token ids of a text, int32, never empty."""
        raise NotImplementedError

    def encode_stream(self, texts, folder=None):
        """Returns an iterator over the ids of each text, int32.

        All texts have been read when it returns; `folder` as of `fit_stream`.
        """
        return iter([self.encode(text) for text in texts])

    def decode(self, ids):
        """Returns the text of token ids."""
        raise NotImplementedError

    def get_content(self):
        """Returns what `from_content` needs, as a dict for JSON."""
        raise NotImplementedError

    @classmethod
    def from_content(cls, content):
        """Returns the tokenizer whose `get_content()` is given."""
        raise NotImplementedError

    def fingerprint(self):
        """Returns a SHA-256: equal for tokenizers that do the same."""
        return _fingerprint(self.kind, self.get_content())

    def save(self, path):
        """Writes one UTF-8 JSON file, whole or not at all."""
        content = self.get_content()
        record = {
            "format": _FORMAT,
            "version": _VERSION,
            "kind": self.kind,
            "fingerprint": _fingerprint(self.kind, content),
            "content": content,
        }
        with atomic_file(path) as file:
            file.write(json.dumps(record, ensure_ascii=False).encode("utf-8"))

    @classmethod
    def load(cls, path):
        """Reads a tokenizer that `save` wrote.

        Args:
            path: the file.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: it is no tokenizer of this kind, or damaged.
        """
        record = read_tokenizer_file(path)
        if record["kind"] != cls.kind:
            raise ValueError(
                f"{printable(path)} holds a tokenizer of the kind "
                f"{record['kind']!r}, "
                f"not {cls.kind!r}. `advtext.data.load_tokenizer` loads both."
            )
        return made_of(path, cls, record)


def _is_count(number):
    whole = isinstance(number, (int, np.integer))
    return whole and not isinstance(number, bool) and 0 <= number < 2**63


def warn_of_dropped(what, num_dropped, num_all, num_empty, way):
    """Warns of a vocabulary that fits its texts badly.

    Args:
        what: what is dropped, such as `"words"`.
        num_dropped: how many of the texts it was fitted on.
        num_all: how many there are.
        num_empty: function that returns how many texts have none left.
        way: what to do about it.
    """
    if num_dropped < _FEW or num_dropped < _SHARE * num_all:
        return
    warnings.warn(
        f"{num_dropped / num_all:.0%} of the {what} in the text are not in "
        f"the vocabulary and are dropped; {num_empty():,} texts are empty "
        f"without them. {way}",
        stacklevel=3,
    )


def made_of(path, kind, record):
    """Returns the tokenizer of a class that a file's dict describes."""
    with reading(path, "Copy it again from the run it belongs to."):
        return kind.from_content(record["content"])


def read_tokenizer_file(path):
    """Reads and checks a tokenizer's file; returns its dict."""
    path = check_path("path", path)
    if not path.is_file():
        raise FileNotFoundError(
            f"There is no tokenizer file {printable(path)}. Name the "
            "tokenizer.json of a run or of prepared text."
        )
    data = path.read_bytes()
    try:
        record = json.loads(data.decode("utf-8"))
        if record["format"] != _FORMAT:
            raise ValueError(f"format {record['format']!r}")
        if record["version"] != _VERSION:
            raise ValueError(f"version {record['version']!r}")
        expected = _fingerprint(record["kind"], record["content"])
        if record["fingerprint"] != expected:
            raise ValueError("the content does not match its fingerprint")
    except DAMAGE as error:
        raise ValueError(
            f"{printable(path)} is not a tokenizer written by this version of "
            "advtext, "
            f"or it is damaged ({reason_of(error)}). Fit it again, or copy "
            "the file again from the run it belongs to."
        ) from error
    return record


def _fingerprint(kind, content):
    text = json.dumps({"kind": kind, **content}, sort_keys=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()
