import keras
from keras import ops

from advtext.arguments import (
    check_choice,
    check_count,
    check_share,
    check_truth,
)
from advtext.models.classifier import Classifier
from advtext.models.encoder import build_embedding, build_lstm, copy_encoder
from advtext.models.freeze import freeze, logits_of_tokens, reads_tokens
from advtext.models.pooling import POOLINGS, parts_of, pool, reverse, to_front
from advtext.models.token_ids import TokenInputs


@keras.saving.register_keras_serializable("advtext")
class TextClassifier(TokenInputs, Classifier):
    """An LSTM over normalized embeddings, read by a small hidden layer.

    Documents are rows of token ids, padded with 0: on the right, or anywhere
    else. The LSTM runs without a mask (so that cuDNN can run it), over what is
    no padding, moved to the left where it does not stand there; the rest is
    left out when its outputs are pooled. No logit and no gradient depends on
    padding; a row of padding alone is read as one step of it.

    Args:
        vocabulary_size: Number of token ids, padding included.
        embedding_dim: Dimension of the embeddings.
        units: Units of the LSTM, per direction.
        num_classes: Number of classes; two have one logit.
        hidden_dim: Units of the ReLU layer before the logits.
        embedding_dropout: Rate of dropout on the embeddings, in [0, 1); one
            mask per document and dimension, shared over time.
        bidirectional: Whether a second LSTM reads the document backwards.
        normalize_embedding: Whether embeddings are normalized over the corpus
            (call `classifier.embedding.adapt(token_counts)` once).
        pooling: What is read of the outputs: `"last"`, `"max"`, `"mean"`, or
            `"concat"` for all three side by side.
        unit_forget_bias: Whether forget gates start with a bias of 1; those
            of the reference implementation with 0.
        recurrent_initializer: Of the recurrent weights; `"glorot_uniform"` in
            the reference implementation.

    Input shape:
        Integers `(batch, time)`, time at least 1.
    Output shape:
        Logits `(batch, num_classes)`, `(batch, 1)` for two classes.

    Raises:
        ValueError: If an argument is out of its range, or a NumPy array of
            token ids holds some that are not in the vocabulary.

    Example:

    >>> import numpy as np
    >>> from advtext.models import TextClassifier
    >>> classifier = TextClassifier(100, embedding_dim=8, units=4)
    >>> classifier.embedding.adapt([0] + [1] * 99)
    >>> logits = classifier(np.array([[5, 7, 99, 0], [4, 99, 0, 0]]))
    >>> tuple(logits.shape)
    (2, 1)

    Reference:
        - [Miyato et al., 2017](https://arxiv.org/abs/1605.07725), section 2
    """

    exported_input = keras.InputSpec("int32", (None, None))

    def __init__(
        self,
        vocabulary_size,
        embedding_dim=256,
        units=1024,
        num_classes=2,
        hidden_dim=30,
        embedding_dropout=0.5,
        bidirectional=False,
        normalize_embedding=True,
        pooling="last",
        unit_forget_bias=True,
        recurrent_initializer="orthogonal",
        **kwargs,
    ):
        super().__init__(**kwargs)
        vocabulary_size = check_count("vocabulary_size", vocabulary_size)
        embedding_dim = check_count("embedding_dim", embedding_dim)
        units = check_count("units", units)
        num_classes = check_count("num_classes", num_classes, 2)
        hidden_dim = check_count("hidden_dim", hidden_dim)
        embedding_dropout = check_share("embedding_dropout", embedding_dropout)
        bidirectional = check_truth("bidirectional", bidirectional)
        check_choice("pooling", pooling, POOLINGS)
        self._config = {
            "vocabulary_size": vocabulary_size,
            "embedding_dim": embedding_dim,
            "units": units,
            "num_classes": num_classes,
            "hidden_dim": hidden_dim,
            "embedding_dropout": embedding_dropout,
            "bidirectional": bidirectional,
            "normalize_embedding": normalize_embedding,
            "pooling": pooling,
            "unit_forget_bias": unit_forget_bias,
            "recurrent_initializer": recurrent_initializer,
        }
        self.vocabulary_size = vocabulary_size
        self.bidirectional = bidirectional
        self.pooling = pooling
        dtype = self.dtype_policy
        names = "units", "unit_forget_bias", "recurrent_initializer"
        lstm_options = {name: self._config[name] for name in names}
        lstm_options["dtype"] = dtype
        self.embedding = build_embedding(
            vocabulary_size, embedding_dim, normalize_embedding, dtype
        )
        self.embedding_dropout = keras.layers.SpatialDropout1D(
            embedding_dropout, dtype=dtype
        )
        self.lstm = build_lstm("lstm", **lstm_options)
        self.backward_lstm = None
        if bidirectional:
            self.backward_lstm = build_lstm("backward_lstm", **lstm_options)
        self.hidden = keras.layers.Dense(
            hidden_dim, activation="relu", dtype=dtype, name="hidden"
        )
        self.logits = keras.layers.Dense(
            1 if num_classes == 2 else num_classes, dtype=dtype, name="logits"
        )
        self.build((None, None))

    def build(self, input_shape):
        config = self._config
        embedded = (None, None, config["embedding_dim"])
        if not self.embedding.built:
            self.embedding.build(input_shape)
        for lstm in self.lstms:
            lstm.build(embedded)
        parts = len(self.lstms) * len(parts_of(self.pooling))
        self.hidden.build((None, config["units"] * parts))
        self.logits.build((None, config["hidden_dim"]))
        self.built = True

    @property
    def lstms(self):
        """The forward LSTM and, where there is one, the backward LSTM."""
        both = self.lstm, self.backward_lstm
        return [lstm for lstm in both if lstm is not None]

    def compute_mask(self, inputs, previous_mask=None):
        return ops.not_equal(inputs, 0)

    def embed(self, inputs, training=False):
        """Returns the embeddings after dropout, `(batch, time, dim)`."""
        return self.embedding_dropout(self.embedding(inputs), training=training)

    def classify(self, embedded, mask=None, training=False):
        """Returns the logits of embedded documents.

        Args:
            embedded: `(batch, time, dim)`.
            mask: Booleans `(batch, time)`, True for real tokens; `None` if
                all are real.
            training: Passed on to the LSTM: the only dropout is in `embed`.

        Returns:
            Logits, as of the model itself.
        """
        if mask is None:
            mask = ops.ones(ops.shape(embedded)[:2], dtype="bool")
        else:
            embedded, mask = to_front(embedded, mask)
        outputs = self.lstm(embedded, training=training)
        pooled = pool(outputs, mask, self.pooling)
        if self.backward_lstm is not None:
            outputs = self.backward_lstm(
                reverse(embedded, mask), training=training
            )
            pooled = ops.concatenate(
                [pooled, pool(outputs, mask, self.pooling)], axis=-1
            )
        return self.logits(self.hidden(pooled))

    def call(self, inputs, training=False):
        if len(inputs.shape) != 2 or inputs.shape[1] == 0:
            raise ValueError(
                "Token ids must be of shape (batch, time), time at least 1. "
                f"Received: shape {tuple(inputs.shape)}."
            )
        if not training and reads_tokens(self, TextClassifier):
            return logits_of_tokens(self, inputs)
        return super().call(inputs, training=training)

    def load_language_model(self, language_model):
        """Takes over embedding and LSTM weights from a language model.

        Args:
            language_model: `advtext.models.LanguageModel` over the same
                vocabulary, with the same embedding, units and directions.

        Raises:
            ValueError: If vocabulary, sizes or directions differ; no weight
                has been changed then.
        """
        copy_encoder(language_model, self)

    def freeze(self):
        """Returns an equal classifier to predict with, faster.

        Its embeddings are normalized once and for all and its `trainable` is
        `False`, so that a CPU embeds distinct tokens once (TensorFlow without
        `jit_compile`, not in mixed precision). Save and load it like this one.
        """
        return freeze(self)

    def get_config(self):
        return {**super().get_config(), **self._config}
