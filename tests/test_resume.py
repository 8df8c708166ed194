"""Runs that are killed, and go on as if they had not been."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest
from tiny_runs import write_config, write_corpus

from advtext.experiments.run_directory import RunDirectory

DETERMINISTIC = ["--deterministic", "--checkpoint_steps=3"]
METHOD = "--method=virtual_adversarial"


def start(*arguments):
    """Starts a command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=os.path.dirname(os.path.dirname(__file__)),
    )


def finish(process, status=0):
    printed, _ = process.communicate(timeout=120)
    assert process.returncode == status, printed


def outcome(run_dir):
    """What a run came to, apart from how long it took."""
    directory = RunDirectory(run_dir)
    metrics = directory.metrics()
    assert metrics.pop("train_seconds") > 0.0
    return metrics, (directory / "history.csv").read_text()


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    folder = tmp_path_factory.mktemp("resume")
    data = write_corpus(folder / "data")
    return write_config(folder / "tiny.toml", data, folder / "cache")


@pytest.fixture(scope="module")
def straight(config):
    """A pretraining and a training that nothing interrupted."""
    pretrained = config.parent / "pretrained"
    trained = config.parent / "trained"
    flags = f"--pretrained={pretrained}", f"--run_dir={trained}", METHOD
    code = "import sys; from advtext import cli; "
    for command in (
        ["pretrain", str(config), f"--run_dir={pretrained}"],
        ["train", str(config), *flags],
    ):
        code += f"cli.main({[*command, *DETERMINISTIC]}) and sys.exit(1); "
    finish(start("-c", code))
    return {"pretrain": pretrained, "train": trained}


@pytest.mark.skipif(os.name == "nt", reason="there is no such signal")
@pytest.mark.parametrize("command", ["pretrain", "train"])
def test_a_killed_run_ends_as_if_it_had_not_been(
    config, straight, tmp_path, command
):
    run_dir = tmp_path / "run"
    arguments = ["-m", "advtext", command, config, *DETERMINISTIC]
    arguments.append(f"--run_dir={run_dir}")
    if command == "train":
        arguments += [f"--pretrained={straight['pretrain']}", METHOD]
    # Another moment each time, whether there is a checkpoint by then or not.
    seconds = RunDirectory(straight[command]).metrics()["train_seconds"]
    delay = random.SystemRandom().uniform(0.0, seconds)
    process = start(*arguments)
    try:
        while not (run_dir / "config.toml").exists():
            assert process.poll() is None, process.communicate()[0]
            time.sleep(0.01)
        time.sleep(delay)
    finally:
        process.kill()
    # A fast machine may have come to the end.
    process.communicate()
    assert process.returncode in (-signal.SIGKILL, 0)
    finish(start(*arguments, "--resume"))
    assert outcome(run_dir) == outcome(straight[command]), delay
