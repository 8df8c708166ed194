"""Telling what an attack takes for its input, and what it does not."""

import math

import keras
import numpy as np
from keras import ops

from advtext.attacks.arguments import as_array
from advtext.quoting import quoted

# What arithmetic on a valid input may add to it, in units of the last place.
_ULPS = 4
_PRECISION = {
    "bfloat16": 2.0**-7,
    "float16": 2.0**-10,
    "float32": 2.0**-23,
    "float64": 2.0**-52,
}
_SEVERAL = (
    "`x` holds several inputs ({kind}), and an attack perturbs one. Attack a "
    "function of it, on the same rows of the others: attack(lambda image: "
    "model({{'image': image, 'meta': keras.ops.convert_to_tensor(meta)}}), "
    "image, y); batch by batch in a loop, with meta[i : i + n], "
    "image[i : i + n] and y[i : i + n] and without `batch_size`."
)


def check_one_array(x):
    """Raises `TypeError` if `x` is several inputs, sparse, or no array."""
    if x is None or isinstance(x, (str, bytes, bool, int, float, complex)):
        raise TypeError(
            "`x` must be an array (batch, ...), or a dataset of batches. "
            f"Received: {quoted(x)}."
        )
    if isinstance(x, dict):
        raise TypeError(_SEVERAL.format(kind="a dict"))
    if isinstance(x, (list, tuple)) and _shapes(x) > 1:
        raise TypeError(_SEVERAL.format(kind="arrays of several shapes"))
    kind = type(x)
    if _is_sparse(kind):
        raise TypeError(
            f"`x` is sparse or ragged ({kind.__module__}.{kind.__name__}), and "
            "an attack changes every number: give a dense array, such as "
            "x.toarray() of SciPy or tf.sparse.to_dense(x)."
        )


def as_tensor(x):
    """Returns an array as a tensor.

    Raises:
        TypeError: If it holds no numbers.
        ValueError: If its rows are not of one length.
    """
    if ops.is_tensor(x) or not isinstance(x, (np.ndarray, list, tuple)):
        return ops.convert_to_tensor(x)
    if isinstance(x, (list, tuple)) and any(map(ops.is_tensor, x)):
        return ops.convert_to_tensor(x)
    kind = as_array("x", x).dtype
    if kind.kind in "OSUmM":
        raise TypeError(
            "Only floating-point inputs can be perturbed. Received: `x` of "
            f"dtype {kind}."
        )
    return ops.convert_to_tensor(x)


def _shapes(x):
    """Returns of how many shapes the arrays in a list are."""
    return len({np.shape(part) for part in x if hasattr(part, "shape")})


def _is_sparse(kind):
    name = kind.__name__
    return kind.__module__.startswith("scipy.sparse") or any(
        word in name for word in ("Sparse", "Ragged", "BCOO", "BCSR")
    )


def check_type(x):
    """Raises `TypeError` unless `x` holds floating-point numbers."""
    dtype = keras.backend.standardize_dtype(x.dtype)
    if "float" not in dtype:
        raise TypeError(
            "Only floating-point inputs can be perturbed. Received: dtype "
            f"{dtype}. Convert images: x.astype('float32') / 255. For token "
            "ids perturb what the classifier embeds: attack("
            "classifier.given(token_ids), classifier.embed(token_ids), y)."
        )


def check_inputs(x, value_range):
    """Returns a tensor that can be perturbed, rounding errors clipped.

    Raises:
        TypeError: If `x` does not hold floating-point numbers.
        ValueError: If it holds NaN, infinities, or values out of range.
    """
    check_type(x)
    if not len(x.shape) or 0 in x.shape:
        raise ValueError(
            "An attack needs a batch of at least one example, (batch, ...), "
            "of at least one number each. "
            f"Received: shape {tuple(x.shape)}."
        )
    values = np.asarray(x)
    # NumPy's minimum of anything with NaN is NaN.
    lowest, highest = float(values.min()), float(values.max())
    if not (math.isfinite(lowest) and math.isfinite(highest)):
        raise ValueError("`x` holds NaN or infinite values.")
    if value_range is None:
        return x
    # As `x` itself may have been clipped, in its own precision.
    bounds = [float(b) for b in np.asarray(value_range).astype(values.dtype)]
    size = max(abs(bound) for bound in bounds if math.isfinite(bound))
    rounding = _ULPS * _PRECISION[str(values.dtype)] * size
    if not bounds[0] - rounding <= lowest <= highest <= bounds[1] + rounding:
        raise ValueError(
            f"`x` holds values from {values.min()!s} to {values.max()!s}, "
            f"outside of `value_range`={value_range}. Scale `x`, or set the "
            "range of its values."
        )
    if bounds[0] <= lowest and highest <= bounds[1]:
        return x
    return keras.ops.clip(x, *bounds)
