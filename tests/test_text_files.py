import gzip
import json
import lzma

import pytest

from advtext.data import read_documents


@pytest.mark.parametrize(
    "name, content",
    [
        (
            "train.jsonl",
            '{"text": "a\u0085b\\nc", "label": "pos"}\r\n\n'
            '{"label": "neg", "text": ""}\n{"text": "x", "label": null}',
        ),
        (
            "train.csv",
            '\ufefflabel,id,text\npos,1,"a\u0085b\nc"\n neg ,2,\n,3,x\n',
        ),
        ("train.tsv", 'text\tlabel\r\n"a\u0085b\nc"\tpos\r\n\tneg\nx\t\n'),
    ],
)
def test_reads_each_format_plain_and_compressed(tmp_path, name, content):
    for suffix, opener in (("", open), (".gz", gzip.open), (".xz", lzma.open)):
        path = tmp_path / (name + suffix)
        with opener(path, "wb") as file:
            file.write(content.encode("utf-8"))
        documents = read_documents(path)
        assert documents.texts == ["a\u0085b\nc", "", "x"]
        assert documents.labels.tolist() == [1, 0, -1]
        assert documents.labels.dtype == "int32"


def test_plain_lines_are_unlabelled_and_cut_at_newlines_only(tmp_path):
    path = tmp_path / "my.reviews.txt"
    path.write_bytes("one\u0085still one\r\n\nthree\u2028".encode())
    documents = read_documents(path)
    assert documents.texts == ["one\u0085still one", "", "three\u2028"]
    assert documents.labels is None


def test_a_very_long_text_in_every_format(tmp_path):
    text = "word " * 100_000
    (tmp_path / "a.csv").write_text(f'text,label\n"{text}",1\n')
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": text, "label": 1}))
    (tmp_path / "a.txt").write_text(text)
    for name in ("a.csv", "a.jsonl", "a.txt"):
        assert read_documents(tmp_path / name, ("0", "1")).texts == [text]


@pytest.mark.parametrize(
    "name, content, message",
    [
        ("a.jsonl", b"", "a.jsonl: the file holds no text"),
        ("a.csv", b"", "a.csv: the file holds no text"),
        ("a.csv", b"text,label\n", "a.csv: the file holds no text"),
        ("a.txt", b"", "a.txt: the file holds no text"),
        ("a.jsonl", b'{"text": "x"}\n\xff\n', "a.jsonl:2: not valid UTF-8"),
        ("a.csv", b'text\n"x\ny"\ncaf\xe9\n', "a.csv:4: not valid UTF-8"),
        ("a.jsonl", b'{"text": "x"}\noops\n', "a.jsonl:2: not JSON"),
        ("a.jsonl", b"[" * 100_000, "a.jsonl:1: not JSON"),
        ("a.jsonl", b'{"text": 1' + b"0" * 5000 + b"}", "a.jsonl:1: not JSON"),
        ("a.jsonl", b'[{"text": "x"}]', "a.jsonl:1: no `text`"),
        ("a.jsonl", b'{"review": "x"}', "a.jsonl:1: no `text`"),
        ("a.jsonl", b'{"text": 3}', "a.jsonl:1: `text` must be a string"),
        ("a.jsonl", b'{"text": null}', "a.jsonl:1: `text` must be a string"),
        ("a.jsonl", b'{"text": "x\\ud83d"}', "a.jsonl:1: .* surrogate"),
        ("a.jsonl", b'{"text": "x", "label": 1.5}', "a.jsonl:1: `label` must"),
        ("a.jsonl", b'{"text": "x", "label": true}', "a.jsonl:1: `label` must"),
        ("a.jsonl", b'{"text": "x", "label": [1]}', "a.jsonl:1: `label` must"),
        ("a.jsonl", b'{"text": "x", "label": ""}', "a.jsonl:1: `label` must"),
        ("a.csv", b"review,label\nx,1\n", "a.csv:1: no column `text`"),
        ("a.csv", b'text,label\n"x\ny",1\nz\n', "a.csv:4: 1 fields"),
        ("a.csv", b'text,label\nx,1\n"y,0\nz,1', "a.csv:3: the row that beg"),
        ("a.csv", b'text,label\n"x"y,1\n', "a.csv:2: the row that begins"),
        ("a.pdf", b"x", "a.pdf: unknown kind of file"),
        ("a", b"x", "a: unknown kind of file"),
        ("a.gz", b"x", "a.gz: unknown kind of file"),
        ("a.jsonl.gz", b"plain", "a.jsonl.gz:1: .* truncated or damaged"),
        ("a.jsonl.xz", b"plain", "a.jsonl.xz:1: .* truncated or damaged"),
    ],
)
def test_unreadable_files(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_documents(tmp_path / name)


@pytest.mark.parametrize("module", [gzip, lzma])
def test_truncated_compressed_file_names_the_line(tmp_path, module):
    suffix = {gzip: "gz", lzma: "xz"}[module]
    line = b'{"text": "%d"}\n'
    data = module.compress(b"".join(line % n for n in range(9000)))
    path = tmp_path / f"a.jsonl.{suffix}"
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(ValueError, match=r"a\.jsonl\.[gx]z:\d+: .*truncated"):
        read_documents(path)
