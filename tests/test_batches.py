import contextlib
import itertools

import keras
import numpy as np
import pytest

from advtext.data import (
    ArrayBatches,
    Corpus,
    DocumentBatches,
    EvaluationBatches,
    LanguageModelBatches,
)
from advtext.data.batches import Batches, endless_order


class Numbers(Batches):
    """Batch k is k."""

    def __init__(self, steps=None):
        super().__init__(steps)

    @property
    def batches_per_pass(self):
        return 5

    def batch(self, k):
        return np.full((2, 1), k, "float32"), np.zeros((2, 1), "float32")


class Record(keras.Model):
    """Remembers the batches it was trained on."""

    def __init__(self):
        super().__init__()
        self.seen = []
        self.dense = keras.layers.Dense(1)

    def call(self, x):
        # There are no numbers while Keras builds the model.
        with contextlib.suppress(TypeError):
            self.seen.append(int(x[0, 0]))
        return self.dense(x)


def corpus(lengths, labels=True):
    """Document i holds only the number i + 1."""
    documents = [np.full(n, i + 1) for i, n in enumerate(lengths)]
    return Corpus.from_documents(
        documents, np.arange(len(lengths)) % 2 if labels else None
    )


@pytest.mark.parametrize(
    "size, start, stop", [(7, 0, 7), (7, 3, 25), (1, 2, 9)]
)
def test_endless_order_is_passes_one_after_the_other(size, start, stop):
    whole = endless_order(size, 0, 4 * size, seed=3)
    part = endless_order(size, start, min(stop, 4 * size), seed=3)
    np.testing.assert_array_equal(part, whole[start:stop])
    for order in whole.reshape(4, size):
        assert sorted(order) == list(range(size))
    if size > 1:
        assert np.any(whole[:size] != whole[size : 2 * size])
        assert np.any(whole != endless_order(size, 0, 4 * size, seed=4))


@pytest.mark.parametrize("steps", [None, 3])
def test_keras_epochs_go_on_where_the_last_one_ended(steps):
    batches, model = Numbers(steps), Record()
    length = steps or 5
    assert len(batches) == batches.num_batches == length
    model.compile("sgd", "mse", run_eagerly=True)
    model.fit(batches, epochs=2, shuffle=False, verbose=0)
    first = model.seen[0]
    assert model.seen == list(range(first, first + 2 * length))
    again = Record()
    again.compile("sgd", "mse", run_eagerly=True)
    batches.seek(0)
    again.fit(batches, epochs=1, shuffle=False, verbose=0)
    batches.seek(length)
    again.fit(batches, initial_epoch=1, epochs=2, shuffle=False, verbose=0)
    assert again.seen == model.seen


def test_seek_chooses_the_next_batch():
    batches = Numbers()
    batches.seek(17)
    assert [int(batches[i][0][0, 0]) for i in (0, 1)] == [17, 18]
    batches.on_epoch_end()
    assert int(batches[0][0][0, 0]) == 22


def test_arrays_come_once_a_pass_and_together():
    x, y = np.arange(10)[:, None], np.arange(10) * 10
    batches = ArrayBatches((x, y), batch_size=4, seed=1)
    assert len(batches) == 3
    rows = [batches.batch(k) for k in range(5)]
    assert all(a.shape == (4, 1) and b.shape == (4,) for a, b in rows)
    for a, b in rows:
        np.testing.assert_array_equal(a[:, 0] * 10, b)
    order = np.concatenate([a[:, 0] for a, _ in rows])
    assert sorted(order[:10]) == sorted(order[10:]) == list(range(10))
    assert np.any(order[:10] != order[10:])
    again = ArrayBatches((x, y), batch_size=4, seed=1)
    np.testing.assert_array_equal(again.batch(3)[0], rows[3][0])
    other = ArrayBatches((x, y), batch_size=4, seed=2)
    assert any(np.any(other.batch(k)[0] != rows[k][0]) for k in range(5))


def test_array_batch_is_at_most_all_rows():
    (x,) = ArrayBatches((np.arange(3),), batch_size=32).batch(0)
    assert sorted(x) == [0, 1, 2]


@pytest.mark.parametrize("labels", [True, False])
@pytest.mark.parametrize("size", [1, 4, 7, 99])
def test_evaluation_reads_every_document_once(size, labels):
    documents = corpus([5, 2, 9, 1, 2, 3, 30], labels)
    batches = EvaluationBatches(
        documents, batch_size=size, max_length=8, boundaries=(4, 8)
    )
    seen, answers = [], []
    for k in range(len(batches)):
        batch = batches[k]
        ids = batch[0] if labels else batch
        seen.extend(ids[:, 0] - 1)
        answers.extend(batch[1] if labels else [])
        assert ids.shape[1] in (4, 8)
    assert sorted(seen) == list(range(7))
    np.testing.assert_array_equal(seen, batches.order)
    assert np.all(np.diff(documents.lengths[batches.order]) >= 0)
    if labels:
        np.testing.assert_array_equal(answers, documents.labels[seen])


def test_evaluation_does_not_depend_on_what_was_read_before():
    batches = EvaluationBatches(corpus([3, 1, 2]), batch_size=2)
    before = [batches[k][0].tolist() for k in range(2)]
    for _ in range(3):
        batches.on_epoch_end()
    assert [batches[k][0].tolist() for k in range(2)] == before


@pytest.mark.parametrize("arrays", [(), (np.ones(3), np.ones(4)), ([],)])
def test_bad_arrays_are_refused(arrays):
    with pytest.raises(ValueError, match="same, positive number of rows"):
        ArrayBatches(arrays)


def test_base_has_no_batches():
    for ask in (lambda b: b.batch(0), lambda b: b.batches_per_pass):
        with pytest.raises(NotImplementedError):
            ask(Batches())
    assert list(itertools.islice(iter([Batches(steps=3).num_batches]), 1)) == [
        3
    ]


CORPUS = Corpus.from_documents([np.arange(1, 5), np.arange(1, 7)], [0, 1])
ARRAY = (np.arange(9),)


@pytest.mark.parametrize(
    ("kind", "data", "argument"),
    [
        (ArrayBatches, ARRAY, {"batch_size": 0}),
        (ArrayBatches, ARRAY, {"batch_size": 2.5}),
        (ArrayBatches, ARRAY, {"batch_size": True}),
        (ArrayBatches, ARRAY, {"seed": -1}),
        (ArrayBatches, ARRAY, {"steps": 0}),
        (DocumentBatches, CORPUS, {"batch_size": float("nan")}),
        (DocumentBatches, CORPUS, {"pool": 0}),
        (DocumentBatches, CORPUS, {"boundaries": [0]}),
        (EvaluationBatches, CORPUS, {"batch_size": 0}),
        (EvaluationBatches, CORPUS, {"max_length": -1}),
        (LanguageModelBatches, CORPUS, {"batch_size": 0}),
        (LanguageModelBatches, CORPUS, {"batch_size": 1, "timesteps": 0}),
    ],
)
def test_wrong_arguments_are_named(kind, data, argument):
    name = list(argument)[-1]
    with pytest.raises(ValueError, match=f"`{name}` must be an integer of"):
        kind(data, **argument)
