import json
import re

import numpy as np
import pytest

from advtext.data import WordTokenizer, load_tokenizer
from advtext.data.tokenizer import Tokenizer

TEXTS = [
    "I've seen it.<br />A GOOD film, good!",
    "good plot; it's a film",
    "",
    "Ünïcode naïve\u0085film 10 10 10 snake_case",
    "ünïcode",
]


@pytest.fixture
def tokenizer():
    return WordTokenizer.fit(TEXTS)


def test_vocabulary_worked_out_by_hand(tokenizer):
    # good 3, film 3, it 2, a 2, ünïcode 2; "10" is in one text only.
    assert tokenizer.words == ("film", "good", "a", "it", "ünïcode")
    assert tokenizer.token_counts.tolist() == [0, 3, 3, 2, 2, 2, 1]
    assert tokenizer.vocabulary_size == 7
    assert tokenizer.end_of_sequence == 6


def test_encodes_and_decodes_worked_out_by_hand(tokenizer):
    ids = tokenizer.encode("It's a so-so FILM\u0085good")
    assert ids.tolist() == [4, 3, 1, 2, 6]
    assert ids.dtype == "int32"
    assert tokenizer.decode(ids) == "it a film good </s>"
    padded = np.pad(ids, (0, 3))
    assert tokenizer.decode(padded) == "it a film good </s>"


@pytest.mark.parametrize("text", ["", " ", "... !?", "unheard of", "</s>"])
def test_text_without_known_words_is_the_end_alone(tokenizer, text):
    assert tokenizer.encode(text).tolist() == [tokenizer.end_of_sequence]


def test_splits_like_the_reference():
    text = " I've <br />x_1,,y\u00a0z\u0085w\u4f60\u597d\u0301 3.5 "
    words = [word for word in re.split(r"\W+", text) if word]
    tokenizer = WordTokenizer.fit([text], min_documents=1, lowercase=False)
    assert sorted(tokenizer.words) == sorted(words)
    assert tokenizer.decode(tokenizer.encode(text)).split()[:-1] == words


def test_case_can_be_kept():
    tokenizer = WordTokenizer.fit(TEXTS, lowercase=False)
    assert tokenizer.words == ("film", "good", "it")
    assert tokenizer.decode(tokenizer.encode("GOOD good")) == "good </s>"


def test_documents_are_counted_once():
    texts = ["a a a b", "b c", "c c"]
    assert WordTokenizer.fit(texts).words == ("c", "b")
    assert WordTokenizer.fit(texts, min_documents=1).words == ("a", "c", "b")


def test_cap_counts_padding_and_end():
    tokenizer = WordTokenizer.fit(TEXTS, vocabulary_size=4)
    assert tokenizer.vocabulary_size == 4
    assert tokenizer.words == ("film", "good")
    assert tokenizer.encode("a good film it").tolist() == [2, 1, 3]


def test_fit_encode_encodes_like_encode():
    tokenizer, encoded = WordTokenizer.fit_encode(iter(TEXTS))
    assert tokenizer.fingerprint() == WordTokenizer.fit(TEXTS).fingerprint()
    for text, ids in zip(TEXTS, encoded, strict=True):
        np.testing.assert_array_equal(ids, tokenizer.encode(text))
        assert ids.dtype == "int32"


def test_counts_are_those_of_the_encoded_texts():
    words = np.random.default_rng(0).zipf(1.5, 3000).astype(str)
    texts = [" ".join(part) for part in np.split(words, 30)]
    tokenizer, encoded = WordTokenizer.fit_encode(texts, vocabulary_size=50)
    counts = np.bincount(np.concatenate(encoded), minlength=50)
    np.testing.assert_array_equal(tokenizer.token_counts[:-1], counts[:-1])
    assert np.all(np.diff(tokenizer.token_counts[1:-1]) <= 0)


