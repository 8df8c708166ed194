"""Compiled once for a model, and anew when it has changed."""

import gc
import weakref

import keras
import numpy as np
import pytest
from keras import ops

from advtext.attacks import FastGradient
from advtext.compile_once import CompileOnce
from advtext.evaluation import predict_logits

X = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")
Y = np.array([0, 1, 2, 0, 1])
layers = keras.layers


def made():
    keras.utils.set_random_seed(1)
    return keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(6, "tanh", name="hidden"),
            layers.BatchNormalization(name="norm"),
            layers.Dropout(0.5, seed=1),
            layers.Dense(3, name="logits"),
        ]
    )


def lora(model):
    layer = model.get_layer("hidden")
    layer.enable_lora(2)
    kernel = layer.lora_kernel_b
    kernel.assign(np.linspace(-2.0, 2.0, 12).reshape(kernel.shape))


def popped(model):
    model.pop()


def added(model):
    # Another order of the classes.
    model.add(layers.Dense(3, kernel_initializer="glorot_normal"))


def activation(model):
    model.get_layer("hidden").activation = keras.activations.relu


def quantized(model):
    model.quantize("int8")


def weight(model):
    layer = model.get_layer("logits")
    layer.bias = None
    layer.use_bias = False
    layer.kernel.assign(ops.flip(layer.kernel, axis=1))


def nested(model):
    model.get_layer("hidden").kernel.assign(
        2.0 * model.get_layer("hidden").kernel
    )
    model.layers[1].epsilon = 5.0


CHANGES = [lora, popped, added, activation, quantized, weight, nested]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.filterwarnings("ignore:Layer .* does not have a `quantize`")
def test_a_changed_model_is_compiled_anew(change):
    model, attack = made(), FastGradient(0.5)
    before = predict_logits(model, X), np.asarray(attack(model, X, Y))
    change(model)
    logits = predict_logits(model, X)
    examples = np.asarray(attack(model, X, Y))
    expected = np.asarray(model(X))
    np.testing.assert_allclose(logits, expected, rtol=1e-5, atol=1e-6)
    fresh = FastGradient(0.5)(lambda x: model(x), X, Y)
    np.testing.assert_allclose(examples, fresh, rtol=1e-5, atol=1e-6)
    assert logits.shape != before[0].shape or np.any(logits != before[0])
    assert np.any(np.abs(examples - before[1]) > 1e-4)


def test_training_mode_follows_what_is_trained():
    model, attack = made(), FastGradient(0.5)
    trained = np.asarray(attack(model, X, Y, training=True))
    model.get_layer("norm").trainable = False
    frozen = np.asarray(attack(model, X, Y, training=True))
    model.get_layer("norm").trainable = True
    assert np.abs(frozen - trained).max() > 1e-3
    model.layers[2].rate = 0.0
    model.get_layer("norm").trainable = False
    np.testing.assert_allclose(
        attack(model, X, Y, training=True), attack(model, X, Y), atol=1e-6
    )


def test_a_change_and_another_at_the_same_address_are_seen():
    model, once = made(), CompileOnce()
    layer = model.get_layer("hidden")
    for factor in np.linspace(0.1, 1.0, 20, dtype="float32"):
        layer.activation = lambda x, factor=factor: factor * x
        function = once.of(model).function(None, lambda m, x: m(x))
        np.testing.assert_allclose(
            function(ops.convert_to_tensor(X)), model(X), atol=1e-6
        )


def test_what_fit_notes_is_no_change():
    inputs = keras.Input((4,))
    net = keras.Model(inputs, layers.Dense(3)(layers.Dense(6)(inputs)))
    attack, traced = FastGradient(0.5), []
    once, runs = CompileOnce(), []

    def run(model, x):
        runs.append(None)
        return model(x, training=False)

    class Attacks(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            attack(self.model, X, Y)
            once.of(self.model).function(None, run)(ops.convert_to_tensor(X))
            traced.append(len(runs))

        on_test_batch_end = on_train_batch_end

    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    net.compile("adam", loss)
    for _ in range(2):
        net.fit(
            X,
            Y,
            batch_size=2,
            epochs=2,
            validation_data=(X, Y),
            verbose=0,
            callbacks=[Attacks()],
        )
    net.predict(X, verbose=0)
    assert once.of(net).functions
    assert set(traced) == {1}


def test_nothing_is_kept_alive():
    model, attack = made(), FastGradient(0.5)
    model.itself = [model]
    attack(model, X, Y)
    gone = weakref.ref(model)
    del model
    keras.backend.clear_session()
    gc.collect()
    assert gone() is None
