import keras
import numpy as np
import pytest
from keras import ops
from training_steps import Dropped, data, documents, state, step, text

from advtext import backend
from advtext.losses import kl_divergence_from_logits
from advtext.training import ConsistencyLoss


def by_hand(classifier, x, y, weight):
    """Two whole passes, one after the other, under one gradient."""

    def run():
        mask = classifier.compute_mask(x)
        embedded = classifier.embed(x, training=True)
        return classifier.classify(embedded, mask, training=True)

    def loss():
        one, other = run(), run()
        if one.shape[-1] == 1:
            clean = ops.binary_crossentropy(
                ops.cast(y[:, None], one.dtype), one, from_logits=True
            )
        else:
            clean = ops.sparse_categorical_crossentropy(
                y, one, from_logits=True
            )
        both = kl_divergence_from_logits(one, other)
        both = both + kl_divergence_from_logits(other, one)
        return [ops.mean(clean) + weight * ops.mean(both) / 2]

    _, backward = backend.vjp(loss, classifier.trainable_variables)
    return backward([np.float32(1.0)])


@pytest.mark.parametrize("dropout", [True, False])
def test_gradient_is_that_of_two_passes(dropout):
    # Two passes move the statistics of batch normalization twice: without.
    classifier = text(embedding_dropout=0.5 if dropout else 0.0)
    x, y = data(classifier)
    before = state(classifier)
    gradients, values, *_ = step(classifier, [ConsistencyLoss(0.7)], x, y)
    assert (values["consistency_loss"] > 1e-4) == dropout
    for variable, value in zip(
        classifier.non_trainable_variables, before, strict=True
    ):
        variable.assign(value)
    for variable, ours, theirs in zip(
        classifier.trainable_variables,
        gradients,
        by_hand(classifier, x, y, 0.7),
        strict=True,
    ):
        np.testing.assert_allclose(
            ours,
            ops.convert_to_tensor(theirs),
            rtol=1e-4,
            atol=1e-7,
            err_msg=variable.path,
        )


def test_masks_differ_within_a_step_and_between_steps():
    classifier = Dropped()
    x, y = data(classifier)
    first = step(classifier, [ConsistencyLoss()], x, y)
    again = step(classifier, [ConsistencyLoss()], x, y)
    assert first[1]["consistency_loss"] == again[1]["consistency_loss"] > 0
    for variable, value in zip(
        classifier.non_trainable_variables, first[2], strict=True
    ):
        variable.assign(value)
    later = step(classifier, [ConsistencyLoss()], x, y)
    assert later[1]["consistency_loss"] != first[1]["consistency_loss"]


def test_two_terms_share_the_second_pass():
    classifier = Dropped()
    x, y = data(classifier)
    terms = [ConsistencyLoss(name="a"), ConsistencyLoss(name="b")]
    values = step(classifier, terms, x, y)[1]
    assert values["a"] == values["b"] > 0


def test_is_about_the_unlabelled():
    classifier = text()
    x, y = data(classifier, 4)
    found = [
        step(
            classifier,
            [ConsistencyLoss()],
            {"labelled": labelled, "unlabelled": documents(6)},
            y,
        )[1]["consistency_loss"]
        for labelled in (x, documents(4, seed=3))
    ]
    assert found[0] == found[1] > 0


def test_training_lowers_it():
    keras.utils.set_random_seed(0)
    layers = [
        keras.layers.Dense(16, "tanh"),
        keras.layers.Dropout(0.5, seed=0),
        keras.layers.Dense(3),
    ]
    from advtext.models import SequentialClassifier
    from advtext.training import AdversarialTraining

    x = np.random.default_rng(0).normal(size=(64, 5)).astype("float32")
    model = AdversarialTraining(
        SequentialClassifier(layers), [ConsistencyLoss()]
    )
    model.compile(keras.optimizers.Adam(0.01))
    history = model.fit(x, batch_size=32, epochs=20, verbose=0).history
    assert history["consistency_loss"][-1] < 0.2 * history["loss"][0]
