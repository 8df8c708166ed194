"""Attacks called on arrays, datasets and single examples; wrong input."""

import gc
import weakref

import keras
import numpy as np
import pytest
from keras import ops

from advtext import backend
from advtext.attacks import (
    FastGradient,
    ProjectedGradientDescent,
    RandomNoise,
    VirtualAdversarial,
)
from advtext.data import ArrayBatches

RANDOM = np.random.default_rng(0)
X = RANDOM.random((7, 6), dtype="float32")
Y = np.arange(7) % 3
WEIGHTS = RANDOM.normal(size=(6, 3)).astype("float32")


def logits(x):
    return ops.matmul(x, WEIGHTS)


@pytest.fixture
def model():
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(3)])
    model.set_weights([WEIGHTS, np.zeros(3)])
    return model


@pytest.fixture
def attack():
    return FastGradient(0.1, norm="linf", value_range=(0.0, 1.0))


def test_model_function_and_method_give_the_same(model, attack):
    expected = np.asarray(attack(model, X, Y))
    assert np.any(expected != X)
    for other in (logits, model.call):
        np.testing.assert_allclose(attack(other, X, Y), expected, atol=1e-7)


def test_parts_give_the_whole(model, attack, capsys):
    whole = np.asarray(attack(model, X, Y))
    pairs = [(X[:3], Y[:3]), (X[3:], Y[3:])]
    batches = ArrayBatches((X, Y), 7, seed=0)
    order = [int(np.flatnonzero((X == x).all(1))[0]) for x in batches[0][0]]
    for found in (
        attack(model, X, Y, batch_size=3),
        attack(model, iter(pairs)),
        np.stack([attack(model, x, y) for x, y in zip(X, Y, strict=True)]),
        attack(model, X.tolist(), np.eye(3)[Y]),
    ):
        np.testing.assert_allclose(found, whole, atol=1e-7)
    np.testing.assert_allclose(attack(model, batches), whole[order], atol=1e-7)
    assert not capsys.readouterr().out
    attack(model, X, Y, batch_size=3, progress=True)
    assert "3/3" in capsys.readouterr().out


def test_own_prediction_is_that_of_every_batch(model, attack):
    y = np.argmax(X @ WEIGHTS, axis=1)
    expected = attack(model, X, y)
    for found in (attack(model, X), attack(model, [X[:2], X[2:]].__iter__())):
        np.testing.assert_array_equal(found, expected)


def test_epsilon_per_example_and_several(model, attack):
    epsilons = np.linspace(0.0, 0.06, 7)
    each = np.asarray(attack(model, X, Y, epsilon=epsilons))
    several = np.asarray(attack(model, X, Y, epsilons=epsilons))
    assert several.shape == (7, 7, 6)
    for k, epsilon in enumerate(epsilons):
        np.testing.assert_array_equal(several[k][k], each[k])
        np.testing.assert_allclose(
            several[k], attack(model, X, Y, epsilon=epsilon)
        )
    np.testing.assert_array_equal(several[0], X)
    for dataset in (iter([(X, Y)]), ArrayBatches((X, Y), 7, seed=0)):
        found = np.asarray(attack(model, dataset, epsilons=epsilons[:2]))
        assert found.shape == (2, 7, 6)
        assert np.all(found[1].sum() != found[0].sum())
    halves = attack(model, X, Y, epsilon=epsilons, batch_size=4)
    np.testing.assert_array_equal(halves, each)


def test_a_loss_of_ones_own(model):
    def difference(y, logits):
        """High where the logit of class 0 is above that of class 1."""
        return logits[:, 0] - logits[:, 1]

    attack = FastGradient(2.0, norm="l2", loss=difference)
    direction = WEIGHTS[:, 0] - WEIGHTS[:, 1]
    expected = X + 2.0 * direction / np.linalg.norm(direction)
    np.testing.assert_allclose(attack(model, X), expected, atol=1e-5)


def test_compiled_once_for_a_shape_whatever_epsilon(attack):
    traced = []

    class Counted(keras.layers.Dense):
        def call(self, x):
            traced.append(tuple(x.shape))
            return super().call(x)

    model = keras.Sequential([Counted(3)])
    model.build((None, 6))
    attack(model, X, Y)
    assert traced
    del traced[:]
    for epsilon in (0.1, 0.2, np.linspace(0.1, 0.2, 7)[0]):
        attack(model, X, Y, epsilon=epsilon)
    assert not traced
    attack(model, X[:5], Y[:5])
    assert len(traced) == 1
    # What has changed is seen.
    attack.norm = "l2"
    del traced[:]
    found = np.asarray(attack(model, X, Y))
    assert traced and np.linalg.norm(found - X, axis=1).max() < 0.1 + 1e-6


