"""One flat configuration: its fields, its TOML file and its flags."""

from advtext.config.config import Config
from advtext.config.flags import FlagParser, add_flags, read_flags
from advtext.config.toml_file import load, save

__all__ = ["Config", "FlagParser", "add_flags", "load", "read_flags", "save"]
