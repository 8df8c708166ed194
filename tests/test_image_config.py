import dataclasses
import pathlib

import pytest

from advtext import config as configs
from advtext.config import Config, ImageConfig
from advtext.experiments import images

ROOT = pathlib.Path(__file__).resolve().parents[1]
FIELDS = dataclasses.fields(ImageConfig)
SHIPPED = sorted(path.name for path in (ROOT / "configs").glob("*.toml"))
OTHER = ImageConfig(
    data_dir="mnist",
    whitening=True,
    rows=[22, 1],
    photo="pig.png",
    seeds=[7, 8],
    network="convolutional_maxout",
    dropout=0.25,
    epsilon=1,
)


def parse(*arguments):
    parser = configs.FlagParser(prog="advtext image")
    configs.add_flags(parser, ImageConfig)
    return configs.read_flags(parser.parse_args(arguments))


def test_a_saved_config_loads_as_the_same(tmp_path):
    path = tmp_path / "config.toml"
    configs.save(OTHER, path)
    assert configs.load(path, kind=ImageConfig) == OTHER
    with pytest.raises(ValueError, match=r"unknown key `\w+` in .*, line \d+"):
        configs.load(path)


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_every_field_is_a_flag_of_its_name(field):
    value = getattr(OTHER, field.name)
    text = ",".join(map(str, value)) if type(value) is tuple else str(value)
    assert parse(f"--{field.name}={text}") == {field.name: value}


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_files_are_whole(name):
    is_of_images = name.startswith(("mnist", "cifar"))
    kind = ImageConfig if is_of_images else Config
    config = configs.load(ROOT / "configs" / name, kind=kind)
    for row in config.rows if is_of_images else ():
        assert images.ROWS[row].network in ("", config.network)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "Images are needed: set `data_dir` or `tfds_name`"),
        ({"data_dir": "a", "rows": [0]}, "`rows` must be a list"),
        ({"data_dir": "a", "rows": [23]}, "integer >= 1 and <= 22"),
        ({"data_dir": "a", "rows": [22]}, "set `photo` to an image file"),
        ({"data_dir": "a", "network": "maxuot"}, "Did you mean 'maxout'"),
        ({"data_dir": "a", "dropout": 1.0}, "`dropout` must be .* < 1"),
        (
            {"data_dir": "a", "resume": True, "overwrite": True},
            "`resume` or `overwrite`, not both",
        ),
    ],
)
def test_wrong_settings(settings, message):
    with pytest.raises(ValueError, match=message):
        ImageConfig(**settings)


def test_a_photo_alone_needs_no_images():
    assert ImageConfig(rows=[22], photo="pig.png").data_dir == ""
