"""Several devices, and several processes, by `keras.distribution`.

What the functions take and give is told once, in `tensorflow_parallel`.
"""

import atexit
import contextlib
import math
import os
import re
import signal
import sys
import threading
import time

import jax
import keras
import numpy as np
from jax.experimental import multihost_utils

from advtext.backend import process_meeting

# A process that is not heard of for so long is given up, and all with it.
_HEARTBEAT_SECONDS = 30

# What messages tell of an exchange between processes that failed.
_EXCHANGE = re.compile("gloo|nccl|coordination service|UNAVAILABLE", re.I)


def is_failed_exchange(error):
    """Returns whether an exchange with another process failed by an error.

    Converting a result to NumPy raises it as a `ValueError`.
    """
    runtime_errors = jax.errors.JaxRuntimeError, ValueError
    return isinstance(error, runtime_errors) and bool(
        _EXCHANGE.search(str(error))
    )


def num_local_devices():
    """Returns how many devices this process sees."""
    return jax.local_device_count()


def num_replicas():
    """Returns 1: a step sees the whole batch, wherever its rows are."""
    return 1


def is_sharded():
    """Returns whether the compiler divides a step among several devices."""
    distribution = keras.distribution.distribution()
    return (
        distribution is not None and distribution.device_mesh.devices.size > 1
    )


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


def scope_of(model):
    """As `advtext.backend.tensorflow_parallel.scope_of`."""
    return contextlib.nullcontext()


def connect(coordinator, num_processes, process_id, seconds):
    """Makes this process one of several that train together."""
    end = time.monotonic() + seconds
    if process_id:
        process_meeting.call_first(coordinator, process_id, num_processes, end)
    else:
        process_meeting.gather(coordinator, num_processes, end)
    try:
        jax.distributed.initialize(
            coordinator,
            num_processes,
            process_id,
            initialization_timeout=math.ceil(max(1, end - time.monotonic())),
            heartbeat_timeout_seconds=_HEARTBEAT_SECONDS,
        )
        mine, all_devices = jax.local_device_count(), jax.device_count()
    except RuntimeError as error:
        reason = str(error).partition("\n")[0]
        raise ConnectionError(
            f"The {num_processes} processes did not find each other at "
            f"`coordinator`={coordinator}: {reason} Start all of them, each "
            "with a `process_id` of its own, process 0 at that address."
        ) from error
    finally:
        if threading.current_thread() is threading.main_thread():
            # JAX has taken SIGTERM for itself, and does nothing at it.
            signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGTERM))
    if all_devices != num_processes * mine:
        raise ValueError(
            f"Every process must have the same number of devices: {mine} here, "
            f"{all_devices} in {num_processes} processes."
        )


def disconnect():
    """Parts from the other processes, when all have come to this point."""
    jax.distributed.shutdown()


def abandon(status):
    """Makes this process end without waiting for the others."""

    def leave():
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
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
