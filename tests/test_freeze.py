import json
import os
import subprocess
import sys
import zipfile

import keras
import numpy as np
import pytest
from backends import ON_TENSORFLOW
from keras import ops

import advtext
from advtext import backend
from advtext.attacks import FastGradient
from advtext.evaluation import predict_documents
from advtext.models import TextClassifier
from advtext.models.pooling import POOLINGS
from advtext.training import AdversarialTraining

COUNTS = np.array([0, 9, 5, 1, 2, 7, 1, 3, 4, 8])
IDS = np.array(
    [[3, 1, 4, 1, 5], [9, 2, 6, 0, 0], [0, 0, 0, 0, 0], [8, 0, 0, 0, 0]],
    "int32",
)


def classifier(**kwargs):
    kwargs = {"embedding_dim": 3, "units": 4, "hidden_dim": 5, **kwargs}
    model = TextClassifier(10, **kwargs)
    if kwargs.get("normalize_embedding", True):
        model.embedding.adapt(COUNTS)
    return model


def logits(model, ids=IDS):
    return np.asarray(ops.cast(model(ids, training=False), "float32"))


@pytest.mark.parametrize("num_classes", [2, 4])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("pooling", POOLINGS)
def test_the_logits_are_the_same(pooling, bidirectional, num_classes):
    model = classifier(
        pooling=pooling, bidirectional=bidirectional, num_classes=num_classes
    )
    np.testing.assert_allclose(
        logits(model.freeze()), logits(model), rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("pooling", POOLINGS)
def test_many_documents_of_any_length_have_the_same_logits(pooling):
    random = np.random.default_rng(0)
    ids = random.integers(1, 10, (21, 37))
    ids[np.arange(37) >= random.integers(0, 38, (21, 1))] = 0
    model = classifier(pooling=pooling, bidirectional=True, dtype="float64")
    frozen = model.freeze()
    for rows in (ids, ids[:1], np.pad(ids, ((0, 0), (0, 50)))):
        expected = np.asarray(model(rows))
        found = np.asarray(frozen(rows))
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(
            frozen.predict(rows, verbose=0), expected, rtol=1e-10, atol=1e-12
        )


@pytest.fixture
def distinct(monkeypatch):
    """The numbers of tokens for which distinct ones have been looked for."""
    if not ON_TENSORFLOW:
        pytest.skip("XLA compiles all of JAX")
    found, function = [], backend.distinct

    def spy(ids):
        found.append(ids.shape[0])
        return function(ids)

    monkeypatch.setattr(backend, "distinct", spy)
    return found


def test_frozen_documents_are_not_embedded_whole(distinct, monkeypatch):
    frozen = classifier().freeze()
    monkeypatch.setattr(TextClassifier, "embed", lambda *args, **kwargs: 1 / 0)
    frozen(IDS)
    assert distinct == [len(IDS)]


def test_what_is_trainable_or_rounded_or_replaced_is_embedded_whole(distinct):
    replaced = classifier().freeze()
    replaced.lstm.__class__ = keras.layers.LSTM
    half = classifier(dtype="mixed_bfloat16").freeze()
    for model in (classifier(), replaced, half):
        model(IDS)
    assert distinct == []


def test_a_frozen_classifier_is_perturbed_at_its_layers(distinct):
    model = classifier()
    frozen = model.freeze()
    expected = classifier(normalize_embedding=False)
    expected.set_weights(frozen.get_weights())
    rows = []
    for each in (frozen, expected):
        for layer in ("embedding", "lstm"):
            perturbed = advtext.perturb_at(each, layer)
            attack = FastGradient(epsilon=1.0, norm="l2")
            embedded = perturbed.embed(IDS)
            moved = attack(perturbed.given(IDS), embedded, np.ones(len(IDS)))
            rows.append((np.asarray(embedded), np.asarray(moved)))
    assert rows[0][0].shape == (*IDS.shape, 3)
    for found, other in zip(rows[:2], rows[2:], strict=True):
        for a, b in zip(found, other, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
    distinct.clear()
    frozen(IDS)
    assert distinct == [len(IDS)]


class Loud(TextClassifier):
    """Embeds in its own way."""

    def embed(self, inputs, training=False):
        return 2.0 * super().embed(inputs, training=training)


def test_a_class_that_embeds_in_its_own_way_does_so_frozen():
    model = Loud(10, embedding_dim=3, units=4)
    frozen = model.freeze()
    assert type(frozen) is Loud
    np.testing.assert_allclose(logits(frozen), logits(model), 1e-5, 1e-6)
    quiet = classifier(hidden_dim=30).freeze()
    quiet.set_weights(frozen.get_weights())
    assert np.abs(logits(quiet) - logits(frozen)).max() > 1e-3


def test_a_frozen_classifier_is_a_classifier_like_any_other():
    frozen = classifier().freeze()
    expected = logits(frozen)
    inputs = keras.Input((None,), dtype="int32")
    model = keras.Model(inputs, frozen(inputs))
    np.testing.assert_allclose(model.predict(IDS, verbose=0), expected, 1e-6)
    embedded, mask = frozen.embed(IDS), frozen.compute_mask(IDS)
    found = frozen.classify(embedded, mask)
    np.testing.assert_allclose(found, expected, 1e-5, 1e-6)
    attack = FastGradient(epsilon=1.0, norm="l2")
    moved = attack(lambda x: frozen.classify(x, mask), embedded)
    assert np.abs(np.asarray(moved - embedded)).max() > 1e-3
    # Thawed, it trains.
    frozen.trainable = True
    before = frozen.get_weights()
    training = AdversarialTraining(frozen)
    training.compile("sgd", keras.losses.BinaryCrossentropy(from_logits=True))
    training.fit(IDS, np.array([0, 1, 1, 0]), verbose=0)
    for old, new in zip(before, frozen.get_weights(), strict=True):
        assert not np.array_equal(old, new)


@pytest.mark.parametrize("within", ["itself", "a model", "training"])
def test_xla_compiles_a_frozen_classifier_if_told_to(within):
    model = frozen = classifier().freeze()
    expected = logits(frozen)
    if within == "a model":
        inputs = keras.Input((None,), dtype="int32")
        model = keras.Model(inputs, frozen(inputs))
    elif within == "training":
        model = AdversarialTraining(frozen)
    model.compile(
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
        jit_compile=True,
    )
    found = model.predict(IDS, verbose=0)
    np.testing.assert_allclose(found, expected, 1e-5, 1e-6)
    model.evaluate(IDS, np.array([0, 1, 1, 0]), verbose=0)


def test_what_is_predicted_follows_trainable(distinct):
    model = classifier()
    expected = predict_documents(model, list(IDS))
    assert distinct == []
    model.trainable = False
    np.testing.assert_allclose(
        predict_documents(model, list(IDS)), expected, 1e-5, 1e-6
    )
    assert len(distinct) == 1


@pytest.mark.skipif(not ON_TENSORFLOW, reason="loads it by TensorFlow")
def test_a_frozen_classifier_is_exported(tmp_path):
    import tensorflow as tf

    frozen = classifier(bidirectional=True, pooling="concat").freeze()
    frozen(IDS)
    signature = [keras.InputSpec("int32", (None, None))]
    frozen.export(tmp_path / "served", input_signature=signature, verbose=False)
    served = tf.saved_model.load(str(tmp_path / "served"))
    for ids in (IDS, IDS[:1], np.tile(IDS, (2, 3))):
        np.testing.assert_allclose(
            served.serve(ids), logits(frozen, ids), rtol=1e-5, atol=1e-6
        )
    assert served.serve(IDS[:0]).shape == (0, 1)


@pytest.mark.parametrize("dtype", ["mixed_float16", "mixed_bfloat16"])
def test_the_logits_of_mixed_precision_are_the_same(dtype):
    model = classifier(dtype=dtype, bidirectional=True, pooling="mean")
    frozen = model.freeze()
    assert frozen.dtype_policy.name == dtype
    assert frozen(IDS).dtype == model(IDS).dtype
    np.testing.assert_array_equal(logits(frozen), logits(model))


def test_the_table_is_normalized_by_hand():
    model = classifier(dtype="float64")
    table = np.asarray(model.embedding.embeddings)
    shares = COUNTS / COUNTS.sum()
    mean = shares @ table
    variance = shares @ (table - mean) ** 2
    frozen = model.freeze()
    assert type(frozen.embedding) is keras.layers.Embedding
    np.testing.assert_allclose(
        frozen.embedding.embeddings,
        (table - mean) / np.sqrt(variance + 1e-6),
        rtol=1e-12,
    )


def test_the_original_is_left_as_it_is_and_shares_nothing():
    model = classifier()
    before, config = model.get_weights(), model.get_config()
    frozen = model.freeze()
    expected = logits(frozen)
    assert model.get_config() == config and model.trainable
    assert len(model.trainable_variables) == len(frozen.weights)
    assert not frozen.trainable_variables
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    np.testing.assert_array_equal(model.embedding.token_counts, COUNTS)
    for variable in model.trainable_variables:
        variable.assign(variable + 1.0)
    np.testing.assert_array_equal(logits(frozen), expected)


def test_what_is_not_normalized_or_frozen_already_can_be_frozen():
    model = classifier(normalize_embedding=False)
    frozen = model.freeze()
    np.testing.assert_array_equal(logits(frozen), logits(model))
    np.testing.assert_array_equal(logits(frozen.freeze()), logits(model))


def test_the_drawn_weights_of_the_lstm_do_not_matter():
    frozen = classifier(recurrent_initializer="glorot_uniform").freeze()
    assert frozen.get_config()["recurrent_initializer"] == "zeros"
    assert np.any(frozen.lstm.cell.recurrent_kernel)


PROGRAM = """
import json, sys
import keras
import numpy as np
import advtext.models
model = keras.models.load_model(sys.argv[1])
ids = np.array(json.loads(sys.argv[2]))
print(json.dumps(model.predict(ids, verbose=0).tolist()))
"""


def test_a_fresh_process_loads_it_and_predicts_the_same(tmp_path):
    frozen = classifier(bidirectional=True, pooling="concat").freeze()
    frozen.save(tmp_path / "frozen.keras")
    with zipfile.ZipFile(tmp_path / "frozen.keras") as file:
        config = json.loads(file.read("config.json"))["config"]
    assert config["normalize_embedding"] is False
    loaded = keras.models.load_model(tmp_path / "frozen.keras")
    assert not loaded.trainable_variables
    arguments = [tmp_path / "frozen.keras", json.dumps(IDS.tolist())]
    printed = subprocess.check_output(
        [sys.executable, "-W", "error::UserWarning", "-c", PROGRAM, *arguments],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        stderr=subprocess.DEVNULL,
    )
    np.testing.assert_allclose(
        json.loads(printed), logits(frozen), rtol=1e-5, atol=1e-6
    )
