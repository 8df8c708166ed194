"""A classifier to predict with."""

import keras
import numpy as np
from keras import ops

from advtext import backend
from advtext.layers import LSTM, NormalizedEmbedding
from advtext.models.pooling import lengths_of, parts_of, reverse, to_front


def freeze(classifier):
    """Returns an equal classifier whose embeddings are normalized already.

    A `NormalizedEmbedding` goes over its whole table in every call. Once
    nothing is trained any more the result can be kept: in the table of a plain
    `keras.layers.Embedding`.

    Args:
        classifier: `advtext.models.TextClassifier`; it is not changed.

    Returns:
        Another one of its class, with copies of its weights,
        `normalize_embedding=False` and `trainable=False`. It is built, and so
        loaded, without drawing recurrent weights.
    """
    config = {
        **classifier.get_config(),
        "normalize_embedding": False,
        # Of what is overwritten; orthogonal matrices take their time.
        "recurrent_initializer": "zeros",
    }
    frozen = type(classifier).from_config(config)
    for ours, theirs in zip(classifier.layers, frozen.layers, strict=True):
        if ours is not classifier.embedding:
            theirs.set_weights(ours.get_weights())
    table = classifier.embedding(np.arange(classifier.vocabulary_size))
    frozen.embedding.set_weights([table])
    # Trained further, embeddings could grow out of their normalization.
    frozen.trainable = False
    return frozen


def reads_tokens(model, text_classifier):
    """Returns whether `logits_of_tokens` computes what a model predicts.

    Only what has become of a `TextClassifier` that is not to be trained; what
    XLA compiles has one number of distinct tokens.

    Args:
        model: Keras model.
        text_classifier: The class `TextClassifier`; a subclass that embeds or
            classifies in its own way is left to it.
    """
    names = "embed", "compute_mask", "classify", "given"
    return (
        isinstance(model, text_classifier)
        and not model.trainable
        and not backend.STEPS_ARE_COMPILED
        and not backend.is_in_xla()
        and model.compute_dtype in ("float32", "float64")
        and all(
            getattr(type(model), name) is getattr(text_classifier, name)
            for name in names
        )
        and type(model.embedding)
        in (keras.layers.Embedding, NormalizedEmbedding)
        and all(type(lstm) is LSTM and lstm.pools() for lstm in model.lstms)
        # Nothing stands in for a layer, to perturb the model there.
        and not any("call" in vars(layer) for layer in model.layers)
    )


def logits_of_tokens(classifier, token_ids):
    """Computes logits without ever embedding the whole documents.

    Args:
        classifier: `advtext.models.TextClassifier` that `reads_tokens`.
        token_ids: `(batch, time)`.
    """
    mask = classifier.compute_mask(token_ids)
    numbers, indices = backend.distinct(token_ids)
    vectors, pooled = classifier.embedding(numbers), []
    indices, mask = to_front(indices[..., None], mask)
    lengths, parts = lengths_of(mask), parts_of(classifier.pooling)
    for lstm in classifier.lstms:
        if lstm is classifier.backward_lstm:
            indices = reverse(indices, mask)
        pooled += lstm.pooled(vectors, indices[..., 0], lengths, parts)
    pooled = ops.concatenate(pooled, axis=-1)
    return classifier.logits(classifier.hidden(pooled))
