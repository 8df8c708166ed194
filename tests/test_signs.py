import warnings

import keras
import numpy as np
import pytest

from advtext.attacks import FastGradient
from advtext.data import SemiSupervisedBatches
from advtext.models import SequentialClassifier
from advtext.training import AdversarialLoss, AdversarialTraining
from advtext.training.signs import Signs

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(24, 3)).astype("float32")
SIGNS = np.where(np.arange(24) % 2, 1, -1)
BINARY = keras.losses.BinaryCrossentropy(from_logits=True)


class Batches(keras.utils.PyDataset):
    def __init__(self, y):
        super().__init__()
        self.y = y

    def __len__(self):
        return 3

    def __getitem__(self, index):
        rows = slice(8 * index, 8 * index + 8)
        return X[rows], self.y[rows]


def pairs(y):
    return SemiSupervisedBatches(Batches(y), X, 8)


def generated(y):
    while True:
        for number in range(3):
            yield Batches(y)[number]


def warned(data, loss=BINARY, terms=(), **options):
    """Returns the warnings of a training that are about signs."""
    layers = keras.layers.Dense(4), keras.layers.Dense(1)
    classifier = SequentialClassifier(layers, num_embedding_layers=1)
    model = AdversarialTraining(classifier, list(terms))
    model.compile("sgd", loss, **options)
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        history = model.fit(data, epochs=3, steps_per_epoch=3, verbose=0)
    assert "signs" not in history.history
    texts = [str(each.message) for each in found]
    return [text for text in texts if "-1 or 1" in text]


@pytest.mark.parametrize("data", [Batches, generated, pairs])
def test_signs_of_a_data_set_are_named_once(data):
    (text,) = warned(data(SIGNS))
    assert "-1 stands for no label" in text and "y = (y + 1) / 2" in text


@pytest.mark.parametrize("dtype", ["int8", "float16", "float64"])
def test_signs_of_any_type_in_several_steps_a_call(dtype):
    term = AdversarialLoss(FastGradient(0.1))
    data = Batches(SIGNS.astype(dtype)[:, None])
    assert len(warned(data, terms=[term], steps_per_execution=3)) == 1


@pytest.mark.parametrize(
    "y",
    [
        np.where(SIGNS > 0, 1, 0),
        # Unlabelled rows beside both classes.
        np.arange(24) % 3 - 1,
        np.ones(24),
        -np.ones(24),
        np.where(SIGNS > 0, 0.9, 0.1),
        np.where(SIGNS > 0, 1.0, np.nan),
        SIGNS > 0,
        (SIGNS > 0).astype("uint8"),
    ],
)
def test_other_labels_are_not(y):
    assert warned(Batches(y)) == []


def test_losses_that_take_signs_are_not():
    assert warned(Batches(SIGNS.astype("float32")), keras.losses.Hinge()) == []


def test_counts_by_hand():
    signs = Signs()
    signs.update_state(np.array([1, -1, -1]), BINARY)
    signs.update_state(np.array([[1.0], [0.0], [np.nan]]), BINARY)
    signs.update_state({"a": np.array([1])}, BINARY)
    np.testing.assert_array_equal(signs.counts, [2, 2, 3])
    assert not signs.are_all()
    signs.reset_state()
    signs.update_state(np.array([1, -1, -1]), BINARY)
    assert signs.are_all()
