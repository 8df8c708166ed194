import csv
import json
import shutil

import keras
import numpy as np
import pytest
from backends import ON_TENSORFLOW
from tiny_runs import files, write_corpus

from advtext import training
from advtext.attacks import FastGradient, RandomNoise
from advtext.config import Config, load
from advtext.data import (
    Corpus,
    DocumentBatches,
    SemiSupervisedBatches,
    WordTokenizer,
)
from advtext.experiments import fitting, text, train_classifier
from advtext.experiments.run_directory import RunDirectory

LABELS = [0, 1, 2, 0, -1, 0, 1, 0, 0, 2, 0, 1, -1, 0]


def corpus(labels=LABELS):
    """Documents of one token: their number."""
    documents = [np.array([i], "int32") for i in range(len(labels))]
    return Corpus.from_documents(documents, np.array(labels, "int32"))


def split(num_labels, num_validation, seed=0, labels=LABELS):
    config = Config(
        num_labels=num_labels, num_validation=num_validation, seed=seed
    )
    return text.split(corpus(labels), config)


def numbers(part):
    return {int(document[0]) for document in part}


@pytest.fixture
def config(tiny, tmp_path):
    """Function that returns the configuration of a run in `tmp_path`."""

    def configure(**overrides):
        given = {
            "run_dir": str(tmp_path / "run"),
            "pretrained": str(tiny.pretrained),
            **overrides,
        }
        return load(tiny.config, given)

    return configure


def test_metrics_tell_what_was_done(tiny):
    metrics = RunDirectory(tiny.trained).metrics()
    config = RunDirectory(tiny.trained).config()
    promised = "method seed num_labels num_test test_error train_seconds"
    assert set(promised.split()) | {"epsilon", "class_names"} < set(metrics)
    assert metrics["method"] == "none" and metrics["seed"] == 0
    assert metrics["epsilon"] == config.epsilon == 0.5
    assert metrics["num_labels"] == 34 and metrics["num_test"] == 30
    assert metrics["num_validation"] == 6
    assert metrics["class_names"] == ["bad", "good"]
    assert metrics["train_seconds"] > 0.0
    for part, size in (("test", 30), ("validation", 6)):
        wrong = metrics[f"{part}_error"] * size / 100.0
        assert wrong == pytest.approx(round(wrong)) and wrong < size / 2
        assert 0.0 < metrics[f"{part}_loss"] < (1.0 if ON_TENSORFLOW else 2.0)
        assert 0.0 < metrics[f"{part}_entropy"] < np.log(2.0)


def test_history_has_the_parts_of_the_loss(config):
    history = config(method="both", epochs=1, checkpoint_steps=2)
    assert train_classifier.run(history)["num_labels"] == 40
    path = RunDirectory(history.run_dir) / "history.csv"
    rows = list(csv.DictReader(path.read_text().splitlines()))
    # 40 documents in batches of 8 are 5 steps, which end in one row.
    assert [row["epoch"] for row in rows] == ["1"]
    for row in rows:
        parts = "adversarial_loss", "virtual_adversarial_loss"
        assert float(row["loss"]) > sum(float(row[part]) for part in parts)
        assert 0.0 <= float(row["accuracy"]) <= 1.0


def test_the_saved_model_is_a_plain_classifier(tiny):
    model = keras.models.load_model(tiny.trained / "classifier.keras")
    assert type(model).__name__ == "TextClassifier"
    assert model(np.array([[1, 2, 3]])).shape == (1, 1)


@pytest.mark.parametrize("num_validation", [0, 3, 5])
@pytest.mark.parametrize("num_labels", [0, 3, 6])
def test_labelled_and_validation_documents_have_none_in_common(
    num_labels, num_validation
):
    labelled, validation = split(num_labels, num_validation)
    assert len(labelled) == num_labels or 12 - num_validation
    assert len(validation) == num_validation
    assert not numbers(labelled) & numbers(validation)
    assert -1 not in [*labelled.labels, *validation.labels]


def test_labelled_documents_are_equally_many_of_each_class():
    labelled, validation = split(num_labels=6, num_validation=3)
    assert np.bincount(validation.labels).tolist() == [1, 1, 1]
    assert np.bincount(labelled.labels).tolist() == [3, 2, 1]


def test_seeds_draw_other_labels_but_the_same_validation():
    parts = [split(3, 3, seed) for seed in range(9)]
    assert len({frozenset(numbers(labelled)) for labelled, _ in parts}) > 3
    assert len({frozenset(numbers(held_out)) for _, held_out in parts}) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_labels": 13}, "`num_labels`=13 .* more labels .*12.*Lower"),
        ({"num_labels": 8, "num_validation": 5}, "`num_validation`=5 ask for"),
        ({"num_validation": 13}, "`num_validation`=13 ask for more labels"),
        ({"num_validation": 12}, "`num_validation`=12 ask for more labels"),
        ({"num_labels": 1}, "1 labelled documents are of one class only"),
        ({"labels": [1, 1, -1]}, "2 labelled documents are of one class only"),
        ({"labels": [-1, -1]}, r"more labels than the .* text has \(0\)"),
    ],
)
def test_labels_that_are_not_there_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        split(**{"num_labels": 0, "num_validation": 0, **arguments})


