"""The small runs of the campaigns: their inputs and their commands."""

import numpy as np
import runs  # noqa: F401, it finds the modules of the tests
import tiny_runs

_IMAGES = """
rows = [1, 2]
num_validation = 40
units = 8
num_pieces = 2
epochs = 12
batch_size = 20
learning_rate = 0.02
learning_rate_decay = 0.5
"""
# Same numbers at every repetition, and a checkpoint every few steps.
_TEXT_FLAGS = (
    "--deterministic",
    "--checkpoint_steps=5",
    "--pretrain_batch_size=8",
)
_METHOD = "--method=virtual_adversarial"


def write(folder):
    """Writes texts, images and configurations, unless they are there."""
    done = folder / "images.toml"
    if done.exists():
        return
    folder.mkdir(exist_ok=True)
    if not (folder / "text").exists():
        tiny_runs.write_corpus(folder / "text", sizes=(200, 60, 300))
    # Where its cache is, is told anew for every run.
    tiny_runs.write_config(folder / "text.toml", folder / "text", "")
    write_images(folder / "images")
    done.write_text(f'data_dir = "{folder / "images"}"\n{_IMAGES}')


def write_images(folder, sizes=(120, 60)):
    """Writes images of ten classes as the files of MNIST are."""
    folder.mkdir(exist_ok=True)
    draw = np.random.default_rng(0)
    for split, size in zip(("train", "t10k"), sizes, strict=True):
        y = (np.arange(size) % 10).astype("uint8")
        x = draw.integers(0, 100, (size, 36)).astype("uint8")
        x[np.arange(size), 3 * y] = 255
        _write_idx(folder / f"{split}-images-idx3-ubyte", x.reshape(-1, 6, 6))
        _write_idx(folder / f"{split}-labels-idx1-ubyte", y)


def _write_idx(path, array):
    shape = np.array(array.shape, ">u4").tobytes()
    path.write_bytes(bytes([0, 0, 8, array.ndim]) + shape + array.tobytes())


def arguments(command, inputs, folder, pretrained):
    """Returns the arguments of a run.

    Args:
        command: The command.
        inputs: Folder that `write` wrote.
        folder: Of the run: `run` in it is its directory, `cache` its cache.
        pretrained: Finished language model, for `train`.
    """
    config = "images.toml" if command == "image" else "text.toml"
    found = [command, inputs / config, f"--run_dir={folder / 'run'}"]
    if command == "image":
        return found
    found += [*_TEXT_FLAGS, f"--cache_dir={folder / 'cache'}"]
    if command == "pretrain":
        found.append("--pretrain_epochs=2")
    if command == "train":
        found += [f"--pretrained={pretrained}", _METHOD, "--epochs=2"]
    if command == "table":
        arms = ["--seeds=0", "--methods=scratch,adversarial", "--epochs=1"]
        found += arms
    return found
