"""A table over kinds of models: a new kind is a new row."""

import functools

import keras
import numpy as np
import pytest
from keras import layers, ops

from advtext import backend, perturb_at
from advtext.attacks import FastGradient
from advtext.training import (
    AdversarialLoss,
    AdversarialTraining,
    Term,
    VirtualAdversarialLoss,
)

SIZE = 12
RANDOM = np.random.default_rng(0)
IDS = RANDOM.integers(1, SIZE, size=(6, 4))
IDS = IDS * (np.arange(4) < np.array([[4], [1], [3], [2], [4], [2]]))
NUMBERS = RANDOM.normal(size=(6, 3)).astype("float32")
Y = np.arange(6) % 2
REAL = IDS != 0
BINARY = keras.losses.BinaryCrossentropy(from_logits=True)


def embedding(name="embedding", **kwargs):
    return layers.Embedding(SIZE, 3, name=name, **kwargs)


def ids(name=None):
    return keras.Input((None,), dtype="int32", name=name)


def head(x):
    """Draws masks and moves statistics."""
    x = layers.BatchNormalization()(layers.Dropout(0.4)(x))
    return layers.Dense(1)(x)


def functional():
    inputs = ids()
    x = layers.Dropout(0.4)(embedding()(inputs))
    return keras.Model(inputs, head(layers.GlobalAveragePooling1D()(x)))


def sequential():
    """Takes its ids for floats, as Keras does."""
    return keras.Sequential(
        [
            keras.Input((None,)),
            embedding(),
            layers.GlobalMaxPooling1D(),
            layers.Dropout(0.4),
            layers.Dense(1),
        ]
    )


class Subclassed(keras.Model):
    """Takes no `training`: in Keras' `fit` its dropout does nothing."""

    def __init__(self):
        super().__init__()
        self.embedding = embedding()
        self.dropout = layers.Dropout(0.4)
        self.dense = layers.Dense(1)

    def build(self, input_shape):
        self.embedding.build(input_shape)
        self.dense.build((None, 3))

    def call(self, inputs):
        return self.dense(self.dropout(ops.mean(self.embedding(inputs), 1)))


class WithTraining(Subclassed):
    def __init__(self):
        super().__init__()
        self.normalization = layers.BatchNormalization()

    def build(self, input_shape):
        super().build(input_shape)
        self.normalization.build((None, 3))

    def call(self, inputs, training=False):
        x = self.dropout(self.embedding(inputs), training=training)
        x = self.normalization(ops.mean(x, axis=1), training=training)
        return self.dense(x)


def called(make):
    model = make()
    model(IDS)
    return model


def nested():
    inputs, outer = ids(), ids()
    encoder = keras.Model(inputs, embedding()(inputs), name="encoder")
    x = layers.GlobalAveragePooling1D()(encoder(outer))
    return keras.Model(outer, head(x))


class Block(layers.Layer):
    def __init__(self):
        super().__init__(name="block")
        self.embedding = embedding()
        self.dropout = layers.Dropout(0.4)

    def build(self, input_shape):
        self.embedding.build(input_shape)

    def call(self, inputs, training=False):
        x = self.dropout(self.embedding(inputs), training=training)
        return ops.mean(x, axis=1)


def subclassed_in_functional():
    inputs = ids()
    return keras.Model(inputs, head(Block()(inputs)))


def several_inputs(structure):
    words, numbers = ids("words"), keras.Input((3,), name="numbers")
    x = layers.GlobalAveragePooling1D()(embedding()(words))
    x = layers.Concatenate()([x, layers.Dropout(0.4)(numbers)])
    return keras.Model(structure(words, numbers), head(x))


def as_dict(words, numbers):
    return {"words": words, "numbers": numbers}


def as_list(words, numbers):
    return [words, numbers]


def as_tuple(words, numbers):
    return words, numbers


def shared():
    left, right = ids(), ids()
    table, pool = embedding(), layers.GlobalAveragePooling1D()
    x = layers.Concatenate()([pool(table(left)), pool(table(right))])
    return keras.Model([left, right], head(x))


