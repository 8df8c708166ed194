import functools
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from backends import results_and_gradients
from keras import layers, ops

from advtext import perturb_at
from advtext.attacks import FastGradient, ProjectedGradientDescent
from advtext.layers import LSTM, NormalizedEmbedding
from advtext.models import TextClassifier
from advtext.models.pooling import pool, reverse
from advtext.training import (
    AdversarialLoss,
    AdversarialTraining,
    Term,
    VirtualAdversarialLoss,
)

SIZE = 12
RANDOM = np.random.default_rng(0)
FULL = RANDOM.integers(1, SIZE, size=(6, 5))
PADDED = FULL * (np.arange(5) < np.array([[5], [1], [3], [4], [2], [5]]))
Y = np.arange(6) % 2
BINARY = keras.losses.BinaryCrossentropy(from_logits=True)


def adversarial():
    return AdversarialLoss(FastGradient(0.7))


def virtual(epsilon=0.9):
    return VirtualAdversarialLoss(epsilon, seed=0)


class Reversed(layers.Layer):
    def call(self, inputs, real):
        return reverse(inputs, real)


def functional_copy(native, embedding):
    """Returns a `TextClassifier` as a functional model of the same weights."""
    inputs = keras.Input((5,), dtype="int32")
    mask = ops.not_equal(inputs, 0)
    dropout = layers.SpatialDropout1D(
        native.embedding_dropout.rate, name="dropout"
    )
    embedded = dropout(embedding(SIZE, 3, name="embedding")(inputs))
    sides = [embedded]
    if native.bidirectional:
        sides.append(Reversed()(embedded, mask))
    pooled = [
        pool(LSTM(2, return_sequences=True)(side), mask, native.pooling)
        for side in sides
    ]
    x = pooled[0] if len(pooled) == 1 else ops.concatenate(pooled, axis=-1)
    x = layers.Dense(4, "relu")(x)
    copy = keras.Model(inputs, layers.Dense(1)(x))
    copy.set_weights(native.get_weights())
    if dropout.rate:
        state = native.embedding_dropout.seed_generator.state
        dropout.seed_generator.state.assign(state)
    return copy


def step(classifier, terms, x):
    """Returns the losses, the clean logits and all gradients of a step."""
    model = AdversarialTraining(classifier, terms)
    model.compile("sgd", BINARY, run_eagerly=True)
    gradients, logits = model.compute_gradients(x, Y)
    trackers = [model.metrics[0], *model.term_trackers]
    losses = [float(tracker.result()) for tracker in trackers]
    return [losses, logits, *map(ops.convert_to_numpy, gradients)]


masked_embedding = functools.partial(layers.Embedding, mask_zero=True)


# Of padded rows VAT needs the mask: its first direction is drawn where tokens
# are. `NormalizedEmbedding` gives none.
@pytest.mark.parametrize(
    "terms",
    [[adversarial], [virtual], [adversarial, virtual]],
    ids=["AT", "VAT", "both"],
)
@pytest.mark.parametrize(
    "embedding, x, place, options",
    [
        (NormalizedEmbedding, FULL, "embedding", {}),
        (masked_embedding, PADDED, "embedding", {}),
        (NormalizedEmbedding, FULL, "dropout", {"embedding_dropout": 0.5}),
        (
            NormalizedEmbedding,
            FULL,
            "embedding",
            {"bidirectional": True, "pooling": "max"},
        ),
    ],
    ids=["normalized", "padded", "dropout", "both directions"],
)
def test_equals_the_native_classifier(embedding, x, place, options, terms):
    normalize = embedding is NormalizedEmbedding
    options = {"embedding_dropout": 0.0, **options}
    native = TextClassifier(
        SIZE, 3, 2, hidden_dim=4, normalize_embedding=normalize, **options
    )
    if normalize:
        native.embedding.adapt(np.arange(SIZE))
    copy = functional_copy(native, embedding)
    theirs = step(native, [term() for term in terms], x)
    ours = step(perturb_at(copy, place), [term() for term in terms], x)
    assert min(ours[0]) > 0
    for our, their in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(our, their, rtol=1e-5, atol=1e-7)


