"""Pieces of words as tokens."""

import base64
import io

import numpy as np
import sentencepiece

from advtext.arguments import check_truth
from advtext.data.progress import progress
from advtext.data.tokenizer import Tokenizer
from advtext.data.tokenizer_arguments import (
    check_fit_arguments,
    check_ids,
    check_text,
    each_text,
)

# Characters of text that the pieces are learned from: at 8 million a
# vocabulary of 30,000 takes 10 seconds, and more text hardly changes it.
_SAMPLE_CHARACTERS = 8_000_000


class SentencePieceTokenizer(Tokenizer):
    """Splits texts into pieces of words, by a unigram language model.

    Rare words are spelled out of pieces instead of being dropped; only
    characters that are too rare to have a piece are. Good for languages that
    do not put spaces between words. Ids: 0 is padding, then the pieces in
    the order of the model, and the last id ends every text.

    Args:
        model: bytes of a `sentencepiece` model whose unknown piece has the
            id 0.
        counts: how often each piece from id 1 on occurred.

    Example:

    >>> texts = ["a good film", "a bad film", "good, not bad"] * 9
    >>> tokenizer = SentencePieceTokenizer.fit(texts, vocabulary_size=30)
    >>> tokenizer.decode(tokenizer.encode("A bad, BAD film"))
    'a bad, bad film </s>'

    Reference:

    - [Kudo and Richardson, 2018](https://arxiv.org/abs/1808.06226)
    """

    kind = "sentencepiece"

    def __init__(self, model, counts):
        self._processor = _open_model(model)
        super().__init__([0, *counts, 1])
        self.model = model
        if self._processor.get_piece_size() != len(self.token_counts) - 1:
            raise ValueError(
                "A sentencepiece tokenizer needs one count a piece, without "
                f"the unknown one. Received: {len(counts)} counts for "
                f"{self._processor.get_piece_size()} pieces."
            )

    @classmethod
    def fit_stream(
        cls,
        texts,
        vocabulary_size=30_000,
        lowercase=True,
        folder=None,
        others=(),
    ):
        """Learns pieces from texts and encodes them.

        The pieces come from at most 8 million characters, of texts evenly
        spaced over all; the counts come from all texts.

        Args:
            texts: iterable of strings.
            vocabulary_size: the most ids there may be, padding and the end
                of the sequence included. Where the texts do not support as
                many pieces, there are fewer.
            lowercase: whether to ignore case.
            folder: not used; the texts are held in memory.
            others: see `Tokenizer`.

        Returns:
            The tokenizer, and an iterator over the ids of each text.

        Raises:
            ValueError: there is no text, or `vocabulary_size` is too small
                for the characters in it.
        """
        check_fit_arguments(texts, vocabulary_size)
        check_truth("lowercase", lowercase)
        texts = list(each_text(texts))
        model = _train(_sample(texts), vocabulary_size - 1, lowercase)
        processor = _open_model(model)
        counts = np.zeros(processor.get_piece_size(), "int64")
        encoded = []
        for text in progress(texts, "counting pieces"):
            ids = _encode(processor, text)
            np.add.at(counts, ids[:-1], 1)
            encoded.append(ids)
        encoded.extend(_encode(processor, text) for text in each_text(others))
        return cls(model, counts[1:].tolist()), iter(encoded)

    def encode(self, text):
        """Returns the ids of a text, int32, ending with `end_of_sequence`.

        Characters without a piece are dropped.
        """
        check_text(text)
        return _encode(self._processor, text)

    def decode(self, ids):
        """Returns the text of ids; padding is skipped, the end is `</s>`."""
        ids = check_ids(ids, self.vocabulary_size)
        end = self.end_of_sequence
        pieces = [n for n in ids if 0 < n < end]
        texts = [self._processor.decode(pieces)] if pieces else []
        return " ".join(texts + ["</s>" for n in ids if n == end])

    def get_content(self):
        return {
            "model": base64.b64encode(self.model).decode("ascii"),
            "counts": self.token_counts[1:-1].tolist(),
        }

    @classmethod
    def from_content(cls, content):
        model = base64.b64decode(content["model"], validate=True)
        return cls(model, content["counts"])


def _encode(processor, text):
    ids = processor.encode(text)
    ids.append(processor.get_piece_size())
    ids = np.array(ids, "int32")
    return ids[ids > 0]


def _sample(texts):
    step = sum(map(len, texts)) // _SAMPLE_CHARACTERS + 1
    return (text[:_SAMPLE_CHARACTERS] for text in texts[::step])


def _train(texts, num_pieces, lowercase):
    model = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=texts,
            model_writer=model,
            vocab_size=num_pieces,
            hard_vocab_limit=False,
            normalization_rule_name="nmt_nfkc_cf" if lowercase else "nmt_nfkc",
            unk_id=0,
            bos_id=-1,
            eos_id=-1,
            pad_id=-1,
            # The pieces depend on the number of threads, so it is fixed; a
            # document may be long, but it is not left out.
            num_threads=2,
            max_sentence_length=4 * _SAMPLE_CHARACTERS,
            minloglevel=2,
        )
    except RuntimeError as error:
        reason = str(error).rpartition("] ")[2] or error
        raise ValueError(
            f"No sentencepiece vocabulary of vocabulary_size={num_pieces + 1} "
            "can be learned from these texts. It needs some text, and room "
            f"for every character. sentencepiece says: {reason}"
        ) from error
    return model.getvalue()


def _open_model(model):
    if not isinstance(model, bytes):
        raise TypeError(
            "`model` must be the bytes of a sentencepiece model. Received: "
            f"{type(model).__name__}."
        )
    try:
        return sentencepiece.SentencePieceProcessor(model_proto=model)
    except RuntimeError as error:
        raise ValueError(
            f"These bytes are not a sentencepiece model: {error}"
        ) from error