def masked():
    inputs = ids()
    x = embedding(mask_zero=True)(inputs)
    x = layers.LSTM(2)(layers.SpatialDropout1D(0.4, name="dropout")(x))
    return keras.Model(inputs, layers.Dense(1)(x))


def hidden():
    inputs = keras.Input((3,))
    x = layers.Dropout(0.4)(layers.Dense(4, "tanh", name="dense")(inputs))
    x = layers.BatchNormalization(name="normalization")(x)
    x = layers.Dropout(0.4, name="dropout")(x)
    return keras.Model(inputs, head(x))


def bidirectional():
    inputs = ids()
    x = embedding(mask_zero=True)(inputs)
    x = layers.Bidirectional(
        layers.LSTM(2, return_sequences=True), name="both"
    )(x)
    return keras.Model(
        inputs, layers.Dense(1)(layers.GlobalAveragePooling1D()(x))
    )


def two_embeddings():
    inputs, pool = ids(), layers.GlobalAveragePooling1D()
    # The deeper one is run first.
    first = layers.Dense(2)(pool(embedding("masked", mask_zero=True)(inputs)))
    second = pool(embedding("unmasked")(inputs))
    return keras.Model(inputs, head(layers.Concatenate()([first, second])))


# What makes the model, where it is perturbed, its inputs, and the mask there.
BOTH_MASKS = np.concatenate(
    [np.repeat(REAL, 3, axis=1), np.ones((6, 12), "bool")], axis=1
)
KINDS = {
    "functional": (functional, None, IDS, None),
    "sequential": (sequential, "embedding", IDS, None),
    "subclassed": (lambda: called(Subclassed), None, IDS, None),
    "with training": (lambda: called(WithTraining), None, IDS, None),
    "nested": (nested, "encoder/embedding", IDS, None),
    "nested model itself": (nested, "encoder", IDS, None),
    "subclassed in functional": (
        subclassed_in_functional,
        "block/embedding",
        IDS,
        None,
    ),
    "dict": (
        lambda: several_inputs(as_dict),
        "embedding",
        as_dict(IDS, NUMBERS),
        None,
    ),
    "list": (
        lambda: several_inputs(as_list),
        "embedding",
        [IDS, NUMBERS],
        None,
    ),
    "tuple": (
        lambda: several_inputs(as_tuple),
        "embedding",
        (IDS, NUMBERS),
        None,
    ),
    "first call": (shared, ("embedding", 0), [IDS, IDS[::-1]], None),
    "second call": (shared, ("embedding", 1), [IDS, IDS[::-1]], None),
    "both calls": (
        shared,
        [("embedding", 0), ("embedding", 1)],
        [IDS, IDS[::-1]],
        None,
    ),
    "masked": (masked, "embedding", IDS, REAL),
    "behind a mask": (masked, "dropout", IDS, REAL),
    "hidden": (hidden, "dense", NUMBERS, None),
    "normalization": (hidden, "normalization", NUMBERS, None),
    "dropout": (hidden, "dropout", NUMBERS, None),
    "bidirectional": (bidirectional, "both", IDS, REAL),
    "two layers": (two_embeddings, ["masked", "unmasked"], IDS, BOTH_MASKS),
}
EVERY = pytest.mark.parametrize("kind", KINDS)


@functools.cache
def made(kind):
    """Returns a model and its classifier; tests put the variables back."""
    make, place, *_ = KINDS[kind]
    keras.utils.set_random_seed(0)
    model = make()
    layer, call = place if isinstance(place, tuple) else (place, None)
    return model, perturb_at(model, layer, call)


def values(variables):
    return [np.asarray(v) for v in variables]


def restore(variables, before):
    for variable, value in zip(variables, before, strict=True):
        variable.assign(value)


def assert_same(ours, theirs, rtol=0.0):
    for our, their in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(our, their, rtol=rtol, atol=rtol)


def compiled(model):
    # Linear in the gradients: on TensorFlow, Keras' Adam squares every row of a
    # table by itself where a token comes twice.
    optimizer = keras.optimizers.SGD(0.1, momentum=0.9)
    model.compile(optimizer, BINARY, run_eagerly=True)
    return model


