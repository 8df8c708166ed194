"""What is set after the first step takes effect, or cannot be set."""

import copy
import pickle

import keras
import numpy as np
import pytest
from keras import ops

from advtext.attacks import (
    ExpectationOverTransformation,
    FastGradient,
    GradientRotation,
    ProjectedGradientDescent,
    RandomNoise,
    RandomStartFastGradient,
    VirtualAdversarial,
)
from advtext.models import SequentialClassifier
from advtext.training import (
    AdversarialLoss,
    AdversarialTraining,
    SmoothnessLoss,
    VirtualAdversarialLoss,
)

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(4, 5)).astype("float32")
Y = np.array([0, 1, 1, 0])
Schedule = keras.optimizers.schedules.PiecewiseConstantDecay


def brighter(x, seed):
    return x + keras.random.uniform(ops.shape(x), dtype=x.dtype, seed=seed)


def training(*terms):
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(4, "tanh"), keras.layers.Dense(2)]
    model = AdversarialTraining(
        SequentialClassifier(layers, num_embedding_layers=1), terms
    )
    compiled(model)
    return model


def compiled(model):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.0), loss)


def steps(model, number=1):
    fitted = model.fit(
        X, Y, batch_size=4, epochs=number, shuffle=False, verbose=0
    )
    return fitted.history


def test_a_warm_up_by_hand_is_refused_and_by_a_schedule_works():
    term = VirtualAdversarialLoss(0.5, seed=0)
    model = training(term)
    term.attack.epsilon = 0.25
    steps(model)
    for thing, name in ((term.attack, "epsilon"), (term, "weight")):
        with pytest.raises(AttributeError, match=f"`{name}` of .*Schedule"):
            setattr(thing, name, 5.0)
    compiled(model)
    term.attack.epsilon = 5.0
    assert steps(model)["virtual_adversarial_loss"][0] > 0.0


def terms(epsilon):
    pgd = {"num_steps": 2, "norm": "l2", "random_start": True, "seed": 0}
    attack = ProjectedGradientDescent(epsilon, **pgd)
    transformed = ExpectationOverTransformation(
        FastGradient(epsilon), brighter, 2, seed=0
    )
    return [
        AdversarialLoss(FastGradient(epsilon), name="a"),
        AdversarialLoss(attack, name="b", accumulate_gradients=True),
        SmoothnessLoss(ProjectedGradientDescent(epsilon, **pgd), name="c"),
        VirtualAdversarialLoss(epsilon, seed=0, name="d"),
        AdversarialLoss(transformed, name="e"),
    ]


def test_epsilon_follows_its_schedule():
    found = steps(training(*terms(Schedule([0], [0.0, 2.0]))), 2)
    none, much = steps(training(*terms(0.0))), steps(training(*terms(2.0)), 2)
    for name in "abcde":
        # Of the first step, and of the second with the same seeds.
        np.testing.assert_allclose(found[name][0], none[name][0], atol=1e-6)
        np.testing.assert_allclose(found[name][1], much[name][1], rtol=1e-4)
        assert found[name][1] > none[name][0]


def test_a_schedule_needs_a_training():
    attack = FastGradient(Schedule([1], [0.0, 1.0]))
    model = keras.Sequential([keras.layers.Dense(2)])
    with pytest.raises(ValueError, match="schedule.*epsilon=1.0"):
        attack(model, X, Y)
    assert np.any(np.asarray(attack(model, X, Y, epsilon=1.0)) != X)


ATTACKS = [
    FastGradient(0.5),
    GradientRotation(0.5),
    ProjectedGradientDescent(0.5, num_steps=2, random_start=True, seed=1),
    RandomNoise(0.5, seed=1),
    RandomStartFastGradient(0.5, seed=1),
    VirtualAdversarial(0.5, seed=1),
    ExpectationOverTransformation(FastGradient(0.5), brighter, 2, seed=1),
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: type(a).__name__)
def test_a_copy_goes_on_with_the_same_draws(attack):
    model = keras.Sequential([keras.layers.Dense(2)])
    attack(model, X, Y)
    copies = copy.deepcopy(attack), pickle.loads(pickle.dumps(attack))
    expected = np.asarray(attack(model, X, Y))
    for other in copies:
        np.testing.assert_array_equal(other(model, X, Y), expected)
        assert other.seed_generators[0] is not attack.seed_generators[0]
