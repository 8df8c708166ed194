"""The few functions that differ between Keras backends.

Nothing outside this package names a backend's library.
"""

import keras

if keras.backend.backend() == "tensorflow":
    from advtext.backend.tensorflow import (
        enable_determinism as enable_determinism,
    )
    from advtext.backend.tensorflow import input_gradient as input_gradient
    from advtext.backend.tensorflow import (
        value_and_gradients as value_and_gradients,
    )
    from advtext.backend.tensorflow import vjp as vjp
    from advtext.backend.tensorflow_lstm import lstm as lstm
    from advtext.backend.tensorflow_matmul import matmul as matmul
    from advtext.backend.tensorflow_matmul import matmul_dtype as matmul_dtype
else:
    raise ImportError(
        "advtext runs on Keras' TensorFlow backend. Received: "
        f"keras.backend.backend()={keras.backend.backend()!r}. Set the "
        "environment variable KERAS_BACKEND=tensorflow before importing keras."
    )
