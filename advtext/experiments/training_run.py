"""A training run, from its configuration to `metrics.json`."""

import contextlib
import dataclasses
from collections.abc import Callable

import keras

from advtext.data.batches import Batches
from advtext.experiments import fitting, parallel, run_data, run_start, text
from advtext.experiments.run_directory import RunDirectory
from advtext.quoting import listed
from advtext.training import Decay, WeightAverage

# Of `metrics.json`, by the command: what is told at the end of it.
_NEEDED = {
    "pretrain": ("perplexity", "train_seconds"),
    "train": ("num_test", "class_names", "train_seconds"),
}


@dataclasses.dataclass
class Plan:
    """What a run trains, on what, and what becomes of it.

    Args:
        model: Compiled and built model.
        batches: What it is trained on.
        num_steps: Batches to train on; rounded up to whole Keras epochs.
        label: Name in the progress line.
        flops: Operations that the matrix products of a batch need.
        finish: Function from the `RunDirectory` to the run's metrics, which
            saves the trained model and tests it.
        weight_average: Average of the weights that replaces them at the end.
        rate: `advtext.training.Decay`, which `finish_after` needs.
    """

    model: keras.Model
    batches: Batches
    num_steps: int
    label: str
    flops: float
    finish: Callable[[RunDirectory], dict]
    weight_average: WeightAverage | None = None
    rate: Decay | None = None


def run(config, plan, kind, tell=None):
    """Runs what a configuration describes, or the rest of it.

    Args:
        config: `advtext.config.Config`.
        plan: Function from the configuration and the
            `advtext.data.Prepared` text to a `Plan`.
        kind: The command: `"pretrain"` or `"train"`.
        tell: Function that shows a person a line, before training begins.

    Returns:
        What is written to `metrics.json`; `None` if `max_minutes` ran out
        before the end (go on with `resume`), and in all processes but the
        first.

    Raises:
        FileExistsError: If `run_dir` holds a run, or what no run wrote.
        BlockingIOError: If another process runs in `run_dir`.
    """
    with contextlib.ExitStack() as held:
        return _run(config, plan, kind, tell, held)


def _run(config, plan, kind, tell, held):
    directory = RunDirectory(config.run_dir)
    fitting.start(config)
    first = parallel.is_first(config)
    with parallel.processes(config):
        if run_start.is_finished(directory, config, kind, held):
            return directory.metrics(_NEEDED[kind]) if first else None
        prepared = text.prepare(config)
        parallel.check_same(config, prepared)
        with parallel.devices(config):
            planned = plan(config, prepared)
            if first:
                sums = run_data.of_text(prepared)
                tokenizer = prepared.tokenizer
                run_start.begin(directory, config, kind, sums, tokenizer)
                if tell is not None:
                    names = prepared.class_names
                    tell(f"{len(names)} classes: {listed(names)}")
            finished, seconds = fitting.fit(planned, config)
    if not finished or not first:
        return None
    metrics = planned.finish(directory)
    metrics |= {"seed": config.seed, "train_seconds": seconds}
    directory.finish(metrics)
    return metrics
