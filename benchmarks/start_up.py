"""How long `advtext predict` takes to begin; a part of `inference.py`."""

import pathlib
import statistics
import subprocess
import sys
import tempfile

from measuring import take_turns, timed

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
        Dict of two lists: `predict`, from the start of the process to its end;
        `import_keras`, the same of a program that does nothing else.
    """

    def run(*arguments):
        subprocess.run(
            [sys.executable, *arguments],
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
        return take_turns(
            {
                "predict": lambda: timed(
                    run, "-m", "advtext", "predict", folder
                ),
                "import_keras": lambda: timed(run, "-c", "import keras"),
            },
            starts,
            warm_up=0,
        )


def sentence(seconds):
    """Returns what was measured, as Markdown."""
    ours, floor = (
        statistics.median(seconds[name]) for name in ("predict", "import_keras")
    )
    return (
        f"\n\n`advtext predict` labelled one line in {ours:.2f} s, from the "
        f"start of its process to the end; `import keras` alone took "
        f"{floor:.2f} s (medians of {len(seconds['predict'])})."
    )
