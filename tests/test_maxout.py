import keras
import numpy as np
import pytest

from advtext.layers import Maxout


def test_contract(tmp_path):
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(6),
            Maxout(3),
            keras.layers.Dense(1),
        ]
    )
    x = np.random.default_rng(0).standard_normal((5, 4)).astype("float32")
    model.compile("sgd", "mse")
    model.fit(x, np.ones((5, 1)), verbose=0)
    before = model.predict(x, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), before)
    config = Maxout(3, name="m").get_config()
    assert Maxout.from_config(config).get_config() == config


@pytest.mark.parametrize("shape", [(2, 6), (2, 5, 6), (2, 3, 4, 6)])
def test_it_is_the_maximum_of_the_pieces(shape):
    x = np.random.default_rng(1).standard_normal(shape).astype("float32")
    layer = Maxout(3)
    found = np.asarray(layer(x))
    # Unit u has the features u, u + 2 and u + 4.
    expected = np.stack(
        [x[..., [u, u + 2, u + 4]].max(axis=-1) for u in (0, 1)], axis=-1
    )
    np.testing.assert_array_equal(found, expected)
    assert layer.compute_output_shape(shape) == found.shape


def test_one_piece_changes_nothing():
    x = np.array([[1.0, -2.0]], "float32")
    np.testing.assert_array_equal(np.asarray(Maxout(1)(x)), x)


@pytest.mark.parametrize("num_pieces", [0, -1, 2.0, True])
def test_wrong_number_of_pieces(num_pieces):
    with pytest.raises(ValueError, match="`num_pieces` must be an integer"):
        Maxout(num_pieces)


def test_features_that_cannot_be_divided():
    with pytest.raises(ValueError, match=r"multiple of `num_pieces`=4.*\(2, 6"):
        Maxout(4)(np.zeros((2, 6)))
