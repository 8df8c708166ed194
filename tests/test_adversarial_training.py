import functools
import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
from backends import ON_TENSORFLOW
from keras import ops

import advtext
from advtext.attacks import FastGradient
from advtext.data import SemiSupervisedBatches
from advtext.models import Classifier, TextClassifier
from advtext.training import (
    AdversarialLoss,
    AdversarialTraining,
    VirtualAdversarialLoss,
)

SIZE = 12
COUNTS = np.arange(SIZE)
RANDOM = np.random.default_rng(0)
LENGTHS = RANDOM.integers(1, 7, size=(8, 1))
X = RANDOM.integers(1, SIZE, size=(8, 6)) * (np.arange(6) < LENGTHS)
U = RANDOM.integers(1, SIZE, size=(12, 5))
Y = np.arange(8) % 2
BINARY = functools.partial(keras.losses.BinaryCrossentropy, from_logits=True)
SPARSE = functools.partial(
    keras.losses.SparseCategoricalCrossentropy, from_logits=True
)
ONE_HOT = functools.partial(
    keras.losses.CategoricalCrossentropy, from_logits=True
)


def text(**kwargs):
    kwargs = {"embedding_dim": 3, "units": 2, "hidden_dim": 4, **kwargs}
    classifier = TextClassifier(SIZE, **kwargs)
    if kwargs.get("normalize_embedding", True):
        classifier.embedding.adapt(COUNTS)
    return classifier


