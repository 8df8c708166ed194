import keras
import numpy as np
import pytest

from advtext.attacks import ProjectedGradientDescent
from advtext.experiments.attack_walk import walk
from advtext.losses import cross_entropy

RANDOM = np.random.default_rng(0)
X = RANDOM.random((2, 6, 6, 3), "float32")
Y = np.array([1, 0])


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(1)
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((6, 6, 3)),
            layers.Conv2D(8, 3, activation="tanh"),
            layers.Flatten(),
            layers.Dense(3),
        ]
    )


def attack(num_steps=12, **options):
    given = {"step_size": 0.03, "value_range": (0.0, 1.0), **options}
    return ProjectedGradientDescent(0.1, num_steps=num_steps, **given)


def lead(y, logits):
    return cross_entropy(y, logits) - cross_entropy(0 * y + 2, logits)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"norm": "l2"},
        {"loss": lead},
        {"targeted": True},
        {"value_range": None},
        {"num_steps": 3},
        {"num_steps": 10},
    ],
)
def test_the_walk_ends_where_the_attack_ends(model, options):
    walked = attack(**options)
    expected = np.asarray(walked(model, X, Y))
    *_, (step, examples, logits, loss) = walk(walked, model, X, Y)
    assert step == walked.num_steps
    np.testing.assert_allclose(np.asarray(examples), expected, atol=1e-6)
    assert np.abs(expected - X).max() > 0.01
    own = model(examples)
    np.testing.assert_allclose(np.asarray(logits), np.asarray(own), atol=1e-5)
    expected = np.asarray(walked.loss(keras.ops.convert_to_tensor(Y), own))
    assert loss == pytest.approx(expected.mean(), abs=1e-5)


def test_every_loss_is_that_of_a_shorter_attack(model):
    for step, examples, _, _ in walk(attack(), model, X, Y, every=5):
        shorter = X
        if step:
            shorter = attack(step)(model, X, Y)
        np.testing.assert_allclose(
            np.asarray(examples), np.asarray(shorter), atol=1e-6
        )


def test_the_steps_are_counted(model):
    steps = [step for step, *_ in walk(attack(12), model, X, Y)]
    assert steps == [0, 5, 10, 12]
    steps = [step for step, *_ in walk(attack(4), model, X, Y, every=2)]
    assert steps == [0, 2, 4]


def test_the_loss_rises(model):
    losses = [loss for *_, loss in walk(attack(), model, X, Y)]
    assert losses == sorted(losses) and losses[-1] > losses[0] + 0.05


@pytest.mark.parametrize(
    "options", [{"momentum": 0.9}, {"random_start": True}, {"step_size": None}]
)
def test_an_attack_that_remembers_more_is_refused(model, options):
    with pytest.raises(ValueError, match="step by step"):
        next(walk(attack(**options), model, X, Y))


def test_no_step_at_a_time_is_refused(model):
    with pytest.raises(ValueError, match="`every` must be an integer"):
        next(walk(attack(), model, X, Y, every=0))
