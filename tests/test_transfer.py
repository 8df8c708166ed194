import json

import keras
import numpy as np
import pytest

from advtext.attacks import FastGradient
from advtext.evaluation import score, transfer

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(50, 6)).astype("float32")
Y = RANDOM.integers(0, 3, 50)
ATTACK = FastGradient(0.4, "linf")


def dense(seed):
    initializer = keras.initializers.RandomNormal(seed=seed)
    return keras.Sequential(
        [
            keras.Input((6,)),
            keras.layers.Dense(3, kernel_initializer=initializer),
        ]
    )


@pytest.fixture(scope="module")
def models():
    return {name: dense(seed) for seed, name in enumerate("abc")}


def by_names(rows):
    return {(row["source"], row["target"]): row for row in rows}


def test_every_source_meets_every_target(models):
    rows = transfer(models, ATTACK, X, Y, batch_size=20)
    assert [(row["source"], row["target"]) for row in rows] == [
        (source, target)
        for source in ("clean", "a", "b", "c")
        for target in "abc"
    ]
    assert json.loads(json.dumps(rows)) == rows


def test_rows_are_the_scores_of_the_direct_attack(models):
    rows = by_names(transfer(models, ATTACK, X, Y, {"b": "sigmoid"}))
    for source in models:
        moved = ATTACK(models[source], X, Y)
        for target, model in models.items():
            how = "sigmoid" if target == "b" else "softmax"
            found = score(model, moved, Y, how)
            row = rows[source, target]
            assert row["error"] == found["error"]
            assert row["confidence_on_errors"] == pytest.approx(
                found["confidence_on_errors"], rel=1e-5
            )
            assert rows["clean", target]["error"] == pytest.approx(
                score(model, X, Y)["error"]
            )


def test_by_hand_what_transfers_and_what_does_not():
    # The second model looks where the first one's examples do not change.
    models = {
        "first": lambda x: x[:, :1],
        "second": lambda x: x[:, 1:],
        "both": lambda x: x[:, :1] + 0.5 * x[:, 1:],
    }
    x = np.array([[1.0, 1.0], [-1.0, -1.0], [4.0, 4.0]], "float32")
    rows = by_names(transfer(models, FastGradient(2.0), x, [1, 0, 1]))
    errors = {names: round(row["error"]) for names, row in rows.items()}
    assert errors["first", "first"] == errors["first", "both"] == 67
    assert errors["first", "second"] == errors["second", "first"] == 0
    assert errors["second", "second"] == errors["both", "both"] == 67
    assert errors["second", "both"] == 0


def test_a_dict_of_attacks_names_the_models_to_attack(models):
    attacks = {"c": FastGradient(0.1), "a": ATTACK}
    rows = by_names(transfer(models, attacks, X, Y))
    assert list(dict.fromkeys(s for s, _ in rows)) == ["clean", "c", "a"]
    every = by_names(transfer(models, ATTACK, X, Y))
    assert rows["a", "b"] == every["a", "b"]
    weaker = score(models["c"], attacks["c"](models["c"], X, Y), Y)
    assert rows["c", "c"]["error"] == weaker["error"] < every["c", "c"]["error"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"models": {}}, "`models` is empty"),
        ({"models": {"clean": dense(0)}}, "may be named 'clean'"),
        ({"attack": {"x": ATTACK}}, "`attack` names 'x', .*'a', 'b'"),
        ({"attack": {}}, "`attack` is empty"),
        ({"attack": FastGradient(1.0, targeted=True)}, "targeted=False"),
        ({"probabilities": {"x": "softmax"}}, "`probabilities` names 'x'"),
        ({"probabilities": {"a": "tanh"}}, "probabilities='tanh'"),
        ({"y": Y[:9]}, r"len\(x\)=50, len\(y\)=9"),
    ],
)
def test_wrong_arguments_are_refused(models, given, message):
    with pytest.raises(ValueError, match=message):
        transfer(
            **{"models": models, "attack": ATTACK, "x": X, "y": Y, **given}
        )


def test_models_without_names_are_refused(models):
    with pytest.raises(TypeError, match="`models` must be a dict.*list"):
        transfer(list(models.values()), ATTACK, X, Y)
