import keras
import numpy as np
import pytest

from advtext.masks import mask_of, with_mask

X = np.random.default_rng(0).normal(size=(2, 3, 4)).astype("float32")
IDS = np.array([[5, 2, 0], [1, 0, 0]])


def test_reads_the_mask_that_keras_ties():
    embedded = keras.layers.Embedding(9, 4, mask_zero=True)(IDS)
    np.testing.assert_array_equal(mask_of(embedded), IDS != 0)
    without = keras.ops.convert_to_tensor(X)
    assert mask_of(without) is None
    both = mask_of([embedded, without])
    np.testing.assert_array_equal(both[0], IDS != 0)
    assert both[1] is None


def test_what_is_written_is_read_and_reaches_layers():
    x = keras.ops.convert_to_tensor(X)
    masked = with_mask(x, keras.ops.convert_to_tensor(IDS != 0))
    np.testing.assert_array_equal(mask_of(masked), IDS != 0)
    np.testing.assert_array_equal(masked, X)
    assert mask_of(x) is None, "the tensor itself stays as it is"
    mean = keras.layers.GlobalAveragePooling1D()(masked)
    np.testing.assert_allclose(mean[1], X[1, 0], rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_the_type_stays(dtype):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        x = keras.ops.convert_to_tensor(X, dtype)
        masked = with_mask(x, keras.ops.convert_to_tensor(IDS != 0))
    finally:
        keras.config.set_dtype_policy("float32")
    assert keras.backend.standardize_dtype(masked.dtype) == dtype
