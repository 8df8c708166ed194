import json

import keras
import numpy as np
import pytest

from advtext.attacks import (
    FastGradient,
    GradientRotation,
    ProjectedGradientDescent,
    RandomNoise,
)
from advtext.evaluation import robustness, score

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(60, 5)).astype("float32")
Y = RANDOM.integers(0, 2, 60)
ATTACKS = {
    "FGSM": FastGradient(9.0, "linf"),
    "PGD": ProjectedGradientDescent(9.0, num_steps=3, random_start=True),
    "rotation": GradientRotation(9.0),
    "noise": RandomNoise(9.0, "linf", seed=0),
}


@pytest.fixture(scope="module")
def model():
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(1)])
    model.set_weights([RANDOM.normal(size=(5, 1)), np.array([0.1])])
    return model


def test_rows_have_python_numbers_in_the_order_given(model):
    rows = robustness(model, ATTACKS, X, Y, [0.5, 0], batch_size=32)
    assert json.loads(json.dumps(rows)) == rows
    assert [(row["attack"], row["epsilon"]) for row in rows] == [
        (name, epsilon) for name in ATTACKS for epsilon in (0.5, 0.0)
    ]
    for row in rows:
        assert row["error"] + row["robust_accuracy"] == 100.0


def test_epsilon_0_is_the_clean_error(model):
    clean = score(model, X, Y)
    for row in robustness(model, ATTACKS, X, Y, [0]):
        assert row["error"] == clean["error"]
        assert row["confidence_on_errors"] == clean["confidence_on_errors"]


def test_fgsm_on_logistic_regression_has_a_closed_form(model):
    kernel, bias = (np.asarray(w, "float64") for w in model.get_weights())
    margin = (2 * Y - 1) * (X.astype("float64") @ kernel[:, 0] + bias)
    epsilons = np.linspace(0.0, 1.0, 9)
    rows = robustness(model, {"FGSM": ATTACKS["FGSM"]}, X, Y, epsilons)
    worst = margin - epsilons[:, None] * np.abs(kernel).sum()
    expected = 100.0 * np.mean(worst < 0, axis=1)
    assert [row["error"] for row in rows] == pytest.approx(expected)
    assert expected[0] < expected[4] < expected[-1]
    sure = 1.0 / (1.0 + np.exp(worst[4][worst[4] < 0]))
    assert rows[4]["confidence_on_errors"] == pytest.approx(
        100.0 * np.mean(sure), rel=1e-4
    )


def test_a_row_is_the_score_of_the_attack(model):
    attack = FastGradient(0.3)
    (row,) = robustness(model, {"FGM": attack}, X, Y, [0.3], "sigmoid")
    found = score(model, attack(model, X, Y), Y, "sigmoid")
    assert row["error"] == found["error"]
    assert row["confidence_on_errors"] == found["confidence_on_errors"]


@pytest.mark.parametrize(
    ("attacks", "epsilons", "message"),
    [
        ({}, [0.1], "`attacks` is empty"),
        (ATTACKS, [], "`epsilons` must hold at least one number"),
        (ATTACKS, [0.1, -0.1], r"at least 0\. Received: epsilons=\[0.1, -0.1"),
        (ATTACKS, [np.nan], "`epsilons` must .* finite"),
        ({"a": FastGradient(1.0, targeted=True)}, [0.1], "targeted=False"),
    ],
)
def test_wrong_arguments_are_refused(model, attacks, epsilons, message):
    with pytest.raises(ValueError, match=message):
        robustness(model, attacks, X, Y, epsilons)


@pytest.mark.parametrize(
    ("attacks", "message"),
    [
        (FastGradient(1.0), "`attacks` must be a dict.*FastGradient"),
        ({"a": print}, "must be an advtext.attacks.Attack.*builtin"),
    ],
)
def test_what_is_no_attack_is_refused(model, attacks, message):
    with pytest.raises(TypeError, match=message):
        robustness(model, attacks, X, Y, [0.1])
