import keras
import numpy as np

from advtext.arguments import check_count


class Batches(keras.utils.PyDataset):
    """Base: an endless, seeded sequence of batches, cut into Keras epochs.

    Batch number k is a function of the seed and of k alone, so training
    resumes exactly after `seek`. Pass `shuffle=False` to `fit`: otherwise Keras
    shuffles the batches of an epoch by a random state of its own. (`fit` also
    leaves out one epoch of batches at its start, always.)

    Args:
        steps: Batches in a Keras epoch; `None` for one pass over the data.

    Raises:
        ValueError: If `steps` is neither `None` nor a positive integer.
    """

    def __init__(self, steps=None, **kwargs):
        super().__init__(**kwargs)
        self.steps = steps if steps is None else check_count("steps", steps)
        self.first = 0
        # Of the rows of every batch, those of this process.
        self.part = slice(None)

    def batch(self, k):
        """Returns batch number k, k = 0, 1, ... without end."""
        raise NotImplementedError

    @property
    def batches_per_pass(self):
        """Number of batches in one pass over the data."""
        raise NotImplementedError

    @property
    def num_batches(self):
        return self.steps or self.batches_per_pass

    def __len__(self):
        return self.num_batches

    def at(self, first, index):
        """Returns what `self[index]` is in an epoch that starts at `first`."""
        return self.batch(first + index)

    def __getitem__(self, index):
        return self.at(self.first, index)

    def on_epoch_end(self):
        self.first += self.num_batches

    def seek(self, k):
        """Makes batch number k the next one."""
        self.first = int(k)

    def shard(self, index, count, num_devices=1):
        """Leaves of every batch the rows of one of several processes.

        Their parts are of the same size, contiguous, and together the batch.

        Args:
            index: Which process, from 0.
            count: How many processes.
            num_devices: Devices of each, that divide its rows in turn.

        Raises:
            ValueError: If the rows cannot be divided so.
        """
        parts = count * num_devices
        if self.batch_size % parts:
            raise ValueError(
                f"Batches of {self.batch_size} rows (no more than there are "
                f"documents) cannot be divided among {count} processes with "
                f"{num_devices} devices each: choose batch sizes that make it "
                f"a multiple of {parts}."
            )
        rows = self.batch_size // count
        self.part = slice(index * rows, (index + 1) * rows)


def endless_order(size, start, stop, seed):
    """Returns a stretch of an endless sequence of random passes.

    Args:
        size: Number of rows; a pass is a permutation of `range(size)`.
        start: First place of the stretch.
        stop: Place after its last.
        seed: Integer seed.

    Returns:
        int64 array `(stop - start,)`.
    """
    passes = range(start // size, -(-stop // size))
    orders = [
        np.random.default_rng((seed, p)).permutation(size) for p in passes
    ]
    offset = passes.start * size
    return np.concatenate(orders)[start - offset : stop - offset]
