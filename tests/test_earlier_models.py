"""Model files that an earlier version wrote, of November 2026 (42c2f5c)."""

import pathlib

import keras
import numpy as np
import pytest

from advtext.models import LanguageModel, SequentialClassifier, TextClassifier

FOLDER = pathlib.Path(__file__).parent / "earlier"
IDS = np.array([[5, 7, 9, 0], [4, 9, 0, 0], [1, 2, 3, 4]])
X = np.linspace(-1, 1, 12, dtype="float32").reshape(4, 3)


@pytest.mark.parametrize(
    "name, kind, inputs",
    [
        ("text_classifier", TextClassifier, IDS),
        ("language_model", LanguageModel, IDS),
        ("sequential_classifier", SequentialClassifier, X),
    ],
)
def test_earlier_files_load_and_predict_the_same(name, kind, inputs, tmp_path):
    model = keras.models.load_model(FOLDER / f"{name}.keras")
    assert isinstance(model, kind)
    expected = np.load(FOLDER / "outputs.npz")[name]
    assert np.abs(expected).max() > 1e-3
    np.testing.assert_allclose(model(inputs), expected, rtol=1e-5, atol=1e-6)
    # And what is loaded saves as today's.
    model.save(tmp_path / "again.keras")
    again = keras.models.load_model(tmp_path / "again.keras")
    np.testing.assert_array_equal(again(inputs), model(inputs))
