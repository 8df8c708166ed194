"""What each command does once its arguments are parsed, and prints."""

import functools
import sys

from advtext import config as config_files
from advtext import experiments
from advtext.evaluation.figure import can_draw
from advtext.experiments.run_directory import RunDirectory
from advtext.quoting import printable


def _config(parsed):
    return config_files.load(parsed.path, config_files.read_flags(parsed))


def prepare(parsed):
    prepared = experiments.prepare.run(_config(parsed), parsed.out)
    print(
        f"{prepared['num_documents']:,} documents, "
        f"{prepared['num_tokens']:,} tokens, "
        f"{prepared['num_bytes'] / 1e6:.1f} MB in {printable(parsed.out)}"
    )


def pretrain(parsed):
    config = _config(parsed)
    metrics = experiments.pretrain.run(config)
    if metrics is None:
        _unfinished(config)
        return
    print(
        f"perplexity {metrics['perplexity']:.1f} after "
        f"{metrics['train_seconds'] / 60:.1f} minutes; outputs in "
        f"{printable(config.run_dir)}"
    )


def train(parsed):
    config = _config(parsed)
    tell = functools.partial(print, flush=True)
    metrics = experiments.train_classifier.run(config, tell)
    if metrics is None:
        _unfinished(config)
    elif metrics["num_test"]:
        print(
            f"test error {metrics['test_error']:.2f} % of "
            f"{metrics['num_test']:,} documents; outputs in "
            f"{printable(config.run_dir)}"
        )
    else:
        print(
            f"outputs in {printable(config.run_dir)} (the text has no test set)"
        )


def evaluate(parsed):
    directory = RunDirectory(parsed.path)
    overrides = config_files.read_flags(parsed)
    if directory.path.is_dir():
        config = directory.config(overrides)
        run_dir = directory.path
    else:
        config = _config(parsed)
        run_dir = config.run_dir
    measured = experiments.evaluate.run(run_dir, config)
    print(
        f"test error {measured['error']:.2f} % of "
        f"{measured['num_documents']:,} documents, loss {measured['loss']:.4f}"
    )


def table(parsed):
    config = _config(parsed)
    rows = experiments.table.run(config)
    if rows is None:
        _unfinished(config)
        return
    print(f"\n{experiments.table.markdown(rows)}")
    written = "table.md, table.json"
    if can_draw():
        directory = RunDirectory(config.run_dir)
        experiments.table.plot(rows, directory / "table.png")
        written += ", table.png"
    print(
        f"Outputs in {printable(config.run_dir)}: {written}; every run's "
        "classifier, metrics and logs in a folder of its own."
    )


def image(parsed):
    overrides = config_files.read_flags(parsed)
    kind = config_files.ImageConfig
    configs = [config_files.load(p, overrides, kind) for p in parsed.paths]
    run_dirs = [config.run_dir for config in configs]
    if len(set(run_dirs)) < len(run_dirs):
        raise ValueError(
            "Every configuration needs a `run_dir` of its own. Received: "
            f"{', '.join(run_dirs)}."
        )
    for config in configs:
        experiments.images.check(config)
    for config in configs:
        rows = experiments.images.run(config)
        if rows is None:
            _unfinished(config)
            return
        print(f"\n{experiments.images.report.table(rows)}")
        figures = " figures," if any(row["figures"] for row in rows) else ""
        print(
            f"Outputs in {printable(config.run_dir)}: RESULTS.md, "
            f"metrics.json,{figures} "
            "and models with a folder for every network."
        )


def predict(parsed):
    if parsed.file is None and sys.stdin is None:
        raise ValueError("Standard input is closed. Name a file.")
    if parsed.file is None:
        lines = experiments.predict.lines(sys.stdin.buffer, "standard input")
        chunk = 1 if sys.stdin.isatty() else 256
        _print_labels(parsed.run, lines, chunk)
        return
    texts = experiments.predict.texts_of(parsed.file)
    # The more at once, the more of a like length to share a batch.
    _print_labels(parsed.run, texts, 2048)


def _print_labels(run, lines, chunk):
    for label, probability in experiments.predict.run(run, lines, chunk):
        print(f"{label}\t{probability:.4f}", flush=chunk == 1)


def _unfinished(config):
    line = (
        "`max_minutes` ran out; outputs so far are in "
        f"{printable(config.run_dir)}. Go on with --resume."
    )
    first = not getattr(config, "process_id", 0)
    print(line if first else "Process 0 tells how it ended.")