class Fails(layers.Layer):
    """Gives its input, until it is told to fail."""

    failing = False

    def call(self, inputs):
        if self.failing:
            raise RuntimeError("fails when told to")
        return 1.0 * inputs


def model(last=Fails):
    inputs = keras.Input((None,), dtype="int32")
    x = layers.Embedding(SIZE, 3, name="embedding")(inputs)
    x = layers.BatchNormalization()(layers.Dropout(0.5)(x))
    x = layers.LSTM(2, name="lstm")(x)
    return keras.Model(inputs, last()(layers.Dense(1)(x)), name="mine")


def looks(model):
    """Returns what a user sees of a model, but for its numbers."""
    lines = []
    model.summary(print_fn=lines.append)
    nodes = [
        (len(layer._inbound_nodes), len(layer._outbound_nodes))
        for layer in model.layers
    ]
    return (
        lines,
        nodes,
        [id(layer) for layer in model.layers],
        [v.path for v in model.variables],
        [sorted(layer.__dict__) for layer in model.layers],
    )


def test_the_model_stays_what_it_is(tmp_path):
    mine = model(layers.Identity)
    mine.compile("sgd", BINARY)
    before, predict = looks(mine), mine.predict(PADDED, verbose=0)
    training = AdversarialTraining(
        perturb_at(mine, "lstm"), [adversarial(), virtual()]
    )
    training.compile("adam", BINARY, metrics=["accuracy"])
    options = {"batch_size": 6, "verbose": 0}
    history = training.fit(PADDED, Y, epochs=2, **options).history
    assert set(history) == {
        "loss",
        "accuracy",
        "adversarial_loss",
        "virtual_adversarial_loss",
    }
    assert looks(mine) == before
    assert training.classifier.model is mine
    after = mine.predict(PADDED, verbose=0)
    assert np.all(after != predict)
    np.testing.assert_allclose(
        training.predict(PADDED, verbose=0), after, rtol=1e-6
    )
    # What the two files hold is the same model.
    training.save(tmp_path / "training.keras")
    mine.save(tmp_path / "mine.keras")
    for name in ("training", "mine"):
        loaded = keras.models.load_model(tmp_path / f"{name}.keras")
        assert type(loaded) is type(mine)
        assert type(loaded.optimizer) is keras.optimizers.SGD
        for our, their in zip(loaded.weights, mine.weights, strict=True):
            np.testing.assert_array_equal(our, their)
    loads_in_a_fresh_process(tmp_path / "training.keras", after)
    # And it trains on as ever.
    mine.fit(PADDED, Y, **options)


def loads_in_a_fresh_process(path, expected):
    np.savez(path.with_suffix(".npz"), x=PADDED, expected=expected)
    script = f"""
import sys
import keras, numpy as np
model = keras.models.load_model({str(path)!r})
data = np.load({str(path.with_suffix(".npz"))!r})
predicted = model.predict(data["x"], verbose=0)
np.testing.assert_allclose(predicted, data["expected"], rtol=0, atol=1e-6)
print("advtext" in sys.modules)
"""
    result = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", script],
        env={**os.environ, "KERAS_BACKEND": keras.backend.backend()},
        cwd=path.parent,
        capture_output=True,
        text=True,
    )
    assert result.stdout == "False\n", result.stderr


def test_the_model_stays_what_it_is_after_an_error():
    mine = model()
    before = [np.asarray(v) for v in mine.variables]
    seen = looks(mine)

    class Breaks(Term):
        def objective(self, clean):
            mine.layers[-1].failing = True
            return lambda embedded: ops.mean(clean.classify(embedded))

    training = AdversarialTraining(
        perturb_at(mine), [virtual(0.0), Breaks(name="breaks")]
    )
    training.compile("adam", BINARY, run_eagerly=True)
    with pytest.raises(RuntimeError, match="fails when told to"):
        training.compute_gradients(PADDED, Y)
    with pytest.raises(RuntimeError, match="fails when told to"):
        training.classifier(PADDED)
    del mine.layers[-1].failing
    assert looks(mine) == seen
    for variable, old in zip(mine.variables, before, strict=True):
        # The clean pass was whole: masks and statistics have moved on.
        if variable.trainable:
            np.testing.assert_array_equal(variable, old)


