"""A training run, from its configuration to `metrics.json`."""

import dataclasses
from collections.abc import Callable

import keras

from advtext.data.batches import Batches
from advtext.experiments import fitting, parallel, run_start, text
from advtext.experiments.run_directory import RunDirectory
from advtext.training import WeightAverage


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
    """

    model: keras.Model
    batches: Batches
    num_steps: int
    label: str
    flops: float
    finish: Callable[[RunDirectory], dict]
    weight_average: WeightAverage | None = None


def run(config, plan):
    """Runs what a configuration describes, or the rest of it.

    Args:
        config: `advtext.config.Config`.
        plan: Function from the configuration and the
            `advtext.data.Prepared` text to a `Plan`.

    Returns:
        What is written to `metrics.json`; `None` if `max_minutes` ran out
        before the end (go on with `resume`), and in all processes but the
        first.

    Raises:
        FileExistsError: If `run_dir` holds a run.
    """
    directory = RunDirectory(config.run_dir)
    fitting.start(config)
    first = parallel.is_first(config)
    with parallel.processes(config):
        if run_start.is_finished(directory, config):
            return directory.metrics() if first else None
        prepared = text.prepare(config)
        parallel.check_same(config, prepared)
        with parallel.devices(config):
            planned = plan(config, prepared)
            run_start.begin(directory, config, prepared.tokenizer)
            finished, seconds = fitting.fit(planned, config)
    if not finished or not first:
        return None
    metrics = planned.finish(directory)
    metrics |= {"seed": config.seed, "train_seconds": seconds}
    directory.write_json("metrics.json", metrics)
    return metrics
