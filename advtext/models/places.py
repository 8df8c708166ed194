import collections
import contextlib

from advtext.models.layer_calls import standing_in
from advtext.quoting import quoted


class PlaceError(ValueError):
    """A place that is not there, or that cannot be perturbed."""


class Places:
    """Layers of a model, and which of their calls.

    Args:
        pairs: List of `(layer, call)`; a call of `None` is the only one.

    Raises:
        ValueError: If a place comes twice.
    """

    def __init__(self, pairs):
        if len({(id(layer), call or 0) for layer, call in pairs}) < len(pairs):
            names = [(layer.name, call) for layer, call in pairs]
            raise PlaceError(
                "Several places must be different layers, or different calls "
                f"of a layer. Received: {names}."
            )
        self.pairs = pairs
        self.layers = list({id(layer): layer for layer, _ in pairs}.values())

    def __len__(self):
        return len(self.pairs)

    @contextlib.contextmanager
    def answered(self, answer):
        """Lets a function answer at the places while a model runs.

        A layer is called all the same: seeds and statistics are to move as
        ever, and what is not used of it is not computed once compiled.

        Args:
            answer: Function `(layer, output, args, kwargs)` from what a layer
                puts out, and what it was called with, to what it is to put
                out.

        Yields:
            How often each layer was called so far, by its id.
        """
        calls = collections.Counter()

        def called(layer, call, args, kwargs):
            number = calls[id(layer)]
            calls[id(layer)] += 1
            output = call(*args, **kwargs)
            if self._is_place(layer, number):
                return answer(layer, output, args, kwargs)
            return output

        with standing_in(self.layers, called):
            yield calls

    def _is_place(self, layer, number):
        return any(
            each is layer and number == (call or 0) for each, call in self.pairs
        )

    def check(self, calls):
        """Raises `ValueError` unless a whole pass came by all places, once.

        Args:
            calls: What `answered` gave, after the pass.
        """
        for layer, call in self.pairs:
            number = calls[id(layer)]
            name = layer.name
            if not number:
                raise PlaceError(
                    f"The layer {name!r} is not on the way to an output: the "
                    "model does not call it (or out of sight, in a function "
                    "compiled by itself)."
                )
            if call is None and number > 1:
                raise PlaceError(
                    f"The model calls the layer {name!r} {number} times: say "
                    f"which call to perturb, from call=0 to {number - 1}."
                )
            if call not in (None, 0) and number == 1:
                raise PlaceError(
                    f"The model calls the layer {name!r} once: leave `call` "
                    f"out. Received: call={quoted(call)}."
                )
            if call is not None and call not in range(number):
                raise PlaceError(
                    f"`call` must be from 0 to {number - 1}: the model calls "
                    f"the layer {name!r} {number} times. Received: "
                    f"call={quoted(call)}."
                )
