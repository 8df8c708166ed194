"""What belongs to a run: its data, its configuration, its files."""

import json
import shutil

import keras
import pytest
from tiny_runs import main

from advtext.data import WordTokenizer
from advtext.experiments import belonging
from advtext.experiments.run_directory import RunDirectory


@pytest.fixture
def run(tiny, tmp_path):
    """A copy of the trained run, to be damaged."""
    return RunDirectory(shutil.copytree(tiny.trained, tmp_path / "run"))


@pytest.fixture
def unlisted(run):
    """The same, as copied by hand without the list of its files."""
    (run / "advtext.json").unlink()
    return run


def rewrite(path, change):
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps(row) + "\n" for row in change(rows)))


def swapped(rows):
    """The labels of the first two rows, which are of two classes, swapped."""
    first, second = (row["label"] for row in rows[:2])
    return [
        rows[0] | {"label": second},
        rows[1] | {"label": first},
        *rows[2:],
    ]


def reversed_words(rows):
    words = " ".join(reversed(rows[0]["text"].split()))
    return [rows[0] | {"text": words}, *rows[1:]]


@pytest.mark.parametrize("kind", ["files", "tokens"])
def test_a_run_does_not_go_on_with_other_data(tiny, tmp_path, refusal, kind):
    data = shutil.copytree(tiny.data, tmp_path / "data")
    flags = [tiny.config, f"--data_dir={data}", f"--cache_dir={tmp_path}/cache"]
    training = [*flags, f"--run_dir={tmp_path / 'run'}"]
    if kind == "tokens":
        out = tmp_path / "tokens"
        assert not main("prepare", *flags, f"--out={out}")
        training[1:2] = [f"--data_dir={out}", "--data=tokens"]
    assert not main("train", *training, "--max_minutes=1e-9")
    for split, change, what in (
        ("train", swapped, "labels of train changed"),
        ("train", reversed_words, "text of train changed"),
        ("unsup", reversed_words, "text of unsup changed"),
        ("test", swapped, "labels of test changed"),
    ):
        before = (data / f"{split}.jsonl").read_text()
        rewrite(data / f"{split}.jsonl", change)
        if kind == "tokens":
            assert not main("prepare", *flags, f"--out={out}", "--overwrite")
        told = refusal("train", *training, "--resume")
        assert f"The {what} since the run in" in told
        place = data / f"{split}.jsonl" if kind == "files" else out / split
        assert str(place) in told
        (data / f"{split}.jsonl").write_text(before)
    if kind == "tokens":
        assert not main("prepare", *flags, f"--out={out}", "--overwrite")
    assert not main("train", *training, "--resume")


def test_a_configuration_that_was_cut_is_named(tiny, run, refusal):
    path = run / "config.toml"
    lines = path.read_text().splitlines(keepends=True)
    for number in (0, 1, 20, len(lines) // 2, len(lines) - 1):
        path.write_text("".join(lines[:number]))
        for command in ("predict", "evaluate"):
            told = refusal(command, run.path)
            assert f"{path} is truncated or damaged" in told
            assert "put the file or the lines back" in told
    path.write_text("".join(lines).rstrip("\n"))
    assert "the end of its last line" in refusal("predict", run.path)


@pytest.mark.parametrize("name", ["tokenizer.json", "metrics.json"])
def test_a_file_of_another_run_is_named(tiny, run, refusal, name):
    if name == "tokenizer.json":
        WordTokenizer.fit(["a b", "a c"], 9, 1).save(run / name)
    else:
        metrics = run.metrics() | {"class_names": ["bad", "odd"]}
        (run / name).write_text(json.dumps(metrics))
    for command in ("predict", "evaluate"):
        told = refusal(command, run.path)
        assert f"{run / name} is not the file that this run wrote" in told


def test_a_model_of_another_run_is_named(tiny, run):
    model = keras.models.load_model(run / "classifier.keras", compile=False)
    model.hidden.bias.assign(model.hidden.bias + 1.0)
    model.save(run / "classifier.keras")
    with pytest.raises(ValueError, match="classifier.keras is not the file"):
        belonging.classifier(run.path)


def test_other_tokens_and_classes_are_seen_without_the_list(unlisted):
    names = unlisted.class_names()
    assert belonging.classifier(unlisted.path)[2] == names
    metrics = unlisted.metrics()
    for wrong in (names[:1], (*names, "odd")):
        content = json.dumps(metrics | {"class_names": wrong})
        (unlisted / "metrics.json").write_text(content)
        with pytest.raises(ValueError, match="2 classes.*metrics.json.*names"):
            belonging.classifier(unlisted.path)
    WordTokenizer.fit(["a b", "a c"], 9, 1).save(unlisted / "tokenizer.json")
    with pytest.raises(ValueError, match="tokens, but .*tokenizer.json 5"):
        belonging.classifier(unlisted.path)


def test_a_model_of_another_kind_is_named(tiny, unlisted, refusal):
    for name, kind in (
        ("language_model.keras", "classifier.keras"),
        ("classifier.keras", "language_model.keras"),
    ):
        folder = tiny.pretrained if name[0] == "l" else tiny.trained
        shutil.copy(folder / name, unlisted / kind)
    told = refusal("predict", unlisted.path)
    assert "classifier.keras holds a LanguageModel, not a TextCl" in told
    flags = f"--pretrained={unlisted.path}", f"--run_dir={unlisted.path}_2"
    told = refusal("train", tiny.config, *flags)
    assert "language_model.keras holds a TextClassifier, not a L" in told


def test_a_refused_layer_is_not_called_damage(unlisted, refusal):
    layers = [keras.Input((2,)), keras.layers.Lambda(lambda x: x)]
    keras.Sequential(layers).save(unlisted / "classifier.keras")
    told = refusal("predict", unlisted.path)
    assert "classifier.keras is whole, but Keras does not load it" in told
    assert "Lambda" in told and "damaged" not in told


def test_a_file_that_may_not_be_read_is_not_called_damage(
    unlisted, monkeypatch, refusal
):
    monkeypatch.setattr("zipfile.ZipFile.__init__", _refuse_reading)
    told = refusal("predict", unlisted.path)
    assert "Cannot read" in told and "classifier.keras: Permission" in told
    assert "damaged" not in told


def _refuse_reading(*args):
    raise PermissionError(13, "Permission denied")
