import keras
import numpy as np
import pytest
from keras import ops

from advtext.attacks import FastGradient, ProjectedGradientDescent
from advtext.attacks.norms import length
from advtext.models import Classifier
from advtext.training import AdversarialLoss, AdversarialTraining

X = np.array([[0.5, 0.5], [0.1, 0.9]], "float32")


def valley(x):
    """Losses that are highest at (0.7, 0.5)."""
    return -ops.sum(ops.square(x - np.array([0.7, 0.5], "float32")), axis=-1)


def ripples(x):
    """Losses of many tops; the highest of the first coordinate is at 0.75."""
    return ops.sum(ops.sin(20.0 * x) + x - 2.0 * ops.abs(x - 0.7), axis=-1)


def test_steps_worked_out_by_hand():
    """From (0.5, 0.5) to the right, beyond 0.7, and back."""
    attack = ProjectedGradientDescent(1.0, 0.15, num_steps=1, norm="l2")
    for steps, place in ((1, 0.65), (2, 0.8), (3, 0.65), (4, 0.8)):
        attack.num_steps = steps
        found = X[:1] + attack.perturbation(valley, X[:1])
        np.testing.assert_allclose(found, [[place, 0.5]], atol=1e-6)


def test_one_step_is_the_fast_gradient():
    attack = ProjectedGradientDescent(0.2, step_size=0.2, num_steps=1)
    np.testing.assert_array_equal(
        attack.perturbation(valley, X),
        FastGradient(0.2, norm="linf").perturbation(valley, X),
    )


@pytest.mark.parametrize("norm", ["l1", "l2", "linf"])
@pytest.mark.parametrize("num_steps", [1, 2])
def test_long_steps_end_in_the_ball(norm, num_steps):
    """One long step from a random start: fast adversarial training."""
    attack = ProjectedGradientDescent(
        0.1, 0.3, num_steps, norm=norm, random_start=True, seed=0
    )
    found = attack.perturbation(valley, X)
    assert np.all(np.asarray(length(found, norm)) <= 0.1 * (1 + 1e-6))


def test_momentum_worked_out_by_hand():
    """g = (0.4, 0), then (-0.2, 0); each counts as 1: 1, then 0.9 - 1."""
    attack = ProjectedGradientDescent(
        1.0, step_size=0.3, num_steps=2, norm="l2", momentum=0.9
    )
    x = np.array([[0.5, 0.5]], "float32")
    found = x + attack.perturbation(valley, x)
    np.testing.assert_allclose(found, [[0.5, 0.5]], atol=1e-6)
    attack.momentum = 1.5
    found = x + attack.perturbation(valley, x)
    np.testing.assert_allclose(found, [[1.1, 0.5]], atol=1e-6)


def test_default_step_reaches_the_border():
    attack = ProjectedGradientDescent(0.1, num_steps=8)
    found = np.asarray(attack.perturbation(valley, X[1:]))
    np.testing.assert_allclose(np.abs(found), 0.1, rtol=1e-5)


def test_restarts_keep_the_worst_of_each_example():
    x = np.linspace(0.0, 1.0, 40, dtype="float32").reshape(20, 2)
    settings = {"epsilon": 0.4, "num_steps": 5, "random_start": True}

    def losses(seed, **more):
        attack = ProjectedGradientDescent(seed=seed, **settings, **more)
        return np.asarray(ripples(x + attack.perturbation(ripples, x)))

    once, often = losses(0), losses(0, num_restarts=6)
    assert np.all(often >= once - 1e-6)
    assert np.mean(often > once + 1e-3) > 0.3
    lowered_once = losses(0, targeted=True)
    lowered = losses(0, num_restarts=6, targeted=True)
    assert np.all(lowered <= lowered_once + 1e-6)
    assert lowered.mean() < often.mean()


@pytest.mark.parametrize("num_steps", [1, 3])
def test_a_known_gradient_holds_at_the_input_only(num_steps):
    """It saves the first pass; not after a random start, nor later."""
    passes = []

    def loss_fn(x):
        passes.append(x)
        return valley(x)

    wrong = np.full((2, 2), -1.0, "float32")
    for random_start in (False, True):
        attack = ProjectedGradientDescent(
            0.4, 0.1, num_steps, random_start=random_start, seed=0
        )
        found = np.asarray(attack.perturbation(loss_fn, X, gradient=wrong))
        if num_steps == 1 and not random_start:
            assert not passes
            np.testing.assert_allclose(found, -0.1, rtol=1e-5)
        else:
            assert passes
        again = ProjectedGradientDescent(
            0.4, 0.1, num_steps, random_start=random_start, seed=0
        )
        same = np.array_equal(found, again.perturbation(valley, X))
        assert same == random_start


def test_random_starts_differ_and_are_seeded():
    def found(seed):
        attack = ProjectedGradientDescent(
            0.3, 1e-6, 2, random_start=True, seed=seed
        )
        return np.asarray(attack.perturbation(valley, X))

    assert np.all(found(0) == found(0)) and np.all(found(0) != found(1))
    assert np.abs(found(0)).max() <= 0.3


class Linear(Classifier):
    def __init__(self):
        super().__init__()
        self.dropout = keras.layers.Dropout(0.5, seed=0)
        self.dense = keras.layers.Dense(1)

    def classify(self, embedded, mask=None, training=False):
        return self.dense(self.dropout(embedded, training=training))


@pytest.mark.parametrize("random_start", [False, True])
def test_trains(random_start):
    """In the training step, with a mask of dropout that all passes share."""
    keras.utils.set_random_seed(0)
    attack = ProjectedGradientDescent(
        0.1, num_steps=3, random_start=random_start, seed=0
    )
    model = AdversarialTraining(Linear(), [AdversarialLoss(attack)])
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.5), loss)
    x = np.random.default_rng(0).normal(size=(64, 5)).astype("float32")
    y = (x[:, 0] > 0).astype("int32")
    logs = model.fit(x, y, epochs=8, verbose=0).history
    assert logs["loss"][-1] < 0.8 * logs["loss"][0]
    assert np.all(np.array(logs["loss"]) > logs["adversarial_loss"])


def test_several_restarts_need_a_loss_per_example():
    attack = ProjectedGradientDescent(
        0.1, num_steps=1, random_start=True, num_restarts=2
    )
    with pytest.raises(ValueError, match=r"must return shape \(batch,\)"):
        attack.perturbation(lambda x: ops.sum(valley(x)), X)


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"num_steps": 0}, "`num_steps` must be an integer of at least 1"),
        ({"num_steps": 2.5}, "Received: num_steps=2.5"),
        ({"step_size": -1.0}, "`step_size` must be a finite number"),
        ({"momentum": float("nan")}, "`momentum` must be a finite number"),
        ({"num_restarts": 2}, "set `random_start=True`"),
    ],
)
def test_wrong_settings_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        ProjectedGradientDescent(0.1, **settings)
