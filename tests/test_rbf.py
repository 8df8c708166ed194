import keras
import numpy as np
import pytest

from advtext.layers import RBF

RANDOM = np.random.default_rng(0)
X = RANDOM.random((6, 5)).astype("float32")
CENTER = RANDOM.random((5, 3))
PRECISION = RANDOM.random((5, 3))


def layer(**kwargs):
    made = RBF(3, **kwargs)
    made.build((None, 5))
    made.set_weights([CENTER, PRECISION])
    return made


def exact():
    difference = X.astype("float64")[:, :, None] - CENTER
    return np.exp(-np.sum(PRECISION * difference**2, axis=1))


def test_contract(tmp_path):
    model = keras.Sequential([keras.Input((5,)), layer(return_logits=True)])
    model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
    model.fit(X, np.eye(3)[[0, 1, 2, 0, 1, 2]], verbose=0)
    before = model.predict(X, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), before)
    config = layer(precision_initializer="ones").get_config()
    assert RBF.from_config(config).get_config() == config


def test_values_against_float64():
    np.testing.assert_allclose(np.asarray(layer()(X)), exact(), rtol=1e-5)


def test_the_sigmoid_of_the_logits_is_the_value():
    logits = np.asarray(layer(return_logits=True)(X), "float64")
    np.testing.assert_allclose(1 / (1 + np.exp(-logits)), exact(), rtol=1e-5)


def test_at_the_centre_the_logit_is_large_and_finite():
    made = layer(return_logits=True)
    logits = np.asarray(made(CENTER.T.astype("float32")))
    assert np.all(np.isfinite(logits)) and np.all(np.diag(logits) > 10)


@pytest.mark.parametrize("return_logits", [False, True])
def test_far_away_no_unit_is_on_in_any_direction(return_logits):
    far = 100.0 * RANDOM.standard_normal((20, 5)).astype("float32")
    values = np.asarray(layer(return_logits=return_logits)(far), "float64")
    assert np.all(np.isfinite(values))
    assert np.all(values < (-20.0 if return_logits else 1e-6))


def test_precisions_stay_positive():
    made = layer()
    model = keras.Sequential([keras.Input((5,)), made])
    model.compile(keras.optimizers.SGD(10.0), "mse")
    model.fit(X, np.ones((6, 3)), verbose=0)
    assert np.min(np.asarray(made.precision)) == 0.0


@pytest.mark.parametrize("units", [0, 1.5, True])
def test_wrong_number_of_units(units):
    with pytest.raises(ValueError, match="`units` must be an integer of"):
        RBF(units)
