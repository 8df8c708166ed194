"""Folders of texts in every form, damaged and odd."""

import gzip
import json
import lzma

from case import Accepted, Case
from inputs import bomb, fifo, folder, gz, lines, link, reviews, rows, xz

_SOURCE = "data.open_source('files', str(here / 'text')).read('train')"
_GOOD = [{"text": "fine film", "label": "a"}, {"text": "bad", "label": "b"}]


def _n(number):
    return Accepted(f"len(value.texts) == {number}")


# File, content, what is said or how it is taken.
_FILES = (
    # JSON lines.
    ("train.jsonl", "", "no text"),
    ("train.jsonl", "\n\n", "no text"),
    ("train.jsonl", "{", "train.jsonl:1: not JSON"),
    ("train.jsonl", reviews()[:-10], "train.jsonl:8: not JSON"),
    ("train.jsonl", "[1, 2]\n", "train.jsonl:1"),
    ("train.jsonl", "null\n", "train.jsonl:1"),
    ("train.jsonl", "[" * 100000, "train.jsonl:1: not JSON"),
    ("train.jsonl", '{"a":' * 100000, "train.jsonl:1: not JSON"),
    ("train.jsonl", json.dumps(_GOOD), "one object.*lines=True"),
    ("train.jsonl", json.dumps({"text": {"0": "a"}, "label": {"0": 1}}),
     'orient="records", lines=True'),
    ("train.json", json.dumps({"text": {str(n): "a" * 99 for n in range(99)}}),
     'orient="records", lines=True'),
    ("train.jsonl", lines({"txt": "a", "label": 1}), "no `text`"),
    ("train.jsonl", lines({"text": None, "label": 1}), "`text` must be"),
    ("train.jsonl", lines({"text": ["a"] * 999, "label": 1}), "`text` must"),
    ("train.jsonl", lines({"text": 5, "label": 1}), "`text` must be"),
    ("train.jsonl", lines({"text": "a", "label": True}), "`label` must be"),
    ("train.jsonl", lines({"text": "a", "label": [1]}), "`label` must be"),
    ("train.jsonl", lines({"text": "a", "label": 0.5}), "`label` must be"),
    ("train.jsonl", lines({"text": "a", "label": float("nan")}), "label"),
    ("train.jsonl", lines({"text": "a", "label": " "}), "`label` must be"),
    ("train.jsonl", lines({"text": "a", "label": "x" * 10000}), "label"),
    ("train.jsonl", '{"text": "a", "label": 1e400}\n', "label"),
    ("train.jsonl", f'{{"text": "a", "label": {"9" * 5000}}}\n', "label|JSON"),
    ("train.jsonl", '{"text": "\\ud800", "label": 1}\n', "surrogate"),
    ("train.jsonl", '{"text": "a", "label": "\\ud800"}\n', "label"),
    ("train.jsonl", lines({"text": "a", "label": "x\ty"}), "label"),
    ("train.jsonl", lines({"text": "a", "label": "x\ny"}), "label"),
    ("train.jsonl", lines({"text": "a", "label": "\x1b[31m"}), "label"),
    ("train.jsonl", '{"text": "a", "text": "b", "label": 1}\n', "text.*twice|d"
     "uplicate|twice"),
    ("train.jsonl", lines(*_GOOD) + '{"text": "a", "label": 1, "label": 2}\n',
     "twice|duplicate"),
    ("train.jsonl", reviews().encode("utf-16"), "UTF-16"),
    ("train.jsonl", reviews().encode("utf-16-be"), "UTF-16|NUL"),
    ("train.jsonl", reviews().encode("utf-32"), "UTF"),
    ("train.jsonl", '{"text": "é", "label": 1}\n'.encode("latin-1"), ":1.*utf"),
    ("train.jsonl", b"\0" * 1000, "train.jsonl:1"),
    ("train.jsonl", "NaN\n", "train.jsonl:1"),
    ("train.jsonl", lines(*_GOOD, {"text": "a", "label": 3}), "name"),
    ("train.jsonl", lines({"text": "a", "label": 1}), "only the class '1'"),
    ("train.jsonl", lines({"text": "a"}, {"text": "b"}), "no label at all"),
    ("train.jsonl", lines(*({"text": "a", "label": n} for n in (-2, 1))),
     "negative"),
    ("train.jsonl", reviews().replace("\n", "\r\n"), _n(8)),
    ("train.jsonl", "\ufeff" + reviews(), _n(8)),
    ("train.jsonl", reviews().rstrip("\n"), _n(8)),
    ("train.jsonl", "\n\n" + reviews() + "\n \n", _n(8)),
    ("train.jsonl", lines(*_GOOD, {"text": "", "label": "a"}), _n(3)),
    ("train.jsonl", lines(*_GOOD, {"text": "c", "label": None}),
     Accepted("value.labels.tolist() == [0, 1, -1]")),
    ("train.jsonl", lines(*_GOOD, {"text": "a\0b", "label": "a"}), _n(3)),
    ("train.jsonl", lines(*_GOOD, {"text": "a\u2028b", "label": "a"}), _n(3)),
    ("train.jsonl", lines({"text": "a", "label": 1.0}, {"text": "b",
     "label": 0.0}), Accepted("value.labels.tolist() == [1, 0]")),
    ("train.jsonl", lines({"text": "a", "label": 1}, {"text": "b", "label":
     "01"}, {"text": "c", "label": 0}),
     Accepted("value.labels.tolist() == [1, 1, 0]")),
    ("train.jsonl", lines(*({"text": "a", "label": n} for n in range(1, 6))),
     Accepted("value.labels.tolist() == [0, 1, 2, 3, 4]")),
    ("train.jsonl", lines(*({"text": "a", "label": n} for n in (0, 4))),
     Accepted("value.labels.tolist() == [0, 1]")),
    # CSV.
    ("train.csv", "", "no text|empty"),
    ("train.csv", "text,label\n", "no text"),
    ("train.csv", "text;label\ngood;1\nbad;0\n", "separator|;"),
    ("train.csv", "text|label\ngood|1\nbad|0\n", "separator|\\|"),
    ("train.csv", rows(separator="\t"), "\\.tsv"),
    ("train.csv", "review,sentiment\ngood,1\n", "no column `text`"),
    ("train.csv", "good,1\nbad,0\n", "no column `text`"),
    ("train.csv", "Text,Label\ngood,1\nbad,0\n", _n(2)),
    ("train.csv", "text,text,label\na,b,1\n", "2 columns"),
    ("train.csv", "text,label,label\na,1,0\nb,0,1\n", "2 columns"),
    ("train.csv", rows() + "a,b,1\n", "train.csv:10: 3 fields"),
    ("train.csv", rows() + "alone\n", "train.csv:10: 1 field"),
    ("train.csv", rows() + '"open,1\nb,0\n', "train.csv:10"),
    ("train.csv", rows() + 'a "b" c,1\n', _n(9)),
    ("train.csv", rows() + '"a"b,1\n', "train.csv:10"),
    ("train.csv", 'text,label\n"a \\"b\\" c",1\nd,0\n',
     Accepted("value.texts == ['a \"b\" c', 'd']")),
    ("train.csv", rows().encode("utf-16"), "UTF-16"),
    ("train.csv", "text,label\né,1\n".encode("latin-1"), ":2.*(utf|UTF)"),
    ("train.csv", b"text,label\na\0b,1\nc,0\n", ":2: .*NUL"),
    ("train.csv", "text,label\n" + "," * 10000 + "\n", "train.csv:2"),
    ("train.csv", ",".join(f"c{n}" for n in range(5000)) + "\na\n", "`text`"),
    ("train.csv", rows() + "a,x\ty\n", "label"),
    ("train.csv", rows() + "a,neutral\n", "name"),
    ("train.csv", "text,label\na,1e999999\nb,0\n", "label"),
    ("train.csv", f"text,label\na,{'9' * 5000}\nb,0\n", "label"),
    ("train.csv", "\ufeff" + rows(), _n(8)),
    ("train.csv", rows().replace("\n", "\r\n"), _n(8)),
    ("train.csv", rows().replace("\n", "\n\n"), _n(8)),
    ("train.csv", "label,text,more\n1,a,x\n0,b,y\n",
     Accepted("value.texts == ['a', 'b']")),
    ("train.csv", " text , label\na,1\nb,0\n", _n(2)),
    ("train.csv", 'text,label\n"a\n\nb",1\nc,0\n',
     Accepted("value.texts == ['a\\n\\nb', 'c']")),
    ("train.csv", 'text,label\n"a ""b"" c",1\nd,0\n',
     Accepted("value.texts == ['a \"b\" c', 'd']")),
    ("train.csv", "text,label\ngood,1.0\nbad,0.0\n",
     Accepted("value.labels.tolist() == [1, 0]")),
    ("train.csv", "text,label\na,1\nb,0\nc,\n",
     Accepted("value.labels.tolist() == [1, 0, -1]")),
    ("train.csv", f"text,label\n{'word ' * 100000},1\nb,0\n", _n(2)),
    # TSV: a line is a row.
    ("train.tsv", rows(separator=","), "no column `text`|separator|comma"),
    ("train.tsv", 'text\tlabel\nfine film\t1\n" first\t1\nbad\t0\nsecond "\t0\n'
     "last\t1\n", _n(5)),
    ("train.tsv", 'text\tlabel\n"great" film\t1\nbad\t0\n',
     Accepted("value.texts[0] == '\"great\" film'")),
    ("train.tsv", 'text\tlabel\n" great , " he said\t1\nbad\t0\n', _n(2)),
    ("train.tsv", "text\tlabel\na\tb\t1\n", "train.tsv:2: 3 fields"),
    ("train.tsv", rows(separator="\t"), _n(8)),
    ("train.tsv", 'text\tlabel\n"a\tb"\t1\n"c"\t0\n',
     Accepted("value.texts == ['a\\tb', 'c']")),
    # Plain lines carry no label.
    ("train.txt", "good\nbad\n", "no label at all"),
    # Compressed.
    ("train.jsonl.gz", gz(reviews()), _n(8)),
    ("train.jsonl.xz", xz(reviews()), _n(8)),
    ("train.jsonl.gz", gz(reviews()) + gz(reviews()), _n(16)),
    ("train.jsonl.gz", gz(reviews(999))[:-20], "truncated|damaged"),
    ("train.jsonl.xz", xz(reviews(999))[:-20], "truncated|damaged"),
    ("train.jsonl.gz", reviews(), "damaged"),
    ("train.jsonl.xz", reviews(), "damaged"),
    ("train.jsonl.gz", b"", "no text|damaged|truncated"),
    ("train.jsonl.xz", b"", "no text|damaged|truncated"),
    ("train.jsonl.gz", gz(reviews())[:20] + b"\xff" * 40, "damaged"),
    ("train.jsonl.gz", gz(reviews()) + b"rest", "damaged"),
    ("train.jsonl.gz", bomb(gzip.open, 2**30), "gz.*(long|large|bytes)"),
    ("train.jsonl.xz", bomb(lzma.open, 2**28), "xz.*(long|large|bytes)"),
    # No regular files.
    ("train.jsonl", fifo, "regular|train.jsonl"),
    ("train.csv", link("/dev/zero"), "regular|train.csv"),
    ("train.jsonl", link("/dev/stdin"), "regular|train.jsonl"),
    ("train.jsonl", link("nowhere"), "train"),
    ("train.jsonl", folder, "train"),
    ("train.docx", "text", "no training split"),
)  # fmt: skip
# Folders of several files.
_FOLDERS = (
    ("two files of one split", {"train.csv": rows(), "train.tsv": rows()},
     "both claim"),
    ("a test label that is unknown",
     {"train.csv": rows(), "test.csv": "text,label\na,7\n"}, "train.csv|7"),
    ("a test text without a label",
     {"train.csv": rows(), "test.csv": "text,label\na,\n"}, "without a label"),
    ("a test file that is a FIFO",
     {"train.csv": rows(), "test.csv": fifo}, "regular|test.csv"),
    ("unlabelled texts that are damaged",
     {"train.csv": rows(), "unsup.jsonl": "{"}, "unsup.jsonl:1"),
    ("aclImdb without pos", {"train/neg/0_1.txt": "bad"}, "pos"),
    ("aclImdb without files",
     {"train/neg/0_1.txt": "bad", "train/pos/a.md": "x"}, "no .txt file"),
    ("aclImdb in Latin-1",
     {"train/neg/0_1.txt": b"\xe9", "train/pos/0_9.txt": "a"}, "0_1.txt:1"),
    ("aclImdb in UTF-16",
     {"train/neg/0_1.txt": "bad".encode("utf-16"), "train/pos/0_9.txt": "a"},
     "UTF-16"),
    ("aclImdb with a FIFO",
     {"train/neg/0_1.txt": fifo, "train/pos/0_9.txt": "a"}, "regular|0_1"),
    ("aclImdb with a device",
     {"train/neg/0_1.txt": link("/dev/zero"), "train/pos/0_9.txt": "a"},
     "regular|0_1"),
    ("aclImdb with a folder .txt",
     {"train/neg/a.txt/b": "x", "train/pos/0_9.txt": "a"}, "a.txt"),
    ("aclImdb with a link to nowhere",
     {"train/neg/0_1.txt": link("nowhere"), "train/pos/0_9.txt": "a"},
     "0_1.txt"),
)  # fmt: skip


def cases():
    for number, (name, content, right) in enumerate(_FILES):
        call = _SOURCE
        if isinstance(right, str):
            # Whether it is said on the screen, too.
            call = (
                "advtext prepare {config} --cache_dir={here}/cache "
                "--data_dir={here}/text --out={here}/out"
            )
        files = {f"text/{name}": content, "text/ours.md": "not a text\n"}
        yield Case("text", f"text {number}: {name}", call, right, files)
    for name, files, right in _FOLDERS:
        files = {f"text/{file}": content for file, content in files.items()}
        call = (
            "advtext train {config} --cache_dir={here}/cache "
            "--data_dir={here}/text --run_dir={here}/run"
        )
        yield Case("text", f"texts: {name}", call, right, files)
