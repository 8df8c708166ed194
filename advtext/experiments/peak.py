"""How near a training comes to what its device can multiply.

Counted are the matrix products that the LSTMs and the language model's output
layer cannot do without; an LSTM has three passes: forward, backward to the
inputs and backward to the weights.
"""

import time

from keras import ops

from advtext import backend
from advtext.config.config import ADVERSARIAL, VIRTUAL_ADVERSARIAL

_FORWARD_AND_BACKWARD = 3
_REPETITIONS = 5


def flops_per_second():
    """Measures the rate of a large matrix product on one device.

    Returns:
        Operations (additions and multiplications) a second, the best of 5.
    """
    size = 8192 if backend.has_gpu() else 1024
    factor = ops.full((size, size), 1.0 / size, "float32")
    seconds = []
    for _ in range(_REPETITIONS + 1):
        start = time.perf_counter()
        # A result that is looked at: some devices work asynchronously.
        float(backend.matmul(factor, factor)[0, 0])
        seconds.append(time.perf_counter() - start)
    return 2.0 * size**3 / min(seconds)


def pretraining_flops(config):
    """Returns the operations that a token of pretraining needs."""
    heads = (
        (1 + config.bidirectional) * 2 * config.units * config.num_candidates
    )
    return _FORWARD_AND_BACKWARD * (_lstm(config) + heads)


def training_flops(config):
    """Returns the operations that a token of each stream needs.

    Returns:
        `(labelled, unlabelled)`.
    """
    perturbed = config.method in ("random", *ADVERSARIAL)
    labelled = _FORWARD_AND_BACKWARD * (1 + perturbed)
    # The clean pass, two passes for every gradient of the prediction in the
    # input, and the perturbed text.
    unlabelled = 1 + 2 * config.num_power_iterations + _FORWARD_AND_BACKWARD
    if config.method == "mixed":
        # The entropy of the clean text.
        unlabelled += _FORWARD_AND_BACKWARD
    if config.method not in VIRTUAL_ADVERSARIAL:
        unlabelled = 0
    return labelled * _lstm(config), unlabelled * _lstm(config)


def _lstm(config):
    """Returns the operations of one pass of a token through the LSTMs."""
    inputs = config.embedding_dim + config.units
    return (1 + config.bidirectional) * 2 * 4 * config.units * inputs