@keras.saving.register_keras_serializable("advtext_tests")
class Bag(Classifier):
    """Fast to compile: no loop, but masks and statistics in `classify`."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.embedding = keras.layers.Embedding(SIZE, 4)
        self.normalization = keras.layers.BatchNormalization()
        self.dropout = keras.layers.Dropout(0.5)
        self.dense = keras.layers.Dense(1)
        self.embedding.build(None)
        self.normalization.build((None, 4))
        self.dense.build((None, 4))
        self.built = True

    def compute_mask(self, inputs, previous_mask=None):
        return ops.not_equal(inputs, 0)

    def embed(self, inputs, training=False):
        return self.embedding(inputs)

    def classify(self, embedded, mask=None, training=False):
        real = ops.cast(ops.expand_dims(mask, -1), embedded.dtype)
        mean = ops.sum(real * embedded, axis=1) / ops.sum(real, axis=1)
        mean = self.normalization(mean, training=training)
        return self.dense(self.dropout(mean, training=training))


def both(epsilon=1.0, weight=1.0):
    return [
        AdversarialLoss(FastGradient(epsilon), weight),
        VirtualAdversarialLoss(epsilon, weight=weight, seed=0),
    ]


def training(classifier, terms=None, loss=None, optimizer=None, **kwargs):
    keras.utils.set_random_seed(0)
    model = AdversarialTraining(classifier, both() if terms is None else terms)
    optimizer = optimizer or keras.optimizers.Adam(0.05)
    model.compile(optimizer, loss or BINARY(), **kwargs)
    return model


def seeded(make, *args, **kwargs):
    keras.utils.set_random_seed(0)
    return make(*args, **kwargs)


def fit(model, x=X, y=Y, **kwargs):
    arguments = {"batch_size": 4, "shuffle": False, "verbose": 0, **kwargs}
    return model.fit(x, y, **arguments).history


def weights(model):
    return [np.asarray(v) for v in model.weights]


def assert_equal(ours, theirs, **tolerance):
    for our, their in zip(ours, theirs, strict=True):
        if tolerance:
            np.testing.assert_allclose(our, their, **tolerance)
        else:
            np.testing.assert_array_equal(our, their)


@pytest.mark.parametrize(
    "num_classes, loss, labels, extra",
    [
        (2, BINARY, Y, "plain"),
        (2, BINARY, Y[:, None].astype("float32"), "weights"),
        (3, SPARSE, np.arange(8) % 3, "plain"),
        (3, ONE_HOT, np.eye(3)[np.arange(8) % 3], "plain"),
        (3, SPARSE, np.arange(8) % 3, "unlabelled"),
        (2, BINARY, Y, "unlabelled"),
    ],
)
def test_trains_evaluates_and_predicts(num_classes, loss, labels, extra):
    model = training(
        text(num_classes=num_classes, bidirectional=num_classes == 3),
        loss=loss(),
        metrics=["accuracy"],
        run_eagerly=True,
    )
    before = [np.asarray(v) for v in model.trainable_variables]
    if extra == "unlabelled":
        batches = SemiSupervisedBatches((X, labels), U, 8, 12)
        history = model.fit(batches, verbose=0).history
    else:
        sample_weight = np.arange(8) / 4 if extra == "weights" else None
        history = fit(
            model, X, labels, batch_size=8, sample_weight=sample_weight
        )
    assert set(history) == {
        "loss",
        "accuracy",
        "adversarial_loss",
        "virtual_adversarial_loss",
    }
    assert np.isfinite(list(history.values())).all()
    for old, new in zip(before, model.trainable_variables, strict=True):
        assert np.any(old != np.asarray(new)), new.path
    logs = model.evaluate(X, labels, verbose=0, return_dict=True)
    assert set(logs) == {"loss", "accuracy"}
    logits = model.predict(X, verbose=0)
    np.testing.assert_allclose(logits, model.classifier(X), rtol=1e-5)
    np.testing.assert_allclose(logs["loss"], loss()(labels, logits), rtol=1e-5)


def test_schedule_clipping_averages_and_early_stop_at_once(tmp_path):
    schedule = keras.optimizers.schedules.ExponentialDecay(0.05, 1, 0.9)
    optimizer = keras.optimizers.Adam(
        schedule, global_clipnorm=1.0, use_ema=True, ema_momentum=0.5
    )
    model = training(Bag(), optimizer=optimizer, metrics=["accuracy"])
    callbacks = [
        keras.callbacks.SwapEMAWeights(swap_on_epoch=True),
        keras.callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras"),
        keras.callbacks.EarlyStopping(
            "val_accuracy", patience=1, restore_best_weights=True
        ),
    ]
    history = model.fit(
        SemiSupervisedBatches((X, Y), U, 4, 6),
        epochs=9,
        verbose=0,
        validation_data=(X, Y),
        callbacks=callbacks,
    ).history
    assert set(history) == {
        "loss",
        "accuracy",
        "adversarial_loss",
        "virtual_adversarial_loss",
        "val_loss",
        "val_accuracy",
    }
    epochs = len(history["loss"])
    assert epochs < 9, "stopped early"
    assert int(optimizer.iterations) == 2 * epochs
    np.testing.assert_allclose(
        optimizer.learning_rate, 0.05 * 0.9 ** (2 * epochs), rtol=1e-4
    )
    saved = keras.models.load_model(tmp_path / f"{epochs}.keras")
    loss = float(BINARY()(Y, saved(X)))
    np.testing.assert_allclose(loss, history["val_loss"][-1], rtol=1e-5)


def test_checkpoints_of_keras(tmp_path):
    model = training(
        text(bidirectional=True, pooling="concat"), run_eagerly=True
    )
    whole, part = tmp_path / "whole.keras", tmp_path / "part.weights.h5"
    callbacks = [
        keras.callbacks.ModelCheckpoint(whole),
        keras.callbacks.ModelCheckpoint(part, save_weights_only=True),
    ]
    fit(model, callbacks=callbacks)
    expected = np.asarray(model.classifier(X))
    again = training(text(bidirectional=True, pooling="concat"))
    assert np.any(np.asarray(again(X)) != expected)
    again.optimizer.build(again.trainable_variables)
    again.load_weights(part)
    np.testing.assert_array_equal(again(X), expected)
    assert int(again.optimizer.iterations) == int(model.optimizer.iterations)
    loads_in_a_fresh_process(whole, expected)


def loads_in_a_fresh_process(path, expected):
    np.savez(path.with_suffix(".npz"), x=X, expected=expected)
    script = f"""
