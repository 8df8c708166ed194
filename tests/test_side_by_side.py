import json
import os

import pytest
from tiny_runs import main

from advtext.config import Config
from advtext.experiments import side_by_side

pytestmark = pytest.mark.usefixtures("every_core")


class Process:
    """A training that ends when it has been looked at a few times."""

    alive = 0
    most = 0

    def __init__(self, path, cores):
        config = side_by_side.config_files.load(path)
        self.name, self.cores = config.run_dir, cores
        self.looks = 1 + config.seed
        self.returncode = None
        self.stopped = False
        Process.alive += 1
        Process.most = max(Process.most, Process.alive)
        Process.all.append(self)

    def poll(self):
        self.looks -= 1
        if self.looks == 0:
            self.returncode = int(self.name.endswith("wrong"))
            Process.alive -= 1
            if not self.returncode:
                finish(self.name)
        return self.returncode

    def terminate(self):
        self.stopped = True

    def wait(self):
        assert self.stopped or self.returncode is not None


def finish(run_dir):
    os.makedirs(run_dir, exist_ok=True)
    with open(os.path.join(run_dir, "metrics.json"), "w") as file:
        file.write("{}")


@pytest.fixture
def processes(monkeypatch):
    Process.alive, Process.most, Process.all = 0, 0, []
    monkeypatch.setattr(side_by_side, "_start", Process)
    monkeypatch.setattr(side_by_side.time, "sleep", lambda seconds: None)
    return Process.all


def configs(tmp_path, *names, **settings):
    return [
        Config(run_dir=str(tmp_path / name), seed=seed, **settings)
        for seed, name in enumerate(names)
    ]


def test_so_many_run_at_a_time_and_each_once(tmp_path, processes):
    names = "abcde"
    assert side_by_side.run(configs(tmp_path, *names), 2)
    assert [p.name[-1] for p in processes] == list(names)
    assert Process.most == 2


def test_no_two_trainings_share_a_core(tmp_path, processes, monkeypatch):
    monkeypatch.setattr(
        side_by_side.os, "sched_getaffinity", lambda pid: {0, 1, 2, 5}, False
    )
    monkeypatch.setattr(
        side_by_side.os, "sched_setaffinity", lambda *args: None, False
    )
    side_by_side.run(configs(tmp_path, *"abc"), 2)
    first, second, third = (p.cores for p in processes)
    assert first | second == {0, 1, 2, 5} and not first & second
    assert third in (first, second)
    del processes[:]
    side_by_side.run(configs(tmp_path, *"defgh"), 5)
    assert {p.cores for p in processes} == {None}


def test_a_finished_training_is_run_again_only_to_be_replaced(
    tmp_path, processes
):
    finish(tmp_path / "a")
    assert side_by_side.run(configs(tmp_path, "a"), 2) and not processes
    assert side_by_side.run(configs(tmp_path, "a", overwrite=True), 2)
    assert len(processes) == 1


def test_one_without_metrics_ran_out_of_time(tmp_path, processes, monkeypatch):
    monkeypatch.setattr("test_side_by_side.finish", lambda run_dir: None)
    assert not side_by_side.run(configs(tmp_path, "a", max_minutes=1), 2)


def test_a_failure_stops_the_others(tmp_path, processes):
    with pytest.raises(ChildProcessError, match="wrong failed, for the reason"):
        side_by_side.run(configs(tmp_path, "wrong", "b", "c"), 2)
    assert [p.name[-1] for p in processes] == ["g", "b"]
    assert processes[1].stopped and not processes[0].stopped


def test_a_table_side_by_side_equals_one_after_the_other(tiny, tmp_path, capfd):
    flags = "--methods=scratch", "--seeds=0,1", "--epochs=1"
    measured = []
    for count in (1, 2):
        run_dir = tmp_path / f"{count}"
        assert not main(
            "table",
            tiny.config,
            f"--run_dir={run_dir}",
            *flags,
            f"--parallel_runs={count}",
        )
        rows = json.loads((run_dir / "table.json").read_text())
        losses = [
            json.loads((run_dir / arm / "metrics.json").read_text())[
                "test_loss"
            ]
            for arm in ("scratch_0", "scratch_1")
        ]
        measured.append(([row["test_error"] for row in rows], losses))
    (errors, losses), (other_errors, other_losses) = measured
    assert errors == other_errors
    assert losses == pytest.approx(other_losses, rel=1e-4)
    assert losses[0] != pytest.approx(losses[1], rel=1e-2)
    capfd.readouterr()
    assert (
        main(
            "table",
            tiny.config,
            f"--run_dir={tmp_path / '3'}",
            *flags,
            # Of two that fail either may be the first.
            "--seeds=0",
            "--parallel_runs=2",
            "--num_labels=4000",
        )
        == 2
    )
    told = capfd.readouterr().err
    assert "`num_labels`=4000 and" in told
    assert f"{tmp_path / '3/scratch_0'} failed, for the reason given" in told
