import configparser
import io
import os
import pathlib
import re
import shutil
import subprocess
import sys
import warnings

import pytest
from tiny_runs import files, main, write_corpus

from advtext import cli, experiments
from advtext.experiments.run_directory import RunDirectory
from advtext.training import Progress

ROOT = pathlib.Path(__file__).parent.parent
COMMANDS = ["pretrain", "train", "evaluate", "table", "predict"]


def run_alone(*command, cwd):
    """Runs a script in a process of its own, as if nothing were installed."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_every_command_tells_what_came_out(tiny, tmp_path, advtext):
    """The table's is told in `test_table.py`."""
    # What is done is not done again.
    printed = advtext("pretrain", tiny.pretrained / "config.toml", "--resume")
    perplexity = RunDirectory(tiny.pretrained).metrics()["perplexity"]
    assert printed.startswith(f"perplexity {perplexity:.1f} after 0.")
    printed = advtext("train", tiny.trained / "config.toml", "--resume")
    error = RunDirectory(tiny.trained).metrics()["test_error"]
    expected = f"test error {error:.2f} % of 30 documents"
    assert printed == f"{expected}; outputs in {tiny.trained}\n"
    printed = advtext("evaluate", tiny.trained)
    assert printed.startswith(f"{expected}, loss ")
    texts = tmp_path / "texts.txt"
    texts.write_text("a good film\na bad film\n")
    printed = advtext("predict", tiny.trained, texts)
    assert re.fullmatch(r"((bad|good)\t[01]\.\d{4}\n){2}", printed)


def test_the_time_limit_is_told(tiny, tmp_path, advtext):
    for command in ("pretrain", "table"):
        run_dir = tmp_path / command
        flags = f"--run_dir={run_dir}", "--max_minutes=1e-9"
        printed = advtext(command, tiny.config, *flags)
        assert printed.startswith("`max_minutes` ran out")
        assert f"{run_dir}. Go on with --resume." in printed


def test_a_text_without_test_documents_is_told(tiny, tmp_path, capsys):
    data = write_corpus(tmp_path / "data", sizes=(8, 0, 0))
    flags = f"--data_dir={data}", f"--run_dir={tmp_path / 'run'}"
    assert main("train", tiny.config, *flags, "--epochs=1") == 0
    assert "the text has no test set" in capsys.readouterr().out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command, capsys):
    assert main(command, "--help") == 0
    printed = capsys.readouterr().out
    assert printed.startswith(f"usage: advtext {command}")
    assert ("--epsilon" in printed) == (command != "predict")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "required: COMMAND"),
        (["tain"], "invalid choice: 'tain'"),
        (["train"], "required: CONFIG"),
        (["predict"], "required: RUN"),
        (["train", "{config}", "--epsilom=1"], "did you mean `--epsilon`?"),
        (["predict", "{trained}", "--epsilon=1"], "`--epsilon`; known: --help"),
        (["image", "{config}", "--rowz=1"], "did you mean `--rows`?"),
        (["train", "{config}", "--epsilon=-1"], "must be a number >= 0"),
        (["train", "{config}", f"--epsilon={'1' * 400}"], "must be finite"),
        (["train", "{config}", "--epsilon=1e999999999"], "must be finite"),
        (["train", "{config}", f"--units={'1' * 400}"], "It is too large"),
        (["train", "{config}", f"--units={'1' * 5000}"], "must be an integer"),
        (
            ["train", "{config}", "--units=1000000000", "--run_dir={new}"],
            "not enough memory",
        ),
        (["train", "{config}", "--epsilon=nan"], "It must be finite"),
        (["train", "{config}", "--method=vat"], "`method` must be one of"),
        (["train", "nowhere.toml"], "No config file at nowhere.toml"),
        (["train", "{data}"], "No config file at"),
        (["train", "{config}"], "`run_dir` is empty"),
        (["train", "{config}", "--run_dir={config}"], "Cannot write `run_dir`"),
        (["pretrain", "{config}", "--run_dir={config}/x"], "Not a directory"),
        (["table", "{config}"], "`run_dir` is empty"),
        (["train", "{config}", "--resume", "--overwrite"], "not both"),
        (["train", "{config}", "--run_dir={trained}"], "holds a finished run"),
    ],
)
def test_a_wrong_command_is_refused_in_one_line(
    tiny, tmp_path, refusal, arguments, message
):
    before = files(tiny.trained)
    names = vars(tiny) | {"new": tmp_path}
    filled = [argument.format(**names) for argument in arguments]
    assert message in refusal(*filled)
    assert files(tiny.trained) == before


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epsilom = 1", "unknown key `epsilom` in {path}, line 1; did you"),
        ("\nepsilon = -1", "{path}, line 2: `epsilon` must be a number >= 0"),
        pytest.param(
            f"units = {'1' * 5000}", "{path}: Exceeds the limit", id="5,000"
        ),
        pytest.param(
            f"epsilon = {'1' * 400}", "line 1: .* It must be finite", id="400"
        ),
        pytest.param(f"a = {'[' * 9000}", "{path}: maximum recurs", id="deep"),
        ("epsilon = nan", "{path}, line 1: `epsilon` .* It must be finite"),
        ("epsilon = ", "{path}: Invalid value .*Write `name = value`"),
        ("seed = '\udcff'", "{path}, line 1: not UTF-8"),
    ],
)
def test_a_wrong_config_is_named(tmp_path, refusal, text, message):
    path = tmp_path / "a.toml"
    path.write_text(text, encoding="utf-8", errors="surrogateescape")
    line = refusal("train", path)
    pattern = message.replace("{path}", str(path))
    assert re.search(pattern, line), line


