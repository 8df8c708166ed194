import keras
import numpy as np
from keras import layers, ops

from advtext.models.stand_ins import needs_inputs, stand_ins


def network(skip=False):
    inputs = keras.Input((None,), dtype="int32")
    x = layers.Embedding(9, 3, mask_zero=True, name="embedding")(inputs)
    x = layers.GlobalAveragePooling1D(name="mean")(x)
    if skip:
        x = layers.Concatenate()(
            [x, layers.Embedding(9, 2, name="other")(inputs[:, 0])]
        )
    return keras.Model(inputs, layers.Dense(1)(x))


def test_a_way_beside_the_layer_needs_the_inputs():
    for name in ("embedding", "mean"):
        straight, beside = network(), network(skip=True)
        assert not needs_inputs(straight, straight.get_layer(name))
        assert needs_inputs(beside, beside.get_layer(name))


def test_a_layer_that_is_called_twice_needs_the_inputs():
    model = network()
    model.get_layer("embedding")(keras.Input((2,)))
    assert needs_inputs(model, model.get_layer("embedding"))


def test_stand_ins_tell_the_mask():
    embedded = ops.ones((2, 3, 4))
    found = stand_ins(network(), embedded)
    np.testing.assert_array_equal(found, np.ones((2, 3)))
    assert keras.backend.standardize_dtype(found.dtype) == "int32"
    mask = np.array([[True, True, False], [True, False, False]])
    found = stand_ins(network(), embedded, ops.convert_to_tensor(mask))
    np.testing.assert_array_equal(found, mask)
