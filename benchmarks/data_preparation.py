"""Speed and memory of the way from files to token ids."""

import json
import lzma
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter

import measuring
import numpy as np

ENDING = ".jsonl.xz"


def by_hand(folder, out):
    """Does in plain Python what `prepare` does, with all words."""
    texts = {}
    for path in sorted(pathlib.Path(folder).iterdir()):
        with lzma.open(path, "rt", encoding="utf-8") as file:
            split = path.name.removesuffix(ENDING)
            texts[split] = [json.loads(line)["text"] for line in file]
    find = re.compile(r"\w+").findall
    words = {
        split: [find(text.lower()) for text in part]
        for split, part in texts.items()
    }
    counts, documents = Counter(), Counter()
    for split in words:
        if split != "test":
            for found in words[split]:
                counts.update(found)
                documents.update(set(found))
    kept = [word for word in counts if documents[word] >= 2]
    kept.sort(key=lambda word: (-counts[word], word))
    ids = {word: n for n, word in enumerate(kept, 1)}
    for split, part in words.items():
        encoded = [
            np.array(
                [ids[word] for word in found if word in ids] + [len(ids) + 1],
                "int32",
            )
            for found in part
        ]
        offsets = np.cumsum([0, *map(len, encoded)])
        np.save(f"{out}/{split}.ids.npy", np.concatenate(encoded))
        np.save(f"{out}/{split}.offsets.npy", offsets)


def by_advtext(folder, out, vocabulary_size=10**9):
    """Prepares a folder of texts."""
    from advtext.data import open_source, prepare

    source = open_source("files", folder)
    return prepare(source, "word", out, vocabulary_size=vocabulary_size)


def sample_of(data_dir, work, every):
    """Writes every so many documents of each split; returns the folder."""
    folder = os.path.join(work, "part")
    os.mkdir(folder)
    for path in sorted(pathlib.Path(data_dir).glob(f"*{ENDING}")):
        with lzma.open(path, "rb") as file:
            lines = file.readlines()[::every]
        with lzma.open(f"{folder}/{path.name}", "wb", preset=0) as file:
            file.writelines(lines)
    return folder


def run(function, folder, out):
    """Returns the seconds of a start without a cache; `out` is emptied."""
    shutil.rmtree(out, ignore_errors=True)
    os.mkdir(out)
    return measuring.timed(function, folder, out)


def measure_speed(folder, rounds):
    """Compares both ways in turns, and what they wrote."""
    with tempfile.TemporaryDirectory() as work:
        outs = [f"{work}/by_hand", f"{work}/advtext"]
        found = measuring.take_turns(
            {
                "by_hand": lambda: run(by_hand, folder, outs[0]),
                "advtext": lambda: run(by_advtext, folder, outs[1]),
            },
            rounds,
            warm_up=0,
            dropped=0,
            kept=1,
        )
        number = count_equal(*outs)
    by_hands, ours = found["by_hand"], found["advtext"]
    if rounds > 1:
        ratio = measuring.ratio(by_hands, ours)
    else:
        ratio = {"median": round(by_hands[0] / ours[0], 3)}
    return {
        "rounds": rounds,
        "documents": number,
        "by_hand_per_second": round(number / np.median(by_hands)),
        "advtext_per_second": round(number / np.median(ours)),
        "ratio": ratio,
    }


def count_equal(by_hand_out, cache_dir):
    """Returns how many documents have the same token ids in both folders."""
    (cache,) = pathlib.Path(cache_dir).iterdir()
    number = 0
    for path in pathlib.Path(by_hand_out).iterdir():
        ours = np.load(cache / path.name, mmap_mode="r")
        np.testing.assert_array_equal(ours, np.load(path, mmap_mode="r"))
        number += (len(ours) - 1) * path.name.endswith(".offsets.npy")
    return number


def prepare_here(folder, cache_dir):
    """Prepares in this process; prints the seconds and what there is."""
    import advtext.data  # noqa: F401

    # Who measures the memory of this process reads this line.
    print(flush=True)
    start = time.perf_counter()
    corpora = by_advtext(folder, cache_dir, 30_000).corpora
    found = {
        "seconds": round(time.perf_counter() - start, 2),
        "documents": sum(map(len, corpora.values())),
        "tokens": sum(len(corpus.ids) for corpus in corpora.values()),
    }
    print(json.dumps(found), flush=True)


def measure_memory(folder, cache_dir):
    """Prepares in a process of its own; returns seconds and megabytes."""
    command = [sys.executable, __file__, folder, cache_dir]
    peak = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        before = resident(process.pid)
        while process.poll() is None:
            peak = max(peak, resident(process.pid))
            time.sleep(0.02)
        found = json.loads(process.stdout.read())
    return {**found, "before_mb": before >> 20, "peak_mb": peak >> 20}


def resident(pid, started_by=None):
    """Returns the bytes that a process and its children hold; Linux only."""
    try:
        command = _read(f"/proc/{pid}/cmdline")
        pages = int(_read(f"/proc/{pid}/statm").split()[1])
        children = _read(f"/proc/{pid}/task/{pid}/children").split()
    except (OSError, IndexError):
        return 0
    if command == started_by:
        # It has no memory of its own until it runs its own program.
        return 0
    size = pages * os.sysconf("SC_PAGE_SIZE")
    return size + sum(resident(child, command) for child in children)


def _read(path):
    with open(path, encoding="ascii") as file:
        return file.read()


def measure_growth(data_dir, cache_dir, repeat):
    """Prepares the corpus once, then repeated."""
    once = measure_memory(data_dir, cache_dir)
    with tempfile.TemporaryDirectory() as folder:
        for path in pathlib.Path(data_dir).glob(f"*{ENDING}"):
            # Several .xz files one after the other are one.
            with open(f"{folder}/{path.name}", "wb") as file:
                for _ in range(repeat):
                    with open(path, "rb") as part:
                        shutil.copyfileobj(part, file)
        cache = f"{folder}/cache"
        os.mkdir(cache)
        return [once, measure_memory(folder, cache)]


if __name__ == "__main__":
    prepare_here(*sys.argv[1:])