def fit(model, x):
    """Takes three steps, and returns the history."""
    options = {"batch_size": 2, "shuffle": False, "verbose": 0}
    return compiled(model).fit(x, Y, **options).history


@EVERY
@pytest.mark.parametrize("training", [False, True], ids=["", "in training"])
def test_is_the_model_itself(kind, training):
    model, classifier = made(kind)
    *_, x, mask = KINDS[kind]
    before = values(model.variables)
    embedded = classifier.embed(x, training=training)
    seen = classifier.compute_mask(x)
    assert_same(values(model.variables), before)
    if mask is None:
        assert seen is None
    else:
        np.testing.assert_array_equal(seen, mask)
    in_training = {"training": training}
    # Without the argument, Keras' `fit` leaves it to the layers.
    in_fit = {} if kind == "subclassed" else in_training
    for ours, x_, theirs in (
        (classifier, x, in_training),
        (classifier.given(x), embedded, in_fit),
        (classifier.classify, embedded, in_fit),
    ):
        expected = np.asarray(model(x, **theirs))
        moved = values(model.variables)
        restore(model.variables, before)
        np.testing.assert_array_equal(ours(x_, **in_training), expected)
        assert_same(values(model.variables), moved)
        restore(model.variables, before)
    # Keras ties the mask to a copy.
    assert getattr(embedded, "_keras_mask", None) is None


@EVERY
def test_logits_depend_on_what_is_perturbed(kind):
    classifier, x = made(kind)[1], KINDS[kind][2]
    embedded = np.asarray(classifier.embed(x))
    noise = RANDOM.normal(size=embedded.shape).astype("float32")
    moved = classifier.given(x)(embedded + noise)
    assert np.all(np.asarray(moved) != np.asarray(classifier(x)))


@EVERY
def test_without_terms_equals_keras_bit_for_bit(kind):
    model, classifier = made(kind)
    before, x = values(model.variables), KINDS[kind][2]
    expected = fit(model, x)
    trained = values(model.variables)
    restore(model.variables, before)
    history = fit(AdversarialTraining(classifier, []), x)
    # The gradients of a shared table, and of several places, are added up in
    # another order.
    rtol = 1e-5 if "call" in kind or kind == "two layers" else 0.0
    assert history["loss"] == pytest.approx(expected["loss"], rel=rtol, abs=0)
    assert_same(values(model.variables), trained, rtol)
    restore(model.variables, before)


@EVERY
def test_masks_are_drawn_and_statistics_moved_once(kind):
    model, classifier = made(kind)
    before, x = values(model.variables), KINDS[kind][2]

    def step(*terms):
        restore(model.variables, before)
        training = compiled(AdversarialTraining(classifier, terms))
        gradients, logits = training.compute_gradients(x, Y)
        losses = [float(m.result()) for m in training.term_trackers]
        for gradient in gradients:
            assert np.any(ops.convert_to_numpy(gradient))
        return losses, values(model.variables), np.asarray(logits)

    def terms(epsilon):
        return (
            AdversarialLoss(FastGradient(epsilon)),
            VirtualAdversarialLoss(epsilon, seed=0),
        )

    _, expected, logits = step()
    clean = float(BINARY(Y, logits))
    losses, state, same = step(*terms(0.0))
    assert losses == [pytest.approx(clean, rel=1e-6), 0.0]
    assert_same([*state, same], [*expected, logits])
    losses, state, same = step(*terms(0.5))
    assert losses[0] > clean
    assert losses[1] > 0.0
    assert_same([*state, same], [*expected, logits])
    restore(model.variables, before)


def test_embed_gives_a_tensor_of_its_own():
    inputs = keras.Input((3,))
    x = layers.Dropout(0.4, name="dropout")(inputs)
    classifier = perturb_at(keras.Model(inputs, layers.Dense(1)(x)), "dropout")
    mine = ops.convert_to_tensor(NUMBERS)
    embedded = classifier.embed(mine)
    assert embedded is not mine
    np.testing.assert_array_equal(embedded, NUMBERS)
    assert not hasattr(mine, "_perturbed_at_inputs")


