"""Several devices by `tf.distribute.MirroredStrategy`."""

import tensorflow as tf


def is_failed_exchange(error):
    """Returns whether an exchange with another process failed by an error.

    Args:
        error: The exception that was raised.
    """
    return False


def num_local_devices():
    """Returns how many devices this process sees."""
    return len(_devices())


def num_replicas():
    """Returns among how many devices a step divides its batch by itself.

    On each of them a loss is that of its own rows, and Keras divides it by
    this number, so that the sum of all gradients is that of the whole batch.
    """
    return tf.distribute.get_strategy().num_replicas_in_sync


def is_sharded():
    """Returns whether the compiler divides a step among several devices."""
    return False


def own_rows(x):
    """Returns the rows of a whole batch that this device works on."""
    context = tf.distribute.get_replica_context()
    if num_replicas() == 1 or context is None:
        return x
    rows = x.shape[0] // num_replicas()
    first = context.replica_id_in_sync_group * rows
    return x[first : first + rows]


def all_rows(x):
    """Returns the rows of all devices, in order."""
    context = tf.distribute.get_replica_context()
    if num_replicas() == 1 or context is None:
        return x
    return context.all_gather(x, axis=0)


def data_parallel(num_devices):
    """Returns a context in which batches are divided among devices.

    Models must be built and trained in it. Every device has all weights;
    gradients and losses are those of the whole batch.

    Args:
        num_devices: How many devices of every process, at least 1.
    """
    devices = [device.name for device in _devices()[:num_devices]]
    return tf.distribute.MirroredStrategy(devices).scope()


def scope_of(model):
    """Returns the context in which a model's variables are made."""
    return model.distribute_strategy.scope()


def _devices():
    list_devices = tf.config.list_logical_devices
    return list_devices("GPU") or list_devices("CPU")


def connect(coordinator, num_processes, process_id, seconds):
    """Makes this process one of several that train together.

    To be called before the first operation.

    Args:
        coordinator: `host:port` of process 0.
        num_processes: How many there are.
        process_id: Which one this is, from 0.
        seconds: How long to wait for the others.

    Raises:
        ConnectionError: If they do not find each other.
        ValueError: If two have the same number, or they have different
            numbers of devices; on TensorFlow, always.
    """
    raise ValueError(
        "Several processes train together on JAX only: set the environment "
        "variable KERAS_BACKEND=jax. (On Keras 3, `fit` fails under "
        "TensorFlow's MultiWorkerMirroredStrategy.)"
    )


def disconnect():
    """Parts from the other processes, when all have come to this point."""


def abandon(status):
    """Makes this process end, when it ends, without waiting for the others.

    Args:
        status: Its exit status then, whatever else it does until then.
    """


def broadcast(data):
    """Returns the bytes of process 0, in every process."""
    return data
