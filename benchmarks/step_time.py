"""Times one training step of every method, of ours and of others.

    python benchmarks/step_time.py [--shapes 32,200,128,256 64,400,256,512]

Every library runs in a process of its own, and all take turns, so that the
machine's drift hits all of them. A turn is several steps: the first two find
caches and matrix units cold, as training does not, and are dropped. A program
is `library/who/method`:

- `advtext`: this package (TensorFlow's graph, or JAX);
- `keras`: the same model with Keras' LSTM, trained by Keras' own step;
- `nested`: with it, adversarial training by a tape within a tape;
- `hand`: written by hand in PyTorch, with as few passes as can be
  (`pip install '.[peers]'`; left out where it is not there).

`xla` is TensorFlow under `jit_compile`, `bfloat16` the step whose products
have rounded factors (`matmul_dtype`). `products` are the matrix products of the
LSTM in a plain step, as three large ones, by TensorFlow: the floor. A step is
`train_on_batch`, the table of embeddings and Adam included.
"""

import argparse
import functools
import importlib.util

import numpy as np
from measuring import ratio, report, table
from processes import measure
from step_programs import build, library_of

METHODS = "plain", "adversarial", "virtual_adversarial", "both"
PROGRAMS = [
    "tensorflow/products",
    *(f"tensorflow/advtext/{method}" for method in METHODS),
    "tensorflow/advtext/plain_xla",
    "tensorflow/advtext/plain_bfloat16",
    "tensorflow/keras/plain",
    "tensorflow/keras/plain_xla",
    "tensorflow/nested/adversarial",
    *(f"torch/hand/{method}" for method in METHODS),
    *(f"jax/advtext/{method}" for method in METHODS),
    "jax/keras/plain",
]
# What a large step leaves out: it takes seconds.
ONLY_SMALL = {
    "tensorflow/advtext/both",
    "tensorflow/advtext/plain_xla",
    "tensorflow/advtext/plain_bfloat16",
    "tensorflow/keras/plain_xla",
    "torch/hand/virtual_adversarial",
    "torch/hand/both",
    "jax/advtext/adversarial",
    "jax/advtext/virtual_adversarial",
    "jax/advtext/both",
}
# Tokens in a batch from which on a step is large.
LARGE = 20_000
# Passes: a plain step is 3, forward, backward to inputs and to weights.
PASSES = {"plain": 3, "adversarial": 6, "virtual_adversarial": 8, "both": 11}
# What is compared: name, numerator (slower is larger), denominator.
RATIOS = {
    "PyTorch / ours, plain": ("torch/hand/plain", "plain"),
    "Keras on TensorFlow / ours, plain": ("tensorflow/keras/plain", "plain"),
    "nested tapes / ours, AT": ("tensorflow/nested/adversarial", "adversarial"),
    "PyTorch / ours, AT": ("torch/hand/adversarial", "adversarial"),
    "PyTorch / ours, VAT": (
        "torch/hand/virtual_adversarial",
        "virtual_adversarial",
    ),
    "Keras on JAX / ours on JAX, plain": (
        "jax/keras/plain",
        "jax/advtext/plain",
    ),
    "ours: AT / plain": ("adversarial", "plain"),
    "ours: VAT / plain": ("virtual_adversarial", "plain"),
    "ours: both / plain": ("both", "plain"),
    "ours: plain / products": ("plain", "tensorflow/products"),
}


def ratios(seconds):
    found = {}
    for name, pair in RATIOS.items():
        pair = [
            part if "/" in part else f"tensorflow/advtext/{part}"
            for part in pair
        ]
        if all(part in seconds for part in pair):
            found[name] = ratio(*(seconds[part] for part in pair))
    return found


def section(shape, seconds, found):
    """Returns the tables of one shape."""
    batch, time, dim, units = shape
    tokens = batch * time
    flops = 2 * tokens * (dim + units) * 4 * units
    rows = []
    for name, each in seconds.items():
        middle = float(np.median(each))
        method = name.split("/")[-1].removesuffix("_xla")
        passes = PASSES.get(method.removesuffix("_bfloat16"), 3)
        rows.append(
            (
                name,
                f"{1000 * middle:.0f}",
                f"{tokens / middle:,.0f}",
                f"{passes * flops / middle / 1e9:.0f}",
            )
        )
    times = table(("program", "ms", "tokens/s", "GFLOP/s"), rows)
    rows = [
        (name, each["median"], " to ".join(map(str, each["quartiles"])))
        for name, each in found.items()
    ]
    return (
        f"\n### (batch, time, dim, units) = {shape}\n\n{times}\n\n"
        f"{table(('ratio of seconds', 'median', 'quartiles'), rows)}\n"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--shapes", nargs="+", default=["32,200,128,256", "64,400,256,512"]
    )
    parser.add_argument("--vocabulary_size", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument(
        "--programs", nargs="+", default=PROGRAMS, help="some of them only"
    )
    arguments = parser.parse_args()
    libraries = [
        library
        for library in ("tensorflow", "jax", "torch")
        if importlib.util.find_spec(library)
    ]
    programs = [
        name for name in arguments.programs if library_of(name) in libraries
    ]
    text, results = "## Training steps\n", {}
    for each in arguments.shapes:
        shape = tuple(map(int, each.split(",")))
        chosen = [
            name
            for name in programs
            if shape[0] * shape[1] < LARGE or name not in ONLY_SMALL
        ]
        steps = functools.partial(
            build, shape=shape, vocabulary_size=arguments.vocabulary_size
        )
        seconds = measure(chosen, library_of, steps, arguments.rounds)
        found = ratios(seconds)
        text += section(shape, seconds, found)
        results[each] = {"seconds": seconds, "ratios": found}
    result = {"shapes": results, "rounds": arguments.rounds}
    result["vocabulary_size"] = arguments.vocabulary_size
    report("step_time", text, result, libraries)


if __name__ == "__main__":
    main()
