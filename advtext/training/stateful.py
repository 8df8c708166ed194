import keras


def check_stateless(model):
    """Raises `ValueError` if a layer carries a state from batch to batch.

    A pass over perturbed input would move it, and no checkpoint holds it.
    """
    below, seen = [model], set()
    while below:
        layer = below.pop()
        if id(layer) in seen:
            continue
        seen.add(id(layer))
        # Keras' recurrent layers, alone or in a wrapper such as Bidirectional.
        if getattr(layer, "stateful", False) is True and not isinstance(
            layer, keras.Model
        ):
            raise ValueError(
                f"The layer {layer.name!r} is stateful: every pass over "
                "perturbed input would move the state that it carries from "
                "batch to batch. Make it with stateful=False, or set "
                "`layer.stateful = False`."
            )
        below += layer._layers
