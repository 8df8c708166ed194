import keras
import numpy as np
import pytest

from advtext.models import Classifier

X = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")


@keras.saving.register_keras_serializable("advtext_tests")
class Mine(Classifier):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dropout = keras.layers.Dropout(0.5)
        self.dense = keras.layers.Dense(3)

    def build(self, input_shape):
        self.dense.build(input_shape)
        self.built = True

    def compute_mask(self, inputs, previous_mask=None):
        return inputs[:, :1] > 0

    def embed(self, inputs, training=False):
        return 2.0 * inputs

    def classify(self, embedded, mask=None, training=False):
        assert mask is not None
        return self.dense(self.dropout(embedded, training=training))


def test_is_an_ordinary_keras_model(tmp_path):
    model = Mine()
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(True))
    model.fit(X, np.arange(6) % 3, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(X), model(X))
    assert model.predict(X, verbose=0).shape == (6, 3)


def test_calls_classify_on_what_embed_gave():
    model = Mine()
    model.build(X.shape)
    kernel, bias = model.dense.get_weights()
    expected = 2.0 * X @ kernel + bias
    np.testing.assert_allclose(model(X), expected, rtol=1e-5, atol=1e-6)
    assert np.any(np.asarray(model(X, training=True)) != expected)


def test_input_is_its_own_embedding_by_default():
    model = Classifier()
    assert model.embed(X) is X
    assert model.compute_mask(X) is None


def test_logits_carry_no_mask():
    model = Mine()
    logits = model(X)
    assert getattr(logits, "_keras_mask", None) is None
    assert not model.supports_masking


def test_classify_must_be_overridden():
    with pytest.raises(NotImplementedError, match="must override `classify`"):
        Classifier().classify(X)
