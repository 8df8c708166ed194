import csv
import dataclasses
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import types

import numpy as np
import pytest
from backends import ON_TENSORFLOW

from advtext import backend
from advtext.config import Config
from advtext.data import (
    ArrayBatches,
    Corpus,
    DatasetBatches,
    DocumentBatches,
    LanguageModelBatches,
    SemiSupervisedBatches,
)
from advtext.experiments import parallel

TESTS = pathlib.Path(__file__).parent
PAIR = Config(num_processes=2, coordinator="nowhere:1")
SECOND = dataclasses.replace(PAIR, process_id=1)
SECONDS = 240
pytestmark = pytest.mark.usefixtures("every_core")

only_jax = pytest.mark.skipif(
    ON_TENSORFLOW, reason="several processes train together on JAX"
)


def corpus(number, labels=True):
    random = np.random.default_rng(0)
    documents = [
        random.integers(1, 30, size=n) for n in random.integers(1, 40, number)
    ]
    return Corpus.from_documents(
        documents, np.arange(number) % 2 if labels else None
    )


def document_batches():
    return DocumentBatches(corpus(30), batch_size=8, max_length=30)


BATCHES = {
    "arrays": lambda: ArrayBatches((np.arange(9), np.ones((9, 2))), 6),
    "documents": document_batches,
    "stream": lambda: LanguageModelBatches(corpus(30), 8, 5, True),
    "both": lambda: SemiSupervisedBatches(
        document_batches(), DocumentBatches(corpus(50, False), 4, 30)
    ),
}


def leaves(batch):
    if isinstance(batch, dict):
        batch = [batch[key] for key in sorted(batch)]
    if isinstance(batch, (list, tuple)):
        return [leaf for part in batch for leaf in leaves(part)]
    return [batch]


@pytest.mark.parametrize("kind", BATCHES)
def test_parts_of_the_processes_make_the_batch(kind):
    whole = BATCHES[kind]()
    parts = [BATCHES[kind]() for _ in range(2)]
    for index, part in enumerate(parts):
        part.shard(index, 2)
        assert len(part) == len(whole)
    for k in range(2 * len(whole)):
        expected = leaves(whole.batch(k))
        halves = [leaves(part.batch(k)) for part in parts]
        for leaf, first, second in zip(expected, *halves, strict=True):
            assert len(first) == len(second)
            np.testing.assert_array_equal(leaf, np.concatenate([first, second]))


