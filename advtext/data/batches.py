import keras
import numpy as np


class Batches(keras.utils.PyDataset):
    """Base: an endless, seeded sequence of batches, cut into Keras epochs.

    Batch number k is a function of the seed and of k alone, so training
    resumes exactly after `seek`. Pass `shuffle=False` to `fit`: otherwise Keras
    shuffles the batches of an epoch by a random state of its own. (`fit` also
    leaves out one epoch of batches at its start, always.)

    Args:
        steps: Batches in a Keras epoch; `None` for one pass over the data.
    """

    def __init__(self, steps=None, **kwargs):
        super().__init__(**kwargs)
        self.steps = steps
        self.first = 0

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
