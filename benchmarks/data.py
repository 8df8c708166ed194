"""Times the preparation of a folder of texts; prints one JSON line.

    python benchmarks/data.py ../shared/data/imdb

The first start reads, fits a word vocabulary, encodes and writes the cache;
the second, in a new process, opens that cache. Memory is the highest
resident set of each process, libraries included.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time

DATA = os.path.join(os.environ.get("ADVTEXT_DATA", "../shared/data"), "imdb")


def measure(data_dir, cache_dir, tokenizer):
    """Prepares a folder in this process; returns what it took."""
    before = time.perf_counter()
    from advtext.data import open_source, prepare

    imported = time.perf_counter()
    peak_before = _peak_megabytes()
    prepared = prepare(open_source("files", data_dir), tokenizer, cache_dir)
    return {
        "import_seconds": round(imported - before, 2),
        "seconds": round(time.perf_counter() - imported, 2),
        "peak_megabytes": _peak_megabytes(),
        "peak_megabytes_before": peak_before,
        "documents": sum(map(len, prepared.corpora.values())),
        "tokens": sum(len(c.ids) for c in prepared.corpora.values()),
        "vocabulary_size": prepared.tokenizer.vocabulary_size,
    }


def _peak_megabytes():
    # Linux counts in KiB.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main():
    """Measures a first and a second start, each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data_dir", nargs="?", default=DATA)
    parser.add_argument("--tokenizer", default="word")
    parser.add_argument("--cache_dir", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if not os.path.isdir(args.data_dir):
        parser.error(f"there is no folder {args.data_dir}")
    if args.cache_dir:
        found = measure(args.data_dir, args.cache_dir, args.tokenizer)
        print(json.dumps(found))
        return
    with tempfile.TemporaryDirectory() as cache_dir:
        command = [sys.executable, *sys.argv, "--cache_dir", cache_dir]
        first, second = (
            json.loads(subprocess.check_output(command)) for _ in range(2)
        )
    print(
        json.dumps(
            {
                "benchmark": "data",
                "data_dir": args.data_dir,
                "tokenizer": args.tokenizer,
                **first,
                "cached_seconds": second["seconds"],
                "cached_peak_megabytes": second["peak_megabytes"],
            }
        )
    )


if __name__ == "__main__":
    main()
