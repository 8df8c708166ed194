import io
import json
import os
import shutil
import types

import numpy as np
import pytest

from advtext.experiments import predict
from advtext.experiments.run_directory import RunDirectory


@pytest.fixture
def stdin(monkeypatch):
    """Function that puts bytes on standard input."""

    def put(content):
        source = types.SimpleNamespace(
            buffer=io.BytesIO(content), isatty=lambda: False
        )
        monkeypatch.setattr("sys.stdin", source)

    return put


def rows(printed):
    lines = [line.split("\t") for line in printed.splitlines()]
    return [(label, float(probability)) for label, probability in lines]


def test_probabilities_of_two_and_of_three_classes():
    two = predict.probabilities(np.log([[3.0], [0.25]], dtype="float32"))
    np.testing.assert_allclose(two, [[0.25, 0.75], [0.8, 0.2]], rtol=1e-6)
    logits = np.log([[1.0, 1.0, 2.0]], dtype="float32") + 50.0
    three = predict.probabilities(logits)
    np.testing.assert_allclose(three, [[0.25, 0.25, 0.5]], rtol=1e-5)


def test_the_test_error_is_that_of_the_printed_labels(tiny, tmp_path, advtext):
    lines = (tiny.data / "test.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    path = tmp_path / "texts.txt"
    path.write_text("".join(f"{record['text']}\n" for record in records))
    answers = rows(advtext("predict", tiny.trained, path))
    wrong = [
        label != record["label"]
        for (label, _), record in zip(answers, records, strict=True)
    ]
    error = RunDirectory(tiny.trained).metrics()["test_error"]
    assert 100.0 * np.mean(wrong) == pytest.approx(error)
    assert all(0.5 <= probability <= 1.0 for _, probability in answers)


def test_strange_texts_are_labelled_too(tiny, stdin, advtext):
    long = "good film " * 50_000
    texts = ["", "xyzzy", "\u00e9\U0001f600", "  \t ", long, "good\x85film\r"]
    stdin("\n".join(texts).encode())
    answers = rows(advtext("predict", tiny.trained))
    assert len(answers) == len(texts)
    # Without a known word, the end-of-sequence token alone is judged.
    assert len(set(answers[:4])) == 1
    # Of a long text the end is judged.
    stdin(("good film " * 20).encode())
    assert rows(advtext("predict", tiny.trained)) == [answers[4]]


@pytest.mark.parametrize("content", [b"", b"\n", b"good", b"good\nbad\n"])
def test_every_line_is_answered(tiny, stdin, advtext, content):
    stdin(content)
    answers = rows(advtext("predict", tiny.trained))
    assert len(answers) == len(content.splitlines())


def test_texts_are_read_no_further_than_they_are_answered(tiny):
    taken = []

    def texts():
        for word in ("good", "bad", "film"):
            taken.append(word)
            yield word

    answers = predict.run(tiny.trained, texts(), chunk_size=1)
    assert taken == []
    first = next(answers)
    assert taken == ["good"]
    in_one = list(predict.run(tiny.trained, ["good", "bad", "film"]))
    one_by_one = [first, *answers]
    assert [label for label, _ in one_by_one] == [label for label, _ in in_one]
    np.testing.assert_allclose(
        [p for _, p in one_by_one], [p for _, p in in_one], rtol=1e-5
    )


def test_input_that_is_not_utf8_is_named_with_its_line(
    tiny, tmp_path, stdin, refusal
):
    content = b"good\nbad\nf\xfclm\n"
    stdin(content)
    line = refusal("predict", tiny.trained)
    assert "standard input:3: not valid UTF-8" in line
    path = tmp_path / "texts.txt"
    path.write_bytes(content)
    assert f"{path}:3: not" in refusal("predict", tiny.trained, path)


def test_input_that_is_not_there_is_named(tiny, tmp_path, monkeypatch, refusal):
    path = tmp_path / "nowhere.txt"
    assert f"No such file or directory: {path}" in refusal(
        "predict", tiny.trained, path
    )
    assert "is a folder, not a regular" in refusal(
        "predict", tiny.trained, tmp_path
    )
    monkeypatch.setattr("sys.stdin", None)
    assert "input is closed. Name a file" in refusal("predict", tiny.trained)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("metrics.json", None, "metrics.json is not there"),
        ("metrics.json", "", "metrics.json is truncated or damaged"),
        ("metrics.json", '{"test_error": 1.0}', "not the file that this run"),
        ("classifier.keras", None, "classifier.keras is not there"),
        ("classifier.keras", "PK", "classifier.keras is truncated or damaged"),
        ("tokenizer.json", "{}", "tokenizer.json is not a tokenizer"),
        ("config.toml", None, "config.toml is not there"),
        ("config.toml", "epsilom = 1", "did you mean `epsilon`"),
    ],
)
def test_a_damaged_or_older_run_is_named(
    tiny, tmp_path, stdin, refusal, name, content, message
):
    run_dir = shutil.copytree(tiny.trained, tmp_path / "run")
    (run_dir / name).unlink()
    if content is not None:
        (run_dir / name).write_text(content)
    stdin(b"good\n")
    assert message in refusal("predict", run_dir)


def test_the_file_and_the_folder_of_no_run_are_named(tiny, stdin, refusal):
    stdin(b"good\n")
    assert "nowhere" in refusal("predict", "nowhere")
    assert "a finished training run" in refusal("predict", tiny.pretrained)


@pytest.mark.skipif(os.name == "nt", reason="pipes are others there")
def test_a_closed_pipe_ends_quietly(tiny, stdin, monkeypatch, capsys):
    from tiny_runs import main

    reader, writer = os.pipe()
    os.close(reader)
    stdin(b"good\n" * 9)
    with open(writer, "w") as pipe:
        monkeypatch.setattr("sys.stdout", pipe)
        assert main("predict", tiny.trained) == 141
    assert capsys.readouterr().err == ""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
def test_a_full_disk_is_told(tiny, stdin, monkeypatch, refusal):
    stdin(b"good\n" * 9)
    with open("/dev/full", "w") as full:
        monkeypatch.setattr("sys.stdout", full)
        assert "No space left on device" in refusal("predict", tiny.trained)
