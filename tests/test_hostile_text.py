"""Files as people have them: what is read, and what is refused and how."""

import gzip
import json
import os

import pytest

from advtext.data import (
    SentencePieceTokenizer,
    WordTokenizer,
    open_source,
    read_documents,
)
from advtext.data.text_files import read_text_file
from advtext.experiments import predict

MARK = "\ufeff".encode()
READ = [
    # Tab separated: a line is a row, unless quotes fit in every line.
    (
        "a.tsv",
        'text\tlabel\nfine\t1\n" one\t1\nbad\t0\ntwo "\t0\nlast\t1\n',
        [("fine", "1"), ('" one', "1"), ("bad", "0"), ('two "', "0")]
        + [("last", "1")],
    ),
    ("a.tsv", 'text\tlabel\n"a" b\t1\n', [('"a" b', "1")]),
    ("a.tsv", 'text\tlabel\n" a , " b\t1\n', [('" a , " b', "1")]),
    ("a.tsv", 'text\tlabel\n"a\tb"\t1\n', [("a\tb", "1")]),
    ("a.tsv", 'text\tlabel\n"a\nb"\t1\n"c"\t0', [("a\nb", "1"), ("c", "0")]),
    ("a.tsv", 'text\tlabel\nbad "\t0\n"\t1', [('bad "', "0"), ('"', "1")]),
    ("a.tsv", 'id\tlabel\ttext\n"5"\t1\t"a \\"b\\""\n', [('a "b"', "1")]),
    ("a.csv", 'text,label\n"a \\"b, c\\" d",1\n', [('a "b, c" d', "1")]),
    ("a.csv", 'text,label\n"C:\\",1\n', [("C:\\", "1")]),
    # Byte order marks and line ends.
    ("a.csv", MARK + b'"text",label\na,1\n', [("a", "1")]),
    ("a.csv", MARK * 2 + b"text\r\na\r\n\r\n", [("a", None)]),
    ("a.jsonl", b'{"text": "a"}\n' + MARK + b'{"text": "b"}', "ab"),
    ("a.csv", "text,label\ra,1\rb,0\r", [("a", "1"), ("b", "0")]),
    ("a.txt", "a\rb", "ab"),
    # Headers.
    ("a.csv", " Text , LABEL \na,1\n", [("a", "1")]),
    ("a.csv", "label,id,id,text\n1,,,a\n", [("a", "1")]),
    ("a.csv", f"text\n{'a' * 200_000}\n", [("a" * 200_000, None)]),
    # Labels.
    (
        "a.csv",
        "text,label\na,1.0\nb,\nc, nan\n",
        [("a", "1"), ("b", None), ("c", None)],
    ),
    ("a.csv", "text,label\na,True\nb,-0\n", [("a", "True"), ("b", "0")]),
    ("a.jsonl", '{"text": "a", "label": 1.0}', [("a", "1")]),
    ("a.jsonl", '{"text": "a", "label": NaN}', [("a", None)]),
    ("a.jsonl", '{"text": "\\u00e9", "label": " p "}', [("\u00e9", "p")]),
]
REFUSED = [
    ("a.csv", "text,label\na,1\n".encode("utf-16"), "a.csv:1: this is UTF-16"),
    ("a.csv", "text\n".encode("utf-16-le"), "a.csv:1: .*NUL.*utf-16le"),
    ("a.csv", "text\n".encode("utf-16-be"), "a.csv:1: .*NUL.*utf-16be"),
    ("a.txt", "text\n".encode("utf-32"), "a.txt:1: this is UTF-32"),
    ("a.txt", b"a\nb\0c\n", "a.txt:2: byte 2 of the line is NUL"),
    ("a.txt", "\u5f88\n".encode("gb18030"), "a.txt:1: not valid.*gb18030"),
    ("a.csv", "text;label\na;1\n", "separates by ';', not by commas"),
    ("a.csv", "text\tlabel\na\t1\n", "end with .tsv, or save it with commas"),
    ("a.tsv", "text,label\na,1\n", "let its name end with .csv"),
    ("a.csv", "text,Text\na,1\n", "a.csv:1: 2 columns `text`"),
    ("a.csv", "text,label,label\na,1,0\n", "a.csv:1: 2 columns `label`"),
    ("a.csv", "text,label\na\n", "a.csv:2: 1 fields"),
    ("a.csv", 'text,label\n"a\nb', "a.csv:2: .* cut off"),
    ("a.tsv", 'text\tlabel\n"a\nb"\t1\n"c\n', "a.tsv:4: .* cut off"),
    ("a.csv", "text,label\na,1.5\n", "a.csv:2: `label` must be"),
    ("a.csv", 'text,label\na,"x\ty"\n', r"a.csv:2: the label 'x\\ty' holds"),
    ("a.csv", "text,label\na,\x1b[31mx\n", r"the label '\\x1b\[31mx' holds"),
    ("a.csv", f"text,label\na,{'x' * 999}\n", "longer than 200 characters"),
    ("a.jsonl", '{"text": "a", "label": "\\ud800"}', r"label '\\ud800' holds"),
    ("a.jsonl", '{"text": "a", "label": "x\\ny"}', r"label 'x\\ny' holds"),
    ("a.jsonl", '{"text": "a", "text": "b"}', "the key 'text' stands twice"),
    ("a.jsonl", '{"text": "a", "label": Infinity}', "`label` must be"),
    ("a.jsonl", '{"text": "a", "label": {"a": 1}}', "`label` must be"),
    ("a.jsonl", '{"text": "a",}', "a.jsonl:1: not JSON"),
    ("a.jsonl", '[\n{"text": "a"}\n]', 'not JSON.*"records", lines=True'),
    ("a.json", '[{"text": "a"}]', 'no `text`.*"records", lines=True'),
    ("a.json", '{"text": {"0": "a"}}', 'a string.*"records", lines=True'),
]


