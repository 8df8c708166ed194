"""Files in every damaged and odd form, as functions that make them."""

import gzip
import io
import json
import lzma
import os
import shutil
import struct

import numpy as np


def lines(*records):
    """Returns JSON lines."""
    return "".join(json.dumps(record) + "\n" for record in records)


def reviews(number=8):
    """Returns JSON lines of texts of two classes that a model can learn."""
    return lines(
        *(
            {
                "text": f"{('bad', 'good')[n % 2]} film in the music {n}",
                "label": ("bad", "good")[n % 2],
            }
            for n in range(number)
        )
    )


def rows(number=8, separator=","):
    """Returns the same as CSV, or TSV."""
    head = separator.join(("text", "label")) + "\n"
    return head + "".join(
        f"{('bad', 'good')[n % 2]} film in the music {n}{separator}{n % 2}\n"
        for n in range(number)
    )


def gz(content):
    return gzip.compress(
        content if isinstance(content, bytes) else content.encode()
    )


def xz(content):
    return lzma.compress(
        content if isinstance(content, bytes) else content.encode()
    )


def bomb(opener, size):
    """Returns a function that writes a small file of very many zeros."""

    def make(path, shared):
        with opener(path, "wb") as file:
            for _ in range(size // 2**20):
                file.write(bytes(2**20))

    return make


def npy(array):
    file = io.BytesIO()
    np.save(file, np.asarray(array), allow_pickle=True)
    return file.getvalue()


def idx(shape, content=b"", kind=8):
    head = struct.pack(f">BBBB{len(shape)}I", 0, 0, kind, len(shape), *shape)
    return head + content


def picture(mode="RGB", size=(12, 10), form="PNG", **options):
    """Returns a function that writes an image by Pillow."""

    def make(path, shared):
        from PIL import Image

        Image.new(mode, size).save(path, form, **options)

    return make


def fifo(path, shared):
    os.mkfifo(path)


def link(target):
    """Returns a function that makes a symbolic link."""
    return lambda path, shared: path.symlink_to(target)


def folder(path, shared):
    path.mkdir()


def copy(name, **damages):
    """Returns a function that copies something shared, and damages it.

    Args:
        name: Which of the shared paths.
        **damages: From the name of a file in it, with `__` for its dot, to a
            function of its path and the shared paths.
    """

    def make(path, shared):
        shutil.copytree(shared.paths[name], path)
        for file, damage in damages.items():
            damage(path / file.replace("__", "."), shared.paths)

    return make


def missing(path, paths):
    path.unlink()


def empty(path, paths):
    path.write_bytes(b"")


def truncated(path, paths):
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def flipped(path, paths):
    """Turns one bit in the middle over, out of which no text is made."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x80
    path.write_bytes(content)


def zeros(path, paths):
    path.write_bytes(bytes(len(path.read_bytes())))


def directory(path, paths):
    path.unlink()
    path.mkdir()


def of(other):
    """Returns the damage that takes the file of another run."""
    return lambda path, paths: shutil.copy(paths[other] / path.name, path)


def saying(content):
    """Returns the damage that writes another content."""
    return lambda path, paths: path.write_text(content)


def edited(**values):
    """Returns the damage that changes keys of a JSON file."""

    def damage(path, paths):
        content = json.loads(path.read_text()) | values
        path.write_text(json.dumps(content))

    return damage


def cut_at_line(number):
    """Returns the damage that keeps the first lines only."""

    def damage(path, paths):
        kept = path.read_text().splitlines(keepends=True)[:number]
        path.write_text("".join(kept))

    return damage


# What may happen to any file.
DAMAGES = {
    "missing": missing,
    "empty": empty,
    "truncated": truncated,
    "zeros": zeros,
    "a folder": directory,
    "flipped": flipped,
}
