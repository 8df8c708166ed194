import io
import random
import struct
import tokenize
import zipfile
import zlib

import keras
import numpy as np
import pytest

from advtext import backend, failures
from advtext.failures import line_of, outcome, reading


@pytest.mark.parametrize(
    "error",
    [
        EOFError(),
        KeyError("state"),
        MemoryError(),
        OverflowError("too large"),
        RuntimeError("File is encrypted"),
        SyntaxError("invalid"),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"),
        np.exceptions.AxisError("axis"),
        OSError("not a gzipped file"),
        struct.error("short"),
        tokenize.TokenError("EOF in multi-line statement"),
        zipfile.BadZipFile("no zip file"),
        zlib.error("invalid block"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_damaged_file_is_named(error):
    message = r"^a.npy is truncated or damaged \(.+\). Take it away.$"
    with pytest.raises(ValueError, match=message):
        with reading("a.npy", "Take it away."):
            raise error


def test_a_file_that_cannot_be_read_stays_what_it_is():
    with pytest.raises(FileNotFoundError, match="nowhere"):
        with reading("a.npy"):
            open("nowhere/a.npy").close()
    with pytest.raises(OSError, match="Input/output error: 'a.npy'"):
        with reading("a.npy"):
            raise OSError(5, "Input/output error")


@pytest.mark.parametrize("kind", ["npz", "gz", "npy"])
def test_no_flipped_bit_raises_anything_else(kind):
    file = io.BytesIO()
    arrays = {"a": np.arange(9), "state": np.zeros(3, "uint8")}
    np.save(file, arrays["a"]) if kind == "npy" else np.savez(file, **arrays)
    whole = file.getvalue()
    if kind == "gz":
        whole = zlib.compress(whole)
    draw = random.Random(0)
    for _ in range(1000):
        bit = draw.randrange(8 * len(whole))
        content = bytearray(whole)
        content[bit // 8] ^= 1 << bit % 8
        try:
            with reading("file"):
                found = bytes(content)
                if kind == "gz":
                    found = zlib.decompress(found)
                found = np.load(io.BytesIO(found))
                if kind != "npy":
                    dict(found)
        except ValueError as error:
            assert str(error).startswith("file is truncated or damaged")


def too_large():
    if keras.backend.backend() == "tensorflow":
        return backend.ERRORS[0](None, None, "RESOURCE_EXHAUSTED: a\nb", 8)
    return backend.ERRORS[0]("RESOURCE_EXHAUSTED: a\nb")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (MemoryError("Unable to allocate 9 TiB"), "not enough memory (Unable"),
        (too_large(), "not enough memory (RESOURCE_EXHAUSTED: a). Lower `b"),
        (RecursionError("depth"), "too deeply nested (depth)."),
        (OverflowError("a\nb"), "a b"),
        (OSError(28, "No space left", "a.npz"), "No space left: a.npz"),
        (ValueError(), "ValueError"),
    ],
)
def test_what_may_happen_is_one_line(error, message):
    status, line = outcome(error)
    assert status == 2
    assert line.startswith(f"error: {message}")
    assert "\n" not in line_of(error)


def test_a_reason_is_not_where_a_graph_failed():
    error = ValueError(
        "Graph execution error:\n\nDetected at node net/Add defined at:\n"
        '  File "a.py", line 4, in call\n\nSizes differ: 2, 5.\n\t [[net]]'
    )
    assert failures.reason_of(error) == "Sizes differ: 2, 5"
    assert failures.reason_of(ValueError("\n")) == "ValueError"


@pytest.mark.skipif(
    keras.backend.backend() == "jax", reason="JAX tells of shapes in Python"
)
def test_other_errors_of_the_backend_are_named():
    with pytest.raises(failures.EXPECTED) as caught:
        keras.ops.matmul(np.ones((2, 3)), np.ones((2, 3)))
        raise ValueError
    assert outcome(caught.value)[0] == 2


def test_a_fault_of_the_package_stays_a_traceback():
    with pytest.raises(AttributeError):
        outcome(AttributeError("freeze"))


def test_a_reader_that_has_enough_is_no_error():
    assert outcome(BrokenPipeError()) == (141, "")
    assert outcome(KeyboardInterrupt(), ": go on") == (
        130,
        "interrupted: go on.",
    )
