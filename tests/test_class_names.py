"""Names of classes, from every kind of text to what a person reads."""

import csv
import json

import pytest
from tiny_runs import main, write_corpus

ANSWERS = {"neg", "pos"}
FOLDERS = {"bad": "neg", "good": "pos"}


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """Dict from split to pairs of text and name."""
    folder = write_corpus(tmp_path_factory.mktemp("names") / "data")
    found = {}
    for split in ("train", "test"):
        lines = (folder / f"{split}.jsonl").read_text().splitlines()
        found[split] = [
            (row["text"], FOLDERS[row["label"]])
            for row in map(json.loads, lines)
        ]
    return found


def as_csv(folder, rows):
    folder.mkdir()
    for split, part in rows.items():
        with open(folder / f"{split}.csv", "w", newline="") as file:
            csv.writer(file).writerows([("text", "label"), *part])
    return [f"--data_dir={folder}"]


def as_folders(folder, rows):
    for split, part in rows.items():
        for number, (text, name) in enumerate(part):
            place = folder / split / name
            place.mkdir(parents=True, exist_ok=True)
            (place / f"{number}_7.txt").write_text(text)
    return [f"--data_dir={folder}"]


def as_tfds(folder, rows):
    tf = pytest.importorskip("tensorflow")
    tfds = pytest.importorskip("tensorflow_datasets")
    names = tfds.features.ClassLabel(names=["neg", "pos"])
    tfds.dataset_builders.store_as_tfds_dataset(
        name="named",
        version="1.0.0",
        data_dir=folder,
        features=tfds.features.FeaturesDict(
            {"text": tfds.features.Text(), "label": names}
        ),
        split_datasets={
            split: tf.data.Dataset.from_tensor_slices(
                {
                    "text": [text for text, _ in part],
                    "label": [names.str2int(name) for _, name in part],
                }
            )
            for split, part in rows.items()
        },
        disable_shuffling=True,
    )
    return ["--data=tfds", "--tfds_name=named", f"--data_dir={folder}"]


@pytest.mark.parametrize("prepared", [False, True])
@pytest.mark.parametrize("kind", [as_csv, as_folders, as_tfds])
def test_names_reach_metrics_and_predictions(
    kind, prepared, rows, tiny, tmp_path, advtext
):
    flags = kind(tmp_path / "data", rows)
    if prepared:
        out = tmp_path / "tokens"
        advtext("prepare", tiny.config, *flags, f"--out={out}")
        flags = ["--data=tokens", f"--data_dir={out}"]
    run = tmp_path / "run"
    run_flags = f"--run_dir={run}", "--method=none", "--epochs=2"
    printed = advtext("train", tiny.config, *flags, *run_flags)
    assert "2 classes: neg, pos" in printed
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["class_names"] == ["neg", "pos"]
    text = tmp_path / "text.txt"
    text.write_text("".join(f"{text}\n" for text, _ in rows["test"]))
    lines = advtext("predict", run, text).splitlines()
    assert {line.partition("\t")[0] for line in lines} == ANSWERS


@pytest.mark.filterwarnings("default:.*look alike")
def test_the_classes_are_told_at_the_start(rows, tiny, tmp_path, capsys):
    parts = dict(rows, train=[("fine", "Pos"), *rows["train"]])
    flags = as_csv(tmp_path / "data", parts)
    flags += [f"--run_dir={tmp_path / 'run'}", "--method=none", "--epochs=1"]
    assert not main("train", tiny.config, *flags)
    out, err = capsys.readouterr()
    first, last = out.splitlines()
    assert first == "3 classes: Pos, neg, pos"
    assert last.startswith("test error ")
    assert "'Pos' and 'pos' look alike and are two classes" in err
    # Of a run that is done already nothing is told but what it came to.
    assert not main("train", tiny.config, *flags, "--resume")
    assert "classes: " not in capsys.readouterr().out
