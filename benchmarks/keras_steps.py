"""Training steps in Keras: ours, and what a user would write without us."""

import keras
import numpy as np

from advtext import attacks, backend, models, training


def ours(method, vocabulary_size, dim, units, jit_compile=False):
    """Returns a compiled model that trains by a method of advtext.

    Args:
        method: `"plain"`, `"adversarial"`, `"virtual_adversarial"`, `"both"`.
        vocabulary_size: Rows of the table.
        dim: Of the embedding.
        units: Of the LSTM.
        jit_compile: Whether XLA compiles the step on TensorFlow.
    """
    terms = []
    if method in ("adversarial", "both"):
        terms.append(training.AdversarialLoss(attacks.FastGradient(5.0)))
    if method in ("virtual_adversarial", "both"):
        terms.append(training.VirtualAdversarialLoss(5.0))
    classifier = _classifier(vocabulary_size, dim, units)
    model = training.AdversarialTraining(classifier, terms)
    return _compiled(model, jit_compile)


def plain_keras(vocabulary_size, dim, units, jit_compile=False):
    """Returns the same classifier with Keras' LSTM and Keras' train step."""
    lstm = keras.layers.LSTM
    classifier = _classifier(vocabulary_size, dim, units, lstm)
    return _compiled(classifier, jit_compile)


def nested_tapes(vocabulary_size, dim, units):
    """Returns the adversarial training that one writes first: tape in tape."""
    classifier = _classifier(vocabulary_size, dim, units, keras.layers.LSTM)
    return _compiled(_nested()(classifier), False)


def _nested():
    import tensorflow as tf

    class Nested(keras.Model):
        def __init__(self, classifier):
            super().__init__()
            self.classifier = classifier
            self.built = True

        def train_step(self, data):
            x, y, *_ = data
            classifier = self.classifier
            mask = classifier.compute_mask(x)
            with tf.GradientTape() as outer:
                embedded = classifier.embed(x, training=True)
                with tf.GradientTape() as inner:
                    inner.watch(embedded)
                    logits = classifier.classify(embedded, mask, True)
                    loss = self.compute_loss(x, y, logits)
                gradient = inner.gradient(loss, embedded)
                length = tf.norm(gradient, axis=(1, 2), keepdims=True)
                moved = embedded + tf.stop_gradient(
                    5.0 * gradient / (length + 1e-12)
                )
                again = classifier.classify(moved, mask, True)
                total = loss + self.compute_loss(x, y, again)
            variables = classifier.trainable_variables
            self.optimizer.apply_gradients(
                zip(outer.gradient(total, variables), variables, strict=True)
            )
            return {"loss": total}

    return Nested


def _classifier(vocabulary_size, dim, units, lstm=None):
    keras.utils.set_random_seed(0)
    classifier = models.TextClassifier(vocabulary_size, dim, units)
    if lstm is not None:
        for layer in classifier.lstms:
            layer.__class__ = lstm
    # Keras on JAX wants every layer built.
    classifier(np.ones((1, 2), "int32"))
    return classifier


def _compiled(model, jit_compile):
    model.compile(
        "adam",
        keras.losses.BinaryCrossentropy(from_logits=True),
        jit_compile=jit_compile or backend.STEPS_ARE_COMPILED,
    )
    return model
