"""Precision, optimizers and weights of Keras, with adversarial terms."""

import functools

import keras
import numpy as np
import pytest
from citizens import (
    BINARY,
    EPSILON,
    EVERY,
    WEIGHTS,
    X,
    Y,
    adversarial,
    arrays,
    assert_equal,
    both,
    fit,
    functional,
    native,
    training,
    virtual,
)
from keras import layers, ops

import advtext
from advtext import backend
from advtext.attacks import FastGradient


class Recorder:
    """An attack that remembers what another one did."""

    def __init__(self, attack):
        self.attack = attack
        self.seed_generators = attack.seed_generators
        self.results = []

    def perturbation(self, logits_fn, embedded, *args, **kwargs):
        result = self.attack.perturbation(logits_fn, embedded, *args, **kwargs)
        self.results.append(result)
        return result


def recorded():
    terms = both()
    for term in terms:
        term.attack = Recorder(term.attack)
    return terms


# Mixed precision


def kl(p, q):
    """Of one logit, in float64."""
    p, q = (np.asarray(ops.cast(z, "float32"), "float64") for z in (p, q))
    p, q = 1 / (1 + np.exp(-p)), 1 / (1 + np.exp(-q))
    return p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))


@EVERY
@pytest.mark.parametrize(
    "dtype, rounding", [("mixed_float16", 1e-3), ("mixed_bfloat16", 8e-3)]
)
def test_lengths_and_divergences_are_precise(make, dtype, rounding):
    terms = recorded()
    model = training(
        functools.partial(make, dtype=dtype), terms, keras.optimizers.SGD(0.0)
    )
    scaled = isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    assert scaled == (dtype == "mixed_float16")
    history = fit(model, batch_size=8)
    classifier = model.classifier
    mask = classifier.compute_mask(X)
    embedded = classifier.embed(X)
    classify = classifier.given(X, mask)
    for term in terms:
        (perturbation,) = term.attack.results
        assert perturbation.dtype == embedded.dtype != "float32"
        found = np.asarray(ops.cast(perturbation, "float32"))
        lengths = np.sqrt(np.sum(found**2, axis=(1, 2)))
        # A row that no bfloat16 prediction moves at has nothing to follow.
        moved = lengths > 0
        assert moved.sum() >= 6
        np.testing.assert_allclose(lengths[moved], EPSILON, rtol=rounding)
        assert not np.any(found[np.asarray(X) == 0])
    perturbed = classify(embedded + perturbation)
    assert "16" in str(perturbed.dtype)
    divergence = kl(classify(embedded), perturbed).mean()
    (value,) = history["virtual_adversarial_loss"]
    assert value > 0
    np.testing.assert_allclose(value, divergence, rtol=1e-3, atol=1e-7)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_lengths_of_more_coordinates_than_float16_counts(dtype):
    """Their squares add up to 70000, and float16 ends at 65504."""
    x = ops.zeros((1, 70000), dtype)
    attack = FastGradient(100.0)
    found = attack.perturbation(None, x, gradient=ops.ones_like(x))
    length = np.linalg.norm(ops.cast(found, "float32"))
    np.testing.assert_allclose(length, 100.0, rtol=8e-3)


def small_slope():
    """Predictions of slope 3e-4, where an input of 0 lies."""
    inputs = keras.Input((3,))
    x = layers.Activation("linear", dtype="mixed_float16", name="place")(inputs)
    logit = layers.Dense(1, dtype="mixed_float16", name="logit")(x)
    model = keras.Model(inputs, logit)
    model.get_layer("logit").kernel.assign([[3e-4], [-3e-4], [0.0]])
    return advtext.perturb_at(model, "place")


@pytest.mark.parametrize("scaled", [False, True])
def test_loss_scaling_keeps_the_gradient_of_a_divergence(scaled):
    """Unscaled, it is about 1e-9: less than float16 knows."""
    term = virtual()
    term.attack = Recorder(term.attack)
    optimizer = keras.optimizers.SGD(0.0)
    if scaled:
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    model = training(small_slope, [term], optimizer)
    fit(model, np.zeros((4, 3), "float32"), Y[:4])
    found = np.asarray(ops.cast(term.attack.results[0], "float32"))
    if not scaled:
        assert not np.any(found)
        return
    expected = EPSILON * np.array([1.0, -1.0, 0.0]) / np.sqrt(2.0)
    sign = np.sign(found[:, :1])
    np.testing.assert_allclose(sign * found, np.tile(expected, (4, 1)), 1e-2)


