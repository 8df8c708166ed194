import ast
import io
import re
import sys

import numpy as np
import pytest

from advtext.data import word_numbers
from advtext.data.word_numbers import WordNumbers, find_words


@pytest.mark.parametrize("lowercase", [True, False])
def test_words_are_those_of_the_regular_expression(lowercase):
    def expected(text):
        return re.findall(r"\w+", text.lower() if lowercase else text)

    rng = np.random.default_rng(0)
    # Above that there are emoji.
    for last in (128, 256, 0x2000):
        for _ in range(50):
            text = "".join(map(chr, rng.integers(0, last, 60)))
            assert find_words(text, lowercase) == expected(text)
    everything = "".join(map(chr, range(128)))
    assert find_words(everything, lowercase) == expected(everything)
    assert find_words("", lowercase) == []


def test_numbers_worked_out_by_hand():
    file = io.BytesIO()
    numbers = WordNumbers(True, file)
    numbers.add(["A b a", "", "b c"])
    numbers.add(["d, a"], counted=False)
    words, counts, documents, lengths = numbers.result()
    assert words == ["", "a", "b", "c", "d"]
    written = np.frombuffer(file.getvalue(), "int32")
    assert written.tolist() == [1, 2, 1, 0, 0, 2, 3, 0, 4, 1, 0]
    assert lengths.tolist() == [4, 1, 3, 3]
    # What does not count may have words without a count.
    assert counts.tolist() == [3, 2, 2, 1, 0]
    assert documents.tolist() == [3, 1, 2, 1, 0]


def test_imports_nothing_that_starts_slowly():
    with open(word_numbers.__file__, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    modules = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            modules.add(node.module)
    assert modules - set(sys.stdlib_module_names) == {"numpy"}
