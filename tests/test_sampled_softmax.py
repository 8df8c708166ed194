import itertools

import keras
import numpy as np
import pytest
from backends import ROUNDING
from keras import ops

from advtext import backend
from advtext.models.sampled_softmax import (
    alias_table,
    draw,
    sampled_softmax_loss,
    softmax_loss,
)

RANDOM = np.random.default_rng(0)
TOKENS, UNITS, SIZE = 6, 4, 9
HIDDEN = RANDOM.normal(size=(TOKENS, UNITS))
WEIGHTS = RANDOM.normal(size=(SIZE, UNITS))
BIASES = RANDOM.normal(size=SIZE)
TARGETS = RANDOM.integers(SIZE, size=TOKENS)
PROBABILITIES = RANDOM.dirichlet(np.ones(SIZE))


def exact_losses():
    logits = HIDDEN @ WEIGHTS.T + BIASES
    return np.log(np.exp(logits).sum(axis=1)) - logits[range(TOKENS), TARGETS]


def sampled_losses(candidates, probabilities=PROBABILITIES, targets=TARGETS):
    return sampled_softmax_loss(
        HIDDEN,
        targets,
        WEIGHTS,
        BIASES,
        np.asarray(candidates, "int32"),
        np.log(len(candidates) * probabilities),
    )


def test_exact_loss_equals_numpy():
    losses = softmax_loss(HIDDEN, TARGETS, WEIGHTS, BIASES)
    np.testing.assert_allclose(losses, exact_losses(), rtol=ROUNDING)


@pytest.mark.parametrize(
    "probabilities",
    [
        PROBABILITIES,
        np.ones(7) / 7,
        np.ones(1),
        1 / np.arange(1, 2001) / np.sum(1 / np.arange(1, 2001)),
        np.array([1 - 3e-9, 1e-9, 1e-9, 1e-9]),
    ],
)
def test_cells_of_the_alias_table_add_up_to_the_distribution(probabilities):
    kept, alias = alias_table(probabilities)
    size = len(probabilities)
    assert kept.shape == alias.shape == (size,)
    assert np.all((kept >= 0) & (kept <= 1))
    total = kept.astype("float64")
    np.add.at(total, alias, 1.0 - kept.astype("float64"))
    np.testing.assert_allclose(
        total / size, probabilities, rtol=1e-4, atol=1e-7 / size
    )


def test_draws_follow_the_distribution_and_the_seed():
    kept, alias = alias_table(PROBABILITIES)
    ids = np.asarray(draw(kept, alias, 20_000, seed=1))
    counts = np.bincount(ids, minlength=SIZE)
    expected = 20_000 * PROBABILITIES
    chi_square = np.sum((counts - expected) ** 2 / expected)
    assert chi_square < 26.1, "p < 0.001 with 8 degrees of freedom"
    generator = keras.random.SeedGenerator(1)
    first, second = (draw(kept, alias, 50, generator) for _ in range(2))
    assert np.any(first != second)


def test_worked_out_by_hand():
    weight = np.exp(HIDDEN @ WEIGHTS.T + BIASES) / (3 * PROBABILITIES)
    rows, targets = np.arange(TOKENS), np.zeros(TOKENS, "int32")
    true = weight[rows, 0]
    others = weight[rows, 1] + 2 * weight[rows, 0]
    expected = np.log((true + others) / (3 * true))
    np.testing.assert_allclose(
        sampled_losses([0, 1, 0], targets=targets),
        expected,
        rtol=100 * ROUNDING,
    )
    others = weight[rows, 1] + weight[rows, 4] + weight[rows, 5]
    np.testing.assert_allclose(
        sampled_losses([4, 1, 5], targets=targets),
        np.log((true + others) / true),
        rtol=100 * ROUNDING,
    )


def test_candidates_that_are_all_the_target_cost_nothing():
    targets = np.full(TOKENS, 3, "int32")
    losses = sampled_losses([3, 3, 3, 3], targets=targets)
    np.testing.assert_allclose(losses, 0.0, atol=ROUNDING)


def test_many_candidates_come_close_to_the_exact_loss():
    candidates = RANDOM.choice(SIZE, size=200_000, p=PROBABILITIES)
    np.testing.assert_allclose(
        sampled_losses(candidates), exact_losses(), rtol=0.03
    )


@pytest.mark.parametrize("num_candidates", [1, 2, 4])
def test_true_distribution_minimizes_the_expected_loss(num_candidates):
    """Over every draw of candidates and every target, each weighed exactly."""
    truth = np.array([0.6, 0.3, 0.1])
    proposal = np.array([0.45, 0.2, 0.35])
    draws = np.array(list(itertools.product(range(3), repeat=num_candidates)))
    chances = proposal[draws].prod(axis=1)

    def expected_loss(logits):
        total = 0.0
        for candidates, chance in zip(draws, chances, strict=True):
            losses = sampled_softmax_loss(
                np.zeros((3, 1)),
                np.arange(3, dtype="int32"),
                np.zeros((3, 1)),
                logits,
                candidates.astype("int32"),
                np.log(num_candidates * proposal),
            )
            total = total + chance * ops.sum(truth * losses)
        return total

    gradient = backend.input_gradient(expected_loss, np.log(truth) + 0.7)
    np.testing.assert_allclose(gradient, 0.0, atol=ROUNDING)


def test_gradients_are_finite_with_extreme_logits():
    def loss(hidden):
        return ops.sum(
            sampled_softmax_loss(
                hidden,
                TARGETS,
                WEIGHTS.astype("float32"),
                BIASES.astype("float32"),
                np.full(5, TARGETS[0], "int32"),
                np.log(5 * PROBABILITIES).astype("float32"),
            )
        )

    hidden = 1e3 * HIDDEN.astype("float32")
    assert np.isfinite(loss(hidden))
    assert np.isfinite(backend.input_gradient(loss, hidden)).all()
