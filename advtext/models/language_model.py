import keras
from keras import ops

from advtext import backend
from advtext.arguments import check_count, check_share, check_truth
from advtext.models.carried_state import add_states, clear, keep, read
from advtext.models.encoder import build_embedding, build_lstm
from advtext.models.next_token_head import NextTokenHead
from advtext.models.word_dropout import WordDropout


@keras.saving.register_keras_serializable("advtext")
class LanguageModel(keras.Model):
    """Predicts the next token: the pretraining of a `TextClassifier`.

    Text comes as a stream (`advtext.data.LanguageModelBatches`): every batch
    continues the one before, and the LSTM's state is carried along. Training
    takes a softmax sampled by the token counts; evaluation the exact one, from
    the same output weights.

    Args:
        vocabulary_size: Number of token ids, padding included.
        embedding_dim: Dimension of the embeddings.
        units: Units of the LSTM, per direction.
        num_candidates: Candidates of a batch in training; 0: exact there too.
        embedding_dropout: Rate of dropout on the embeddings, in [0, 1).
        bidirectional: Whether a second LSTM with an output layer of its own
            reads the reversed text; both share the embedding.
        normalize_embedding: Whether embeddings are normalized over the corpus.
        unit_forget_bias: Whether the forget gates start with a bias of 1.
        recurrent_initializer: Initializer of the recurrent weights.
        batch_size: Rows of the stream; `None` carries no state along.
        seed: Integer seed of the candidates, or `None`.
        word_dropout: Share of the vocabulary whose embeddings are left out of
            a batch, wherever they occur in it, in [0, 1); each direction
            leaves out its own.
        weight_dropout: Share of the LSTM's recurrent weights that is left out
            of a batch, in [0, 1).
        output_dropout: Rate of dropout on the outputs of the LSTM, one mask
            per row, the same at all steps, in [0, 1).

    Call arguments:
        inputs: Integer token ids; a dict with the keys `forward` and
            `backward` when bidirectional.

    Input shape:
        `(batch, time)`
    Output shape:
        `(batch, time, units)`, outputs of the LSTM, in a list if bidirectional

    Example:

    >>> import numpy as np
    >>> from advtext.models import LanguageModel
    >>> model = LanguageModel(50, embedding_dim=4, units=8, num_candidates=9)
    >>> model.adapt([0] + [1] * 49)
    >>> tokens = np.arange(1, 23).reshape(2, 11)
    >>> model.compile("adam")
    >>> history = model.fit(tokens[:, :-1], tokens[:, 1:], verbose=0)

    Reference:
        - [Miyato et al., 2017](https://arxiv.org/abs/1605.07725), section 4.1
        - [Merity et al., 2018](https://arxiv.org/abs/1708.02182), section 4,
          for dropout of words, weights and outputs
    """

    def __init__(
        self,
        vocabulary_size,
        embedding_dim=256,
        units=1024,
        num_candidates=1024,
        embedding_dropout=0.5,
        bidirectional=False,
        normalize_embedding=True,
        unit_forget_bias=True,
        recurrent_initializer="orthogonal",
        batch_size=None,
        seed=None,
        word_dropout=0.0,
        weight_dropout=0.0,
        output_dropout=0.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        # Token ids that come as floats would collide in fewer bits.
        self.autocast = False
        vocabulary_size = check_count("vocabulary_size", vocabulary_size)
        embedding_dim = check_count("embedding_dim", embedding_dim)
        units = check_count("units", units)
        num_candidates = check_count("num_candidates", num_candidates, 0)
        embedding_dropout = check_share("embedding_dropout", embedding_dropout)
        bidirectional = check_truth("bidirectional", bidirectional)
        word_dropout = check_share("word_dropout", word_dropout)
        weight_dropout = check_share("weight_dropout", weight_dropout)
        output_dropout = check_share("output_dropout", output_dropout)
        if batch_size is not None:
            batch_size = check_count("batch_size", batch_size)
        self._config = {
            "vocabulary_size": vocabulary_size,
            "embedding_dim": embedding_dim,
            "units": units,
            "num_candidates": num_candidates,
            "embedding_dropout": embedding_dropout,
            "bidirectional": bidirectional,
            "normalize_embedding": normalize_embedding,
            "unit_forget_bias": unit_forget_bias,
            "recurrent_initializer": recurrent_initializer,
            "batch_size": batch_size,
            "seed": seed,
            "word_dropout": word_dropout,
            "weight_dropout": weight_dropout,
            "output_dropout": output_dropout,
        }
        self.directions = ("forward", "backward")[: 1 + bool(bidirectional)]
        dtype = self.dtype_policy
        self.embedding = build_embedding(
            vocabulary_size, embedding_dim, normalize_embedding, dtype
        )
        self.embedding_dropout = keras.layers.SpatialDropout1D(
            embedding_dropout, dtype=dtype
        )
        self.word_dropout = self.output_dropout = None
        if word_dropout:
            self.word_dropout = WordDropout(word_dropout, vocabulary_size)
        if output_dropout:
            self.output_dropout = keras.layers.SpatialDropout1D(
                output_dropout, dtype=dtype
            )
        self.lstms = [
            build_lstm(
                f"{direction}_lstm",
                units,
                unit_forget_bias,
                recurrent_initializer,
                return_state=True,
                weight_dropout=weight_dropout,
                dtype=dtype,
            )
            for direction in self.directions
        ]
        self.heads = [
            NextTokenHead(
                vocabulary_size,
                num_candidates,
                seed,
                dtype=dtype,
                name=f"{direction}_head",
            )
            for direction in self.directions
        ]
        self.build((None, None))

    def build(self, input_shape):
        config = self._config
        for lstm, head in zip(self.lstms, self.heads, strict=True):
            lstm.build((None, None, config["embedding_dim"]))
            if not head.built:
                head.build((None, None, config["units"]))
                head.built = True
        # The state to start from: in training, in evaluation.
        self.training_states = self.evaluation_states = None
        if config["batch_size"]:
            sizes = self.directions, config["batch_size"], config["units"]
            self.training_states = add_states(self, *sizes)
            self.evaluation_states = add_states(self, *sizes)
        self.built = True

    def adapt(self, token_counts, target_counts=None):
        """Sets how often each token occurs; to be called before training.

        Args:
            token_counts: `(vocabulary_size,)`, for the embedding.
            target_counts: The same for the tokens to predict, from which
                candidates are drawn; `token_counts` by default.

        Raises:
            ValueError: If a shape or a count is wrong.
        """
        if hasattr(self.embedding, "adapt"):
            self.embedding.adapt(token_counts)
        counts = token_counts if target_counts is None else target_counts
        for head in self.heads:
            head.adapt(counts)

    def call(self, inputs, training=False):
        states = self.training_states if training else self.evaluation_states
        outputs = []
        for i, tokens in enumerate(self._per_direction(inputs)):
            embedded = self.embedding(tokens)
            if self.word_dropout is not None:
                embedded = self.word_dropout(
                    embedded, tokens, training=training
                )
            embedded = self.embedding_dropout(embedded, training=training)
            start = states and read(states[i], embedded.dtype)
            output, *end = self.lstms[i](
                embedded, initial_state=start, training=training
            )
            if states:
                keep(states[i], end)
            if self.output_dropout is not None:
                output = self.output_dropout(output, training=training)
            outputs.append(output)
        return outputs if len(outputs) == 2 else outputs[0]

    def _per_direction(self, streams):
        if len(self.directions) == 1:
            return [streams]
        if isinstance(streams, dict):
            return [streams[direction] for direction in self.directions]
        return streams

    def compute_loss(
        self, x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):
        """Returns the mean loss per token, summed over the directions."""
        loss = sum(
            head(outputs, targets, training=training)
            for head, outputs, targets in zip(
                self.heads,
                self._per_direction(y_pred),
                self._per_direction(y),
                strict=True,
            )
        )
        return loss / backend.parallel.num_replicas()

    @backend.step
    def train_step(self, data):
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)

        def mean_loss():
            loss = self.compute_loss(x, y, self(x, training=True))
            # Of the rows of this device, Keras' share undone.
            return loss * backend.parallel.num_replicas()

        variables = self.trainable_variables
        loss, backward = backend.vjp(mean_loss, variables)
        gradients = backward(self.optimizer.scale_loss(ops.ones_like(loss)))
        backend.apply_gradients(self.optimizer, gradients, variables)
        tracker = next(m for m in self.metrics if m.name == "loss")
        batch_size = ops.shape(keras.tree.flatten(x)[0])[0]
        tracker.update_state(loss, sample_weight=batch_size)
        return self.get_metrics_result()

    def fit(self, *args, shuffle=False, **kwargs):
        """Trains on the stream as it comes: unlike Keras', not shuffled."""
        return super().fit(*args, shuffle=shuffle, **kwargs)

    def evaluate(self, *args, **kwargs):
        """Evaluates from an empty state, with the exact softmax."""
        clear(self.evaluation_states)
        return super().evaluate(*args, **kwargs)

    def reset_state(self):
        """Makes the next training batch start from zeros."""
        clear(self.training_states)

    def get_config(self):
        return {**super().get_config(), **self._config}
