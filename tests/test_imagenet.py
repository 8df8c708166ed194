import inspect

import keras
import numpy as np
import pytest
from keras import ops

from advtext import backend
from advtext.models import imagenet
from advtext.models.imagenet import imagenet_classifier

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.random((2, 8, 8, 3), "float32")
MODELS = [
    name
    for name, member in vars(keras.applications).items()
    if name[0].isupper() and inspect.isfunction(member)
]
SMALL = {"input_size": 32, "classes": 3, "alpha": 0.25}


def small(weights=None, **options):
    return imagenet_classifier("MobileNet", weights, **SMALL | options)


@pytest.fixture
def in_place_of_the_network(monkeypatch):
    """Takes layers in place of what Keras builds."""

    def replace(*layers):
        def build(*args):
            network = keras.Sequential([keras.Input((8, 8, 3)), *layers])
            return network

        monkeypatch.setattr(imagenet, "_built", build)

    return replace


def test_a_real_model_gives_logits():
    model = small()
    assert model.input_shape == (None, 32, 32, 3)
    assert model.output_shape == (None, 3)
    assert model.layers[-1].layers[-1].activation is not keras.ops.softmax
    x = RANDOM.random((2, 32, 32, 3), "float32")
    network = model.layers[-1]
    expected = keras.applications.mobilenet.preprocess_input(255 * x)
    np.testing.assert_allclose(
        np.asarray(model(x)), np.asarray(network(expected)), rtol=1e-4
    )


def test_the_size_is_the_models_own():
    model = imagenet_classifier("MobileNet", None, alpha=0.25)
    assert model.input_shape == (None, 224, 224, 3)
    # A model for every size has none of its own.
    options = {"weights": None, "classes": 3, "alpha": 0.25}
    model = imagenet_classifier("MobileNetV3Small", **options)
    assert model.input_shape == (None, 224, 224, 3)


@pytest.mark.parametrize("name", MODELS)
def test_the_preprocessing_is_the_familys(name, in_place_of_the_network):
    in_place_of_the_network(keras.layers.Identity())
    model = imagenet_classifier(name, weights=None)
    family = getattr(keras.applications, name).__module__.split(".")[-1]
    prepare = getattr(keras.applications, family).preprocess_input
    expected = prepare(255 * np.array(IMAGES))
    np.testing.assert_allclose(
        np.asarray(model(IMAGES)), expected, rtol=1e-5, atol=1e-4
    )


@pytest.mark.parametrize(
    "name, slopes",
    [
        ("MobileNetV2", [2.0, 2.0, 2.0]),
        ("ResNet50", [255.0, 255.0, 255.0]),
        ("DenseNet121", [1 / 0.229, 1 / 0.224, 1 / 0.225]),
        ("EfficientNetB0", [255.0, 255.0, 255.0]),
    ],
)
def test_gradients_are_in_units_of_pixels(
    name, slopes, in_place_of_the_network
):
    in_place_of_the_network(keras.layers.Flatten())
    model = imagenet_classifier(name, weights=None)
    x = ops.convert_to_tensor(IMAGES)
    gradient = backend.input_gradient(lambda z: ops.sum(model(z)), x)
    expected = np.broadcast_to(slopes, IMAGES.shape)
    np.testing.assert_allclose(np.asarray(gradient), expected, rtol=1e-5)


@pytest.mark.parametrize("suffix", [".h5", ".weights.h5", ".keras"])
def test_weights_are_loaded(tmp_path, suffix):
    model, path = small(), tmp_path / f"weights{suffix}"
    network = model.layers[-1]
    if suffix == ".weights.h5":
        network.save_weights(path)
    else:
        # Keras calls the format of ".h5" legacy in a warning of its log.
        network.save(path)
    for mine, theirs in zip(small(path).weights, model.weights, strict=True):
        np.testing.assert_array_equal(np.asarray(mine), np.asarray(theirs))


def test_efficient_nets_deviations_are_mended(
    tmp_path, in_place_of_the_network
):
    in_place_of_the_network(keras.layers.Normalization())
    path = tmp_path / "a.weights.h5"
    network = imagenet._built()
    mean, deviation = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    layer = network.layers[-1]
    layer.set_weights([np.array(mean), np.array(deviation), np.array(0)])
    network.save_weights(path)
    model = imagenet_classifier("EfficientNetB0", path)
    expected = (255 * IMAGES - mean) / deviation
    np.testing.assert_allclose(np.asarray(model(IMAGES)), expected, rtol=1e-4)
    # Another network's variances are its own.
    layer.set_weights([np.array(mean), np.full(3, 0.3), np.array(0)])
    network.save_weights(path)
    model = imagenet_classifier("EfficientNetB0", path)
    expected = (255 * IMAGES - mean) / np.sqrt(0.3)
    np.testing.assert_allclose(np.asarray(model(IMAGES)), expected, rtol=1e-4)


def other_width(path):
    small(alpha=0.5).layers[-1].save_weights(path)


def text(path):
    path.write_text("no weights")


def truncated(path):
    small().layers[-1].save_weights(path)
    path.write_bytes(path.read_bytes()[:1000])


@pytest.mark.parametrize("name", ["a.weights.h5", "a.h5", "a.keras", "a.txt"])
def test_what_is_no_weights_is_refused(tmp_path, name):
    text(tmp_path / name)
    with pytest.raises(ValueError, match=f"{name} does not hold the weights"):
        small(tmp_path / name)


@pytest.mark.parametrize("write", [other_width, truncated])
def test_other_weights_are_refused(tmp_path, write):
    path = tmp_path / "a.weights.h5"
    write(path)
    message = "a.weights.h5 does not hold the weights of MobileNet: .*`model`"
    with pytest.raises(ValueError, match=message) as caught:
        small(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"model": "resnet50"}, "has no 'resnet50'; did you mean `ResNet50`"),
        ({"model": "MobileNetV5"}, "did you mean `MobileNetV2`"),
        ({"model": "imagenet_utils"}, "`model`: keras.applications has no"),
        ({"model": 3}, "`model`: keras.applications has no 3"),
        ({"input_size": 0}, "`input_size` must be an integer of at least 1"),
        (
            {"input_size": 20},
            "MobileNetV2 cannot be built with .*: .*at least 32x32",
        ),
        ({"alhpa": 1.0}, "MobileNetV2 cannot be built with .*: .*alhpa"),
    ],
)
def test_wrong_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        imagenet_classifier(**{"weights": None} | arguments)


def test_missing_weights_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="no file of weights .*a.h5"):
        imagenet_classifier(weights=tmp_path / "a.h5")


def test_a_failed_download_tells_the_way_out(monkeypatch):
    def build(weights, classifier_activation):
        raise Exception("URL fetch failure\non https://example.org")

    monkeypatch.setattr(keras.applications, "ResNet50", build)
    message = "ResNet50 could not be downloaded .URL fetch failure.*`weights`"
    build.__name__ = "ResNet50"
    with pytest.raises(OSError, match=message):
        imagenet_classifier("ResNet50")
