import keras
import numpy as np
import pytest

from advtext import attacks
from advtext.config import ImageConfig
from advtext.experiments import images
from advtext.experiments.images.recipes import RECIPES
from advtext.layers import Maxout

CONFIG = ImageConfig(
    data_dir="mnist",
    units=6,
    num_pieces=2,
    dropout=0.4,
    input_dropout=0.1,
    large_units=7,
    large_dropout=0.3,
    large_input_dropout=0.05,
    epsilon=0.2,
    hidden_epsilon=0.3,
    rotation=1.5,
    l1=0.02,
)
DROPPED, LARGE = [0.1, 0.4, 0.4], [0.05, 0.3, 0.3]
# Attack, its norm and epsilon; dropout; layers before the perturbed place.
DENSE = {
    "network": (None, DROPPED, 0),
    "network_adversarial": (("FastGradient", "linf", 0.2), DROPPED, 0),
    "undropped": (None, [0.0, 0.0, 0.0], 0),
    "undropped_adversarial": (
        ("FastGradient", "linf", 0.2),
        [0.0, 0.0, 0.0],
        0,
    ),
    "network_sign_noise": (("RandomNoise", "linf", 0.2), DROPPED, 0),
    "network_uniform_noise": (("RandomNoise", "linf", 0.2), DROPPED, 0),
    "network_l1": (None, DROPPED, 0),
    "network_rotation": (("GradientRotation", "l2", 1.5), DROPPED, 0),
    "network_hidden_1": (("FastGradient", "linf", 0.3), DROPPED, 4),
    "network_hidden_2": (("FastGradient", "linf", 0.3), DROPPED, 7),
    "network_independent": (None, DROPPED, 0),
    "network_rubbish": (None, DROPPED, 0),
    "large": (None, LARGE, 0),
    "large_adversarial": (("FastGradient", "linf", 0.2), LARGE, 0),
}
OTHERS = {"softmax", "logistic", "rbf", "rbm"}


def layers_of(classifier, kind):
    every = [*classifier.embedder.layers, *classifier.head.layers]
    return [layer for layer in every if isinstance(layer, kind)]


def test_every_recipe_is_in_a_table():
    assert set(RECIPES) == set(DENSE) | OTHERS


@pytest.mark.parametrize("name", DENSE)
def test_networks(name):
    recipe = RECIPES[name]
    attack, rates, before = DENSE[name]
    classifier = recipe.build(CONFIG, 10, seed=0)
    found = layers_of(classifier, keras.layers.Dropout)
    assert [layer.rate for layer in found] == rates
    assert classifier.num_embedding_layers == before
    dense = layers_of(classifier, keras.layers.Dense)
    width = 7 if name.startswith("large") else 6
    assert [layer.units for layer in dense] == [2 * width, 2 * width, 10]
    assert [m.num_pieces for m in layers_of(classifier, Maxout)] == [2, 2]
    penalties = [layer.kernel_regularizer for layer in dense]
    if name == "network_l1":
        penalty = penalties.pop(0)(np.ones((1, 3)))
        assert float(penalty) == pytest.approx(0.06)
    assert not any(penalties)
    if attack is None:
        assert recipe.attack is None
        return
    made = recipe.attack(CONFIG, 0)
    assert (type(made).__name__, made.norm, made.epsilon) == attack


def test_noise_is_of_two_kinds():
    x = np.zeros((4, 5, 5, 1), "float32")
    sign, uniform = (
        np.asarray(RECIPES[name].attack(CONFIG, 0).perturbation(None, x))
        for name in ("network_sign_noise", "network_uniform_noise")
    )
    np.testing.assert_allclose(np.abs(sign), 0.2, rtol=1e-6)
    assert np.abs(uniform).max() <= 0.2 and len(np.unique(uniform)) > 90
    assert isinstance(
        RECIPES["network_sign_noise"].attack(CONFIG, 0), attacks.RandomNoise
    )


def test_what_else_is_particular():
    of_sigmoids = {
        n for n, r in RECIPES.items() if r.probabilities != "softmax"
    }
    assert of_sigmoids == {"rbf", "network_independent"}
    assert {n for n, r in RECIPES.items() if r.with_rubbish} == {
        "network_rubbish"
    }
    assert RECIPES["logistic"].only == (3, 7)
    assert RECIPES["rbm"].own_fit


def test_every_row_has_a_number():
    assert list(images.ROWS) == list(range(1, 23))
