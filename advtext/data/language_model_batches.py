import numpy as np

from advtext.arguments import check_count, check_truth
from advtext.data.batches import Batches
from advtext.data.corpus import check_corpus


class LanguageModelBatches(Batches):
    """A corpus as one long text, read by all rows of a batch at once.

    Every pass joins the documents in a new random order and cuts the text into
    `batch_size` rows; batch k + 1 goes on where batch k stopped, so that a
    language model can carry its state along.

    Args:
        corpus: `advtext.data.Corpus`; its documents end with the
            end-of-sequence token.
        batch_size: Rows.
        timesteps: Tokens of every row in a batch.
        bidirectional: Whether a second text, every document reversed up to its
            last token, is read beside the first.
        shuffle: Whether the order is random.
        seed: Integer seed of the order.
        steps: Batches in a Keras epoch; `None` for one pass over the text.

    Returns:
        `(inputs, targets)`, int32 `(batch_size, timesteps)`; the targets are
        the inputs one step ahead. Dicts of `forward` and `backward` if
        bidirectional.

    Raises:
        ValueError: If the text is shorter than one batch, or an argument is
            not what it must be.
    """

    def __init__(
        self,
        corpus,
        batch_size=64,
        timesteps=100,
        bidirectional=False,
        shuffle=True,
        seed=0,
        steps=None,
        **kwargs,
    ):
        super().__init__(steps, **kwargs)
        check_corpus(corpus)
        self.corpus = corpus
        self.batch_size = check_count("batch_size", batch_size)
        self.timesteps = check_count("timesteps", timesteps)
        self.bidirectional = check_truth("bidirectional", bidirectional)
        self.shuffle = check_truth("shuffle", shuffle)
        self.seed = check_count("seed", seed, at_least=0)
        self.row_length = (int(corpus.lengths.sum()) - 1) // self.batch_size
        if self.row_length < timesteps:
            raise ValueError(
                f"The text is too short: {int(corpus.lengths.sum())} tokens do "
                f"not fill one batch of batch_size={batch_size} rows of "
                f"timesteps={timesteps}. Lower one of them."
            )
        self._pass = None

    @property
    def batches_per_pass(self):
        return self.row_length // self.timesteps

    @property
    def tokens_per_batch(self):
        """Number of tokens in a batch."""
        return self.batch_size * self.timesteps

    def batch(self, k):
        number, place = divmod(k, self.batches_per_pass)
        order, ends = self._text(number)
        rows = np.arange(self.batch_size)[self.part]
        starts = rows * self.row_length + place * self.timesteps
        directions = ("forward", "backward")[: 1 + self.bidirectional]
        inputs, targets = {}, {}
        for direction in directions:
            reverse = direction == "backward"
            rows = np.stack(
                [self._read(order, ends, s, reverse) for s in starts]
            )
            inputs[direction] = rows[:, :-1]
            targets[direction] = rows[:, 1:]
        if self.bidirectional:
            return inputs, targets
        return inputs["forward"], targets["forward"]

    def _text(self, number):
        """Returns the documents of a pass and where in the text each ends."""
        # One look at what another thread of Keras may replace.
        current = self._pass
        if current is None or current[0] != number:
            order = np.arange(len(self.corpus))
            if self.shuffle:
                np.random.default_rng((self.seed, number)).shuffle(order)
            ends = np.cumsum(self.corpus.lengths[order], dtype="int64")
            self._pass = current = number, order, ends
        return current[1:]

    def _read(self, order, ends, start, reverse):
        """Returns `timesteps + 1` tokens of the text from `start` on."""
        stop = start + self.timesteps + 1
        first = np.searchsorted(ends, start, side="right")
        last = np.searchsorted(ends, stop, side="left")
        pieces = [self.corpus[row] for row in order[first : last + 1]]
        if reverse:
            pieces = [np.append(p[-2::-1], p[-1:]) for p in pieces]
        begin = start - (ends[first] - len(pieces[0]))
        text = np.concatenate(pieces)
        return text[begin : begin + self.timesteps + 1].astype("int32")
