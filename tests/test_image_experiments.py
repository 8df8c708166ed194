import json
import shutil

import numpy as np
import pytest
from tiny_runs import main

from advtext import config as config_files
from advtext.config import ImageConfig
from advtext.experiments import images
from advtext.experiments.images import report
from advtext.experiments.images.outcome import result, shown
from advtext.experiments.images.study import Study

SETTINGS = """
num_validation = 40
units = 8
num_pieces = 2
filters = 2
rbm_units = 8
epochs = 2
batch_size = 20
learning_rate = 0.02
learning_rate_decay = 0.5
large_units = 12
large_epochs = 3
large_seeds = [0]
patience = 1
ensemble_size = 2
num_rubbish = 30
"""
DENSE = [1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 19, 20, 21]


def write_images(folder, shape, number=120):
    """Writes images of ten classes, each with a bright place of its own."""
    random = np.random.default_rng(0)
    folder.mkdir()
    for split, size in (("train", number), ("test", 40)):
        y = np.arange(size) % 10
        x = random.integers(0, 100, (size, *shape)).astype("uint8")
        x.reshape(size, -1)[np.arange(size), 3 * y] = 255
        np.save(folder / f"x_{split}.npy", x)
        np.save(folder / f"y_{split}.npy", y.astype("uint8"))
    return folder


@pytest.fixture(scope="module")
def dense(tmp_path_factory):
    """A configuration, and a finished run of rows that share networks."""
    folder = tmp_path_factory.mktemp("images")
    data = write_images(folder / "data", (6, 6))
    path = folder / "tiny.toml"
    path.write_text(f'data_dir = "{data}"\n{SETTINGS}')
    run_dir = folder / "run"
    if main("image", path, f"--run_dir={run_dir}", "--rows=1,2,5"):
        pytest.fail("the run that the tests share did not end")
    return path, run_dir


def config(path, **overrides):
    return config_files.load(path, overrides, ImageConfig)


def test_outputs(dense):
    _, run_dir = dense
    metrics = json.loads((run_dir / "metrics.json").read_text())
    assert sorted(metrics["rows"]) == ["1", "2", "5"]
    row = metrics["rows"]["1"]
    assert row["results"][1]["published"] == 99.9
    assert 0 <= row["results"][1]["measured"] <= 100
    page = (run_dir / "RESULTS.md").read_text()
    assert "| 1 | error % under FGSM 0.25 | 99.90 | " in page
    names = sorted(p.name for p in (run_dir / "models").iterdir())
    assert names == ["network_0", "network_adversarial_0", "softmax_0"]
    for name in names:
        files = {p.name for p in (run_dir / "models" / name).iterdir()}
        assert files == {"classifier.keras", "history.csv", "metrics.json"}


def test_the_numbers_are_those_of_the_saved_network(dense):
    path, run_dir = dense
    study = Study(config(path, run_dir=str(run_dir), resume=True))
    metrics = json.loads((run_dir / "metrics.json").read_text())
    model, (x, y) = study.model("softmax"), study.of("softmax")
    kernel, bias = (np.asarray(w) for w in model.weights)

    def error(x):
        logits = x.reshape(len(x), -1) @ kernel + bias
        return 100 * np.mean(np.argmax(logits, axis=1) != y)

    clean, attacked = (
        r["measured"] for r in metrics["rows"]["1"]["results"][:2]
    )
    assert clean == pytest.approx(error(x))
    assert attacked == pytest.approx(error(study.examples("softmax")))


def test_resuming_keeps_what_is_there_and_adds_rows(dense, tmp_path, advtext):
    path, run_dir = dense
    copy = shutil.copytree(run_dir, tmp_path / "run")
    before = (copy / "models/network_0/classifier.keras").stat().st_mtime_ns
    out = advtext("image", path, f"--run_dir={copy}", "--rows=14,1", "--resume")
    after = (copy / "models/network_0/classifier.keras").stat().st_mtime_ns
    assert before == after
    assert "| 14 | epsilons with a wrong class %" in out
    metrics = json.loads((copy / "metrics.json").read_text())
    assert sorted(metrics["rows"]) == ["1", "14", "2", "5"]


