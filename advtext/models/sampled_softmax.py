"""Next-token losses over a large vocabulary: exact and sampled softmax.

`hidden` is `(tokens, units)`, `targets` `(tokens,)` integers, `weights`
`(vocabulary_size, units)`, `biases` `(vocabulary_size,)`; losses are
`(tokens,)`.
"""

import keras
import numpy as np
from keras import ops

from advtext import backend


def softmax_loss(hidden, targets, weights, biases):
    """Returns the exact cross-entropy over the whole vocabulary."""
    logits = ops.matmul(hidden, ops.transpose(weights)) + biases
    true_logits = ops.take_along_axis(
        logits, ops.expand_dims(targets, -1), axis=-1
    )
    return ops.logsumexp(logits, axis=-1) - ops.squeeze(true_logits, -1)


def sampled_softmax_loss(
    hidden, targets, weights, biases, candidates, log_expected
):
    """Returns the cross-entropy over the target and shared candidates.

    Every logit is lowered by the logarithm of how often its token is expected
    among the candidates. Candidates that equal the target count as the
    target: the loss is that of telling, from the tokens at hand alone, which
    of them was the target and not drawn, and so the true distribution
    minimizes it for any number of candidates. (Leaving them out, as is right
    for candidates that are all different, favours the frequent tokens.)

    Args:
        candidates: Token ids `(num_candidates,)`, drawn independently.
        log_expected: `(vocabulary_size,)`, log(num_candidates * probability).

    Reference:
        - [Jean et al., 2015](https://arxiv.org/abs/1412.2007), section 3
    """
    offsets = biases - log_expected
    true_logits = ops.sum(
        hidden * ops.take(weights, targets, axis=0), axis=-1
    ) + ops.take(offsets, targets)
    logits = backend.matmul(
        hidden, ops.transpose(ops.take(weights, candidates, axis=0))
    ) + ops.take(offsets, candidates)
    hits = ops.equal(ops.expand_dims(targets, -1), candidates)
    hits = ops.sum(ops.cast(hits, logits.dtype), axis=-1)
    total = ops.logaddexp(true_logits, ops.logsumexp(logits, axis=-1))
    return total - true_logits - ops.log1p(hits)


def alias_table(probabilities):
    """Builds the table that draws from a discrete distribution in one look-up.

    Args:
        probabilities: `(size,)` positive numbers that sum to 1.

    Returns:
        `(kept, alias)`, each `(size,)`: draw a cell uniformly, keep it with
        probability `kept[cell]`, else take `alias[cell]`.

    Reference:
        - Vose, 1991, IEEE Transactions on Software Engineering 17(9)
    """
    size = len(probabilities)
    kept = np.asarray(probabilities, "float64") * size
    alias = np.arange(size, dtype="int32")
    small = [i for i in range(size) if kept[i] < 1.0]
    large = [i for i in range(size) if kept[i] >= 1.0]
    while small and large:
        under, over = small.pop(), large[-1]
        alias[under] = over
        kept[over] -= 1.0 - kept[under]
        if kept[over] < 1.0:
            small.append(large.pop())
    kept[small + large] = 1.0
    return kept.astype("float32"), alias


def draw(kept, alias, num_samples, seed):
    """Draws token ids `(num_samples,)` from an alias table."""
    cells = keras.random.randint(
        (num_samples,), 0, kept.shape[0], dtype="int32", seed=seed
    )
    chance = keras.random.uniform((num_samples,), seed=seed)
    return ops.where(
        chance < ops.take(kept, cells), cells, ops.take(alias, cells)
    )
