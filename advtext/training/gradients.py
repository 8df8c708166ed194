from keras import ops

from advtext import backend


class Slot:
    """What was embedded of a stream, and the gradient there so far.

    Args:
        embedded: Tensor.
    """

    def __init__(self, embedded):
        self.embedded = embedded
        self.gradient = None


class Gradients:
    """Adds up the gradients of one training step.

    The classifier's second half is differentiated pass by pass, in its
    variables and in what was embedded; the first half once, at the end, in
    the sum over the passes.

    Args:
        variables: The trainable variables.
    """

    def __init__(self, variables):
        self.variables = variables
        self.of_variables = [None] * len(variables)
        self.halves = []

    def embed(self, function):
        """Runs the first half; its backward half is run at the end.

        Args:
            function: Function without arguments that gives a list of lists
                of tensors.

        Returns:
            A list of lists of `Slot`.
        """
        embedded, backward = backend.vjp(
            lambda: [
                list(map(ops.convert_to_tensor, each)) for each in function()
            ],
            self.variables,
        )
        slots = [list(map(Slot, each)) for each in embedded]
        self.halves.append((slots, backward))
        return slots

    def differentiate(self, objective, slots, factor=1.0):
        """Adds the gradients of an objective.

        Args:
            objective: Function from what the slots embedded to `(loss,
                auxiliary)`.
            slots: List of `Slot`.
            factor: What the gradients are multiplied with before.

        Returns:
            `(auxiliary, gradient)`, the gradient as it is at the first slot.
        """
        _, auxiliary, of_variables, at_slots = backend.value_and_gradients(
            lambda embedded: objective(*embedded),
            self.variables,
            [self.in_turn(slot.embedded) for slot in slots],
        )
        self.of_variables = _add(self.of_variables, of_variables, factor)
        sums = _add([slot.gradient for slot in slots], at_slots, factor)
        for slot, gradient in zip(slots, sums, strict=True):
            slot.gradient = gradient
        return auxiliary, at_slots[0]

    def in_turn(self, x):
        """Returns a tensor for the next pass: it waits for all before."""
        return backend.after(x, self.of_variables)

    def total(self):
        """Returns the gradient of every variable, or `None`."""
        for slots, backward in self.halves:
            cotangents = [
                [
                    ops.zeros_like(slot.embedded)
                    if slot.gradient is None
                    else slot.gradient
                    for slot in each
                ]
                for each in slots
            ]
            self.of_variables = _add(self.of_variables, backward(cotangents))
        return self.of_variables


def _add(gradients, more, factor=1.0):
    return [
        backend.add_gradients(a, b, factor)
        for a, b in zip(gradients, more, strict=True)
    ]