@EVERY
def test_a_step_whose_gradients_overflow_is_left_out(make):
    optimizer = keras.optimizers.LossScaleOptimizer(
        keras.optimizers.SGD(0.1), initial_scale=2.0**22
    )
    model = training(
        functools.partial(make, dtype="mixed_float16"),
        optimizer=optimizer,
        run_eagerly=make is native,
    )
    before = arrays(model.trainable_variables)
    history = fit(model, callbacks=[keras.callbacks.TerminateOnNaN()])
    clean = float(BINARY(Y[:, None], model.classifier(X)))
    # A divergence may be finite all the same.
    np.testing.assert_allclose(history["loss"], clean, rtol=0.05)
    assert history["adversarial_loss"] == [0.0]
    assert_equal(arrays(model.trainable_variables), before)
    assert float(optimizer.dynamic_scale) == 2.0**20
    assert int(optimizer.iterations) == 0
    history = fit(model, epochs=4)
    assert 0 < int(optimizer.iterations) <= 8
    assert np.isfinite(list(history.values())).all()
    assert history["adversarial_loss"][-1] > history["loss"][-1] / 2 - 0.01
    after = arrays(model.trainable_variables)
    assert all(np.any(a != b) for a, b in zip(before, after, strict=True))


def test_a_loss_that_is_no_number_is_told():
    """Scaling is not to blame: the weights are none."""
    model = training(functools.partial(functional, dtype="mixed_float16"))
    kernel = model.trainable_variables[-2]
    kernel.assign(np.full(kernel.shape, np.nan))
    assert np.isnan(fit(model)["loss"]).all()


# Optimizers


@EVERY
def test_accumulated_halves_are_the_whole(make):
    """A step that ends an accumulation is one step: also for `start_step`."""
    results = []
    for batch_size, steps in ((8, None), (4, 2)):
        optimizer = keras.optimizers.SGD(0.5, gradient_accumulation_steps=steps)
        terms = [adversarial(start_step=1, weight=2.0)]
        model = training(make, terms, optimizer)
        fit(model, epochs=3, batch_size=batch_size)
        assert int(optimizer.iterations) == 3
        results.append(arrays(model.trainable_variables))
    assert_equal(*results, rtol=1e-4, atol=1e-6)


def clipped(gradients, kind, limit):
    if kind == "clipvalue":
        return [np.clip(g, -limit, limit) for g in gradients]
    norms = [np.sqrt(np.sum(g**2)) for g in gradients]
    if kind == "global_clipnorm":
        norms = [np.sqrt(np.sum(np.square(norms)))] * len(norms)
    return [
        g * min(1.0, limit / norm)
        for g, norm in zip(gradients, norms, strict=True)
    ]


@EVERY
@pytest.mark.parametrize("kind", ["clipnorm", "global_clipnorm", "clipvalue"])
def test_the_sum_of_all_gradients_is_clipped(make, kind):
    limit = 0.02
    optimizer = keras.optimizers.SGD(1.0, **{kind: limit})
    model = training(make, both(weight=3.0), optimizer)
    before = arrays(model.trainable_variables)
    gradients, _ = model.compute_gradients(X, Y)
    gradients = [
        np.asarray(backend.add_gradients(ops.zeros(v.shape), g))
        for v, g in zip(model.trainable_variables, gradients, strict=True)
    ]
    expected = clipped(gradients, kind, limit)
    assert any(
        np.any(np.abs(g - c) > 1e-3)
        for g, c in zip(gradients, expected, strict=True)
    )
    # The same first direction once more.
    fresh = training(make, both(weight=3.0), optimizer)
    fit(fresh, batch_size=8)
    moves = zip(before, arrays(fresh.trainable_variables), strict=True)
    assert_equal([a - b for a, b in moves], expected, rtol=1e-3, atol=1e-6)


@EVERY
def test_averaged_weights_are_evaluated_and_stay_at_the_end(make):
    optimizer = keras.optimizers.SGD(0.5, use_ema=True, ema_momentum=0.5)
    model = training(make, optimizer=optimizer)
    trained = []

    def record(batch, logs):
        backend.sync_state(model)
        trained.append(arrays(model.trainable_variables))

    callbacks = [
        keras.callbacks.LambdaCallback(on_train_batch_end=record),
        keras.callbacks.SwapEMAWeights(),
    ]
    history = fit(model, epochs=2, validation_data=(X, Y), callbacks=callbacks)
    # The first average is all of the first weights.
    average = trained[0]
    for weights in trained[1:]:
        pairs = zip(average, weights, strict=True)
        average = [0.5 * old + 0.5 * new for old, new in pairs]
    assert np.abs(average[0] - trained[-1][0]).max() > 1e-4
    assert_equal(
        arrays(model.trainable_variables), average, rtol=1e-5, atol=1e-6
    )
    loss = float(BINARY(Y[:, None], model.classifier(X)))
    np.testing.assert_allclose(history["val_loss"][-1], loss, rtol=1e-5)


