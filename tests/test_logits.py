import keras
import numpy as np
import pytest
from keras import ops

from advtext.logits import check_activation, check_logits, check_not_softmax
from advtext.models import Classifier, TextClassifier


@pytest.mark.parametrize("shape", [(4,), (4, 2, 3)])
def test_logits_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match=r"\(batch, num_classes\)"):
        check_logits(np.zeros(shape))


class Probabilities(Classifier):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(1, activation="sigmoid")


def dense(activation):
    return [keras.layers.Dense(3, activation=activation)]


@pytest.mark.parametrize(
    "model",
    [
        keras.Sequential(dense("softmax")),
        keras.Sequential(dense("sigmoid")),
        keras.Sequential(dense("log_softmax")),
        keras.Sequential([*dense(None), keras.layers.Softmax()]),
        keras.Sequential([*dense(None), keras.layers.Activation("softmax")]),
        keras.Sequential([keras.Sequential(dense("softmax"))]),
        Probabilities(),
    ],
)
def test_models_that_give_probabilities_are_refused(model):
    with pytest.raises(ValueError, match="gives? probabilities.*from_logits"):
        check_activation(model)


@pytest.mark.parametrize(
    "model",
    [
        keras.Sequential(dense(None)),
        keras.Sequential(dense("linear")),
        keras.Sequential(),
        lambda x: x,
    ],
)
def test_models_that_give_logits_pass(model):
    check_activation(model)


def test_a_gate_within_a_functional_model_passes():
    x = keras.Input((4,))
    gate = keras.layers.Dense(3, activation="sigmoid")
    out = keras.layers.Multiply()([keras.layers.Dense(3)(x), gate(x)])
    check_activation(keras.Model(x, out))


@pytest.mark.parametrize("last", [ops.softmax, ops.sigmoid])
def test_an_operation_at_the_end_is_seen(last):
    x = keras.Input((4,))
    model = keras.Model(x, last(keras.layers.Dense(3)(x)))
    with pytest.raises(ValueError, match="gives probabilities"):
        check_activation(model)


def test_every_output_is_looked_at():
    x = keras.Input((4,))
    outputs = [keras.layers.Dense(3)(x), *(d(x) for d in dense("softmax"))]
    with pytest.raises(ValueError, match="gives probabilities"):
        check_activation(keras.Model(x, outputs))


def test_text_classifier_gives_logits():
    check_activation(TextClassifier(9, embedding_dim=2, units=2))


def test_values_that_look_like_probabilities_are_refused():
    with pytest.raises(ValueError, match="without its last softmax"):
        check_not_softmax(np.array([[0.2, 0.8], [1.0, 0.0]]))
    half = ops.softmax(ops.arange(10, dtype="bfloat16")[None])
    with pytest.raises(ValueError, match="gives probabilities"):
        check_not_softmax(half)
    for logits in ([[0.2, 0.9]], [[-0.2, 1.2]], [[0.0, 0.0]], [[1.0]]):
        check_not_softmax(np.array(logits))
