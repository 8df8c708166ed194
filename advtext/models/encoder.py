"""The embedding and the LSTMs that classifier and language model share."""

import random

import keras
import numpy as np

from advtext.arguments import check_initializer
from advtext.layers.lstm import LSTM
from advtext.layers.normalized_embedding import NormalizedEmbedding


def build_embedding(vocabulary_size, embedding_dim, normalize, dtype):
    """Returns a built embedding layer."""
    layer = NormalizedEmbedding if normalize else keras.layers.Embedding
    embedding = layer(
        vocabulary_size,
        embedding_dim,
        embeddings_initializer=keras.initializers.RandomUniform(-1.0, 1.0),
        dtype=dtype,
        name="embedding",
    )
    embedding.build((None, None))
    embedding.built = True
    return embedding


def build_lstm(name, units, unit_forget_bias, recurrent_initializer, **kwargs):
    """Returns an LSTM that gives all its outputs."""
    drawn = random.getstate()
    check_initializer("recurrent_initializer", recurrent_initializer)
    # Keras draws a seed for each initializer that it makes.
    random.setstate(drawn)
    return LSTM(
        units,
        return_sequences=True,
        unit_forget_bias=unit_forget_bias,
        recurrent_initializer=recurrent_initializer,
        name=name,
        **kwargs,
    )


def copy_encoder(source, target):
    """Copies embedding and LSTM weights from one model into another.

    Args:
        source: Model with `embedding` and `lstms`.
        target: The same; its weights change.

    Raises:
        TypeError: If `source` is no language model.
        ValueError: If vocabulary, sizes or directions differ; nothing has
            been copied then.
    """
    if not hasattr(source, "embedding") or not hasattr(source, "lstms"):
        raise TypeError(
            "`language_model` must be an advtext.models.LanguageModel. "
            f"Received: {type(source).__name__}."
        )
    if len(source.lstms) != len(target.lstms):
        raise ValueError(
            f"The language model reads {len(source.lstms)} direction(s), the "
            f"classifier {len(target.lstms)}: `bidirectional` must be the same."
        )
    ours = [source.embedding, *source.lstms]
    theirs = [target.embedding, *target.lstms]
    for our, their in zip(ours, theirs, strict=True):
        _check_shapes(our, their)
    _check_counts(source.embedding, target.embedding)
    for our, their in zip(ours, theirs, strict=True):
        their.set_weights(our.get_weights())


def _check_shapes(ours, theirs):
    shapes = [
        [tuple(weight.shape) for weight in layer.weights]
        for layer in (ours, theirs)
    ]
    if shapes[0] != shapes[1] or type(ours) is not type(theirs):
        raise ValueError(
            f"Layer `{theirs.name}` of the classifier does not fit the "
            f"language model's: {type(theirs).__name__} of shapes {shapes[1]} "
            f"against {type(ours).__name__} of {shapes[0]}. Vocabulary, "
            "embedding and units must be the same."
        )


def _check_counts(ours, theirs):
    """Refuses token counts of another vocabulary, where both have been set."""
    if not hasattr(ours, "token_counts"):
        return
    ours, theirs = (np.asarray(e.token_counts) for e in (ours, theirs))
    if not np.all(theirs == 1) and not np.array_equal(ours, theirs):
        raise ValueError(
            "The language model's embedding was adapted to other token counts: "
            "it has another vocabulary. Use the tokenizer that is saved with "
            "the language model."
        )
