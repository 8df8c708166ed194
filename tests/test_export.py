"""What is exported gives what the model gives, after training too."""

import keras
import numpy as np
import pytest
from backends import ON_TENSORFLOW

from advtext import perturb_at
from advtext.attacks import FastGradient
from advtext.layers import LSTM
from advtext.models import TextClassifier
from advtext.training import AdversarialLoss, AdversarialTraining

IDS = np.array([[5, 7, 0, 0], [0, 3, 0, 2]], "int32")
SIGNATURE = [keras.InputSpec("int32", (2, 4))]


@pytest.fixture(scope="module", params=["TextClassifier", "perturb_at"])
def trained(request):
    if request.param == "TextClassifier":
        classifier = TextClassifier(
            10, 4, 4, bidirectional=True, pooling="concat"
        )
    else:
        layers = keras.layers
        inputs = keras.Input((None,), dtype="int32")
        x = LSTM(4)(layers.Embedding(10, 4)(inputs))
        classifier = perturb_at(keras.Model(inputs, layers.Dense(1)(x)))
    model = AdversarialTraining(
        classifier, [AdversarialLoss(FastGradient(0.1))]
    )
    model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
    model.fit(IDS, np.array([1, 0]), verbose=0)
    return model


def check(found, model):
    expected = model.predict(IDS, verbose=0)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_saved_model(trained, tmp_path):
    tf = pytest.importorskip("tensorflow")
    for number, model in enumerate((trained, trained.classifier)):
        path = tmp_path / str(number)
        model.export(path, verbose=False)
        served = tf.saved_model.load(str(path))
        check(served.serve(IDS), model)
        # Of any size.
        assert served.serve(IDS[:1, :2]).shape == (1, 1)


@pytest.mark.skipif(not ON_TENSORFLOW, reason="Keras needs TensorFlow for it")
@pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated")
def test_litert(trained, tmp_path):
    import tensorflow as tf

    path = str(tmp_path / "model.tflite")
    # Of a fixed size: else it needs operations of TensorFlow, as Keras' own.
    trained.export(path, "litert", verbose=False, input_signature=SIGNATURE)
    interpreter = tf.lite.Interpreter(path)
    interpreter.allocate_tensors()
    first, last = interpreter.get_input_details, interpreter.get_output_details
    interpreter.set_tensor(first()[0]["index"], IDS)
    interpreter.invoke()
    check(interpreter.get_tensor(last()[0]["index"]), trained)


@pytest.mark.filterwarnings("ignore")
def test_onnx(trained, tmp_path):
    pytest.importorskip("tf2onnx", reason="pip install tf2onnx")
    runtime = pytest.importorskip("onnxruntime", reason="pip install it")
    path = str(tmp_path / "model.onnx")
    trained.export(path, "onnx", verbose=False)
    session = runtime.InferenceSession(path)
    name = session.get_inputs()[0].name
    check(session.run(None, {name: IDS})[0], trained)
