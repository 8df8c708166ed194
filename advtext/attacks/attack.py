import keras
from keras import ops

from advtext import backend
from advtext.attacks import arguments
from advtext.attacks.broadcast import masked, per_example
from advtext.attacks.generate import generate
from advtext.attacks.norms import check_norm, project
from advtext.attacks.pickled import Pickled
from advtext.attacks.runner import Runner
from advtext.backend import at_least_float32
from advtext.losses import cross_entropy, least_likely, prediction
from advtext.quoting import quoted


class Attack(Pickled):
    """Base of the attacks: a small perturbation that raises a loss.

    One loop for all of them: from a start, steps along the gradient, each
    followed by a projection onto the ball of radius `epsilon` and into
    `value_range`. A subclass sets `num_steps` and overrides `step`, or
    `start`, or `accumulate`.

    Args:
        epsilon: Length of the perturbation per example, at least 0, in the
            units of the input (of the embedded text, or of pixels). In a
            term of the training it may be a
            `keras.optimizers.schedules.LearningRateSchedule` over the steps
            of the optimizer.
        norm: `"l1"`, `"l2"` or `"linf"`, over all axes but the first.
        targeted: Whether `y` is a class to move towards; `"least_likely"`
            moves towards the class that the model holds least likely.
        value_range: `(lowest, highest)` values of a valid input, or `None`.
        seed: Integer seed of the attack's random numbers, or `None`.
        loss: Function from labels and logits to losses `(batch,)`, raised
            (lowered when targeted) in place of the cross-entropy.

    Raises:
        ValueError: If an argument is out of its range.
    """

    num_steps = 1
    # Whether steps may lead out of the ball.
    projects = True

    def __init__(
        self,
        epsilon,
        norm="l2",
        targeted=False,
        value_range=None,
        seed=None,
        loss=None,
    ):
        check_norm(norm)
        if not isinstance(
            epsilon, keras.optimizers.schedules.LearningRateSchedule
        ):
            epsilon = arguments.check_length("epsilon", epsilon)
        self.epsilon = epsilon
        self.norm = norm
        self.targeted = arguments.check_targeted(targeted)
        self.value_range = arguments.check_value_range(value_range)
        self.loss = arguments.check_loss(loss) or cross_entropy
        self.seed_generator = keras.random.SeedGenerator(
            arguments.check_seed("seed", seed)
        )

    def check_epsilon(self, epsilon):
        """Returns `epsilon`, the attack's own for `None`.

        Raises:
            ValueError: If it is a schedule.
        """
        epsilon = self.epsilon if epsilon is None else epsilon
        if callable(epsilon):
            raise ValueError(
                "The attack's `epsilon` is a schedule over the steps of a "
                "training, and here there are none: pass a number, "
                "attack(model, x, y, epsilon=1.0)."
            )
        return epsilon

    @property
    def seed_generators(self):
        """The random states that the attack itself uses."""
        return [self.seed_generator]

    def start(self, x, epsilon, mask):
        """Returns the first perturbation; `None` is none."""

    def accumulate(self, before, gradient):
        """Returns what a step follows, from what the one before followed."""
        return gradient

    def step(self, gradient, x, epsilon):
        """Returns what one step adds, along what `accumulate` gave."""
        raise NotImplementedError(
            f"{type(self).__name__} must override `step`."
        )

    def perturbation(self, loss_fn, x, mask=None, gradient=None, epsilon=None):
        """Computes the perturbation of a batch.

        Args:
            loss_fn: Function from a tensor like `x` to a scalar, or to a loss
                per example `(batch,)`, to be raised (lowered when `targeted`).
            x: Float tensor `(batch, ...)`.
            mask: Optional boolean tensor over the first axes of `x`; nothing
                is added where it is False.
            gradient: The gradient of `loss_fn` at `x`, where it is known.
            epsilon: Length in place of the attack's own, a scalar or
                `(batch,)`.

        Returns:
            Tensor shaped like `x`, cut off from every gradient.
        """
        x = ops.stop_gradient(ops.convert_to_tensor(x))
        # In half precision lengths would overflow and short steps vanish.
        dtype, x = x.dtype, at_least_float32(x)
        epsilon = per_example(self.check_epsilon(epsilon), x)

        def advance(state, gradient=None):
            if gradient is None:
                gradient = backend.input_gradient(
                    lambda z: ops.sum(loss_fn(ops.cast(z, dtype))),
                    _added(x, state[0]),
                )
            return self._advanced(state, gradient, x, mask, epsilon)

        state = self.start(x, epsilon, mask), None
        left = self.num_steps
        if state[0] is not None:
            gradient = None
        if left == 1 or (left and gradient is not None):
            state = advance(state, gradient)
            left -= 1
        zeros = ops.zeros_like(x)
        state = [zeros if part is None else part for part in state]
        if left:
            state = backend.repeat(left, advance, tuple(state))
        found = state[0]
        if not self.num_steps:
            # Every step ends confined.
            found = self._confined(found, x, epsilon)
        return ops.stop_gradient(ops.cast(found, dtype))

    def walk(self, x, mask=None, epsilon=None):
        """Yields the start, and the point after every gradient sent back.

        The steps of `perturbation` for a caller that takes the gradients
        itself.

        Args:
            x: Float tensor `(batch, ...)`.
            mask: As of `perturbation`.
            epsilon: As of `perturbation`.
        """
        x = ops.stop_gradient(ops.convert_to_tensor(x))
        dtype, x = x.dtype, at_least_float32(x)
        epsilon = per_example(self.check_epsilon(epsilon), x)
        state = self.start(x, epsilon, mask), None
        while True:
            found = ops.zeros_like(x) if state[0] is None else state[0]
            gradient = yield ops.stop_gradient(ops.cast(found, dtype))
            state = self._advanced(state, gradient, x, mask, epsilon)

    def _advanced(self, state, gradient, x, mask, epsilon):
        """Returns perturbation and what is followed, one step further."""
        perturbation, followed = state
        gradient = masked(at_least_float32(gradient), mask)
        followed = self.accumulate(followed, gradient)
        step = self.step(followed, masked(x, mask), epsilon)
        step = -step if self.targeted else step
        perturbation = _added(step, perturbation)
        return self._confined(perturbation, x, epsilon), followed

    def _confined(self, perturbation, x, epsilon):
        """Returns the perturbation inside of the ball and of `value_range`."""
        if self.projects:
            perturbation = project(perturbation, epsilon, self.norm)
        if self.value_range is None:
            return perturbation
        lowest, highest = self.value_range
        return ops.clip(perturbation, lowest - x, highest - x)

    def __call__(
        self,
        model,
        x,
        y=None,
        mask=None,
        epsilon=None,
        epsilons=None,
        training=False,
        batch_size=None,
        progress=False,
    ):
        """Returns adversarial examples.

        Args:
            model: Keras model, or function from `x` to logits. A model is
                compiled with the attack, once per shape; a function is not.
            x: Float array `(batch, ...)`; one example without the first axis,
                if the model knows its input's shape; or a `PyDataset`, a
                `tf.data.Dataset` or another iterable of batches `x` or
                `(x, y)`.
            y: Labels, `(batch,)` integers or one-hot `(batch, num_classes)`;
                the classes to reach when `targeted`. `None` takes the model's
                own prediction, as of `x`.
            mask: Booleans over the first axes of `x`, or shaped like it:
                where False, nothing may change.
            epsilon: Length in place of the attack's own; a number, or one for
                each example.
            epsilons: Several lengths; the result has a first axis for them.
            training: Whether the model runs in training mode; its weights,
                statistics and seeds are left as they were.
            batch_size: Examples at a time; all by default.
            progress: Whether to show a progress bar.

        Returns:
            Tensor shaped like `x`, or `(len(epsilons), *x.shape)`.

        Raises:
            TypeError: If `x` does not hold floating-point numbers.
            ValueError: If the model gives probabilities, an argument is wrong,
                or the gradient is zero everywhere.
        """
        run = Runner(self, model, training)
        return generate(
            run, x, y, mask, epsilon, epsilons, batch_size, progress
        )

    def labels(self, logits_fn, x, y):
        """Returns the labels whose loss is raised, or lowered if targeted."""
        if self.targeted == "least_likely":
            return least_likely(logits_fn(x))
        return prediction(logits_fn(x)) if y is None else y

    def losses(self, y, logits):
        """Returns what `loss` gives, which must be a tensor."""
        losses = self.loss(y, logits)
        if not hasattr(losses, "shape"):
            raise ValueError(
                "`loss` must return a tensor of losses, (batch,). Received: "
                f"{quoted(losses)}."
            )
        return losses

    def examples(self, logits_fn, x, y, mask, epsilon):
        """Returns adversarial examples of one batch; checks nothing.

        Args:
            logits_fn: Function from a tensor like `x` to logits.
            x: Float tensor `(batch, ...)`.
            y: Labels, or `None` for the model's own prediction.
            mask: As of `__call__`.
            epsilon: Scalar or `(batch,)`.
        """
        y = self.labels(logits_fn, x, y)
        found = self.perturbation(
            lambda z: self.losses(y, logits_fn(z)), x, mask, None, epsilon
        )
        return self.inside(x + found)

    def inside(self, x):
        """Returns `x` clipped to `value_range`."""
        if self.value_range is None:
            return x
        return ops.clip(x, *self.value_range)


def _added(x, perturbation):
    return x if perturbation is None else x + perturbation
