"""From a source to encoded documents, by way of a cache."""

import contextlib
import hashlib
import itertools
import json
import os
import shlex
import warnings
from dataclasses import dataclass
from pathlib import Path

from advtext.arguments import (
    check_choice,
    check_count,
    check_path,
    check_truth,
)
from advtext.data.corpus import Corpus
from advtext.data.progress import progress
from advtext.data.source import Source
from advtext.data.token_cache import VERSION, Encoded, TokenCache
from advtext.data.tokenizer import Tokenizer
from advtext.data.tokenizers import TOKENIZERS
from advtext.folder_lock import folder_lock
from advtext.owned_folder import OwnedFolder
from advtext.quoting import printable, quoted

# Counts the changes of what files are read as and of what a word is: a cache
# made before one is not used after it.
_READING = 2


@dataclass(frozen=True)
class Prepared:
    """What training needs of a source.

    Args:
        tokenizer: the `Tokenizer` that encoded it.
        corpora: dict from `"train"`, `"test"`, `"unsup"`, as far as the
            source has them, to `Corpus`.
        class_names: tuple of names; the position of one is its class.
    """

    tokenizer: Tokenizer
    corpora: dict[str, Corpus]
    class_names: tuple[str, ...]


def prepare(
    source,
    tokenizer="word",
    cache_dir="",
    vocabulary_size=30_000,
    min_documents=2,
    lowercase=True,
):
    """Encodes every document of a source, or opens the cache that has them.

    A tokenizer is fitted on the training and the unlabelled texts, never on
    the test texts. Words of large corpora are found on several cores, and
    token ids go to the disk as they come (4 bytes a word for a while, beside
    the cache): memory grows with the distinct words and, by some bytes each,
    with the documents, not with their length.

    Args:
        source: a `Source`.
        tokenizer: `"word"`, `"sentencepiece"`, or a fitted `Tokenizer`, such
            as that of a pretrained model; with a fitted one the settings
            below are not used.
        cache_dir: folder of the caches, each in a folder of its own, named by
            the contents of the source and the tokenizer. Empty means
            `advtext` in the user's cache folder. A cache that is not wanted
            any more can be deleted.
        vocabulary_size: see the tokenizer.
        min_documents: see `WordTokenizer`; other tokenizers do not use it.
        lowercase: see the tokenizer.

    Returns:
        `Prepared`.

    Raises:
        TypeError: `source` is no `Source`.
        ValueError: something in the source or an argument is wrong.
        OSError: the cache cannot be written.
    """
    if not isinstance(source, Source):
        raise TypeError(
            "`source` must be a Source, such as `open_source` returns. "
            f"Received: {quoted(source)}."
        )
    settings = {"vocabulary_size": vocabulary_size, "lowercase": lowercase}
    if tokenizer == "word":
        settings["min_documents"] = min_documents
    if isinstance(tokenizer, Tokenizer):
        identity = tokenizer.fingerprint()
    else:
        check_choice("tokenizer", tokenizer, tuple(TOKENIZERS))
        check_count("vocabulary_size", vocabulary_size, at_least=3)
        check_count("min_documents", min_documents)
        check_truth("lowercase", lowercase)
        identity = [tokenizer, settings]
    cache = TokenCache(_cache_folder(cache_dir, source, identity))
    with contextlib.suppress(ValueError):
        if cache.exists():
            return Prepared(*cache.read())
    parent = cache.make_parent()
    _remove_left_over(parent)
    with cache.alone(wait=True):
        # Another process may have written it meanwhile.
        if cache.exists():
            try:
                return Prepared(*cache.read())
            except ValueError as error:
                warnings.warn(
                    f"{error}. The token cache is built again.", stacklevel=2
                )
        cache.write(*_encode(source, tokenizer, settings, parent))
        return Prepared(*cache.read())


def open_prepared(folder):
    """Opens what `write_prepared` wrote.

    Returns:
        `Prepared`.

    Raises:
        FileNotFoundError: there is nothing prepared in the folder.
        ValueError: a file is missing, truncated or damaged.
    """
    cache = TokenCache(folder)
    if not cache.exists():
        raise FileNotFoundError(
            f"`data_dir` {printable(folder)} holds no prepared text (no "
            "manifest.json). Make it with `advtext prepare CONFIG "
            f"--out={printable(shlex.quote(str(folder)))}`."
        )
    return Prepared(*cache.read())


def write_prepared(prepared, folder):
    """Writes token ids, classes and tokenizer into a folder, without texts.

    Args:
        prepared: `Prepared`.
        folder: the folder; it is made.

    Raises:
        FileExistsError: the folder holds what is not prepared text.
        OSError: the folder cannot be written; no half-written file stays.
    """
    if not isinstance(prepared, Prepared) or prepared.tokenizer is None:
        raise TypeError("`prepared` must be what `prepare` returned.")
    cache = TokenCache(folder, "out")
    with cache.alone(wait=False):
        cache.write(prepared.tokenizer, prepared.corpora, prepared.class_names)


def _remove_left_over(parent):
    """Removes what killed processes left in other caches of a folder."""
    for folder in {path.parent for path in parent.glob("*/.*.tmp")}:
        owned = OwnedFolder(folder)
        # One that another process writes, or that is not ours, stays.
        with contextlib.suppress(OSError, ValueError):
            if owned.exists() and owned.read()["kind"] == "tokens":
                with folder_lock(folder, "it", ""):
                    owned.remove_left_over()


def _cache_folder(cache_dir, source, identity):
    key = [VERSION, _READING, source.fingerprint(), identity]
    name = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()
    cache_dir = cache_dir or _user_cache() / "advtext"
    return check_path("cache_dir", cache_dir) / name[:32]


def _user_cache():
    given = os.environ.get("XDG_CACHE_HOME")
    try:
        return Path(given) if given else Path.home() / ".cache"
    except RuntimeError as error:
        raise FileNotFoundError(
            "This user has no home folder for the token cache. Set "
            "`cache_dir` to a folder that can be written."
        ) from error


def _encode(source, tokenizer, settings, folder):
    """Returns the tokenizer, the splits to write and the class names."""
    labels, sizes = {}, {}

    def texts_of(splits):
        for split in splits:
            texts, classes = source.stream(split)
            sizes[split] = 0
            for text in progress(texts, f"encoding {split}"):
                sizes[split] += 1
                yield text
            labels[split] = classes()

    if isinstance(tokenizer, Tokenizer):
        encoded = tokenizer.encode_stream(texts_of(source.splits), folder)
    else:
        tokenizer, encoded = TOKENIZERS[tokenizer].fit_stream(
            texts_of(split for split in source.splits if split != "test"),
            others=texts_of({"test"}.intersection(source.splits)),
            folder=folder,
            **settings,
        )
    splits = {
        split: Encoded(itertools.islice(encoded, size), labels[split])
        for split, size in sizes.items()
    }
    return tokenizer, splits, source.class_names
