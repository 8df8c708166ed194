import keras
import numpy as np
import pytest

from advtext.models import SequentialClassifier
from advtext.training import AdversarialTraining

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(40, 3)).astype("float32")
ONE = (RANDOM.random((40, 1)) > 0.5).astype("float32")
SEVERAL = (RANDOM.random((40, 4)) > 0.5).astype("float32")
BINARY = keras.losses.BinaryCrossentropy(from_logits=True)
METRICS = {
    "auc": lambda: keras.metrics.AUC(from_logits=True),
    "precision": lambda: keras.metrics.Precision(thresholds=0.0),
    "recall": lambda: keras.metrics.Recall(thresholds=0.0),
    "f1": lambda: keras.metrics.F1Score("micro", threshold=0.5),
    "accuracy": lambda: "accuracy",
}


def evaluated(metric, x, y, weighted=False, weight=None):
    keras.utils.set_random_seed(0)
    dense = keras.layers.Dense(y.shape[1], bias_initializer="normal")
    model = AdversarialTraining(SequentialClassifier([dense]))
    kind = "weighted_metrics" if weighted else "metrics"
    model.compile("sgd", BINARY, **{kind: [metric()]})
    found = model.evaluate(
        x, y, sample_weight=weight, batch_size=len(x), verbose=0
    )
    return model, found


@pytest.mark.parametrize("none", [-1.0, np.nan])
@pytest.mark.parametrize("name", METRICS)
def test_rows_without_label_are_left_out(name, none):
    y = np.where(np.arange(40)[:, None] % 3, ONE, none)
    weight = RANDOM.random(40).astype("float32")
    known = np.arange(40) % 3 != 0
    for weighted in (False, True):
        arguments = METRICS[name], X[known], ONE[known], weighted
        _, expected = evaluated(*arguments, weight[known])
        _, found = evaluated(METRICS[name], X, y, weighted, weight)
        # The tracked loss counts rows; the metric is what this is about.
        np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize("name", METRICS)
def test_one_of_several_labels_is_left_out_alone(name):
    missing = RANDOM.random((40, 4)) < 0.3
    y = np.where(missing, -1.0, SEVERAL).astype("float32")
    model, (loss, found) = evaluated(METRICS[name], X, y)
    logits = model.predict(X, verbose=0)
    each = np.logaddexp(0, logits) - SEVERAL * logits
    np.testing.assert_allclose(loss, each[~missing].mean(), rtol=1e-5)
    metric = METRICS[name]()
    if metric == "accuracy":
        metric = keras.metrics.BinaryAccuracy(threshold=0.0)
    y, z = SEVERAL[~missing][:, None], logits[~missing][:, None]
    metric.update_state(y, z)
    np.testing.assert_allclose(found, float(metric.result()), rtol=1e-5)
