"""Training on several devices and hosts: every batch is divided among them.

Each process builds the same model, and takes a part of the rows of every batch.
Only the first one writes.
"""

import contextlib
import json
import zlib
from pathlib import Path

import numpy as np

from advtext import backend, signals

# Settings that every process may have its own of.
_OF_A_PROCESS = (
    "process_id coordinator coordinator_timeout run_dir data_dir cache_dir "
    "pretrained max_minutes"
).split()


def is_first(config):
    """Returns whether this is the process that writes."""
    return config.process_id == 0


def is_alone(config):
    """Returns whether a run is of one process on one device."""
    return config.num_processes == 1 and config.num_devices == 1


@contextlib.contextmanager
def processes(config):
    """Makes this process one of those of a run, until they part.

    Raises:
        ConnectionError: If another process is lost.
    """
    if config.num_processes == 1:
        yield
        return
    try:
        backend.parallel.connect(
            config.coordinator,
            config.num_processes,
            config.process_id,
            config.coordinator_timeout,
        )
        yield
        backend.parallel.disconnect()
    except BaseException as error:
        # To wait for the others would keep them waiting.
        ended = signals.ending(error)
        backend.parallel.abandon(ended[1] if ended else 2)
        if not backend.parallel.is_failed_exchange(error):
            raise
        reason = str(error).partition("\n")[0]
        raise ConnectionError(
            f"Process {config.process_id} of {config.num_processes} cannot go "
            "on: another one has ended, or the connection is lost. See what "
            "the others printed, and start all of them again with --resume. "
            f"({reason})"
        ) from error


@contextlib.contextmanager
def devices(config):
    """A context to build a model and train it in.

    Raises:
        ValueError: If this machine has fewer devices than asked for.
    """
    if is_alone(config):
        yield
        return
    with backend.parallel.data_parallel(_num_devices(config)):
        yield


def num_devices(config):
    """Returns among how many devices of all processes a batch is divided."""
    return config.num_processes * _num_devices(config)


def _num_devices(config):
    available = backend.parallel.num_local_devices()
    if config.num_devices > available:
        raise ValueError(
            f"`num_devices`={config.num_devices}, but this process sees "
            f"{available}. Lower it, or take 0 for all there are."
        )
    return config.num_devices or available


def shard(batches, config):
    """Leaves of every batch the rows of this process.

    Raises:
        ValueError: If the rows cannot be divided among all devices.
    """
    if not is_alone(config):
        batches.shard(
            config.process_id, config.num_processes, _num_devices(config)
        )
    return batches


def decided_by_first(config, decide):
    """Returns in every process what a function returns in the first.

    The function takes no arguments; its result must fit into JSON.

    Raises:
        ValueError, OSError: Where the function raises them; elsewhere a
            `ValueError` that tells of it.
    """
    if config.num_processes == 1:
        return decide()
    answer = {}
    failure = None
    if is_first(config):
        try:
            answer["result"] = decide()
        except (ValueError, OSError) as error:
            failure, answer["error"] = error, str(error)
    answer = json.loads(backend.parallel.broadcast(json.dumps(answer).encode()))
    if "error" not in answer:
        return answer["result"]
    # All know of it: they part in order, and each tells of it.
    backend.parallel.disconnect()
    raise failure or ValueError(f"Process 0 ended: {answer['error']}")


def check_same(config, prepared):
    """Finds out whether all processes were given the same run.

    Reads all token ids once; a single process has nothing to compare.

    Raises:
        ValueError: If the configuration or the text of this process is another
            than the first one's.
    """
    if config.num_processes == 1:
        return
    mine = {k: v for k, v in vars(config).items() if k not in _OF_A_PROCESS}
    mine["the vocabulary"] = prepared.tokenizer.fingerprint()
    mine["the list of the classes"] = prepared.class_names
    for name, corpus in prepared.corpora.items():
        arrays = corpus.ids, corpus.lengths, corpus.labels
        sums = [
            zlib.crc32(np.ascontiguousarray(a)) for a in arrays if a is not None
        ]
        mine[f"the text `{name}` (length, checksums)"] = [len(corpus), *sums]
    if config.pretrained:
        names = "language_model.keras", "encoder.json", "*.npz"
        files = [f for n in names for f in Path(config.pretrained).glob(n)]
        sums = [zlib.crc32(file.read_bytes()) for file in sorted(files)]
        mine["the checksum of `pretrained`"] = sums
    mine = json.loads(json.dumps(mine))
    theirs = decided_by_first(config, lambda: mine)
    for name in sorted(mine | theirs):
        if mine.get(name) != theirs.get(name):
            raise ValueError(
                f"All processes must be given the same run, but {name} is "
                f"{theirs.get(name)!r} in process 0 and {mine.get(name)!r} in "
                f"process {config.process_id}."
            )


def file_of_first(config, path):
    """Returns the content of a file that the first process sees.

    Returns:
        Bytes, or `None` if the file is not there.
    """
    content = b""

    def read():
        nonlocal content
        content = path.read_bytes() if path.is_file() else None
        return content is not None

    if not decided_by_first(config, read):
        return None
    if config.num_processes > 1:
        content = backend.parallel.broadcast(content)
    return content


def local_copy(model):
    """Returns a Keras model with the same weights, on one device alone.

    To be called outside of `devices`.
    """
    copy = type(model).from_config(model.get_config())
    copy.set_weights(model.get_weights())
    return copy
