"""A configuration from a TOML file and back."""

import dataclasses
import re
import tomllib

from advtext.arguments import check_path
from advtext.atomic_file import atomic_file
from advtext.config import values
from advtext.config.config import Config
from advtext.quoting import printable, quoted, shorten

ESCAPES = {'"': '\\"', "\\": "\\\\"}
CONTROL = re.compile(r'["\\\x00-\x1f\x7f]')


def load(path, overrides=None, kind=Config, complete=False):
    """Reads a flat TOML file into a configuration.

    Args:
        path: The file. Keys that it leaves out keep their defaults.
        overrides: Dict of values that win over the file's, such as
            `read_flags` returns. `data_dir` alone, where the file says
            `data = "demo"`, also means `data = "files"`.
        kind: Its class, `Config` or `ImageConfig`.
        complete: Whether the file is one that `save` wrote, so that every
            key must be in it.

    Returns:
        The configuration.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is no flat TOML in UTF-8, or if a key or a
            value is wrong. The message names file, line and key.
    """
    path = check_path("path", path)
    if not path.is_file():
        raise FileNotFoundError(
            f"No config file at {printable(path)}. Give the path of a .toml "
            "file."
        )
    text = _read_text(path)
    try:
        found = tomllib.loads(text)
    # Python reads no integer of more digits than some thousands, and no list in
    # a list in a list without end.
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"{printable(path)}: {shorten(str(error))}. Write `name = value`, "
            "text in double quotes."
        ) from error
    fields = values.fields_of(kind)
    for key, value in found.items():
        where = f"{printable(path)}{_line_of(key, text)}"
        if isinstance(value, dict):
            raise ValueError(
                f"{where}: the config has no tables. Remove [{key}]."
            )
        found[key] = _check(fields, key, value, where)
    if complete:
        _check_complete(path, text, found, fields)
    for key, value in (overrides or {}).items():
        found[key] = _check(fields, key, value, "the overrides")
    asked = overrides or {}
    if "data" in fields and "data_dir" in asked and "data" not in asked:
        if found.get("data", "demo") == "demo" and asked["data_dir"]:
            found["data"] = "files"
    try:
        return kind(**found)
    except ValueError as error:
        raise ValueError(f"{printable(path)}: {error}") from error


def save(config, path):
    """Writes a configuration as flat, commented TOML that `load` reads back.

    Args:
        config: The configuration.
        path: The file. It is replaced as a whole or left as it was.

    Raises:
        OSError: If the file cannot be written.
    """
    if not dataclasses.is_dataclass(config) or isinstance(config, type):
        raise TypeError(
            "`config` must be a Config or an ImageConfig. Received: "
            f"{quoted(config)}."
        )
    path = check_path("path", path)
    lines = []
    for name, field in values.fields_of(type(config)).items():
        if section := field.metadata.get("section"):
            lines += ["", f"## {section}"] if lines else [f"## {section}"]
        lines.append(f"# {values.describe(field)}")
        lines.append(f"{name} = {_to_toml(getattr(config, name))}")
    try:
        with atomic_file(path) as file:
            file.write(("\n".join(lines) + "\n").encode("utf-8"))
    except OSError as error:
        raise OSError(
            error.errno,
            f"Cannot write the config ({error.strerror}). Is the folder "
            "there, writable and not full?",
            str(path),
        ) from error


def _check_complete(path, text, found, fields):
    lacking = [f"`{name}`" for name in fields if name not in found]
    if lacking or not text.endswith("\n"):
        what = ", ".join(lacking[:3]) + ", ..." * (len(lacking) > 3)
        raise ValueError(
            f"{printable(path)} is truncated or damaged, or of another version "
            f"of advtext: it lacks {what or 'the end of its last line'}. A run "
            "goes on only with the whole configuration that it began with: "
            "put the file or the lines back, or train anew in another folder."
        )


def _read_text(path):
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(
            f"{printable(path)}, line {line}: not UTF-8. Save the file as "
            "UTF-8."
        ) from error


def _line_of(key, text):
    found = re.search(
        rf"^[ \t\[]*[\"']?{re.escape(key)}[\"']?[ \t]*[=.\]]", text, re.M
    )
    return f", line {text.count(chr(10), 0, found.start()) + 1}" * bool(found)


def _check(fields, key, value, where):
    if key not in fields:
        hint = values.nearest(key, fields)
        raise ValueError(f"unknown key `{shorten(key)}` in {where}; {hint}")
    try:
        return values.check(fields[key], value)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error


def _to_toml(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(map(_to_toml, value))}]"
    if isinstance(value, str):
        return f'"{CONTROL.sub(_escape, value)}"'
    return repr(value)


def _escape(match):
    character = match.group()
    return ESCAPES.get(character, f"\\u{ord(character):04x}")
