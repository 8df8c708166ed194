"""What every test shares: the backend, quiet logs, fresh seeds."""

import os
import sys

import pytest
from tiny_runs import advtext as advtext
from tiny_runs import refusal as refusal
from tiny_runs import tiny as tiny

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Float64 is the reference that float32 is compared with.
os.environ.setdefault("JAX_ENABLE_X64", "1")


@pytest.fixture(autouse=True, scope="module")
def fresh_keras():
    """Clears what the tests of the file before left in Keras."""
    if keras := sys.modules.get("keras"):
        keras.backend.clear_session()


@pytest.fixture(autouse=True)
def same_seed(fresh_keras):
    """Starts every test from the same seed; does not import Keras for it."""
    if keras := sys.modules.get("keras"):
        keras.utils.set_random_seed(0)
