"""The command `advtext`."""

import importlib.util
import os
import sys
import warnings

from advtext import config as config_files
from advtext import experiments
from advtext.experiments.run_directory import RunDirectory


def main(arguments=None):
    """Runs a command and returns its exit status.

    A wrong input ends with one line on standard error and the status 2.

    Args:
        arguments: List of strings; the command line by default.
    """
    parsed = _parser().parse_args(arguments)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            parsed.command(parsed)
        print(end="", flush=True)
    except BrokenPipeError:
        # The reader, such as `head`, has enough; as if SIGPIPE had ended it.
        _drop_output()
        return 141
    except (ValueError, OSError) as error:
        _tell(f"advtext: error: {_message(error)}")
        _drop_output()
        return 2
    except KeyboardInterrupt:
        _tell(f"advtext: interrupted{parsed.kept}.")
        return 130
    return 0


def _parser():
    parser = config_files.FlagParser(
        prog="advtext",
        description="Adversarial training of text classifiers.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, command, help in (
        ("prepare", _prepare, "encode the text, to train where it is not"),
        ("pretrain", _pretrain, "pretrain a language model"),
        ("train", _train, "train a classifier and test it"),
        ("evaluate", _evaluate, "test the classifier of a finished run"),
        ("table", _table, "compare methods over several seeds"),
    ):
        added = commands.add_parser(name, help=help, description=help)
        what = "a .toml file"
        if name == "evaluate":
            what = "the directory of a run, or a .toml file with `run_dir`"
        added.add_argument("path", metavar="CONFIG", help=what)
        config_files.add_flags(added)
        if name == "prepare":
            added.add_argument("--out", required=True, help="the folder")
        kept = ": go on with --resume, from the last checkpoint"
        if name in ("prepare", "evaluate"):
            kept = ""
        added.set_defaults(command=command, kept=kept)
    added = commands.add_parser(
        "predict", help="label texts, one a line: class, tab, probability"
    )
    added.add_argument("run", metavar="RUN", help="directory of a run")
    added.add_argument(
        "file", nargs="?", help="UTF-8 file; standard input if left out"
    )
    added.set_defaults(command=_predict, kept="")
    return parser


def _config(parsed):
    return config_files.load(parsed.path, config_files.read_flags(parsed))


def _prepare(parsed):
    prepared = experiments.prepare.run(_config(parsed), parsed.out)
    print(
        f"{prepared['num_documents']:,} documents, "
        f"{prepared['num_tokens']:,} tokens, "
        f"{prepared['num_bytes'] / 1e6:.1f} MB in {parsed.out}"
    )


def _pretrain(parsed):
    config = _config(parsed)
    metrics = experiments.pretrain.run(config)
    if metrics is None:
        _unfinished(config)
        return
    print(
        f"perplexity {metrics['perplexity']:.1f} after "
        f"{metrics['train_seconds'] / 60:.1f} minutes; outputs in "
        f"{config.run_dir}"
    )


def _train(parsed):
    config = _config(parsed)
    metrics = experiments.train_classifier.run(config)
    if metrics is None:
        _unfinished(config)
    elif metrics["num_test"]:
        print(
            f"test error {metrics['test_error']:.2f} % of "
            f"{metrics['num_test']:,} documents; outputs in {config.run_dir}"
        )
    else:
        print(f"outputs in {config.run_dir} (the text has no test set)")


def _evaluate(parsed):
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


def _table(parsed):
    config = _config(parsed)
    rows = experiments.table.run(config)
    if rows is None:
        _unfinished(config)
        return
    print(f"\n{experiments.table.markdown(rows)}")
    written = "table.md, table.json"
    if importlib.util.find_spec("matplotlib"):
        directory = RunDirectory(config.run_dir)
        experiments.table.plot(rows, directory / "table.png")
        written += ", table.png"
    print(
        f"Outputs in {config.run_dir}: {written}; every run's classifier, "
        "metrics and logs in a folder of its own."
    )


def _predict(parsed):
    if parsed.file is None and sys.stdin is None:
        raise ValueError("Standard input is closed. Name a file.")
    if parsed.file is None:
        lines = experiments.predict.lines(sys.stdin.buffer, "standard input")
        chunk = 1 if sys.stdin.isatty() else 256
        _print_labels(parsed.run, lines, chunk)
        return
    with open(parsed.file, "rb") as file:
        lines = experiments.predict.lines(file, parsed.file)
        _print_labels(parsed.run, lines, 256)


def _print_labels(run, lines, chunk):
    for label, probability in experiments.predict.run(run, lines, chunk):
        print(f"{label}\t{probability:.4f}", flush=chunk == 1)


def _unfinished(config):
    line = (
        f"`max_minutes` ran out; outputs so far are in {config.run_dir}. Go on "
        "with --resume."
    )
    print("Process 0 tells how it ended." if config.process_id else line)


def _message(error):
    message = str(error)
    if isinstance(error, OSError) and error.strerror:
        name = f": {error.filename}" if error.filename else ""
        message = f"{error.strerror}{name}"
    return " ".join(message.split("\n")) or type(error).__name__


def _show_warning(message, category, filename, lineno, file=None, line=None):
    _tell(f"advtext: warning: {message}")


def _tell(line):
    """Prints a line on standard error, over a progress line that is there."""
    clear = "\r\033[K" if sys.stderr.isatty() else ""
    print(f"{clear}{line}", file=sys.stderr)


def _drop_output():
    """Throws away what cannot be printed, or Python would complain at exit."""
    try:
        print(end="", flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
