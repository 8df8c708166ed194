import contextlib
import json
import os
import resource

import numpy as np
import pytest

from advtext.data import Corpus, WordTokenizer
from advtext.data.token_cache import Encoded, TokenCache
from advtext.manifest import content_digest

TOKENIZER = WordTokenizer(["good", "bad"], [3, 2])
NAMES = ("neg", "pos")


def make_corpora(repeat=1):
    ids = np.array([1, 3, 2, 2, 3] * repeat, "int32")
    labels = np.array([1, 0], "int32")
    return {
        "train": Corpus(ids, [0, 2, len(ids)], labels),
        "unsup": Corpus(ids, [0, len(ids)]),
    }


@pytest.fixture
def cache(tmp_path):
    cache = TokenCache(tmp_path / "cache")
    cache.write(TOKENIZER, make_corpora(), NAMES)
    return cache


def test_reads_what_was_written(cache):
    tokenizer, corpora, names = cache.read()
    assert tokenizer.fingerprint() == TOKENIZER.fingerprint()
    assert names == NAMES
    assert [d.tolist() for d in corpora["train"]] == [[1, 3], [2, 2, 3]]
    assert corpora["train"].labels.tolist() == [1, 0]
    assert [d.tolist() for d in corpora["unsup"]] == [[1, 3, 2, 2, 3]]
    assert corpora["unsup"].labels is None


def test_files_are_those_of_numpy(cache, tmp_path):
    arrays = {
        "train.ids": np.array([1, 3, 2, 2, 3], "uint16"),
        "train.offsets": np.array([0, 2, 5]),
        "train.labels": np.array([1, 0], "int32"),
    }
    for name, array in arrays.items():
        np.save(tmp_path / f"{name}.npy", array)
        expected = (tmp_path / f"{name}.npy").read_bytes()
        assert (cache.folder / f"{name}.npy").read_bytes() == expected


def test_documents_are_written_as_they_come(tmp_path):
    documents = (np.full(n, n, "int32") for n in (3, 1, 2))
    cache = TokenCache(tmp_path)
    corpora = {"train": Encoded(documents, np.array([0, 1, -1]))}
    cache.write(TOKENIZER, corpora, NAMES)
    corpus = cache.read()[1]["train"]
    assert [d.tolist() for d in corpus] == [[3, 3, 3], [1], [2, 2]]
    assert corpus.labels.tolist() == [0, 1, -1]


def test_token_ids_are_mapped_not_read(cache):
    ids = cache.read()[1]["train"].ids
    assert isinstance(ids.base, np.memmap)
    assert not ids.flags.writeable


def test_token_ids_take_two_bytes_where_that_is_enough(cache, tmp_path):
    assert cache.read()[1]["train"].ids.dtype == "uint16"
    words = [f"w{i}" for i in range(2**16)]
    ids = np.array([2**16 + 1, 1], "int32")
    large = TokenCache(tmp_path / "large")
    large.write(
        WordTokenizer(words, [1] * len(words)),
        {"train": Corpus(ids, [0, 2], [1])},
        NAMES,
    )
    np.testing.assert_array_equal(large.read()[1]["train"].ids, ids)


def test_exists_when_it_is_whole(cache, tmp_path):
    assert cache.exists()
    (cache.folder / "manifest.json").unlink()
    assert not cache.exists()
    assert not TokenCache(tmp_path / "nowhere").exists()


def change_last_byte(path):
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: os.truncate(path, path.stat().st_size - 4),
        change_last_byte,
        lambda path: path.unlink(),
    ],
)
@pytest.mark.parametrize(
    "name",
    [
        "train.ids.npy",
        "train.labels.npy",
        "unsup.offsets.npy",
        "tokenizer.json",
    ],
)
def test_damaged_file_is_named(cache, name, damage):
    damage(cache.folder / name)
    with pytest.raises(ValueError, match=f"{name} is missing, truncated or"):
        cache.read()


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:-5],
        lambda data: b"{}",
        lambda data: b"[]",
        lambda data: data.replace(b'"pos"', b'"bad"'),
        lambda data: b"\xff" + data,
    ],
)
def test_damaged_manifest_is_named(cache, damage):
    path = cache.folder / "manifest.json"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match="manifest.json is truncated or dam"):
        cache.read()


def test_an_unknown_version_is_named(cache):
    path = cache.folder / "manifest.json"
    content = json.loads(path.read_bytes())["content"] | {"version": 99}
    manifest = {"content": content, "sha256": content_digest(content)}
    path.write_text(json.dumps(manifest))
    with pytest.raises(ValueError, match="manifest.json is of version 99, and"):
        cache.read()


@contextlib.contextmanager
def largest_file(size):
    """Lets no file grow over a size: a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_full_disk_names_folder_and_setting(tmp_path):
    cache = TokenCache(tmp_path)
    corpora = make_corpora(repeat=100_000)
    with largest_file(1_000_000):
        with pytest.raises(OSError, match=f"{tmp_path}: File .*`cache_dir`"):
            cache.write(TOKENIZER, corpora, NAMES)
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["advtext.json", "tokenizer.json"]
    cache.write(TOKENIZER, corpora, NAMES)
    assert len(cache.read()[1]["unsup"].ids) == 500_000


def test_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("in the way")
    cache = TokenCache(tmp_path / "file" / "cache")
    with pytest.raises(OSError, match="file/.*Not a directory.*`cache_dir`"):
        cache.write(TOKENIZER, make_corpora(), NAMES)
