"""Inputs in place of those that a model has no further need of."""

import keras
from keras import ops


def needs_inputs(model, layer):
    """Returns whether outputs need more than a layer's output and its mask.

    Args:
        model: Keras model.
        layer: One of its layers.

    Returns:
        False if every way from an input to an output leads through the layer,
        as far as the graph of a functional model shows; else True.
    """
    # Of several calls which is meant shows only when the model runs.
    if not getattr(model, "inputs", None) or len(layer._inbound_nodes) != 1:
        return True
    tensors, seen = keras.tree.flatten(model.outputs), set()
    while tensors:
        tensor = tensors.pop()
        operation, number, _ = tensor._keras_history
        if operation is layer or (id(operation), number) in seen:
            continue
        if tensor is getattr(layer.output, "_keras_mask", None):
            continue
        seen.add((id(operation), number))
        if isinstance(operation, keras.layers.InputLayer):
            return True
        tensors += operation._inbound_nodes[number].input_tensors
    return False


def stand_ins(model, embedded, mask=None):
    """Returns ones in the shape of a model's inputs, 0 for padding.

    Args:
        model: Functional or sequential model.
        embedded: What is to take the place of a layer's output: the lengths
            that the model leaves open are those of its axes.
        mask: Booleans `(batch, time)`, True where it is real, or `None`.
    """
    lengths = ops.shape(embedded)

    def ones(tensor):
        if mask is not None and len(tensor.shape) == len(mask.shape):
            # The graph of a model tells its mask from the token ids.
            return ops.cast(mask, tensor.dtype)
        shape = [
            (lengths[axis] if axis < len(lengths) else 1)
            if length is None
            else length
            for axis, length in enumerate(tensor.shape)
        ]
        return ops.ones(shape, tensor.dtype)

    if isinstance(model, keras.Sequential):
        return ones(model.inputs[0])
    return keras.tree.map_structure(ones, model.input)