@pytest.mark.parametrize(("name", "content", "expected"), READ)
def test_what_is_read(tmp_path, name, content, expected):
    path = tmp_path / name
    path.write_bytes(
        content if isinstance(content, bytes) else content.encode()
    )
    documents = read_text_file(path)
    found = list(zip(documents.texts, documents.labels, strict=True))
    if isinstance(expected, str):
        expected = [(text, None) for text in expected]
    assert found == expected


@pytest.mark.parametrize(("name", "content", "message"), REFUSED)
def test_what_is_refused(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(
        content if isinstance(content, bytes) else content.encode()
    )
    with pytest.raises(ValueError, match=message):
        read_documents(path)


def test_what_is_quoted_is_cut(tmp_path):
    path = tmp_path / "a.json"
    path.write_text(
        json.dumps({"text": {str(n): "x" * 99 for n in range(999)}})
    )
    with pytest.raises(ValueError) as refused:
        read_documents(path)
    assert len(str(refused.value)) < 400 + len(str(path))


def test_a_line_without_end_is_refused(tmp_path):
    path = tmp_path / "a.jsonl.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(b'{"text": "a"}\n')
        for _ in range(70):
            file.write(b"x" * 2**20)
    with pytest.raises(ValueError, match=r"gz:2: this line is longer than 64"):
        read_documents(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
@pytest.mark.parametrize("layout", ["train.csv", "train/neg/1_2.txt"])
@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "dangling"])
def test_only_regular_files_are_read(tmp_path, layout, kind):
    for name in ("neg", "pos"):
        (tmp_path / "train" / name).mkdir(parents=True)
        (tmp_path / "train" / name / "0_1.txt").write_text("film")
    path = tmp_path / layout
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero" if kind == "device" else "nowhere")
    with pytest.raises((ValueError, FileNotFoundError), match=path.name):
        open_source("files", tmp_path).read("train")
    if kind != "dangling":
        with pytest.raises(ValueError, match="not a regular file"):
            list(predict.texts_of(path))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", 'text,label\n"a\nb",1\nc,0\n'),
        ("a.jsonl", '{"text": "a\\nb"}\n{"text": "c"}\n'),
    ],
)
def test_texts_to_predict_are_read_by_their_format(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    assert list(predict.texts_of(tmp_path / name)) == ["a\nb", "c"]
    (tmp_path / "plain").write_text(content)
    form = name.partition(".")[2]
    with pytest.raises(ValueError, match=f"plain:1: this looks like {form}"):
        list(predict.texts_of(tmp_path / "plain"))


@pytest.mark.parametrize("line", ["text", '"great" film', "[sic] fine", "{"])
def test_plain_lines_are_no_format(tmp_path, line):
    (tmp_path / "plain").write_text(f"{line} it is\nb\n")
    assert list(predict.texts_of(tmp_path / "plain")) == [f"{line} it is", "b"]


def test_each_emoji_is_a_word():
    texts = ["\U0001f621\U0001f621 bad", "\u2764\ufe0f \U0001f1e9\U0001f1ea"]
    tokenizer = WordTokenizer.fit(texts, min_documents=1)
    assert tokenizer.words[0] == "\U0001f621"
    assert set(tokenizer.words[1:]) == {"bad", "\u2764", "\U0001f1e9\U0001f1ea"}


def test_what_a_tokenizer_drops_is_told():
    texts = [f"\u5f88\u597d{chr(0x4E00 + n)}\uff0c\u597d" for n in range(300)]
    with pytest.warns(UserWarning, match="50% of the words .*sentencepiece"):
        WordTokenizer.fit(texts)
    SentencePieceTokenizer.fit(texts, 500)
