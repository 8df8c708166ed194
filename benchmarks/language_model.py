"""Times one pretraining step of the language model, of ours and of others.

    python benchmarks/language_model.py [--times 100 200]

The step of `advtext.experiments.pretrain`, by `train_on_batch`: a softmax
sampled by the token counts, a state that is carried on, a clipped gradient,
Adam. Beside it, on TensorFlow: the same with `keras.layers.LSTM` in place of
ours, with the factors of products rounded to bfloat16, and with a larger
vocabulary; and the same step by hand in PyTorch (`pip install '.[peers]'`; left
out where it is not there). Tokens are drawn by Zipf's law. Each library runs in
a process of its own, and all programs take turns.
"""

import argparse
import functools
import importlib.util
import statistics

from language_model_steps import build, library_of
from measuring import ratio, report, table
from processes import measure

OURS = "tensorflow/advtext"
# What is compared with ours: name, numerator (slower is larger).
RATIOS = {
    "PyTorch / ours": "torch/hand",
    "Keras' LSTM / ours": "tensorflow/keras_lstm",
    "bfloat16 / ours": "tensorflow/advtext_bfloat16",
}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--times", type=int, nargs="+", default=[100, 200])
    parser.add_argument("--dim", type=int, default=128)
    parser.add_argument("--units", type=int, default=256)
    parser.add_argument("--num_candidates", type=int, default=512)
    parser.add_argument(
        "--vocabulary_sizes",
        type=int,
        nargs=2,
        default=[20_000, 87_000],
        help="the second only for what the tables cost, at the first time",
    )
    parser.add_argument("--rounds", type=int, default=9, help="at least 2")
    return parser.parse_args()


def table_cost(small, large, rows, more_rows):
    """Returns what the tables cost, from steps with two vocabularies.

    Args:
        small: Seconds of a step with `rows`, over the rounds.
        large: The same with `more_rows`.
        rows: Words.
        more_rows: Words.

    Returns:
        Dict: the ratio of the seconds, the milliseconds of 1,000 rows, and
        the share of a step that the tables of `rows` take.
    """
    per_row = [
        (b - a) / (more_rows - rows) for a, b in zip(small, large, strict=True)
    ]
    shares = [
        rows * each / step for each, step in zip(per_row, small, strict=True)
    ]
    return {
        "ratio": ratio(large, small),
        "ms_per_1000_rows": round(1e6 * statistics.median(per_row), 3),
        "share_of_step": round(statistics.median(shares), 3),
    }


def markdown(args, seconds, ratios, cost):
    rows = []
    for (name, time, vocabulary_size), each in seconds.items():
        middle = statistics.median(each)
        tokens = args.batch * time / middle
        words = f"{vocabulary_size:,}"
        rows.append(
            (name, time, words, f"{1000 * middle:.0f}", f"{tokens:,.0f}")
        )
    compared = [
        (name, time, found["median"], " to ".join(map(str, found["quartiles"])))
        for time, each in ratios.items()
        for name, found in each.items()
    ]
    header = ("ratio of seconds", "time", "median", "quartiles")
    few, many = (f"{size:,}" for size in args.vocabulary_sizes)
    return (
        "## Language model\n\n"
        f"A pretraining step: batch {args.batch}, dim {args.dim}, units "
        f"{args.units}, {args.num_candidates} candidates. Medians of "
        f"{args.rounds} rounds.\n\n"
        f"{table(('program', 'time', 'words', 'ms', 'tokens/s'), rows)}\n\n"
        f"{table(header, compared)}\n\n"
        f"The tables of embeddings and of output weights (normalization, "
        f"gradient, clipping, Adam), from {many} words against {few} at time "
        f"{args.times[0]}: {cost['ms_per_1000_rows']} ms for 1,000 words, "
        f"{100 * cost['share_of_step']:.0f} % of the step with {few}; the step "
        f"with {many} takes {cost['ratio']['median']} times as long.\n"
    )


def main():
    args = arguments()
    names = [OURS, *RATIOS.values()]
    if not importlib.util.find_spec("torch"):
        names.remove("torch/hand")
    few, many = args.vocabulary_sizes
    base, larger = (OURS, args.times[0], few), (OURS, args.times[0], many)
    programs = [(name, time, few) for time in args.times for name in names]
    sizes = {
        key: getattr(args, key)
        for key in ("batch", "dim", "units", "num_candidates")
    }
    steps = functools.partial(build, **sizes)
    seconds = measure([*programs, larger], library_of, steps, args.rounds)
    ratios = {
        time: {
            name: ratio(seconds[other, time, few], seconds[OURS, time, few])
            for name, other in RATIOS.items()
            if other in names
        }
        for time in args.times
    }
    cost = table_cost(seconds[base], seconds[larger], few, many)
    result = {
        "seconds": {"/".join(map(str, p)): s for p, s in seconds.items()},
        "ratios": ratios,
        "tables": cost,
        **vars(args),
    }
    libraries = dict.fromkeys(name.split("/")[0] for name in names)
    text = markdown(args, seconds, ratios, cost)
    report("language_model", text, result, list(libraries))


if __name__ == "__main__":
    main()