def test_inputs_are_cast_by_the_model_alone():
    inputs = keras.Input((3,))
    x = layers.Rescaling(1e-5, dtype="float32")(inputs)
    x = layers.Dense(2, name="dense", dtype="float32")(x)
    model = keras.Model(inputs, x)
    model.dtype_policy = "mixed_float16"
    # Too large for half precision.
    x = np.full((2, 3), 1e5, "float32")
    logits = np.asarray(perturb_at(model, "dense")(x))
    assert np.isfinite(logits).all()
    np.testing.assert_array_equal(logits, model(x))


class Encoder(layers.Layer):
    """Ties a mask to what it gives, of its own accord."""

    def __init__(self):
        super().__init__(name="encoder")
        self.inner = layers.Embedding(SIZE, 3, mask_zero=True)

    def call(self, inputs):
        return self.inner(inputs)


@pytest.mark.parametrize("make", [Encoder, nested], ids=["layer", "model"])
def test_a_mask_tied_within_the_layer_goes_on(make):
    inputs = ids()
    inner = Encoder()
    if make is nested:
        inner = keras.Sequential(
            [ids(), layers.Embedding(SIZE, 3, mask_zero=True)], name="encoder"
        )
    mean = layers.GlobalAveragePooling1D()(inner(inputs))
    model = keras.Model(inputs, layers.Dense(1)(mean))
    classifier = perturb_at(model, "encoder")
    np.testing.assert_array_equal(
        classifier.given(IDS)(classifier.embed(IDS)), model(IDS)
    )


def test_of_layers_behind_one_another_all_are_perturbed():
    inputs = keras.Input((4,))
    first = layers.Dense(3, "tanh", name="first")
    second = layers.Dense(2, "tanh", name="second")
    last = layers.Dense(1)
    model = keras.Model(inputs, last(second(first(inputs))))
    classifier = perturb_at(model, ["first", "second"])
    x = RANDOM.normal(size=(5, 4)).astype("float32")
    row = np.asarray(classifier.embed(x))
    noise = RANDOM.normal(size=row.shape).astype("float32")
    middle = second(first(x) + noise[:, :3])
    np.testing.assert_allclose(
        classifier.given(x)(row + noise), last(middle + noise[:, 3:]), 1e-5
    )
    for part in (slice(0, 3), slice(3, 5)):
        moved = row.copy()
        moved[:, part] += 1.0
        assert np.all(classifier.given(x)(moved) != model(x))

    model.compile("sgd", "mse", run_eagerly=True)

    class Moved(Term):
        def objective(self, clean):
            return lambda z: ops.mean(clean.classify(z + noise) ** 2)

    def by_hand():
        moved = second(first(x) + noise[:, :3]) + noise[:, 3:]
        return [ops.mean(last(moved) ** 2)]

    training = AdversarialTraining(classifier, [Moved()])
    training.compile("sgd", run_eagerly=True)
    gradients, _ = training.compute_gradients(x, None)
    _, backward = backend.vjp(by_hand, model.trainable_variables)
    for ours, theirs in zip(
        gradients, backward([np.float32(1.0)]), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


def test_labelled_and_unlabelled_inputs_draw_their_own_masks():
    inputs = keras.Input((4,))
    dropped = layers.Dropout(0.5)(inputs)
    same = layers.Identity(name="place")(dropped)
    # 0 wherever both have the same mask.
    model = keras.Model(inputs, layers.Subtract()([same, dropped]))
    classifier, found = perturb_at(model, "place"), []

    class Seen(Term):
        def __init__(self, name, needs_labels):
            super().__init__(name=name)
            self.needs_labels = needs_labels

        def objective(self, clean):
            found.append(np.asarray(clean.embedded))
            assert not np.any(np.asarray(clean.logits))
            return lambda embedded: ops.mean(clean.classify(embedded))

    training = AdversarialTraining(
        classifier, [Seen("labelled", True), Seen("unlabelled", False)]
    )
    training.compile("sgd", "mse", run_eagerly=True)
    x = np.ones((6, 4), "float32")
    training.compute_gradients({"labelled": x, "unlabelled": x}, x)
    assert np.any(found[0] != found[1])
