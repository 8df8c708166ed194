"""The configuration: its values, its file, its flags."""

import dataclasses
import math
import tomllib

import pytest

from advtext import config as configs
from advtext.config import Config

FIELDS = dataclasses.fields(Config)
OTHER = Config(
    data="files",
    data_dir='C:\\reviews "old"\n\x00\x7f\u00e9\U0001f600',
    tokenizer="sentencepiece",
    vocabulary_size=3,
    lowercase=False,
    embedding_dropout=0.1 + 0.2,
    pooling="concat",
    resume=True,
    seed=2**32 - 1,
    max_minutes=1e-300,
    pretrain_learning_rate=1e16,
    method="both",
    epsilon=5,
    seeds=[7],
    methods=["both", "none"],
)


def write(tmp_path, text):
    path = tmp_path / "x.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def parse(*arguments):
    parser = configs.FlagParser(prog="advtext train")
    parser.add_argument("config")
    configs.add_flags(parser)
    return configs.read_flags(parser.parse_args(["a.toml", *arguments]))


def refusal(capsys, *arguments):
    with pytest.raises(SystemExit) as exit_info:
        parse(*arguments)
    assert exit_info.value.code == 2
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    return message


# Contract


@pytest.mark.parametrize("config", [Config(), OTHER])
def test_a_saved_config_loads_as_the_same(tmp_path, config):
    path = tmp_path / "config.toml"
    configs.save(config, path)
    assert configs.load(path) == config
    assert [path] == list(tmp_path.iterdir())


def test_a_config_is_frozen_and_hashable():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Config().seed = 1
    assert hash(Config()) == hash(Config())


def test_the_file_shows_every_field_in_order_with_its_help(tmp_path):
    path = tmp_path / "config.toml"
    configs.save(Config(), path)
    text = path.read_text(encoding="utf-8")
    assert list(tomllib.loads(text)) == [field.name for field in FIELDS]
    for field in FIELDS:
        assert f"# {field.metadata['help']} (" in text


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_every_field_is_a_flag_of_its_name(field):
    value = getattr(OTHER, field.name)
    text = ",".join(map(str, value)) if type(value) is tuple else str(value)
    assert parse(f"--{field.name}={text}") == {field.name: value}


def test_every_flag_shows_its_help_and_default(capsys):
    with pytest.raises(SystemExit):
        parse("--help")
    shown = " ".join(capsys.readouterr().out.split())
    for field in FIELDS:
        assert field.metadata["help"] in shown
    assert "(a number >= 0, in units of the embedding); default 5.0" in shown


# Correctness


def test_flags_win_over_the_file_and_the_file_over_defaults(tmp_path):
    path = write(tmp_path, "epsilon = 1.0\nseed = 4\nlowercase = false")
    config = configs.load(path, parse("--epsilon=3", "--seeds=5, 6"))
    assert (config.epsilon, config.seed, config.lowercase) == (3.0, 4, False)
    assert config.seeds == (5, 6)
    assert config.units == Config().units


def test_a_flag_may_be_written_in_three_ways():
    assert parse("--epsilon=3") == parse("--epsilon", "3") == {"epsilon": 3.0}
    assert parse("--resume") == parse("--resume", "true") == {"resume": True}
    assert parse("--resume=false") == {"resume": False}
    assert parse() == {}


def test_an_integer_is_a_number_but_not_the_other_way(tmp_path):
    config = configs.load(write(tmp_path, "epsilon = 3"))
    assert type(config.epsilon) is float
    with pytest.raises(ValueError, match="`seed` must be an integer"):
        Config(seed=3.0)


def test_data_dir_alone_means_files(tmp_path):
    path = write(tmp_path, 'data = "demo"')
    assert configs.load(path, {"data_dir": "imdb"}).data == "files"
    path = write(tmp_path, 'data = "tfds"')
    assert configs.load(path, {"data_dir": "imdb"}).data == "tfds"


def test_a_file_of_another_system_is_read(tmp_path):
    path = write(tmp_path, b"\xef\xbb\xbfseed = 1\r\nepsilon = 2.0\r\n")
    assert configs.load(path) == Config(seed=1, epsilon=2.0)


