import keras
import numpy as np
import pytest

from advtext.attacks import Attack, FastGradient, RandomNoise
from advtext.attacks.broadcast import masked

WEIGHTS = np.array([[3.0], [4.0]], "float32")
X = np.array([[0.2, 0.1], [0.9, 0.4]], "float32")


def linear(x):
    return x @ WEIGHTS


def shift(x, **kwargs):
    attack = FastGradient(1.0, **kwargs.pop("attack", {}))
    return np.asarray(attack(linear, x, **kwargs)) - x


@pytest.mark.parametrize("attack", [FastGradient(0.5), RandomNoise(0.5)])
def test_examples_have_the_shape_and_the_distance(attack):
    x_adv = np.asarray(attack(linear, X, y=[0, 1]))
    assert x_adv.shape == X.shape
    assert x_adv.dtype == "float32"
    np.testing.assert_allclose(
        np.linalg.norm(x_adv - X, axis=1), 0.5, rtol=1e-5
    )


def test_direction_depends_on_the_label_as_worked_out_by_hand():
    np.testing.assert_allclose(
        shift(X, y=[0, 1]), [[0.6, 0.8], [-0.6, -0.8]], rtol=1e-5
    )
    np.testing.assert_allclose(
        shift(X, y=[0, 1], attack={"targeted": True}),
        [[-0.6, -0.8], [0.6, 0.8]],
        rtol=1e-5,
    )


def test_without_labels_the_prediction_is_taken():
    x = np.array([[1.0, 1.0], [-1.0, -1.0], [0.1, -0.05]], "float32")
    np.testing.assert_allclose(shift(x), shift(x, y=[1, 0, 1]))


def test_integer_and_one_hot_labels_give_the_same():
    weights = np.random.default_rng(0).normal(size=(2, 3)).astype("float32")
    attack, y = FastGradient(1.0), np.array([2, 0])
    results = [
        attack(lambda x: x @ weights, X, labels)
        for labels in (y, y[:, None], np.eye(3)[y])
    ]
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_allclose(results[0], results[2], rtol=1e-6)
    assert np.any(results[0] != X)


def test_values_stay_in_their_range():
    attack = FastGradient(1.0, norm="linf", value_range=(0.0, 1.0))
    np.testing.assert_array_equal(attack(linear, X, [0, 0]), np.ones((2, 2)))
    np.testing.assert_array_equal(attack(linear, X, [1, 1]), np.zeros((2, 2)))


def test_no_example_depends_on_the_others():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.layers.Dense(5, "tanh")])
    model.add(keras.layers.Dense(3))
    x = np.random.default_rng(0).normal(size=(4, 6)).astype("float32")
    together = FastGradient(1.0)(model, x, [0, 1, 2, 0])
    alone = FastGradient(1.0)(model, x[2:3], [2])
    np.testing.assert_allclose(together[2:3], alone, rtol=1e-5, atol=1e-6)


def test_model_runs_in_inference_mode():
    model = keras.Sequential([keras.layers.Dropout(0.5)])
    model.add(keras.layers.BatchNormalization())
    model.add(keras.layers.Dense(1))
    model.build(X.shape)
    before = [np.asarray(v) for v in model.non_trainable_variables]
    results = [FastGradient(1.0)(model, X, [0, 1]) for _ in range(2)]
    np.testing.assert_array_equal(*results)
    after = [np.asarray(v) for v in model.non_trainable_variables]
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old, new)


def test_mask_zeroes_whole_steps():
    x = np.ones((2, 3, 4), "float32")
    mask = np.array([[True, True, False], [False, True, True]])
    expected = x * mask[:, :, None]
    np.testing.assert_array_equal(masked(x, mask), expected)
    np.testing.assert_array_equal(masked(x, None), x)
    np.testing.assert_array_equal(masked(mask * 1.0, mask), mask)


@pytest.mark.parametrize(
    "epsilon", [-1.0, float("nan"), float("inf"), "5", None, True]
)
@pytest.mark.parametrize("attack", [FastGradient, RandomNoise])
def test_bad_epsilon_is_refused(attack, epsilon):
    with pytest.raises(ValueError, match="`epsilon` must be a finite number"):
        attack(epsilon=epsilon)


@pytest.mark.parametrize("value_range", [(1.0, 0.0), (0.0, 0.0)])
def test_bad_value_range_is_refused(value_range):
    with pytest.raises(ValueError, match="`value_range` must be"):
        FastGradient(1.0, value_range=value_range)


def test_unknown_norm_is_refused():
    with pytest.raises(ValueError, match="`norm` must be one of .*'l4'"):
        FastGradient(1.0, norm="l4")


def test_token_ids_are_refused():
    with pytest.raises(TypeError, match="int64.*classifier.embed"):
        FastGradient(1.0)(linear, np.array([[1, 2]]), [0])


def test_probabilities_are_refused():
    model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
    with pytest.raises(ValueError, match="'sigmoid' and gives probabilities"):
        FastGradient(1.0)(model, X, [0, 1])


@pytest.mark.parametrize("y", [None, [0, 1]])
def test_logits_of_another_shape_are_refused(y):
    with pytest.raises(ValueError, match=r"Received: shape \(2,\)"):
        FastGradient(1.0)(lambda x: (x @ WEIGHTS)[:, 0], X, y)


def test_targeted_attack_needs_a_target():
    with pytest.raises(ValueError, match="needs `y`"):
        FastGradient(1.0, targeted=True)(linear, X)


def test_base_has_no_perturbation():
    with pytest.raises(NotImplementedError):
        Attack(1.0).perturbation(np.sum, X)
