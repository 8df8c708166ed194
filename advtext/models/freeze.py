"""A classifier to predict with."""

import numpy as np


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
