"""The same step on every backend, each in a process of its own."""

import importlib.util
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

BACKENDS = ("tensorflow", "jax")
SCRIPT = pathlib.Path(__file__).with_name("one_step.py")


@pytest.fixture(scope="module")
def steps(tmp_path_factory):
    """The folder of both steps, and what the second process printed."""
    for backend in BACKENDS:
        if not importlib.util.find_spec(backend):
            pytest.skip(f"{backend} is not installed")
    folder = tmp_path_factory.mktemp("steps")
    for backend in BACKENDS:
        settings = {
            "KERAS_BACKEND": backend,
            "JAX_ENABLE_X64": "0",
            # Much is compiled, and little computed.
            "XLA_FLAGS": "--xla_backend_optimization_level=0",
        }
        process = subprocess.run(
            [sys.executable, SCRIPT, folder],
            env={**os.environ, **settings},
            capture_output=True,
            text=True,
        )
        assert process.returncode == 0, process.stderr
    return folder, process.stdout


def test_losses_logits_and_every_gradient_agree(steps):
    theirs, ours = (np.load(steps[0] / f"{b}.npz") for b in BACKENDS)
    assert len(ours) > 20 and set(ours) == set(theirs)
    for name in ours:
        size = np.linalg.norm(theirs[name])
        assert size > 0
        assert np.linalg.norm(ours[name] - theirs[name]) < 1e-4 * size


def test_a_saved_classifier_predicts_the_same_on_the_other(steps):
    assert steps[1] == "tensorflow.keras agrees\n"
