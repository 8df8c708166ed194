import threading

import keras

from advtext.data.batches import Batches


class DatasetBatches(Batches):
    """The batches of any dataset, over and over.

    Args:
        dataset: A `keras.utils.PyDataset`, whose own `on_epoch_end` is not
            called; or a `tf.data.Dataset` of batches, which is read in its
            order, and from its start for a batch before the last one.
        steps: Batches in a Keras epoch; `None` for one pass over the data.

    Returns:
        What the dataset gives.

    Raises:
        TypeError: If it is no dataset.
        ValueError: If the dataset holds no batches, or has no length.

    Example:

    >>> import numpy as np
    >>> from advtext.data import ArrayBatches, DatasetBatches
    >>> batches = DatasetBatches(ArrayBatches((np.arange(4),), batch_size=2))
    >>> len(batches), np.array_equal(batches.batch(0), batches.batch(2))
    (2, True)
    """

    def __init__(self, dataset, steps=None, **kwargs):
        super().__init__(steps, **kwargs)
        if not is_dataset(dataset):
            raise TypeError(
                "`dataset` must be a keras.utils.PyDataset or a "
                f"tf.data.Dataset. Received: {type(dataset).__name__}."
            )
        if not isinstance(dataset, keras.utils.PyDataset):
            dataset = _Stream(dataset)
        if not dataset.num_batches:
            raise ValueError(
                "The dataset must hold at least one batch and have a length. "
                f"Received: num_batches={dataset.num_batches}."
            )
        self.dataset = dataset

    @property
    def batches_per_pass(self):
        return self.dataset.num_batches

    def shard(self, index, count, num_devices=1):
        """Refuses: how many rows a batch will have is not known.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError(
            "The batches of a dataset cannot be divided among processes: give "
            "arrays or DocumentBatches instead."
        )

    def batch(self, k):
        return self.dataset[k % self.batches_per_pass]


def is_dataset(data):
    """Returns whether it is a dataset that gives batches."""
    # TensorFlow may not be installed.
    return isinstance(data, keras.utils.PyDataset) or (
        hasattr(data, "as_numpy_iterator") and hasattr(data, "cardinality")
    )


class _Stream:
    """The batches of a `tf.data.Dataset` by their number.

    Args:
        dataset: The dataset, not endless.
    """

    def __init__(self, dataset):
        self.dataset = dataset
        self.num_batches = _number_of(dataset)
        self.lock = threading.Lock()
        self.next, self.batches = 0, dataset.as_numpy_iterator()

    def __getitem__(self, index):
        # Keras may ask from several threads.
        with self.lock:
            if index < self.next:
                self.next, self.batches = 0, self.dataset.as_numpy_iterator()
            while self.next <= index:
                batch = next(self.batches)
                self.next += 1
        return batch


def _number_of(dataset):
    """Returns how many batches there are, 0 of an endless dataset."""
    number = int(dataset.cardinality())
    if number == -1:
        return 0
    if number == -2:
        # Not known before it has been read.
        number = sum(1 for _ in dataset.as_numpy_iterator())
    return number
