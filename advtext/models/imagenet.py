"""Networks trained on ImageNet, from pixels to logits."""

import inspect
import warnings
from pathlib import Path

import keras
import numpy as np

from advtext import failures
from advtext.arguments import check_count
from advtext.config.values import nearest
from advtext.quoting import printable, quoted

# Of models that take every size.
_SIZE = 224
# Of red, green and blue on ImageNet, pixels in [0, 1].
_DEVIATIONS = 0.229, 0.224, 0.225
# What reading a file that is no weights, or others, may raise. Keras warns
# where it leaves weights as they were drawn.
_DAMAGE = (*failures.DAMAGE, OSError, UserWarning)


def imagenet_classifier(
    model="MobileNetV2", weights="imagenet", input_size=None, **options
):
    """Builds a network of `keras.applications`, from pixels to logits.

    The preprocessing of its family is part of the model, so that a
    perturbation of the input is in units of pixels.

    Args:
        model: Name of a model of `keras.applications`, such as `"ResNet50"`.
        weights: Path to a file of its weights; `"imagenet"` has Keras
            download them; `None` draws them at random.
        input_size: Height and width of the images in pixels; the model's
            own by default.
        **options: Further arguments of the model, such as `alpha`.

    Returns:
        Keras model from float images `(batch, height, width, 3)` in [0, 1]
        (red, green, blue) to logits `(batch, num_classes)`.

    Raises:
        FileNotFoundError: If there is no such file.
        OSError: If the weights cannot be downloaded.
        ValueError: If the model is unknown or does not take the arguments,
            or the weights are another model's.

    Example:

    >>> import numpy as np
    >>> from advtext.models.imagenet import imagenet_classifier
    >>> model = imagenet_classifier(
    ...     "MobileNet", weights=None, input_size=32, classes=10, alpha=0.25)
    >>> tuple(model(np.zeros((2, 32, 32, 3), "float32")).shape)
    (2, 10)
    """
    build = _constructor(model)
    if input_size is not None:
        size = check_count("input_size", input_size)
        options["input_shape"] = (size, size, 3)
    from_file = weights not in (None, "imagenet")
    if from_file and not Path(weights).is_file():
        raise FileNotFoundError(
            f"There is no file of weights {weights}. Name one of {model}, or "
            '"imagenet" to have Keras download it.'
        )
    network = _built(build, None if from_file else weights, options)
    if from_file:
        _load(network, weights, model)
        _mend_efficient_net(network)
    height, width = (n or _SIZE for n in network.input_shape[1:3])
    pixels = keras.Input((height, width, 3), name="pixels")
    logits = network(_preprocess(build)(255.0 * pixels))
    return keras.Model(pixels, logits, name=network.name)


def _constructor(name):
    known = {
        n: f
        for n, f in vars(keras.applications).items()
        if n[0].isupper() and inspect.isfunction(f)
    }
    if name not in known:
        # Capitals are what is mistaken most.
        folded = {n.lower(): n for n in known}
        hint = nearest(folded.get(str(name).lower(), str(name)), list(known))
        raise ValueError(
            f"`model`: keras.applications has no {quoted(name)}; {hint}"
        )
    return known[name]


def _preprocess(build):
    """Returns the function that a model's family prepares its input with.

    It takes pixels from 0 to 255, as an array or as a tensor. It stands in
    the family's module, where the model itself does not always stand.
    """
    family = build.__module__.rpartition(".")[2]
    return getattr(keras.applications, family).preprocess_input


def _built(build, weights, options):
    try:
        return build(weights=weights, classifier_activation=None, **options)
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"{build.__name__} cannot be built with that `input_size` or those "
            f"options: {_first_line(error)}."
        ) from error
    # Keras raises a plain `Exception` when a download fails.
    except Exception as error:
        if weights is None:
            raise
        raise OSError(
            f"The weights of {build.__name__} could not be downloaded "
            f"({_first_line(error)}). Give a file of them with `weights`."
        ) from error


def _load(network, path, model):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)
            network.load_weights(path)
    except _DAMAGE as error:
        raise ValueError(
            f"{printable(path)} does not hold the weights of {model}: "
            f"{_first_line(error)}. Give a whole file of them, with all "
            "layers, or name its `model`. (Of Keras 2 it ends in .h5, of "
            "Keras 3 in .weights.h5 or .keras.)"
        ) from error


def _mend_efficient_net(network):
    """Makes a file of EfficientNet's weights mean what its download means.

    The published files hold deviations in place of variances. Keras makes
    up for it by a layer that it adds for weights it downloads itself only.
    """
    for layer in network.layers:
        is_one = isinstance(layer, keras.layers.Normalization)
        if not is_one or not layer.weights:
            continue
        _, variance, _ = layer.weights
        if np.allclose(np.asarray(variance), _DEVIATIONS, atol=1e-3):
            variance.assign(np.square(np.asarray(variance)))
            layer.finalize_state()


def _first_line(error):
    line = str(error).strip().split("\n")[0] or type(error).__name__
    return line.rstrip(".")
