import json

import keras
import numpy as np
import pytest

from advtext.evaluation import epsilon_trace, predict

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(2, 3)).astype("float32")
KERNEL = RANDOM.normal(size=(6, 4))


@pytest.fixture(scope="module")
def model():
    model = keras.Sequential(
        [
            keras.Input((2, 3)),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.9),
            keras.layers.Dense(4),
        ]
    )
    model.set_weights([KERNEL, np.zeros(4)])
    return model


def test_by_hand(model):
    rows, inputs = epsilon_trace(model, X, 2, batch_size=64)
    assert json.loads(json.dumps(rows)) == rows
    x = X.ravel().astype("float64")
    odds = np.exp(x @ KERNEL)
    # Of the cross-entropy: the mean weight, by probability, minus the label's.
    sign = np.sign(KERNEL @ (odds / odds.sum()) - KERNEL[:, 2])
    epsilons = np.linspace(-10.0, 10.0, 201)
    expected = x + epsilons[:, None] * sign
    np.testing.assert_allclose(
        inputs.reshape(201, 6), expected, rtol=1e-5, atol=1e-5
    )
    logits = expected @ KERNEL
    found = [[row[f"logit_{k}"] for k in range(4)] for row in rows]
    np.testing.assert_allclose(found, logits, rtol=1e-4, atol=1e-4)
    for row, epsilon, values in zip(rows, epsilons, logits, strict=True):
        assert row["epsilon"] == pytest.approx(epsilon)
        assert row["label"] == 2
        assert row["prediction"] == values.argmax()


def test_epsilon_0_is_the_input_and_the_loss_rises_along_the_line(model):
    rows, inputs = epsilon_trace(model, X, 1, [-0.1, 0.0, 0.1])
    np.testing.assert_array_equal(inputs[1], X)
    assert rows[1]["prediction"] == predict(model, X[None])[0][0]
    assert rows[0]["logit_1"] > rows[1]["logit_1"] > rows[2]["logit_1"]


def test_another_loss_is_another_line(model):
    _, inputs = epsilon_trace(
        model, X, 0, [1.0], loss=lambda y, logits: logits[:, 3]
    )
    np.testing.assert_allclose(
        inputs[0] - X, np.sign(KERNEL[:, 3]).reshape(2, 3), rtol=1e-5
    )


def test_wrong_arguments_are_refused(model):
    with pytest.raises(ValueError, match="classes from 0 to 3"):
        epsilon_trace(model, X, 4)
    with pytest.raises(ValueError, match=r"finite\. Received"):
        epsilon_trace(model, X, 0, [np.inf])
    with pytest.raises(ValueError, match="must hold at least one number"):
        epsilon_trace(model, X, 0, [])
    with pytest.raises(ValueError, match="ends in 'softmax'"):
        layer = keras.layers.Dense(3, activation="softmax")
        epsilon_trace(keras.Sequential([layer]), X, 0)