def test_no_layer_catches_the_end_of_a_pass():
    caught = []

    class Catches(layers.Layer):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(3, name="inner")

        def build(self, input_shape):
            self.dense.build(input_shape)

        def call(self, inputs):
            try:
                return self.dense(inputs)
            except Exception as error:
                caught.append(error)
                return inputs

    mine = keras.Sequential([keras.Input((3,)), Catches(), layers.Dense(1)])
    x = np.ones((2, 3), "float32")
    classifier = perturb_at(mine, "inner")
    np.testing.assert_array_equal(
        classifier.given(x)(classifier.embed(x)), mine(x)
    )
    assert not caught


def two_inputs():
    words = keras.Input((5,), dtype="int32", name="words")
    kind = keras.Input((), dtype="int32", name="kind")
    embedded = layers.Embedding(SIZE, 3, name="embedding")(words)
    x = layers.Concatenate()(
        [
            layers.GlobalAveragePooling1D()(embedded),
            layers.Embedding(4, 2, name="kinds")(kind),
        ]
    )
    x = layers.Dense(4, "tanh")(x)
    return keras.Model({"words": words, "kind": kind}, layers.Dense(1)(x))


def test_what_is_not_perturbed_is_trained_by_every_pass():
    """The gradients of the total loss, written by hand."""
    mine, x = two_inputs(), {"words": FULL, "kind": np.arange(6) % 4}
    epsilon, weight = 0.7, 0.6
    variables = {v.path: v for v in mine.trainable_variables}
    arrays = [np.asarray(v) for v in variables.values()]
    order = [
        [p for p in variables if part in p]
        for part in ("embedding/", "kinds/", "dense")
    ]
    (words,), (kinds,), _ = [[variables[p] for p in each] for each in order]

    def cross_entropy(embedded, kinds, kernel, bias, last, last_bias):
        mean = ops.mean(embedded, axis=1)
        x_ = ops.concatenate([mean, ops.take(kinds, x["kind"], 0)], axis=1)
        z = ops.tanh(x_ @ kernel + bias) @ last + last_bias
        signs = ops.convert_to_tensor(2.0 * Y[:, None] - 1.0, "float32")
        return ops.mean(ops.softplus(-signs * z))

    def clean(embedded, *weights):
        return cross_entropy(embedded, *weights), ()

    def total(perturbation, table, *weights):
        embedded = ops.take(table, FULL, axis=0)
        loss = cross_entropy(embedded, *weights)
        moved = cross_entropy(embedded + perturbation, *weights)
        return loss + weight * moved, ()

    by_name = dict(zip(variables, arrays, strict=True))
    table, rest = by_name.pop(words.path), []
    rest = [by_name.pop(kinds.path), *by_name.values()]
    _, (gradient, *_) = results_and_gradients(
        clean, [table[FULL]], rest, "eager"
    )
    gradient = np.asarray(gradient)
    length = np.sqrt(np.sum(gradient**2, axis=(1, 2), keepdims=True))
    _, (_, *expected) = results_and_gradients(
        total, [epsilon * gradient / length], [table, *rest], "eager"
    )
    term = AdversarialLoss(FastGradient(epsilon), weight)
    _, _, *gradients = step(perturb_at(mine, "embedding"), [term], x)
    ours = dict(zip(variables, gradients, strict=True))
    ours = [ours.pop(words.path), ours.pop(kinds.path), *ours.values()]
    for our, their in zip(ours, expected, strict=True):
        np.testing.assert_allclose(
            our, ops.convert_to_numpy(their), rtol=1e-4, atol=1e-6
        )


