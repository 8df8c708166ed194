"""Compares methods: every arm from one language model, over several seeds."""

import dataclasses
import statistics

import keras

from advtext import backend
from advtext.data.writing import naming
from advtext.evaluation.figure import despine, entitle, new_figure, save
from advtext.experiments import (
    outputs,
    pretrain,
    run_data,
    run_start,
    side_by_side,
    text,
    train_classifier,
)
from advtext.experiments.run_directory import RunDirectory

NAMES = {
    "scratch": "labels only, no pretraining",
    "none": "pretrained, no term (baseline)",
    "random": "+ random perturbation",
    "adversarial": "+ adversarial",
    "virtual_adversarial": "+ virtual adversarial",
    "both": "+ adversarial and virtual adversarial",
    "mixed": "+ adversarial, virtual adversarial and entropy",
}


def run(config):
    """Runs what is missing of a table, and writes the table.

    Pretrains a language model first, in `run_dir/language_model`, unless
    `pretrained` names one. An arm that is finished is not run again.

    Args:
        config: `advtext.config.Config`; `methods` are the arms.

    Returns:
        The rows of the table, a list of dicts, or `None` if `max_minutes` ran
        out before the end.

    Raises:
        FileNotFoundError: If the text has no test set.
        ValueError: If an arm is there with another configuration or of
            other text, or runs of several processes are asked for.
        ChildProcessError: If one of several `parallel_runs` fails.
    """
    directory = RunDirectory(config.run_dir)
    if config.num_processes > 1:
        raise ValueError(
            "A table is of runs of one process each: set `num_processes` to 1. "
            "(Several train together by `advtext pretrain` and `train`.)"
        )
    if "test" not in text.splits(config):
        raise FileNotFoundError(
            "The text has no test set, and a table compares test errors. Add "
            "a split `test`."
        )
    config = dataclasses.replace(
        config, resume=not config.overwrite, run_dir=str(directory.path)
    )
    with run_start.alone(directory):
        return _run(directory, config)


def _run(directory, config):
    _begin(directory, config)
    language_model = None
    if not config.pretrained and set(config.methods) != {"scratch"}:
        path = str(directory / "language_model")
        language_model = dataclasses.replace(config, run_dir=path)
        config = dataclasses.replace(config, pretrained=path)
    arms = [
        (method, _arm(config, directory, method, seed))
        for method in config.methods
        for seed in config.seeds
    ]
    for _, arm in arms:
        run_start.check(RunDirectory(arm.run_dir), arm, "train")
    if config.resume:
        own = [language_model] if language_model else []
        run_data.check_finished([*own, *(arm for _, arm in arms)])
    if language_model and pretrain.run(language_model) is None:
        return None
    results = _train(arms, config)
    if results is None:
        return None
    rows = [_row(method, results[method]) for method in config.methods]
    directory.write_json("table.json", rows)
    directory.write_text("table.md", markdown(rows))
    return rows


def _begin(directory, config):
    """Lists the table's own files; its runs are things of their own.

    Raises:
        FileExistsError: If the folder holds what no run of a table wrote.
    """
    owned = directory.owned
    if owned.exists():
        run_start.check_kind(directory, "table")
    elif not outputs.is_table_of_before(directory):
        run_start.refuse_others(directory, runs=False)
    with naming(owned.manifest):
        owned.begin("table", outputs.of("table"))
        owned.note(begun=True)
        owned.remove_left_over()


def _train(arms, config):
    """Returns the metrics of every method's runs; `None` if time ran out."""
    if config.parallel_runs > 1:
        configs = [arm for _, arm in arms]
        if not side_by_side.run(configs, config.parallel_runs):
            return None
        done = {"resume": True, "overwrite": False}
        arms = [(m, dataclasses.replace(arm, **done)) for m, arm in arms]
    backend.expect_many_models()
    results = {}
    for method, arm in arms:
        keras.utils.clear_session()
        metrics = train_classifier.run(arm)
        if metrics is None:
            return None
        results.setdefault(method, []).append(metrics)
    return results


def _arm(config, directory, method, seed):
    return dataclasses.replace(
        config,
        run_dir=str(directory / f"{method}_{seed}"),
        method="none" if method == "scratch" else method,
        pretrained="" if method == "scratch" else config.pretrained,
        seed=seed,
    )


def _row(method, metrics):
    errors = [m["test_error"] for m in metrics]
    return {
        "method": method,
        "num_labels": metrics[0]["num_labels"],
        "num_test": metrics[0]["num_test"],
        "test_error": statistics.fmean(errors),
        "spread": statistics.stdev(errors) if len(errors) > 1 else None,
        "test_errors": errors,
        "minutes": statistics.fmean(m["train_seconds"] for m in metrics) / 60,
    }


def markdown(rows):
    """Returns the rows as a Markdown table."""
    lines = [
        "| method | labels | test error % | seeds | minutes a run |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        spread = "" if row["spread"] is None else f" ± {row['spread']:.2f}"
        lines.append(
            f"| {NAMES[row['method']]} | {row['num_labels']:,} | "
            f"{row['test_error']:.2f}{spread} | {len(row['test_errors'])} | "
            f"{row['minutes']:.1f} |"
        )
    return "\n".join(lines) + "\n"


def plot(rows, path):
    """Draws every run as a point and every mean as a bar.

    Needs matplotlib (`pip install 'advtext[plots]'`).

    Args:
        rows: What `run` returned.
        path: The PNG to write.
    """
    figure = new_figure(7, 0.6 * len(rows) + 1.4)
    axes = figure.add_subplot()
    places = range(len(rows), 0, -1)
    axes.barh(
        places, [row["test_error"] for row in rows], height=0.6, alpha=0.5
    )
    for place, row in zip(places, rows, strict=True):
        errors = row["test_errors"]
        axes.plot(errors, [place] * len(errors), "k.", markersize=6)
    axes.set_yticks(list(places), [NAMES[row["method"]] for row in rows])
    axes.set_xlabel(
        f"test error in %, {rows[0]['num_labels']:,} labels; dots: seeds"
    )
    despine(axes)
    entitle(figure, "test error of each method")
    save(figure, path, dpi=150)
