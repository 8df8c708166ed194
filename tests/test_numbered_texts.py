import os
import subprocess
import sys

import numpy as np
import pytest

from advtext.data import WordTokenizer, numbered_texts
from advtext.data.numbered_texts import NumberedTexts

RNG = np.random.default_rng(0)
TEXTS = [
    " ".join(RNG.zipf(1.5, size).astype(str)) + " Ende é"
    for size in RNG.integers(0, 50, 200)
]


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(numbered_texts, "_CHUNK", 500)
    return monkeypatch


def use_processes(monkeypatch, number):
    monkeypatch.setattr(numbered_texts, "num_processes", lambda: number)


@pytest.mark.parametrize("number", [0, 1, 3])
def test_any_number_of_processes_gives_the_same(small_chunks, number):
    use_processes(small_chunks, number)
    numbered = NumberedTexts(iter(TEXTS[:150]), True, others=TEXTS[150:])
    words = numbered.words
    assert words[0] == "" and len(set(words)) == len(words)
    assert numbered.counts[0] == numbered.documents[0] == 150
    split = [text.lower().split() for text in TEXTS]
    counts = dict(zip(words, numbered.counts.tolist(), strict=True))
    documents = dict(zip(words, numbered.documents.tolist(), strict=True))
    for word in words[1:]:
        assert counts[word] == sum(t.count(word) for t in split[:150])
        assert documents[word] == sum(word in t for t in split[:150])
    # Twice: the files stay.
    for _ in range(2):
        found = list(numbered.encode(np.arange(1, len(words) + 1)))
        assert [[words[n - 1] for n in ids] for ids in found] == [
            [*text, ""] for text in split
        ]


@pytest.mark.parametrize("number", [0, 2])
def test_tokenizers_are_the_same(small_chunks, number):
    expected, ids = WordTokenizer.fit_encode(TEXTS, 100)
    use_processes(small_chunks, number)
    tokenizer, encoded = WordTokenizer.fit_encode(TEXTS, 100)
    assert tokenizer.fingerprint() == expected.fingerprint()
    again = tokenizer.encode_stream(TEXTS)
    for one, two, three in zip(ids, encoded, again, strict=True):
        np.testing.assert_array_equal(one, two)
        np.testing.assert_array_equal(one, three)
        assert two.dtype == three.dtype == "int32"


def test_a_process_without_texts(small_chunks):
    use_processes(small_chunks, 3)
    numbered = NumberedTexts(["word " * 100] * 4, True)
    assert numbered.counts.tolist() == [4, 400]


def test_no_texts():
    numbered = NumberedTexts([], True)
    assert numbered.words == [""]
    assert list(numbered.encode(np.ones(1, "int32"))) == []


def test_texts_are_not_held(small_chunks):
    use_processes(small_chunks, 0)
    alive = [0, 0]

    class Text(str):
        def __del__(self):
            alive[0] -= 1

    def texts():
        for text in TEXTS:
            alive[0] += 1
            alive[1] = max(alive)
            yield Text(text)

    NumberedTexts(texts(), True)
    assert 0 < alive[1] < 70
    assert alive[0] == 0


def test_an_error_in_the_texts_ends_the_processes(small_chunks):
    use_processes(small_chunks, 2)
    processes = []

    class Noted(numbered_texts.WordProcess):
        def __init__(self, *args):
            super().__init__(*args)
            processes.append(self._process)

    small_chunks.setattr(numbered_texts, "WordProcess", Noted)

    def texts():
        yield from TEXTS
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        NumberedTexts(texts(), True)
    assert len(processes) == 2
    assert all(process.returncode is not None for process in processes)


def test_folder_that_cannot_be_written(tmp_path):
    with pytest.raises(OSError, match="temporary file in .*`cache_dir`"):
        NumberedTexts(TEXTS, True, tmp_path / "nowhere")
    NumberedTexts(TEXTS, True, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_script_without_a_main_guard(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from advtext.data import WordTokenizer, numbered_texts\n"
        "numbered_texts._CHUNK = 500\n"
        "numbered_texts.num_processes = lambda: 2\n"
        f"print(WordTokenizer.fit({TEXTS!r}).fingerprint())\n",
        encoding="utf-8",
    )
    printed = subprocess.run(
        [sys.executable, script],
        capture_output=True,
        text=True,
        check=True,
        env=dict(os.environ),
    ).stdout
    assert printed == WordTokenizer.fit(TEXTS).fingerprint() + "\n"
