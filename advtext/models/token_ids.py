"""Token ids that no embedding has, seen before a step meets them."""

import keras
import numpy as np

from advtext.data import Corpus, SemiSupervisedBatches
from advtext.data.array_batches import ArrayBatches
from advtext.data.padded_batches import PaddedBatches
from advtext.layers import NormalizedEmbedding


class TokenInputs:
    """Mixin of a Keras model of token ids: refuses those it has no row for.

    The backends do not agree on them: TensorFlow fails on a CPU, JAX reads
    another row. Only arrays on the host are looked at, once and not by steps.

    Attributes:
        vocabulary_size: How many rows there are.

    Raises:
        ValueError: In all of its methods, if an id is negative or too large.
    """

    def __call__(self, inputs, *args, **kwargs):
        check_token_ids(inputs, self.vocabulary_size)
        return super().__call__(inputs, *args, **kwargs)

    def fit(self, x=None, *args, **kwargs):
        check_token_ids(x, self.vocabulary_size)
        return super().fit(x, *args, **kwargs)

    def evaluate(self, x=None, *args, **kwargs):
        check_token_ids(x, self.vocabulary_size)
        return super().evaluate(x, *args, **kwargs)

    def predict(self, x, *args, **kwargs):
        check_token_ids(x, self.vocabulary_size)
        return super().predict(x, *args, **kwargs)


def check_token_ids(x, vocabulary_size):
    """Raises `ValueError` for ids outside of a vocabulary, on the host.

    Args:
        x: What a model takes, or batches or a `Corpus` of it; what is no
            NumPy array there is let pass.
        vocabulary_size: How many ids there are.
    """
    for ids in _on_host(x):
        if not ids.size or ids.dtype.kind not in "iuf":
            continue
        least, most = ids.min(), ids.max()
        # NaN is neither.
        if not (least >= 0 and most < vocabulary_size):
            raise ValueError(
                f"Token ids must be from 0 to {vocabulary_size - 1}: the "
                f"vocabulary has {vocabulary_size}. Received: ids from {least} "
                f"to {most}. Encode the text with the model's own tokenizer."
            )


def check_inputs(model, x):
    """Does that for a model, if it tells how many ids it knows."""
    if isinstance(model, TokenInputs):
        check_token_ids(x, model.vocabulary_size)
        return
    if not isinstance(x, Corpus):
        # Of several inputs the others may be no ids.
        return
    kinds = keras.layers.Embedding, NormalizedEmbedding
    layers = getattr(model, "layers", ())
    sizes = [each.input_dim for each in layers if isinstance(each, kinds)]
    # Of several embeddings the others may be of positions.
    if len(sizes) == 1:
        check_token_ids(x, sizes[0])


def _on_host(x):
    """Yields the arrays of token ids in what a model is given."""
    if isinstance(x, SemiSupervisedBatches):
        yield from _on_host([x.labelled, x.unlabelled])
    elif isinstance(x, ArrayBatches):
        yield from _on_host(x.arrays[0])
    elif isinstance(x, PaddedBatches):
        yield x.corpus.ids
    elif isinstance(x, Corpus):
        yield x.ids
    elif isinstance(x, np.ndarray):
        yield x
    elif isinstance(x, (list, tuple, dict)):
        for part in x.values() if isinstance(x, dict) else x:
            yield from _on_host(part)