@pytest.mark.parametrize(
    ("split", "content", "message"),
    [
        (None, "", "There is no folder"),
        ("train", None, "has no training split"),
        ("train", "", "train.jsonl: the file holds no text"),
        ("train", '{"text": "a", "label": 0}\nno', "train.jsonl:2: not JSON"),
        ("train", '\n{"label": 1}', "train.jsonl:2: no `text` in this line"),
        ("train", b'{"text": "f\xfcr"}', "train.jsonl:1: not valid UTF-8"),
        ("train", '{"text": "a", "label": 1}', "only the class '1'"),
        ("train", '{"text": "a"}', "no label at all"),
        (
            "train",
            '{"text": "a", "label": 0}\n{"text": "a", "label": -2}',
            "train.jsonl:2: label -2 is negative",
        ),
        ("test", '{"text": "a", "label": "odd"}', "'odd' does not occur in tr"),
        ("test", '{"text": "a", "label": null}', "a test text without a label"),
    ],
)
def test_wrong_text_is_named_with_its_place(
    tiny, tmp_path, refusal, split, content, message
):
    data = tmp_path / "data"
    if split:
        path = shutil.copytree(tiny.data, data) / f"{split}.jsonl"
        path.unlink()
        if content is not None:
            encoded = (
                content if isinstance(content, bytes) else content.encode()
            )
            path.write_bytes(encoded)
    flags = f"--data_dir={data}", f"--run_dir={tmp_path / 'run'}"
    for command in ("pretrain", "train"):
        assert message in refusal(command, tiny.config, *flags)
    # Another try needs no --overwrite.
    assert not RunDirectory(tmp_path / "run").begun


def test_more_labels_than_there_are_is_refused(tiny, tmp_path, refusal):
    line = refusal(
        "train", tiny.config, "--num_labels=41", f"--run_dir={tmp_path}"
    )
    assert "`num_labels`=41" in line and "has (40). Lower one" in line


