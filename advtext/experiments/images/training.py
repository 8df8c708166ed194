"""Trains one network of the image experiments."""

import keras
import numpy as np

from advtext import backend, training
from advtext.data.array_batches import ArrayBatches
from advtext.experiments import fitting
from advtext.losses import independent_cross_entropy

_DIVERGED = "Lower the learning rate or `epsilon`, and name another `run_dir`."


class RubbishBatches(ArrayBatches):
    """Batches of images, and as many draws of noise that are of no class.

    Its arrays are images and one-hot labels; the labels of noise are uniform.
    As much noise is added as a batch has images, from the same seed.
    """

    def batch(self, k):
        x, y = super().batch(k)
        random = np.random.default_rng((self.seed, 1, k))
        noise = random.standard_normal(x.shape, dtype="float32")
        uniform = np.full_like(y, 1.0 / y.shape[1])
        return np.concatenate([x, noise]), np.concatenate([y, uniform])


class EarlyStopping(keras.callbacks.EarlyStopping):
    """Keras' early stopping, that also knows the epochs before a resumption.

    Args:
        checkpoint: `Checkpoint` of the same `fit`.
    """

    def __init__(self, checkpoint, **kwargs):
        super().__init__(**kwargs)
        self.checkpoint = checkpoint

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        for epoch, row in enumerate(self.checkpoint.history):
            self.on_epoch_end(epoch, row)


def build(recipe, config, input_shape, num_classes, seed, num_steps):
    """Returns a compiled model of a recipe; what it classifies is in it.

    Args:
        recipe: `Recipe`.
        config: `ImageConfig`.
        input_shape: Shape of an image.
        num_classes: Number of classes.
        seed: Seed of its weights and of its dropout.
        num_steps: Batches until the learning rate has fallen.
    """
    keras.utils.set_random_seed(seed)
    classifier = recipe.build(config, num_classes, seed)
    classifier.build((None, *input_shape))
    model = classifier
    if not recipe.own_fit:
        terms = []
        if recipe.attack is not None:
            attack = recipe.attack(config, seed)
            terms = [training.AdversarialLoss(attack, config.weight)]
        model = training.AdversarialTraining(classifier, terms)
    schedule = keras.optimizers.schedules.ExponentialDecay(
        getattr(config, recipe.learning_rate),
        num_steps,
        config.learning_rate_decay,
    )
    model.compile(
        keras.optimizers.Adam(schedule),
        _loss(recipe, num_classes),
        jit_compile=backend.STEPS_ARE_COMPILED,
    )
    return model


def _loss(recipe, num_classes):
    if recipe.probabilities == "sigmoid":
        return independent_cross_entropy
    if recipe.with_rubbish:
        return keras.losses.CategoricalCrossentropy(from_logits=True)
    if num_classes == 2:
        return keras.losses.BinaryCrossentropy(from_logits=True)
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def fit(model, batches, epochs, run, deadline, validation=None, patience=0):
    """Trains a model from its last checkpoint, or from the start.

    Args:
        model: Compiled and built model.
        batches: `ArrayBatches`.
        epochs: Passes over them.
        run: `RunDirectory` of this training.
        deadline: `TimeLimit` of all trainings together.
        validation: `AdversarialValidation` that adds to the logs, or `None`.
        patience: Epochs without a lower validation error that end training.

    Returns:
        Dict of `epochs`, `train_seconds` and, with `validation`, `best_epochs`,
        after which its error was lowest; `None` if time ran out.
    """
    run.claim(run.checkpoint.name)
    checkpoint = training.Checkpoint(run.checkpoint, batches)
    done = checkpoint.restore(model) if run.checkpoint.is_file() else 0
    length = len(batches)
    progress = training.Progress(
        run.path.name,
        epochs * length,
        batches.batch_size,
        done * length,
        unit="images",
    )
    callbacks = [fitting.Finite(_DIVERGED)]
    if validation is not None:
        stop = EarlyStopping(
            checkpoint, monitor=validation.name, mode="min", patience=patience
        )
        callbacks += [validation, stop]
    clock = fitting.Clock(checkpoint)
    callbacks += [clock, progress, checkpoint, deadline]
    if done < epochs:
        model.fit(
            batches,
            initial_epoch=done,
            epochs=epochs,
            verbose=0,
            shuffle=False,
            callbacks=callbacks,
        )
    history = checkpoint.history
    run.write_history(history)
    if deadline.reached and len(history) < epochs:
        return None
    found = {"epochs": len(history), "train_seconds": checkpoint.seconds}
    if validation is None:
        return found
    errors = [row[validation.name] for row in history]
    return found | {"best_epochs": errors.index(min(errors)) + 1}
