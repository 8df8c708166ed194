"""Times this tree against an earlier commit: is anything slower?

    python benchmarks/earlier.py COMMIT [--programs jax/plain tensorflow/frozen]

The commit is unpacked into a temporary folder; each tree works in processes of
its own, and the same programs of both take turns. `plain`, `adversarial` and
`virtual_adversarial` are training steps, as in `step_time.py`; `frozen` is
`predict_documents` of a frozen classifier; `prepare` is the way from reviews
to token ids, without a cache.
"""

import argparse
import functools
import os
import pathlib
import subprocess
import sys
import tempfile

from measuring import ratio, report, table
from processes import measure

HERE = pathlib.Path(__file__).resolve().parent.parent
STEPS = "plain", "adversarial", "virtual_adversarial"
SMALL, LARGE = (32, 200, 128, 256), (64, 400, 256, 512)
PROGRAMS = [
    *(f"tensorflow/{method}/{SMALL}" for method in STEPS),
    *(f"tensorflow/{method}/{LARGE}" for method in STEPS),
    *(f"jax/{method}/{SMALL}" for method in STEPS),
    "tensorflow/frozen/400",
    "tensorflow/prepare/files",
]
DATA = os.path.join(os.environ.get("ADVTEXT_DATA", "../shared/data"), "imdb")


def process_of(program):
    """Returns the tree and the backend: these share a process."""
    tree, name = program
    return tree, name.split("/")[0]


def build(program, data_dir):
    """Returns what a program times, with the package of its tree."""
    tree, name = program
    backend, what, size = name.split("/")
    os.environ["KERAS_BACKEND"] = backend
    if tree not in sys.path:
        sys.path.insert(0, tree)
    import advtext

    if not advtext.__file__.startswith(tree + os.sep):
        raise ImportError(f"{advtext.__file__} is not of {tree}")
    if what == "frozen":
        return _frozen(int(size))
    if what == "prepare":
        return _prepare(data_dir)
    import step_programs

    shape = tuple(map(int, size.strip("()").split(",")))
    return step_programs.build(f"{backend}/advtext/{what}", shape, 20_000)


def _frozen(longest):
    import numpy as np
    from keras.utils import set_random_seed

    from advtext.evaluation import predict_documents
    from advtext.models import TextClassifier

    set_random_seed(0)
    random = np.random.default_rng(0)
    documents = [
        random.integers(1, 20_000, length)
        for length in random.integers(longest // 8, longest, 128)
    ]
    model = TextClassifier(20_000, 256, 256)
    model(np.ones((1, 2), "int32"))
    return functools.partial(predict_documents, model.freeze(), documents)


def _prepare(data_dir):
    from data_preparation import by_advtext, run, sample_of

    # Both are removed when the process ends.
    work = tempfile.TemporaryDirectory()
    folder = sample_of(data_dir, work.name, every=20)

    def step(kept=work):
        run(by_advtext, folder, os.path.join(kept.name, "out"))

    return step


def unpack(commit, folder):
    """Unpacks a commit of this repository into a folder."""
    git = ["git", "-C", HERE, "archive", commit]
    archive = subprocess.run(git, check=True, capture_output=True).stdout
    subprocess.run(["tar", "-x", "-C", folder], check=True, input=archive)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("commit")
    parser.add_argument("--programs", nargs="+", default=PROGRAMS)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--data_dir", default=DATA)
    args = parser.parse_args()
    found, rows = {}, []
    with tempfile.TemporaryDirectory() as earlier:
        unpack(args.commit, earlier)
        for name in args.programs:
            pair = [(str(HERE), name), (earlier, name)]
            make = functools.partial(build, data_dir=args.data_dir)
            now, before = measure(pair, process_of, make, args.rounds).values()
            found[name] = ratio(now, before)
            low, high = found[name]["quartiles"]
            middle = found[name]["median"]
            rows.append((name, middle, f"{low} to {high}"))
            print(*rows[-1], file=sys.stderr, flush=True)
    header = "program", f"seconds now / at {args.commit}", "quartiles"
    text = f"## Against an earlier commit\n\n{table(header, rows)}\n"
    report("earlier", text, {"ratios": found, "rounds": args.rounds})


if __name__ == "__main__":
    main()
