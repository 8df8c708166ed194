import os
from pathlib import Path

import numpy as np
import pytest

from advtext.data import WordTokenizer, open_source

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("ADVTEXT_DATA", ROOT / ".." / "shared" / "data"))

pytestmark = pytest.mark.skipif(
    not (DATA / "imdb").is_dir(),
    reason=f"no IMDB reviews in {DATA / 'imdb'}; set ADVTEXT_DATA",
)


@pytest.fixture(scope="module")
def source():
    return open_source("files", DATA / "imdb")


@pytest.fixture(scope="module")
def reviews(source):
    return {split: source.read(split) for split in ("train", "test")}


def test_official_split(source, reviews):
    assert source.splits == ("train", "test", "unsup")
    assert source.class_names == ("0", "1")
    for documents in reviews.values():
        assert len(documents) == 25_000
        assert np.bincount(documents.labels).tolist() == [12_500, 12_500]


def test_duplicates_and_odd_characters_survive(reviews):
    same = set(reviews["train"].texts) & set(reviews["test"].texts)
    assert len(same) == 123
    odd = [text for text in reviews["train"].texts if "\u0085" in text]
    assert len(odd) > 100


def test_word_vocabulary_of_a_part(reviews):
    texts = reviews["train"].texts[::25]
    tokenizer, encoded = WordTokenizer.fit_encode(texts)
    assert set(tokenizer.words[:4]) == {"the", "and", "a", "of"}
    for text, ids in list(zip(texts, encoded, strict=True))[::50]:
        np.testing.assert_array_equal(ids, tokenizer.encode(text))
    known = sum(map(len, encoded)) - len(texts)
    assert tokenizer.token_counts[:-1].sum() == known
    assert 200_000 < known < 260_000
