"""Every kind of model, with every term, head and kind of data: one table."""

import functools

import keras
import numpy as np
import pytest
from backends import ON_TENSORFLOW, dense
from keras import layers

from advtext import perturb_at
from advtext.attacks import FastGradient, ProjectedGradientDescent
from advtext.data import SemiSupervisedBatches
from advtext.models import TextClassifier
from advtext.training import (
    AdversarialLoss,
    AdversarialTraining,
    ConsistencyLoss,
    EntropyLoss,
    SmoothnessLoss,
    VirtualAdversarialLoss,
)

if ON_TENSORFLOW:
    import tensorflow as tf

SIZE, TIME, ROWS = 12, 5, 8
RANDOM = np.random.default_rng(0)
X = RANDOM.integers(1, SIZE, size=(ROWS, TIME))
X *= np.arange(TIME) < RANDOM.integers(2, TIME + 1, size=(ROWS, 1))
U = RANDOM.integers(1, SIZE, size=(6, TIME))
CLASSES = np.arange(ROWS) % 3


def tokens(**kwargs):
    return keras.Input((TIME,), dtype="int32", **kwargs)


def body(x, units=4):
    x = layers.Embedding(SIZE, 3, mask_zero=True, name="embedding")(x)
    x = layers.Dense(units, "tanh")(layers.Dropout(0.3)(x))
    x = layers.GlobalAveragePooling1D()(x)
    return layers.BatchNormalization()(x)


def functional(num_outputs):
    inputs = tokens()
    return keras.Model(inputs, layers.Dense(num_outputs)(body(inputs)))


def sequential(num_outputs):
    return keras.Sequential(
        [
            tokens(),
            layers.Embedding(SIZE, 3, name="embedding"),
            layers.Conv1D(4, 2, activation="tanh"),
            layers.Dropout(0.3),
            layers.GlobalMaxPooling1D(),
            layers.Dense(num_outputs),
        ]
    )


class Subclassed(keras.Model):
    def __init__(self, num_outputs):
        super().__init__()
        self.embedding = layers.Embedding(SIZE, 3, name="embedding")
        self.dropout = layers.Dropout(0.3)
        self.pool = layers.GlobalAveragePooling1D()
        self.dense = layers.Dense(num_outputs)

    def build(self, input_shape):
        self.embedding.build(input_shape)
        self.dense.build((None, 3))

    def call(self, inputs, training=False):
        pooled = self.pool(self.embedding(inputs))
        return self.dense(self.dropout(pooled, training=training))


def subclassed(num_outputs):
    model = Subclassed(num_outputs)
    model.build((None, TIME))
    return model


def nested(num_outputs):
    inner_inputs = tokens()
    inner = keras.Model(inner_inputs, body(inner_inputs), name="encoder")
    inputs = tokens()
    return keras.Model(inputs, layers.Dense(num_outputs)(inner(inputs)))


def two_inputs(num_outputs):
    text, kind = tokens(name="text"), keras.Input((1,), dtype="int32")
    table = layers.Embedding(3, 2, name="kinds")
    both = layers.Concatenate()([body(text), layers.Flatten()(table(kind))])
    return keras.Model([text, kind], layers.Dense(num_outputs)(both))


def native(num_outputs):
    classifier = TextClassifier(
        SIZE,
        embedding_dim=3,
        units=2,
        num_classes=max(num_outputs, 2),
        embedding_dropout=0.3,
    )
    classifier.embedding.adapt(np.arange(SIZE))
    return classifier


MODELS = {
    "functional": functional,
    "sequential": sequential,
    "subclassed": subclassed,
    "nested": nested,
    "two inputs": two_inputs,
    "native": native,
}
sparse = functools.partial(
    keras.losses.SparseCategoricalCrossentropy, from_logits=True
)
categorical = functools.partial(
    keras.losses.CategoricalCrossentropy, from_logits=True
)
binary = functools.partial(keras.losses.BinaryCrossentropy, from_logits=True)
HEADS = {
    "one logit": (1, binary, CLASSES % 2),
    "one logit, smoothed": (
        1,
        functools.partial(binary, label_smoothing=0.1),
        CLASSES % 2,
    ),
    "two logits": (2, sparse, CLASSES % 2),
    "integers": (3, sparse, CLASSES),
    "one-hot": (3, categorical, np.eye(3, dtype="float32")[CLASSES]),
    "one-hot, smoothed": (
        3,
        functools.partial(categorical, label_smoothing=0.1),
        np.eye(3, dtype="float32")[CLASSES],
    ),
    "some unlabelled": (3, sparse, np.where(CLASSES == 1, -1, CLASSES)),
    "labels": (3, binary, RANDOM.integers(0, 2, (ROWS, 3)).astype("float32")),
    "values": (
        3,
        keras.losses.MeanSquaredError,
        RANDOM.normal(size=(ROWS, 3)).astype("float32"),
    ),
}