def test_learning_rate_and_weight_schedules_over_fit():
    """Compiled once, weights follow the steps all the same."""
    schedules = keras.optimizers.schedules
    rate = schedules.PolynomialDecay(0.4, 4, end_learning_rate=0.0)
    ramp = schedules.PolynomialDecay(0.0, 4, end_learning_rate=2.0)
    terms = [adversarial(weight=ramp), virtual(start_step=2, weight=3.0)]
    optimizer = keras.optimizers.SGD(rate)
    model = training(functional, terms, optimizer, run_eagerly=False)
    plain, rates = [], []

    def begin(epoch, logs):
        rates.append(float(optimizer.learning_rate))
        plain.append(float(BINARY(Y[:, None], model.classifier(X))))

    def end(epoch, logs):
        backend.sync_state(model)

    callback = keras.callbacks.LambdaCallback(
        on_epoch_begin=begin, on_epoch_end=end
    )
    history = fit(model, epochs=4, batch_size=8, callbacks=[callback])
    np.testing.assert_allclose(rates, [0.4, 0.3, 0.2, 0.1], rtol=1e-5)
    expected = (
        np.array(plain)
        + np.array([0.0, 0.5, 1.0, 1.5]) * history["adversarial_loss"]
        + np.array([0, 0, 3, 3]) * history["virtual_adversarial_loss"]
    )
    np.testing.assert_allclose(history["loss"], expected, rtol=1e-5)
    assert min(history["virtual_adversarial_loss"]) > 0


# How steps are run

RUNS = {
    "graph": (0.5, both, {}),
    "two steps at once": (0.5, both, {"steps_per_execution": 2}),
    # XLA draws other random numbers: no noise and no dropout.
    "XLA": (0.0, lambda: [adversarial()], {"jit_compile": True}),
}


@pytest.mark.parametrize("dropout, terms, options", RUNS.values(), ids=RUNS)
def test_a_users_model_compiled_equals_running_eagerly(dropout, terms, options):
    results = []
    for each in ({"run_eagerly": True}, {"run_eagerly": False, **options}):
        make = functools.partial(functional, dropout=dropout)
        model = training(make, terms(), **each)
        history = fit(model, epochs=2)
        state = model.classifier.model.variables
        results.append([*history.values(), *arrays(state)])
    assert_equal(*results, rtol=1e-4, atol=1e-5)


CLASSES = {0: 0.5, 1: 3.0}
OF_CLASS = np.where(Y == 1, CLASSES[1], CLASSES[0])
WEIGHTINGS = {
    "sample weights": ({"sample_weight": WEIGHTS}, WEIGHTS),
    "class weights": ({"class_weight": CLASSES}, OF_CLASS),
    "weights of 0": ({"sample_weight": 1.0 - Y}, 1.0 - Y),
}


@EVERY
@pytest.mark.parametrize(
    "arguments, weights", WEIGHTINGS.values(), ids=WEIGHTINGS
)
def test_weights_count_in_the_terms_as_worked_out_by_hand(
    make, arguments, weights
):
    model = training(make, optimizer=keras.optimizers.SGD(0.0))
    history = fit(model, batch_size=8, **arguments)
    classifier = model.classifier
    classify = classifier.given(X, classifier.compute_mask(X))
    embedded = classifier.embed(X)
    signs = (1.0 - 2.0 * Y).astype("float32")

    def losses(embedded):
        return ops.softplus(signs * ops.squeeze(classify(embedded), -1))

    gradient = np.asarray(
        backend.input_gradient(lambda x: ops.sum(losses(x)), embedded)
    )
    length = np.sqrt(np.sum(gradient**2, axis=(1, 2), keepdims=True))
    moved = losses(embedded + EPSILON * gradient / length)
    # The mean over all rows, as Keras has it.
    clean = np.mean(weights * np.asarray(losses(embedded)))
    adversarial = np.mean(weights * np.asarray(moved))
    np.testing.assert_allclose(
        history["adversarial_loss"], adversarial, rtol=1e-5
    )
    (divergence,) = history["virtual_adversarial_loss"]
    plain = training(make, optimizer=keras.optimizers.SGD(0.0))
    # Predictions have no labels, and no weights.
    (expected,) = fit(plain, batch_size=8)["virtual_adversarial_loss"]
    np.testing.assert_allclose(divergence, expected, rtol=1e-5)
    np.testing.assert_allclose(
        history["loss"], clean + adversarial + divergence, rtol=1e-5
    )
