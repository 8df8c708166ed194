"""Configuration files that are damaged, odd or wrong."""

from case import Accepted, Case
from inputs import fifo, folder, link

_START = 'data = "files"\ndata_dir = "{data}"\ncache_dir = "{cache}"\n'
# Name, content, what is said.
_WRONG = (
    ("unknown key", "epsilom = 1.0\n", r"unknown key.*epsilon"),
    ("unknown long key", "e" * 5000 + " = 1\n", "unknown key"),
    ("key twice", "epsilon = 1.0\nepsilon = 2.0\n", "line 2|overwrite|twice"),
    ("table", "[model]\nunits = 4\n", "no tables"),
    ("table of arrays", "[[units]]\na = 1\n", "`units`|tables"),
    ("dotted key", "model.units = 4\n", "no tables"),
    ("inline table", "units = {a = 1}\n", "no tables"),
    ("text for a number", 'epsilon = "1"\n', "`epsilon` must be"),
    ("number for a text", "data = 1\n", "`data` must be"),
    ("number for a bool", "resume = 1\n", "`resume` must be"),
    ("bool for an integer", "units = true\n", "`units` must be"),
    ("float for an integer", "units = 4.0\n", "`units` must be"),
    ("nan", "epsilon = nan\n", "`epsilon` must be.*finite"),
    ("infinite", "epsilon = -inf\n", "`epsilon` must be.*finite"),
    ("huge integer", f"units = {'9' * 5000}\n", "units|digits"),
    ("huge integer for a float", f"epsilon = {'9' * 400}\n", "`epsilon`"),
    ("huge exponent", "epsilon = 1e999999999\n", "`epsilon` must be"),
    ("date", "epsilon = 2024-01-01\n", "`epsilon` must be"),
    ("list for a number", "epsilon = [1.0]\n", "`epsilon` must be"),
    ("number for a list", "seeds = 1\n", "`seeds` must be"),
    ("empty list", "seeds = []\n", "`seeds` must be"),
    ("list with a text", 'seeds = [1, "2"]\n', "`seeds` must be"),
    ("deep list", f"seeds = {'[' * 2000}{']' * 2000}\n", "config.toml"),
    ("no value", "epsilon =\n", "line 1"),
    ("no equals sign", "epsilon 1.0\n", "line 1"),
    ("open text", 'data = "files\n', "line 1"),
    ("a text without quotes", "data = files\n", "double quotes"),
    ("one path with backslashes", 'data_dir = "C:\\new"\n', "config.toml"),
    ("YAML", "epsilon: 1.0\n", "name = value"),
    ("JSON", '{"epsilon": 1.0}\n', "name = value"),
    ("UTF-16", "epsilon = 1.0\n".encode("utf-16"), "UTF-8"),
    ("UTF-16 without a mark", "epsilon = 1.0\n".encode("utf-16-le"), "config"),
    ("Latin-1", '# café\ndata = "demo"\n'.encode("latin-1"), "line 1.*UTF-8"),
    ("NUL", b"epsilon = 1.0\n\0\n", "line 2"),
    ("control character", 'data_dir = "a\x01b"\n', "line 1"),
    ("bytes of a model", bytes(range(256)) * 8, "config.toml"),
    ("gzip", b"\x1f\x8b\x08\0\0\0\0\0", "UTF-8"),
    ("truncated in a number", "epsilon = 1.", "line 1"),
    ("truncated in a list", "seeds = [1,", "config.toml"),
    ("escape of half a pair", 'data_dir = "\\ud800"\n', "config.toml"),
    ("bidirectional marks in a key", '"epsi\u202elon" = 1\n', "unknown key"),
    ("rules between fields", "resume = true\noverwrite = true\n", "not both"),
)
_DEMO = 'data = "demo"\n'
_LIKE = (
    ("mark at the start", ("\ufeff" + _DEMO).encode()),
    ("CRLF", _DEMO.replace("\n", "\r\n")),
    ("empty", ""),
    ("comments only", "# nothing\n\n"),
    ("integer for a float", "epsilon = 1\n"),
    ("quoted key", '"epsilon" = 1.0\n'),
)
_KINDS = (
    ("a folder", folder, "config"),
    ("a FIFO", fifo, "config|regular"),
    ("/dev/zero", link("/dev/zero"), "config|regular"),
    ("a link to nowhere", link("nowhere"), "No config file"),
    ("a link to itself", link("config.toml"), "config"),
)
_TAKEN = "config.load(here / 'config.toml')"


def cases():
    for name, content, right in _WRONG:
        command = "advtext train {here}/config.toml --run_dir={here}/run"
        yield _case(name, command, right, content)
    for name, content in _LIKE:
        check = Accepted("value.data == 'demo' and value.units == 256")
        yield _case(name, _TAKEN, check, content)
    for name, make, right in _KINDS:
        command = "advtext pretrain {here}/config.toml --run_dir={here}/run"
        yield _case(name, command, right, make)


def _case(name, call, right, content):
    files = {"config.toml": content}
    return Case("config", f"configuration: {name}", call, right, files)
