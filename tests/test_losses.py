import keras
import numpy as np
import pytest
from keras import ops

from advtext import backend
from advtext.losses import (
    cross_entropy,
    entropy_from_logits,
    kl_divergence_from_logits,
    least_likely,
    prediction,
)

EXTREME = [-1e4, -300.0, -88.0, -20.0, -1e-3, 0.0, 1.0, 17.0, 90.0, 1e4]


def log_probabilities(logits):
    """All log-probabilities in float64, of one logit or of many."""
    logits = np.asarray(logits, "float64")
    if logits.shape[-1] == 1:
        logits = np.concatenate([np.zeros_like(logits), logits], axis=-1)
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def pairs(num_logits):
    """Every two extreme logits, or random ones of every size."""
    if num_logits == 1:
        p, q = np.meshgrid(EXTREME, EXTREME)
        return p.reshape(-1, 1), q.reshape(-1, 1)
    random = np.random.default_rng(0)
    scale = 10.0 ** random.uniform(-2, 4, size=(2, 60, 1))
    return scale * random.normal(size=(2, 60, num_logits))


@pytest.mark.parametrize("num_logits", [1, 2, 5])
def test_divergence_equals_float64(num_logits):
    p, q = (logits.astype("float32") for logits in pairs(num_logits))
    log_p, log_q = log_probabilities(p), log_probabilities(q)
    exact = np.sum(np.exp(log_p) * (log_p - log_q), axis=-1)
    largest = np.maximum(np.abs(p), np.abs(q)).max(axis=-1)
    result = np.asarray(kl_divergence_from_logits(p, q))
    assert result.shape == (len(p),)
    assert np.all(np.abs(result - exact) <= 1e-6 + 1e-6 * largest)


@pytest.mark.parametrize("num_logits", [1, 2, 5])
def test_gradient_of_the_divergence_is_the_difference(num_logits):
    p, q = (logits.astype("float32") for logits in pairs(num_logits))
    gradient = backend.input_gradient(
        lambda q: keras.ops.sum(kl_divergence_from_logits(p, q)), q
    )
    difference = np.exp(log_probabilities(q)) - np.exp(log_probabilities(p))
    if num_logits == 1:
        difference = difference[:, 1:]
    np.testing.assert_allclose(gradient, difference, atol=1e-5)


@pytest.mark.parametrize("num_logits", [1, 2, 5])
def test_divergence_is_exactly_0_for_equal_logits(num_logits):
    for logits in pairs(num_logits):
        logits = logits.astype("float32")
        assert not np.any(kl_divergence_from_logits(logits, logits))


@pytest.mark.parametrize("num_logits", [1, 3])
def test_logits_of_half_precision_are_not_rounded_again(num_logits):
    p, q = (ops.cast(v, "bfloat16") for v in pairs(num_logits))
    for function, logits in (
        (kl_divergence_from_logits, (p, q)),
        (entropy_from_logits, (p,)),
    ):
        value = function(*logits)
        expected = function(*(ops.cast(v, "float32") for v in logits))
        assert value.dtype == "float32"
        np.testing.assert_array_equal(value, expected)


def test_one_logit_is_two_logits_one_of_them_0():
    p, q = pairs(1)
    two = [np.concatenate([np.zeros_like(z), z], axis=1) for z in (p, q)]
    np.testing.assert_allclose(
        kl_divergence_from_logits(p, q),
        kl_divergence_from_logits(*two),
        rtol=1e-9,
        atol=1e-11,
    )
    np.testing.assert_allclose(
        entropy_from_logits(p), entropy_from_logits(two[0]), atol=1e-11
    )


@pytest.mark.parametrize("num_logits", [1, 2, 5])
def test_entropy_equals_float64(num_logits):
    logits = pairs(num_logits)[0].astype("float32")
    log_p = log_probabilities(logits)
    exact = -np.sum(np.exp(log_p) * np.maximum(log_p, -1e30), axis=-1)
    largest = np.abs(logits).max(axis=-1)
    result = np.asarray(entropy_from_logits(logits))
    assert np.all(np.abs(result - exact) <= 1e-6 + 1e-6 * largest)
    assert np.all(result <= np.log(max(2, num_logits)) + 1e-6)
    gradient = backend.input_gradient(
        lambda z: keras.ops.sum(entropy_from_logits(z)), logits
    )
    assert np.isfinite(gradient).all()


def test_predictions_threshold_one_logit_at_0():
    one = prediction(np.array([[-0.1], [0.0], [0.4], [0.6]]))
    np.testing.assert_array_equal(one, [0, 0, 1, 1])
    many = prediction(np.array([[0, 2.0, 1], [3, 2, 1]]))
    np.testing.assert_array_equal(many, [1, 0])


def test_cross_entropy_takes_integers_and_one_hot():
    logits = pairs(3)[0].astype("float32") / 100
    y = np.arange(len(logits)) % 3
    exact = -log_probabilities(logits)[np.arange(len(y)), y].sum()
    for labels in (y, y[:, None], np.eye(3)[y], np.eye(3, dtype="int64")[y]):
        np.testing.assert_allclose(
            ops.sum(cross_entropy(labels, logits)), exact, rtol=1e-5
        )


def test_cross_entropy_of_one_logit():
    logits = np.array([[-2.0], [0.5], [80.0]])
    y = np.array([1, 0, 0])
    exact = -log_probabilities(logits)[np.arange(3), y].sum()
    for labels in (y, y[:, None], y.astype("bool")):
        np.testing.assert_allclose(
            ops.sum(cross_entropy(labels, logits)), exact
        )


@pytest.mark.parametrize("gap", [1.0, 17.0, 40.0, 80.0])
@pytest.mark.parametrize("label", [0, 1])
def test_gradient_keeps_its_direction_however_sure_the_model(gap, label):
    """In float32 a probability rounds to 1 at a gap of 17."""
    for logits in ([[gap, 0.0, -1.0]], [[gap]]):
        logits = np.array(logits, "float32")
        y = np.array([label])
        gradient = backend.input_gradient(
            lambda z, y=y: ops.sum(cross_entropy(y, z)),
            ops.convert_to_tensor(logits),
        )
        if logits.shape[1] == 1:
            exact = 1 / (1 + np.exp(-logits.astype("float64"))) - label
            if label:
                exact = -1 / (1 + np.exp(logits.astype("float64")))
        else:
            others = np.delete(logits[0].astype("float64"), label)
            share = np.exp(others - others.max())
            share /= share.sum()
            odds = np.log(np.exp(others - others.max()).sum()) + others.max()
            wrong = 1 / (1 + np.exp(logits[0, label] - odds))
            exact = wrong * np.insert(share, label, -1.0)[None]
        np.testing.assert_allclose(gradient, exact, rtol=1e-4, atol=1e-37)


def test_divergence_of_different_numbers_of_logits_is_refused():
    with pytest.raises(ValueError, match=r"shape=\(4, 1\).*shape=\(4, 3\)"):
        kl_divergence_from_logits(np.zeros((4, 1)), np.zeros((4, 3)))


def test_least_likely_class():
    one = least_likely(np.array([[-0.1], [0.4]]))
    np.testing.assert_array_equal(one, [1, 0])
    many = least_likely(np.array([[0, 2.0, -1], [3, 2, 4]]))
    np.testing.assert_array_equal(many, [2, 1])