class Ids(layers.Layer):
    def call(self, inputs):
        return ops.cast(inputs, "int32")


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__(name="subclassed")
        self.embedding = layers.Embedding(SIZE, 3, name="embedding")
        self.never = layers.Dense(2, name="never")
        self.never.build((None, 3))
        self.logits = layers.Dense(1)

    def build(self, input_shape):
        self.embedding.build(input_shape)
        self.logits.build((None, 3))

    def call(self, inputs):
        return self.logits(ops.mean(self.embedding(inputs), axis=1))


def stack(*inner, name="stack"):
    return keras.Sequential([keras.Input((5,)), *inner], name=name)


def embedded(*behind):
    return stack(layers.Embedding(SIZE, 3, name="embedding"), *behind)


def returning_states():
    inputs = keras.Input((5, 2))
    x, *_ = layers.LSTM(2, return_state=True, name="lstm")(inputs)
    return keras.Model(inputs, layers.Dense(1)(x))


def twice():
    inputs = keras.Input((5,), dtype="int32")
    table = layers.Embedding(SIZE, 3, name="embedding")
    x = layers.Add()([table(inputs), table(ops.flip(inputs, axis=1))])
    return keras.Model(inputs, layers.Dense(1)(layers.Flatten()(x)))


def mean(last=1, **kwargs):
    pooling = layers.GlobalAveragePooling1D(name="mean")
    return embedded(pooling, layers.Dense(last, **kwargs))


@pytest.mark.parametrize(
    "make, place, message",
    [
        (mean, ["embeding"], "no layer 'embeding'. Did you mean 'embedding'"),
        (twice, [], "calls the layer 'embedding' 2 times: .* call=0 to 1"),
        (twice, [None, 2], "`call` must be from 0 to 1: .* call=2"),
        (mean, [None, 1], "'embedding' once: leave `call` out"),
        (mean, [[]], r"names at least one, .* Received: layer=\[\]"),
        (
            mean,
            [["mean"], 0],
            r"with the calls beside them.*\['mean'\], call=0",
        ),
        (mean, [["mean", "mean"]], "different layers, or different calls"),
        (
            returning_states,
            ["lstm"],
            "'lstm' puts out 3 tensors; choose one that puts out a single",
        ),
        (
            lambda: stack(Ids(name="ids"), layers.Embedding(5, 2)),
            ["ids"],
            "'ids' puts out int32, .* such as the embedding of these integers",
        ),
        (
            lambda: keras.Sequential([layers.Dense(1)], name="unbuilt"),
            ["dense"],
            "'unbuilt' is not built: .* Call it once on a batch, or give it a",
        ),
        (Subclassed, [], "'subclassed' is not built"),
        (
            lambda: mean(2, activation="softmax"),
            [],
            "`stack` ends in 'softmax' .* activation=None .* from_logits=True",
        ),
        (
            lambda: mean(1, activation="sigmoid"),
            [],
            "ends in 'sigmoid' and gives probabilities",
        ),
        (
            lambda: embedded(layers.LSTM(2, name="lstm"), layers.Dense(1)),
            ["lstm_cell"],
            "runs step by step inside of 'lstm', .* Choose 'lstm'",
        ),
        (
            mean,
            [layers.Dense(1, name="other")],
            "'other' is not on the way to an output of the model 'stack'",
        ),
    ],
)
def test_what_cannot_be_perturbed_is_refused(make, place, message):
    with pytest.raises(ValueError, match=message):
        perturb_at(make(), *place)


@pytest.mark.parametrize(
    "other, kind", [(lambda x: x, "function"), (layers.Dense(1), "Dense")]
)
def test_other_models_are_refused(other, kind):
    with pytest.raises(TypeError, match=f"must be a Keras model.*type {kind}"):
        perturb_at(other, "embedding")


@pytest.mark.parametrize(
    "place, message",
    [
        (["never"], "'never' is not on the way to an output: .* not call it"),
        (["embedding", 3], "'embedding' once: leave `call` out"),
    ],
)
def test_of_a_subclassed_model_it_shows_when_it_runs(place, message):
    mine = Subclassed()
    mine(FULL)
    classifier = perturb_at(mine, *place)
    training = AdversarialTraining(classifier, [virtual()])
    training.compile("sgd", BINARY, run_eagerly=True)
    for run in (
        lambda: classifier.embed(FULL),
        lambda: classifier.compute_mask(FULL),
        lambda: training.compute_gradients(FULL, Y),
    ):
        with pytest.raises(ValueError, match=message):
            run()
    assert mine.predict(FULL, verbose=0).shape == (6, 1)


