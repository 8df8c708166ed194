"""What `advtext predict` is given to read."""

import json

from case import Accepted, Case
from inputs import fifo, gz, link, reviews, rows

_NAMED = "advtext predict {trained} {here}/"
# The file's name, its content, what is said or how many labels come out.
_ROWS = (
    ("texts.txt", "", 0),
    ("texts.txt", "\n", 1),
    ("texts.txt", "good film", 1),
    ("texts.txt", "good\n\nbad\n", 3),
    ("texts.txt", "good\r\nbad\r\n", 2),
    ("texts.txt", "\ufeffgood\n", 1),
    ("texts.txt", "good " * 100000, 1),
    ("texts.txt", "\n" * 3000, 3000),
    ("texts.txt", "a\u2028b\x85c\n", 1),
    ("texts.txt", "1,000 reasons to go, \"really\"\n", 1),
    ("texts.txt", "日本語\n😡😡\n", 2),
    ("texts.txt", b"good \xe9\n", "txt:1: not valid UTF-8"),
    ("texts.txt", b"good\n\xff\xfe\n", "txt:2: .*UTF-16"),
    ("texts.txt", "good\n".encode("utf-16"), "UTF-"),
    ("texts.txt", b"good\0bad\n", "txt:1: .*NUL"),
    ("texts.gz", gz("good\n"), "gz|UTF-8"),
    # By its name it is a table, and read as one.
    ("texts.csv", rows(), 8),
    ("texts.csv", 'text,label\n"two\nlines",1\n', 1),
    ("texts.tsv", rows(separator="\t"), 8),
    ("texts.json", json.dumps([{"text": "good"}]), "JSON|json"),
    ("texts.jsonl", reviews(), 8),
    ("texts.txt", rows(), "CSV|csv"),
    ("texts.txt", reviews(), "JSON|json"),
    ("texts.png", b"\x89PNG\r\n\x1a\n", "UTF-8|png"),
    ("texts.txt", fifo, "regular|texts.txt"),
    ("texts.txt", link("/dev/zero"), "regular|texts.txt"),
    ("texts.txt", link("nowhere"), "texts.txt"),
)  # fmt: skip
_STDIN = (
    ("", 0),
    ("good\nbad\n", 2),
    (b"\xff\n", "standard input:1: not valid UTF-8"),
    (b"\0" * 100, "NUL"),
    (rows(), "CSV|csv"),
    (reviews(), "JSON|json"),
)


def cases():
    for number, (name, content, right) in enumerate(_ROWS):
        title = f"predict {number}: {name}"
        yield Case("predict", title, _NAMED + name, _right(right),
                   {name: content}, seconds=40)  # fmt: skip
    for number, (content, right) in enumerate(_STDIN):
        title = f"predict standard input {number}"
        yield Case("predict", title, "advtext predict {trained}",
                   _right(right), {"stdin": content})  # fmt: skip


def _right(right):
    if isinstance(right, str):
        return right
    check = f"len(out.splitlines()) == {right} and all("
    check += "line.split('\\t')[0] in ('bad', 'good') and 0.5 <= "
    return Accepted(check + "float(line.split('\\t')[1]) for line in "
                    "out.splitlines())")  # fmt: skip
