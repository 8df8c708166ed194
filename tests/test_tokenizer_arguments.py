"""What tokenizers are fitted on and loaded from, and what they refuse."""

import json

import pytest

from advtext.data import (
    SentencePieceTokenizer,
    WordTokenizer,
    load_tokenizer,
    prepare,
)

KINDS = WordTokenizer, SentencePieceTokenizer
TEXTS = ["good film", "bad film", "good plot"] * 9
WRONG = [
    (b"good film", "Received: b'good film' as text 27"),
    (None, "Received: None as text 27"),
    (5, "Received: 5 as text 27"),
    (["good"], "Received: .'good'. as text 27"),
]


@pytest.mark.parametrize(("text", "message"), WRONG)
@pytest.mark.parametrize("kind", KINDS)
def test_a_text_that_is_no_string_is_refused(kind, text, message):
    with pytest.raises(
        TypeError, match=f"`texts` must hold strings. {message}"
    ):
        kind.fit([*TEXTS, text], vocabulary_size=30)


@pytest.mark.parametrize("kind", KINDS)
def test_so_it_is_where_it_is_encoded(kind):
    tokenizer = kind.fit(TEXTS, vocabulary_size=30)
    with pytest.raises(TypeError, match="must (hold|be).* string.*None"):
        tokenizer.encode_stream(["good", None])
    with pytest.raises(TypeError, match="`texts` must hold strings.*as text 1"):
        kind.fit_stream(TEXTS, vocabulary_size=30, others=["good", None])


@pytest.mark.parametrize(
    "texts", ["one text", b"one text", None, 5, {"text": TEXTS}]
)
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_list_of_texts_is_refused(kind, texts):
    with pytest.raises(ValueError, match="`texts` must be an iterable of tex"):
        kind.fit(texts, vocabulary_size=30)


def test_a_file_without_words_is_refused(tmp_path):
    path = tmp_path / "tokenizer.json"
    tokenizer = WordTokenizer.fit(TEXTS)
    # As a program would write it that knows nothing of the check.
    tokenizer.get_content = lambda: {"words": [], "counts": []}
    tokenizer.save(path)
    assert json.loads(path.read_text())["content"]["words"] == []
    with pytest.raises(ValueError, match="tokenizer.json.*at least one word"):
        load_tokenizer(path)


@pytest.mark.parametrize("source", [None, "files", {"train": TEXTS}])
def test_only_a_source_is_prepared(source):
    with pytest.raises(TypeError, match="`source` must be a Source.*`open_so"):
        prepare(source)