def test_order_of_texts_does_not_matter():
    turned = WordTokenizer.fit(TEXTS[::-1])
    assert turned.fingerprint() == WordTokenizer.fit(TEXTS).fingerprint()


@pytest.mark.parametrize(
    ("words", "counts", "message"),
    [
        (["a", "b"], [1], "1 counts for 2 words"),
        (["a"], [1, 2], "2 counts for 1 words"),
        (["a"], [-1], "integers of at least 0. Received: -1"),
        (["a"], 1, "`counts` must be a list of integers"),
        (None, [1], "`words` must be a list of texts"),
        ([], [], "`words` is empty: a tokenizer needs at least one word"),
    ],
)
def test_counts_that_do_not_fit_are_refused(words, counts, message):
    with pytest.raises(ValueError, match=message):
        WordTokenizer(words, counts)


def test_a_very_long_text(tokenizer):
    assert len(tokenizer.encode("good film " * 50_000)) == 100_001


def test_saves_and_loads(tokenizer, tmp_path):
    path = tmp_path / "tokenizer.json"
    tokenizer.save(path)
    for loaded in (WordTokenizer.load(path), load_tokenizer(path)):
        assert loaded.words == tokenizer.words
        assert loaded.fingerprint() == tokenizer.fingerprint()
        assert loaded.encode("A good one").tolist() == [3, 2, 6]
        np.testing.assert_array_equal(
            loaded.token_counts, tokenizer.token_counts
        )
    assert [p.name for p in tmp_path.iterdir()] == ["tokenizer.json"]
    record = json.loads(path.read_bytes().decode("utf-8"))
    assert (record["kind"], record["version"]) == ("word", 1)


def test_fingerprint_tells_tokenizers_apart(tokenizer):
    prints = {
        tokenizer.fingerprint(),
        WordTokenizer(tokenizer.words, [3, 3, 2, 2, 2], False).fingerprint(),
        WordTokenizer(tokenizer.words, [3, 3, 2, 2, 1]).fingerprint(),
        WordTokenizer(tokenizer.words[::-1], [3, 3, 2, 2, 2]).fingerprint(),
    }
    assert len(prints) == 4


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[: len(data) // 2],
        lambda data: data.replace(b'"good"', b'"goof"'),
        lambda data: data.replace(b'"version": 1', b'"version": 9'),
        lambda data: b"[1]",
        lambda data: b"\xff" + data,
    ],
)
def test_damaged_file_is_named(tokenizer, tmp_path, damage):
    path = tmp_path / "tokenizer.json"
    tokenizer.save(path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=r"tokenizer\.json is not a token"):
        load_tokenizer(path)


def test_file_of_another_kind(tmp_path):
    class Letters(Tokenizer):
        kind = "letters"

        def get_content(self):
            return {}

    with pytest.raises(ValueError, match="at least one token beside padding"):
        Letters([0, 1])
    path = tmp_path / "tokenizer.json"
    Letters([0, 3, 1]).save(path)
    with pytest.raises(ValueError, match="of the kind 'letters', not 'word'"):
        WordTokenizer.load(path)
    with pytest.raises(ValueError, match="'letters'.* word, sentencepiece"):
        load_tokenizer(path)


def test_missing_file(tmp_path):
    for path in tmp_path / "none.json", tmp_path:
        with pytest.raises(FileNotFoundError, match=f"{path}. Name the"):
            load_tokenizer(path)


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"vocabulary_size": 2}, "vocabulary_size=2"),
        ({"min_documents": 0}, "min_documents=0"),
        ({"min_documents": 9}, "No word occurs in min_documents=9 of the 5"),
    ],
)
def test_settings_out_of_range(settings, message):
    with pytest.raises(ValueError, match=message):
        WordTokenizer.fit(TEXTS, **settings)


def test_one_text_in_place_of_many():
    with pytest.raises(ValueError, match="not one text"):
        WordTokenizer.fit("good film")
    with pytest.raises(ValueError, match="No word occurs"):
        WordTokenizer.fit([])
