"""Every field of a configuration as a flag of the same name."""

import argparse

from advtext.config import values
from advtext.config.config import Config
from advtext.quoting import printable, shorten


class FlagParser(argparse.ArgumentParser):
    """A parser whose errors are short and name the nearest flag.

    A stranger who mistypes one of some fifty flags should read one line,
    not fifty. Flags must be written out: `--eps` is an error, not
    `--epsilon`.

    Args:
        **kwargs: As for `argparse.ArgumentParser`.

    Example:

    >>> parser = FlagParser(prog="advtext train")
    >>> parser.add_argument("config")  # doctest: +ELLIPSIS
    _StoreAction(...)
    >>> add_flags(parser)
    >>> arguments = parser.parse_args(["a.toml", "--epsilon=3", "--resume"])
    >>> read_flags(arguments)
    {'resume': True, 'epsilon': 3.0}
    """

    def __init__(self, **kwargs):
        super().__init__(allow_abbrev=False, **kwargs)

    def parse_known_args(self, args=None, namespace=None):
        # Of a command this is its own parser, which knows its flags.
        arguments, unknown = super().parse_known_args(args, namespace)
        for argument in unknown:
            flag = argument.split("=")[0]
            if flag.startswith("--"):
                names = [n for n in self._option_string_actions if "--" in n]
                self.error(
                    f"unknown flag `{shorten(flag)}`; "
                    f"{values.nearest(flag, names)}"
                )
            self.error(f"unexpected argument `{shorten(argument)}`")
        return arguments, []

    def error(self, message):
        # What was typed is printed on a terminal.
        self.exit(2, f"{self.prog}: error: {printable(message)}\n")


def add_flags(parser, kind=Config):
    """Adds every field of a configuration to a parser, as `--name value`.

    A flag that is not given leaves no trace in the parsed arguments, so
    that the file's value holds. Text is checked as it is parsed.

    Args:
        parser: An `argparse.ArgumentParser`, best a `FlagParser`.
        kind: The class of the configuration.
    """
    parser.set_defaults(kind=kind)
    group = parser.add_argument_group("config (each overrides the file's)")
    for name, field in values.fields_of(kind).items():
        default = f"; default {_shown(field.default)}"
        options = {"nargs": "?", "const": True} if field.type is bool else {}
        group.add_argument(
            f"--{name}",
            type=_parser_of(field),
            default=argparse.SUPPRESS,
            metavar=_metavar(field),
            help=(values.describe(field) + default).replace("%", "%%"),
            **options,
        )


def read_flags(arguments):
    """Returns the fields that were given as flags, as a dict.

    Args:
        arguments: What `parse_args` of a parser with `add_flags` returned.
    """
    given = vars(arguments)
    fields = values.fields_of(arguments.kind)
    return {name: given[name] for name in fields if name in given}


def error_line(error):
    """Returns what a command says of an error, in one line.

    Example:

    >>> error_line(FileNotFoundError(2, "No such file", "a.toml"))
    'No such file: a.toml'
    """
    message = str(error)
    if isinstance(error, OSError) and error.strerror:
        name = f": {error.filename}" if error.filename else ""
        message = f"{error.strerror}{name}"
    return " ".join(message.split("\n")) or type(error).__name__


def _parser_of(field):
    def parse(text):
        try:
            return values.parse(field, text)
        except ValueError as error:
            hint = ""
            if field.type is bool:
                hint = f" Write --{field.name}=true before other arguments."
            raise argparse.ArgumentTypeError(f"{error}{hint}") from error

    return parse


def _metavar(field):
    kind = values.item_type(field).__name__.upper()
    return f"{kind},..." if values.is_list(field) else kind


def _shown(value):
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else repr(value)
