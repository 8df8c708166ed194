import keras

from advtext.heads import LABELS, head_of


def with_threshold_0(metrics, loss, output_names=None):
    """Replaces accuracy by name, which Keras would threshold at 0.5.

    Args:
        metrics: Metrics as passed to `compile`, in any of its forms.
        loss: The loss or losses, likewise; a binary cross-entropy of logits
            has its threshold at 0.
        output_names: Names of the outputs, if they are known.

    Returns:
        The metrics, in the same form.
    """
    several = isinstance(metrics, (list, tuple))
    if isinstance(loss, (dict, list, tuple)) and len(loss) == 1:
        (loss,) = loss.values() if isinstance(loss, dict) else loss
    if isinstance(loss, dict) and several and output_names:
        loss = [loss.get(name) for name in output_names]
    if isinstance(metrics, dict):
        if isinstance(loss, (list, tuple)) and output_names:
            loss = dict(zip(output_names, loss, strict=False))
        of = loss.get if isinstance(loss, dict) else lambda name: loss
        return {
            name: with_threshold_0(each, of(name))
            for name, each in metrics.items()
        }
    if isinstance(loss, (list, tuple)) and several:
        return list(map(with_threshold_0, metrics, loss))
    if head_of(loss) is not LABELS:
        return metrics
    if several:
        return [with_threshold_0(metric, loss) for metric in metrics]
    if metrics in ("accuracy", "acc", "binary_accuracy"):
        return keras.metrics.BinaryAccuracy(metrics, threshold=0.0)
    return metrics
