import keras
import numpy as np

from advtext.arguments import check_count
from advtext.data.batches import Batches, endless_order


class ArrayBatches(Batches):
    """Batches of rows of arrays, in a new random order every pass.

    Args:
        arrays: Tuple of arrays with the same number of rows, or of dicts,
            lists and tuples of such arrays, as Keras takes them.
        batch_size: Rows in a batch, at least 1; at most all.
        seed: Integer seed of the order.

    Returns:
        Tuple of `batch_size` rows of each array, in the same structure.

    Raises:
        ValueError: If there are no rows, the numbers of rows differ, or
            `batch_size` is no integer of at least 1.
    """

    def __init__(self, arrays, batch_size=32, seed=0, steps=None, **kwargs):
        super().__init__(steps, **kwargs)
        if not isinstance(arrays, (tuple, list)):
            raise TypeError(
                "`arrays` must be a tuple of arrays, such as (x, y). Received: "
                f"{type(arrays).__name__}."
            )
        self.arrays = tuple(_as_arrays(each) for each in arrays)
        flat = keras.tree.flatten(self.arrays)
        rows = {len(a) if a.ndim else 0 for a in flat}
        if len(rows) != 1 or 0 in rows:
            raise ValueError(
                "Arrays must have the same, positive number of rows. "
                f"Received: {sorted(rows)}."
            )
        self.num_rows = rows.pop()
        batch_size = check_count("batch_size", batch_size)
        self.batch_size = min(batch_size, self.num_rows)
        self.seed = check_count("seed", seed, at_least=0)

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
        return keras.tree.map_structure(
            lambda array: array[rows[self.part]], self.arrays
        )


def _as_arrays(data):
    """Returns an array, or a structure of them; rows of numbers are one."""
    if isinstance(data, dict):
        return {name: _as_arrays(each) for name, each in data.items()}
    of_arrays = isinstance(data, (list, tuple)) and any(
        hasattr(each, "shape") or isinstance(each, dict) for each in data
    )
    if of_arrays:
        return type(data)(map(_as_arrays, data))
    return np.asarray(data)
