import contextlib

import keras
from keras import ops

from advtext import backend
from advtext.arguments import check_share

_NOT_BUILT = (
    "The model is not built when training begins, so that WeightAverage has no "
    "weights to average. Build it before `fit`: call it on a batch, "
    "model(x[:1])."
)


class WeightAverage(keras.callbacks.Callback):
    """Evaluates with an exponential moving average of the weights.

    After update t the average moves by `1 - min(decay, (1 + t) / (10 + t))`
    towards the weights: the warm-up lets it forget the first ones. The average
    stands in for the weights while the model is evaluated, and stays in place
    when training ends. With `steps_per_execution` above 1 every one of the
    steps is averaged.

    Args:
        decay: Largest decay, in [0, 1).

    Raises:
        ValueError: If `decay` is out of range, or (in `fit`) the model has
            no weights yet: on TensorFlow it must be built before.

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
        self.start = 0, []
        self.state = None
        self.held = None
        self.following = contextlib.ExitStack()

    @property
    def num_updates(self):
        """Number of updates that are averaged."""
        return self._current()[0]

    @property
    def averages(self):
        """List of the averaged weights; empty before training."""
        return self._current()[1]

    def _current(self):
        if self.state is None:
            return self.start
        backend.sync_state(self.model)
        values = [ops.copy(v.value) for v in self.state.averages]
        return int(self.state.num_updates.value), values

    def on_train_begin(self, logs=None):
        # One that was interrupted did not end.
        self._detach()
        variables = self.model.trainable_variables
        if not variables and not self.model.built:
            raise ValueError(_NOT_BUILT)
        self.complete = False
        num_updates, averages = self.start
        with backend.parallel.scope_of(self.model):
            state = _State(variables, self.decay)
        state.num_updates.assign(num_updates)
        values = averages or [ops.copy(v.value) for v in variables]
        for average, value in zip(state.averages, values, strict=True):
            average.assign(value)
        self.state = state
        self.following.enter_context(
            backend.steps_followed_by(
                self.model, state, lambda: state.update_state(variables)
            )
        )

    def on_train_batch_end(self, batch, logs=None):
        if not self.complete:
            # A layer of it may have been built by the first step.
            if len(self.model.trainable_variables) > len(self.state.averages):
                raise ValueError(_NOT_BUILT)
            self.complete = True

    def _detach(self):
        """Keeps the averages, and leaves the model's steps as they were."""
        self.start, self.state = self._current(), None
        self.following.close()

    def on_test_begin(self, logs=None):
        averages = self.averages
        if averages and self.held is None:
            self.held = self._put(averages)

    def on_test_end(self, logs=None):
        if self.held is not None:
            self._put(self.held)
            self.held = None

    def on_train_end(self, logs=None):
        self._detach()
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
        averages = [ops.convert_to_tensor(a) for a in averages]
        self.start = int(num_updates), averages


class _State(keras.metrics.Metric):
    """The averages: as a metric's, their variables belong to a step's state.

    Args:
        variables: The variables that are averaged.
        decay: Largest decay.
    """

    def __init__(self, variables, decay):
        super().__init__(name="weight_average")
        self.smallest_rate = 1.0 - decay
        # Every device holds the same.
        own = {"initializer": "zeros", "aggregation": "only_first_replica"}
        self.num_updates = self.add_variable((), dtype="int32", **own)
        self.averages = [
            self.add_variable(v.shape, dtype=v.dtype, **own) for v in variables
        ]

    def update_state(self, variables):
        """Moves the averages towards the variables."""
        self.num_updates.assign(self.num_updates + 1)
        for average, variable in zip(self.averages, variables, strict=True):
            exact = "float64" if variable.dtype == "float64" else "float32"
            t = ops.cast(self.num_updates, exact)
            # 1 - (1 + t) / (10 + t), without its rounding.
            rate = ops.maximum(self.smallest_rate, 9.0 / (10.0 + t))
            rate = ops.cast(rate, variable.dtype)
            average.assign(average + rate * (variable.value - average))

    def reset_state(self):
        """Does nothing: the average goes on from epoch to epoch."""

    def result(self):
        """Returns no logs."""
        return {}
