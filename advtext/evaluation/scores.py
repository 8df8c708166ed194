from advtext.evaluation.arguments import (
    check_labels,
    check_probabilities,
    check_same_length,
)
from advtext.evaluation.percent import percent
from advtext.evaluation.predictions import predict_logits, predicted


def score(model, x, y, probabilities="softmax", batch_size=500):
    """Measures how often a model errs, and how sure it is when it does.

    Args:
        model: Keras model, or function from `x` to logits.
        x: Array `(number, ...)`, clean or adversarial.
        y: Labels, `(number,)` integers or one-hot.
        probabilities: How logits become probabilities: `"softmax"` or
            `"sigmoid"`.
        batch_size: Inputs at a time.

    Returns:
        Dict with `error`, `confidence` (the mean probability of the predicted
        class) and `confidence_on_errors`, all in percent, and `number`.

    Raises:
        ValueError: If an argument is wrong, or the model gives probabilities.

    Example:

    >>> import numpy as np
    >>> from advtext.evaluation import score
    >>> x = np.log([[1.0, 3.0], [4.0, 1.0]])
    >>> found = score(lambda x: x, x, y=[1, 1])
    >>> found["error"], round(found["confidence_on_errors"], 2)
    (50.0, 80.0)

    Reference:
        - [Goodfellow et al., 2015](https://arxiv.org/abs/1412.6572), section 4
    """
    check_probabilities(probabilities)
    check_same_length(x, y)
    logits = predict_logits(model, x, batch_size)
    y = check_labels(y, len(logits), logits.shape[1])
    classes, confidences = predicted(logits, probabilities)
    wrong = classes != y
    return {
        "error": percent(wrong),
        "confidence": percent(confidences),
        "confidence_on_errors": percent(confidences[wrong]),
        "number": len(y),
    }
