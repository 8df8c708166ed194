"""What every test shares: the backend, quiet logs, fresh seeds, real data."""

import os
import pathlib
import sys

import pytest
from tiny_runs import advtext as advtext
from tiny_runs import refusal as refusal
from tiny_runs import tiny as tiny

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


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


@pytest.fixture(scope="session")
def data_dir():
    """The folder of real reviews that the variable ADVTEXT_DATA names."""
    folder = os.environ.get("ADVTEXT_DATA")
    if not folder:
        pytest.skip(
            "no real data: set ADVTEXT_DATA to a folder with the files train, "
            "test and unsup"
        )
    folder = pathlib.Path(folder)
    if not folder.is_dir():
        pytest.fail(f"ADVTEXT_DATA={folder} is no folder")
    return folder
