import os

import pytest

from advtext.atomic_file import final_name, temporary_path
from advtext.owned_folder import OwnedFolder


@pytest.fixture
def folder(tmp_path):
    folder = OwnedFolder(tmp_path)
    folder.begin("example", ["a.txt", "logs/b.txt"])
    (tmp_path / "logs").mkdir()
    for name in ("a.txt", "logs/b.txt"):
        (tmp_path / name).write_text("ours")
    return folder


def left(folder):
    return {
        path.relative_to(folder.path).as_posix()
        for path in folder.path.rglob("*")
    }


def test_all_that_is_listed_is_removed(folder):
    assert folder.others() == []
    folder.clear()
    assert left(folder) == {"advtext.json"}


def test_nothing_else_is_removed(folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "mine.txt").write_text("mine")
    os.symlink(elsewhere, folder.path / "link")
    (folder.path / "logs/mine.txt").write_text("mine")
    (folder.path / ".mine.tmp").write_text("mine")
    temporary_path(folder.path / "mine.txt").write_text("mine")
    others = folder.others()
    assert len(others) == 4 and {"link", "logs/mine.txt"} < set(others)
    folder.clear()
    assert left(folder) == {"advtext.json", "logs", *others}
    assert (elsewhere / "mine.txt").read_text() == "mine"


def test_a_linked_folder_is_not_followed(folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "b.txt").write_text("mine")
    (folder.path / "logs/b.txt").unlink()
    (folder.path / "logs").rmdir()
    os.symlink(elsewhere, folder.path / "logs")
    folder.clear()
    assert (elsewhere / "b.txt").read_text() == "mine"


def test_what_is_in_the_way_is_not_listed(folder):
    (folder.path / "c.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="c.txt is in the way.*Move it"):
        folder.claim("c.txt")
    assert folder.others() == ["c.txt"]


def test_a_thing_of_its_own_stays(folder):
    (folder.path / "run").mkdir()
    OwnedFolder(folder.path / "run").begin("example", ["a.txt"])
    (folder.path / "run/a.txt").write_text("its own")
    assert (folder.others(), folder.others(runs=False)) == (["run"], [])
    folder.clear()
    assert (folder.path / "run/a.txt").exists()


def test_left_over_files_are_removed(folder):
    for name in ("a.txt", "logs/b.txt", "advtext.json"):
        temporary_path(folder.path / name).write_text("half")
    saving = temporary_path(folder.path / "a.txt")
    saving.mkdir()
    (saving / "a.txt").write_text("half")
    assert folder.others() == []
    folder.remove_left_over()
    assert not [name for name in left(folder) if final_name(name)]
    assert (folder.path / "logs/b.txt").read_text() == "ours"


def test_a_killed_beginning_leaves_nothing_that_is_in_the_way(tmp_path):
    temporary_path(tmp_path / "advtext.json").write_text("half")
    (tmp_path / ".advtext.lock").write_text("process 1 on here")
    assert OwnedFolder(tmp_path).others() == []


@pytest.mark.parametrize(
    "damage",
    [lambda c: b"", lambda c: c[:-9], lambda c: c.replace(b"a.txt", b"b.txt")],
)
def test_a_damaged_list_is_named(folder, damage):
    content = folder.manifest.read_bytes()
    folder.manifest.write_bytes(damage(content))
    with pytest.raises(ValueError, match="advtext.json is no list.*Name"):
        folder.clear()
    assert (folder.path / "a.txt").exists()


def test_sums_tell_what_has_changed(folder):
    folder.note_sum("a.txt", folder.path / "a.txt")
    assert not folder.has_changed("a.txt")
    (folder.path / "a.txt").write_text("another's")
    assert folder.has_changed("a.txt")
    assert not folder.has_changed("logs/b.txt")