def descent(epsilon):
    return ProjectedGradientDescent(
        epsilon, num_steps=2, norm="l2", random_start=True, seed=0
    )


def entropy(epsilon, **kwargs):
    return EntropyLoss(**kwargs)


TERMS = {
    "adversarial": lambda epsilon, **kwargs: AdversarialLoss(
        FastGradient(epsilon), **kwargs
    ),
    "accumulated": lambda epsilon, **kwargs: AdversarialLoss(
        descent(epsilon), accumulate_gradients=True, **kwargs
    ),
    "virtual": lambda epsilon, **kwargs: VirtualAdversarialLoss(
        epsilon, seed=0, **kwargs
    ),
    "smoothness": lambda epsilon, **kwargs: SmoothnessLoss(
        descent(epsilon), **kwargs
    ),
    "symmetric": lambda epsilon, **kwargs: SmoothnessLoss(
        descent(epsilon), symmetric=True, **kwargs
    ),
    "consistency": lambda epsilon, **kwargs: ConsistencyLoss(**kwargs),
    "entropy": entropy,
}
# At a length of 0 the gradients of these are 0, too.
ZERO = "virtual", "smoothness", "symmetric"


def inputs_of(model, x):
    if isinstance(x, dict):
        return {name: inputs_of(model, each) for name, each in x.items()}
    if len(getattr(model, "inputs", None) or ()) == 2:
        return [x, np.arange(len(x))[:, None] % 3]
    return x


def adversarial(model, terms, loss, **kwargs):
    classifier = model
    if not isinstance(model, TextClassifier):
        classifier = perturb_at(model, "embedding")
    training = AdversarialTraining(classifier, terms)
    training.compile(keras.optimizers.SGD(0.1), loss, **kwargs)
    return training


def terms_of(head, names, epsilon=1.0):
    return [
        TERMS[name](epsilon, name=name)
        for name in names
        if (head, name) != ("values", "entropy")
    ]


# Every head, and every kind at least once.
PAIRS = [(list(MODELS)[i % len(MODELS)], head) for i, head in enumerate(HEADS)]


def loss_and_labels(kind, head):
    num_outputs, loss, y = HEADS[head]
    if kind == "native" and head == "two logits":
        # Two classes are one logit of a native classifier.
        loss = binary
    return num_outputs, loss(), y


@pytest.mark.parametrize("kind, head", PAIRS)
def test_every_term_moves_every_weight(kind, head):
    num_outputs, loss, y = loss_and_labels(kind, head)
    model = MODELS[kind](num_outputs)
    number, x = len(model.weights), inputs_of(model, X)
    terms = terms_of(head, TERMS)
    training = adversarial(model, terms, loss, run_eagerly=True)
    before = [np.asarray(v) for v in model.trainable_variables]
    history = training.fit(x, y, batch_size=ROWS, verbose=0).history
    assert set(history) == {"loss", *(term.name for term in terms)}
    for name, (value,) in history.items():
        assert np.isfinite(value), name
        assert value > 0, name
    assert len(model.weights) == number
    for variable, old in zip(model.trainable_variables, before, strict=True):
        assert np.any(np.asarray(variable) != old), variable.path


@pytest.mark.parametrize("term", TERMS)
@pytest.mark.parametrize("kind", ["two inputs"])
def test_every_term_alone_reaches_every_weight(kind, term):
    model = MODELS[kind](3)
    x, gradients = inputs_of(model, X), []
    for terms in ([], [TERMS[term](1.0)]):
        training = adversarial(model, terms, sparse(), run_eagerly=True)
        keras.utils.set_random_seed(0)
        found, _ = training.compute_gradients(x, CLASSES)
        gradients.append(list(map(dense, found)))
    for variable, plain, more in zip(
        model.trainable_variables, *gradients, strict=True
    ):
        assert np.isfinite(more).all(), variable.path
        assert np.any(more != plain), variable.path


