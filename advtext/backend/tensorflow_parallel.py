"""Several devices by `tf.distribute.MirroredStrategy`."""

import tensorflow as tf


class LostProcess(Exception):
    """What another process' end raises; here there is none."""


def num_local_devices():
    """Returns how many devices this process sees."""
    return len(_devices())


def data_parallel(num_devices):
    """Returns a context in which batches are divided among devices.

    Models must be built and trained in it. Every device has all weights;
    gradients and losses are those of the whole batch.

    Args:
        num_devices: How many devices of every process, at least 1.
    """
    devices = [device.name for device in _devices()[:num_devices]]
    return tf.distribute.MirroredStrategy(devices).scope()


def _devices():
    list_devices = tf.config.list_logical_devices
    return list_devices("GPU") or list_devices("CPU")


def connect(coordinator, num_processes, process_id):
    """Makes this process one of several that train together.

    To be called before the first operation.

    Args:
        coordinator: `host:port` of process 0.
        num_processes: How many there are.
        process_id: Which one this is, from 0.

    Raises:
        ValueError: On TensorFlow, always.
    """
    raise ValueError(
        "Several processes train together on JAX only: set the environment "
        "variable KERAS_BACKEND=jax. (On Keras 3, `fit` fails under "
        "TensorFlow's MultiWorkerMirroredStrategy.)"
    )


def disconnect():
    """Parts from the other processes, when all have come to this point."""


def abandon(status):
    """Makes this process end without waiting for the others.

    Args:
        status: Its exit status.
    """


def broadcast(data):
    """Returns the bytes of process 0, in every process."""
    return data
