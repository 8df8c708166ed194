"""The few functions that differ between Keras backends.

Nothing outside this package names a backend's library.
"""

import keras

from advtext.backend.cores import num_cores as num_cores
from advtext.backend.matmul import matmul as matmul
from advtext.backend.matmul import matmul_dtype as matmul_dtype
from advtext.backend.precision import at_least_float32 as at_least_float32

if keras.backend.backend() == "tensorflow":
    from advtext.backend import tensorflow_parallel
    from advtext.backend.tensorflow import (
        COMMON_DIMENSIONS_ARE_FIXED as COMMON_DIMENSIONS_ARE_FIXED,
    )
    from advtext.backend.tensorflow import ERRORS as ERRORS
    from advtext.backend.tensorflow import (
        STEPS_ARE_COMPILED as STEPS_ARE_COMPILED,
    )
    from advtext.backend.tensorflow import add_gradients as add_gradients
    from advtext.backend.tensorflow import after as after
    from advtext.backend.tensorflow import compiled as compiled
    from advtext.backend.tensorflow import (
        enable_determinism as enable_determinism,
    )
    from advtext.backend.tensorflow import (
        expect_many_models as expect_many_models,
    )
    from advtext.backend.tensorflow import has_gpu as has_gpu
    from advtext.backend.tensorflow import input_gradient as input_gradient
    from advtext.backend.tensorflow import is_in_xla as is_in_xla
    from advtext.backend.tensorflow import is_symbolic as is_symbolic
    from advtext.backend.tensorflow import repeat as repeat
    from advtext.backend.tensorflow import step as step
    from advtext.backend.tensorflow import (
        steps_followed_by as steps_followed_by,
    )
    from advtext.backend.tensorflow import sync_state as sync_state
    from advtext.backend.tensorflow import (
        value_and_gradients as value_and_gradients,
    )
    from advtext.backend.tensorflow import vjp as vjp
    from advtext.backend.tensorflow_lstm import lstm as lstm
    from advtext.backend.tensorflow_optimizer import (
        apply_gradients as apply_gradients,
    )
    from advtext.backend.tensorflow_pooled_lstm import distinct as distinct
    from advtext.backend.tensorflow_pooled_lstm import (
        pooled_lstm as pooled_lstm,
    )
    from advtext.backend.tensorflow_tables import add_rows as add_rows
    from advtext.backend.tensorflow_tables import fused as fused

    parallel = tensorflow_parallel
elif keras.backend.backend() == "jax":
    from advtext.backend import jax_parallel
    from advtext.backend.jax import (
        COMMON_DIMENSIONS_ARE_FIXED as COMMON_DIMENSIONS_ARE_FIXED,
    )
    from advtext.backend.jax import ERRORS as ERRORS
    from advtext.backend.jax import STEPS_ARE_COMPILED as STEPS_ARE_COMPILED
    from advtext.backend.jax import add_gradients as add_gradients
    from advtext.backend.jax import add_rows as add_rows
    from advtext.backend.jax import after as after
    from advtext.backend.jax import apply_gradients as apply_gradients
    from advtext.backend.jax import compiled as compiled
    from advtext.backend.jax import enable_determinism as enable_determinism
    from advtext.backend.jax import expect_many_models as expect_many_models
    from advtext.backend.jax import fused as fused
    from advtext.backend.jax import has_gpu as has_gpu
    from advtext.backend.jax import input_gradient as input_gradient
    from advtext.backend.jax import is_symbolic as is_symbolic
    from advtext.backend.jax import repeat as repeat
    from advtext.backend.jax import step as step
    from advtext.backend.jax import steps_followed_by as steps_followed_by
    from advtext.backend.jax import sync_state as sync_state
    from advtext.backend.jax import value_and_gradients as value_and_gradients
    from advtext.backend.jax import vjp as vjp
    from advtext.backend.jax_lstm import lstm as lstm

    parallel = jax_parallel
else:
    raise ImportError(
        "advtext runs on Keras' TensorFlow and JAX backends. Received: "
        f"keras.backend.backend()={keras.backend.backend()!r}. Set the "
        "environment variable KERAS_BACKEND to tensorflow or jax before "
        "importing keras."
    )
