from keras import ops


class Gradients:
    """Adds up the gradients of one training step.

    The classifier's second half is differentiated pass by pass, in its
    variables and in what was embedded; the first half once, at the end, in
    the sum over the passes.

    Args:
        variables: The trainable variables.
        embedded: What was embedded, a list with a tensor per stream.
    """

    def __init__(self, variables, embedded):
        self.of_variables = [None] * len(variables)
        self.at_embedded = [None] * len(embedded)
        self.embedded = embedded

    def add(self, stream, of_variables, at_embedded):
        """Adds what a pass over a stream gave; `None` stands for zero."""
        self.of_variables = _add(self.of_variables, of_variables)
        self.at_embedded[stream] = _sum(self.at_embedded[stream], at_embedded)

    def total(self, embed_backward):
        """Returns the gradient of every variable, or `None`.

        Args:
            embed_backward: Backward half of embedding, from
                `advtext.backend.vjp`.
        """
        cotangents = [
            ops.zeros_like(embedded) if gradient is None else gradient
            for embedded, gradient in zip(
                self.embedded, self.at_embedded, strict=True
            )
        ]
        return _add(self.of_variables, embed_backward(cotangents))


def _sum(a, b):
    if a is None or b is None:
        return b if a is None else a
    return ops.add(a, b)


def _add(gradients, more):
    return [_sum(a, b) for a, b in zip(gradients, more, strict=True)]
