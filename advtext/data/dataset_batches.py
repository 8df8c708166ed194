from advtext.data.batches import Batches


class DatasetBatches(Batches):
    """The batches of any `keras.utils.PyDataset`, over and over.

    Args:
        dataset: The dataset; its own `on_epoch_end` is not called.
        steps: Batches in a Keras epoch; `None` for one pass over the data.

    Returns:
        What the dataset gives.

    Raises:
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