# Failure


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("epsilon", -1.0, "a number >= 0"),
        ("epsilon", math.nan, "finite"),
        ("epsilon", math.inf, "finite"),
        ("epsilon", "3", "a number"),
        ("epsilon", True, "a number"),
        ("epsilon", None, "a number"),
        ("xi", 0.0, "> 0"),
        ("embedding_dropout", 1.0, "< 1"),
        ("learning_rate_decay", 1.1, "<= 1"),
        ("epochs", True, "an integer"),
        ("epochs", 0, ">= 1"),
        ("seed", 2**32, "<= 4294967295"),
        ("resume", 1, "true or false"),
        ("run_dir", 3, "a text"),
        ("run_dir", "\udc80", "not valid Unicode"),
        ("method", "vat", "none, random, adversarial, virtual_adversarial"),
        ("method", "adverserial", "Did you mean 'adversarial'?"),
        ("seeds", [], "at least one"),
        ("seeds", 3, "a list"),
        ("seeds", [1, 1], "twice"),
        ("seeds", [0, -1], "each an integer >= 0"),
        ("methods", "none", "a list"),
        ("methods", ["none", "vat"], "each one of scratch, none, random"),
    ],
)
def test_a_wrong_value_is_refused_with_name_rule_and_value(name, value, rule):
    with pytest.raises(ValueError) as refused:
        Config(**{name: value})
    message = str(refused.value)
    assert message.startswith(f"`{name}` must be ")
    assert rule in message
    assert f"Received: {name}={value!r}." in message


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"data": "files"}, "set `data_dir`"),
        ({"data": "demo", "data_dir": "imdb"}, "Set data='files'"),
        ({"resume": True, "overwrite": True}, "not both"),
    ],
)
def test_values_that_contradict_each_other_are_refused(values, message):
    with pytest.raises(ValueError, match=message):
        Config(**values)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = 1", "unknown key `a` in {}, line 1; known: data, data_dir, "),
        (
            "seed = 1\nepsilom = 3",
            "unknown key `epsilom` in {}, line 2; did you mean `epsilon`?",
        ),
        (
            "# x\n\n  epsilon = '3'",
            "{}, line 3: `epsilon` must be a number >= 0. Received: epsilon=",
        ),
        ("'epsilon' = '3'", "{}, line 1: `epsilon` must be a number >= 0."),
        ("seed = true", "{}, line 1: `seed` must be an integer"),
        ("epsilon = nan", "{}, line 1: `epsilon` must be a number"),
        ("[model]\nseed = 1", "{}, line 1: the config has no tables"),
        ("seed.x = 1", "{}, line 1: the config has no tables"),
        ("seed = 1\nseed = 2", "{}: Cannot overwrite a value (at "),
        ("method = none", "{}: Invalid value (at line 1"),
        (b"seed = 1\n# \xff", "{}, line 2: not UTF-8"),
        ('data = "files"', "{}: data='files' needs a folder"),
    ],
)
def test_a_bad_file_is_named_with_its_line(tmp_path, text, message):
    path = write(tmp_path, text)
    with pytest.raises(ValueError) as refused:
        configs.load(path)
    assert str(refused.value).startswith(message.format(path))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="No config file at .*x.toml"):
        configs.load(tmp_path / "x.toml")


def test_an_unknown_override_is_named(tmp_path):
    path = write(tmp_path, "")
    with pytest.raises(ValueError, match="`unit` in the overrides; .*`units`"):
        configs.load(path, {"unit": 3})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--epsilom=3"], "unknown flag `--epsilom`; did you mean `--epsilon`"),
        (["--eps", "3"], "unknown flag `--eps`; did you mean `--epsilon`?"),
        (["--learning-rate=1"], "did you mean `--learning_rate`?"),
        (["--epsilon=-1"], "--epsilon: `epsilon` must be a number >= 0."),
        (["--epsilon=nan"], "must be finite"),
        (["--epsilon", "high"], "Received: epsilon='high'"),
        (["--seed=1e3"], "`seed` must be an integer"),
        (["--method=vat"], "one of none, random, adversarial"),
        (["--seeds=0,one"], "Received: seeds=[0, 'one']"),
        (["--resume", "b.toml"], "Write --resume=true before"),
        (["b.toml"], "unexpected argument `b.toml`"),
    ],
)
def test_a_bad_flag_is_refused_in_one_line(capsys, arguments, message):
    assert message in refusal(capsys, *arguments)


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "config.toml"
    configs.save(OTHER, path)

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left.*not full.*config.toml"):
        configs.save(Config(), path)
    assert configs.load(path) == OTHER
    assert [path] == list(tmp_path.iterdir())


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(OSError, match="Is the folder there.*config.toml"):
        configs.save(Config(), tmp_path / "no" / "config.toml")