@pytest.mark.parametrize("sequential", [False, True])
def test_classify_needs_no_inputs_where_all_leads_through_the_layer(sequential):
    parts = [
        layers.Embedding(SIZE, 3, mask_zero=True, name="embedding"),
        layers.GlobalAveragePooling1D(),
        layers.Dense(1),
    ]
    inputs = keras.Input((None,), dtype="int32")
    if sequential:
        network = keras.Sequential([inputs, *parts])
    else:
        x = inputs
        for layer in parts:
            x = layer(x)
        network = keras.Model(inputs, x)
    classifier = perturb_at(network)
    noise = RANDOM.normal(size=(6, 5, 3)).astype("float32")
    for ids in (FULL, PADDED):
        moved = classifier.embed(ids) + noise
        found = classifier.classify(moved, mask=classifier.compute_mask(ids))
        np.testing.assert_array_equal(found, classifier.given(ids)(moved))
    everywhere = classifier.classify(moved)
    assert np.any(np.asarray(everywhere) != np.asarray(found))
    attack = FastGradient(0.5)
    found = attack(classifier.classify, classifier.embed(FULL), Y)
    expected = attack(classifier.given(FULL), classifier.embed(FULL), Y)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("place", ["embedding", ["embedding", "kinds"]])
def test_classify_says_that_it_needs_the_inputs(place):
    x = {"words": FULL, "kind": Y}
    classifier = perturb_at(two_inputs(), place)
    embedded = classifier.embed(x)
    np.testing.assert_array_equal(classifier.classify(embedded), classifier(x))
    with pytest.raises(ValueError, match=r"take classifier.given\(inputs\)"):
        classifier.classify(embedded + 1.0)


def test_a_mask_of_the_inputs_is_respected():
    ids = keras.Input((5,), dtype="int32", name="ids")
    real = keras.Input((5,), dtype="bool", name="real")
    x = layers.Embedding(SIZE, 3, name="embedding")(ids)
    logits = layers.Dense(1)(layers.Flatten()(x))
    model = keras.Model({"ids": ids, "real": real}, logits)
    batch = {"ids": FULL, "real": PADDED != 0}
    found = []

    class Seen(Term):
        def objective(self, clean):
            attack = ProjectedGradientDescent(
                1.0, num_steps=2, norm="l2", random_start=True, seed=0
            )
            found.append(
                attack.perturbation(
                    lambda z: clean.loss(clean.classify(z)),
                    clean.embedded,
                    clean.mask,
                )
            )
            return lambda embedded: ops.mean(embedded)

    for mask in (None, lambda inputs: inputs["real"]):
        step(perturb_at(model, mask=mask), [Seen(name="seen")], batch)
    everywhere, masked = (np.any(np.asarray(f) != 0, axis=-1) for f in found)
    assert everywhere.all()
    np.testing.assert_array_equal(masked, PADDED != 0)


def test_padding_of_a_masked_model_may_stand_on_the_left():
    model = keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            masked_embedding(SIZE, 3, name="embedding"),
            layers.LSTM(4),
            layers.Dense(1),
        ]
    )
    turned = np.array([np.roll(row, np.sum(row == 0)) for row in PADDED])
    assert np.any(turned[:, 0] == 0) and np.all(turned[:, -1])
    right, left = (
        step(perturb_at(model, "embedding"), [adversarial()], x)
        for x in (PADDED, turned)
    )
    for one, other in zip(right, left, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_a_fresh_stack_of_layers_is_taken():
    reader = keras.Sequential(
        [
            keras.Input((None,)),
            layers.Embedding(9, 4),
            layers.GlobalAveragePooling1D(),
            layers.Dense(1),
        ]
    )
    assert perturb_at(reader)(np.array([[1, 2]])).shape == (1, 1)
