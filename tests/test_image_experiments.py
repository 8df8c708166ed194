import json
import shutil

import keras
import numpy as np
import pytest
from keras import ops
from tiny_runs import main

from advtext import config as config_files
from advtext.attacks import FastGradient
from advtext.config import ImageConfig
from advtext.experiments import images
from advtext.experiments.images import report
from advtext.experiments.images.outcome import result, shown
from advtext.experiments.images.study import Study
from advtext.losses import independent_cross_entropy

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
epsilon = 0.04
num_rubbish = 30
"""
DENSE = [1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 19, 20, 21]


def write_images(folder, shape, number=120):
    """Writes images of ten classes, each with a bright place of its own."""
    random = np.random.default_rng(0)
    folder.mkdir()
    for split, size in (("train", number), ("test", 200)):
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
    assert "| 1 | error % under FGSM 0.04 | 99.90 | " in page
    names = sorted(p.name for p in (run_dir / "models").iterdir())
    arms = ["network_0", "network_adversarial_0", "softmax_0", "undropped_0"]
    assert names == [*arms, "undropped_adversarial_0"]
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


@pytest.fixture(scope="module")
def every_row(dense, tmp_path_factory):
    """The run directory of all rows of a dense network, and the rows."""
    run_dir = tmp_path_factory.mktemp("every") / "run"
    rows = images.run(config(dense[0], run_dir=str(run_dir), rows=DENSE))
    return run_dir, {row["row"]: row for row in rows}


def test_every_dense_row(every_row):
    pytest.importorskip("matplotlib")
    run_dir, rows = every_row
    assert list(rows) == DENSE
    for row in rows.values():
        assert row["results"]
        for number in row["results"]:
            assert number["measured"] is None or np.isfinite(number["measured"])
        for name in row["figures"]:
            content = (run_dir / "figures" / name).read_bytes()
            assert content.startswith(b"\x89PNG")
    figures = sorted(p.name for p in (run_dir / "figures").iterdir())
    assert figures == sorted(n for r in rows.values() for n in r["figures"])
    assert "network (2 passes; seeds 0)" in rows[2]["notes"][-1]
    # The closed form of row 4, met to float32 precision.
    assert measured(rows[4])["largest relative difference of a loss"] < 1e-5


def measured(row):
    return {r["what"]: r["measured"] for r in row["results"]}


class Networks:
    """Recomputes, from the saved networks and nothing of the experiments."""

    def __init__(self, run_dir, data):
        self.run_dir = run_dir
        self.x = np.load(data / "x_test.npy")[..., None] / np.float32(255)
        self.y = np.load(data / "y_test.npy").astype("int32")

    def __getitem__(self, name):
        path = self.run_dir / "models" / name / "classifier.keras"
        return keras.models.load_model(path, compile=False)

    def attacked(self, model, x=None, y=None, loss=None):
        x, y = (self.x, self.y) if x is None else (x, y)
        attack = FastGradient(0.04, norm="linf", loss=loss)
        return np.asarray(attack(model, x, y))

    def error(self, model, x):
        return wrong(model, x, self.y)


def wrong(model, x, y):
    return 100 * np.mean(np.argmax(np.asarray(model(x)), axis=1) != y)


@pytest.fixture(scope="module")
def networks(dense, every_row):
    return Networks(every_row[0], dense[0].parent / "data")


def test_rows_of_one_network_each(networks, every_row):
    """Rows 5, 9, 11 and 19: clean and attacked errors, by their names."""
    expected = {
        5: {
            "plain": "network_0",
            "adversarial": "network_adversarial_0",
            "plain, no dropout": "undropped_0",
            "adversarial, no dropout": "undropped_adversarial_0",
        },
        9: {
            "signs": "network_sign_noise_0",
            "uniform": "network_uniform_noise_0",
            "no noise": "network_0",
        },
        11: {
            "nothing perturbed": "network_0",
            "input, FGSM": "network_adversarial_0",
            "input, rotation": "network_rotation_0",
            "first hidden layer, FGSM": "network_hidden_1_0",
            "last hidden layer, FGSM": "network_hidden_2_0",
        },
    }
    for row, arms in expected.items():
        found = measured(every_row[1][row])
        attacked = "error under FGSM %" if row == 11 else "error % under FGSM"
        for arm, name in arms.items():
            model = networks[name]
            clean = networks.error(model, networks.x)
            assert found[f"clean error %, {arm}"] == pytest.approx(clean)
            after = networks.error(model, networks.attacked(model))
            assert found[f"{attacked}, {arm}"] == pytest.approx(after)


def test_transfer(networks, every_row):
    found = measured(every_row[1][8])
    plain, trained = networks["large_0"], networks["large_adversarial_0"]
    of = "error % of the {} one on the {} one's examples"
    for target, source, words in (
        (trained, plain, ("trained", "plain")),
        (plain, trained, ("plain", "trained")),
    ):
        error = networks.error(target, networks.attacked(source))
        assert found[of.format(*words)] == pytest.approx(error)


def test_the_large_networks_are_stopped_by_the_right_error(networks, dense):
    data = dense[0].parent / "data"
    x = np.load(data / "x_train.npy")[-40:, ..., None] / np.float32(255)
    y = np.load(data / "y_train.npy")[-40:].astype("int32")
    for name in ("large", "large_adversarial"):
        run = networks.run_dir / "models" / f"{name}_search_0"
        model = networks[run.name]
        if name == "large_adversarial":
            seen = networks.attacked(model, x, y)
        else:
            seen = x
        lines = (run / "history.csv").read_text().split()
        column = lines[0].split(",").index("val_error")
        errors = [float(line.split(",")[column]) for line in lines[1:]]
        assert errors[-1] == pytest.approx(wrong(model, seen, y))
        best = json.loads((run / "metrics.json").read_text())["best_epochs"]
        assert best == errors.index(min(errors)) + 1
        final = networks.run_dir / "models" / f"{name}_0/metrics.json"
        assert json.loads(final.read_text())["epochs"] == best


def test_an_ensemble(networks, every_row):
    found = measured(every_row[1][15])
    members = [networks["network_0"], networks["network_1"]]

    def whole(x):
        return ops.log(sum(ops.softmax(m(x)) for m in members) / 2)

    assert found["error % attacked as a whole"] == pytest.approx(
        networks.error(whole, networks.attacked(whole))
    )
    through_one = networks.attacked(members[0])
    assert found["error % attacked through one"] == pytest.approx(
        networks.error(whole, through_one)
    )
    assert found["that member's own error %"] == pytest.approx(
        networks.error(members[0], through_one)
    )


def test_rubbish(networks, every_row):
    found = measured(every_row[1][16])
    noise = np.random.default_rng((0, 16)).standard_normal(
        (30, 6, 6, 1), dtype="float32"
    )
    for name in ("network", "network_independent", "softmax", "rbf"):
        logits = networks[f"{name}_0"](noise)
        of_sigmoids = name in ("network_independent", "rbf")
        p = ops.sigmoid(logits) if of_sigmoids else ops.softmax(logits)
        called = 100 * np.mean(np.max(np.asarray(p), axis=1) > 0.5)
        assert found[f"called a class %, {name}"] == pytest.approx(called)


def test_independent_classes_are_attacked_by_their_own_loss(
    networks, every_row
):
    model = networks["rbf_0"]
    seen = networks.attacked(model, loss=independent_cross_entropy)
    found = measured(every_row[1][12])
    assert found["error % under FGSM 0.04"] == pytest.approx(
        networks.error(model, seen)
    )


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


def test_published_numbers_of_other_images_say_so(every_row):
    rows = every_row[1]
    assert rows[1]["results"][1]["published"] == 99.9
    assert rows[18]["results"][0]["published"] == "75.30 (CIFAR-10)"


def test_other_seeds_measure_a_row_again(dense, tmp_path):
    path, _ = dense
    settings = {"run_dir": str(tmp_path / "run"), "rows": [1]}
    first = images.run(config(path, **settings))
    again = images.run(config(path, **settings, resume=True, seeds=[0, 1]))
    assert len(first[0]["results"][0]["values"]) == 1
    assert len(again[0]["results"][0]["values"]) == 2
    assert (
        again[0]["results"][0]["values"][0]
        == (first[0]["results"][0]["values"][0])
    )


def test_files_of_no_run_are_not_written_over(dense, tmp_path, refusal):
    (tmp_path / "models").mkdir()
    (tmp_path / "models/mine.txt").write_text("mine")
    flags = [dense[0], f"--run_dir={tmp_path}", "--rows=1"]
    for more in ([], ["--overwrite"], ["--resume"]):
        told = refusal("image", *flags, *more)
        assert "holds what no run of advtext wrote: models/mine.txt" in told
    assert (tmp_path / "models/mine.txt").read_text() == "mine"


def test_an_unfinished_run_is_called_so(dense, tmp_path, refusal):
    flags = [dense[0], f"--run_dir={tmp_path / 'run'}", "--rows=1"]
    main("image", *flags, "--max_minutes=1e-9")
    assert not (tmp_path / "run/metrics.json").exists()
    assert "holds a unfinished run" in refusal("image", *flags).replace(
        "an unfinished", "a unfinished"
    )


def test_all_configurations_are_checked_first(dense, tmp_path, refusal):
    other = tmp_path / "other.toml"
    other.write_text('data_dir = "x"\nrun_dir = "y"\nepsilom = 1.0\n')
    run_dir = tmp_path / "run"
    told = refusal("image", dense[0], other, f"--run_dir={run_dir}")
    assert "unknown key `epsilom`" in told and not run_dir.exists()
    told = refusal("image", dense[0], dense[0], f"--run_dir={run_dir}")
    assert "needs a `run_dir` of its own" in told and not run_dir.exists()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--rows=99"], "`rows` must be a list, each an integer"),
        (["--rows=3"], "Row 3 is of network='convolutional_maxout'"),
        (["--rows=22"], "Row 22 is of a photo: set `photo`"),
        (["--num_validation=120", "--validate"], "leaves nothing to train on"),
        (["--num_validation=120", "--rows=1,6"], "leaves nothing to train on"),
        (["--data_dir=nowhere"], "There is no folder nowhere"),
        (["--epsilom=1"], "did you mean `--epsilon`?"),
        (["--xi=1"], "unknown flag `--xi`"),
    ],
)
def test_wrong_settings(dense, tmp_path, refusal, flags, message):
    run_dir = f"--run_dir={tmp_path / 'run'}"
    assert message in refusal("image", dense[0], run_dir, "--rows=1", *flags)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--rows=4", "--num_train=3"], "the train images do not hold both"),
        (["--rows=2", "--learning_rate=1e30"], "name another `run_dir`"),
    ],
)
def test_what_shows_when_a_row_is_run(dense, tmp_path, capsys, flags, message):
    run_dir = f"--run_dir={tmp_path / 'run'}"
    assert main("image", dense[0], run_dir, *flags) == 2
    assert message in capsys.readouterr().err.splitlines()[-1]


def test_a_run_that_is_there_is_not_replaced(dense, refusal):
    path, run_dir = dense
    flags = [path, f"--run_dir={run_dir}", "--rows=1"]
    assert "holds a finished run" in refusal("image", *flags)
    changed = refusal("image", *flags, "--resume", "--epochs=3")
    assert "epochs was 2 and is 3" in changed


@pytest.mark.parametrize("name", ["x_train", "y_train", "x_test", "y_test"])
def test_a_run_does_not_go_on_with_other_images(dense, tmp_path, refusal, name):
    path, run_dir = dense
    copy = shutil.copytree(run_dir, tmp_path / "run")
    data = shutil.copytree(path.parent / "data", tmp_path / "data")
    saved = copy / "config.toml"
    text = saved.read_text()
    saved.write_text(text.replace(str(path.parent / "data"), str(data)))
    array = np.load(data / f"{name}.npy")
    np.save(data / f"{name}.npy", array[::-1])
    flags = f"--run_dir={copy}", f"--data_dir={data}", "--rows=14", "--resume"
    told = refusal("image", path, *flags)
    part = "images" if name[0] == "x" else "labels"
    assert f"The {part} of {name[2:]} changed since the run in" in told
    assert str(data / f"{name}.npy") in told


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[: len(content) // 2],
        lambda content: b"[]",
        lambda content: b"null",
        lambda content: b"{}",
        lambda content: b"\xff" + content,
        lambda content: content.replace(b'"results"', b'"resultz"'),
    ],
)
def test_a_damaged_row_is_named(dense, tmp_path, refusal, damage):
    path, run_dir = dense
    copy = shutil.copytree(run_dir, tmp_path / "run")
    row = copy / "rows/row_01.json"
    row.write_bytes(damage(row.read_bytes()))
    told = refusal("image", path, f"--run_dir={copy}", "--rows=1", "--resume")
    assert f"{row} is truncated or damaged" in told
    assert "Take it away" in told


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


def test_the_numbers_tell_networks_apart(every_row):
    """Else the tests above could not fail."""
    rows = every_row[1]
    for row, names in {
        8: list(measured(rows[8])),
        9: [w for w in measured(rows[9]) if w.startswith("error")],
        15: [w for w in measured(rows[15]) if w.startswith("error")],
    }.items():
        found = [measured(rows[row])[name] for name in names]
        assert len(set(found)) == len(found) > 1, row
