import functools

import keras
import numpy as np
import pytest
from keras import ops

from advtext import backend
from advtext.attacks import FastGradient
from advtext.data import (
    ArrayBatches,
    Corpus,
    DocumentBatches,
    SemiSupervisedBatches,
)
from advtext.evaluation import predict_documents, predict_logits
from advtext.layers import NormalizedEmbedding
from advtext.models import LanguageModel, TextClassifier
from advtext.models.encoder import build_lstm
from advtext.models.pooling import POOLINGS
from advtext.training import AdversarialTraining

COUNTS = np.arange(20)[::-1] * (np.arange(20) > 0)
LENGTHS = [7, 4, 1, 5]
EVERY = pytest.mark.parametrize(
    "bidirectional, pooling",
    [(both, pooling) for both in (False, True) for pooling in POOLINGS],
)


def documents(width=7):
    random = np.random.default_rng(0)
    ids = np.zeros((len(LENGTHS), width), "int32")
    for row, length in zip(ids, LENGTHS, strict=True):
        row[:length] = random.integers(1, 20, size=length)
    return ids


@functools.cache
def classifier(
    bidirectional=False, pooling="last", num_classes=3, dtype="float64"
):
    model = TextClassifier(
        20,
        embedding_dim=4,
        units=3,
        num_classes=num_classes,
        hidden_dim=5,
        bidirectional=bidirectional,
        pooling=pooling,
        dtype=dtype,
    )
    model.embedding.adapt(COUNTS)
    return model


def weight_gradients(model, ids):
    # The embeddings are perturbed nowhere: they stand in for "no input".
    *_, gradients, _ = backend.value_and_gradients(
        lambda x: (ops.sum(ops.square(model(ids))), None),
        model.trainable_variables,
        np.zeros(1),
    )
    return [np.asarray(g) for g in gradients]


@EVERY
def test_shapes_config_and_file(bidirectional, pooling, tmp_path):
    model = classifier(bidirectional, pooling, 3, "float32")
    logits = model(documents())
    assert logits.shape == (4, 3)
    again = TextClassifier.from_config(model.get_config())
    assert again.get_config() == model.get_config()
    path = tmp_path / "model.keras"
    model.save(path)
    loaded = keras.models.load_model(path)
    np.testing.assert_array_equal(loaded(documents()), logits)
    np.testing.assert_array_equal(loaded.embedding.token_counts, COUNTS)


@pytest.mark.parametrize("num_classes, width", [(2, 1), (3, 3), (5, 5)])
def test_two_classes_have_one_logit(num_classes, width):
    model = TextClassifier(
        20, embedding_dim=2, units=2, num_classes=num_classes
    )
    assert model(documents()).shape == (4, width)
    assert model.logits.activation is keras.activations.linear


@pytest.mark.parametrize("normalize", [True, False])
def test_one_step_of_keras_moves_every_weight(normalize):
    model = TextClassifier(
        20,
        embedding_dim=3,
        units=3,
        bidirectional=True,
        normalize_embedding=normalize,
    )
    kinds = {True: NormalizedEmbedding, False: keras.layers.Embedding}
    assert type(model.embedding) is kinds[normalize]
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile("adam", loss, run_eagerly=True)
    before = [np.asarray(v) for v in model.trainable_variables]
    model.fit(documents(), np.array([0, 1, 0, 1]), verbose=0)
    for old, new in zip(before, model.trainable_variables, strict=True):
        assert np.any(old != np.asarray(new)), new.path


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm_by_hand(x, kernel, recurrent_kernel, bias):
    """Returns the outputs of one document, `(time, units)`."""
    h = c = np.zeros(recurrent_kernel.shape[0])
    outputs = []
    for step in x:
        gates = step @ kernel + h @ recurrent_kernel + bias
        i, f, g, o = np.split(gates, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        outputs.append(h)
    return np.array(outputs)


@EVERY
def test_logits_equal_numpy(bidirectional, pooling):
    model = classifier(bidirectional, pooling)
    table = np.asarray(model.embedding.embeddings)
    weights = COUNTS / COUNTS.sum()
    mean = weights @ table
    table = (table - mean) / np.sqrt(weights @ (table - mean) ** 2 + 1e-6)
    pools = {
        "last": lambda outputs: outputs[-1],
        "max": lambda outputs: outputs.max(axis=0),
        "mean": lambda outputs: outputs.mean(axis=0),
    }
    parts = [pooling] if pooling != "concat" else ["last", "max", "mean"]
    for row, length, logits in zip(
        documents(), LENGTHS, np.asarray(model(documents())), strict=True
    ):
        embedded = table[row[:length]]
        pooled = []
        for lstm, order in zip(model.lstms, (1, -1), strict=False):
            outputs = lstm_by_hand(embedded[::order], *lstm.get_weights())
            pooled += [pools[part](outputs) for part in parts]
        kernel, bias = model.hidden.get_weights()
        hidden = np.maximum(np.concatenate(pooled) @ kernel + bias, 0)
        kernel, bias = model.logits.get_weights()
        np.testing.assert_allclose(
            logits, hidden @ kernel + bias, rtol=1e-10, atol=1e-12
        )


@EVERY
def test_padding_changes_no_logit_and_no_gradient(bidirectional, pooling):
    model = classifier(bidirectional, pooling)
    narrow, wide = documents(), documents(13)
    np.testing.assert_allclose(
        model(wide), model(narrow), rtol=1e-12, atol=1e-14
    )
    pairs = zip(
        weight_gradients(model, wide),
        weight_gradients(model, narrow),
        strict=True,
    )
    for ours, theirs in pairs:
        np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-14)