@pytest.mark.parametrize(
    ("method", "names"),
    [
        ("none", []),
        ("random", ["random_loss"]),
        ("adversarial", ["adversarial_loss"]),
        ("virtual_adversarial", ["virtual_adversarial_loss"]),
        ("both", ["adversarial_loss", "virtual_adversarial_loss"]),
        (
            "mixed",
            ["adversarial_loss", "virtual_adversarial_loss", "entropy_loss"],
        ),
    ],
)
def test_every_method_has_its_terms_and_its_batches(tiny, method, names):
    flags = {"weight": 0.25, "xi": 0.5, "entropy_weight": 0.75}
    config = load(tiny.config, {"method": method, **flags})
    terms = train_classifier.build_terms(config)
    assert [term.name for term in terms] == names
    if method == "mixed":
        assert terms.pop().weight == 0.75
    for term in terms:
        assert term.weight == 0.25 and term.attack.epsilon == 0.5
    kinds = {"random": RandomNoise, "adversarial": FastGradient}
    if method in kinds:
        assert type(terms[0].attack) is kinds[method]
    prepared = text.prepare(config)
    labelled, _ = text.split(prepared.corpora["train"], config)
    batches = train_classifier.build_batches(config, labelled, prepared)
    if "virtual_adversarial_loss" in names:
        assert isinstance(terms[-1], training.VirtualAdversarialLoss)
        assert terms[-1].attack.xi == 0.5
        assert isinstance(batches, SemiSupervisedBatches)
        assert len(batches.unlabelled.corpus) == 100
    else:
        assert isinstance(batches, DocumentBatches)
    assert batches.batches_per_pass == 5


@pytest.mark.parametrize("method", ["random", "adversarial"])
def test_every_method_trains(config, method):
    metrics = train_classifier.run(config(method=method))
    assert metrics["method"] == method and metrics["test_error"] < 50.0


def test_strange_text_trains_without_any_other_text(config, tmp_path):
    data = write_corpus(tmp_path / "data", sizes=(40, 0, 0))
    with open(data / "train.jsonl", "a") as file:
        for strange in ("good film " * 50_000, "", "\u00e9\U0001f600", "!?"):
            record = {"text": strange, "label": "good"}
            file.write(json.dumps(record) + "\n")
    alone = config(
        data_dir=str(data),
        pretrained="",
        method="virtual_adversarial",
        num_validation=4,
    )
    metrics = train_classifier.run(alone)
    assert metrics["num_test"] == 0 and "test_error" not in metrics
    assert metrics["validation_num_documents"] == 4
    assert metrics["num_labels"] == 40


def test_three_classes_and_everything_unusual(tiny, tmp_path, advtext):
    classes = ("bad", "good", "odd")
    data = write_corpus(tmp_path / "data", classes, (60, 30, 30))
    arguments = (
        tiny.config,
        f"--data_dir={data}",
        "--tokenizer=sentencepiece",
        "--vocabulary_size=60",
        "--bidirectional",
        "--pooling=concat",
        "--epochs=10",
    )
    pretrained, run_dir = tmp_path / "pretrained", tmp_path / "run"
    advtext("pretrain", *arguments, f"--run_dir={pretrained}")
    advtext(
        "train",
        *arguments,
        "--method=adversarial",
        f"--pretrained={pretrained}",
        f"--run_dir={run_dir}",
    )
    metrics = RunDirectory(run_dir).metrics()
    assert metrics["class_names"] == list(classes)
    assert metrics["num_labels"] == 60 and metrics["test_error"] < 60.0


def test_the_same_command_gives_the_same_metrics(tiny, config):
    metrics = train_classifier.run(config(num_validation=6))
    expected = RunDirectory(tiny.trained).metrics()
    for one in (metrics, expected):
        assert one.pop("train_seconds") > 0.0
    assert metrics == expected


def test_a_finished_run_is_not_trained_again(tiny, config, monkeypatch):
    monkeypatch.setattr(fitting, "fit", None)
    resumed = config(run_dir=str(tiny.trained), num_validation=6, resume=True)
    metrics = RunDirectory(tiny.trained).metrics()
    assert train_classifier.run(resumed) == metrics


def test_a_stopped_run_goes_on_to_the_same_end(tiny, config):
    settings = {"num_validation": 6}
    stopped = config(max_minutes=1e-9, **settings)
    assert train_classifier.run(stopped) is None
    directory = RunDirectory(stopped.run_dir)
    assert not directory.finished
    metrics = train_classifier.run(config(resume=True, **settings))
    expected = RunDirectory(tiny.trained).metrics()
    for one in (metrics, expected):
        assert one.pop("train_seconds") > 0.0
    assert metrics == expected
    history = (directory / "history.csv").read_text()
    assert history == (tiny.trained / "history.csv").read_text()


