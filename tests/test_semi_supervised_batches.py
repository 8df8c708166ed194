import numpy as np
import pytest

from advtext.data import (
    ArrayBatches,
    Corpus,
    DocumentBatches,
    SemiSupervisedBatches,
)

X, Y, U = np.arange(10)[:, None], np.arange(10) * 10, np.arange(100, 123)


def corpus(number, labels=None):
    documents = [np.full(3, i + 1) for i in range(number)]
    return Corpus.from_documents(documents, labels)


def test_pairs_arrays():
    batches = SemiSupervisedBatches((X, Y), U, 4, 6)
    assert len(batches) == 3
    for k in range(8):
        x, y = batches.batch(k)
        assert set(x) == {"labelled", "unlabelled"}
        assert x["labelled"].shape == (4, 1)
        assert x["unlabelled"].shape == (6,)
        np.testing.assert_array_equal(x["labelled"][:, 0] * 10, y)
        assert np.all(x["unlabelled"] >= 100)
    x, _ = SemiSupervisedBatches((X, Y), U, 4).batch(0)
    assert x["unlabelled"].shape == (4,)


@pytest.mark.parametrize("labels", [None, np.full(9, -1)])
def test_pairs_batches_and_drops_labels(labels):
    batches = SemiSupervisedBatches(
        DocumentBatches(corpus(6, np.arange(6) % 2), 2),
        DocumentBatches(corpus(9, labels), 3),
        steps=7,
    )
    assert len(batches) == 7
    x, y = batches.batch(0)
    assert x["labelled"].shape[0] == len(y) == 2
    assert x["unlabelled"].shape[0] == 3
    assert batches.tokens_per_batch == 5 * 3


def test_pair_is_a_function_of_the_number_alone():
    batches, again = (SemiSupervisedBatches((X, Y), U, 4) for _ in range(2))
    in_order = [batches.batch(k) for k in range(9)]
    again.seek(8)
    for (x, y), (x_again, y_again) in [(in_order[8], again[0])]:
        np.testing.assert_array_equal(y, y_again)
        for name in x:
            np.testing.assert_array_equal(x[name], x_again[name])


def test_every_unlabelled_example_comes_in_its_turn():
    batches = SemiSupervisedBatches((X, Y), U, 4, 23)
    for k in range(2):
        x, _ = batches.batch(k)
        assert sorted(x["unlabelled"]) == sorted(U)


def test_streams_have_orders_of_their_own():
    batches = SemiSupervisedBatches((X, Y), X[:, 0], 10, 10)
    x, _ = batches.batch(0)
    assert np.any(x["labelled"][:, 0] != x["unlabelled"])


def test_labelled_arrays_of_different_length_are_refused():
    with pytest.raises(ValueError, match="same, positive number of rows"):
        SemiSupervisedBatches((X, Y[:-1]), U)


def test_batches_of_arrays_are_taken_as_they_are():
    labelled = ArrayBatches((X, Y), 5)
    batches = SemiSupervisedBatches(labelled, ArrayBatches((U,), 2))
    x, _ = batches.batch(0)
    assert x["labelled"].shape == (5, 1)
    assert x["unlabelled"].shape == (2,)
