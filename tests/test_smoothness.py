import numpy as np
import pytest
from keras import ops
from training_steps import Dropped, data, state, step, text

from advtext import backend
from advtext.attacks import (
    FastGradient,
    ProjectedGradientDescent,
    RandomNoise,
    RandomStartFastGradient,
    VirtualAdversarial,
)
from advtext.losses import kl_divergence_from_logits
from advtext.training import SmoothnessLoss, VirtualAdversarialLoss


def descent(epsilon=1.0, **kwargs):
    kwargs = {"num_steps": 3, "norm": "l2", "random_start": True, **kwargs}
    return ProjectedGradientDescent(epsilon, seed=0, **kwargs)


class Recorded(ProjectedGradientDescent):
    def perturbation(self, *args, **kwargs):
        self.found = super().perturbation(*args, **kwargs)
        return self.found


@pytest.mark.parametrize("symmetric", [False, True])
def test_gradient_is_that_of_the_divergence(symmetric):
    classifier = text(embedding_dropout=0.0)
    x, y = data(classifier)
    attack = Recorded(1.0, num_steps=2, norm="l2", random_start=True, seed=0)
    term = SmoothnessLoss(attack, symmetric=symmetric)
    plain, *_ = step(classifier, [], x, y)
    gradients, values, *_ = step(classifier, [term], x, y)
    mask = classifier.compute_mask(x)
    fixed = classifier(x)

    def loss():
        embedded = classifier.embed(x)
        moved = classifier.classify(embedded + attack.found, mask)
        clean = classifier.classify(embedded, mask) if symmetric else fixed
        both = kl_divergence_from_logits(clean, moved)
        if symmetric:
            both = both + kl_divergence_from_logits(moved, clean)
        return [ops.mean(both)]

    (value,), backward = backend.vjp(loss, classifier.trainable_variables)
    np.testing.assert_allclose(values["smoothness_loss"], value, rtol=1e-5)
    for ours, without, theirs in zip(
        gradients, plain, backward([np.float32(1.0)]), strict=True
    ):
        np.testing.assert_allclose(
            ours - without,
            ops.convert_to_tensor(theirs),
            rtol=1e-3,
            atol=1e-6,
        )


def test_is_above_random_noise_of_the_same_length():
    classifier = Dropped()
    x, y = data(classifier)
    terms = [
        SmoothnessLoss(descent(num_steps=5), name="climbed"),
        SmoothnessLoss(RandomNoise(1.0, seed=0), name="noise"),
        VirtualAdversarialLoss(1.0, seed=0, name="virtual"),
    ]
    values = step(classifier, terms, x, y)[1]
    assert values["climbed"] > 2 * values["noise"]
    assert values["climbed"] > 0.8 * values["virtual"]


def test_every_attack_with_a_random_start_goes():
    classifier = Dropped()
    x, y = data(classifier)
    before = state(classifier)
    for attack in (
        descent(),
        RandomStartFastGradient(1.0, seed=0),
        RandomNoise(1.0, seed=0),
    ):
        values = step(classifier, [SmoothnessLoss(attack)], x, y)[1]
        assert values["smoothness_loss"] > 0
    for old, now in zip(before, state(classifier), strict=True):
        np.testing.assert_array_equal(old, now)


@pytest.mark.parametrize(
    "attack", [FastGradient(1.0), descent(random_start=False)]
)
def test_attack_without_a_random_start_is_refused(attack):
    with pytest.raises(ValueError, match="random_start=True"):
        SmoothnessLoss(attack)


@pytest.mark.parametrize(
    "attack, error, message",
    [
        (5.0, TypeError, "`attack` must be an attack"),
        (VirtualAdversarial(1.0), ValueError, "VirtualAdversarialLoss"),
        (descent(targeted=True), ValueError, "must not be targeted"),
        (descent(num_restarts=2), ValueError, "num_restarts=1"),
    ],
)
def test_other_attacks_are_refused(attack, error, message):
    with pytest.raises(error, match=message):
        SmoothnessLoss(attack)
