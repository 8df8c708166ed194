"""How long `advtext predict` takes to begin; a part of `inference.py`."""

import pathlib
import statistics
import subprocess
import sys
import tempfile

from measuring import timed

from advtext import config
from advtext.experiments.run_directory import RunDirectory

TEXT = "I liked the film, though not the music.\n"


def start_up(classifier, tokenizer, starts):
    """Returns seconds of labelling one line, each time in a new process.

    Args:
        classifier: `TextClassifier` of two classes.
        tokenizer: Its tokenizer.
        starts: How many times.

    Returns:
        List of them, from the start of the process to its end.
    """

    def run(folder):
        subprocess.run(
            [sys.executable, "-m", "advtext", "predict", folder],
            input=TEXT.encode(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )

    with tempfile.TemporaryDirectory() as folder:
        directory = RunDirectory(pathlib.Path(folder))
        directory.save_config(config.Config(run_dir=folder))
        directory.save_tokenizer(tokenizer)
        directory.save_model(classifier, "classifier.keras")
        directory.write_json("metrics.json", {"class_names": ["bad", "good"]})
        return [timed(run, folder) for _ in range(starts)]


def sentence(seconds):
    """Returns what was measured, as Markdown."""
    return (
        "\n\n`advtext predict` labelled one line in "
        f"{statistics.median(seconds):.2f} s, from the start of its process to "
        f"the end (median of {len(seconds)})."
    )
