import copy
import pickle

import keras
import numpy as np
import pytest

from advtext.attacks import (
    ExpectationOverTransformation,
    FastGradient,
    ProjectedGradientDescent,
)
from advtext.models import TextClassifier
from advtext.training import (
    AdversarialLoss,
    AdversarialTraining,
    VirtualAdversarialLoss,
)

X, Y = np.array([[5, 7, 0, 0], [6, 8, 3, 0]]), np.array([1, 0])
BINARY = keras.losses.BinaryCrossentropy(from_logits=True)


def model(term, **kwargs):
    classifier = TextClassifier(10, 4, 4, normalize_embedding=False, **kwargs)
    return AdversarialTraining(classifier, [term])


@pytest.mark.parametrize("data", [(X, Y), (X,)])
def test_a_term_without_a_compiled_loss_is_refused(data):
    trained = model(AdversarialLoss(FastGradient(0.1)))
    trained.compile("adam")
    with pytest.raises(ValueError, match="has nothing to raise: no loss is"):
        trained.fit(*data, verbose=0)


@pytest.mark.parametrize(
    "copied",
    [
        lambda m: m.get_config(),
        keras.models.clone_model,
        pickle.dumps,
        copy.deepcopy,
    ],
)
def test_a_copy_says_why_there_is_none(copied):
    trained = model(AdversarialLoss(FastGradient(0.1)))
    with pytest.raises(NotImplementedError, match="`model.classifier`"):
        copied(trained)


def test_restarts_inside_of_another_attack_are_refused():
    inner = ProjectedGradientDescent(1.0, num_restarts=2, random_start=True)
    attack = ExpectationOverTransformation(inner, lambda x, seed: x)
    with pytest.raises(ValueError, match="num_restarts=2"):
        AdversarialLoss(attack)


SCHEDULE = keras.optimizers.schedules.ExponentialDecay(1.0, 2, 0.5)


@pytest.mark.parametrize(
    "options", [{"start_step": 2}, {"weight": SCHEDULE, "start_step": 1}]
)
def test_a_weight_that_changes_trains_in_float64(options):
    trained = model(VirtualAdversarialLoss(1.0, **options), dtype="float64")
    trained.compile("adam", BINARY)
    history = trained.fit(X, Y, epochs=2, verbose=0).history
    assert np.all(np.isfinite(history["loss"]))
