"""What holds for every attack, on every norm and kind of model."""

import keras
import numpy as np
import pytest
from keras import ops

from advtext import attacks, backend, losses
from advtext.attacks import norms

EPSILON = 0.15
RANGE = 0.0, 1.0


def shaken(x, seed):
    return x + 0.01 * keras.random.normal(ops.shape(x), seed=seed)


def of_loss(attack, gradient=True, **settings):
    """A row for every norm: how to build the attack."""

    def row(norm):
        def build(epsilon=EPSILON, **more):
            arguments = {"norm": norm, "value_range": RANGE, "seed": 0}
            return attack(epsilon, **(arguments | settings | more))

        build.norm, build.gradient = norm, gradient
        return build

    return {
        f"{attack.__name__}-{norm}-{'-'.join(settings)}": row(norm)
        for norm in norms.NORMS
    }


def rotation(epsilon=EPSILON, **more):
    return attacks.GradientRotation(
        epsilon, **({"value_range": RANGE, "seed": 0} | more)
    )


def virtual(epsilon=EPSILON, seed=0):
    return attacks.VirtualAdversarial(epsilon, seed=seed, value_range=RANGE)


def expectation(epsilon=EPSILON, **more):
    settings = {"norm": "linf", "value_range": RANGE, "num_steps": 3} | more
    attack = attacks.ProjectedGradientDescent(epsilon, **settings)
    return attacks.ExpectationOverTransformation(attack, shaken, 2, seed=0)


rotation.norm, rotation.gradient = "l2", True
virtual.norm, virtual.gradient = "l2", False
expectation.norm, expectation.gradient = "linf", True

PGD = attacks.ProjectedGradientDescent
ATTACKS = (
    of_loss(attacks.FastGradient)
    | of_loss(attacks.RandomStartFastGradient)
    | of_loss(PGD, num_steps=5)
    | of_loss(PGD, num_steps=5, momentum=0.9)
    | of_loss(PGD, num_steps=3, random_start=True, num_restarts=2)
    | of_loss(attacks.RandomNoise, gradient=False)
    | of_loss(attacks.RandomNoise, gradient=False, distribution="uniform")
    | {"rotation": rotation, "virtual": virtual, "expectation": expectation}
)
GRADIENT = [name for name, build in ATTACKS.items() if build.gradient]


def linear():
    return keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(3)])


def relu():
    layers = [keras.layers.Flatten(), keras.layers.Dense(16, "relu")]
    return keras.Sequential([*layers, keras.layers.Dense(3)])


def convolutional():
    return keras.Sequential(
        [
            keras.layers.Conv2D(4, 3, activation="relu"),
            keras.layers.BatchNormalization(),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(3),
        ]
    )


@pytest.fixture(scope="module", params=[linear, relu, convolutional])
def model(request):
    keras.utils.set_random_seed(1)
    model = request.param()
    model.build((None, 6, 6, 1))
    return model


X = np.random.default_rng(0).random((5, 6, 6, 1), dtype="float32")
Y = np.array([0, 1, 2, 0, 1])


def lengths(x_adv, norm, x=X):
    difference = np.asarray(x_adv, "float64") - x
    flat = np.abs(difference.reshape(len(x), -1))
    if norm == "linf":
        return flat.max(axis=1)
    return flat.sum(axis=1) if norm == "l1" else np.linalg.norm(flat, axis=1)


def loss(model, x, y=Y):
    return np.asarray(losses.cross_entropy(y, model(x, training=False)))


@pytest.mark.parametrize("name", ATTACKS)
def test_examples_keep_all_bounds(model, name):
    build = ATTACKS[name]
    before = [np.asarray(v) for v in model.non_trainable_variables]
    found = np.asarray(build()(model, X, Y))
    # The result itself is rounded, to 6e-8 in every coordinate.
    slack = 6e-8 * {"linf": 1, "l2": 6, "l1": 36}[build.norm]
    size = lengths(found, build.norm)
    assert np.all(size <= EPSILON * (1 + 1e-6) + slack)
    assert np.all(size > 0)
    assert found.min() >= 0.0 and found.max() <= 1.0
    np.testing.assert_array_equal(found, build()(model, X, Y))
    np.testing.assert_array_equal(build(epsilon=0.0)(model, X, Y), X)
    for old, now in zip(before, model.non_trainable_variables, strict=True):
        np.testing.assert_array_equal(old, now)


@pytest.mark.parametrize("name", ATTACKS)
def test_a_mask_is_respected(name):
    keras.utils.set_random_seed(0)
    model = relu()
    mask = np.zeros((5, 6, 6), bool)
    mask[:, 1:4] = True
    found = np.asarray(ATTACKS[name]()(model, X, Y, mask=mask))
    np.testing.assert_array_equal(found[~mask], X[~mask])
    assert np.all(np.any((found != X)[mask].reshape(5, -1), axis=1))


@pytest.mark.parametrize("name", GRADIENT)
def test_a_loss_is_raised_and_a_target_approached(model, name):
    build = ATTACKS[name]
    clean = loss(model, X)
    assert loss(model, build()(model, X, Y)).sum() > clean.sum()
    target = (Y + 1) % 3
    found = build(targeted=True)(model, X, target)
    assert loss(model, found, target).sum() < loss(model, X, target).sum()
    least = np.argmin(model(X, training=False), axis=1)
    found = build(targeted="least_likely")(model, X)
    assert loss(model, found, least).sum() < loss(model, X, least).sum()


@pytest.mark.parametrize("norm", norms.NORMS)
def test_more_work_finds_more(model, norm):
    settings = {"norm": norm, "value_range": RANGE}
    noise = attacks.RandomNoise(0.3, **settings, seed=0)(model, X, Y)
    fast = attacks.FastGradient(0.3, **settings)(model, X, Y)
    slow = PGD(0.3, num_steps=40, **settings)(model, X, Y)
    random, one, many = (loss(model, x).mean() for x in (noise, fast, slow))
    # In l1 a step moves one coordinate only: 40 small ones may wander.
    assert random < one <= many + (1e-3 if norm == "l1" else 1e-6)


@pytest.mark.parametrize("name", ["FastGradient-linf-", "FastGradient-l2-"])
def test_a_row_does_not_depend_on_the_others(model, name):
    attack = ATTACKS[name]()
    together = np.asarray(attack(model, X, Y))
    for row in range(len(X)):
        alone = attack(model, X[row : row + 1], Y[row : row + 1])
        np.testing.assert_allclose(together[row], alone[0], atol=1e-5)


def test_steps_find_what_a_loop_by_hand_finds(model):
    """PGD in float64, with NumPy's own projections."""
    for norm in ("linf", "l2"):
        x = X.astype("float64")
        for _ in range(4):
            gradient = np.asarray(
                backend.input_gradient(
                    lambda z: ops.sum(
                        losses.cross_entropy(Y, model(z, training=False))
                    ),
                    ops.convert_to_tensor(x.astype("float32")),
                ),
                "float64",
            )
            if norm == "linf":
                step = np.sign(gradient)
            else:
                step = gradient / np.sqrt(
                    (gradient**2).sum((1, 2, 3), keepdims=True)
                )
            r = x + 0.05 * step - X
            if norm == "linf":
                r = np.clip(r, -0.12, 0.12)
            else:
                size = np.sqrt((r**2).sum((1, 2, 3), keepdims=True))
                r = r * np.minimum(1.0, 0.12 / size)
            x = np.clip(X + r, 0.0, 1.0)
        attack = PGD(0.12, 0.05, 4, norm=norm, value_range=RANGE)
        np.testing.assert_allclose(attack(model, X, Y), x, atol=2e-6)
