import keras
import numpy as np
import pytest

from advtext import backend
from advtext.attacks import FastGradient
from advtext.models import SequentialClassifier
from advtext.training import (
    AdversarialLoss,
    AdversarialTraining,
    WeightAverage,
)

X = np.random.default_rng(0).normal(size=(12, 3)).astype("float32")
Y = X.sum(axis=1, keepdims=True)


class Record(keras.callbacks.Callback):
    """What the weights are after every batch and during every evaluation."""

    def __init__(self):
        super().__init__()
        self.after_batches, self.in_evaluation, self.after_epochs = [], [], []

    def on_train_batch_end(self, batch, logs=None):
        backend.sync_state(self.model)
        self.after_batches.append(self.model.get_weights())

    def on_test_batch_end(self, batch, logs=None):
        backend.sync_state(self.model)
        self.in_evaluation.append(self.model.get_weights())

    def on_epoch_end(self, epoch, logs=None):
        self.after_epochs.append(self.model.get_weights())


def model():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), "mse", run_eagerly=True)
    return model


def fit(model, *callbacks, **kwargs):
    arguments = {"epochs": 2, "batch_size": 4, "verbose": 0, **kwargs}
    model.fit(X, Y, callbacks=list(callbacks), **arguments)


def numpy_averages(start, after_batches, decay):
    """The averages after every batch, by the formula."""
    average, averages = [w.astype("float64") for w in start], []
    for t, weights in enumerate(after_batches, start=1):
        rate = min(decay, (1 + t) / (10 + t))
        average = [
            rate * a + (1 - rate) * w
            for a, w in zip(average, weights, strict=True)
        ]
        averages.append(average)
    return averages


