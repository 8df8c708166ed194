"""Embedding and LSTMs of a language model as small files.

A folder of `encoder.json`, `embedding.npz` and an `.npz` for each LSTM, of
float16, a fifth of the language model; the tokenizer lies beside them.
"""

import json

import numpy as np

from advtext.arguments import check_path
from advtext.atomic_file import atomic_file
from advtext.failures import reading
from advtext.models.encoder import build_embedding, build_lstm
from advtext.quoting import printable

NAME = "encoder.json"
_SIZES = "vocabulary_size", "embedding_dim", "units"
_ADVICE = "Take the files of one checkpoint, all of them."


class Encoder:
    """What a classifier takes over from a language model.

    Args:
        config: Dict with `vocabulary_size`, `embedding_dim`, `units`,
            `bidirectional` and `normalize_embedding`, as of `LanguageModel`.
    """

    def __init__(self, config):
        self.config = config
        self.embedding = build_embedding(
            config["vocabulary_size"],
            config["embedding_dim"],
            config["normalize_embedding"],
            "float32",
        )
        names = ("forward_lstm", "backward_lstm")[: 1 + config["bidirectional"]]
        self.lstms = [
            build_lstm(name, config["units"], True, "zeros") for name in names
        ]
        for lstm in self.lstms:
            lstm.build((None, None, config["embedding_dim"]))

    def get_config(self):
        return self.config


def save_encoder(language_model, folder):
    """Writes embedding and LSTMs of a language model, as float16.

    Args:
        language_model: `advtext.models.LanguageModel`.
        folder: Where; it is made. Copy the `tokenizer.json` of the run there.

    Raises:
        TypeError: If it is no language model.
        ValueError: If a weight is beyond what float16 holds.
        OSError: If a file cannot be written.

    Example:

    >>> import tempfile
    >>> from advtext.models import LanguageModel, save_encoder
    >>> model = LanguageModel(50, embedding_dim=4, units=8)
    >>> folder = tempfile.mkdtemp()
    >>> save_encoder(model, folder)
    """
    folder = check_path("folder", folder)
    if not hasattr(language_model, "embedding"):
        raise TypeError(
            "`language_model` must be an advtext.models.LanguageModel. "
            f"Received: {type(language_model).__name__}."
        )
    given = language_model.get_config()
    names = *_SIZES, "bidirectional", "normalize_embedding"
    layers = {"embedding": language_model.embedding}
    layers |= {lstm.name: lstm for lstm in language_model.lstms}
    files = {}
    for name, layer in layers.items():
        files[name] = {
            v.name: _half(name, np.asarray(v))
            for v in layer.trainable_variables
        }
    folder.mkdir(parents=True, exist_ok=True)
    for name, arrays in files.items():
        with atomic_file(folder / f"{name}.npz") as file:
            np.savez(file, **arrays)
    # The last: what is incomplete is no encoder.
    content = json.dumps({name: given[name] for name in names}, indent=2)
    with atomic_file(folder / NAME) as file:
        file.write(content.encode() + b"\n")


def load_encoder(folder, token_counts):
    """Returns the `Encoder` that `save_encoder` wrote.

    Args:
        folder: The folder.
        token_counts: How often each token occurred in the text of the language
            model, `(vocabulary_size,)`: those of its tokenizer.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If one is damaged, or of another model than the others.
    """
    path = check_path("folder", folder) / NAME
    with reading(path, _ADVICE):
        config = json.loads(path.read_text("utf-8"))
        encoder = Encoder(config)
    if hasattr(encoder.embedding, "adapt"):
        encoder.embedding.adapt(token_counts)
    for layer in (encoder.embedding, *encoder.lstms):
        path = path.with_name(f"{layer.name}.npz")
        with reading(path, _ADVICE):
            with np.load(path) as arrays:
                values = dict(arrays)
            for variable in layer.trainable_variables:
                value = values.pop(variable.name)
                if value.shape != tuple(variable.shape):
                    raise ValueError(
                        f"`{variable.name}` is of shape {value.shape}, not "
                        f"{tuple(variable.shape)}"
                    )
                variable.assign(value.astype("float32"))
    return encoder


def _half(name, values):
    largest = np.abs(values).max()
    if not largest <= np.finfo("float16").max:
        raise ValueError(
            f"A weight of `{printable(name)}` is {largest:.3g}: float16 holds "
            "65504 at most. Save the model itself, model.save(...)."
        )
    return values.astype("float16")
