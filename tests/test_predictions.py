import gc
import weakref

import keras
import numpy as np
import pytest
from keras import ops

from advtext.evaluation import predict, predict_logits
from advtext.models import Classifier

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(7, 4)).astype("float32")


def same(x):
    return x


@pytest.fixture
def model():
    return keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(3, bias_initializer="random_normal"),
        ]
    )


def by_hand(model):
    kernel, bias = (np.asarray(w, "float64") for w in model.get_weights())
    return X.astype("float64") @ kernel + bias


def test_softmax_by_hand():
    x = np.log([[1.0, 2.0, 1.0], [8.0, 1.0, 1.0]])
    classes, confidences = predict(same, x)
    assert classes.tolist() == [1, 0]
    np.testing.assert_allclose(confidences, [0.5, 0.8])


def test_sigmoids_by_hand():
    x = np.array([[np.log(3.0), 0.0], [-np.log(4.0), -9.0]])
    classes, confidences = predict(same, x, "sigmoid")
    assert classes.tolist() == [0, 0]
    np.testing.assert_allclose(confidences, [0.75, 0.2])


@pytest.mark.parametrize("probabilities", ["softmax", "sigmoid"])
def test_a_single_logit_is_two_classes(probabilities):
    x = np.log([[3.0], [1.0 / 4.0], [1.0]])
    classes, confidences = predict(same, x, probabilities)
    assert classes.tolist() == [1, 0, 0]
    np.testing.assert_allclose(confidences, [0.75, 0.8, 0.5])


@pytest.mark.parametrize("probabilities", ["softmax", "sigmoid"])
@pytest.mark.parametrize("num_logits", [1, 3])
def test_a_model_may_be_as_sure_as_it_likes(probabilities, num_logits):
    x = np.full((2, num_logits), -1e4)
    x[:, 0] = 1e4
    classes, confidences = predict(same, x, probabilities)
    assert classes.tolist() == [1, 1] if num_logits == 1 else [0, 0]
    assert confidences.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("batch_size", [1, 3, 7, 500])
def test_batches_change_nothing_and_nothing_is_dropped(model, batch_size):
    logits = predict_logits(model, X, batch_size)
    np.testing.assert_allclose(logits, by_hand(model), rtol=1e-5, atol=1e-6)


def test_a_compiled_model_follows_its_weights(model):
    before = predict_logits(model, X)
    model.set_weights([2.0 * w for w in model.get_weights()])
    np.testing.assert_allclose(predict_logits(model, X), 2.0 * before, 1e-5)


def test_a_model_that_is_not_built_is_built():
    model = keras.Sequential([keras.layers.Dense(3)])
    first = predict_logits(model, X, 2)
    np.testing.assert_allclose(predict_logits(model, X, 7), first, rtol=1e-5)


class Doubled(Classifier):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(2)

    def embed(self, inputs, training=False):
        return 2.0 * inputs

    def classify(self, embedded, mask=None, training=False):
        return self.dense(embedded)


def test_a_model_and_its_methods_are_told_apart():
    model = Doubled()
    logits = predict_logits(model, X)
    for _ in range(2):
        half = predict_logits(model.classify, X)
        np.testing.assert_allclose(2.0 * half, logits, rtol=1e-5)
        np.testing.assert_allclose(predict_logits(model, X), logits, rtol=1e-5)


def test_half_precision_becomes_float32():
    logits = predict_logits(lambda x: ops.cast(x, "bfloat16"), X)
    assert logits.dtype == "float32"


def test_the_model_is_not_kept_alive():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    predict_logits(model, X)
    gone = weakref.ref(model)
    del model
    keras.backend.clear_session()
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize(
    ("model", "x", "message"),
    [
        (same, X[:0], r"`x` must hold at least one input.*shape \(0, 4\)"),
        (same, 1.0, r"`x` must hold at least one input.*shape \(\)"),
        (lambda x: x[:, 0], X, r"\(batch, num_classes\)"),
        (lambda x: x / 0.0, np.ones((1, 2)), "NaN or infinite logits"),
        (ops.softmax, X, "adds up to 1"),
        (
            keras.Sequential([keras.layers.Dense(3, activation="softmax")]),
            X,
            "ends in 'softmax'",
        ),
    ],
)
def test_what_is_no_classifier_is_refused(model, x, message):
    with pytest.raises(ValueError, match=message):
        predict(model, x)


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="`probabilities` must be one of"):
        predict(same, X, "relu")
    with pytest.raises(ValueError, match="`batch_size` must be an integer"):
        predict(same, X, batch_size=0)
