import json

import numpy as np
import pytest

from advtext.data import SentencePieceTokenizer, load_tokenizer

TEXTS = [
    f"The film number {n} was {'good' if n % 2 else 'not good'}, naïve, {n * 7}"
    for n in range(60)
]


@pytest.fixture(scope="module")
def fitted():
    return SentencePieceTokenizer.fit_encode(TEXTS, vocabulary_size=60)


@pytest.fixture
def tokenizer(fitted):
    return fitted[0]


def test_ids_are_laid_out_like_those_of_words(fitted):
    tokenizer, encoded = fitted
    assert tokenizer.vocabulary_size == len(tokenizer.token_counts) == 60
    assert tokenizer.end_of_sequence == 59
    assert tokenizer.token_counts[[0, -1]].tolist() == [0, 1]
    for text, ids in zip(TEXTS, encoded, strict=True):
        np.testing.assert_array_equal(ids, tokenizer.encode(text))
        assert ids.dtype == "int32"
        assert ids[-1] == 59 and np.all((0 < ids[:-1]) & (ids[:-1] < 59))
    counts = np.bincount(np.concatenate(encoded), minlength=60)
    np.testing.assert_array_equal(tokenizer.token_counts[:-1], counts[:-1])


def test_decodes_what_it_encoded(tokenizer):
    for text in TEXTS:
        ids = np.pad(tokenizer.encode(text), (0, 4))
        assert tokenizer.decode(ids) == f"{text.lower()} </s>"
    assert tokenizer.decode([]) == ""
    assert tokenizer.decode([0, 59]) == "</s>"


def test_unknown_characters_are_dropped(tokenizer):
    assert tokenizer.encode("").tolist() == [59]
    ids = tokenizer.encode("good\u4f60 film\u597d")
    assert tokenizer.decode(ids) == "good film </s>"
    ids = tokenizer.encode("\u4f60\u597d")
    assert ids[-1] == 59 and 0 not in ids


def test_a_very_long_text(tokenizer):
    ids = tokenizer.encode("good film " * 50_000)
    assert len(ids) > 100_000


def test_learns_from_long_texts_too():
    tokenizer = SentencePieceTokenizer.fit([" ".join(TEXTS) * 9], 60)
    assert tokenizer.encode(TEXTS[0])[-1] == tokenizer.end_of_sequence == 59


def test_case_can_be_kept():
    tokenizer = SentencePieceTokenizer.fit(TEXTS, 60, lowercase=False)
    assert tokenizer.decode(tokenizer.encode("The film")) == "The film </s>"


def test_fitting_twice_gives_the_same(tokenizer):
    again = SentencePieceTokenizer.fit(iter(TEXTS), vocabulary_size=60)
    assert again.fingerprint() == tokenizer.fingerprint()


def test_learns_from_a_sample_and_counts_everything(monkeypatch):
    name = "advtext.data.sentencepiece_tokenizer._SAMPLE_CHARACTERS"
    monkeypatch.setattr(name, 1000)
    texts = TEXTS + ["film"] * 200
    tokenizer, encoded = SentencePieceTokenizer.fit_encode(texts, 60)
    assert len(encoded) == 260
    size = tokenizer.vocabulary_size
    counts = np.bincount(np.concatenate(encoded), minlength=size)
    np.testing.assert_array_equal(tokenizer.token_counts[:-1], counts[:-1])


def test_vocabulary_shrinks_to_what_the_texts_support():
    tokenizer = SentencePieceTokenizer.fit(TEXTS, vocabulary_size=5000)
    assert 30 < tokenizer.vocabulary_size < 500
    ids = tokenizer.encode(TEXTS[0])
    assert ids[-1] == tokenizer.end_of_sequence
    assert tokenizer.end_of_sequence == tokenizer.vocabulary_size - 1


def test_saves_and_loads(tokenizer, tmp_path):
    path = tmp_path / "tokenizer.json"
    tokenizer.save(path)
    for loaded in (SentencePieceTokenizer.load(path), load_tokenizer(path)):
        assert loaded.fingerprint() == tokenizer.fingerprint()
        np.testing.assert_array_equal(
            loaded.token_counts, tokenizer.token_counts
        )
        np.testing.assert_array_equal(
            loaded.encode(TEXTS[3]), tokenizer.encode(TEXTS[3])
        )
    assert json.loads(path.read_bytes())["kind"] == "sentencepiece"
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ValueError, match=r"tokenizer\.json is not a token"):
        load_tokenizer(path)


@pytest.mark.parametrize(
    "texts, size, message",
    [
        (TEXTS, 10, "vocabulary_size=10 can be learned .* 9 vs"),
        (TEXTS, 2, "vocabulary_size=2"),
        ([], 60, "It needs some text"),
        (["", " "], 60, "It needs some text"),
        ("one text", 60, "not one text"),
    ],
)
def test_texts_or_size_that_do_not_do(texts, size, message):
    with pytest.raises(ValueError, match=message):
        SentencePieceTokenizer.fit(texts, vocabulary_size=size)


def test_model_and_counts_must_fit(tokenizer):
    with pytest.raises(ValueError, match="2 counts for 59 pieces"):
        SentencePieceTokenizer(tokenizer.model, [1, 2])
    with pytest.raises(ValueError, match="not a sentencepiece model"):
        SentencePieceTokenizer(b"garbage", [1, 2])
