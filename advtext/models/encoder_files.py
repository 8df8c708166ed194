"""Embedding and LSTMs of a language model as small files.

A folder of `encoder.json`, `embedding.npz` and an `.npz` for each LSTM, of
float16, a fifth of the language model; the tokenizer lies beside them.
"""

import json

import numpy as np

from advtext.arguments import check_count, check_path, check_truth
from advtext.atomic_file import atomic_file
from advtext.failures import reading
from advtext.models.encoder import build_embedding, build_lstm
from advtext.models.language_model import LanguageModel
from advtext.quoting import printable, quoted

NAME = "encoder.json"
_SIZES = "vocabulary_size", "embedding_dim", "units"
_KINDS = "bidirectional", "normalize_embedding"
_ADVICE = "Take the files of one checkpoint, all of them."


class Encoder:
    """What a classifier takes over from a language model.

    Args:
        config: Dict with `vocabulary_size`, `embedding_dim`, `units`,
            `bidirectional` and `normalize_embedding`, as of `LanguageModel`.
        arrays: For each layer, a dict of the arrays of its weights.

    Raises:
        ValueError: If they do not belong together.
    """

    def __init__(self, config, arrays):
        sizes = [check_count(name, config[name]) for name in _SIZES]
        vocabulary_size, dim, units = sizes
        shapes = _shapes(*sizes, *(check_truth(n, config[n]) for n in _KINDS))
        # Before memory is taken for what may be a wrong number.
        for name, of_layer in shapes.items():
            _check_arrays(name, arrays[name], of_layer)
        self.config = config
        self.embedding = build_embedding(
            vocabulary_size, dim, config["normalize_embedding"], "float32"
        )
        names = [name for name in shapes if name != "embedding"]
        self.lstms = [build_lstm(name, units, True, "zeros") for name in names]
        for lstm in self.lstms:
            lstm.build((None, None, dim))
        for layer in (self.embedding, *self.lstms):
            for variable in layer.trainable_variables:
                value = arrays[layer.name][variable.name]
                variable.assign(value.astype("float32"))

    def get_config(self):
        return self.config


def _shapes(vocabulary_size, dim, units, bidirectional, normalized):
    """Returns, for each layer, the shapes of its weights."""
    lstm = {
        "kernel": (dim, 4 * units),
        "recurrent_kernel": (units, 4 * units),
        "bias": (4 * units,),
    }
    shapes = {"embedding": {"embeddings": (vocabulary_size, dim)}}
    directions = ("forward_lstm", "backward_lstm")[: 1 + bidirectional]
    return shapes | {name: lstm for name in directions}


def _check_arrays(name, arrays, shapes):
    found = {key: array.shape for key, array in arrays.items()}
    if found != shapes:
        raise ValueError(
            f"`{name}` holds arrays of shapes {quoted(found)}, not {shapes}"
        )
    for key, array in arrays.items():
        if array.dtype != "float16" or not np.isfinite(array).all():
            raise ValueError(f"`{key}` of `{name}` is no finite float16")


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
    if not isinstance(language_model, LanguageModel):
        raise TypeError(
            "`language_model` must be an advtext.models.LanguageModel. "
            f"Received: {type(language_model).__name__}."
        )
    given = language_model.get_config()
    names = *_SIZES, *_KINDS
    layers = {"embedding": language_model.embedding}
    layers |= {lstm.name: lstm for lstm in language_model.lstms}
    files = {}
    for name, layer in layers.items():
        files[name] = {
            v.name: _half(name, np.asarray(v))
            for v in layer.trainable_variables
        }
    folder.mkdir(parents=True, exist_ok=True)
    # Written last: what is incomplete is no encoder.
    (folder / NAME).unlink(missing_ok=True)
    for name, arrays in files.items():
        with atomic_file(folder / f"{name}.npz") as file:
            np.savez(file, **arrays)
    content = json.dumps({name: given[name] for name in names}, indent=2)
    with atomic_file(folder / NAME) as file:
        file.write(content.encode() + b"\n")


def load_encoder(folder, tokenizer):
    """Returns the `Encoder` that `save_encoder` wrote.

    Args:
        folder: The folder.
        tokenizer: The tokenizer of the language model.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If one is damaged, or of another model than the others.
    """
    path = check_path("folder", folder) / NAME
    with reading(path, _ADVICE):
        config = json.loads(path.read_text("utf-8"))
        shapes = _shapes(0, 0, 0, *(check_truth(n, config[n]) for n in _KINDS))
    arrays = {}
    for name in shapes:
        file = path.with_name(f"{name}.npz")
        with reading(file, _ADVICE), np.load(file) as archive:
            arrays[name] = dict(archive)
    with reading(path, _ADVICE):
        size = tokenizer.vocabulary_size
        if config["vocabulary_size"] != size:
            raise ValueError(
                f"it knows {quoted(config['vocabulary_size'])} tokens, and "
                f"the tokenizer.json beside it {size}"
            )
        encoder = Encoder(config, arrays)
    if hasattr(encoder.embedding, "adapt"):
        encoder.embedding.adapt(tokenizer.token_counts)
    return encoder


def _half(name, values):
    largest = np.abs(values).max()
    if not largest <= np.finfo("float16").max:
        raise ValueError(
            f"A weight of `{printable(name)}` is {largest:.3g}: float16 holds "
            "65504 at most. Save the model itself, model.save(...)."
        )
    return values.astype("float16")