@pytest.mark.parametrize("kind, head", PAIRS)
def test_epsilon_0_is_plain_training_to_the_bit(kind, head):
    num_outputs, loss, y = loss_and_labels(kind, head)
    # What Keras itself does with a label of -1 is not plain training.
    known = np.all(np.reshape(y, (ROWS, -1)) >= 0, axis=1)
    rows = slice(None) if head == "values" else known
    x = inputs_of(MODELS[kind](num_outputs), X[rows])

    def fit(terms):
        keras.utils.set_random_seed(0)
        model = training = MODELS[kind](num_outputs)
        if terms is None:
            optimizer = keras.optimizers.SGD(0.1)
            model.compile(optimizer, loss, run_eagerly=True)
        else:
            training = adversarial(model, terms, loss, run_eagerly=True)
        keras.utils.set_random_seed(0)
        history = training.fit(
            x, y[rows], batch_size=ROWS, epochs=3, shuffle=False, verbose=0
        ).history
        return history, [np.asarray(v) for v in model.weights]

    expected, weights = fit(None)
    history, ours = fit(terms_of(head, ZERO, 0.0))
    assert [history[name] for name in ZERO] == [[0.0] * 3] * len(ZERO)
    np.testing.assert_allclose(history["loss"], expected["loss"], rtol=1e-6)
    # The rows of the table that is not perturbed are added up before the step
    # on TensorFlow, not one by one.
    atol = 1e-6 if kind == "two inputs" else 0.0
    for one, other in zip(ours, weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=0.0, atol=atol)


class Rows(keras.utils.PyDataset):
    def __init__(self, x, y):
        super().__init__()
        self.x, self.y = x, y

    def __len__(self):
        return 2

    def __getitem__(self, index):
        part = slice(4 * index, 4 * index + 4)
        cut = keras.tree.map_structure(lambda a: a[part], self.x)
        # Keras makes a dataset of it, which takes a list for one tensor.
        return tuple(cut) if isinstance(cut, list) else cut, self.y[part]


def tf_data(x, y):
    # A dataset takes a list for one tensor.
    x = tuple(x) if isinstance(x, list) else x
    return tf.data.Dataset.from_tensor_slices((x, y)).batch(4)


DATA = {
    "numpy": lambda x, y: {"x": x, "y": y, "batch_size": 4},
    "PyDataset": lambda x, y: {"x": Rows(x, y)},
    **({"tf.data": lambda x, y: {"x": tf_data(x, y)}} if ON_TENSORFLOW else {}),
}


@pytest.mark.parametrize("kind", ["subclassed", "two inputs"])
def test_every_kind_of_data_gives_the_same(kind):
    results = []
    for make in DATA.values():
        keras.utils.set_random_seed(0)
        model = MODELS[kind](3)
        training = adversarial(
            model, terms_of("integers", TERMS), sparse(), run_eagerly=True
        )
        data = make(inputs_of(model, X), CLASSES)
        keras.utils.set_random_seed(0)
        history = training.fit(**data, shuffle=False, verbose=0).history
        results.append([*history.values(), *map(np.asarray, model.weights)])
    for result in results[1:]:
        for ours, theirs in zip(result, results[0], strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("head", ["one logit", "values"])
@pytest.mark.parametrize("kind", ["two inputs"])
def test_labelled_and_unlabelled_side_by_side(kind, head):
    num_outputs, loss, y = HEADS[head]
    model = MODELS[kind](num_outputs)
    training = adversarial(
        model, terms_of(head, TERMS), loss(), run_eagerly=True
    )
    x = inputs_of(model, {"labelled": X, "unlabelled": U})
    gradients, logits = training.compute_gradients(x, y)
    assert logits.shape == (ROWS, num_outputs)
    for variable, gradient in zip(
        model.trainable_variables, gradients, strict=True
    ):
        assert np.any(dense(gradient)), variable.path


def test_semi_supervised_batches_feed_any_model():
    model = functional(3)
    training = adversarial(model, terms_of("integers", TERMS), sparse())
    batches = SemiSupervisedBatches((X, CLASSES), U, 4, 3)
    history = training.fit(batches, epochs=2, verbose=0).history
    assert set(history) == {"loss", *TERMS}
    assert np.isfinite(list(history.values())).all()


def test_entropy_of_values_is_refused():
    model = functional(1)
    training = adversarial(model, [EntropyLoss()], "mse", run_eagerly=True)
    with pytest.raises(ValueError, match="values have no entropy"):
        training.fit(X, CLASSES.astype("float32"), verbose=0)
