import keras
import numpy as np
import pytest

from advtext.data.imagenet_classes import ImageNetClasses
from advtext.experiments.imagenet_prediction import (
    fast_gradient_row,
    seen,
    told,
)

CLASSES = ImageNetClasses(("hen", "hog", "ox"), ("n1", "n2", "n3"))
LOGITS = np.log([[0.2, 0.7, 0.1]])


def test_what_is_seen():
    found = seen(LOGITS, CLASSES)
    assert (found["class"], found["index"]) == ("hog", 1)
    assert (found["label"], found["label_index"]) == ("hog", 1)
    assert found["probability"] == pytest.approx(0.7)
    assert found["label_probability"] == pytest.approx(0.7)
    assert told(found) == "hog, probability 0.7000"


def test_what_is_seen_in_place_of_the_label():
    found = seen(LOGITS, CLASSES, 2)
    assert found["label_probability"] == pytest.approx(0.1)
    assert told(found) == "hog, probability 0.7000 (ox 0.1)"


def test_one_step_changes_every_pixel():
    """Logits (mean - 0.5, 0, -9), times 100: worked out by hand."""
    model = keras.Sequential(
        [
            keras.Input((4, 4, 3)),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(3),
        ]
    )
    kernel = np.zeros((3, 3))
    kernel[:, 0] = 100 / 3
    model.set_weights([kernel, np.array([-50.0, 0.0, -900.0])])
    image = np.full((4, 4, 3), 0.505, "float32")
    row = fast_gradient_row(model, image, CLASSES, epsilon=0.01)
    sure = 1 / (1 + np.exp(-0.5))
    assert row["epsilon"] == 0.01
    assert row["clean"]["class"] == row["fooled"]["label"] == "hen"
    assert row["fooled"]["class"] == "hog"
    assert row["clean"]["probability"] == pytest.approx(sure, abs=1e-4)
    assert row["fooled"]["probability"] == pytest.approx(sure, abs=1e-4)
