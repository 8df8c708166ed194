import keras
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


def ids_and_mask(number):
    ids = np.arange(number * 3).reshape(number, 3)
    return {"token_ids": ids, "padding_mask": ids > 0}


def test_weights_come_behind_the_labels():
    batches = SemiSupervisedBatches((X, Y, Y + 1.0), U, 4)
    x, y, weights = batches[0]
    np.testing.assert_array_equal(x["labelled"][:, 0] * 10, y)
    np.testing.assert_array_equal(weights, y + 1.0)
    assert len(SemiSupervisedBatches((X, Y, None), U, 4)[0]) == 2


@pytest.mark.parametrize(
    "structure",
    [lambda x: x, lambda x: list(x.values()), lambda x: tuple(x.values())],
    ids=["dict", "list", "tuple"],
)
@pytest.mark.parametrize("kind", ["arrays", "PyDataset", "tf.data"])
def test_inputs_keep_their_structure(structure, kind):
    labelled = structure(ids_and_mask(10)), Y, np.ones(10)
    unlabelled = structure(ids_and_mask(23))
    if kind == "PyDataset":
        labelled, unlabelled = Given(labelled), Given(unlabelled)
    if kind == "tf.data":
        tf = pytest.importorskip("tensorflow")
        if isinstance(unlabelled, list):
            pytest.skip("tf.data has no lists")
        labelled, unlabelled = (
            tf.data.Dataset.from_tensor_slices(each).batch(4)
            for each in (labelled, (unlabelled,))
        )
    if kind == "PyDataset" and isinstance(unlabelled.data, tuple):
        unlabelled.data = (unlabelled.data,)
    batches = SemiSupervisedBatches(labelled, unlabelled, 4)
    for k in (0, 4, 2):
        x, y, weights = batches.batch(k)
        assert len(y) == len(weights)
        for part in x.values():
            kept = structure({"token_ids": 0, "padding_mask": 1})
            assert type(part) is type(kept)
            arrays = keras.tree.flatten(part)
            ids, mask = sorted(arrays, key=lambda a: a.dtype == bool)
            np.testing.assert_array_equal(ids > 0, mask)


class Given(keras.utils.PyDataset):
    """One batch, as it is."""

    def __init__(self, data):
        super().__init__()
        self.data = data

    def __len__(self):
        return 1

    def __getitem__(self, index):
        return self.data


def test_what_does_not_fit_together_is_refused():
    with pytest.raises(ValueError, match="structured alike.*Received: .*{'a'"):
        SemiSupervisedBatches(({"a": X}, Y), {"b": X})[0]
    with pytest.raises(ValueError, match="Received: tuple of 4"):
        SemiSupervisedBatches((X, Y, Y, Y), U)
    with pytest.raises(ValueError, match="batch_size=0"):
        SemiSupervisedBatches((X, Y), U, unlabelled_batch_size=0)
