"""What cases share: a tiny corpus, finished runs, small models, arrays."""

import os
import sys
import types
import warnings
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
# The folder is made by the first process, and read by all.
FOLDER = "ADVTEXT_CAMPAIGN"


class Shared:
    """Paths and names that cases speak of.

    Args:
        paths: Dict of paths.
        values: Dict of names for expressions.
    """

    def __init__(self, paths, values):
        self.paths = paths
        self._values = values

    def names(self, here):
        """Returns the names that an expression of a case may use."""
        paths = types.SimpleNamespace(**self.paths)
        return {**self._values, "here": here, "paths": paths}

    def tidy(self):
        """Puts back what a case may have changed in this process."""
        if keras := sys.modules.get("keras"):
            keras.config.set_dtype_policy("float32")
        warnings.resetwarnings()


def make():
    """Returns the `Shared` of the campaign; trains the runs if need be."""
    sys.path.insert(0, str(TESTS))
    folder = Path(os.environ[FOLDER])
    paths = _runs(folder)
    return Shared(paths, _values())


def _runs(folder):
    from tiny_runs import main, write_config, write_corpus

    paths = {
        name: folder / name
        for name in (
            "data data3 cache pretrained trained wide three images "
            "image_run tokens"
        ).split()
    }
    paths["config"] = folder / "tiny.toml"
    paths["image_config"] = folder / "images.toml"
    if (folder / "ready").exists():
        return paths
    write_corpus(paths["data"])
    write_corpus(paths["data3"], ("bad", "good", "odd"))
    write_config(paths["config"], paths["data"], paths["cache"])
    _write_images(paths["images"], paths["image_config"])
    config, short = paths["config"], ("--epochs=1", "--num_validation=6")
    for command in (
        ("pretrain", config, f"--run_dir={paths['pretrained']}"),
        ("train", config, f"--run_dir={paths['trained']}", *short),
        ("train", config, f"--run_dir={paths['wide']}", *short, "--units=6",
         "--vocabulary_size=12"),
        ("train", config, f"--run_dir={paths['three']}", *short,
         f"--data_dir={paths['data3']}"),
        ("image", paths["image_config"], f"--run_dir={paths['image_run']}"),
        ("prepare", config, f"--out={paths['tokens']}"),
    ):  # fmt: skip
        if main(*command):
            raise RuntimeError(f"{command} failed.")
    (folder / "ready").touch()
    return paths


def _write_images(folder, config):
    import numpy as np

    folder.mkdir()
    draw = np.random.default_rng(0)
    for split, size in (("train", 60), ("test", 20)):
        x = draw.integers(0, 256, (size, 6, 6)).astype("uint8")
        np.save(folder / f"x_{split}.npy", x)
        np.save(folder / f"y_{split}.npy", (np.arange(size) % 10).astype("u1"))
    config.write_text(
        f'data_dir = "{folder}"\nrows = [1]\nnum_validation = 20\nunits = 8\n'
        "epochs = 1\nbatch_size = 20\nepsilon = 0.04\n"
    )


def _values():
    import keras
    import numpy as np

    import advtext
    from advtext import (
        attacks,
        config,
        data,
        evaluation,
        layers,
        losses,
        models,
        training,
    )  # fmt: skip

    keras.utils.set_random_seed(0)
    # Only the whole traceback tells who raised an error.
    keras.config.disable_traceback_filtering()
    net, unit, probs, image_net = (
        keras.Sequential([keras.Input(shape), *stack])
        for shape, stack in (
            ((4,), [keras.layers.Dense(3)]),
            ((4,), [keras.layers.Dense(1)]),
            ((4,), [keras.layers.Dense(3, activation="softmax")]),
            ((6, 6, 1), [keras.layers.Flatten(), keras.layers.Dense(3)]),
        )
    )
    draw = np.random.default_rng(0)
    reader = keras.Sequential(
        [
            keras.Input((None,)),
            keras.layers.Embedding(10, 4),
            keras.layers.GlobalAveragePooling1D(),
            keras.layers.Dense(1),
        ]
    )
    return {
        **{"advtext": advtext, "attacks": attacks, "config": config},
        **{"data": data, "evaluation": evaluation, "layers": layers},
        **{"losses": losses, "models": models, "training": training},
        **{"keras": keras, "np": np, "nan": np.nan, "inf": np.inf},
        **{"net": net, "unit": unit, "probs": probs, "reader": reader},
        "image_net": image_net,
        "x": draw.random((5, 4), "float32"),
        "y": np.array([0, 1, 2, 0, 1]),
        "ids": np.array([[1, 2, 0], [3, 4, 5]]),
        "pictures": draw.random((5, 6, 6, 1), "float32"),
        "fast": attacks.FastGradient(0.1),
        "corpus": data.Corpus(
            np.arange(1, 9), np.array([0, 3, 5, 8]), np.array([0, 1, 0])
        ),
    }
