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


def _network(config, num_classes, seed, dropped=True, **options):
    """Returns the deep network of the configuration."""
    rates = (config.dropout, config.input_dropout) if dropped else (0.0, 0.0)
    units, pieces = config.units, config.num_pieces
    if config.network == "maxout":
        return models.maxout_network(
            num_classes, (units, units), pieces, *rates, **options
        )
    filters = (config.filters, 2 * config.filters, 2 * config.filters)
    return models.convolutional_maxout_network(
        num_classes, filters, pieces, units, *rates
    )


def _penalized(config, num_classes, seed):
    penalty = keras.regularizers.L1(config.l1)
    return _network(config, num_classes, seed, kernel_regularizer=penalty)


def _perturbed_behind(num_layers):
    return functools.partial(_network, num_embedding_layers=num_layers)


def _large(config, num_classes, seed):
    return models.maxout_network(
        num_classes,
        (config.large_units, config.large_units),
        config.num_pieces,
        config.large_dropout,
        config.large_input_dropout,
        dtype=config.large_dtype,
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
    "undropped": Recipe(functools.partial(_network, dropped=False)),
    "undropped_adversarial": Recipe(
        functools.partial(_network, dropped=False), _fast_gradient
    ),
    "network_sign_noise": Recipe(
        _network, functools.partial(_noise, distribution="sign")
    ),
    "network_uniform_noise": Recipe(
        _network, functools.partial(_noise, distribution="uniform")
    ),
    "network_l1": Recipe(_penalized),
    "network_rotation": Recipe(_network, _rotation),
    "network_hidden_1": Recipe(_perturbed_behind(1), _hidden_fast_gradient),
    "network_hidden_2": Recipe(_perturbed_behind(2), _hidden_fast_gradient),
    "network_independent": Recipe(_network, probabilities="sigmoid"),
    "network_rubbish": Recipe(_network, with_rubbish=True),
    "large": Recipe(_large),
    "large_adversarial": Recipe(_large, _fast_gradient),
}
