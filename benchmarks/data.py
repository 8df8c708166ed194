"""Measures how texts become batches; prints Markdown and one JSON line.

    python benchmarks/data.py --data_dir=../shared/data/imdb

- Speed: documents a second from files to token ids on the disk, against what
  is written by hand in plain Python, on one core (`by_hand`): read the files,
  `re.findall` on the lower-case texts, a `Counter` of all words and one of the
  documents they are in, the words of two documents or more in the order of
  their counts, `np.save` of the ids of all documents and their offsets. Both
  give the same ids, which is checked.
- Memory: the resident memory of all processes together, sampled 50 times a
  second, for the corpus and for the corpus repeated.
- Padding: the share of places in batches that hold no token.
- Waiting: the time from the beginning of a training step until its batch is
  ready, as a share of all time.
"""

import argparse
import os
import tempfile

import data_batches
import data_preparation
import measuring

DATA = os.path.join(os.environ.get("ADVTEXT_DATA", "../shared/data"), "imdb")


def speed_table(speed, whole):
    """Returns the table of both ways, on a part and on the whole."""
    rows = []
    for found in (speed, whole):
        ratio = found["ratio"]
        rows.append(
            [
                f"{found['documents']:,}",
                f"{found['by_hand_per_second']:,}",
                f"{found['advtext_per_second']:,}",
                f"{ratio['median']} ({found['rounds']})",
            ]
        )
    header = ["documents", "by hand, 1 core /s", "advtext /s", "ratio (rounds)"]
    return measuring.table(header, rows)


def growth_table(growth):
    """Returns the table of memory against size."""
    header = ["documents", "tokens", "seconds", "MB before", "MB at most"]
    keys = ["seconds", "before_mb", "peak_mb"]
    rows = [
        [f"{f['documents']:,}", f"{f['tokens']:,}", *(f[key] for key in keys)]
        for f in growth
    ]
    return measuring.table(header, rows)


def padding_table(padding):
    """Returns the table of padding, one column a number of boundaries."""
    header = ["batches", *(f"{n} boundaries" for n in padding)]
    kinds = next(iter(padding.values()))
    rows = [
        [kind, *(f"{padding[n][kind]['percent']} %" for n in padding)]
        for kind in kinds
    ]
    return measuring.table(header, rows)


def idle_table(idle):
    """Returns the table of waiting."""
    header = ["workers", "step ms", "batch ms", "steps that waited", "idle"]
    keys = ["workers", "step_ms", "batch_ms", "steps_that_waited"]
    rows = [
        [*(found[key] for key in keys), f"{found['idle_percent']} %"]
        for found in idle
    ]
    return measuring.table(header, rows)


def main():
    """Measures and reports."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data_dir", default=DATA)
    parser.add_argument("--rounds", type=int, default=7, help="at least 2")
    parser.add_argument("--every", type=int, default=5, help="of the documents")
    parser.add_argument("--repeat", type=int, default=10)
    parser.add_argument("--steps", type=int, default=40)
    args = parser.parse_args()
    if not os.path.isdir(args.data_dir):
        parser.error(f"there is no folder {args.data_dir}")
    with tempfile.TemporaryDirectory() as work:
        part = data_preparation.sample_of(args.data_dir, work, args.every)
        speed = data_preparation.measure_speed(part, args.rounds)
        whole = data_preparation.measure_speed(args.data_dir, 1)
        growth = data_preparation.measure_growth(
            args.data_dir, work, args.repeat
        )
        corpora = data_preparation.by_advtext(args.data_dir, work, 30_000)
        corpora = corpora.corpora
        padding = data_batches.measure_padding(corpora)
        idle = [
            data_batches.measure_idle(corpora["train"], args.steps, workers)
            for workers in (1, 2)
        ]
    tables = [
        speed_table(speed, whole),
        growth_table(growth),
        padding_table(padding),
        idle_table(idle),
    ]
    measuring.report(
        "data",
        "## Data\n\nText files to token ids, and token ids to batches: speed, "
        "memory, padding, and a classifier (128, 256) that waits for batches "
        f"of 32 reviews of at most {data_batches.MAX_LENGTH} words.\n\n"
        + "\n\n".join(tables)
        + "\n",
        {
            "speed": speed,
            "whole": whole,
            "growth": growth,
            "padding": padding,
            "idle": idle,
        },
    )


if __name__ == "__main__":
    main()
