"""Small settings, with which all benchmarks run in a minute or two.

They show that a benchmark works; what they measure says nothing.
"""

import json
import lzma
import pathlib

_TINY = "--batch 2 --dim 4 --units 8 --rounds 2"
FLAGS = {
    "step_time": "--shapes 4,10,8,16 --vocabulary_size 99 --rounds 2 "
    "--programs tensorflow/advtext/plain tensorflow/keras/plain "
    "torch/hand/plain",
    "growth": f"{_TINY} --times 5 10 --vocabulary_size 99 "
    "--vocabulary_sizes 50 99 --time 6 --wide_dim 4",
    "language_model": f"{_TINY} --times 5 --num_candidates 7 "
    "--vocabulary_sizes 50 99",
    "data": "--rounds 2 --every 3 --repeat 2 --steps 2",
    "inference": "--data demo --vocabulary_size 99 --dim 4 --units 8 "
    "--documents 4 --single 2 --max_lengths 20 --rounds 2 --starts 0",
    "attacks": "--examples 8 --rounds 2",
}


def flags(name, folder):
    """Returns the flags of a benchmark as a list.

    Args:
        name: The benchmark's.
        folder: An empty folder for texts, should it need some.
    """
    found = FLAGS[name].split()
    if name == "data":
        write_texts(folder)
        found += ["--data_dir", str(folder)]
    return found


def write_texts(folder, documents=128):
    """Writes labelled, unlabelled and test texts, as the reviews are stored."""
    for split in ("train", "unsup", "test"):
        path = pathlib.Path(folder, f"{split}.jsonl.xz")
        with lzma.open(path, "wt", encoding="utf-8") as file:
            for i in range(documents):
                words = [f"w{k * i % 97}" for k in range(60)]
                row = {"text": " ".join(words)}
                if split != "unsup":
                    row["label"] = i % 2
                file.write(json.dumps(row) + "\n")
