"""What the campaigns share: starting a command, reading and comparing runs."""

import csv
import dataclasses
import hashlib
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import zipfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
# Numbers that no two runs share.
_TIMES = re.compile(r"seconds|minutes|_at$|date")
# Written for a person to look at, or by TensorBoard under another name each.
_NOT_COMPARED = re.compile(r"table\.md$|\.png$")
# Lines of TensorFlow's and XLA's logs.
_LOGGED = re.compile(r"[IWEF]\d{4} |WARNING: All log messages before absl")
# What is only there while a file is being written.
TEMPORARY = re.compile(r"(\.tmp|\.part|\.partial)$|(^|/)\.?saving_")


@dataclasses.dataclass(frozen=True)
class Ended:
    """How a command ended: its status, as `subprocess` gives it, and text."""

    status: int
    out: str
    err: str

    def trouble(self, statuses, lines=1):
        """Returns what is wrong with the ending; empty if nothing is.

        Args:
            statuses: Those that are right.
            lines: How many lines of the standard error may be our own.
        """
        told = own_lines(self.err)
        if "Traceback" in self.err or len(told) > lines:
            return f"{len(told)} lines of error: {' / '.join(told[-8:])}"
        if self.status not in statuses:
            return f"status {self.status}: {' / '.join(told)}"
        if self.status and not (told and told[-1].startswith("advtext")):
            return f"status {self.status} without a line of advtext: {told}"
        return ""


def own_lines(text):
    """Returns the lines of an error, without progress, warnings and logs."""
    return [
        line.strip()
        for line in text.splitlines()
        if line.strip()
        and " left  " not in line
        and not _LOGGED.match(line)
        and not line.startswith(("advtext: warning: ", "row ", "| "))
    ]


def environment(backend, **more):
    """Returns the variables that a command is started with."""
    return os.environ | {
        "KERAS_BACKEND": backend,
        "PYTHONPATH": str(ROOT),
        "PYTHONUTF8": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "",
        **more,
    }


class Command:
    """A command that runs, with its output in files.

    Pipes would fill up, and an end cannot be read while it is awaited.

    Args:
        python: The interpreter.
        backend: Of Keras.
        arguments: Those of `advtext`.
    """

    def __init__(self, python, backend, arguments):
        self._out, self._err = (tempfile.TemporaryFile("w+b") for _ in "oe")
        self.process = subprocess.Popen(
            [python, "-m", "advtext", *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=self._out,
            stderr=self._err,
            env=environment(backend),
            cwd=ROOT,
        )

    def end(self, timeout=1800):
        """Waits for the end and returns it, an `Ended`."""
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            status = None
        texts = []
        for file in (self._out, self._err):
            file.seek(0)
            texts.append(file.read().decode("utf-8", "replace"))
            file.close()
        return Ended(status, *texts)


def files(folder):
    """Returns the paths of all files under a folder, as strings within it."""
    return {
        path.relative_to(folder).as_posix(): path
        for path in sorted(pathlib.Path(folder).rglob("*"))
        if path.is_file()
    }


def outcome(folder, without=()):
    """Reads what a run came to, apart from how long it took.

    Args:
        folder: The run directory, or any folder of such. Where its own path
            stands in a file, that does not count.
        without: Names of files that are not read.

    Returns:
        Dict from the names of files, and of what is in them, to contents that
        can be compared: bytes, strings, numbers.
    """
    found = {}
    for name, path in files(folder).items():
        if "logs" in name.split("/") or name in without:
            continue
        if _NOT_COMPARED.search(name):
            found[name] = "there"
        elif name.endswith(".keras"):
            found |= _model(name, path)
        elif name.endswith(".npz"):
            found |= _arrays(name, np.load(path))
        elif path.name == "advtext.json":
            found |= _listed(name, path)
        elif name.endswith(".json"):
            content = json.loads(path.read_text("utf-8"))
            found[name] = json.dumps(_timeless(content), sort_keys=True)
        elif name.endswith(".csv"):
            found[name] = _rows(path)
        else:
            text = path.read_bytes()
            found[name] = text.replace(str(folder).encode(), b"RUN")
    return found


def differences(expected, found):
    """Returns the names of what is not equal, or only in one of both."""
    return sorted(
        name
        for name in expected.keys() | found.keys()
        if expected.get(name) != found.get(name)
    )


def left_over(folder):
    """Returns the names of what is temporary, which nobody will miss."""
    names = [
        path.relative_to(folder).as_posix()
        for path in pathlib.Path(folder).rglob("*")
    ]
    return sorted(name for name in names if TEMPORARY.search(name))


def _listed(name, path):
    """Reads the list of a run's files: what it says, and if its sums hold.

    Files of the same content have other sums: times stand in them.
    """
    content = json.loads(path.read_text("utf-8"))["content"]
    sums = content["facts"].pop("sums", {})
    # Logs have the time in their names.
    content["files"] = [n for n in content["files"] if "logs/" not in n]
    found = {name: json.dumps(content, sort_keys=True)}
    for file, expected in sums.items():
        key = f"{(pathlib.Path(name).parent / file).as_posix()}:sum"
        found[key] = expected == _sum(path.parent / file)
    return found


def _sum(path):
    if not path.is_file():
        return None
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _timeless(content):
    if isinstance(content, dict):
        return {
            name: _timeless(value)
            for name, value in content.items()
            if not _TIMES.search(name)
        }
    if isinstance(content, list):
        return [_timeless(value) for value in content]
    return content


def _rows(path):
    rows = csv.DictReader(io.StringIO(path.read_text("utf-8")))
    return json.dumps([_timeless(row) for row in rows])


def _arrays(name, archive):
    found = {}
    for part in archive.files:
        array = archive[part]
        if part == "state":
            state = json.loads(array.tobytes())
            found[f"{name}:state"] = json.dumps(_timeless(state))
        else:
            found[f"{name}:{part}"] = (str(array.dtype), array.tobytes())
    return found


def _model(name, path):
    """Reads a Keras file: its configuration, and all its weights."""
    import h5py

    found = {}
    with zipfile.ZipFile(path) as archive:
        config = _named_anew(json.loads(archive.read("config.json")))
        found[f"{name}:config"] = json.dumps(config, sort_keys=True)
        weights = io.BytesIO(archive.read("model.weights.h5"))
    with h5py.File(weights) as file:

        def read(part, item):
            if isinstance(item, h5py.Dataset):
                array = np.asarray(item)
                content = (str(array.dtype), array.shape, array.tobytes())
                found[f"{name}:{part}"] = content

        file.visititems(read)
    return found


def _named_anew(content):
    """Leaves out what Keras counts in a process: layers' names, objects."""
    if isinstance(content, dict):
        found = {
            name: _named_anew(value)
            for name, value in content.items()
            if name != "shared_object_id"
        }
        if isinstance(found.get("name"), str):
            found["name"] = re.sub(r"_\d+$", "", found["name"])
        return found
    if isinstance(content, list):
        return [_named_anew(value) for value in content]
    return content