import gc, warnings
import advtext, keras
assert gc.isenabled()
warnings.simplefilter("error", UserWarning)
import numpy as np
model = keras.models.load_model({str(path)!r})
assert type(model) is advtext.models.TextClassifier
data = np.load({str(path.with_suffix(".npz"))!r})
np.testing.assert_allclose(model(data["x"]), data["expected"], rtol=1e-6)
print("loaded")
"""
    root = str(pathlib.Path(advtext.__file__).parents[1])
    result = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": root},
        cwd=path.parent,
        capture_output=True,
        text=True,
    )
    assert result.stdout == "loaded\n", result.stderr


def test_save_writes_the_plain_classifier(tmp_path):
    model = training(Bag())
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert type(loaded) is Bag
    np.testing.assert_array_equal(loaded(X), model(X))


@pytest.mark.parametrize(
    "make",
    [text, functools.partial(text, normalize_embedding=False), Bag],
    ids=["normalized", "plain embedding", "masks in classify"],
)
def test_without_terms_equals_keras_bit_for_bit(make):
    x, y = np.tile(X, (2, 1))[:12], np.tile(Y, 2)[:12]
    plain = seeded(make)
    plain.compile(keras.optimizers.Adam(0.05), BINARY(), metrics=["mse"])
    keras.utils.set_random_seed(0)
    expected = fit(plain, x, y, epochs=1)
    ours = seeded(make)
    model = training(ours, [], metrics=["mse"])
    history = fit(model, x, y, epochs=1)
    assert int(model.optimizer.iterations) == 3
    # XLA rounds another program otherwise; run eagerly it is to the bit, too
    # (test_any_model, test_perturbed_at).
    tolerance = {} if ON_TENSORFLOW else {"rtol": 1e-5, "atol": 1e-7}
    assert_equal(history.values(), expected.values(), **tolerance)
    assert_equal(weights(ours), weights(plain), **tolerance)


def test_epsilon_0_equals_plain_training():
    """Masks are not redrawn and statistics move once a step."""
    plain, ours = seeded(Bag), seeded(Bag)
    expected = fit(training(plain, []), epochs=2)
    model = training(ours, [VirtualAdversarialLoss(0.0, weight=3.0)])
    history = fit(model, epochs=2)
    # XLA may round the two passes otherwise; run eagerly they are the same.
    rounding = 0.0 if ON_TENSORFLOW else 1e-7
    np.testing.assert_allclose(
        history["virtual_adversarial_loss"], 0.0, atol=rounding
    )
    np.testing.assert_allclose(history["loss"], expected["loss"], rtol=1e-6)
    assert_equal(weights(ours), weights(plain), rtol=1e-5, atol=1e-6)
    seeds = [
        np.asarray(each.dropout.seed_generator.state) for each in (ours, plain)
    ]
    np.testing.assert_array_equal(*seeds)


@pytest.mark.parametrize(
    "make, terms, options",
    [
        (Bag, both, {}),
        (Bag, both, {"steps_per_execution": 2}),
        (text, both, {}),
        # XLA draws other random numbers: no noise and no dropout.
        (
            functools.partial(text, embedding_dropout=0.0),
            lambda: both()[:1],
            {"jit_compile": True},
        ),
    ],
    ids=["graph", "two steps at once", "graph of an LSTM", "XLA"],
)
def test_equals_running_eagerly(make, terms, options):
    eager, classifier = seeded(make), seeded(make)
    expected = fit(training(eager, terms(), run_eagerly=True), epochs=2)
    history = fit(training(classifier, terms(), **options), epochs=2)
    for name, values in expected.items():
        np.testing.assert_allclose(history[name], values, rtol=1e-3)
    assert_equal(weights(classifier), weights(eager), rtol=1e-2, atol=1e-3)


def test_runs_in_mixed_precision():
    model = training(text(dtype="mixed_float16"), run_eagerly=True)
    assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    history = fit(model)
    assert np.isfinite(list(history.values())).all()


def test_loss_scaling_changes_nothing():
    results = []
    for optimizer in (
        keras.optimizers.SGD(0.1),
        keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1), 1024.0),
    ):
        classifier = seeded(text)
        model = training(classifier, optimizer=optimizer, run_eagerly=True)
        fit(model)
        results.append([np.asarray(v) for v in classifier.trainable_variables])
    assert_equal(*results, rtol=1e-4, atol=1e-6)


def test_gradients_are_clipped_together():
    classifier = seeded(text)
    optimizer = keras.optimizers.SGD(1.0, global_clipnorm=1e-2)
    model = training(classifier, optimizer=optimizer, run_eagerly=True)
    before = [np.asarray(v) for v in classifier.trainable_variables]
    fit(model, batch_size=8)
    moved = sum(
        np.sum((old - np.asarray(new)) ** 2)
        for old, new in zip(before, classifier.trainable_variables, strict=True)
    )
    np.testing.assert_allclose(np.sqrt(moved), 1e-2, rtol=1e-3)


def test_loss_is_the_weighted_sum():
    still = keras.optimizers.SGD(0.0)
    classifier = seeded(text, embedding_dropout=0.0)
    model = training(
        classifier, both(weight=0.25), optimizer=still, run_eagerly=True
    )
    history = {k: v[0] for k, v in fit(model).items()}
    clean = BINARY()(Y, classifier(X))
    terms = history["adversarial_loss"] + history["virtual_adversarial_loss"]
    np.testing.assert_allclose(history["loss"], clean + 0.25 * terms, rtol=1e-5)


def test_frozen_embedding_stays():
    classifier = text()
    classifier.embedding.trainable = False
    before = weights(classifier)
    model = training(classifier, run_eagerly=True)
    fit(model)
    moved = [
        np.any(old != new)
        for old, new in zip(before, weights(classifier), strict=True)
    ]
    assert moved == [
        "embedding" not in variable.path for variable in classifier.weights
    ]


class TwoInputs(Classifier):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(1)
        self.dense.build((None, 6))
        self.built = True

    def embed(self, inputs, training=False):
        return ops.concatenate([inputs["labelled"], inputs["other"]], axis=1)

    def classify(self, embedded, mask=None, training=False):
        return self.dense(embedded)


def test_dict_with_other_keys_is_an_ordinary_input():
    x = RANDOM.normal(size=(8, 3)).astype("float32")
    model = training(TwoInputs(), run_eagerly=True)
    history = fit(model, {"labelled": x, "other": x[::-1]}, Y)
    assert np.isfinite(history["loss"]).all()
    assert model.predict({"labelled": x, "other": x}, verbose=0).shape == (8, 1)


class Fixed(Classifier):
    """Gives its input as the logit, next to a weight that trains."""

    def __init__(self):
        super().__init__()
        self.bias = self.add_weight(shape=(1,), initializer="zeros")
        self.built = True

    def classify(self, embedded, mask=None, training=False):
        return embedded + self.bias


@pytest.mark.parametrize("name", ["accuracy", "acc", "binary_accuracy"])
@pytest.mark.parametrize("argument", ["metrics", "weighted_metrics"])
def test_binary_accuracy_thresholds_logits_at_0(name, argument):
    model = training(Fixed(), [], **{argument: [name]}, run_eagerly=True)
    logits = np.array([[0.3], [0.4], [-0.3], [0.2], [-2.0]], "float32")
    y = np.array([1, 1, 0, 0, 0])
    logs = model.evaluate(logits, y, verbose=0, return_dict=True)
    assert set(logs) == {"loss", name}
    assert logs[name] == pytest.approx(0.8)


def test_random_states_of_the_terms_belong_to_the_model():
    terms = both()
    model = training(text(), terms)
    for term in terms:
        state = term.attack.seed_generator.state
        assert any(v is state for v in model.variables)
    assert len(model.trainable_variables) == 8


@pytest.mark.parametrize(
    "loss",
    [
        "binary_crossentropy",
        "BinaryCrossentropy",
        "sparse_categorical_crossentropy",
        "categorical_crossentropy",
        keras.losses.BinaryCrossentropy(),
        keras.losses.SparseCategoricalCrossentropy(),
        keras.losses.binary_crossentropy,
    ],
)
def test_loss_over_probabilities_is_refused(loss):
    model = AdversarialTraining(Bag(), [])
    with pytest.raises(ValueError, match="from_logits=True"):
        model.compile("adam", loss)


@pytest.mark.parametrize(
    "loss", ["mse", lambda y, z: ops.mean(z), keras.losses.Hinge(), BINARY()]
)
def test_other_losses_pass(loss):
    AdversarialTraining(Bag(), []).compile("adam", loss)


@pytest.mark.parametrize(
    "last",
    [
        keras.layers.Dense(1, activation="sigmoid"),
        keras.layers.Activation("softmax"),
        keras.layers.Softmax(),
    ],
)
def test_probabilities_are_refused(last):
    classifier = Classifier()
    classifier.last = last
    with pytest.raises(ValueError, match="gives probabilities"):
        AdversarialTraining(classifier, both())


def test_terms_of_the_same_name_are_refused():
    terms = [AdversarialLoss(FastGradient(e)) for e in (1.0, 2.0)]
    with pytest.raises(ValueError, match="pass `name`.*adversarial_loss"):
        AdversarialTraining(Bag(), terms)
    terms[1] = AdversarialLoss(FastGradient(2.0), name="other")
    AdversarialTraining(Bag(), terms)


def test_other_models_are_refused():
    model = keras.Sequential([keras.layers.Dense(1)])
    with pytest.raises(TypeError, match="Sequential, which has no .*`embed`"):
        AdversarialTraining(model)
