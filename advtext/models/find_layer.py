"""Finding a layer of a model by what a user calls it."""

import keras

from advtext.layers import NormalizedEmbedding
from advtext.nearest import did_you_mean
from advtext.quoting import quoted

_EMBEDDINGS = keras.layers.Embedding, NormalizedEmbedding
# Their inner layers run in a loop over time, where nothing can stand in.
_LOOPS = keras.layers.RNN, keras.layers.TimeDistributed
_SHOWN = 12


def find_layer(model, layer=None):
    """Returns a layer of a model, however deep it lies.

    Args:
        model: Keras model.
        layer: The layer, its name, the path to it (`"encoder/embedding"`), or
            `None` for the only embedding.

    Raises:
        TypeError: If `layer` is none of these.
        ValueError: If there is no such layer, more than one, or it runs
            inside of a loop.
    """
    found = _layers_below(model)
    if layer is None:
        path, layer, outer = _only_embedding(model, found)
    elif isinstance(layer, str):
        path, layer, outer = _named(model, found, layer)
    elif isinstance(layer, keras.Layer):
        path, layer, outer = _same(model, found, layer)
    else:
        raise TypeError(
            "`layer` must be a layer of the model or its name, or a list of "
            f"them. Received: layer={quoted(layer)}."
        )
    for each in outer:
        if isinstance(each, _LOOPS):
            raise ValueError(
                f"The layer {path!r} runs step by step inside of "
                f"{each.name!r}, where it cannot be perturbed. Choose "
                f"{each.name!r} or a layer outside of it."
            )
    return layer


def _layers_below(model):
    """Returns `(path, layer, outer layers)` of all layers, outer ones first."""
    found, seen, below = [], set(), [("", model, ())]
    while below:
        path, layer, outer = below.pop(0)
        if layer is not model:
            found.append((path, layer, outer))
            outer = *outer, layer
            path += "/"
        # Other layers than models keep theirs to themselves.
        is_model = isinstance(layer, keras.Model)
        for inner in layer.layers if is_model else layer._layers:
            is_input = isinstance(inner, keras.layers.InputLayer)
            if id(inner) not in seen and not is_input:
                seen.add(id(inner))
                below.append((path + inner.name, inner, outer))
    return found


def _only_embedding(model, found):
    embeddings = [each for each in found if isinstance(each[1], _EMBEDDINGS)]
    if len(embeddings) == 1:
        return embeddings[0]
    if embeddings:
        raise ValueError(
            f"The model {model.name!r} has several embeddings: "
            f"{_listed(embeddings)}. Say which: perturb_at(model, "
            f"{embeddings[0][0]!r})."
        )
    raise ValueError(
        f"The model {model.name!r} has no embedding. Name the layer whose "
        f"output is to be perturbed, one of: {_listed(found)}."
    )


def _same(model, found, layer):
    for each in found:
        if each[1] is layer:
            return each
    raise ValueError(
        f"The layer {layer.name!r} is not on the way to an output of the model "
        f"{model.name!r}. Its layers: {_listed(found)}."
    )


def _named(model, found, name):
    matches = [each for each in found if each[0] == name]
    if not matches:
        matches = [each for each in found if each[0].endswith(f"/{name}")]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise ValueError(
            f"The model {model.name!r} has several layers {name!r}: "
            f"{_listed(matches)}. Give the path of one, or the layer itself."
        )
    names = {part for path, *_ in found for part in (path, path.split("/")[-1])}
    hint = did_you_mean(name, sorted(names))
    raise ValueError(
        f"The model {model.name!r} has no layer {name!r}.{hint} Its layers: "
        f"{_listed(found)}."
    )


def _listed(found):
    names = [repr(path) for path, *_ in found]
    more = [f"and {len(names) - _SHOWN} more"] if len(names) > _SHOWN else []
    return ", ".join([*names[:_SHOWN], *more]) or "none"