def test_new_weights_are_seen(model, attack):
    before = np.asarray(attack(model, X, Y))
    model.set_weights([-WEIGHTS, np.zeros(3)])
    after = np.asarray(attack(model, X, Y))
    expected = np.clip(X - (before - X) * 2, 0, 1)
    assert not np.allclose(before, after)
    np.testing.assert_allclose(
        after, attack(lambda x: -logits(x), X, Y), atol=1e-6
    )
    assert expected.shape == after.shape


def test_an_attack_does_not_keep_a_model_alive(attack):
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(3)])
    attack(model, X, Y)
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None


def test_training_mode_is_explicit_and_leaves_no_trace():
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((6,)),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.5),
            keras.layers.SpectralNormalization(keras.layers.Dense(3)),
        ]
    )
    attack = ProjectedGradientDescent(
        0.1, num_steps=3, random_start=True, seed=0
    )
    before = [np.asarray(v) for v in model.variables]
    draws = []
    # With and without labels the seeds are drawn from in another order.
    for y in (Y, None, Y, None):
        found = np.asarray(attack(model, X, y, training=True))
        draws.append(np.asarray(attack.seed_generator.state).tolist())
        for old, now in zip(before, model.variables, strict=True):
            np.testing.assert_array_equal(old, now)
    assert draws == sorted(draws) and len(set(map(tuple, draws))) == 4
    assert np.any(found != np.asarray(attack(model, X, Y)))


def test_noise_goes_on_from_call_to_call(model):
    attack = RandomNoise(0.1, seed=0)
    first, second = (np.asarray(attack(model, X, Y)) for _ in range(2))
    assert np.all(first != second)
    again = RandomNoise(0.1, seed=0)
    np.testing.assert_array_equal(again(model, X, Y), first)
    np.testing.assert_array_equal(again(model, X, Y), second)


def test_virtual_adversarial_examples_need_no_label(model):
    attack = VirtualAdversarial(0.5, seed=0)
    found = np.asarray(attack(model, X))
    np.testing.assert_allclose(
        np.linalg.norm(found - X, axis=1), 0.5, rtol=1e-5
    )


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"y": [0, 1]}, r"shape \(7,\), or one-hot \(7, 3\)\. Rec.* \(2,\)"),
        ({"y": np.zeros((7, 4))}, r"one-hot \(7, 3\). Received: shape \(7, 4"),
        ({"y": Y + 1}, "classes from 0 to 2. Received: values from 1 to 3"),
        ({"y": Y - 1}, "classes from 0 to 2. Received: values from -1 to 1"),
        ({"y": Y + 0.5}, "classes from 0 to 2"),
        ({"y": [*Y, 0, 1]}, r"shape \(7,\), .* Received: shape \(9,\)"),
        ({"y": [*Y, 0], "batch_size": 3}, r"shape \(7,\), .* shape \(8,\)"),
        ({"x": np.where(X == X[3, 2], np.nan, X)}, "`x` holds NaN or inf"),
        ({"x": np.where(X == X[0, 0], np.inf, X)}, "`x` holds NaN or inf"),
        ({"x": X * 255}, r"from .* to 2.*, outside of `value_range`=\(0.0, 1"),
        ({"x": X[:0]}, "at least one example"),
        ({"x": np.float32(1.0)}, "at least one example"),
        ({"mask": np.ones((7, 5))}, r"the first axes of `x`, \(7, 6\)"),
        ({"mask": True}, "the first axes of `x`"),
        ({"y": -5.0 * np.ones((7, 3))}, "One-hot `y` must hold a single 1"),
        ({"y": np.full((7, 3), np.nan)}, "One-hot `y` must hold a single 1"),
        ({"y": list("abcabca")}, "as numbers. Received: dtype <U1"),
        ({"batch_size": -1}, "`batch_size` must be an integer of at least 1"),
        ({"epsilon": "0.1"}, "`epsilon` must be a number. Received.*'0.1'"),
        ({"epsilon": True}, "`epsilon` must be a number"),
        ({"epsilons": []}, "`epsilons` is empty"),
        ({"epsilon": [0.1, 0.2]}, "or one for each of 7 examples"),
        ({"epsilon": -0.1}, "at least 0. Received: epsilon=-0.1"),
        ({"epsilon": np.inf}, "at least 0. Received: epsilon=inf"),
        ({"epsilon": 0.1, "epsilons": [0.1]}, "not both"),
        ({"model": lambda x: ops.softmax(logits(x))}, "gives probabilities"),
        ({"model": logits, "training": True}, "for Keras models"),
        ({"x": iter([])}, "holds no batches"),
        ({"x": iter([X]), "y": Y}, "come with its batches"),
    ],
)
def test_wrong_input_is_refused(model, attack, arguments, message):
    with pytest.raises(ValueError, match=message):
        attack(**({"model": model, "x": X} | arguments))


