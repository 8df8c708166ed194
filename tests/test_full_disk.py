"""Commands on a disk that is full: what is named, kept and gone on with."""

import os

import numpy as np
import pytest
from tiny_runs import files, main

from advtext.experiments.run_directory import RunDirectory

FULL = OSError(28, "No space left on device")


@pytest.fixture
def room(monkeypatch):
    """Function that lets only so many more files reach the disk."""
    fsync = os.fsync

    def leave(number):
        def limited(file):
            nonlocal number
            number -= 1
            if number < 0:
                raise FULL
            fsync(file)

        monkeypatch.setattr("os.fsync", limited)

    return leave


@pytest.mark.parametrize("number", [0, 1, 2, 5, 9])
def test_the_folder_for_tokens_is_named(tiny, tmp_path, room, refusal, number):
    out = tmp_path / "tokens"
    room(number)
    told = refusal("prepare", tiny.config, f"--out={out}")
    assert f"Cannot write the token cache in {out}: No space left" in told
    assert "(`out`)" in told and "cache_dir" not in told
    left = set(files(out)) if out.exists() else set()
    assert not [name for name in left if name.endswith(".tmp")]
    assert "manifest.json" not in left
    room(99)
    assert not main("prepare", tiny.config, f"--out={out}")
    assert not main("prepare", tiny.config, f"--out={tmp_path / 'other'}")
    assert files(out) == files(tmp_path / "other")


def test_the_folder_of_the_cache_is_named(tiny, tmp_path, room, refusal):
    flags = f"--cache_dir={tmp_path / 'cache'}", f"--out={tmp_path / 'tokens'}"
    room(2)
    told = refusal("prepare", tiny.config, *flags)
    assert f"Cannot write the token cache in {tmp_path / 'cache'}" in told
    assert "(`cache_dir`)" in told and str(tmp_path / "tokens") not in told
    room(99)
    assert not main("prepare", tiny.config, *flags)


def test_a_run_goes_on_from_the_checkpoint_before(
    tiny, tmp_path, monkeypatch, refusal
):
    run = RunDirectory(tmp_path / "run")
    flags = tiny.config, *tiny.flags, f"--run_dir={run.path}"
    assert not main("train", *flags, "--max_minutes=1e-9")
    before = run.checkpoint.read_bytes()
    savez = np.savez

    def full(file, **arrays):
        file.write(b"half")
        raise FULL

    monkeypatch.setattr(np, "savez", full)
    told = refusal("train", *flags, "--resume")
    assert f"Cannot write the checkpoint {run.checkpoint}: No space" in told
    assert "Free some space" in told and "cache_dir" not in told
    assert run.checkpoint.read_bytes() == before
    assert not list(run.path.rglob("*.tmp"))
    monkeypatch.setattr(np, "savez", savez)
    assert not main("train", *flags, "--resume")
    ours, theirs = run.metrics(), RunDirectory(tiny.trained).metrics()
    for metrics in (ours, theirs):
        assert metrics.pop("train_seconds") > 0.0
    assert ours == theirs
