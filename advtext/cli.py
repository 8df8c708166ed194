"""The command `advtext`."""

import gc
import os
import warnings

from advtext import commands as run
from advtext import config as config_files
from advtext import failures, signals, streams


def main(arguments=None):
    """Runs a command and returns its exit status.

    A wrong input ends with one line on standard error and the status 2.

    Args:
        arguments: List of strings; the command line by default.
    """
    streams.open_closed()
    streams.replace_unshown()
    parsed = _parser().parse_args(arguments)
    if arguments is None:
        # All that was imported stays: to look through it again and again takes
        # a second of a short command.
        gc.freeze()
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            with signals.raising():
                parsed.command(parsed)
                print(end="", flush=True)
    except (Exception, KeyboardInterrupt) as error:
        status, line = failures.outcome(error, parsed.kept)
        if line:
            streams.tell(f"advtext: {line}")
        streams.drop_output()
        if arguments is None and signals.ending(error):
            # Threads of JAX that were in the middle of something may crash as
            # the interpreter ends; all that is to be kept is kept.
            os._exit(status)
        return status
    return 0


def _parser():
    parser = config_files.FlagParser(
        prog="advtext",
        description="Adversarial training of classifiers.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, command, help in (
        ("prepare", run.prepare, "encode the text, to train where it is not"),
        ("pretrain", run.pretrain, "pretrain a language model"),
        ("train", run.train, "train a classifier and test it"),
        ("evaluate", run.evaluate, "test the classifier of a finished run"),
        ("table", run.table, "compare methods over several seeds"),
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
    _add_image(commands)
    _add_predict(commands)
    return parser


def _add_image(commands):
    help = "run image experiments, beside the published numbers"
    added = commands.add_parser("image", help=help, description=help)
    added.add_argument(
        "paths", metavar="CONFIG", nargs="+", help="one or more .toml files"
    )
    config_files.add_flags(added, config_files.ImageConfig)
    added.set_defaults(
        command=run.image,
        kept=": go on with --resume; finished rows and networks are kept",
    )


def _add_predict(commands):
    added = commands.add_parser(
        "predict", help="label texts, one a line: class, tab, probability"
    )
    added.add_argument("run", metavar="RUN", help="directory of a run")
    added.add_argument(
        "file", nargs="?", help="UTF-8 file; standard input if left out"
    )
    added.set_defaults(command=run.predict, kept="")


def _show_warning(message, category, filename, lineno, file=None, line=None):
    streams.tell(f"advtext: warning: {message}")
