import numpy as np

from advtext.data.batches import Batches, check_size, endless_order


class ArrayBatches(Batches):
    """Batches of rows of arrays, in a new random order every pass.

    Args:
        arrays: Tuple of arrays with the same number of rows.
        batch_size: Rows in a batch; at most all.
        seed: Integer seed of the order.

    Returns:
        Tuple of `batch_size` rows of each array.
    """

    def __init__(self, arrays, batch_size=32, seed=0, steps=None, **kwargs):
        super().__init__(steps, **kwargs)
        self.arrays = tuple(np.asarray(a) for a in arrays)
        rows = {len(a) for a in self.arrays}
        if len(rows) != 1 or not rows - {0}:
            raise ValueError(
                "Arrays must have the same, positive number of rows. "
                f"Received: {sorted(rows)}."
            )
        self.num_rows = rows.pop()
        batch_size = check_size("batch_size", batch_size)
        self.batch_size = min(batch_size, self.num_rows)
        self.seed = check_size("seed", seed, at_least=0)

    @property
    def batches_per_pass(self):
        return -(-self.num_rows // self.batch_size)

    def batch(self, k):
        rows = endless_order(
            self.num_rows,
            k * self.batch_size,
            (k + 1) * self.batch_size,
            self.seed,
        )
        return tuple(array[rows[self.part]] for array in self.arrays)
