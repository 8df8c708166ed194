"""Words as tokens."""

import numpy as np

from advtext.arguments import check_count, check_truth
from advtext.data.numbered_texts import NumberedTexts
from advtext.data.tokenizer import Tokenizer, warn_of_dropped
from advtext.data.tokenizer_arguments import (
    check_fit_arguments,
    check_ids,
    check_text,
)
from advtext.data.word_numbers import find_words
from advtext.quoting import quoted

_OTHER = (
    "Chinese, Japanese and Thai put no spaces between words: use "
    "--tokenizer=sentencepiece (`SentencePieceTokenizer`)"
)


def _check_words(words, counts, lowercase):
    if not isinstance(words, (list, tuple)) or not all(
        isinstance(word, str) for word in words
    ):
        raise ValueError(
            "`words` must be a list of texts, a word each. Received: "
            f"words={quoted(words)}."
        )
    if not words:
        raise ValueError(
            "`words` is empty: a tokenizer needs at least one word. Fit it on "
            "texts."
        )
    if len(set(words)) < len(words):
        twice = next(w for n, w in enumerate(words) if w in words[:n])
        raise ValueError(
            f"`words` must hold each word once. Received: {quoted(twice)} "
            "twice."
        )
    if not isinstance(counts, (list, tuple, np.ndarray)):
        raise ValueError(
            "`counts` must be a list of integers, one a word. Received: "
            f"counts={quoted(counts)}."
        )
    if len(words) != len(counts):
        raise ValueError(
            "A word tokenizer needs one count a word. Received: "
            f"{len(counts)} counts for {len(words)} words."
        )
    if not isinstance(lowercase, bool):
        raise ValueError(
            "`lowercase` must be true or false. Received: lowercase="
            f"{quoted(lowercase)}."
        )


class WordTokenizer(Tokenizer):
    """Splits texts at everything that is not a letter, digit or underscore.

    So `I've` gives `I` and `ve`, and the HTML tag `<br />` gives `br`. Each
    emoji is a word of its own. A warning tells when much of the text that it
    is fitted on is dropped, as of languages without spaces. Words
    outside the vocabulary are dropped; there is no token for them. Ids: 0 is
    padding, then the words by descending count (equal counts by word), and
    the last id ends every text.

    Args:
        words: the words in the order of their ids, which start at 1.
        counts: how often each word occurred.
        lowercase: `True` when the words are lower case, and texts shall be
            brought to lower case before they are split.

    Example:

    >>> tokenizer = WordTokenizer.fit(["So good, so good.", "Good film?"])
    >>> tokenizer.encode("A GOOD film, so good!")
    array([1, 1, 2], dtype=int32)
    >>> tokenizer.decode([1, 1, 2])
    'good good </s>'

    Reference:

    - [Miyato et al., 2017](https://arxiv.org/abs/1605.07725)
    """

    kind = "word"

    def __init__(self, words, counts, lowercase=True):
        _check_words(words, counts, lowercase)
        super().__init__([0, *counts, 1])
        self.words = tuple(words)
        self.lowercase = check_truth("lowercase", lowercase)
        self._tokens = ("", *self.words, "</s>")
        self._ids = {word: n for n, word in enumerate(self.words, 1)}

    @classmethod
    def fit_stream(
        cls,
        texts,
        vocabulary_size=100_000,
        min_documents=2,
        lowercase=True,
        folder=None,
        others=(),
    ):
        """Learns the vocabulary of texts and encodes them, in one pass.

        Args:
            texts: iterable of strings.
            vocabulary_size: the most ids there may be, padding and the end
                of the sequence included; the most frequent words stay.
            min_documents: in how many texts a word must occur to stay.
            lowercase: whether to ignore case.
            folder: see `Tokenizer`.
            others: see `Tokenizer`.

        Returns:
            The tokenizer, and an iterator over the ids of each text.

        Raises:
            ValueError: an argument is out of range, or no word is left.
        """
        check_fit_arguments(texts, vocabulary_size)
        check_count("min_documents", min_documents)
        numbered = NumberedTexts(texts, lowercase, folder, others)
        words, counts = numbered.words, numbered.counts.tolist()
        kept = 1 + np.flatnonzero(numbered.documents[1:] >= min_documents)
        kept = sorted(kept.tolist(), key=lambda n: (-counts[n], words[n]))
        kept = kept[: vocabulary_size - 2]
        if not kept:
            raise ValueError(
                f"No word occurs in min_documents={min_documents} of the "
                f"{counts[0]} texts. Lower `min_documents` or give more texts. "
                f"{_OTHER}."
            )
        tokenizer = cls(
            [words[n] for n in kept], [counts[n] for n in kept], lowercase
        )
        ids = tokenizer._ids_of(words)
        num_words = sum(counts[1:])
        warn_of_dropped(
            "words",
            num_words - int(tokenizer.token_counts[1:-1].sum()),
            num_words,
            lambda: sum(len(text) == 1 for text in numbered.encode(ids)),
            f"{_OTHER}; for other languages raise `vocabulary_size` or lower "
            "`min_documents`.",
        )
        return tokenizer, numbered.encode(ids)

    def encode(self, text):
        """Returns the ids of a text, int32, ending with `end_of_sequence`.

        A text without a known word gives the end of the sequence alone.
        """
        check_text(text)
        found = find_words(text, self.lowercase)
        ids = [self._ids[word] for word in found if word in self._ids]
        return np.array([*ids, self.end_of_sequence], "int32")

    def encode_stream(self, texts, folder=None):
        numbered = NumberedTexts(texts, self.lowercase, folder)
        return numbered.encode(self._ids_of(numbered.words))

    def _ids_of(self, words):
        """Returns the ids of numbered words; number 0 ends a text."""
        ids = np.array([self._ids.get(word, 0) for word in words], "int32")
        ids[0] = self.end_of_sequence
        return ids

    def decode(self, ids):
        """Returns the words of ids with spaces between; padding is skipped."""
        ids = check_ids(ids, self.vocabulary_size)
        return " ".join(self._tokens[n] for n in ids if n)

    def get_content(self):
        return {
            "lowercase": self.lowercase,
            "words": list(self.words),
            "counts": self.token_counts[1:-1].tolist(),
        }

    @classmethod
    def from_content(cls, content):
        return cls(**content)
