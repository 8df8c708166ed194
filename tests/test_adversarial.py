"""Attacks of several steps in training; the rest is in `test_terms`."""

import numpy as np
import pytest
from keras import ops
from training_steps import data, step, text

from advtext import backend
from advtext.attacks import (
    FastGradient,
    ProjectedGradientDescent,
    RandomNoise,
    VirtualAdversarial,
)
from advtext.attacks.norms import direction, length, project
from advtext.training import AdversarialLoss


def descent(num_steps, **kwargs):
    return ProjectedGradientDescent(
        1.0, num_steps=num_steps, norm="l2", seed=0, **kwargs
    )


def values_and_gradients(term, classifier, x, y):
    plain, *_ = step(classifier, [], x, y)
    gradients, values, *_ = step(classifier, [term], x, y)
    differences = [a - b for a, b in zip(gradients, plain, strict=True)]
    return values[term.name], differences


def assert_close(ours, theirs):
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-6)


def test_one_step_of_the_whole_length_is_the_fast_gradient():
    classifier = text()
    x, y = data(classifier)
    one = descent(1, step_size=1.0)
    ours = values_and_gradients(AdversarialLoss(one), classifier, x, y)
    fast = AdversarialLoss(FastGradient(1.0))
    theirs = values_and_gradients(fast, classifier, x, y)
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-5)
    assert_close(ours[1], theirs[1])


def test_more_steps_find_a_higher_loss():
    classifier = text(embedding_dropout=0.0)
    x, y = data(classifier)
    values = [
        values_and_gradients(AdversarialLoss(attack), classifier, x, y)[0]
        for attack in (FastGradient(1.0), descent(10, step_size=0.3))
    ]
    assert values[1] >= values[0] - 1e-6


def accumulated_by_hand(classifier, x, y, steps, step_size):
    """FreeLB from the middle, as its paper tells it."""
    mask = classifier.compute_mask(x)
    labels = ops.cast(y[:, None], "float32")
    perturbation, total, sums = 0.0, 0.0, None
    kept = ops.cast(mask, "float32")[..., None]
    for _ in range(steps):

        def loss(moved):
            logits = classifier.classify(moved, mask)
            each = ops.binary_crossentropy(labels, logits, from_logits=True)
            return ops.mean(each)

        def whole(perturbation=perturbation):
            return [loss(classifier.embed(x) + perturbation)]

        (value,), backward = backend.vjp(whole, classifier.trainable_variables)
        found = [ops.convert_to_tensor(g) for g in backward([np.float32(1)])]
        total += float(value) / steps
        found = [np.asarray(g) / steps for g in found]
        sums = found if sums is None else list(map(np.add, sums, found))
        gradient = backend.input_gradient(
            loss, classifier.embed(x) + perturbation
        )
        perturbation = perturbation + step_size * direction(
            gradient * kept, "l2"
        )
        perturbation = project(perturbation, 1.0, "l2")
    return total, sums, perturbation


def test_accumulates_the_gradients_of_all_steps():
    classifier = text(embedding_dropout=0.0)
    x, y = data(classifier)
    term = AdversarialLoss(descent(3, step_size=0.6), accumulate_gradients=True)
    value, gradients = values_and_gradients(term, classifier, x, y)
    expected, sums, last = accumulated_by_hand(classifier, x, y, 3, 0.6)
    np.testing.assert_allclose(value, expected, rtol=1e-5)
    assert_close(gradients, sums)
    np.testing.assert_allclose(length(last, "l2"), 1.0, rtol=1e-5)


def test_accumulates_from_a_random_start():
    classifier = text()
    x, y = data(classifier)
    term = AdversarialLoss(
        descent(1, random_start=True), accumulate_gradients=True
    )
    value, _ = values_and_gradients(term, classifier, x, y)
    assert value != step(classifier, [], x, y)[1]["loss"]


def test_a_weight_of_0_changes_no_step():
    classifier = text(embedding_dropout=0.0)
    x, y = data(classifier)
    values = [
        step(
            classifier,
            [AdversarialLoss(descent(3), weight, accumulate_gradients=True)],
            x,
            y,
        )[1]["adversarial_loss"]
        for weight in (0.0, 1.0)
    ]
    assert values[0] == values[1]


@pytest.mark.parametrize(
    "attack, options, message",
    [
        (VirtualAdversarial(1.0), {}, "VirtualAdversarialLoss"),
        (
            descent(2, num_restarts=2, random_start=True),
            {},
            "`num_restarts=1`",
        ),
        (RandomNoise(1.0), {"accumulate_gradients": True}, "no such points"),
        (FastGradient(1.0), {"accumulate_gradients": True}, "no such points"),
        (descent(1), {"accumulate_gradients": True}, "no such points"),
        (descent(2, loss=lambda y, z: z[:, 0]), {}, "`loss` of its own"),
    ],
)
def test_attacks_that_training_cannot_use_are_refused(attack, options, message):
    with pytest.raises(ValueError, match=message):
        AdversarialLoss(attack, **options)
