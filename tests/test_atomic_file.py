import errno
import os

import pytest

from advtext.atomic_file import atomic_file


def test_atomic_file_keeps_the_old_one_on_error(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")
    with pytest.raises(KeyError):
        with atomic_file(path) as file:
            file.write(b"new")
            raise KeyError
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_told_with_the_name_of_the_file(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    path = tmp_path / "a.txt"
    with pytest.raises(OSError) as caught, atomic_file(path) as file:
        file.write(b"new")
    assert caught.value.errno == errno.ENOSPC
    assert caught.value.filename == str(path)
    assert list(tmp_path.iterdir()) == []


def test_an_error_of_what_is_read_keeps_its_name(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        with atomic_file(tmp_path / "a.txt"):
            open(tmp_path / "b.txt")
    assert caught.value.filename == str(tmp_path / "b.txt")