@EVERY
def test_padding_gets_no_gradient_and_moves_no_logit(bidirectional, pooling):
    model = classifier(bidirectional, pooling)
    ids = documents()
    mask = model.compute_mask(ids)
    embedded = model.embed(ids)
    gradient = backend.input_gradient(
        lambda x: ops.sum(model.classify(x, mask) ** 2), embedded
    )
    gradient, mask = np.asarray(gradient), np.asarray(mask)
    assert not gradient[~mask].any()
    assert gradient[mask].any(axis=-1).sum() >= len(LENGTHS)
    moved = np.asarray(embedded) + 7.0 * ~mask[:, :, None]
    np.testing.assert_allclose(
        model.classify(moved, mask), model(ids), rtol=1e-12
    )


@EVERY
def test_logits_do_not_depend_on_the_batch(bidirectional, pooling):
    model = classifier(bidirectional, pooling)
    ids = documents()
    together = np.asarray(model(ids))
    for row, length, logits in zip(ids, LENGTHS, together, strict=True):
        np.testing.assert_allclose(
            model(row[None, :length])[0], logits, rtol=1e-12, atol=1e-14
        )
    np.testing.assert_allclose(
        model(ids[::-1])[::-1], together, rtol=1e-12, atol=1e-14
    )


def test_dropout_is_one_mask_shared_over_time():
    model = classifier()
    ids = np.repeat(documents(), 50, axis=0)
    plain = np.asarray(model.embed(ids))
    ratio = np.asarray(model.embed(ids, training=True)) / plain
    assert set(np.unique(np.round(ratio, 6))) == {0.0, 2.0}
    assert np.all(ratio == ratio[:, :1])
    kept = ratio[:, 0].astype("bool")
    assert 0.4 < kept.mean() < 0.6
    assert len(np.unique(kept, axis=0)) == 2**4
    np.testing.assert_array_equal(model.embed(ids, training=False), plain)


def test_classify_without_a_mask_takes_every_step():
    model = classifier(True, "concat")
    embedded = model.embed(documents()[:1])
    np.testing.assert_allclose(
        model.classify(embedded), model(documents()[:1]), rtol=1e-12
    )


