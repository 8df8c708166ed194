"""Words as tokens."""

import re
from collections import defaultdict

import numpy as np

from advtext.data.tokenizer import Tokenizer, check_fit_arguments

_words_of = re.compile(r"\w+").findall


class WordTokenizer(Tokenizer):
    """Splits texts at everything that is not a letter, digit or underscore.

    So `I've` gives `I` and `ve`, and the HTML tag `<br />` gives `br`. Words
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
        super().__init__([0, *counts, 1])
        self.words = tuple(words)
        self.lowercase = lowercase
        self._tokens = ("", *self.words, "</s>")
        self._ids = {word: n for n, word in enumerate(self.words, 1)}

    @classmethod
    def fit_encode(
        cls, texts, vocabulary_size=100_000, min_documents=2, lowercase=True
    ):
        """Learns the vocabulary of texts and encodes them, in one pass.

        Args:
            texts: iterable of strings.
            vocabulary_size: the most ids there may be, padding and the end
                of the sequence included; the most frequent words stay.
            min_documents: in how many texts a word must occur to stay.
            lowercase: whether to ignore case.

        Returns:
            The tokenizer, and a list with the ids of each text.

        Raises:
            ValueError: an argument is out of range, or no word is left.
        """
        check_fit_arguments(texts, vocabulary_size)
        if min_documents < 1:
            raise ValueError(
                "`min_documents` must be a positive integer. Received: "
                f"min_documents={min_documents}."
            )
        words, encoded = _number_words(texts, lowercase)
        counts, documents = _count(encoded, len(words))
        kept = [
            n for n in range(1, len(words)) if documents[n] >= min_documents
        ]
        kept.sort(key=lambda n: (-counts[n], words[n]))
        kept = kept[: vocabulary_size - 2]
        if not kept:
            raise ValueError(
                f"No word occurs in min_documents={min_documents} of the "
                f"{len(encoded)} texts. Lower `min_documents` or give more "
                "texts."
            )
        tokenizer = cls([words[n] for n in kept], counts[kept], lowercase)
        table = np.zeros(len(words), "int32")
        table[kept] = np.arange(1, len(kept) + 1)
        table[0] = tokenizer.end_of_sequence
        for position, ids in enumerate(encoded):
            ids = table[ids]
            encoded[position] = ids[ids > 0]
        return tokenizer, encoded

    def encode(self, text):
        """Returns the ids of a text, int32, ending with `end_of_sequence`.

        A text without a known word gives the end of the sequence alone.
        """
        found = _words_of(text.lower() if self.lowercase else text)
        ids = [self._ids[word] for word in found if word in self._ids]
        return np.array([*ids, self.end_of_sequence], "int32")

    def decode(self, ids):
        """Returns the words of ids with spaces between; padding is skipped."""
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


def _number_words(texts, lowercase):
    """Splits each text once, numbering words in the order they appear.

    Returns the words by number, where 0 is the end of the sequence, and the
    numbers of each text.
    """
    numbers = defaultdict()
    numbers.default_factory = numbers.__len__
    end = numbers[""]
    encoded = []
    for text in texts:
        found = _words_of(text.lower() if lowercase else text)
        encoded.append(
            np.array([*map(numbers.__getitem__, found), end], "int32")
        )
    return list(numbers), encoded


def _count(encoded, size):
    counts = np.zeros(size, "int64")
    documents = np.zeros(size, "int64")
    for ids in encoded:
        np.add.at(counts, ids, 1)
        # Indexed assignment counts an id once however often it occurs.
        documents[ids] += 1
    return counts, documents
