import numpy as np
import pytest

from advtext.data import Corpus, LanguageModelBatches

RANDOM = np.random.default_rng(0)
DOCUMENTS = [
    np.append(RANDOM.integers(1, 99, size=n), 99)
    for n in RANDOM.integers(0, 12, size=30)
]
CORPUS = Corpus.from_documents(DOCUMENTS)
TEXT = np.concatenate(DOCUMENTS)


def batches(**kwargs):
    arguments = {"batch_size": 3, "timesteps": 5, "shuffle": False, **kwargs}
    return LanguageModelBatches(CORPUS, **arguments)


def rows(stream, number, part=0):
    """The text of every row over several batches."""
    parts = [stream.batch(k)[part] for k in range(number)]
    return np.concatenate(parts, axis=1)


def split(text):
    """Documents of a text, each with its end."""
    ends = np.flatnonzero(text == 99) + 1
    return [tuple(d) for d in np.split(text, ends) if len(d)]


def test_shapes_and_types():
    inputs, targets = batches().batch(0)
    assert inputs.shape == targets.shape == (3, 5)
    assert inputs.dtype == targets.dtype == "int32"
    inputs, targets = batches(bidirectional=True).batch(0)
    assert set(inputs) == set(targets) == {"forward", "backward"}
    assert batches().tokens_per_batch == 15


def test_rows_are_the_text_in_one_piece():
    stream = batches()
    number = len(stream)
    assert number == (len(TEXT) - 1) // 3 // 5
    start = np.arange(3) * stream.row_length
    for part in (0, 1):
        for row, begin in zip(rows(stream, number, part), start, strict=True):
            expected = TEXT[begin + part : begin + part + 5 * number]
            np.testing.assert_array_equal(row, expected)


def test_targets_are_one_token_ahead():
    stream = batches(shuffle=True)
    for k in range(2 * len(stream)):
        inputs, targets = stream.batch(k)
        np.testing.assert_array_equal(inputs[:, 1:], targets[:, :-1])


def test_every_pass_has_an_order_of_its_own():
    stream = batches(shuffle=True, batch_size=1)
    number = len(stream)
    passes = [
        np.concatenate(
            [stream.batch(p * number + k)[0][0] for k in range(number)]
        )
        for p in range(2)
    ]
    assert np.any(passes[0] != passes[1])
    known = {tuple(d) for d in DOCUMENTS}
    for text in passes:
        found = split(text)
        assert set(found[:-1]) <= known
        assert len(found) >= len(DOCUMENTS) - 2


def test_batch_is_a_function_of_the_seed_and_its_number():
    stream, again = batches(shuffle=True), batches(shuffle=True)
    in_order = [stream.batch(k)[0] for k in range(30)]
    for k in (29, 0, 15, 16):
        np.testing.assert_array_equal(again.batch(k)[0], in_order[k])
    again.seek(4)
    np.testing.assert_array_equal(again[1][0], in_order[5])
    other = batches(shuffle=True, seed=1)
    assert np.any(other.batch(0)[0] != in_order[0])


def test_second_text_is_every_document_reversed_up_to_its_end():
    stream = batches(bidirectional=True, batch_size=1)
    number = len(stream)
    reversed_text = np.concatenate([[*d[-2::-1], d[-1]] for d in DOCUMENTS])
    for part in (0, 1):
        for direction, text in (
            ("forward", TEXT),
            ("backward", reversed_text),
        ):
            found = [stream.batch(k)[part][direction][0] for k in range(number)]
            np.testing.assert_array_equal(
                np.concatenate(found), text[part : part + 5 * number]
            )


@pytest.mark.parametrize("timesteps", [1, 5, 40])
def test_documents_longer_and_shorter_than_a_window(timesteps):
    stream = batches(timesteps=timesteps, batch_size=2)
    text = rows(stream, len(stream))
    np.testing.assert_array_equal(text[0], TEXT[: text.shape[1]])


def test_text_as_long_as_one_batch_is_enough():
    tiny = Corpus.from_documents([np.arange(1, 8)])
    stream = LanguageModelBatches(tiny, 2, timesteps=3, shuffle=False)
    inputs, targets = stream.batch(0)
    np.testing.assert_array_equal(inputs, [[1, 2, 3], [4, 5, 6]])
    np.testing.assert_array_equal(targets, [[2, 3, 4], [5, 6, 7]])
    assert len(stream) == 1
    with pytest.raises(ValueError, match="7 tokens do not fill one batch.*=4"):
        LanguageModelBatches(tiny, 2, timesteps=4)