@pytest.mark.parametrize(
    "value_range", [1.0, (None, 1), (0, 1, 2), "01", (1, 0), (0, [1, 1])]
)
def test_wrong_ranges_are_refused(value_range):
    with pytest.raises(ValueError, match="must be .lowest, highest., two num"):
        FastGradient(0.1, value_range=value_range)


def test_a_range_holds_in_the_precision_of_the_input(model):
    attack = FastGradient(0.05, norm="linf", value_range=(-0.1, 0.1))
    x = np.clip(X - 0.5, np.float32(-0.1), np.float32(0.1))
    again = attack(model, attack(model, x, Y), Y)
    assert np.abs(again).max() <= np.float32(0.1)


def test_a_mask_is_true_or_false(model):
    settings = {"norm": "linf", "distribution": "uniform", "seed": 0}
    images = [
        RandomNoise(0.1, **settings)(model, X, mask=mask)
        for mask in (np.full(7, 255, "uint8"), np.ones(7, bool))
    ]
    np.testing.assert_array_equal(*images)


def test_several_inputs_are_refused(model, attack):
    with pytest.raises(
        TypeError, match="holds several inputs.*an attack perturbs one"
    ):
        attack(model, {"image": X}, Y)


class Endless:
    """A dataset that does not know its length."""

    def __len__(self):
        raise TypeError("The dataset length is unknown.")

    def __iter__(self):
        return iter([(X[:3], Y[:3]), (X[3:], Y[3:])])


def test_a_dataset_need_not_know_its_length(model, attack):
    np.testing.assert_allclose(
        attack(model, Endless()), attack(model, X, Y), atol=1e-7
    )


def test_a_model_with_a_fixed_batch(attack):
    batch = keras.Input(batch_shape=(16, 6))
    parts = keras.layers.Reshape((2, 3))(batch)
    out = keras.layers.Dense(3)(keras.layers.Flatten()(parts))
    model = keras.Model(batch, out)
    x = RANDOM.random((16, 6), dtype="float32")
    assert attack(model, x).shape == (16, 6)


def test_a_callback_may_attack_the_model_in_training(attack):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(3)])
    found = []

    class Attacks(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            found.append(np.asarray(attack(model, X, Y)))

    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(10.0), loss)
    model.fit(X, Y, batch_size=7, epochs=3, verbose=0, callbacks=[Attacks()])
    assert len(found) == 3
    np.testing.assert_array_equal(found[-1], attack(model, X, Y))


def test_within_a_compiled_function(model, attack):
    expected = np.asarray(attack(model, X, Y))
    variables = model.variables

    def run(function, x):
        compiled = backend.compiled(function, variables)
        return np.asarray(compiled(ops.convert_to_tensor(x)))

    np.testing.assert_allclose(
        run(lambda x: attack(model, x, ops.convert_to_tensor(Y)), X), expected
    )
    for message, function in (
        ("leave out `eps", lambda x: attack(model, x, epsilons=[0.1, 0.2])),
        (
            "needs `y`",
            lambda x: FastGradient(0.1, targeted=True)(model, x),
        ),
    ):
        with pytest.raises(ValueError, match=message):
            run(function, X)
    with pytest.raises(TypeError, match="Only floating-point inputs"):
        run(lambda x: attack(model, x, Y), (9 * X).astype("int32"))


def test_integer_images_are_refused(model, attack):
    with pytest.raises(TypeError, match="uint8.*astype.'float32'. / 255"):
        attack(model, (255 * X).astype("uint8"), Y)


def test_a_targeted_attack_needs_labels(model):
    with pytest.raises(ValueError, match="needs `y`, the classes to reach"):
        FastGradient(0.1, targeted=True)(model, X)
    with pytest.raises(ValueError, match="`targeted` must be True, False or"):
        FastGradient(0.1, targeted="most_likely")


def test_a_zero_gradient_is_told(attack):
    sure = [lambda x: 1e6 * logits(x), lambda x: 0.0 * logits(x)]
    y = np.argmax(X @ WEIGHTS, axis=1)
    for function in sure:
        with pytest.raises(ValueError, match="gradient is zero in every"):
            attack(function, X, y)
    # A corner of the range is no such case.
    low = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    low.set_weights([np.ones((1, 1)), np.zeros(1)])
    corner = np.zeros((2, 1), "float32")
    np.testing.assert_array_equal(attack(low, corner, [1, 1]), corner)
