import keras


def with_threshold_0(metrics, loss):
    """Replaces accuracy by name, which Keras would threshold at 0.5.

    Args:
        metrics: Metrics as passed to `compile`, in any of its forms.
        loss: The loss or losses, likewise; a binary cross-entropy of logits
            has its threshold at 0.

    Returns:
        The metrics, in the same form.
    """
    if isinstance(loss, dict) and isinstance(metrics, dict):
        return {
            name: with_threshold_0(each, loss.get(name))
            for name, each in metrics.items()
        }
    several = isinstance(metrics, (list, tuple))
    if isinstance(loss, (list, tuple)) and several:
        return list(map(with_threshold_0, metrics, loss))
    if not isinstance(loss, keras.losses.BinaryCrossentropy):
        return metrics
    if several:
        return [with_threshold_0(metric, loss) for metric in metrics]
    if metrics in ("accuracy", "acc", "binary_accuracy"):
        return keras.metrics.BinaryAccuracy(metrics, threshold=0.0)
    return metrics