def test_a_full_disk_costs_no_checkpoint(config):
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    settings = {"epochs": 1, "checkpoint_steps": 3}
    run = config(**settings)
    assert train_classifier.run(config(max_minutes=1e-9, **settings)) is None
    kept = files(RunDirectory(run.run_dir).path)
    resource.setrlimit(resource.RLIMIT_FSIZE, (6000, before[1]))
    try:
        with pytest.raises(OSError, match="checkpoint.npz: File too large.*Fr"):
            train_classifier.run(config(resume=True, **settings))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    after = files(RunDirectory(run.run_dir).path)
    # The list of files names what is to be written, too.
    assert after.pop("advtext.json") and kept.pop("advtext.json")
    assert after == kept
    metrics = train_classifier.run(config(resume=True, **settings))
    assert metrics["num_test"] == 30


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"units": 5}, "`lstm` .* does not fit.*units must be the same"),
        ({"embedding_dim": 5}, "`embedding` .* does not fit"),
        ({"bidirectional": True}, "`bidirectional` must be the same"),
        ({"normalize_embedding": False}, "Embedding of shapes"),
    ],
)
def test_another_language_model_is_refused(config, overrides, message):
    with pytest.raises(ValueError, match=message):
        train_classifier.run(config(**overrides))
    assert not RunDirectory(config().run_dir).begun


@pytest.fixture
def pretrained(tiny, tmp_path):
    """A copy of the pretrained run, to be damaged."""
    return shutil.copytree(tiny.pretrained, tmp_path / "pretrained")


def test_a_language_model_of_another_vocabulary_is_refused(config, pretrained):
    words = [chr(ord("a") + i) * 2 for i in range(30)]
    for texts in ([" ".join(words)], ["bad good film"]):
        other = WordTokenizer.fit(texts, 99, 1)
        other.save(pretrained / "tokenizer.json")
        (pretrained / "advtext.json").unlink(missing_ok=True)
        with pytest.raises(ValueError, match="knows 26 tokens.*different runs"):
            train_classifier.run(config(pretrained=str(pretrained)))


def test_a_language_model_with_other_words_is_refused(config, pretrained):
    tokenizer = RunDirectory(pretrained).tokenizer()
    number = tokenizer.vocabulary_size - 2
    texts = [f"w{i} " * (i + 1) for i in range(number)]
    WordTokenizer.fit(texts, 999, 1).save(pretrained / "tokenizer.json")
    (pretrained / "advtext.json").unlink()
    with pytest.raises(ValueError, match="other token counts.*vocabulary"):
        train_classifier.run(config(pretrained=str(pretrained)))


@pytest.mark.parametrize(
    ("file", "kept", "message"),
    [
        ("language_model.keras", 0.5, "language_model.keras is truncated"),
        ("language_model.keras", 0.0, "language_model.keras is truncated"),
        ("tokenizer.json", 0.5, "tokenizer.json is not a tokenizer.*damaged"),
        ("metrics.json", None, "metrics.json is not there.*finish this one"),
        ("tokenizer.json", None, "tokenizer.json is not there.*finished run"),
    ],
)
def test_a_damaged_or_unfinished_language_model_is_refused(
    config, pretrained, file, kept, message
):
    path = pretrained / file
    content = path.read_bytes()
    path.unlink()
    if kept is not None:
        path.write_bytes(content[: int(kept * len(content))])
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        train_classifier.run(config(pretrained=str(pretrained)))


def test_what_is_no_language_model_is_refused(tiny, config, tmp_path):
    message = "language_model.keras is not there.*finished pretraining run"
    with pytest.raises(FileNotFoundError, match=message):
        train_classifier.run(config(pretrained=str(tiny.trained)))
    with pytest.raises(FileNotFoundError, match="nowhere.* is not there"):
        train_classifier.run(config(pretrained=str(tmp_path / "nowhere")))


@pytest.mark.parametrize("kept", [0.0, 0.5, 0.99])
def test_a_truncated_checkpoint_is_named(tiny, config, tmp_path, kept):
    run_dir = shutil.copytree(tiny.trained, tmp_path / "run")
    (run_dir / "metrics.json").unlink()
    content = (run_dir / "checkpoint.npz").read_bytes()
    path = run_dir / "checkpoint.npz"
    path.write_bytes(content[: int(kept * len(content))])
    before = files(run_dir)
    with pytest.raises(ValueError, match="checkpoint.npz is truncated.*anew"):
        train_classifier.run(config(num_validation=6, resume=True))
    assert files(run_dir) == before


def test_wrong_text_does_not_cost_the_run_it_should_replace(
    tiny, config, tmp_path
):
    run_dir = shutil.copytree(tiny.trained, tmp_path / "run")
    before = files(run_dir)
    for wrong in ({"data_dir": "nowhere"}, {"num_labels": 99}, {"units": 5}):
        with pytest.raises((ValueError, OSError)):
            train_classifier.run(config(overwrite=True, **wrong))
        assert files(run_dir) == before
