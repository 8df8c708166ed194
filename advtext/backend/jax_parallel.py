"""Several devices, and several processes, by `keras.distribution`.

What the functions take and give is told once, in `tensorflow_parallel`.
"""

import atexit
import os
import re
import sys

import jax
import keras
import numpy as np
from jax.experimental import multihost_utils

# A process that is not heard of for so long is given up, and all with it.
_HEARTBEAT_SECONDS = 30

# How messages of the runtime begin, also in the `ValueError` that converting
# a result to NumPy raises.
_RUNTIME_STATUS = re.compile(
    "(ABORTED|DEADLINE_EXCEEDED|INTERNAL|UNAVAILABLE|UNKNOWN): "
)


def is_failed_exchange(error):
    """Returns whether an exchange with another process failed by an error."""
    if isinstance(error, jax.errors.JaxRuntimeError):
        return True
    is_value_error = isinstance(error, ValueError)
    return is_value_error and bool(_RUNTIME_STATUS.match(str(error)))


def num_local_devices():
    """Returns how many devices this process sees."""
    return jax.local_device_count()


def num_replicas():
    """Returns 1: a step sees the whole batch, wherever its rows are."""
    return 1


def own_rows(x):
    """Returns `x`: a step sees the whole batch."""
    return x


def all_rows(x):
    """Returns `x`: a step sees the whole batch."""
    return x


def data_parallel(num_devices):
    """Returns a context in which batches are divided among devices."""
    per_process = {}
    for device in jax.devices():
        per_process.setdefault(device.process_index, []).append(device)
    devices = [
        f"{device.platform}:{device.id}"
        for index in sorted(per_process)
        for device in per_process[index][:num_devices]
    ]
    return keras.distribution.DataParallel(
        devices=devices, auto_shard_dataset=False
    ).scope()


def connect(coordinator, num_processes, process_id):
    """Makes this process one of several that train together."""
    jax.distributed.initialize(
        coordinator,
        num_processes,
        process_id,
        heartbeat_timeout_seconds=_HEARTBEAT_SECONDS,
    )


def disconnect():
    """Parts from the other processes, when all have come to this point."""
    jax.distributed.shutdown()


def abandon(status):
    """Makes this process end without waiting for the others."""

    def leave():
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)

    # What is registered last runs first: before JAX waits.
    atexit.register(leave)


def broadcast(data):
    """Returns the bytes of process 0, in every process."""
    share = multihost_utils.broadcast_one_to_all
    size = np.frombuffer(len(data).to_bytes(8, "big"), "uint8")
    size = int.from_bytes(np.asarray(share(size)).tobytes(), "big")
    if jax.process_index():
        data = bytes(size)
    return np.asarray(share(np.frombuffer(data, "uint8"))).tobytes()
