"""A tiny corpus and runs on it, shared by the tests of the commands."""

import json
import random
import types

import pytest

WORDS = {
    "bad": "awful boring bad dreadful dull poor".split(),
    "good": "fine good great lovely nice superb".split(),
    "odd": "curious odd peculiar queer strange weird".split(),
    "": "a and cast film in it music of plot scene the was".split(),
}
SETTINGS = """
data = "files"
min_documents = 1
max_length = 8
embedding_dim = 4
units = 4
hidden_dim = 8
embedding_dropout = 0.1
pooling = "mean"
num_candidates = 5
checkpoint_steps = 10
pretrain_epochs = 1
pretrain_batch_size = 4
pretrain_timesteps = 5
pretrain_learning_rate = 0.02
epsilon = 0.5
epochs = 6
batch_size = 8
unlabelled_batch_size = 8
learning_rate = 0.05
weight_average = 0.5
seeds = [0, 1]
"""


def write_corpus(folder, classes=("bad", "good"), sizes=(40, 30, 60)):
    """Writes reviews whose words tell their class, the same at each call.

    Args:
        folder: Where; it is made.
        classes: Names out of `WORDS`.
        sizes: Number of texts of train, test and unsup; none, no file.
    """
    draw = random.Random(0)
    folder.mkdir()
    splits = zip(("train", "test", "unsup"), sizes, strict=True)
    for split, size in splits:
        lines = []
        for number in range(size):
            label = classes[number % len(classes)]
            kinds = [label, label, *classes, "", ""]
            kinds = draw.choices(kinds, k=draw.randint(5, 18))
            text = " ".join(draw.choice(WORDS[kind]) for kind in kinds)
            lines.append(json.dumps({"text": text, "label": label}) + "\n")
        if size:
            (folder / f"{split}.jsonl").write_text("".join(lines))
    return folder


def write_config(path, data_dir, cache_dir):
    path.write_text(
        f'data_dir = "{data_dir}"\ncache_dir = "{cache_dir}"\n{SETTINGS}'
    )
    return path


def main(*arguments):
    """Runs a command in this process and returns its exit status."""
    from advtext import cli

    try:
        return cli.main([str(argument) for argument in arguments])
    except SystemExit as error:
        return error.code


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """The corpus, its configuration, and a finished run of each kind.

    Not to be changed: a test that damages something takes a copy.
    """
    folder = tmp_path_factory.mktemp("tiny")
    runs = types.SimpleNamespace(
        data=write_corpus(folder / "data"),
        cache=folder / "cache",
        pretrained=folder / "pretrained",
        trained=folder / "trained",
    )
    runs.config = write_config(folder / "tiny.toml", runs.data, runs.cache)
    if main("pretrain", runs.config, f"--run_dir={runs.pretrained}"):
        pytest.fail("the language model that the tests share did not train")
    # What the tests of damaged or other inputs compare with.
    runs.flags = f"--pretrained={runs.pretrained}", "--num_validation=6"
    if main("train", runs.config, f"--run_dir={runs.trained}", *runs.flags):
        pytest.fail("the classifier that the tests share did not train")
    return runs


@pytest.fixture
def advtext(capsys):
    """Function that runs a command and returns what it prints."""

    def run(*arguments):
        capsys.readouterr()
        status = main(*arguments)
        out, err = capsys.readouterr()
        assert status == 0, err
        return out

    return run


@pytest.fixture
def refusal(capsys):
    """Function that runs a command and returns the one line of its error."""

    def run(*arguments):
        capsys.readouterr()
        status = main(*arguments)
        out, err = capsys.readouterr()
        lines = [line for line in err.splitlines() if " left  " not in line]
        assert (status, len(lines)) == (2, 1), (out, err)
        assert lines[0].startswith("advtext")
        return lines[0]

    return run


def files(folder):
    """Returns the names and the contents of a run's files, logs apart."""
    return {
        path.name: path.read_bytes()
        for path in folder.iterdir()
        if path.is_file()
    }
