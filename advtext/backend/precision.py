import keras
from keras import ops

_HALF = ("float16", "bfloat16")


def at_least_float32(x):
    """Returns a tensor, as float32 if its type has fewer bits."""
    x = ops.convert_to_tensor(x)
    if keras.backend.standardize_dtype(x.dtype) in _HALF:
        return ops.cast(x, "float32")
    return x
