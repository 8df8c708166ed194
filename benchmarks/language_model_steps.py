"""The programs of `language_model.py`: what a process does when asked."""

import types

import numpy as np

# As in configs/imdb_cpu.toml.
SETTINGS = {
    "pretrain_dropout": 0.2,
    "pretrain_learning_rate": 2e-3,
    "pretrain_learning_rate_decay": 0.9997,
    "clipnorm": 1.0,
}


def library_of(program):
    """Returns the library of `(name, time, vocabulary_size)`."""
    return program[0].split("/")[0]


def build(program, batch, dim, units, num_candidates):
    """Returns the function that takes one step of a program."""
    name, time, vocabulary_size = program
    x, y, token_counts = text(batch, time, vocabulary_size)
    library, who = name.split("/")
    if library == "torch":
        from torch_language_model import Step

        sizes = dim, units, num_candidates
        step = Step(token_counts, *sizes, SETTINGS)
        x, y = x.astype("int64"), y.astype("int64")
        return lambda: step.run(x, y)
    model = ours(token_counts, batch, dim, units, num_candidates)
    if who == "keras_lstm":
        import keras

        for layer in model.lstms:
            layer.__class__ = keras.layers.LSTM
    from advtext import backend

    dtype = "bfloat16" if who.endswith("bfloat16") else "float32"

    def run():
        with backend.matmul_dtype(dtype):
            model.train_on_batch(x, y)

    return run


def text(batch, time, vocabulary_size):
    """Returns tokens, the next ones, and counts, frequent ones first.

    Token i of 1, 2, ... occurs as often as 1 / i says.
    """
    shares = 1.0 / np.arange(1, vocabulary_size)
    counts = np.ceil(shares / shares[-1]).astype("int64")
    rng = np.random.default_rng(0)
    tokens = rng.choice(
        np.arange(1, vocabulary_size, dtype="int32"),
        (batch, time + 1),
        p=shares / shares.sum(),
    )
    return tokens[:, :-1], tokens[:, 1:], np.append(0, counts)


def ours(token_counts, batch, dim, units, num_candidates):
    """Returns the language model as `pretrain` builds and compiles it."""
    import keras

    from advtext.config import Config
    from advtext.experiments import pretrain

    keras.utils.set_random_seed(0)
    config = Config(
        embedding_dim=dim,
        units=units,
        num_candidates=num_candidates,
        pretrain_batch_size=batch,
        **SETTINGS,
    )
    tokenizer = types.SimpleNamespace(
        vocabulary_size=len(token_counts), token_counts=token_counts
    )
    ids = np.repeat(np.arange(len(token_counts)), token_counts)
    corpus = types.SimpleNamespace(ids=ids)
    return pretrain.build(config, tokenizer, corpus, 1e-3)
