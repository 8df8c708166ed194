import keras
import numpy as np
import pytest
from backends import ON_TENSORFLOW

from advtext import backend

if not ON_TENSORFLOW:
    pytest.skip("TensorFlow's own operation", allow_module_level=True)

import tensorflow as tf

from advtext.backend import tensorflow_optimizer

RANDOM = np.random.default_rng(0)
TABLE = RANDOM.normal(size=(7, 3)).astype("float32")
GRADIENTS = RANDOM.normal(size=(4, 7, 3)).astype("float32")


@pytest.fixture
def fused(monkeypatch):
    """What the fused operation was called with, also for small variables."""
    monkeypatch.setattr(tensorflow_optimizer, "LARGE", 1)
    operation = tf.raw_ops.ResourceApplyAdam
    calls = []

    def counting(**arguments):
        calls.append(arguments)
        return operation(**arguments)

    monkeypatch.setattr(tf.raw_ops, "ResourceApplyAdam", counting)
    return calls


def train(apply, optimizer, gradients=GRADIENTS, jit_compile=False):
    variable = keras.Variable(TABLE)
    optimizer.build([variable])

    @tf.function(jit_compile=jit_compile)
    def step(gradient):
        apply(optimizer, [gradient], [variable])

    for gradient in gradients:
        step(tf.constant(gradient))
    return variable.numpy()


def keras_apply(optimizer, gradients, variables):
    optimizer.apply(gradients, variables)


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 0.1},
        {"weight_decay": 0.1},
        {"clipnorm": 1.0},
        {"use_ema": True, "ema_overwrite_frequency": 2},
        {"gradient_accumulation_steps": 2},
        {
            "learning_rate": keras.optimizers.schedules.ExponentialDecay(
                0.1, 1, 0.5
            )
        },
    ],
    ids=lambda options: next(iter(options), "plain"),
)
def test_equals_adam_of_keras(options, jit_compile, fused):
    options = {"learning_rate": 0.1} | options
    expected = train(
        keras_apply, keras.optimizers.Adam(**options), jit_compile=jit_compile
    )
    assert not fused
    optimizer = keras.optimizers.Adam(**options)
    found = train(backend.apply_gradients, optimizer, jit_compile=jit_compile)
    assert fused
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    assert "update_step" not in vars(optimizer)


def test_scaled_losses(fused):
    expected, found = (
        train(
            apply,
            keras.optimizers.LossScaleOptimizer(
                keras.optimizers.Adam(0.1), initial_scale=8.0
            ),
            8.0 * GRADIENTS,
        )
        for apply in (keras_apply, backend.apply_gradients)
    )
    assert fused
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "optimizer",
    [
        keras.optimizers.SGD,
        keras.optimizers.AdamW,
        lambda rate: keras.optimizers.Adam(rate, amsgrad=True),
    ],
)
def test_other_optimizers_are_left_alone(optimizer, fused):
    expected, found = (
        train(apply, optimizer(0.1))
        for apply in (keras_apply, backend.apply_gradients)
    )
    assert not fused
    np.testing.assert_array_equal(found, expected)


def test_small_variables_are_left_alone(fused, monkeypatch):
    monkeypatch.setattr(tensorflow_optimizer, "LARGE", TABLE.size + 1)
    train(backend.apply_gradients, keras.optimizers.Adam(0.1))
    assert not fused


def test_gradients_of_some_rows_are_left_alone(fused):
    variable = keras.Variable(TABLE)
    optimizer = keras.optimizers.Adam(0.1)
    rows = tf.IndexedSlices(
        tf.ones((1, 3)), tf.constant([2]), tf.constant([7, 3])
    )
    backend.apply_gradients(optimizer, [rows], [variable])
    assert not fused
