import numpy as np
import pytest
from keras import ops

from advtext import backend
from advtext.attacks import VirtualAdversarial
from advtext.losses import kl_divergence_from_logits

RANDOM = np.random.default_rng(0)
TIME, DIM, CLASSES, BATCH = 4, 3, 5, 6
WEIGHTS = RANDOM.normal(size=(TIME * DIM, CLASSES))
X = RANDOM.normal(size=(BATCH, TIME, DIM))


def logits_fn(x):
    return ops.reshape(x, (-1, TIME * DIM)) @ WEIGHTS


def hessians():
    """Of the KL at every example: W (diag(p) - p p^T) W^T."""
    logits = X.reshape(BATCH, -1) @ WEIGHTS
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    inner = [np.diag(q) - np.outer(q, q) for q in p]
    return np.stack([WEIGHTS @ each @ WEIGHTS.T for each in inner])


def directions(num_power_iterations, seed, xi=1e-3):
    attack = VirtualAdversarial(1.0, xi, num_power_iterations, seed)
    return np.asarray(attack.perturbation(logits_fn, X)).reshape(BATCH, -1)


def lengths(x):
    return np.linalg.norm(np.asarray(x, "float64").reshape(len(x), -1), axis=1)


@pytest.mark.parametrize("num_power_iterations", [0, 1, 3])
def test_perturbation_has_the_shape_the_length_and_the_seed(
    num_power_iterations,
):
    x = X.astype("float32")
    attacks = [
        VirtualAdversarial(5.0, 0.1, num_power_iterations, seed=3)
        for _ in range(2)
    ]
    first, again = (
        attack.perturbation(lambda x: logits_fn(ops.cast(x, "float64")), x)
        for attack in attacks
    )
    assert first.shape == x.shape
    assert first.dtype == "float32"
    np.testing.assert_allclose(lengths(first), 5.0, rtol=1e-6)
    np.testing.assert_array_equal(first, again)


def test_direction_is_the_top_eigenvector_of_the_hessian():
    top = np.linalg.eigh(hessians())[1][:, :, -1]
    cosines = {
        number: np.abs(
            [
                np.sum(directions(number, seed) * top, axis=1)
                for seed in range(num_seeds)
            ]
        )
        for number, num_seeds in ((0, 20), (1, 20), (60, 3))
    }
    assert cosines[60].min() > 0.99
    assert cosines[1].mean() > cosines[0].mean() + 0.2


def test_one_iteration_is_one_product_with_the_hessian():
    start, after = directions(0, seed=5), directions(1, seed=5, xi=1e-5)
    product = np.einsum("bij,bj->bi", hessians(), start)
    product /= lengths(product)[:, None]
    np.testing.assert_allclose(after, product, atol=1e-4)


def test_one_logit_has_one_direction():
    weights = RANDOM.normal(size=(TIME * DIM, 1))
    x = 0.1 * X
    attack = VirtualAdversarial(2.0, 1e-2, seed=0)
    result = attack.perturbation(
        lambda x: ops.reshape(x, (-1, TIME * DIM)) @ weights, x
    )
    cosines = np.reshape(result, (BATCH, -1)) @ weights
    np.testing.assert_allclose(
        np.abs(cosines[:, 0]), 2.0 * np.linalg.norm(weights), rtol=1e-6
    )


def test_divergence_is_above_that_of_noise():
    clean = logits_fn(X)
    means = []
    for number in (0, 1, 10):
        moved = [
            logits_fn(X + 0.5 * directions(number, seed).reshape(X.shape))
            for seed in range(10)
        ]
        kl = [kl_divergence_from_logits(clean, logits) for logits in moved]
        means.append(np.mean(kl))
    assert means[1] > 1.5 * means[0]
    assert means[2] > means[1]


def test_masked_steps_are_untouched_and_the_length_kept():
    mask = np.arange(TIME) < np.array([4, 3, 2, 1, 1, 0])[:, None]
    attack = VirtualAdversarial(2.0, num_power_iterations=2, seed=0)
    result = np.asarray(attack.perturbation(logits_fn, X, mask))
    assert not result[~mask].any()
    np.testing.assert_allclose(lengths(result), [2.0] * 5 + [0.0])


def test_known_logits_save_a_pass():
    calls = []

    def counting(x):
        calls.append(x)
        return logits_fn(x)

    attack = VirtualAdversarial(1.0, num_power_iterations=3, seed=0)
    attack.perturbation(counting, X, logits=logits_fn(X))
    assert len(calls) == 3
    attack.perturbation(counting, X)
    assert len(calls) == 7
    noise = VirtualAdversarial(1.0, num_power_iterations=0, seed=0)
    noise.perturbation(counting, X)
    assert len(calls) == 7


def test_flat_model_gives_zero_and_not_nan():
    attack = VirtualAdversarial(1.0, seed=0)
    result = attack.perturbation(lambda x: 0.0 * logits_fn(x), X)
    assert not np.any(result)


def test_epsilon_0_gives_exactly_zero():
    assert not np.any(VirtualAdversarial(0.0).perturbation(logits_fn, X))


def test_perturbation_is_a_constant_to_every_gradient():
    attack = VirtualAdversarial(1.0, seed=0)

    def objective(x):
        perturbation = attack.perturbation(logits_fn, x, logits=logits_fn(x))
        return ops.sum(x * perturbation), perturbation

    *_, perturbation, _, gradient = backend.value_and_gradients(
        objective, [], X
    )
    np.testing.assert_allclose(gradient, perturbation)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"epsilon": -1.0}, "`epsilon` must be .* epsilon=-1.0"),
        ({"epsilon": float("nan")}, "`epsilon` must be .* epsilon=nan"),
        ({"epsilon": 1.0, "xi": 0.0}, "`xi` must be above 0"),
        ({"epsilon": 1.0, "xi": -0.1}, "`xi` must be .* xi=-0.1"),
        ({"epsilon": 1.0, "num_power_iterations": -1}, "an integer of at"),
        ({"epsilon": 1.0, "num_power_iterations": 1.5}, "iterations=1.5"),
        ({"epsilon": 1.0, "num_power_iterations": True}, "iterations=True"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        VirtualAdversarial(**arguments)
