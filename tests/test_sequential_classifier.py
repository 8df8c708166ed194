import keras
import numpy as np
import pytest

from advtext.attacks import FastGradient
from advtext.models import SequentialClassifier
from advtext.training import AdversarialLoss, AdversarialTraining

X = np.random.default_rng(0).standard_normal((8, 4, 2)).astype("float32")
Y = np.arange(8) % 3


def classifier(num_embedding_layers=0):
    layers = [
        keras.layers.Flatten(),
        keras.layers.Dense(5, activation="relu"),
        keras.layers.Dropout(0.5),
        keras.layers.Dense(3),
    ]
    return SequentialClassifier(layers, num_embedding_layers)


@pytest.mark.parametrize("num_embedding_layers", [0, 2, 3])
def test_contract(tmp_path, num_embedding_layers):
    model = classifier(num_embedding_layers)
    logits = np.asarray(model(X))
    assert logits.shape == (8, 3)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.num_embedding_layers == num_embedding_layers
    np.testing.assert_array_equal(np.asarray(loaded(X)), logits)
    halves = model.classify(model.embed(X))
    np.testing.assert_array_equal(np.asarray(halves), logits)


def test_what_is_embedded():
    assert classifier(0).embed(X) is X
    model = classifier(2)
    model(X)
    kernel, bias = (np.asarray(w) for w in model.weights[:2])
    expected = np.maximum(X.reshape(8, -1) @ kernel + bias, 0.0)
    np.testing.assert_allclose(np.asarray(model.embed(X)), expected, rtol=1e-5)


def test_only_training_drops():
    model = classifier()
    plain = np.asarray(model(X))
    np.testing.assert_array_equal(np.asarray(model(X, training=False)), plain)
    assert np.any(np.asarray(model(X, training=True)) != plain)


@pytest.mark.parametrize("num_embedding_layers", [0, 2])
def test_one_step_moves_every_weight(num_embedding_layers):
    model = classifier(num_embedding_layers)
    model(X)
    before = model.get_weights()
    training = AdversarialTraining(
        model, [AdversarialLoss(FastGradient(0.1, norm="linf"))]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    training.compile(keras.optimizers.SGD(1.0), loss)
    training.fit(X, Y, verbose=0)
    for old, new in zip(before, model.get_weights(), strict=True):
        assert np.any(old != new)


@pytest.mark.parametrize("num_embedding_layers", [-1, 4, 1.0, True])
def test_wrong_place(num_embedding_layers):
    with pytest.raises(ValueError, match="below the number of layers, 4"):
        classifier(num_embedding_layers)


@pytest.mark.parametrize("between", [[], [keras.layers.Dropout(0.5)]])
def test_padding_is_masked_when_what_is_embedded_is_perturbed(between):
    layers = [
        keras.layers.Embedding(10, 4, mask_zero=True),
        *between,
        keras.layers.LSTM(3),
        keras.layers.Dense(2),
    ]
    model = SequentialClassifier(layers, 1 + len(between))
    right = np.array([[5, 7, 3, 0, 0], [4, 0, 0, 0, 0]])
    expected = np.asarray(model(right))
    for ids in (right, np.array([[0, 5, 0, 7, 3], [0, 0, 0, 0, 4]])):
        mask = model.compute_mask(ids)
        np.testing.assert_array_equal(mask, ids != 0)
        np.testing.assert_allclose(model(ids), expected, 1e-5, 1e-6)
        # A tensor of its own, as an attack makes it.
        embedded = keras.ops.convert_to_tensor(np.asarray(model.embed(ids)))
        found = model.given(ids)(embedded)
        np.testing.assert_allclose(found, expected, 1e-5, 1e-6)
