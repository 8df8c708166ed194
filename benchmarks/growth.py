"""Times a training step against its length and its vocabulary.

    python benchmarks/growth.py [--times 50 100 200 400]

The step is the plain one of `advtext.training`, by `train_on_batch`. Lengths
and vocabularies take turns in one process. An exponent is the slope of the
logarithm of the seconds over that of the size: 1 is linear, and less than 1
linear with a part that does not grow. A line is fitted to the medians.
"""

import argparse
import functools
import statistics

import keras
import keras_steps
import numpy as np
from measuring import report, table, take_turns, timed


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--units", type=int, default=256)
    parser.add_argument(
        "--times", type=int, nargs="+", default=[50, 100, 200, 400]
    )
    parser.add_argument("--dim", type=int, default=128, help="with --times")
    parser.add_argument("--vocabulary_size", type=int, default=20_000)
    parser.add_argument(
        "--vocabulary_sizes",
        type=int,
        nargs="+",
        default=[20_000, 40_000, 87_000],
    )
    parser.add_argument("--time", type=int, default=200, help="with these")
    parser.add_argument("--wide_dim", type=int, default=256, help="with these")
    parser.add_argument("--rounds", type=int, default=11, help="at least 2")
    return parser.parse_args()


def step(vocabulary_size, dim, units):
    """Returns a compiled model that takes plain steps of any length."""
    model = keras_steps.ours("plain", vocabulary_size, dim, units)
    # Two shapes, and Keras on TensorFlow compiles for all of them.
    for shape in ((2, 7), (3, 9)):
        case(model, *shape, vocabulary_size)()
    return model


def case(model, batch, time, vocabulary_size):
    """Returns the function that gives the seconds of one step."""
    rng = np.random.default_rng(0)
    x = rng.integers(1, vocabulary_size, (batch, time), "int32")
    y = rng.integers(0, 2, batch).astype("float32")
    return functools.partial(timed, model.train_on_batch, x, y)


def fit(seconds):
    """Fits a power and a straight line.

    Args:
        seconds: Dict from sizes to lists of seconds, one number a round.

    Returns:
        Dict: `exponent`, median and quartiles over the rounds; `line`, its
        milliseconds at size 0 and a unit of size, and how far the medians are
        from it at most, as a share of themselves.
    """
    sizes = np.array(list(seconds), "float64")
    rounds = np.array(list(seconds.values()))
    exponents = np.polyfit(np.log(sizes), np.log(rounds), 1)[0]
    lowest, middle, highest = statistics.quantiles(
        exponents.tolist(), method="inclusive"
    )
    medians = 1000 * np.median(rounds, axis=1)
    slope, start = np.polyfit(sizes, medians, 1)
    distances = np.abs(start + slope * sizes - medians) / medians
    return {
        "exponent": {
            "median": round(middle, 3),
            "quartiles": [round(lowest, 3), round(highest, 3)],
        },
        "line": {
            "ms_at_0": round(float(start), 2),
            "ms_per_unit": float(f"{slope:.4g}"),
            "largest_distance": round(float(distances.max()), 4),
        },
    }


def part(title, unit, units, seconds, fitted):
    """Returns the table of one growth and what was fitted, as Markdown.

    Args:
        title: What grows.
        unit: What is counted, and `units` of them come with a size of 1.
        units: See `unit`.
        seconds: Dict from sizes to lists of seconds.
        fitted: What `fit` returned for them.
    """
    rows = []
    for size, each in seconds.items():
        ms = 1000 * statistics.median(each)
        share = 1000 * ms / size / units
        rows.append((f"{size:,}", f"{ms:.1f}", f"{share:.2f}"))
    exponent, line = fitted["exponent"], fitted["line"]
    low, high = exponent["quartiles"]
    slope = 1000 * line["ms_per_unit"] / units
    return (
        f"{table((title, 'ms a step', f'µs a {unit}'), rows)}\n\n"
        f"Exponent {exponent['median']} ({low} to {high}). Line: "
        f"{line['ms_at_0']} ms, and {slope:.2f} µs a {unit}; the medians are "
        f"at most {100 * line['largest_distance']:.1f} % off.\n"
    )


def main():
    args = arguments()
    model = step(args.vocabulary_size, args.dim, args.units)
    cases = {
        ("time", time): case(model, args.batch, time, args.vocabulary_size)
        for time in args.times
    }
    for size in args.vocabulary_sizes:
        wide = step(size, args.wide_dim, args.units)
        cases["vocabulary", size] = case(wide, args.batch, args.time, size)
    found = take_turns(cases, args.rounds)
    seconds = {"time": {}, "vocabulary": {}}
    for (kind, size), each in found.items():
        seconds[kind][size] = each
    fitted = {kind: fit(each) for kind, each in seconds.items()}
    text = "\n".join(
        [
            "## Growth\n",
            f"A plain training step, batch {args.batch}, units {args.units}: "
            f"by length at dim {args.dim} and {args.vocabulary_size:,} words, "
            f"by vocabulary at dim {args.wide_dim} and length {args.time}. "
            f"Medians of {args.rounds} rounds (quartiles).\n",
            part("time", "token", args.batch, seconds["time"], fitted["time"]),
            part(
                "words", "row", 1, seconds["vocabulary"], fitted["vocabulary"]
            ),
        ]
    )
    backend = keras.backend.backend()
    result = {"seconds": seconds, "fitted": fitted, **vars(args)}
    report("growth", text, {**result, "backend": backend}, [backend])


if __name__ == "__main__":
    main()
