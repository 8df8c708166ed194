import pathlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from advtext.atomic_file import temporary_path
from advtext.data import (
    RawDocuments,
    Source,
    WordTokenizer,
    numbered_texts,
    prepare,
)
from advtext.folder_lock import folder_lock

SPLITS = {
    "train": (["good film", "bad film", "good plot"], ["1", "0", "1"]),
    "test": (["bad bad plot", "hidden hidden"], ["0", "1"]),
    "unsup": (["bad plot here", "here it is", ""], [None] * 3),
}


class Texts(Source):
    """A source in memory that counts how often it is read."""

    def __init__(self, splits=SPLITS):
        super().__init__(splits)
        self.content = splits
        self.reads = []

    def read_raw(self, split):
        self.reads.append(split)
        return RawDocuments(*self.content[split], lambda n: f"{split}[{n}]")

    def fingerprint(self):
        return repr(self.content)


def test_prepare_fits_without_the_test_texts(tmp_path):
    prepared = prepare(Texts(), cache_dir=tmp_path)
    assert prepared.class_names == ("0", "1")
    tokenizer = prepared.tokenizer
    # "plot" and "bad" count 2 without the test split, 3 and 4 with it.
    assert tokenizer.words == ("bad", "film", "good", "here", "plot")
    assert tokenizer.token_counts.tolist() == [0, 2, 2, 2, 2, 2, 1]
    assert set(prepared.corpora) == {"train", "test", "unsup"}
    for split, (texts, _) in SPLITS.items():
        found = [d.tolist() for d in prepared.corpora[split]]
        assert found == [tokenizer.encode(text).tolist() for text in texts]
    assert prepared.corpora["train"].labels.tolist() == [1, 0, 1]
    assert prepared.corpora["test"].labels.tolist() == [0, 1]
    assert prepared.corpora["unsup"].labels is None


@pytest.mark.parametrize("kind", ["word", "sentencepiece"])
def test_second_start_reads_the_cache(tmp_path, kind):
    first = prepare(Texts(), kind, tmp_path, vocabulary_size=40)
    source = Texts()
    second = prepare(source, kind, tmp_path, vocabulary_size=40)
    assert source.reads == []
    assert second.class_names == first.class_names
    assert second.tokenizer.fingerprint() == first.tokenizer.fingerprint()
    for split, corpus in first.corpora.items():
        other = second.corpora[split]
        np.testing.assert_array_equal(other.ids, corpus.ids)
        np.testing.assert_array_equal(other.starts, corpus.starts)
        np.testing.assert_array_equal(other.labels, corpus.labels)


@pytest.mark.parametrize("fitted", [False, True])
def test_any_number_of_processes_writes_the_same_files(
    tmp_path, monkeypatch, fitted
):
    words = np.random.default_rng(0).zipf(1.5, 5000).astype(str)
    texts = [" ".join(part) for part in np.split(words, 100)]
    splits = {
        "train": (texts[:60], ["0", "1"] * 30),
        "test": (texts[60:], ["0", "1"] * 20),
    }
    tokenizer = WordTokenizer(["1", "2", "7"], [3, 2, 1]) if fitted else "word"
    monkeypatch.setattr(numbered_texts, "_CHUNK", 500)
    files = []
    for number in (0, 2):
        monkeypatch.setattr(
            numbered_texts, "num_processes", lambda number=number: number
        )
        prepare(Texts(splits), tokenizer, tmp_path / str(number))
        paths = sorted((tmp_path / str(number)).glob("*/*"))
        files.append({path.name: path.read_bytes() for path in paths})
    assert len(files[0]) == 9
    assert files[0] == files[1]


def test_each_source_and_setting_has_its_own_cache(tmp_path):
    changed = {**SPLITS, "test": (["good"], ["1"])}
    prepare(Texts(), cache_dir=tmp_path)
    prepare(Texts(changed), cache_dir=tmp_path)
    prepare(Texts(), cache_dir=tmp_path, vocabulary_size=4)
    prepare(Texts(), cache_dir=tmp_path, min_documents=1)
    prepare(Texts(), cache_dir=tmp_path, lowercase=False)
    prepare(Texts(), WordTokenizer(["good"], [1]), cache_dir=tmp_path)
    assert len(list(tmp_path.iterdir())) == 6


