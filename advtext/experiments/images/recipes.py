"""The networks of the image experiments: how each is built and trained."""

import dataclasses
import functools
from collections.abc import Callable

import keras

from advtext import attacks, models


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How a network is made.

    Args:
        build: Function from configuration, number of classes and seed to the
            classifier.
        attack: Function from configuration and seed to the attack whose
            examples are half of the loss; `None` trains on clean images.
        probabilities: `"softmax"`, or `"sigmoid"` where every class is
            predicted by itself.
        with_rubbish: Whether every batch has as much noise, of no class.
        only: The two classes that are told apart; all by default.
        own_fit: Whether the classifier has a loss of its own.
        learning_rate: Field of the configuration with the learning rate.
    """

    build: Callable
    attack: Callable | None = None
    probabilities: str = "softmax"
    with_rubbish: bool = False
    only: tuple[int, int] | None = None
    own_fit: bool = False
    learning_rate: str = "learning_rate"


def _softmax(config, num_classes, seed):
    return models.softmax_regression(num_classes)


def _rbf(config, num_classes, seed):
    return models.rbf_network(num_classes)


def _rbm(config, num_classes, seed):
    return models.ClassificationRBM(
        num_classes, config.rbm_units, config.generative_weight, seed
    )


def _network(config, num_classes, seed, l1=False, hidden_layers=0):
    """Returns the deep network of the configuration."""
    if config.network == "convolutional_maxout":
        return models.convolutional_maxout_network(
            num_classes,
            (config.filters, 2 * config.filters, 2 * config.filters),
            config.num_pieces,
            config.units,
            config.dropout,
        )
    return _dense(config, num_classes, config.units, l1, hidden_layers)


def _dense(config, num_classes, units, l1=False, hidden_layers=0, dtype=None):
    return models.maxout_network(
        num_classes,
        (units, units),
        config.num_pieces,
        config.dropout,
        config.input_dropout,
        keras.regularizers.L1(config.l1) if l1 else None,
        hidden_layers,
        dtype,
    )


def _large(config, num_classes, seed):
    return _dense(
        config, num_classes, config.large_units, dtype=config.large_dtype
    )


def _fast_gradient(config, seed):
    return attacks.FastGradient(config.epsilon, norm="linf")


def _hidden_fast_gradient(config, seed):
    return attacks.FastGradient(config.hidden_epsilon, norm="linf")


def _rotation(config, seed):
    return attacks.GradientRotation(config.rotation)


def _noise(config, seed, distribution):
    return attacks.RandomNoise(
        config.epsilon, "linf", seed=seed, distribution=distribution
    )


RECIPES = {
    "softmax": Recipe(_softmax),
    "logistic": Recipe(_softmax, only=(3, 7)),
    "rbf": Recipe(
        _rbf, probabilities="sigmoid", learning_rate="rbf_learning_rate"
    ),
    "rbm": Recipe(_rbm, own_fit=True, learning_rate="rbm_learning_rate"),
    "network": Recipe(_network),
    "network_adversarial": Recipe(_network, _fast_gradient),
    "network_sign_noise": Recipe(
        _network, functools.partial(_noise, distribution="sign")
    ),
    "network_uniform_noise": Recipe(
        _network, functools.partial(_noise, distribution="uniform")
    ),
    "network_l1": Recipe(functools.partial(_network, l1=True)),
    "network_rotation": Recipe(_network, _rotation),
    "network_hidden_1": Recipe(
        functools.partial(_network, hidden_layers=1), _hidden_fast_gradient
    ),
    "network_hidden_2": Recipe(
        functools.partial(_network, hidden_layers=2), _hidden_fast_gradient
    ),
    "network_independent": Recipe(_network, probabilities="sigmoid"),
    "network_rubbish": Recipe(_network, with_rubbish=True),
    "large": Recipe(_large),
    "large_adversarial": Recipe(_large, _fast_gradient),
}
