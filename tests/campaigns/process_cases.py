"""Cases that need a process of their own."""

import os
import subprocess
import sys

from case import Accepted, Case
from inputs import reviews

_ADVTEXT = [sys.executable, "-m", "advtext"]
# Another user need not be able to read where Python's packages lie: what is
# needed is read before. It is the command, so that nothing else is printed.
_STRANGER = """
import encodings.utf_8_sig, os, sys
sys.argv[0] = "advtext"
from advtext.cli import main
os.setgid(54321), os.setuid(54321)
sys.exit(main(sys.argv[1:]))
"""


def _run(arguments, shell=None, env=None, stranger=False, **options):
    """Returns a function that runs the command; gives status, output."""

    def call(place):
        words = [
            word.format(here=place.here, **place.shared.paths)
            for word in arguments
        ]
        place.here.chmod(0o777)
        command = [*_ADVTEXT, *words]
        if stranger:
            command = [sys.executable, "-c", _STRANGER, *words]
        if shell:
            command = ["sh", "-c", shell, "sh", *command]
        done = subprocess.run(
            command, capture_output=True, env=env or dict(os.environ),
            stdin=options.pop("stdin", subprocess.DEVNULL), check=False,
            **options,
        )  # fmt: skip
        return (
            done.returncode,
            done.stdout.decode(errors="replace"),
            done.stderr.decode(errors="replace"),
        )

    return call


def _without(*names, **more):
    kept = {k: v for k, v in os.environ.items() if k not in names}
    return {**kept, **more}


_PREDICT = ["predict", "{trained}", "{here}/texts.txt"]
_BAD = ["train", "{config}", "--run_dir={here}/run", "--epsilon=-1"]
_FRESH = ["train", "{config}", "--run_dir={here}/run", "--cache_dir="]
_TRAIN = [*_FRESH[:-1], "--epochs=1", "--max_length=4"]
_LINE = (
    "value[0] == 2 and value[2].count('\\n') == 1 and 'Trace' not in value[2]"
)
_LABELS = "value[0] == 0 and value[1].count('\\n') == 3"
_ROWS = (
    ("no HOME", _FRESH, {"env": _without("HOME", "XDG_CACHE_HOME")},
     "value[0] in (0, 2) and 'Traceback' not in value[2]"),
    ("unknown uid and no HOME", _FRESH,
     {"env": _without("HOME", "XDG_CACHE_HOME"), "stranger": True},
     _LINE),
    ("a HOME that is not there", _FRESH,
     {"env": _without("XDG_CACHE_HOME", HOME="/proc/none")}, _LINE),
    ("standard error closed", _BAD, {"shell": '"$@" 2>&-'},
     "value[0] == 2 and not value[1]"),
    ("standard error closed, training", _TRAIN, {"shell": '"$@" 2>&-'},
     "value[0] == 0 and 'test error' in value[1]"),
    ("standard output closed", _PREDICT, {"shell": '"$@" >&-'},
     "value[0] in (0, 2, 141) and 'Traceback' not in value[2]"),
    ("every stream closed", _PREDICT, {"shell": '"$@" <&- >&- 2>&-'},
     "value[0] in (0, 2, 141)"),
    ("standard input closed", ["predict", "{trained}"],
     {"shell": '"$@" <&-'}, _LINE),
    ("a reader that has enough", _PREDICT, {"shell": '"$@" | head -n 1'},
     "value[0] == 0 and 'Traceback' not in value[2]"),
    ("output to a full disk", _PREDICT, {"shell": '"$@" >/dev/full'}, _LINE),
    ("ASCII output", _PREDICT,
     {"env": _without(LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")},
     _LABELS),
    ("ASCII output of an error", [*_BAD, "--data_dir=büro"],
     {"env": _without(LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")},
     _LINE),
    ("a backend that is none", _PREDICT,
     {"env": _without(KERAS_BACKEND="numpy")}, _LINE),
    ("a backend that is torch", _BAD,
     {"env": _without(KERAS_BACKEND="torch")}, _LINE),
    ("a folder for temporary files that is not there", _BAD,
     {"env": _without(TMPDIR="/nowhere")}, _LINE),
    ("an unreadable text folder of another user", 
     ["prepare", "{config}", "--out={here}/out", "--data_dir=/root",
      "--cache_dir={here}/cache"], {"stranger": True}, _LINE),
    ("little memory", [*_TRAIN, "--units=20000"],
     {"shell": 'ulimit -v 8000000; "$@"'}, _LINE),
    ("few open files", _TRAIN, {"shell": 'ulimit -n 12; "$@"'},
     "value[0] == 2 and 'Trace' not in value[2]"),
    ("files of 10 kB at most", _TRAIN, {"shell": 'ulimit -f 10; "$@"'},
     "value[0] in (2, 153, -25) and 'Trace' not in value[2]"),
    ("SIGINT during the imports", _TRAIN,
     {"shell": 'timeout -s INT 1 "$@"'},
     "'Traceback' not in value[2] and value[2].count('\\n') <= 1"),
    ("SIGTERM during the imports", _TRAIN,
     {"shell": 'timeout -s TERM 1 "$@"'}, "'Traceback' not in value[2]"),
)  # fmt: skip


def cases():
    files = {"texts.txt": "good film\nbad film\n\n", "train.jsonl": reviews()}
    for name, arguments, options, check in _ROWS:
        call = _run(arguments, **options)
        right = Accepted(check)
        yield Case("process", name, call, right, files, seconds=90)