def test_a_warning_is_one_line(tiny, tmp_path, capsys):
    cache = shutil.copytree(tiny.cache, tmp_path / "cache")
    for path in cache.glob("*/train.ids.npy"):
        path.write_bytes(path.read_bytes()[:-9])
    flags = f"--cache_dir={cache}", "--num_labels=99"
    flags += (f"--run_dir={tmp_path / 'run'}",)
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        assert main("train", tiny.config, *flags) == 2
    warning, error = capsys.readouterr().err.splitlines()
    assert warning.startswith("advtext: warning: ")
    assert warning.endswith("The token cache is built again.")
    assert error.startswith("advtext: error: ")


@pytest.mark.parametrize("error", [ValueError("a\nb"), OSError("a\nb")])
def test_an_error_is_one_line(tiny, monkeypatch, refusal, error):
    def fail(config):
        raise error

    monkeypatch.setattr(experiments.table, "run", fail)
    assert refusal("table", tiny.config) == "advtext: error: a b"


def test_an_interrupted_run_says_how_it_goes_on(
    tiny, tmp_path, monkeypatch, capsys
):
    def interrupt(self, batch, logs=None):
        self.step += 1
        if self.step == 14:
            # What Python makes of Ctrl-C, here and not where it looks for
            # signals next.
            raise KeyboardInterrupt

    arguments = tiny.config, f"--run_dir={tmp_path}", *tiny.flags
    with monkeypatch.context() as patched:
        patched.setattr(Progress, "on_train_batch_end", interrupt)
        patched.setattr(Progress, "on_epoch_end", lambda *args: None)
        assert main("train", *arguments) == 130
    assert capsys.readouterr().err == (
        "advtext: interrupted: go on with --resume, from the last checkpoint.\n"
    )
    assert main("train", *arguments, "--resume") == 0
    metrics, expected = (
        RunDirectory(path).metrics() for path in (tmp_path, tiny.trained)
    )
    for one in (metrics, expected):
        assert one.pop("train_seconds") > 0.0
    assert metrics == expected


def test_an_interrupted_prediction_says_no_more(tiny, monkeypatch, capsys):
    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(experiments.predict, "run", interrupt)
    assert main("predict", tiny.trained, tiny.config) == 130
    assert capsys.readouterr().err == "advtext: interrupted.\n"


def test_the_console_command_is_the_function():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    scripts = setup["options.entry_points"]["console_scripts"]
    assert scripts.strip() == "advtext = advtext.cli:main"
    assert callable(cli.main)


@pytest.mark.parametrize(
    ("script", "run", "expected"),
    [
        ("pretrain", "pretrained", "perplexity "),
        ("train_classifier", "trained", "test error "),
        ("evaluate", "trained", "test error "),
    ],
)
def test_a_script_runs_in_a_plain_clone(tiny, tmp_path, script, run, expected):
    # Finished runs are resumed: what they do is tested above.
    arguments = [getattr(tiny, run)]
    if script != "evaluate":
        arguments = [arguments[0] / "config.toml", "--resume"]
    path = ROOT / "scripts" / f"{script}.py"
    done = run_alone(path, *arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(expected)


def test_a_character_that_cannot_be_shown_is_replaced(monkeypatch):
    ascii_only = io.TextIOWrapper(io.BytesIO(), "ascii")
    monkeypatch.setattr("sys.stdout", ascii_only)
    monkeypatch.setattr(
        experiments.table, "run", lambda config: print("8.00 ± 0.50")
    )
    config = ROOT / "configs/demo.toml"
    assert main("table", config, "--run_dir=a") == 0
    assert ascii_only.buffer.getvalue().startswith(b"8.00 ? 0.50\n")


@pytest.mark.parametrize("name", ["numpy", "nonsense"])
def test_a_backend_that_is_none_is_told_in_one_line(name):
    ended = subprocess.run(
        [sys.executable, "-m", "advtext", "train", "--help"],
        capture_output=True,
        text=True,
        env={**os.environ, "KERAS_BACKEND": name},
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("advtext: error: ")
    assert ended.stderr.count("\n") == 1 and name in ended.stderr
    assert "KERAS_BACKEND to tensorflow or jax" in ended.stderr
