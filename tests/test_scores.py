import json

import numpy as np
import pytest

from advtext.evaluation import score

# Probabilities of four inputs, 3 classes.
X = np.log([[0.8, 0.1, 0.1], [0.2, 0.6, 0.2], [0.2, 0.3, 0.5], [0.1, 0.2, 0.7]])
Y = [0, 0, 1, 2]


def same(x):
    return x


def test_by_hand():
    found = score(same, X, Y, batch_size=3)
    assert found.pop("number") == 4
    assert found == pytest.approx(
        {"error": 50.0, "confidence": 65.0, "confidence_on_errors": 55.0}
    )


def test_independent_classes_by_hand():
    found = score(same, X, Y, "sigmoid")
    sure = np.array([0.8, 0.6, 0.5, 0.7])
    # The sigmoid of log p is p / (1 + p).
    sure = 100.0 * sure / (1.0 + sure)
    assert found["confidence"] == pytest.approx(np.mean(sure))
    assert found["confidence_on_errors"] == pytest.approx(np.mean(sure[1:3]))


def test_one_hot_labels_are_the_same():
    assert score(same, X, np.eye(3)[Y]) == score(same, X, Y)


def test_two_classes_of_one_logit():
    found = score(same, np.log([[3.0], [0.25]]), [1, 1])
    assert found["error"] == 50.0
    assert found["confidence_on_errors"] == pytest.approx(80.0)


def test_without_errors_there_is_no_confidence_on_them():
    found = score(same, X, [0, 1, 2, 2])
    assert found["error"] == 0.0
    assert found["confidence_on_errors"] is None
    assert json.loads(json.dumps(found)) == found


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (X, Y[:3], r"same length.*len\(x\)=4, len\(y\)=3"),
        (X, [0, 0, 1, 3], "from 0 to 2.*from 0 to 3"),
        (X, [0, 0, -1, 1], "from 0 to 2.*from -1 to 1"),
        (X[:, :1], [0, 1, 2, 0], "from 0 to 1"),
        (X, np.ones((4, 3)), "single 1 in every row"),
    ],
)
def test_wrong_labels_are_refused(x, y, message):
    with pytest.raises(ValueError, match=message):
        score(same, x, y)
