import keras
from keras import ops

from advtext.masks import mask_of, with_mask

# Means over labels, each of which counts by itself.
_BY_LABEL = keras.metrics.BinaryAccuracy, keras.metrics.BinaryCrossentropy
_NEVER = -1e9


class KnownOnly(keras.metrics.Metric):
    """A metric, without the examples that have no label.

    Keras' means leave out what is masked; counts, such as those of `AUC`,
    `Precision` and `F1Score`, take weights alone.

    Args:
        metric: A Keras metric. It keeps the result.
        name: Name in the logs; by default that of the metric.
    """

    def __init__(self, metric, name=None):
        super().__init__(name=name or metric.name, dtype=metric.dtype)
        self.metric = metric
        if hasattr(metric, "_direction"):
            # What callbacks that watch a metric ask for.
            self._direction = metric._direction

    def update_state(self, y_true, y_pred, sample_weight=None):
        shape = y_pred.shape
        several = len(shape) > 1 and shape[-1] != 1
        if several and len(y_true.shape) == len(shape):
            return self._update_labels(y_true, y_pred, sample_weight)
        known = mask_of(y_pred)
        if known is not None and not _is_mean(self.metric):
            sample_weight = _weights(known, sample_weight)
        return self.metric.update_state(y_true, y_pred, sample_weight)

    def _update_labels(self, y_true, y_pred, sample_weight):
        """Of several labels leaves out single ones, those below 0."""
        known = y_true >= 0
        y_true = ops.where(known, y_true, ops.zeros_like(y_true))
        if isinstance(self.metric, _BY_LABEL):
            y_true, y_pred = (ops.expand_dims(x, -1) for x in (y_true, y_pred))
            y_pred = with_mask(y_pred, known)
        elif isinstance(self.metric, keras.metrics.FBetaScore):
            # Neither predicted nor true: it counts nowhere.
            y_pred = ops.where(known, y_pred, ops.cast(_NEVER, y_pred.dtype))
        elif not _is_mean(self.metric):
            sample_weight = _weights(known, sample_weight)
        return self.metric.update_state(y_true, y_pred, sample_weight)

    def result(self):
        return self.metric.result()

    def reset_state(self):
        self.metric.reset_state()


def known_only(metrics):
    """Returns metrics, in the form of `compile`, each wrapped."""
    if isinstance(metrics, dict):
        return {name: known_only(each) for name, each in metrics.items()}
    if isinstance(metrics, (list, tuple)):
        return list(map(known_only, metrics))
    if isinstance(metrics, str) and metrics.lower() not in _BY_LOSS:
        found = keras.metrics.get(metrics)
        if isinstance(found, keras.metrics.Metric):
            # In the logs it is called what it was called in `compile`.
            return KnownOnly(found, metrics)
    if not isinstance(metrics, keras.metrics.Metric):
        return metrics
    return KnownOnly(metrics)


# What Keras chooses by the loss.
_BY_LOSS = "accuracy", "acc", "crossentropy", "ce"


def _is_mean(metric):
    return isinstance(metric, keras.metrics.Mean)


def _weights(known, sample_weight):
    known = ops.cast(known, "float32")
    if sample_weight is None:
        return known
    sample_weight = ops.cast(sample_weight, "float32")
    while len(sample_weight.shape) < len(known.shape):
        sample_weight = ops.expand_dims(sample_weight, -1)
    return known * sample_weight
