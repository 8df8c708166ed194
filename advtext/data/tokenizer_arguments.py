"""Checks of what tokenizers are fitted on, encode and decode."""

from collections.abc import Iterable, Mapping

import numpy as np

from advtext.arguments import check_count
from advtext.quoting import quoted


def check_fit_arguments(texts, vocabulary_size):
    """Refuses what is no list of texts, and a vocabulary without room."""
    if isinstance(texts, (str, bytes, Mapping)) or not isinstance(
        texts, Iterable
    ):
        raise ValueError(
            "`texts` must be an iterable of texts, such as a list, not one "
            f"text. Received: texts={quoted(texts)}."
        )
    # Padding, one token and the end of the sequence.
    check_count("vocabulary_size", vocabulary_size, at_least=3)


def each_text(texts):
    """Yields texts; raises `TypeError` at one that is no string."""
    for number, text in enumerate(texts):
        if not isinstance(text, str):
            raise TypeError(
                f"`texts` must hold strings. Received: {quoted(text)} as text "
                f"{number}. Decode bytes, and leave out what is no text."
            )
        yield text


def check_text(text):
    """Raises `TypeError` unless it is a string."""
    if not isinstance(text, str):
        raise TypeError(
            f"`text` must be a string. Received: {quoted(text)}. Several texts "
            "go through `encode_stream`."
        )


def check_ids(ids, vocabulary_size):
    """Returns token ids as a list, or raises `ValueError`."""
    try:
        array = np.asarray(ids)
    except ValueError:
        array = np.array(None)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise ValueError(
            "`ids` must be a row of token ids, (time,) integers. Received: "
            f"{quoted(ids)}."
        )
    for number in array[(array < 0) | (array >= vocabulary_size)][:1]:
        raise ValueError(
            f"`ids` must be from 0 to {vocabulary_size - 1}. Received: "
            f"{number}."
        )
    return array.tolist()
