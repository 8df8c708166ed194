"""The training step beside what people wrote, or used, before."""

import keras
import numpy as np
import pytest
from backends import ON_TENSORFLOW, dense
from keras import layers

from advtext import perturb_at
from advtext.attacks import FastGradient
from advtext.models import SequentialClassifier
from advtext.training import AdversarialLoss, AdversarialTraining

RANDOM = np.random.default_rng(0)
BINARY = keras.losses.BinaryCrossentropy(from_logits=True)


def step(classifier, term, loss, x, y):
    """Returns the whole loss, that of the term, and the gradients."""
    model = AdversarialTraining(classifier, [term])
    model.compile("sgd", loss, run_eagerly=True)
    gradients, _ = model.compute_gradients(x, y)
    losses = model.metrics[0].result(), model.term_trackers[0].result()
    return [*map(float, losses)], list(map(dense, gradients))


@pytest.mark.skipif(not ON_TENSORFLOW, reason="a loop of TensorFlow")
@pytest.mark.parametrize("epsilon", [0.0, 0.5, 5.0])
def test_a_loop_by_hand(epsilon):
    import tensorflow as tf

    embedding = layers.Embedding(30, 6, mask_zero=True)
    lstm, head = layers.LSTM(5), layers.Dense(1)
    inputs = keras.Input((None,), dtype="int32")
    model = keras.Model(inputs, head(lstm(embedding(inputs))))
    x = RANDOM.integers(1, 30, size=(4, 7)) * (
        np.arange(7) < [[7], [3], [5], [1]]
    )
    y = np.array([[1.0], [0.0], [1.0], [0.0]], "float32")

    # What one writes without advtext:
    def classify(embedded):
        return head(lstm(embedded, mask=tf.constant(x != 0)))

    with tf.GradientTape() as outer:
        embedded = embedding(x)
        with tf.GradientTape() as inner:
            inner.watch(embedded)
            clean = BINARY(y, classify(embedded))
        gradient = inner.gradient(clean, embedded)
        norm = tf.sqrt(tf.reduce_sum(gradient**2, axis=[1, 2], keepdims=True))
        perturbation = tf.stop_gradient(epsilon * gradient / (norm + 1e-12))
        adversarial = BINARY(y, classify(embedded + perturbation))
        total = clean + adversarial
    expected = outer.gradient(total, model.trainable_variables)

    # The same with it:
    losses, gradients = step(
        perturb_at(model),
        AdversarialLoss(FastGradient(epsilon, norm="l2")),
        BINARY,
        x,
        y,
    )
    np.testing.assert_allclose(losses, [total, adversarial], rtol=1e-5)
    for ours, theirs in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(ours, dense(theirs), rtol=1e-4, atol=1e-6)


def softmax(logits):
    e = np.exp(logits - logits.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def network(x, one_hot, weights):
    """Loss and gradients of a two-layer network, all by hand, in float64.

    Returns:
        The mean loss, its gradients in the weights, and those of the loss of
        each image in the image.
    """
    kernel, bias, last_kernel, last_bias = weights
    hidden = np.tanh(x @ kernel + bias)
    probabilities = softmax(hidden @ last_kernel + last_bias)
    loss = -np.log((probabilities * one_hot).sum(-1)).mean()
    error = (probabilities - one_hot) / len(x)
    back = error @ last_kernel.T * (1.0 - hidden**2)
    gradients = [x.T @ back, back.sum(0), hidden.T @ error, error.sum(0)]
    return loss, gradients, back @ kernel.T * len(x)


@pytest.mark.parametrize("norm", ["l2", "linf"])
@pytest.mark.parametrize("multiplier, step_size", [(0.2, 0.001), (1.0, 0.3)])
def test_adversarial_regularization(norm, multiplier, step_size):
    """The definition of neural-structured-learning's wrapper.

    The total is the loss of the images plus `multiplier` (0.2 by default)
    times the loss of the images moved by `adv_step_size` (0.001) along their
    gradient, normalized by `adv_grad_norm` ("l2"; "infinity" is its sign).
    """
    x = RANDOM.uniform(size=(6, 4, 4, 1)).astype("float32")
    y = RANDOM.integers(0, 3, size=6)
    hidden, last = layers.Dense(8, "tanh"), layers.Dense(3)
    classifier = SequentialClassifier([layers.Flatten(), hidden, last])
    classifier(x)
    weights = [np.asarray(v, "float64") for v in classifier.trainable_variables]
    flat, one_hot = x.reshape(6, -1).astype("float64"), np.eye(3)[y]
    clean, clean_gradients, at_x = network(flat, one_hot, weights)
    direction = np.sign(at_x)
    if norm == "l2":
        direction = at_x / np.linalg.norm(at_x, axis=-1, keepdims=True)
    moved = flat + step_size * direction
    adversarial, more, _ = network(moved, one_hot, weights)

    losses, gradients = step(
        classifier,
        AdversarialLoss(FastGradient(step_size, norm), weight=multiplier),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        x,
        y,
    )
    expected = [clean + multiplier * adversarial, adversarial]
    np.testing.assert_allclose(losses, expected, rtol=1e-5)
    for ours, one, other in zip(gradients, clean_gradients, more, strict=True):
        np.testing.assert_allclose(
            ours, one + multiplier * other, rtol=1e-4, atol=1e-6
        )
