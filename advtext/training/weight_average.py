import keras
from keras import ops

from advtext import backend
from advtext.arguments import check_share


class WeightAverage(keras.callbacks.Callback):
    """Evaluates with an exponential moving average of the weights.

    After update t the average moves by `1 - min(decay, (1 + t) / (10 + t))`
    towards the weights: the warm-up lets it forget the first ones. The average
    stands in for the weights while the model is evaluated, and stays in place
    when training ends.

    Args:
        decay: Largest decay, in [0, 1).

    Raises:
        ValueError: If `decay` is out of range; when training begins, if the
            model was compiled with `steps_per_execution` above 1: the weights
            in between would not be seen.

    Example:

    >>> from advtext.training import WeightAverage
    >>> callback = WeightAverage(decay=0.999)

    Reference:
        - [Miyato et al., 2017](https://arxiv.org/abs/1605.07725), the
          released code
    """

    def __init__(self, decay=0.999):
        super().__init__()
        self.decay = check_share("decay", decay)
        self.num_updates = 0
        self.averages = []
        self.held = None

    def on_train_begin(self, logs=None):
        steps = self.model.steps_per_execution
        if steps != 1:
            raise ValueError(
                "WeightAverage must see the weights after every step, and "
                "several run at a time: compile with steps_per_execution=1. "
                f"Received: steps_per_execution={steps}."
            )
        if not self.averages:
            self.averages = [
                ops.copy(v.value) for v in self.model.trainable_variables
            ]

    def on_train_batch_end(self, batch, logs=None):
        backend.sync_state(self.model)
        self.num_updates += 1
        t = self.num_updates
        rate = 1.0 - min(self.decay, (1.0 + t) / (10.0 + t))
        self.averages = [
            average + rate * (variable.value - average)
            for average, variable in zip(
                self.averages, self.model.trainable_variables, strict=True
            )
        ]

    def on_test_begin(self, logs=None):
        if self.averages and self.held is None:
            self.held = self._put(self.averages)

    def on_test_end(self, logs=None):
        if self.held is not None:
            self._put(self.held)
            self.held = None

    def on_train_end(self, logs=None):
        self._put(self.averages)

    def _put(self, values):
        """Puts values in place and returns the ones that stood there."""
        variables = self.model.trainable_variables
        before = [ops.copy(v.value) for v in variables]
        for variable, value in zip(variables, values, strict=True):
            # A copy: a step may take over the memory of a variable.
            variable.assign(ops.copy(value))
        return before

    def get_state(self):
        """Returns the arrays that make up the state, for a checkpoint."""
        return [ops.convert_to_numpy(a) for a in self.averages]

    def set_state(self, num_updates, averages):
        """Continues from a checkpoint."""
        self.num_updates = int(num_updates)
        self.averages = [ops.convert_to_tensor(a) for a in averages]
