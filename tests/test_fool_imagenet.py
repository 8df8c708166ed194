import contextlib
import importlib.util
import io
import json
import os
from pathlib import Path

import keras
import numpy as np
import pytest

from advtext.experiments import fool_imagenet
from advtext.experiments.fool_imagenet_flags import main

Image = pytest.importorskip("PIL.Image")
ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("ADVTEXT_DATA", ROOT / ".." / "shared" / "data"))
IMAGENET = DATA / "imagenet"
NAMES = ["hen", "hog", "airliner", "wombat"]


def classifier(model, weights, input_size):
    """A small network in place of those of ImageNet."""
    keras.utils.set_random_seed(3)
    return keras.Sequential(
        [
            keras.Input((input_size or 12, input_size or 12, 3)),
            keras.layers.Conv2D(8, 3, strides=2, activation="tanh"),
            keras.layers.Flatten(),
            keras.layers.Dense(4, kernel_initializer="random_normal"),
            keras.layers.Rescaling(20.0),
        ]
    )


def write_photo(folder):
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, 3))
    Image.fromarray(pixels.astype("uint8")).save(folder / "pig.png")
    rows = {str(i): [f"n{i}", name] for i, name in enumerate(NAMES)}
    path = folder / "imagenet_class_index.json"
    path.write_text(json.dumps(rows))


def run(folder, *flags):
    image, out = folder / "pig.png", folder / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fool_imagenet, "imagenet_classifier", classifier)
        return main([f"--image={image}", f"--run_dir={out}", *flags])


