import keras
import numpy as np
import pytest
from keras import layers

import advtext
from advtext.attacks import FastGradient
from advtext.models import SequentialClassifier
from advtext.training import (
    AdversarialLoss,
    AdversarialTraining,
    VirtualAdversarialLoss,
)

RANDOM = np.random.default_rng(0)
X, Y = RANDOM.normal(size=(8, 5)).astype("float32"), np.arange(8) % 3


class AddLoss(layers.Layer):
    def call(self, inputs):
        self.add_loss(keras.ops.mean(inputs**2))
        self.add_loss(0.3 * keras.ops.mean(keras.ops.abs(inputs)))
        return inputs


def stack():
    keras.utils.set_random_seed(1)
    length = keras.regularizers.L2(0.5)
    return [
        layers.Dense(4, activity_regularizer=length, kernel_regularizer=length),
        AddLoss(name="add_loss"),
        layers.Dense(3, activity_regularizer=length, bias_regularizer=length),
    ]


def network():
    return keras.Sequential([keras.Input((5,)), *stack()])


def compiled(model):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1), loss)
    return model


def fit(model, x=X):
    arguments = {"batch_size": 4, "shuffle": False, "verbose": 0}
    return compiled(model).fit(x, Y, **arguments).history


def halves(num_embedding_layers):
    classifier = SequentialClassifier(stack(), num_embedding_layers)
    classifier.build((None, 5))
    return classifier


def in_turn(layers):
    """A classifier of which every layer is called by itself."""

    class InTurn(advtext.models.Classifier):
        def __init__(self):
            super().__init__()
            self.all = layers

        def embed(self, inputs, training=False):
            return self.all[1](self.all[0](inputs))

        def classify(self, embedded, mask=None, training=False):
            return self.all[2](embedded)

    return InTurn()


CLASSIFIERS = {
    "nothing embedded": lambda: halves(0),
    "by one layer": lambda: halves(1),
    "by two": lambda: halves(2),
    "layers by themselves": lambda: in_turn(stack()),
    "perturbed at a layer": lambda: advtext.perturb_at(network(), "add_loss"),
}


@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_added_losses_train_as_in_plain_keras(kind):
    plain = network()
    expected = fit(plain)["loss"]
    classifier = CLASSIFIERS[kind]()
    history = fit(AdversarialTraining(classifier))
    np.testing.assert_allclose(history["loss"], expected, rtol=1e-6)
    weights = classifier.get_weights()
    for ours, theirs in zip(weights, plain.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=6e-8)


def test_one_added_loss_is_as_in_plain_keras_to_the_bit():
    def layers_of():
        keras.utils.set_random_seed(1)
        length = keras.regularizers.L2(1.0)
        first = layers.Dense(4, activity_regularizer=length)
        return [first, layers.Dense(3)]

    plain = keras.Sequential([keras.Input((5,)), *layers_of()])
    expected = fit(plain)["loss"]
    classifier = SequentialClassifier(layers_of(), num_embedding_layers=1)
    classifier.build((None, 5))
    assert fit(AdversarialTraining(classifier))["loss"] == expected
    weights = classifier.get_weights()
    for ours, theirs in zip(weights, plain.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_unlabelled_text_and_terms_add_no_losses(kind):
    expected = fit(AdversarialTraining(CLASSIFIERS[kind]()))["loss"]
    terms = [
        AdversarialLoss(FastGradient(0.5), weight=0.0),
        VirtualAdversarialLoss(0.0, weight=0.0),
    ]
    model = AdversarialTraining(CLASSIFIERS[kind](), terms)
    history = fit(model, {"labelled": X, "unlabelled": 9.0 * X[::-1]})
    np.testing.assert_allclose(history["loss"], expected, rtol=1e-6)
    assert history["virtual_adversarial_loss"] == [0.0]
