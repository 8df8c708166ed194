"""Names of files that would command a terminal are written out."""

import pytest

from advtext import data
from advtext.cli import main
from advtext.config import load
from advtext.data.tokenizers import load_tokenizer
from advtext.experiments.run_directory import RunDirectory
from advtext.quoting import printable

NAME = "red\x1b[31m\nmore"
CALLS = {
    "a folder of texts": lambda path: data.open_source("files", path).read(
        "train"
    ),
    "another folder": lambda path: data.open_source("files", path.parent),
    "texts": lambda path: data.read_documents(path / "train.csv"),
    "another kind of texts": lambda path: data.read_documents(path / "a.zip"),
    "images": data.load_images,
    "an image": lambda path: data.load_image_file(path, 8),
    "classes": data.load_imagenet_classes,
    "prepared tokens": data.open_prepared,
    "a tokenizer": lambda path: load_tokenizer(path / "empty.json"),
    "a configuration": load,
    "a run": lambda path: RunDirectory(path).config(),
}


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / NAME
    path.mkdir()
    (path / f"{NAME}.txt").write_text("a text of somebody")
    (path / "empty.json").write_text("{}")
    (path / "train.csv").write_text("")
    return path


def test_what_is_not_shown_is_written_out():
    assert printable("büro/日本 😡.csv") == "büro/日本 😡.csv"
    assert printable("a\x1b]0;b\a\n\x9b\udcff") == (
        "a\\x1b]0;b\\x07\\n\\x9b\\udcff"
    )


@pytest.mark.parametrize("what", CALLS)
def test_so_are_the_names_in_errors(folder, what):
    with pytest.raises((ValueError, OSError)) as error:
        CALLS[what](folder)
    assert r"red\x1b[31m\nmore" in str(error.value)
    assert str(error.value).isprintable()


def test_the_place_of_a_text_is_written_out(folder):
    (folder / "train.csv").write_text("text,label\nfilm,1,2\n")
    with pytest.raises(ValueError, match=r"x1b\[31m.*train.csv:2: 3 fields"):
        data.read_documents(folder / "train.csv")
    (folder / "train.csv").unlink()
    for label in ("neg", "pos"):
        (folder / "train" / label).mkdir(parents=True)
        (folder / "train" / label / f"{NAME}.txt").write_bytes(b"\xff")
    source = data.open_source("files", folder)
    with pytest.raises(ValueError, match=r"more\.txt:1: not valid") as error:
        source.read("train")
    assert str(error.value).isprintable()


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "{0}/none.toml"],
        ["predict", "{0}"],
        ["predict", "{0}/none"],
        ["evaluate", "{0}"],
    ],
)
def test_so_they_are_on_a_terminal(folder, arguments, capsys):
    assert main([word.format(folder) for word in arguments]) == 2
    out, err = capsys.readouterr()
    assert not out and err.endswith("\n") and err[:-1].isprintable()
    assert r"red\x1b[31m\nmore" in err


def test_so_they_are_where_a_command_says_what_it_wrote(tiny, tmp_path, capsys):
    out = tmp_path / NAME
    assert main(["prepare", str(tiny.config), f"--out={out}"]) == 0
    assert r"red\x1b[31m\nmore" in capsys.readouterr().out
    assert (out / "manifest.json").is_file()