def test_a_fitted_tokenizer_is_kept(tmp_path):
    tokenizer = WordTokenizer(["plot", "hidden"], [2, 1])
    prepared = prepare(Texts(), tokenizer, tmp_path)
    assert prepared.tokenizer.fingerprint() == tokenizer.fingerprint()
    assert [d.tolist() for d in prepared.corpora["test"]] == [[1, 3], [2, 2, 3]]
    assert prepared.corpora["train"].labels.tolist() == [1, 0, 1]


def test_training_split_alone(tmp_path):
    prepared = prepare(Texts({"train": SPLITS["train"]}), cache_dir=tmp_path)
    assert list(prepared.corpora) == ["train"]


def test_default_folder_is_the_users_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    prepare(Texts())
    assert len(list((tmp_path / "advtext").iterdir())) == 1


def test_damaged_cache_is_built_again(tmp_path):
    expected = prepare(Texts(), cache_dir=tmp_path).corpora["train"].ids
    expected = expected.tolist()
    path = next(tmp_path.iterdir()) / "train.ids.npy"
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.warns(UserWarning, match="train.ids.npy .* is built again"):
        again = prepare(Texts(), cache_dir=tmp_path)
    assert again.corpora["train"].ids.tolist() == expected
    source = Texts()
    prepare(source, cache_dir=tmp_path)
    assert source.reads == []


def test_unfinished_cache_is_finished(tmp_path):
    prepare(Texts(), cache_dir=tmp_path)
    (next(tmp_path.iterdir()) / "manifest.json").unlink()
    source = Texts()
    prepare(source, cache_dir=tmp_path)
    assert source.reads


def test_two_that_need_the_same_cache_build_it_once(tmp_path, capsys):
    begun, reads = threading.Event(), []

    class Slow(Texts):
        def read_raw(self, split):
            reads.append(split)
            begun.set()
            time.sleep(0.3)
            return super().read_raw(split)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(prepare, Slow(), cache_dir=tmp_path)
        assert begun.wait(30)
        second = pool.submit(prepare, Slow(), cache_dir=tmp_path)
    first, second = (f.result().corpora["train"] for f in (first, second))
    np.testing.assert_array_equal(first.ids, second.ids)
    assert len(reads) == len(set(reads))
    assert "in use by process" in capsys.readouterr().err
    assert not list(tmp_path.glob("*/.*"))


def test_what_killed_builders_left_is_removed_by_the_next(tmp_path):
    prepare(Texts(), cache_dir=tmp_path)
    (killed,) = tmp_path.iterdir()
    left = temporary_path(killed / "train.ids.npy")
    left.write_text("half")
    mine = killed / "mine.tmp"
    mine.write_text("mine")
    # A start that needs another cache removes it, too.
    prepare(Texts(), cache_dir=tmp_path, min_documents=1)
    assert not left.exists() and mine.exists()
    left.write_text("half")
    with folder_lock(killed, "it", ""):
        prepare(Texts(), cache_dir=tmp_path, vocabulary_size=4)
    assert left.exists()


def test_bad_texts_leave_no_cache(tmp_path):
    splits = {**SPLITS, "test": (["fine"], ["2"])}
    with pytest.raises(ValueError, match=r"test\[0\]: label '2' does not"):
        prepare(Texts(splits), cache_dir=tmp_path)
    assert not list(tmp_path.iterdir())
    with pytest.raises(ValueError, match="tokenizer='bpe'"):
        prepare(Texts(), "bpe", tmp_path)


def test_without_a_home_the_way_out_is_told(monkeypatch):
    def nobody():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(pathlib.Path, "home", nobody)
    with pytest.raises(FileNotFoundError, match="no home folder.*`cache_dir`"):
        prepare(Texts())
