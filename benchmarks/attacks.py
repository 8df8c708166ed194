"""Times attacks on a Keras network, beside the toolboxes that are installed.

    python benchmarks/attacks.py --data_dir=../shared/data/mnist

A small convolutional network is trained on MNIST for one epoch; FGSM, and PGD
of 40 steps in linf and l2, attack its first test images. All programs take
turns in one process. Prints one JSON line: the error of the network on each
program's examples, seconds (medians over the rounds), the ratio to ours in the
same round, and the largest difference from our examples, where the network is
not so sure that 1 minus its probability rounds to 0 (there the others' gradient
lacks the label's own logit). A toolbox that cannot be imported is left out,
with the reason (`pip install '.[peers]'`). TensorFlow only: so are they.
"""

import argparse
import importlib.metadata
import json
import os
import statistics
import time

import keras
import numpy as np

from advtext import attacks
from advtext.data import load_images

DATA = os.path.join(os.environ.get("ADVTEXT_DATA", "../shared/data"), "mnist")
STEPS = 40
# Margin of the logits from which on the network is that sure.
SURE = 16.0
# Name: norm, epsilon, length of a step.
ATTACKS = {
    "fgsm": ("linf", 0.25, None),
    "pgd_linf": ("linf", 0.25, 0.01),
    "pgd_l2": ("l2", 2.0, 0.1),
}


def advtext(model):
    def build(norm, epsilon, step_size):
        settings = {"norm": norm, "value_range": (0.0, 1.0)}
        if step_size is None:
            attack = attacks.FastGradient(epsilon, **settings)
        else:
            attack = attacks.ProjectedGradientDescent(
                epsilon, step_size, STEPS, **settings
            )
        return lambda x, y: attack(model, x, y)

    return build


def foolbox(model):
    import foolbox
    import tensorflow as tf

    wrapped = foolbox.TensorFlowModel(model, bounds=(0.0, 1.0))

    def build(norm, epsilon, step_size):
        settings = {"random_start": False}
        if step_size is None:
            attack = foolbox.attacks.LinfFastGradientAttack(**settings)
        else:
            settings |= {"abs_stepsize": step_size, "steps": STEPS}
            kind = {"linf": "LinfPGD", "l2": "L2PGD"}[norm]
            attack = getattr(foolbox.attacks, kind)(**settings)
        return lambda x, y: attack(
            wrapped,
            tf.convert_to_tensor(x),
            tf.convert_to_tensor(y),
            epsilons=epsilon,
        )[1]

    return build


def art(model):
    from art.attacks import evasion
    from art.estimators.classification import TensorFlowV2Classifier

    wrapped = TensorFlowV2Classifier(
        model,
        nb_classes=10,
        input_shape=(28, 28, 1),
        loss_object=keras.losses.SparseCategoricalCrossentropy(
            from_logits=True
        ),
        clip_values=(0.0, 1.0),
    )

    def build(norm, epsilon, step_size):
        settings = {"norm": {"linf": np.inf, "l2": 2}[norm], "eps": epsilon}
        settings["batch_size"] = 10_000
        if step_size is None:
            attack = evasion.FastGradientMethod(wrapped, **settings)
        else:
            attack = evasion.ProjectedGradientDescent(
                wrapped,
                eps_step=step_size,
                max_iter=STEPS,
                verbose=False,
                **settings,
            )
        return lambda x, y: attack.generate(x, y)

    return build


def cleverhans(model):
    from cleverhans.tf2.attacks.fast_gradient_method import (
        fast_gradient_method,
    )
    from cleverhans.tf2.attacks.projected_gradient_descent import (
        projected_gradient_descent,
    )

    def build(norm, epsilon, step_size):
        order = {"linf": np.inf, "l2": 2}[norm]
        rest = {"clip_min": 0.0, "clip_max": 1.0}
        if step_size is None:
            return lambda x, y: fast_gradient_method(
                model, x, epsilon, order, y=y, **rest
            )
        rest |= {"rand_init": False, "sanity_checks": False}
        return lambda x, y: projected_gradient_descent(
            model, x, epsilon, step_size, STEPS, order, y=y, **rest
        )

    return build


def programs(model):
    """Returns what can be used, and why the rest cannot."""
    found, missing = {"advtext": advtext(model)}, {}
    for peer in (foolbox, art, cleverhans):
        try:
            found[peer.__name__] = peer(model)
        except Exception as error:  # Whatever a package of others raises.
            missing[peer.__name__] = f"{type(error).__name__}: {error}"
    return found, missing


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
    run = {name: make(*attack) for name, make in build.items()}
    seconds = {name: [] for name in run}
    examples = {}
    for done in range(rounds + 2):
        for name, attack in run.items():
            start = time.perf_counter()
            examples[name] = np.asarray(attack(x, y))
            if done >= 2:
                seconds[name].append(time.perf_counter() - start)
    result = {}
    for name, found in examples.items():
        predicted = np.argmax(model.predict(found, verbose=0), axis=1)
        ratios = [
            theirs / ours
            for theirs, ours in zip(
                seconds[name], seconds["advtext"], strict=True
            )
        ]
        result[name] = {
            "error": round(100 * float(np.mean(predicted != y)), 2),
            "seconds": round(statistics.median(seconds[name]), 4),
            "ratio": round(statistics.median(ratios), 2),
            "difference": float(
                np.max(np.abs(found - examples["advtext"])[unsure])
            ),
        }
    return result


def versions(names):
    packages = {"art": "adversarial-robustness-toolbox"}
    return {n: importlib.metadata.version(packages.get(n, n)) for n in names}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data_dir", default=DATA, help="folder of MNIST")
    parser.add_argument("--examples", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    if not os.path.isdir(arguments.data_dir):
        parser.error(f"there is no folder {arguments.data_dir}")
    keras.utils.set_random_seed(0)
    data = load_images(arguments.data_dir)
    model = network(data["train"])
    x = data["test"].images[: arguments.examples]
    y = data["test"].labels[: arguments.examples].astype("int64")
    logits = model.predict(x, verbose=0)
    clean = np.argmax(logits, axis=1)
    ordered = np.sort(logits, axis=1)
    unsure = ordered[:, -1] - ordered[:, -2] < SURE
    build, missing = programs(model)
    results = {
        name: compare(build, attack, model, x, y, unsure, arguments.rounds)
        for name, attack in ATTACKS.items()
    }
    print(
        json.dumps(
            {
                "benchmark": "attacks",
                "clean_error": round(100 * float(np.mean(clean != y)), 2),
                "sure": int(np.sum(~unsure)),
                **results,
                "left_out": missing,
                "examples": arguments.examples,
                "rounds": arguments.rounds,
                "versions": versions(["advtext", "keras", *list(build)[1:]]),
            }
        )
    )


if __name__ == "__main__":
    main()
