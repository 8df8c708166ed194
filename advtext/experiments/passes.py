"""What `history.csv` tells: a row for every pass over the data."""

import keras


class Marks(keras.callbacks.Callback):
    """Notes the logs where a pass ends within a Keras epoch.

    Args:
        checkpoint: `Checkpoint`, which keeps the notes.
        batches: `advtext.data.Batches` that are fitted.
    """

    def __init__(self, checkpoint, batches):
        super().__init__()
        self.checkpoint = checkpoint
        self.batches = batches

    def on_epoch_begin(self, epoch, logs=None):
        self.start = epoch * self.batches.steps

    def on_train_batch_end(self, batch, logs=None):
        done = self.start + batch + 1
        if done % self.batches.batches_per_pass == 0:
            noted = {name: float(value) for name, value in logs.items()}
            self.checkpoint.marks.append([done, noted])


def rows(checkpoint, num_passes):
    """Returns the means over every pass so far.

    Args:
        checkpoint: `Checkpoint`, with the logs of Keras epochs of
            `checkpoint.batches.steps` batches, and the notes of `Marks`.
        num_passes: Passes of the whole training. The few batches that it has
            beyond them, to be of whole Keras epochs, belong to the last.

    Returns:
        List of dicts: the logs, and in `pass` how many passes were over at
        the end of the row: a whole number, but for the last row.
    """
    batches = checkpoint.batches
    size = batches.batches_per_pass
    sums = _sums(checkpoint, batches.steps)
    last = max(sums)
    ends = [end for end in sums if end % size == 0 and end // size < num_passes]
    if last not in ends:
        ends.append(last)
    found = []
    for start, end in zip([0, *ends], ends, strict=False):
        if end > start:
            before = sums[start]
            means = {
                name: (value - before.get(name, 0.0)) / (end - start)
                for name, value in sums[end].items()
            }
            found.append({"pass": end / size, **means})
    return found


def _sums(checkpoint, steps):
    """Returns the sums of the logs up to passes' ends, and to the last."""
    sums, total, marks = {0: {}}, {}, list(checkpoint.marks)
    counts = [steps] * len(checkpoint.history)
    if checkpoint.cut is not None:
        counts[-1] = checkpoint.cut
    start = 0
    for count, logs in zip(counts, checkpoint.history, strict=True):
        while marks and marks[0][0] <= start + count:
            end, noted = marks.pop(0)
            sums[end] = _plus(total, noted, end - start)
        total = _plus(total, logs, count)
        start += count
    if checkpoint.history:
        sums[start] = total
    return sums


def _plus(total, means, count):
    return {
        name: total.get(name, 0.0) + count * value
        for name, value in means.items()
    }