def test_forget_bias_and_recurrent_initializer():
    model = TextClassifier(
        9,
        embedding_dim=2,
        units=3,
        unit_forget_bias=False,
        recurrent_initializer="zeros",
    )
    assert not np.any(model.lstm.cell.bias)
    assert not np.any(model.lstm.cell.recurrent_kernel)
    bias = np.asarray(TextClassifier(9, units=3).lstm.cell.bias)
    np.testing.assert_array_equal(bias, [0] * 3 + [1] * 3 + [0] * 6)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (
            {"num_classes": 1},
            "`num_classes` must be an integer of at least 2.*=1",
        ),
        ({"pooling": "min"}, "`pooling` must be one of 'last'.*'min'"),
        ({"vocabulary_size": 0}, "`vocabulary_size` must be an integer"),
        ({"embedding_dim": -3}, "`embedding_dim` must be an integer.*=-3"),
        ({"units": 0}, "`units` must be an integer of at least 1.*=0"),
        ({"hidden_dim": 0}, "`hidden_dim` must be an integer of at least 1"),
        ({"embedding_dropout": 1.5}, "`embedding_dropout` must be a number"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    arguments = {"vocabulary_size": 9, "embedding_dim": 2, **arguments}
    with pytest.raises(ValueError, match=message):
        TextClassifier(**arguments)


def elsewhere(ids, place):
    """The same documents with their padding on the left, or in between."""
    random, moved = np.random.default_rng(1), np.zeros_like(ids)
    for row, real in zip(moved, ids, strict=True):
        real = real[real > 0]
        places = np.sort(random.permutation(len(row))[: len(real)])
        row[-len(real) :] = real if place == "left" else 0
        if place == "holes":
            row[:] = 0
            row[places] = real
    return moved


@EVERY
@pytest.mark.parametrize("place", ["left", "holes"])
def test_padding_is_left_out_wherever_it_stands(bidirectional, pooling, place):
    model, right = classifier(bidirectional, pooling), documents(9)
    ids = elsewhere(right, place)
    assert not np.array_equal(ids, right)
    expected = np.asarray(model(right))
    for found in (
        model(ids),
        model.freeze()(ids),
        model.freeze()(ids.astype("float32")),
        model(ids.astype("uint16")),
        predict_documents(model, ids),
        predict_documents(model.freeze(), list(ids)),
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    gradients = zip(
        weight_gradients(model, ids),
        weight_gradients(model, right),
        strict=True,
    )
    for mine, other in gradients:
        np.testing.assert_allclose(mine, other, rtol=1e-5, atol=1e-6)


def test_what_is_perturbed_stands_where_the_tokens_do():
    model, right = classifier(True, "concat"), documents(9)
    ids, labels = elsewhere(right, "left"), np.array([0, 1, 2, 1])
    moved = []
    for each in (right, ids):
        embedded, mask = model.embed(each), model.compute_mask(each)
        np.testing.assert_array_equal(mask, each != 0)
        attack = FastGradient(epsilon=1.0, norm="l2")
        found = attack(model.given(each), embedded, labels, mask=mask)
        found = np.asarray(found) - np.asarray(embedded)
        # Where all of ReLU is dead a row has no gradient.
        assert not found[each == 0].any() and found.any()
        moved.append([row[i != 0] for row, i in zip(found, each, strict=True)])
    for first, second in zip(*moved, strict=True):
        np.testing.assert_allclose(first, second, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_no_rows_have_no_logits(pooling):
    model = classifier(True, pooling)
    assert model(documents()[:0]).shape == (0, 3)
    assert model.freeze()(documents()[:0]).shape == (0, 3)


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "mixed_float16"])
def test_token_ids_do_not_collide_in_mixed_precision(dtype):
    options = {"embedding_dim": 4, "units": 3, "dtype": dtype}
    model = TextClassifier(9000, **options)
    language_model = LanguageModel(9000, num_candidates=0, **options)
    ids = np.array([[257, 258, 4097, 4098, 4099, 8191]])
    for each in (model, model.freeze(), language_model):
        np.testing.assert_array_equal(each(ids.astype("float32")), each(ids))
    head, hidden = language_model.heads[0], language_model(ids)
    head.adapt(np.arange(9000) + 1)
    loss = head(hidden, ops.convert_to_tensor(ids, "float32"))
    np.testing.assert_array_equal(loss, head(hidden, ids))


# Ids of rows that a vocabulary of 20 does not have.
OUTSIDE = np.array([[5, 20]]), np.array([[5, -1]]), np.array([[5, 2**32 + 5]])


@pytest.mark.parametrize("ids", OUTSIDE)
def test_ids_outside_of_the_vocabulary_are_refused(ids):
    classifier = TextClassifier(20, embedding_dim=2, units=2, hidden_dim=2)
    model = AdversarialTraining(classifier, [])
    for each in (classifier, model):
        each.compile(loss=keras.losses.BinaryCrossentropy(from_logits=True))
    y, good = np.array([1]), np.array([[5, 19]])
    pair = SemiSupervisedBatches((good, y), ids, batch_size=1)
    for use in (
        lambda: classifier(ids),
        lambda: classifier.predict(ids, verbose=0),
        lambda: classifier.evaluate(ids, y, verbose=0),
        lambda: classifier.fit(ids, y, verbose=0),
        lambda: model.fit({"labelled": good, "unlabelled": ids}, y),
        lambda: model.fit(ArrayBatches((ids, y)), verbose=0),
        lambda: model.fit(pair, verbose=0),
        lambda: model.evaluate(ids, y, verbose=0),
        lambda: predict_logits(classifier, ids),
    ):
        with pytest.raises(ValueError, match="must be from 0 to 19"):
            use()
    with pytest.raises(ValueError, match="must be (from|integers from) 0"):
        predict_documents(classifier, [[1], *ids])
    with pytest.raises(ValueError, match="must be (from|integers from) 0"):
        batches = DocumentBatches(Corpus.from_documents(ids, y), 1)
        model.fit(batches, verbose=0)


def test_seeds_are_drawn_as_by_keras():
    """Or all that was measured with a seed would be another training."""
    arguments = {"unit_forget_bias": True, "recurrent_initializer": "uniform"}
    found = []
    for layer in (
        lambda: build_lstm("lstm", 2, **arguments),
        lambda: keras.layers.LSTM(2, **arguments),
    ):
        keras.utils.set_random_seed(0)
        layer = layer()
        layer.build((1, 3, 4))
        found.append(layer.get_weights())
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_array_equal(ours, theirs)
