"""Flat configurations: their fields, TOML files and flags."""

from advtext.config.config import Config
from advtext.config.flags import FlagParser, add_flags, error_line, read_flags
from advtext.config.image_config import ImageConfig
from advtext.config.toml_file import load, save

__all__ = [
    "Config",
    "FlagParser",
    "ImageConfig",
    "add_flags",
    "error_line",
    "load",
    "read_flags",
    "save",
]
