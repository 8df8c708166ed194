import json

import numpy as np
import pytest

from advtext.evaluation import rubbish

X = np.log([[6.0, 1.0, 1.0], [1.0, 1.0, 1.0], [1.0, 4.0, 1.0], [2.0, 2.0, 1.0]])


def same(x):
    return x


def test_by_hand():
    models = {"plain": same, "scaled": lambda x: 0.0 * x}
    rows = rubbish(models, X, batch_size=3)
    assert json.loads(json.dumps(rows)) == rows
    assert rows[0]["model"] == "plain"
    # Probabilities 3/4, 1/3, 2/3 and 2/5.
    assert rows[0]["called_a_class"] == 50.0
    assert rows[0]["confidence"] == pytest.approx(100.0 * (3 / 4 + 2 / 3) / 2)
    assert rows[1]["called_a_class"] == 0.0
    assert rows[1]["confidence"] is None
    assert rows[1]["number"] == 4


def test_each_model_has_its_probabilities():
    models = {"softmax": same, "sigmoid": same}
    plain, independent = rubbish(models, X, 0.7, {"sigmoid": "sigmoid"})
    assert plain["called_a_class"] == 25.0
    # Sigmoids 6/7, 1/2, 4/5 and 2/3.
    assert independent["called_a_class"] == 50.0
    assert independent["confidence"] == pytest.approx(
        100.0 * (6 / 7 + 4 / 5) / 2
    )


def test_a_half_is_not_above_a_half():
    (row,) = rubbish({"a": same}, np.zeros((3, 2)))
    assert row["called_a_class"] == 0.0


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match="`models` is empty"):
        rubbish({}, X)
    for threshold in (-0.1, 1.0, "high"):
        with pytest.raises(ValueError, match="`threshold` must be a prob"):
            rubbish({"a": same}, X, threshold)
