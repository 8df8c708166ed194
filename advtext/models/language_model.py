import keras
import numpy as np
from keras import ops

from advtext.layers.lstm import LSTM
from advtext.models.sampled_softmax import (
    alias_table,
    draw,
    sampled_softmax_loss,
    softmax_loss,
)
from advtext.models.text_classifier import build_embedding


@keras.saving.register_keras_serializable("advtext")
class LanguageModel(keras.Model):
    """Predicts the next token: the pretraining of a `TextClassifier`.

    Embedding and LSTM are those of the classifier. Text comes as a contiguous
    stream (`advtext.data.LanguageModelBatches`): every batch continues the
    one before, and the state of the LSTM is carried along. Training takes a
    sampled softmax over candidates drawn from the token counts; evaluation
    the exact softmax over the vocabulary, from the same output weights.

    Args:
        vocabulary_size: Number of token ids, padding included.
        embedding_dim: Dimension of the embeddings.
        units: Units of the LSTM, per direction.
        num_candidates: Candidates per batch in training; 0 takes the exact
            softmax there too.
        embedding_dropout: Rate of dropout on the embeddings, in [0, 1).
        bidirectional: Whether a second LSTM with an output layer of its own
            reads the reversed text; both share the embedding.
        normalize_embedding: Whether embeddings are normalized over the corpus.
        unit_forget_bias: Whether the forget gates start with a bias of 1.
        recurrent_initializer: Initializer of the recurrent weights.
        batch_size: Rows of the stream, whose state is then carried from batch
            to batch; `None` starts every batch from zeros.
        seed: Integer seed of the candidates, or `None`.

    Call arguments:
        inputs: Integer token ids; a dict with the keys `forward` and
            `backward` when bidirectional.

    Input shape:
        `(batch, time)`
    Output shape:
        Outputs of the LSTM, `(batch, time, units)` per direction; the loss
        (`compile` takes none) holds the output weights.

    Example:

    >>> import numpy as np
    >>> from advtext.models import LanguageModel
    >>> model = LanguageModel(50, embedding_dim=4, units=8, num_candidates=9)
    >>> model.adapt([0] + [1] * 49)
    >>> tokens = np.arange(1, 23).reshape(2, 11)
    >>> model.compile("adam")
    >>> history = model.fit(tokens[:, :-1], tokens[:, 1:], verbose=0)
    >>> perplexity = np.exp(
    ...     model.evaluate(tokens[:, :-1], tokens[:, 1:], verbose=0))

    Reference:
        - [Miyato et al., 2017](https://arxiv.org/abs/1605.07725), section 4.1
        - [Jean et al., 2015](https://arxiv.org/abs/1412.2007), sampled softmax
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
        **kwargs,
    ):
        super().__init__(**kwargs)
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
        }
        self.vocabulary_size = vocabulary_size
        self.num_candidates = num_candidates
        self.bidirectional = bidirectional
        dtype = self.dtype_policy
        self.embedding = build_embedding(
            vocabulary_size, embedding_dim, normalize_embedding, dtype
        )
        self.embedding_dropout = keras.layers.SpatialDropout1D(
            embedding_dropout, dtype=dtype
        )
        directions = ("forward", "backward") if bidirectional else ("forward",)
        self.directions = directions
        self.lstms = [
            LSTM(
                units,
                return_sequences=True,
                return_state=True,
                unit_forget_bias=unit_forget_bias,
                recurrent_initializer=recurrent_initializer,
                dtype=dtype,
                name=f"{direction}_lstm",
            )
            for direction in directions
        ]
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.build((None, None))

    def build(self, input_shape):
        units, tokens = self._config["units"], self.vocabulary_size
        batch_size = self._config["batch_size"]
        self.output_weights, self.output_biases = [], []
        # One state per direction for training, one for evaluation.
        self.carried = {True: [], False: []}
        for direction, lstm in zip(self.directions, self.lstms, strict=True):
            lstm.build((None, None, self._config["embedding_dim"]))
            self.output_weights.append(
                self.add_weight(
                    name=f"{direction}_output_weights",
                    shape=(tokens, units),
                    initializer="glorot_uniform",
                )
            )
            self.output_biases.append(
                self.add_weight(
                    name=f"{direction}_output_biases",
                    shape=(tokens,),
                    initializer="zeros",
                )
            )
            for training in (True, False) if batch_size else ():
                self.carried[training].append(
                    [self._state(batch_size, units) for _ in range(2)]
                )
        self.log_probabilities = self._table("zeros", "float32")
        self.kept = self._table("ones", "float32")
        self.alias = self._table("zeros", "int32")
        self.adapt(np.ones(tokens))
        self.built = True

    def _state(self, batch_size, units):
        return self.add_weight(
            shape=(batch_size, units),
            initializer="zeros",
            trainable=False,
            name="state",
        )

    def _table(self, initializer, dtype):
        return self.add_weight(
            shape=(self.vocabulary_size,),
            initializer=initializer,
            dtype=dtype,
            trainable=False,
            autocast=False,
        )

    def adapt(self, token_counts, target_counts=None):
        """Sets how often each token occurs; to be called before training.

        The output biases start as the logarithms of the frequencies: left at
        0, the rare candidates, which count for many, would dominate the loss.

        Args:
            token_counts: `(vocabulary_size,)`, for the embedding.
            target_counts: The same for the tokens to predict, from which
                candidates are drawn; `token_counts` by default. A count below
                1 is taken as 1: every token must be reachable.

        Raises:
            ValueError: If a shape or a count is wrong.
        """
        if hasattr(self.embedding, "adapt"):
            self.embedding.adapt(token_counts)
        counts = token_counts if target_counts is None else target_counts
        counts = np.maximum(np.asarray(counts, "float64"), 1.0)
        if counts.shape != (self.vocabulary_size,):
            raise ValueError(
                "`target_counts` must hold one count for each of the "
                f"{self.vocabulary_size} tokens. Received: shape "
                f"{counts.shape}."
            )
        probabilities = counts / counts.sum()
        kept, alias = alias_table(probabilities)
        self.log_probabilities.assign(np.log(probabilities))
        for biases in self.output_biases:
            biases.assign(np.log(probabilities))
        self.kept.assign(kept)
        self.alias.assign(alias)

    def call(self, inputs, training=False):
        streams = inputs
        if self.bidirectional:
            streams = [inputs[direction] for direction in self.directions]
        else:
            streams = [inputs]
        carried = self.carried[bool(training)]
        outputs = []
        for i, (tokens, lstm) in enumerate(
            zip(streams, self.lstms, strict=True)
        ):
            embedded = self.embedding_dropout(
                self.embedding(tokens), training=training
            )
            start = (
                [ops.convert_to_tensor(v) for v in carried[i]]
                if (carried)
                else None
            )
            output, *state = lstm(embedded, initial_state=start)
            for variable, value in zip(
                carried[i] if carried else (), state, strict=bool(carried)
            ):
                variable.assign(ops.stop_gradient(value))
            outputs.append(output)
        return outputs if self.bidirectional else outputs[0]

    def reset_state(self):
        """Starts the stream of training batches anew, from zeros."""
        self._reset(self.carried[True])

    def _reset(self, states):
        for variable in (v for state in states for v in state):
            variable.assign(ops.zeros_like(variable))

    def compute_loss(
        self, x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):
        """Returns the mean loss per token, summed over the directions."""
        targets = (
            [y[direction] for direction in self.directions]
            if self.bidirectional
            else [y]
        )
        outputs = y_pred if self.bidirectional else [y_pred]
        total = 0.0
        for parts in zip(
            outputs,
            targets,
            self.output_weights,
            self.output_biases,
            strict=True,
        ):
            if training and self.num_candidates:
                total += self._sampled_loss(*parts)
            else:
                total += self._exact_loss(*parts)
        return total

    def _sampled_loss(self, outputs, targets, weights, biases):
        candidates = draw(
            self.kept, self.alias, self.num_candidates, self.seed_generator
        )
        log_expected = self.log_probabilities + np.log(
            self.num_candidates
        ).astype("float32")
        losses = sampled_softmax_loss(
            ops.reshape(outputs, (-1, outputs.shape[-1])),
            ops.reshape(targets, (-1,)),
            weights,
            biases,
            candidates,
            log_expected,
        )
        return ops.mean(losses)

    def _exact_loss(self, outputs, targets, weights, biases):
        # A step at a time: (batch, time, vocabulary) would not fit memory.
        losses = ops.map(
            lambda step: softmax_loss(step[0], step[1], weights, biases),
            (ops.swapaxes(outputs, 0, 1), ops.transpose(targets)),
        )
        return ops.mean(losses)

    def evaluate(self, *args, **kwargs):
        """Evaluates from an empty state, with the exact softmax."""
        self._reset(self.carried[False])
        return super().evaluate(*args, **kwargs)

    def copy_weights_to(self, classifier):
        """Copies embedding and LSTM weights into a `TextClassifier`.

        Raises:
            ValueError: If vocabulary, sizes or directions differ; nothing
                has been copied then.
        """
        pairs = [(self.embedding, classifier.embedding)]
        if len(self.lstms) != len(classifier.lstms):
            raise ValueError(
                f"The language model reads {len(self.lstms)} direction(s), the "
                f"classifier {len(classifier.lstms)}: `bidirectional` must be "
                "the same."
            )
        pairs += zip(self.lstms, classifier.lstms, strict=True)
        for source, target in pairs:
            ours = [tuple(v.shape) for v in source.weights]
            theirs = [tuple(v.shape) for v in target.weights]
            if ours != theirs or type(source) is not type(target):
                raise ValueError(
                    f"Layer `{target.name}` of the classifier does not fit the "
                    f"language model's: {type(target).__name__} of shapes "
                    f"{theirs} against {type(source).__name__} of {ours}. "
                    "Vocabulary, embedding and units must be the same."
                )
        _check_counts(self.embedding, classifier.embedding)
        for source, target in pairs:
            target.set_weights(source.get_weights())

    def get_config(self):
        return {**super().get_config(), **self._config}


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