@pytest.mark.parametrize("kind", BATCHES)
def test_rows_that_cannot_be_divided_are_refused(kind):
    with pytest.raises(ValueError, match="a multiple of 10"):
        BATCHES[kind]().shard(0, 5, num_devices=2)


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"process_id": 2}, "`process_id`=2 must be below `num_processes`=2"),
        ({"coordinator": ""}, "set `coordinator` to host:port of process 0"),
        ({"coordinator": "host0"}, "Received: coordinator='host0'"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(PAIR, **settings)


def test_a_table_is_of_runs_of_one_process(tiny, tmp_path, refusal):
    flags = "--num_processes=2", "--coordinator=a:1", f"--run_dir={tmp_path}"
    assert "set `num_processes` to 1" in refusal("table", tiny.config, *flags)


def test_more_devices_than_there_are_are_refused(tiny, tmp_path, refusal):
    message = refusal(
        "train", tiny.config, "--num_devices=99", f"--run_dir={tmp_path}"
    )
    assert "`num_devices`=99, but this process sees" in message


@pytest.mark.skipif(not ON_TENSORFLOW, reason="JAX has several processes")
def test_tensorflow_refuses_several_processes(tiny, tmp_path, refusal):
    flags = "--num_processes=2", "--coordinator=a:1", f"--run_dir={tmp_path}"
    assert "KERAS_BACKEND=jax" in refusal("train", tiny.config, *flags)


@pytest.fixture
def first_says(monkeypatch):
    """Function that sets what process 0 broadcasts."""

    def say(**answer):
        content = json.dumps(answer).encode()
        monkeypatch.setattr(backend.parallel, "broadcast", lambda _: content)

    return say


def test_what_the_first_decides_holds_for_all(first_says, monkeypatch):
    def never():
        raise AssertionError

    first_says(result=[3, "b"])
    assert parallel.decided_by_first(SECOND, never) == [3, "b"]
    monkeypatch.setattr(backend.parallel, "disconnect", lambda: None)
    first_says(error="`run_dir` is empty")
    with pytest.raises(ValueError, match="Process 0 ended: `run_dir` is"):
        parallel.decided_by_first(SECOND, never)


def test_error_of_the_first_is_told_to_all(monkeypatch):
    steps = []
    monkeypatch.setattr(
        backend.parallel, "broadcast", lambda data: steps.append(data) or data
    )
    monkeypatch.setattr(
        backend.parallel, "disconnect", lambda: steps.append("parted")
    )

    def refuse():
        raise FileExistsError("there is a run")

    with pytest.raises(FileExistsError):
        parallel.decided_by_first(PAIR, refuse)
    assert steps == [b'{"error": "there is a run"}', "parted"]


@pytest.mark.skipif(ON_TENSORFLOW, reason="of the JAX backend")
@pytest.mark.parametrize(
    "error, expected",
    [
        (ValueError("UNKNOWN: Gloo all-reduce failed: closed"), True),
        (ValueError("`epsilon` must be positive"), False),
        (OSError("UNAVAILABLE"), False),
    ],
)
def test_a_failed_exchange_is_told_from_other_errors(error, expected):
    assert backend.parallel.is_failed_exchange(error) == expected


def test_batches_of_a_dataset_are_not_divided():
    dataset = DatasetBatches(ArrayBatches((np.ones(4),), batch_size=2))
    with pytest.raises(NotImplementedError, match="give arrays or Document"):
        dataset.shard(0, 2)


def prepared(number):
    tokenizer = types.SimpleNamespace(fingerprint=lambda: "a")
    return types.SimpleNamespace(
        tokenizer=tokenizer,
        class_names=("a", "b"),
        corpora={"train": corpus(number)},
    )


@pytest.mark.parametrize(
    "settings, number, message",
    [
        ({"epsilon": 2.0}, 9, "epsilon is 5.0 in process 0 and 2.0 in proc"),
        ({}, 8, "the text `train` .* is .9, .* in process 0 and .8, "),
    ],
)
def test_another_run_in_another_process_is_refused(
    settings, number, message, monkeypatch
):
    sent = []
    monkeypatch.setattr(
        backend.parallel, "broadcast", lambda data: sent.append(data) or data
    )
    parallel.check_same(PAIR, prepared(9))
    monkeypatch.setattr(backend.parallel, "broadcast", lambda _: sent[0])
    parallel.check_same(SECOND, prepared(9))
    with pytest.raises(ValueError, match=message):
        parallel.check_same(
            dataclasses.replace(SECOND, **settings), prepared(number)
        )


def test_several_devices_train_as_one():
    printed = subprocess.run(
        [sys.executable, TESTS / "on_devices.py"],
        capture_output=True,
        text=True,
        check=True,
        timeout=SECONDS,
    ).stdout
    one, two = map(json.loads, printed.splitlines())
    assert (one.pop("num_devices"), two.pop("num_devices")) == (1, 2)
    assert len(one["language_model"]) == len(one["adversarial_loss"]) == 3
    for name in one:
        np.testing.assert_allclose(two[name], one[name], rtol=1e-5, atol=1e-5)


def history(run):
    with (run / "history.csv").open() as file:
        return [
            {name: float(value) for name, value in row.items()}
            for row in csv.DictReader(file)
        ]


class Pair:
    """Two processes that train together, each with a folder of its own."""

    def __init__(self, folder, verb, config, *flags):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.runs = [folder / f"of_{i}" for i in range(2)]
        self.processes = [
            subprocess.Popen(
                [sys.executable, "-m", "advtext", verb, config, *flags]
                + ["--num_processes=2", f"--process_id={i}"]
                + [f"--coordinator=127.0.0.1:{port}", f"--run_dir={run}"],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                env=os.environ | {"OMP_NUM_THREADS": "1"},
            )
            for i, run in enumerate(self.runs)
        ]

    def wait(self):
        """Returns the exit status and the output of each."""
        try:
            outputs = [
                p.communicate(timeout=SECONDS)[0] for p in self.processes
            ]
        finally:
            for process in self.processes:
                process.kill()
        return list(
            zip([p.returncode for p in self.processes], outputs, strict=True)
        )


@pytest.fixture(scope="module")
def pair(tiny, tmp_path_factory):
    """A run of two processes that nothing interrupts."""
    folder = tmp_path_factory.mktemp("pair")
    flags = [f"--pretrained={tiny.pretrained}", "--method=both"]
    # Documents are longer than that: one width, one compilation.
    flags += ["--max_length=4", "--epochs=40"]
    flags += ["--batch_size=4", "--unlabelled_batch_size=6"]
    result = Pair(folder, "train", tiny.config, *flags)
    result.flags = flags
    result.folder = folder
    result.ended = result.wait()
    return result


@only_jax
def test_two_processes_train_as_one_with_twice_the_batch(
    pair, tiny, tmp_path, advtext
):
    assert [status for status, _ in pair.ended] == [0, 0], pair.ended
    assert "test error" in pair.ended[0][1]
    assert "Process 0 tells how it ended." in pair.ended[1][1]
    assert not pair.runs[1].exists(), "only process 0 writes"
    flags = [*pair.flags, "--batch_size=8", "--unlabelled_batch_size=12"]
    advtext("train", tiny.config, *flags, f"--run_dir={tmp_path}")
    one, two = history(tmp_path), history(pair.runs[0])
    assert len(one) == len(two) == 40
    for row, other in zip(one, two, strict=True):
        for name in row:
            # Rounding, most of all of the divergence, grows over the steps.
            np.testing.assert_allclose(
                other[name], row[name], rtol=1e-4, atol=1e-7
            )


@only_jax
def test_two_processes_pretrain_as_one_with_twice_the_batch(
    tiny, tmp_path, advtext
):
    two = Pair(tmp_path, "pretrain", tiny.config, "--pretrain_batch_size=2")
    assert [status for status, _ in two.wait()] == [0, 0]
    np.testing.assert_allclose(
        [row["loss"] for row in history(two.runs[0])],
        [row["loss"] for row in history(tiny.pretrained)],
        rtol=1e-5,
    )
    metrics = [
        json.loads((run / "metrics.json").read_text())
        for run in (two.runs[0], tiny.pretrained)
    ]
    np.testing.assert_allclose(*[m["perplexity"] for m in metrics], rtol=1e-4)


@only_jax
def test_a_lost_process_ends_the_other_and_both_go_on(pair, tiny, tmp_path):
    flags = [*pair.flags, "--checkpoint_steps=10"]
    killed = Pair(tmp_path, "train", tiny.config, *flags)
    end = time.monotonic() + SECONDS
    while not (killed.runs[0] / "history.csv").is_file():
        assert time.monotonic() < end, "no checkpoint"
        time.sleep(0.01)
    killed.processes[1].send_signal(signal.SIGKILL)
    (status, output), _ = killed.wait()
    assert status == 2, output
    assert "Process 0 of 2 cannot go on: another one has ended" in output, (
        output
    )
    assert 0 < len(history(killed.runs[0])) < 20
    resumed = Pair(tmp_path, "train", tiny.config, *flags, "--resume").wait()
    assert [status for status, _ in resumed] == [0, 0], resumed
    assert history(killed.runs[0]) == history(pair.runs[0])
    of_both = [
        json.loads((run / "metrics.json").read_text())
        for run in (killed.runs[0], pair.runs[0])
    ]
    for metrics in of_both:
        metrics.pop("train_seconds")
    assert of_both[0] == of_both[1]


@only_jax
def test_time_runs_out_for_both(tiny, tmp_path):
    two = Pair(tmp_path, "pretrain", tiny.config, "--max_minutes=0.0001").wait()
    assert [status for status, _ in two] == [0, 0], two
    assert "`max_minutes` ran out" in two[0][1]
    assert len(history(tmp_path / "of_0")) == 1


@only_jax
def test_a_refusal_of_the_first_ends_all(pair, tiny):
    again = Pair(pair.folder, "train", tiny.config, *pair.flags).wait()
    assert [status for status, _ in again] == [2, 2], again
    assert "holds a finished run" in again[0][1]
    assert "Process 0 ended: `run_dir`" in again[1][1]
