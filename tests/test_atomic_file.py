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
