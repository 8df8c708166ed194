"""The image classifiers of Goodfellow et al. (2015), as stacks of layers.

All take float images `(batch, height, width, channels)` and give logits
`(batch, num_classes)`, `(batch, 1)` for two classes.
"""

from keras import layers

from advtext.arguments import check_count, check_counts, check_share
from advtext.layers import RBF, Maxout
from advtext.models.sequential_classifier import SequentialClassifier
from advtext.quoting import quoted


def softmax_regression(num_classes=10):
    """Returns a linear classifier; logistic regression for two classes.

    Example:

    >>> import numpy as np
    >>> from advtext.models import softmax_regression
    >>> tuple(softmax_regression(2)(np.zeros((3, 28, 28, 1))).shape)
    (3, 1)
    """
    return SequentialClassifier([layers.Flatten(), _output(num_classes)])


def maxout_network(
    num_classes=10,
    units=(240, 240),
    num_pieces=5,
    dropout=0.5,
    input_dropout=0.2,
    kernel_regularizer=None,
    num_embedding_layers=0,
    dtype=None,
):
    """Returns a dense maxout network with dropout.

    Args:
        num_classes: Number of classes.
        units: Maxout units of every hidden layer.
        num_pieces: Linear functions that a unit is the maximum of.
        dropout: Dropout of the hidden units.
        input_dropout: Dropout of the pixels.
        kernel_regularizer: Regularizer of the first layer's weights.
        num_embedding_layers: Hidden layers before the place that is perturbed;
            0 perturbs the image.
        dtype: Type policy of the hidden layers, such as `"mixed_bfloat16"`; the
            logits are computed in float32.

    Example:

    >>> import numpy as np
    >>> from advtext.models import maxout_network
    >>> tuple(maxout_network(units=(8, 8))(np.zeros((3, 28, 28, 1))).shape)
    (3, 10)

    Reference:
        - [Goodfellow et al., 2013](https://arxiv.org/abs/1302.4389), part 5.1
    """
    units = check_counts("units", units)
    check_count("num_pieces", num_pieces)
    places = range(len(units) + 1)
    if (
        isinstance(num_embedding_layers, bool)
        or num_embedding_layers not in places
    ):
        raise ValueError(
            "`num_embedding_layers` must be an integer from 0 to "
            f"{len(units)}, the number of hidden layers. Received: "
            f"num_embedding_layers={quoted(num_embedding_layers)}."
        )
    dropout = check_share("dropout", dropout)
    input_dropout = check_share("input_dropout", input_dropout)
    stack = [layers.Flatten(), layers.Dropout(input_dropout)]
    ends = [0]
    for number, width in enumerate(units):
        stack += [
            layers.Dense(
                width * num_pieces,
                kernel_regularizer=None if number else kernel_regularizer,
                dtype=dtype,
            ),
            Maxout(num_pieces, dtype=dtype),
        ]
        ends.append(len(stack))
        stack.append(layers.Dropout(dropout, dtype=dtype))
    stack.append(_output(num_classes))
    return SequentialClassifier(stack, ends[num_embedding_layers])


def convolutional_maxout_network(
    num_classes=10,
    filters=(48, 96, 96),
    num_pieces=2,
    units=240,
    dropout=0.5,
    input_dropout=0.2,
):
    """Returns a convolutional maxout network.

    Every convolution is followed by the maximum over pieces, and over places
    by pooling; a dense maxout layer comes before the output.

    Args:
        num_classes: Number of classes.
        filters: Maxout units of every convolution.
        num_pieces: Linear functions that a unit is the maximum of.
        units: Dense maxout units.
        dropout: Dropout of the dense units; the convolutions have half of it.
        input_dropout: Dropout of the pixels.

    Example:

    >>> import numpy as np
    >>> from advtext.models import convolutional_maxout_network
    >>> network = convolutional_maxout_network(filters=(4, 4), units=8)
    >>> tuple(network(np.zeros((2, 32, 32, 3))).shape)
    (2, 10)

    Reference:
        - [Goodfellow et al., 2013](https://arxiv.org/abs/1302.4389), part 5.2
    """
    filters = check_counts("filters", filters)
    num_pieces = check_count("num_pieces", num_pieces)
    units = check_count("units", units)
    dropout = check_share("dropout", dropout)
    stack = [layers.Dropout(check_share("input_dropout", input_dropout))]
    for number, width in enumerate(filters):
        stack += [
            layers.Conv2D(
                width * num_pieces, 5 if number else 8, padding="same"
            ),
            Maxout(num_pieces),
            layers.MaxPooling2D(4 if not number else 3, 2, padding="same"),
            layers.Dropout(dropout / 2),
        ]
    stack += [
        layers.Flatten(),
        layers.Dense(units * num_pieces),
        Maxout(num_pieces),
        layers.Dropout(dropout),
        _output(num_classes),
    ]
    return SequentialClassifier(stack)


def rbf_network(num_classes=10):
    """Returns a shallow RBF network: one radial basis function a class.

    Its logits are of independent classes: train it with a binary cross-entropy
    on one-hot labels. Far from everything it has seen, no class is likely.

    Example:

    >>> import numpy as np
    >>> from advtext.models import rbf_network
    >>> tuple(rbf_network()(np.zeros((3, 28, 28, 1))).shape)
    (3, 10)

    Reference:
        - [Goodfellow et al., 2015](https://arxiv.org/abs/1412.6572), section 7
    """
    num_classes = check_count("num_classes", num_classes, 2)
    return SequentialClassifier(
        [layers.Flatten(), RBF(num_classes, return_logits=True)]
    )


def _output(num_classes):
    num_classes = check_count("num_classes", num_classes, 2)
    return layers.Dense(1 if num_classes == 2 else num_classes, dtype="float32")
