import math
import shutil

import keras
import numpy as np
import pytest
from tiny_runs import write_corpus

from advtext.config import load
from advtext.data import Corpus
from advtext.experiments import evaluate
from advtext.experiments.run_directory import RunDirectory


class Table(keras.layers.Layer):
    """A classifier that looks the logits up by a document's first token."""

    def __init__(self, logits):
        super().__init__()
        self.logits = keras.ops.convert_to_tensor(logits, "float32")

    def call(self, inputs):
        return keras.ops.take(self.logits, inputs[:, 0], axis=0)


def build(logits):
    inputs = keras.Input((None,), dtype="int32")
    return keras.Model(inputs, Table(logits)(inputs))


def corpus(labels, first=None):
    """Documents of different lengths; each begins with its number."""
    labels = np.array(labels, "int32")
    first = range(len(labels)) if first is None else first
    documents = [
        np.array([token, *[9] * (7 * i % 5)], "int32")
        for i, token in enumerate(first)
    ]
    return Corpus.from_documents(documents, labels)


def test_two_classes_by_hand():
    # Probabilities of class 1: 1/2, 3/4, 1/4, 9/10. A logit of 0 is class 0.
    logits = np.log([[1.0], [3.0], [1 / 3], [9.0]])
    measured = evaluate.measure(build(logits), corpus([0, 0, 0, 1]), 400)
    entropies = [
        -sum(p * math.log(p) for p in (q, 1 - q))
        for q in (0.5, 0.75, 0.25, 0.9)
    ]
    assert measured == {
        "num_documents": 4,
        "error": 25.0,
        "loss": pytest.approx(np.mean(-np.log([0.5, 0.25, 0.75, 0.9]))),
        "entropy": pytest.approx(np.mean(entropies)),
    }


def test_three_classes_by_hand():
    probabilities = [[0.7, 0.2, 0.1], [0.3, 0.3, 0.4], [0.1, 0.8, 0.1]]
    logits = np.log(probabilities) + [[5.0], [-5.0], [0.0]]
    measured = evaluate.measure(build(logits), corpus([0, 0, 1]), 400)
    assert measured["error"] == pytest.approx(100 / 3)
    expected = -np.log([0.7, 0.3, 0.8]).mean()
    assert measured["loss"] == pytest.approx(expected, rel=1e-5)
    entropies = [-(p * np.log(p)).sum() for p in np.array(probabilities)]
    expected = np.mean(entropies)
    assert measured["entropy"] == pytest.approx(expected, rel=1e-5)


def test_huge_logits_have_a_finite_loss():
    measured = evaluate.measure(build([[1e4], [-1e4]]), corpus([0, 0]), 400)
    assert measured["loss"] == 5000.0 and measured["error"] == 50.0


def test_documents_without_a_label_are_not_counted():
    logits = [[1.0], [1.0], [-1.0]]
    measured = evaluate.measure(build(logits), corpus([1, -1, 1]), 400)
    assert measured["num_documents"] == 2 and measured["error"] == 50.0


def test_a_run_is_tested_as_when_it_was_trained(tiny, advtext):
    metrics = RunDirectory(tiny.trained).metrics()
    measured = evaluate.run(tiny.trained, RunDirectory(tiny.trained).config())
    assert measured == {
        "num_documents": metrics["num_test"],
        "error": metrics["test_error"],
        "loss": pytest.approx(metrics["test_loss"], rel=1e-5),
        "entropy": pytest.approx(metrics["test_entropy"], rel=1e-5),
    }
    expected = f"test error {metrics['test_error']:.2f} % of 30 documents"
    assert advtext("evaluate", tiny.trained).startswith(expected)
    named = advtext("evaluate", tiny.config, f"--run_dir={tiny.trained}")
    assert named.startswith(expected)


def test_other_text_can_be_tested(tiny, tmp_path, advtext):
    data = write_corpus(tmp_path / "other", sizes=(4, 12, 0))
    printed = advtext("evaluate", tiny.trained, f"--data_dir={data}")
    assert " % of 12 documents" in printed


@pytest.mark.parametrize(
    ("classes", "sizes", "message"),
    [
        (("good", "odd"), (4, 4, 0), "knows the classes.*'bad', 'good'.*'odd'"),
        (("bad", "good"), (4, 0, 0), "The text has no test set"),
    ],
)
def test_unfit_text_is_refused(tiny, tmp_path, classes, sizes, message):
    data = write_corpus(tmp_path / "other", classes, sizes)
    config = load(tiny.config, {"data_dir": str(data)})
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        evaluate.run(tiny.trained, config)


def test_what_is_no_finished_training_run_is_refused(tiny, tmp_path, refusal):
    assert "No config file at" in refusal("evaluate", tmp_path / "nowhere")
    assert "config.toml is not there" in refusal("evaluate", tiny.data)
    line = refusal("evaluate", tiny.pretrained)
    assert "Name the directory of a finished training run" in line
    unfinished = shutil.copytree(tiny.trained, tmp_path / "unfinished")
    (unfinished / "metrics.json").unlink()
    assert "or finish this one" in refusal("evaluate", unfinished)
