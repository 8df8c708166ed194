"""What every test shares: the backend, quiet logs, fresh seeds."""

import os
import sys

import pytest
from tiny_runs import advtext as advtext
from tiny_runs import refusal as refusal
from tiny_runs import tiny as tiny

# One core to each of pytest-xdist's workers: sharing them costs both.
CAN_PIN = hasattr(os, "sched_setaffinity")
CORES = sorted(os.sched_getaffinity(0)) if CAN_PIN else []
if CORES and (worker := os.environ.get("PYTEST_XDIST_WORKER")):
    number = int(worker.removeprefix("gw"))
    os.sched_setaffinity(0, {CORES[number % len(CORES)]})
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Float64 is the reference that float32 is compared with.
os.environ.setdefault("JAX_ENABLE_X64", "1")


# Files that take half a minute and more.
LONG = (
    "adversarial_training any_model any_model_guide attacks backends_agree cli "
    "image_experiments keras_callbacks keras_citizens lstm parallel perturb_at "
    "perturbed_at resume side_by_side table terms train_classifier"
).split()


def pytest_collection_modifyitems(items):
    """Takes long files first: no worker begins one when others are done."""
    items.sort(
        key=lambda item: item.path.stem.removeprefix("test_") not in LONG
    )


@pytest.fixture(autouse=True, scope="module")
def fresh_keras():
    """Clears what the tests of the file before left in Keras."""
    if keras := sys.modules.get("keras"):
        keras.backend.clear_session()


@pytest.fixture
def every_core():
    """Lets the processes that a test starts run on all cores.

    Not what longer-lived fixtures train: another number of cores rounds
    otherwise.
    """
    if not CORES:
        yield
        return
    mine = os.sched_getaffinity(0)
    os.sched_setaffinity(0, CORES)
    yield
    os.sched_setaffinity(0, mine)


@pytest.fixture(autouse=True)
def same_seed(fresh_keras):
    """Starts every test from the same seed; does not import Keras for it."""
    if keras := sys.modules.get("keras"):
        keras.utils.set_random_seed(0)
