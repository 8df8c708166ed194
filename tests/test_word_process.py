import os
import resource
import tempfile

import numpy as np
import pytest

from advtext.data import word_process
from advtext.data.word_numbers import WordNumbers
from advtext.data.word_process import WordProcess, num_processes

pytestmark = pytest.mark.skipif(os.name != "posix", reason="POSIX only")
TEXTS = ["So good,\u0085so gut: ü.", "", "A film"]


@pytest.fixture
def file():
    with tempfile.TemporaryFile() as file:
        yield file


def test_gives_what_this_process_would(file):
    process = WordProcess(True, file)
    with tempfile.TemporaryFile() as other:
        here = WordNumbers(True, other)
        for part in (process, here):
            part.add(TEXTS)
            part.add(TEXTS[:1], counted=False)
        for found, expected in zip(
            process.result(), here.result(), strict=True
        ):
            np.testing.assert_array_equal(found, expected)
        process.close()
        for written in (file, other):
            written.seek(0)
        assert file.read() == other.read()


def test_case_can_be_kept(file):
    process = WordProcess(False, file)
    process.add(["A a"])
    assert process.result()[0] == ["", "A", "a"]
    process.close()


def test_full_disk_is_told(file, capfd):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        process = WordProcess(True, file)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    with pytest.raises(OSError, match="File too large"):
        for _ in range(20):
            process.add(["word " * 10_000])
        process.result()
    process.close()
    assert capfd.readouterr().err == ""


def test_a_killed_process_is_told(file):
    process = WordProcess(True, file)
    process._process.kill()
    with pytest.raises(ChildProcessError, match="ended with status -9"):
        for _ in range(20):
            process.add(["word " * 10_000])
        process.result()
    process.close()


def test_closing_ends_a_busy_process(file):
    process = WordProcess(True, file)
    process.add(["word " * 1_000_000])
    process.close()
    assert process._process.returncode == -9


def test_one_process_a_core_up_to_four(monkeypatch):
    for cores, expected in ((1, 0), (2, 2), (64, 4)):
        monkeypatch.setattr(word_process, "num_cores", lambda n=cores: n)
        assert num_processes() == expected
    monkeypatch.setattr(word_process.sys, "executable", "")
    assert num_processes() == 0
