"""The attacks of `attacks.py`: ours, and those of other toolboxes."""

import keras
import numpy as np

from advtext import attacks

STEPS = 40
# Where the packages are called otherwise than their modules.
PACKAGES = {"art": "adversarial-robustness-toolbox"}


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
