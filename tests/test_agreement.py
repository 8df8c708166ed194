import json

import numpy as np
import pytest

from advtext.evaluation import agreement


def predicting(classes):
    """Returns a model of inputs that hold their own number."""
    logits = 5.0 * np.eye(4)[list(classes)]
    return lambda x: logits[np.asarray(x, "int64")[:, 0]]


X = np.arange(8.0)[:, None]
Y = np.zeros(8, "int64")
MODELS = {
    "a": predicting([0, 0, 1, 1, 1, 2, 2, 3]),
    "b": predicting([0, 1, 0, 1, 2, 2, 2, 0]),
    "right": predicting([0] * 8),
}


def by_names(rows):
    return {(row.pop("model"), row.pop("other")): row for row in rows}


def test_by_hand():
    rows = agreement(MODELS, X, Y, batch_size=3)
    assert json.loads(json.dumps(rows)) == rows
    rows = by_names(rows)
    # Of a's mistakes 2..7, b calls 3, 5 and 6 the same; it errs in 3, 4, 5, 6.
    assert rows["a", "b"] == {
        "mistakes": 6,
        "same": 50.0,
        "mistaken_both": 4,
        "same_mistaken_both": 75.0,
    }
    assert rows["b", "a"] == {
        "mistakes": 5,
        "same": 60.0,
        "mistaken_both": 4,
        "same_mistaken_both": 75.0,
    }
    assert rows["a", "right"] == {
        "mistakes": 6,
        "same": 0.0,
        "mistaken_both": 0,
        "same_mistaken_both": None,
    }
    assert rows["right", "a"]["same"] is None


def test_a_model_agrees_with_itself():
    rows = by_names(agreement(MODELS, X, np.eye(4)[Y]))
    for name in ("a", "b"):
        assert rows[name, name]["same"] == 100.0
        assert rows[name, name]["same_mistaken_both"] == 100.0
    assert len(rows) == 9


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match="`models` is empty"):
        agreement({}, X, Y)
    with pytest.raises(ValueError, match=r"len\(x\)=8, len\(y\)=2"):
        agreement(MODELS, X, Y[:2])
    with pytest.raises(ValueError, match="classes from 0 to 3"):
        agreement(MODELS, X, Y + 4)
