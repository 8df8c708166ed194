import keras
import pytest

from advtext.training.thresholds import with_threshold_0

BINARY = keras.losses.BinaryCrossentropy(from_logits=True)
SPARSE = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def threshold(metric):
    return getattr(metric, "threshold", None)


@pytest.mark.parametrize("name", ["accuracy", "acc", "binary_accuracy"])
def test_binary_accuracy_by_name_is_of_logits(name):
    (metric,) = with_threshold_0([name], BINARY)
    assert (metric.name, metric.threshold) == (name, 0.0)
    assert threshold(with_threshold_0(name, BINARY)) == 0.0


@pytest.mark.parametrize("metrics", [None, ["mse"], [["accuracy"]], "mse"])
def test_others_stay(metrics):
    assert with_threshold_0(metrics, SPARSE) == metrics
    own = keras.metrics.BinaryAccuracy(threshold=0.7)
    assert with_threshold_0([own], BINARY) == [own]


def test_every_output_is_treated_by_its_own_loss():
    losses = {"a": BINARY, "b": SPARSE}
    found = with_threshold_0({"a": ["accuracy"], "b": "accuracy"}, losses)
    assert threshold(found["a"][0]) == 0.0 and found["b"] == "accuracy"
    found = with_threshold_0([["accuracy"], "accuracy"], [BINARY, SPARSE])
    assert threshold(found[0][0]) == 0.0 and found[1] == "accuracy"


def test_a_loss_or_metrics_by_name_of_the_only_output():
    focal = keras.losses.BinaryFocalCrossentropy(from_logits=True)
    for loss in (focal, {"out": BINARY}, [BINARY]):
        (metric,) = with_threshold_0(["accuracy"], loss)
        assert threshold(metric) == 0.0
    found = with_threshold_0({"out": ["accuracy"]}, BINARY)
    assert threshold(found["out"][0]) == 0.0


def test_metrics_in_a_list_beside_losses_by_name():
    losses = {"b": SPARSE, "a": BINARY}
    found = with_threshold_0([["acc"], ["acc"]], losses, ["a", "b"])
    assert threshold(found[0][0]) == 0.0 and found[1] == ["acc"]
    found = with_threshold_0({"a": "acc"}, [BINARY, SPARSE], ["a", "b"])
    assert threshold(found["a"]) == 0.0
