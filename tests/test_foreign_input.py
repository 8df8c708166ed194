"""Input that is not what it is taken for: refused by name, nothing lost."""

import json
import warnings

import numpy as np
import pytest
from tiny_runs import files

from advtext.config import Config
from advtext.data import WordTokenizer, load_tokenizer
from advtext.data.image_file import load_image_file
from advtext.data.imagenet_classes import load_imagenet_classes
from advtext.data.images import load_images
from advtext.data.token_cache import TokenCache
from advtext.experiments import belonging, prepare, run_start, text
from advtext.experiments.run_directory import RunDirectory
from advtext.manifest import content_digest
from advtext.owned_folder import OwnedFolder


@pytest.fixture
def folder(tmp_path):
    """Returns a function that makes a folder of ours of some kind."""

    def make(kind, begun=False):
        owned = OwnedFolder(tmp_path / "folder")
        owned.path.mkdir()
        owned.begin(kind, ["a.txt"])
        owned.note(begun=begun)
        (owned.path / "a.txt").write_text("kept")
        return owned.path

    return make


@pytest.mark.parametrize("begun", [False, True])
def test_a_run_does_not_replace_prepared_text(folder, begun):
    path = folder("tokens", begun)
    before = files(path)
    config = Config(run_dir=str(path), overwrite=True)
    with pytest.raises(FileExistsError, match="`run_dir` .*what `tokens` wr"):
        run_start.check(RunDirectory(path), config, "train")
    with pytest.raises(FileExistsError, match="what `tokens` wrote"):
        run_start.begin(RunDirectory(path), config, "train", {})
    assert files(path) == before


def test_prepared_text_does_not_replace_a_run(folder):
    path = folder("train", begun=True)
    before = files(path)
    with pytest.raises(FileExistsError, match="`out` .*what `train` wrote"):
        with TokenCache(path, "out").alone(wait=False):
            pass
    found = {name: content for name, content in files(path).items()}
    assert {name: found[name] for name in before} == before


@pytest.mark.parametrize("name", ["data_dir", "cache_dir"])
def test_a_run_does_not_write_where_it_reads(tmp_path, name):
    config = Config(data="files", data_dir="text", run_dir=str(tmp_path))
    object.__setattr__(config, name, str(tmp_path))
    with pytest.raises(ValueError, match=f"`run_dir` and `{name}` are both"):
        run_start.check(RunDirectory(tmp_path), config, "train")


def test_prepare_needs_a_name(tiny):
    with pytest.raises(ValueError, match="`out` is empty"):
        prepare.run(Config(), "")


def test_metrics_of_another_program_are_named(tmp_path):
    (tmp_path / "metrics.json").write_text('{"loss": 1}')
    with pytest.raises(ValueError, match="metrics.json has no `num_test`"):
        RunDirectory(tmp_path).metrics(["num_test"])


def test_a_language_model_is_of_a_finished_run(tiny, tmp_path):
    for name, content in files(tiny.pretrained).items():
        if "/" not in name:
            (tmp_path / name).write_bytes(content)
    (tmp_path / "metrics.json").write_text("")
    with pytest.raises(ValueError, match="metrics.json is truncated"):
        belonging.language_model(tmp_path)


def test_a_language_model_keeps_its_tokenizer(tiny):
    config = Config(pretrained=str(tiny.pretrained), tokenizer="sentencepiece")
    with pytest.raises(ValueError, match="not that of the language model"):
        text.prepare(config)


@pytest.mark.parametrize(
    "change",
    [{"files": {}}, {"files": []}, {"splits": ["more"]}, {"class_names": [1]}],
)
def test_a_manifest_names_all_that_is_needed(tmp_path, change):
    content = {"version": 2, "splits": [], "class_names": [], "files": {}}
    content = content | {"files": {"tokenizer.json": {}}} | change
    record = {"content": content, "sha256": content_digest(content)}
    (tmp_path / "manifest.json").write_text(json.dumps(record))
    with pytest.raises(ValueError, match="manifest.json is truncated or dam"):
        TokenCache(tmp_path).read()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"words": ["a"], "counts": [-1]}, "Counts .* Received: -1"),
        ({"words": ["a"], "counts": ["x"]}, "Counts .* Received: 'x'"),
        ({"words": ["a"], "counts": [2**70]}, "Counts of tokens must be"),
        ({"words": ["a", "a"], "counts": [1, 1]}, "each word once.*'a' twice"),
        ({"words": [1], "counts": [1]}, "`words` must be a list of texts"),
        ({"words": "ab", "counts": [1, 1]}, "`words` must be a list of texts"),
        (
            {"words": ["a"], "counts": [1], "lowercase": "no"},
            "`lowercase` must be true or false",
        ),
        ({}, "missing 2 required"),
    ],
)
def test_a_tokenizer_file_holds_words_and_counts(tmp_path, content, message):
    path = tmp_path / "tokenizer.json"
    tokenizer = WordTokenizer(["a"], [1])
    tokenizer.get_content = lambda: content
    tokenizer.save(path)
    with pytest.raises(ValueError, match=f"tokenizer.json is .*{message}"):
        load_tokenizer(path)


def _images(train=(6, 4, 4), labels=range(6), test=None, test_labels=None):
    found = {"x_train": np.zeros(train, "u1"), "y_train": np.array(labels)}
    if test is not None:
        found["x_test"] = np.zeros(test, "u1")
        found["y_test"] = np.array(test_labels or range(6))
    return found


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (_images(train=()), "x_train.npy is .*one number"),
        (_images(labels=[0] * 6), "all 0, the only class"),
        (_images(test=(6, 3, 4)), r"test images are of shape \(3, 4, 1\)"),
        (_images(test=(6, 4, 4), test_labels=range(5, 11)), "the label 10"),
    ],
)
def test_images_fit_together(tmp_path, arrays, message):
    for name, array in arrays.items():
        np.save(tmp_path / f"{name}.npy", array)
    with pytest.raises(ValueError, match=message):
        load_images(tmp_path)


def test_an_image_file_ends_with_its_array(tmp_path):
    np.save(tmp_path / "y_train.npy", np.arange(6))
    path = tmp_path / "x_train.npy"
    np.save(path, np.zeros((6, 4, 4), "u1"))
    with open(path, "ab") as file:
        file.write(b"more")
    with pytest.raises(ValueError, match="goes on behind its array"):
        load_images(tmp_path)
    path.unlink()
    path.symlink_to("/dev/zero")
    with pytest.raises(ValueError, match="not a regular file"):
        load_images(tmp_path)


def test_a_damaged_photo_is_told_in_one_line(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"II*\0\xff\xff\xff\xff")
    with warnings.catch_warnings(action="error"):
        with pytest.raises(ValueError, match="not an image"):
            load_image_file(path, 8)


def test_a_wordnet_id_occurs_once(tmp_path):
    path = tmp_path / "names.json"
    path.write_text('{"0": ["n01", "a"], "1": ["n01", "b"]}')
    with pytest.raises(ValueError, match="each id once"):
        load_imagenet_classes(path)