@pytest.fixture
def folder(tmp_path):
    write_photo(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The run directory, its metrics and images, and what was printed."""
    folder = tmp_path_factory.mktemp("fool")
    write_photo(folder)
    flags = "--epsilon=16/255", "--num_steps=7", "--target_steps=12"
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        status = run(folder, *flags, "--step_size=0.02")
    if status:
        pytest.fail("the walk-through did not come to its end")
    metrics = json.loads((folder / "run" / "metrics.json").read_text())
    images = dict(np.load(folder / "run" / "images.npz"))
    return folder / "run", metrics, images, printed.getvalue()


def test_everything_is_written(finished):
    directory, metrics, images, printed = finished
    assert sorted(images) == ["fooled", "image", "targeted"]
    assert metrics["epsilon"] == 16 / 255 and metrics["step_size"] == 0.02
    for name, num_steps in (("fooled", 7), ("targeted", 12)):
        found, image = metrics[name], images[name]
        assert image.shape == (12, 12, 3) and image.dtype == "float32"
        assert image.min() >= 0 and image.max() <= 1
        change = np.abs(image - images["image"]).max()
        assert 0 < change <= 16 / 255 + 1e-6
        steps = [row["step"] for row in found["losses"]]
        assert steps == [*range(0, num_steps, 5), num_steps]
        losses = [row["loss"] for row in found["losses"]]
        assert losses[-1] > losses[0]
        assert found["label"] == metrics["clean"]["class"]
        assert f"seen as {found['class']}, probability" in printed
        for row in found["losses"]:
            assert f"step {row['step']:3d}   loss {row['loss']:9.4f}" in printed
    assert metrics["targeted"]["target"] == "airliner"
    assert metrics["fast_gradient"]["epsilon"] == 0.007
    assert metrics["fast_gradient"]["clean"] == metrics["clean"]
    assert not list(directory.glob(".*"))


def test_what_is_told_is_of_the_images(finished):
    _, metrics, images, _ = finished
    network = classifier("", "", 12)
    for name, found in (
        ("image", "clean"),
        *[(n, n) for n in list(images)[1:]],
    ):
        logits = network(images[name][None])
        probabilities = np.asarray(keras.ops.softmax(logits))[0]
        index = metrics[found]["index"]
        assert index == probabilities.argmax()
        assert metrics[found]["class"] == NAMES[index]
        assert metrics[found]["probability"] == pytest.approx(
            probabilities[index], abs=1e-5
        )


def test_the_lead_is_the_difference_of_two_losses(finished):
    _, metrics, images, _ = finished
    label = metrics["clean"]["label_index"]
    target = NAMES.index("airliner")
    assert label != target
    logits = np.asarray(classifier("", "", 12)(images["targeted"][None]))[0]
    last = metrics["targeted"]["losses"][-1]["loss"]
    # Both have the same normalization: it falls out.
    assert last == pytest.approx(logits[target] - logits[label], abs=1e-4)


def test_the_figure_is_drawn(finished):
    pytest.importorskip("matplotlib")
    directory, _, _, printed = finished
    with Image.open(directory / "figure.png") as figure:
        assert figure.size[0] > 1000 and len(figure.getcolors(1 << 24)) > 100
    assert "metrics.json, images.npz, figure.png" in printed


def test_without_matplotlib_the_rest_is_written(folder, capsys, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert run(folder, "--num_steps=1", "--target_steps=1") == 0
    assert "pip install 'advtext[plots]'" in capsys.readouterr().out
    written = sorted(path.name for path in (folder / "run").iterdir())
    assert written == ["advtext.json", "images.npz", "metrics.json"]


def test_the_label_may_be_given(folder):
    flags = "--num_steps=1", "--target_steps=1", "--target=1"
    assert run(folder, *flags, "--label=wombat", "--input_size=16") == 0
    metrics = json.loads((folder / "run" / "metrics.json").read_text())
    assert metrics["clean"]["label"] == "wombat"
    assert metrics["targeted"]["target"] == "hog"


@pytest.mark.parametrize(
    "flags, message",
    [
        (["--target=airlines"], "`target`: no class is called 'airlines'"),
        (["--label=pig"], "`label`: no class is called 'pig'. Nearest: "),
        (["--label=hog", "--target=n1"], "`target` is the label itself, 'hog'"),
        (["--epsilon=2"], "`epsilon` must be more than 0 and at most 1"),
        (["--epsilon=-1/255"], "`epsilon` must be a finite number"),
        (["--epsilon=2/0"], "argument --epsilon: '2/0' is no number"),
        (["--step_size=0"], "`step_size` must be more than 0"),
        (["--num_steps=0"], "`num_steps` must be an integer of at least 1"),
        (["--target_steps=0"], "`target_steps` must be an integer"),
        (["--class_index=nowhere.json"], "no class index nowhere.json"),
        (["--image=nowhere.png"], "There is no image file nowhere.png"),
        (["--tagret=hog"], "unknown flag `--tagret`; did you mean `--target`"),
        (["--run_dir="], "`run_dir` is empty"),
    ],
)
def test_wrong_flags_end_with_one_line(folder, capsys, flags, message):
    try:
        status = run(folder, *flags)
    except SystemExit as stopped:
        status = stopped.code
    error = capsys.readouterr().err
    assert status == 2 and message in error
    assert error.startswith("fool_imagenet: error: ") and error.count("\n") == 1


def test_classes_of_another_network_are_refused(folder, capsys):
    path = folder / "imagenet_class_index.json"
    path.write_text('{"0": ["n0", "hen"], "1": ["n1", "airliner"]}')
    assert run(folder) == 2
    assert "tells 4 classes apart, but `class_index`" in capsys.readouterr().err


def test_a_training_run_is_not_written_over(folder, capsys):
    (folder / "run").mkdir()
    (folder / "run" / "config.toml").touch()
    assert run(folder) == 2
    assert "no run of advtext wrote: config.toml" in capsys.readouterr().err


def test_a_folder_that_cannot_be_made_is_named(folder, capsys):
    (folder / "run").touch()
    assert run(folder) == 2
    assert f"Cannot write `run_dir` {folder}" in capsys.readouterr().err


def fool_the_pig(run_dir, **options):
    return fool_imagenet.run(
        image=IMAGENET / "pig.png",
        weights=IMAGENET / "mobilenet_v2_1.0_224_from_int8.h5",
        run_dir=run_dir,
        **options,
    )


@pytest.mark.skipif(
    not IMAGENET.is_dir(), reason=f"no files in {IMAGENET}; set ADVTEXT_DATA"
)
def test_the_real_pig_is_fooled(tmp_path):
    """A small photo and few steps: quick without XLA's optimizations too."""
    options = {"input_size": 96, "num_steps": 5, "target_steps": 5}
    metrics = fool_the_pig(tmp_path, **options)
    assert metrics["clean"]["class"] == "hog"
    assert metrics["fast_gradient"]["fooled"]["class"] != "hog"
    assert metrics["fooled"]["class"] != "hog"
    assert metrics["fooled"]["probability"] > 0.9
    first, last = metrics["targeted"]["losses"]
    assert last["loss"] > first["loss"] + 20


@pytest.mark.skipif(
    not IMAGENET.is_dir(), reason=f"no files in {IMAGENET}; set ADVTEXT_DATA"
)
@pytest.mark.skipif(
    keras.backend.backend() == "jax",
    reason="takes minutes where XLA does not optimize, as in `make test-jax`",
)
def test_the_real_pig_flies(tmp_path):
    """Fewer steps than the walk-through's 30 and 100, to be quicker."""
    metrics = fool_the_pig(tmp_path, num_steps=10, target_steps=40)
    assert metrics["clean"]["class"] == "hog"
    assert metrics["clean"]["probability"] == pytest.approx(0.984, abs=0.005)
    assert metrics["fooled"]["class"] != "hog"
    assert metrics["fooled"]["probability"] > 0.9
    assert metrics["targeted"]["class"] == "airliner"
    assert metrics["targeted"]["probability"] > 0.5
