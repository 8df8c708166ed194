"""Times attacks on a Keras network, beside the toolboxes that are installed.

    python benchmarks/attacks.py --data_dir=../shared/data/mnist

A small convolutional network is trained on MNIST for one epoch; FGSM, and PGD
of 40 steps in linf and l2, attack its first test images. All programs take
turns in one process. Of each: the error of the network on its examples,
seconds, the ratio to ours in the same round, and the largest difference from
our examples, where the network is not so sure that 1 minus its probability
rounds to 0 (there the others' gradient lacks the label's own logit). A toolbox
that cannot be imported is left out, with the reason (`pip install '.[peers]'`).
TensorFlow only: so are they.
"""

import argparse
import functools
import os
import statistics

import keras
import numpy as np
from attack_programs import PACKAGES, STEPS, programs
from measuring import ratio, report, table, take_turns, timed

from advtext.data import load_images

DATA = os.path.join(os.environ.get("ADVTEXT_DATA", "../shared/data"), "mnist")
# Margin of the logits from which on the network is that sure.
SURE = 16.0
# Name: norm, epsilon, length of a step.
ATTACKS = {
    "fgsm": ("linf", 0.25, None),
    "pgd_linf": ("linf", 0.25, 0.01),
    "pgd_l2": ("l2", 2.0, 0.1),
}


def network(images):
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Conv2D(16, 5, 2, activation="relu"),
            keras.layers.Conv2D(32, 3, 2, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(64, activation="relu"),
            keras.layers.Dense(10),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss)
    model.fit(images.images, images.labels, batch_size=128, verbose=0)
    return model


def compare(build, attack, model, x, y, unsure, rounds):
    """Times one attack by all programs, in turns.

    Args:
        build: Functions that build the attack, by the programs' names.
        attack: Norm, epsilon and length of a step.
        model: The network.
        x: Images.
        y: Their labels.
        unsure: Which of them the network is not too sure of.
        rounds: How often.
    """
    examples = {}

    def run(name, function):
        examples[name] = np.asarray(function(x, y))

    cases = {
        name: functools.partial(timed, run, name, make(*attack))
        for name, make in build.items()
    }
    seconds = take_turns(cases, rounds)
    result = {}
    for name, found in examples.items():
        predicted = np.argmax(model.predict(found, verbose=0), axis=1)
        difference = np.abs(found - examples["advtext"])[unsure]
        result[name] = {
            "error": round(100 * float(np.mean(predicted != y)), 2),
            "seconds": round(statistics.median(seconds[name]), 4),
            "ratio": ratio(seconds[name], seconds["advtext"]),
            "difference": float(difference.max(initial=0.0)),
        }
    return result


def markdown(args, results, missing, clean_error):
    rows = []
    for attack, found in results.items():
        for name, each in found.items():
            low, high = each["ratio"]["quartiles"]
            rows.append(
                (
                    attack,
                    name,
                    f"{1000 * each['seconds']:.0f}",
                    f"{each['ratio']['median']} ({low} to {high})",
                    f"{each['error']} %",
                    f"{each['difference']:.1g}",
                )
            )
    header = (
        "attack",
        "program",
        "ms",
        "seconds / ours",
        "error",
        "largest difference",
    )
    left_out = "".join(
        f"\nLeft out: {name} ({reason.splitlines()[0]}).\n"
        for name, reason in missing.items()
    )
    return (
        "## Attacks\n\n"
        f"{args.examples} images of MNIST, {STEPS} steps of PGD, on a network "
        f"with {clean_error} % error without an attack. Medians of "
        f"{args.rounds} rounds (quartiles).\n\n{table(header, rows)}\n"
        f"{left_out}"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data_dir", default=DATA, help="folder of MNIST")
    parser.add_argument("--examples", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=7, help="at least 2")
    args = parser.parse_args()
    if not os.path.isdir(args.data_dir):
        parser.error(f"there is no folder {args.data_dir}")
    keras.utils.set_random_seed(0)
    data = load_images(args.data_dir)
    model = network(data["train"])
    x = data["test"].images[: args.examples]
    y = data["test"].labels[: args.examples].astype("int64")
    logits = model.predict(x, verbose=0)
    clean_error = round(100 * float(np.mean(np.argmax(logits, axis=1) != y)), 2)
    ordered = np.sort(logits, axis=1)
    unsure = ordered[:, -1] - ordered[:, -2] < SURE
    build, missing = programs(model)
    results = {
        name: compare(build, attack, model, x, y, unsure, args.rounds)
        for name, attack in ATTACKS.items()
    }
    report(
        "attacks",
        markdown(args, results, missing, clean_error),
        {
            "clean_error": clean_error,
            "sure": int(np.sum(~unsure)),
            "attacks": results,
            "left_out": missing,
            "examples": args.examples,
            "rounds": args.rounds,
        },
        ["tensorflow", *(PACKAGES.get(name, name) for name in build)],
    )


if __name__ == "__main__":
    main()
