import keras
from keras import ops

from advtext import backend
from advtext.arguments import check_count, check_length
from advtext.attacks.attack import Attack
from advtext.attacks.broadcast import masked, per_example
from advtext.attacks.norms import direction
from advtext.backend import at_least_float32
from advtext.losses import kl_divergence_from_logits


class VirtualAdversarial(Attack):
    """The direction in which a prediction changes most, without a label.

    Power iteration from a random direction d: the gradient at `xi * d` of the
    KL divergence between the clean and the perturbed prediction is
    `xi * H d`, with H the Hessian of the KL at the input, and its direction is
    the next d. The result is `epsilon * d`.

    Args:
        epsilon: Length of the perturbation per example (l2), at least 0.
        xi: Length of the step of the finite difference, above 0.
        num_power_iterations: How often d is improved; 1 is enough in practice,
            and 0 leaves random noise of length `epsilon` (the control).
        seed: Integer seed of the first direction, or `None`.
        value_range: `(lowest, highest)` values of a valid input, or `None`.

    Raises:
        ValueError: If an argument is out of its range.

    Example:

    >>> import numpy as np
    >>> from advtext.attacks import VirtualAdversarial
    >>> weights = np.array([[1.0], [0.0]], "float32")
    >>> attack = VirtualAdversarial(epsilon=3.0, seed=0)
    >>> x = np.zeros((1, 2), "float32")
    >>> r = attack.perturbation(lambda x: x @ weights, x)
    >>> np.abs(np.asarray(r)).round(3).tolist()
    [[3.0, 0.0]]

    Reference:
        - [Miyato et al., 2016](https://arxiv.org/abs/1507.00677)
        - [Miyato et al., 2017](https://arxiv.org/abs/1605.07725), equation 10
    """

    num_steps = 0
    projects = False

    def __init__(
        self,
        epsilon,
        xi=0.1,
        num_power_iterations=1,
        seed=None,
        value_range=None,
    ):
        super().__init__(epsilon, "l2", value_range=value_range, seed=seed)
        self.xi = check_length("xi", xi)
        if self.xi == 0:
            raise ValueError("`xi` must be above 0. Received: xi=0.")
        self.num_power_iterations = check_count(
            "num_power_iterations", num_power_iterations, at_least=0
        )

    def perturbation(
        self,
        logits_fn,
        embedded,
        mask=None,
        logits=None,
        epsilon=None,
        divergence=kl_divergence_from_logits,
    ):
        """Computes the perturbation of a batch.

        Args:
            logits_fn: Function from a tensor like `embedded` to logits.
            embedded: Float tensor `(batch, ...)`.
            mask: Optional boolean tensor over the first axes of `embedded`;
                nothing is added where it is False.
            logits: The clean logits, where they are known.
            epsilon: Length in place of the attack's own, a scalar or
                `(batch,)`.
            divergence: Function `(clean, perturbed)` from predictions to how
                far they are from each other, `(batch,)`, in place of the KL
                divergence.

        Returns:
            Tensor shaped like `embedded`, cut off from every gradient.
        """
        embedded = ops.stop_gradient(ops.convert_to_tensor(embedded))
        if logits is None and self.num_power_iterations:
            logits = logits_fn(embedded)
        # In half precision lengths would overflow and short steps vanish.
        dtype, embedded = embedded.dtype, at_least_float32(embedded)
        noise = keras.random.normal(
            ops.shape(embedded),
            dtype=embedded.dtype,
            seed=self.seed_generator,
        )
        vector = direction(masked(noise, mask), "l2")
        for _ in range(self.num_power_iterations):
            gradient = backend.input_gradient(
                lambda x: ops.sum(
                    divergence(logits, logits_fn(ops.cast(x, dtype)))
                ),
                embedded + self.xi * vector,
            )
            vector = direction(masked(gradient, mask), "l2")
        epsilon = per_example(self.check_epsilon(epsilon), embedded)
        found = self._confined(epsilon * vector, embedded, epsilon)
        return ops.stop_gradient(ops.cast(found, dtype))

    def examples(self, logits_fn, x, y, mask, epsilon):
        return self.inside(
            x + self.perturbation(logits_fn, x, mask, epsilon=epsilon)
        )
