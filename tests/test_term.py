import types

import keras
import numpy as np
import pytest
from training_steps import data, text, training

from advtext.attacks import FastGradient, ProjectedGradientDescent
from advtext.config import Config
from advtext.experiments import train_classifier
from advtext.training import (
    AdversarialLoss,
    AdversarialTraining,
    EntropyLoss,
    SmoothnessLoss,
    Term,
)

SCHEDULE = keras.optimizers.schedules.PolynomialDecay(0.0, 4, 2.0)


def weights(term, steps=6):
    return [float(term.weight_at(np.int32(step))) for step in range(steps)]


def test_weight_is_a_number_or_a_schedule():
    assert weights(Term(0.5), 2) == [0.5, 0.5]
    assert weights(Term(SCHEDULE)) == [0.0, 0.5, 1.0, 1.5, 2.0, 2.0]


def test_weight_is_0_before_the_start():
    assert weights(Term(0.5, start_step=2), 4) == [0.0, 0.0, 0.5, 0.5]
    assert weights(Term(SCHEDULE, start_step=3), 5) == [0, 0, 0, 1.5, 2.0]


@pytest.mark.parametrize("eagerly", [True, False])
def test_weight_follows_the_steps_of_the_optimizer(eagerly):
    classifier = text(embedding_dropout=0.0)
    x, y = data(classifier, 4)
    terms = [
        EntropyLoss(SCHEDULE, name="scheduled"),
        EntropyLoss(3.0, name="late", start_step=2),
    ]
    model = training(classifier, terms)
    model.compile(
        keras.optimizers.SGD(0.0),
        keras.losses.BinaryCrossentropy(from_logits=True),
        run_eagerly=eagerly,
    )
    plain = float(model.evaluate(x, y, verbose=0))
    history = model.fit(x, y, epochs=4, batch_size=4, verbose=0).history
    entropy = history["scheduled"][0]
    np.testing.assert_allclose(history["late"], entropy, rtol=1e-6)
    factors = np.array([0.0, 0.5, 1.0 + 3.0, 1.5 + 3.0])
    np.testing.assert_allclose(
        history["loss"], plain + factors * entropy, rtol=1e-5
    )


def test_weight_scales_the_gradient_by_the_schedule():
    classifier = text(embedding_dropout=0.0)
    x, y = data(classifier, 4)
    found = []
    for weight in (0.0, 1.0, SCHEDULE):
        model = training(
            classifier, [AdversarialLoss(FastGradient(1.0), weight)]
        )
        model.optimizer.build(classifier.trainable_variables)
        model.optimizer.iterations.assign(1)
        gradients, _ = model.compute_gradients(x, y)
        found.append([np.asarray(g) for g in gradients])
    for none, one, half in zip(*found, strict=True):
        np.testing.assert_allclose(
            half, none + 0.5 * (one - none), rtol=1e-4, atol=1e-7
        )


@pytest.mark.parametrize("start_step", [-1, 1.5, True])
def test_bad_start_step_is_refused(start_step):
    with pytest.raises(ValueError, match="`start_step` must be an integer"):
        Term(start_step=start_step)


def test_a_term_on_a_batch_without_labels_is_refused():
    classifier = text()
    x, _ = data(classifier)
    model = training(classifier, [AdversarialLoss(FastGradient(1.0))])
    with pytest.raises(ValueError, match="'adversarial_loss' needs labels"):
        model.compute_gradients(x, None)


def test_without_labels_the_terms_alone_are_trained():
    classifier = text()
    x, _ = data(classifier)
    model = training(classifier, [EntropyLoss()])
    history = model.fit(x, epochs=5, batch_size=8, verbose=0).history
    assert history["loss"] == history["entropy_loss"]
    assert history["loss"][-1] < history["loss"][0]


@pytest.mark.parametrize(
    "terms, error, message",
    [
        (EntropyLoss(), TypeError, "must be a list"),
        ([FastGradient(1.0)], TypeError, "AdversarialLoss.attack."),
        ([3], TypeError, "list of terms.*Received: 3"),
        ([EntropyLoss(name="loss")], ValueError, "cannot be named 'loss'"),
    ],
)
def test_what_are_no_terms_is_refused(terms, error, message):
    with pytest.raises(error, match=message):
        AdversarialTraining(text(), terms)


def test_a_term_bears_its_class_name():
    assert Term().name == "term"


def test_an_objective_that_is_no_scalar_is_refused():
    class Rows(Term):
        def objective(self, clean):
            return lambda embedded: clean.entropy(clean.classify(embedded))

    classifier = text()
    x, y = data(classifier)
    with pytest.raises(ValueError, match="'rows' must be a scalar.*mean"):
        training(classifier, [Rows()]).compute_gradients(x, y)


@pytest.mark.parametrize("method", ["random", "mixed", "adversarial"])
def test_a_share_of_the_embedded_length_is_one(method):
    config = Config(method=method, epsilon=0.25, relative_epsilon=True)
    descent = ProjectedGradientDescent(
        0.25, num_steps=1, norm="l2", random_start=True
    )
    terms = train_classifier.build_terms(config)
    terms.append(SmoothnessLoss(descent, relative=True))
    embedded = np.array([[[3.0, 4.0]], [[0.0, 2.0]]], "float32")
    clean = types.SimpleNamespace(embedded=embedded, mask=None, step=0)
    for term in terms:
        if hasattr(term, "attack"):
            found = np.ravel(term.epsilon_for(clean)["epsilon"])
            np.testing.assert_allclose(found, [1.25, 0.5], rtol=1e-6)


def test_smoothness_is_trained_with_a_share():
    classifier = text()
    x, y = data(classifier)
    attack = ProjectedGradientDescent(
        0.1, num_steps=1, norm="l2", random_start=True
    )
    model = training(classifier, [SmoothnessLoss(attack, relative=True)])
    gradients, _ = model.compute_gradients(x, y)
    assert all(np.isfinite(np.asarray(g)).all() for g in gradients)
