import keras
import numpy as np
import pytest

from advtext.heads import CLASSES, LABELS, VALUES, head_of, knows_no_label
from advtext.losses import entropy_from_logits, kl_divergence_from_logits

P = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
Q = np.random.default_rng(1).normal(size=(4, 3)).astype("float32")
LOSSES = keras.losses


@pytest.mark.parametrize(
    "loss, head",
    [
        (LOSSES.BinaryCrossentropy(from_logits=True), LABELS),
        (LOSSES.BinaryFocalCrossentropy(from_logits=True), LABELS),
        (LOSSES.SparseCategoricalCrossentropy(from_logits=True), CLASSES),
        (LOSSES.CategoricalCrossentropy(from_logits=True), CLASSES),
        (LOSSES.CategoricalHinge(), CLASSES),
        (lambda y, logits: logits, CLASSES),
        ("mse", VALUES),
        ("mean_absolute_error", VALUES),
        ("huber", VALUES),
        (LOSSES.MeanSquaredError(), VALUES),
        (LOSSES.LogCosh(), VALUES),
        (LOSSES.mean_squared_error, VALUES),
        (LOSSES.Poisson(), VALUES),
    ],
)
def test_the_loss_tells_what_predictions_mean(loss, head):
    assert head_of(loss) is head


def sigmoid(z):
    return 1 / (1 + np.exp(-z.astype("float64")))


def test_labels_add_up():
    p, q = sigmoid(P), sigmoid(Q)
    each = p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))
    np.testing.assert_allclose(LABELS.divergence(P, Q), each.sum(-1), rtol=1e-4)
    each = -p * np.log(p) - (1 - p) * np.log(1 - p)
    np.testing.assert_allclose(LABELS.entropy(P), each.sum(-1), rtol=1e-5)


def test_one_label_is_two_classes():
    p, q = P[:, :1], Q[:, :1]
    np.testing.assert_array_equal(
        LABELS.divergence(p, q), kl_divergence_from_logits(p, q)
    )
    np.testing.assert_array_equal(LABELS.entropy(p), entropy_from_logits(p))


@pytest.mark.parametrize("shape", [(4,), (4, 1), (4, 3), (4, 2, 3)])
def test_values_differ_by_their_mean_square(shape):
    p, q = (np.resize(x, shape) for x in (P, Q))
    expected = np.square(p - q).reshape(4, -1).mean(-1)
    np.testing.assert_allclose(VALUES.divergence(p, q), expected, rtol=1e-5)
    assert VALUES.entropy is None


@pytest.mark.parametrize("head", [CLASSES, LABELS, VALUES])
def test_divergence_of_the_same_is_exactly_0(head):
    assert not np.any(head.divergence(P, P))


def test_half_precision_is_summed_up_in_float32():
    half = keras.ops.cast(P, "float16")
    for head in (CLASSES, LABELS, VALUES):
        result = head.divergence(half, keras.ops.cast(Q, "float16"))
        assert keras.backend.standardize_dtype(result.dtype) == "float32"


def test_only_cross_entropies_know_no_label():
    sparse = LOSSES.SparseCategoricalCrossentropy(from_logits=True)
    assert knows_no_label(sparse)
    assert not knows_no_label(LOSSES.Hinge())
    assert not knows_no_label(LOSSES.MeanSquaredError())
    assert not knows_no_label(None)