def assert_close(ours, theirs):
    for our, their in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(our, their, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("decay", [0.999, 0.25, 0.0])
def test_equals_a_loop_in_numpy(decay):
    trained, record = model(), Record()
    start = trained.get_weights()
    average = WeightAverage(decay)
    fit(trained, average, record)
    expected = numpy_averages(start, record.after_batches, decay)
    assert average.num_updates == len(expected) == 6
    assert_close(average.get_state(), expected[-1])
    assert_close(trained.get_weights(), expected[-1])
    if decay == 0.0:
        assert_close(trained.get_weights(), record.after_batches[-1])


def test_stands_in_while_evaluated_and_only_then():
    trained, record = model(), Record()
    start = trained.get_weights()
    fit(trained, WeightAverage(0.9), record, validation_data=(X, Y))
    expected = numpy_averages(start, record.after_batches, 0.9)
    assert_close(record.in_evaluation[0], expected[2])
    assert_close(record.in_evaluation[-1], expected[5])
    for epoch in (0, 1):
        last = record.after_batches[3 * epoch + 2]
        for ours, theirs in zip(record.after_epochs[epoch], last, strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_training_itself_is_not_disturbed():
    plain, averaged, alone, beside = model(), model(), Record(), Record()
    fit(plain, alone, shuffle=False)
    callbacks = WeightAverage(0.9), beside
    fit(averaged, *callbacks, shuffle=False, validation_data=(X, Y))
    for ours, theirs in zip(
        alone.after_batches, beside.after_batches, strict=True
    ):
        for our, their in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(our, their)


def test_state_goes_on_where_it_stopped():
    record, whole, first, second = Record(), *map(WeightAverage, [0.9] * 3)
    straight, halved = model(), model()
    start = halved.get_weights()
    fit(straight, whole)
    fit(halved, first, record, epochs=1, shuffle=False)
    second.set_state(first.num_updates, first.get_state())
    halved.set_weights(record.after_batches[-1])
    fit(halved, second, record, epochs=1, shuffle=False)
    expected = numpy_averages(start, record.after_batches, 0.9)[-1]
    assert second.num_updates == whole.num_updates == 6
    assert_close(halved.get_weights(), expected)


def test_compiled_training_has_the_same_average():
    averages = []
    for eagerly in (True, False):
        trained, average = model(), WeightAverage(0.9)
        trained.run_eagerly = eagerly
        fit(trained, average, validation_data=(X, Y))
        assert_close(trained.get_weights(), average.get_state())
        averages.append(average.get_state())
    assert_close(*averages)


@pytest.mark.parametrize("decay", [-0.1, 1.0, 1.5, float("nan")])
def test_bad_decay_is_refused(decay):
    with pytest.raises(
        ValueError, match=r"`decay` must be a number in \[0, 1\)"
    ):
        WeightAverage(decay)


class Eager(keras.callbacks.Callback):
    """The average by the formula, one operation at a time after each step."""

    def on_train_begin(self, logs=None):
        weights = self.model.trainable_variables
        self.averages = [keras.ops.copy(v.value) for v in weights]

    def on_train_batch_end(self, batch, logs=None):
        backend.sync_state(self.model)
        t = int(self.model.optimizer.iterations)
        rate = 1.0 - min(0.25, (1.0 + t) / (10.0 + t))
        self.averages = [
            average + rate * (variable.value - average)
            for average, variable in zip(
                self.averages, self.model.trainable_variables, strict=True
            )
        ]


def with_a_term():
    keras.utils.set_random_seed(0)
    layers = keras.layers.Dense(4), keras.layers.Dense(1)
    classifier = SequentialClassifier(layers, num_embedding_layers=1)
    classifier(X)
    return AdversarialTraining(classifier, [AdversarialLoss(FastGradient(0.1))])


@pytest.mark.parametrize("make", [model, with_a_term])
def test_every_one_of_several_steps_at_a_time_is_averaged(make):
    states = []
    for steps in (1, 2, 4):
        trained, average, eager = make(), WeightAverage(0.25), Eager()
        trained.compile("adam", "mse", steps_per_execution=steps)
        beside = [eager] * (steps == 1)
        arguments = {"epochs": 2, "batch_size": 3, "shuffle": False}
        fit(trained, average, *beside, **arguments, validation_data=(X, Y))
        assert average.num_updates == 8
        assert "weight_average" not in trained.history.history
        assert all(m.name != "weight_average" for m in trained.metrics)
        states.append(average.get_state())
        if beside:
            assert_close(states[0], eager.averages)
            if keras.backend.backend() == "tensorflow":
                for ours, theirs in zip(states[0], eager.averages, strict=True):
                    np.testing.assert_array_equal(ours, theirs)
    for several in states[1:]:
        for ours, theirs in zip(states[0], several, strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_an_interrupted_average_is_gone_on_with():
    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            raise KeyboardInterrupt

    trained, average = model(), WeightAverage(0.9)
    with pytest.raises(KeyboardInterrupt):
        fit(trained, average, Stop())
    assert average.num_updates == 1
    fit(trained, average)
    assert average.num_updates == 7


@pytest.mark.parametrize("steps", [1, 4])
@pytest.mark.parametrize("with_terms", [False, True])
def test_a_model_that_fit_builds_is_averaged_too(steps, with_terms):
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(4), keras.layers.Dense(1)]
    trained = keras.Sequential(layers)
    if with_terms:
        classifier = SequentialClassifier(layers, num_embedding_layers=1)
        term = AdversarialLoss(FastGradient(0.1))
        trained = AdversarialTraining(classifier, [term])
    trained.compile("adam", "mse", steps_per_execution=steps)
    start, average = [], WeightAverage(0.25)

    class Start(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            start.extend(self.model.get_weights())

    record = Record()
    beside = [record] * (steps == 1)
    if keras.backend.backend() == "tensorflow":
        # Only JAX builds it before training begins.
        with pytest.raises(ValueError, match="not built.*Build it before"):
            fit(trained, average, batch_size=3)
        trained(X[:1])
    fit(trained, average, Start(), *beside, batch_size=3)
    assert len(start) == 4
    assert average.num_updates == 8
    assert_close(trained.get_weights(), average.get_state())
    if beside:
        expected = numpy_averages(start, record.after_batches, 0.25)[-1]
        assert_close(average.get_state(), expected)


def test_a_layer_that_the_first_step_builds_is_named():
    class Late(keras.Model):
        def __init__(self):
            super().__init__()
            self.first, self.late = keras.layers.Dense(4), keras.layers.Dense(1)
            self.first.build((None, 3))

        def call(self, inputs):
            return self.late(self.first(inputs))

    trained, average = Late(), WeightAverage(0.25)
    trained.compile("sgd", "mse")
    if keras.backend.backend() == "tensorflow":
        with pytest.raises(ValueError, match="not built.*Build it before"):
            fit(trained, average)
    else:
        fit(trained, average)
        assert len(average.averages) == 4