def test_every_dense_row(dense, tmp_path):
    pytest.importorskip("matplotlib")
    path, _ = dense
    rows = images.run(config(path, run_dir=str(tmp_path / "run"), rows=DENSE))
    assert [row["row"] for row in rows] == DENSE
    for row in rows:
        assert row["results"]
        for number in row["results"]:
            assert number["measured"] is None or np.isfinite(number["measured"])
        for name in row["figures"]:
            content = (tmp_path / "run/figures" / name).read_bytes()
            assert content.startswith(b"\x89PNG")
    figures = sorted(p.name for p in (tmp_path / "run/figures").iterdir())
    assert figures == sorted(n for row in rows for n in row["figures"])
    # The closed form of row 4, met to float32 precision.
    by_name = {r["what"]: r["measured"] for r in rows[2]["results"]}
    assert by_name["largest relative difference of a loss"] < 1e-5


def test_the_convolutional_rows(tmp_path):
    data = write_images(tmp_path / "data", (8, 8, 3))
    path = tmp_path / "tiny.toml"
    path.write_text(
        f'data_dir = "{data}"\n{SETTINGS}network = "convolutional_maxout"\n'
        "whitening = true\n"
    )
    rows = images.run(
        config(path, run_dir=str(tmp_path / "run"), rows=[3, 17, 18, 20])
    )
    assert [row["row"] for row in rows] == [3, 17, 18, 20]


def test_a_killed_training_ends_as_if_it_had_not_been(dense, tmp_path):
    path, run_dir = dense
    weights = []
    for name, minutes in (("whole", 0.0), ("cut", 1e-9)):
        settings = config(
            path,
            run_dir=str(tmp_path / name),
            rows=[1],
            epochs=4,
            max_minutes=minutes,
        )
        if minutes:
            # Over at once, so each call trains one epoch more at most.
            assert images.run(settings) is None
            study = Study(config(path, **stopped(settings)))
            study.deadline.is_over = iter([False] + 9 * [True]).__next__
            with pytest.raises(images.OutOfTime):
                study.model("softmax")
            settings = config(path, **stopped(settings, max_minutes=0.0))
        images.run(settings)
        model = Study(config(path, **stopped(settings, max_minutes=0.0))).model(
            "softmax"
        )
        weights.append(model.get_weights())
    for whole, cut in zip(*weights, strict=True):
        np.testing.assert_array_equal(whole, cut)


def stopped(settings, **changes):
    changes = {"resume": True, **changes}
    names = ("run_dir", "rows", "epochs", "max_minutes")
    return {n: getattr(settings, n) for n in names} | changes


def test_validation_leaves_the_test_images_alone(dense, tmp_path):
    path, _ = dense
    settings = {"run_dir": str(tmp_path / "run"), "validate": True}
    study = Study(config(path, **settings))
    whole = Study(config(path, run_dir=str(tmp_path / "other")))
    train = whole.images["train"].images
    np.testing.assert_array_equal(study.images["train"].images, train[:80])
    np.testing.assert_array_equal(study.images["test"].images, train[80:])


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--rows=99"], "`rows` must be a list, each an integer"),
        (["--rows=3"], "Row 3 is of network='convolutional_maxout'"),
        (["--rows=22"], "Row 22 is of a photo: set `photo`"),
        (["--num_validation=120", "--validate"], "leaves nothing to train on"),
        (["--data_dir=nowhere"], "There is no folder nowhere"),
        (["--epsilom=1"], "did you mean `--epsilon`?"),
        (["--xi=1"], "unknown flag `--xi`"),
    ],
)
def test_wrong_settings(dense, tmp_path, refusal, flags, message):
    run_dir = f"--run_dir={tmp_path / 'run'}"
    assert message in refusal("image", dense[0], run_dir, "--rows=1", *flags)


def test_a_run_that_is_there_is_not_replaced(dense, refusal):
    path, run_dir = dense
    flags = [path, f"--run_dir={run_dir}", "--rows=1"]
    assert "holds a finished run" in refusal("image", *flags)
    changed = refusal("image", *flags, "--resume", "--epochs=3")
    assert "epochs was 2 and is 3" in changed


def test_results_and_their_text():
    found = result("error %", 99.9, [1.0, 3.0, None])
    assert (found["measured"], found["spread"]) == (2.0, pytest.approx(2**0.5))
    assert result("confidence", None, [None])["measured"] is None
    assert [shown(n) for n in (None, "above 5", 0.0, 2.9e-7, 12.345)] == [
        "-",
        "above 5",
        "0.00",
        "2.9e-07",
        "12.35",
    ]
    row = {"row": 1, "results": [found]}
    assert report.table([row]).splitlines()[-1] == (
        "| 1 | error % | 99.90 | 2.00 ± 1.41 | 2 |"
    )
