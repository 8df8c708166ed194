import json

import keras
import numpy as np
import pytest

from advtext.evaluation import fooling, score

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(40, 5)).astype("float32")
KERNEL = RANDOM.normal(size=(5, 3))


@pytest.fixture(scope="module")
def model():
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(3)])
    model.set_weights([KERNEL, np.zeros(3)])
    return model


def by_hand(how, epsilon):
    """Returns images and the probabilities of their classes, in float64."""
    x, images, sure = X.astype("float64"), [], []
    for number in range(3):
        gradient = np.broadcast_to(KERNEL[:, number], x.shape)
        if how == "softmax":
            # Of log p: w_class minus the mean of all, by probability.
            gradient = gradient - probabilities(x, how) @ KERNEL.T
        moved = x + epsilon * np.sign(gradient)
        images.append(moved)
        sure.append(probabilities(moved, how))
    return np.array(images), np.array(sure)


def probabilities(x, how):
    logits = x @ KERNEL
    if how == "sigmoid":
        return 1.0 / (1.0 + np.exp(-logits))
    odds = np.exp(logits)
    return odds / odds.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("how", ["softmax", "sigmoid"])
def test_by_hand(model, how):
    rows, images, fooled = fooling(model, X, 0.5, 0.6, how, 16, keep=40)
    assert json.loads(json.dumps(rows)) == rows
    expected, sure = by_hand(how, 0.5)
    np.testing.assert_allclose(images, expected, rtol=1e-5, atol=1e-6)
    classes = np.arange(3)[:, None]
    success = (sure.argmax(axis=2) == classes) & (sure.max(axis=2) > 0.6)
    np.testing.assert_array_equal(fooled, success)
    assert 0 < success.mean() < 1
    for k, row in enumerate(rows[:3]):
        assert row["class"] == k
        assert row["success"] == pytest.approx(100.0 * success[k].mean())
        assert row["confidence"] == pytest.approx(
            100.0 * sure.max(axis=2)[k][success[k]].mean(), rel=1e-4
        )
    assert rows[3]["class"] == "mean"
    assert rows[3]["success"] == pytest.approx(100.0 * success.mean())


def test_epsilon_0_leaves_what_the_model_says_of_noise(model):
    rows, images, _ = fooling(model, X, 0.0, threshold=0.0, keep=3)
    np.testing.assert_array_equal(images, np.stack([X[:3]] * 3))
    for row in rows[:3]:
        labels = np.full(40, row["class"])
        error = score(model, X, labels)["error"]
        assert row["success"] == pytest.approx(100.0 - error)
    assert rows[3]["success"] == pytest.approx(100.0 / 3)


@pytest.mark.parametrize("how", ["softmax", "sigmoid"])
def test_a_single_logit_is_two_classes(how):
    rows, images, fooled = fooling(
        lambda x: x, np.zeros((2, 1), "float32"), 2.0, probabilities=how
    )
    assert [row["class"] for row in rows] == [0, 1, "mean"]
    assert images.ravel().tolist() == [-2.0, -2.0, 2.0, 2.0]
    assert fooled.all()


def test_what_never_fools_has_no_confidence(model):
    rows, _, fooled = fooling(model, X, 0.1, threshold=0.9999)
    assert not fooled.any()
    assert rows[-1] == {"class": "mean", "success": 0.0, "confidence": None}


def test_wrong_arguments_are_refused(model):
    for given, message in (
        ({"epsilon": -1.0}, "`epsilon` must be a finite number"),
        ({"threshold": 1.5}, "`threshold` must be a probability"),
        ({"keep": 0}, "`keep` must be an integer"),
        ({"probabilities": {}}, "`probabilities` must be one of 'softmax'"),
    ):
        with pytest.raises(ValueError, match=message):
            fooling(**{"model": model, "x": X, "epsilon": 0.1, **given})
    with pytest.raises(TypeError, match="floating-point"):
        fooling(model, np.zeros((4, 5), "int32"), 0.1)
