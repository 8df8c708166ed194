"""An attack step by step, to see how the loss moves."""

from keras import ops

from advtext import backend
from advtext.arguments import check_count
from advtext.attacks import ProjectedGradientDescent


def walk(attack, model, x, y, every=5):
    """Attacks, and shows the loss on the way.

    The steps are those of `attack(model, x, y)`. Without a random start and
    momentum an attack remembers nothing but its perturbation, so the walk
    goes on from there, `every` steps at a time.

    Args:
        attack: `ProjectedGradientDescent` with a `step_size`.
        model: Keras model that gives logits.
        x: Inputs, float array `(batch, ...)`.
        y: Labels, integer array `(batch,)`.
        every: Steps from one loss to the next, at least 1.

    Yields:
        `(step, examples, logits, loss)`: steps done so far, from 0 to
        `attack.num_steps`; the adversarial examples then; their logits; the
        mean over the batch of the loss that the attack raises.

    Raises:
        ValueError: If the attack remembers more, or has no `step_size`.

    Example:

    >>> import keras, numpy as np
    >>> from advtext.attacks import ProjectedGradientDescent
    >>> from advtext.experiments.attack_walk import walk
    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(2)])
    >>> model.set_weights([np.array([[1.0, -1.0]]), np.zeros(2)])
    >>> x, y = np.array([[1.0]], "float32"), np.array([0])
    >>> attack = ProjectedGradientDescent(1.0, step_size=0.1, num_steps=7)
    >>> for step, examples, _, loss in walk(attack, model, x, y):
    ...     print(step, round(float(examples[0, 0]), 4), round(loss, 4))
    0 1.0 0.1269
    5 0.5 0.3133
    7 0.3 0.4375
    """
    every = check_count("every", every)
    if attack.random_start or attack.momentum or attack.step_size is None:
        raise ValueError(
            "Only an attack with a `step_size`, and without random start and "
            "momentum, can be walked step by step."
        )
    x, y = ops.convert_to_tensor(x), ops.convert_to_tensor(y)
    found, logits = ops.zeros_like(x), model(x, training=False)
    yield 0, x, logits, _mean_loss(attack, y, logits)
    compiled = {}
    for step in range(0, attack.num_steps, every):
        count = min(every, attack.num_steps - step)
        if count not in compiled:
            compiled[count] = _compiled(attack, model, count)
        found, logits = compiled[count](x, y, found)
        examples = attack.inside(x + found)
        yield step + count, examples, logits, _mean_loss(attack, y, logits)


class _Onward(ProjectedGradientDescent):
    """Starts from a perturbation that is there."""

    reached = None

    def start(self, x, epsilon, mask):
        return self.reached


def _compiled(attack, model, count):
    """Returns a function from `(x, y, perturbation)` to the next, and logits.

    Args:
        count: Number of steps between the two.
    """
    onward = _Onward(
        attack.epsilon,
        attack.step_size,
        count,
        attack.norm,
        targeted=attack.targeted,
        value_range=attack.value_range,
        loss=attack.loss,
    )

    def logits(x):
        return model(x, training=False)

    def advance(x, y, reached):
        onward.reached = reached
        found = onward.perturbation(lambda z: onward.loss(y, logits(z)), x)
        # What is compiled must not outlive its tensors.
        onward.reached = None
        return found, logits(onward.inside(x + found))

    return backend.compiled(advance, model.variables)


def _mean_loss(attack, y, logits):
    return float(ops.mean(attack.loss(y, logits)))
