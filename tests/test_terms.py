"""A table over the terms: a new term is a new row."""

import functools

import keras
import numpy as np
import pytest
from backends import ON_TENSORFLOW, compiled
from keras import ops
from training_steps import (
    Dropped,
    data,
    documents,
    restore,
    state,
    step,
    text,
    training,
)

from advtext.attacks import (
    FastGradient,
    ProjectedGradientDescent,
    RandomNoise,
)
from advtext.losses import entropy_from_logits, kl_divergence_from_logits
from advtext.training import (
    AdversarialLoss,
    ConsistencyLoss,
    EntropyLoss,
    SmoothnessLoss,
    Term,
    VirtualAdversarialLoss,
)

PERTURBING = {
    "adversarial": lambda epsilon, **kwargs: AdversarialLoss(
        FastGradient(epsilon), **kwargs
    ),
    "random": lambda epsilon, **kwargs: AdversarialLoss(
        RandomNoise(epsilon, seed=0), **kwargs
    ),
    "virtual": lambda epsilon, **kwargs: VirtualAdversarialLoss(
        epsilon, seed=0, **kwargs
    ),
    "virtual twice": lambda epsilon, **kwargs: VirtualAdversarialLoss(
        epsilon, num_power_iterations=2, seed=0, **kwargs
    ),
    "two steps": lambda epsilon, **kwargs: AdversarialLoss(
        descent(epsilon), **kwargs
    ),
    "accumulated": lambda epsilon, **kwargs: AdversarialLoss(
        descent(epsilon), accumulate_gradients=True, **kwargs
    ),
    "smoothness": lambda epsilon, **kwargs: SmoothnessLoss(
        descent(epsilon), **kwargs
    ),
    "symmetric": lambda epsilon, **kwargs: SmoothnessLoss(
        descent(epsilon), symmetric=True, **kwargs
    ),
    "virtual noise": lambda epsilon, **kwargs: VirtualAdversarialLoss(
        epsilon, num_power_iterations=0, seed=0, **kwargs
    ),
}
OTHERS = {
    "entropy": lambda epsilon, **kwargs: EntropyLoss(**kwargs),
    "consistency": lambda epsilon, **kwargs: ConsistencyLoss(**kwargs),
}
TERMS = {**PERTURBING, **OTHERS}
EVERY = pytest.mark.parametrize("term", TERMS.values(), ids=TERMS)
EVERY_PERTURBING = pytest.mark.parametrize(
    "term", PERTURBING.values(), ids=PERTURBING
)


def descent(epsilon):
    return ProjectedGradientDescent(
        epsilon, num_steps=2, norm="l2", random_start=True, seed=0
    )


@functools.cache
def trained():
    """A classifier that knows whether token 1 occurs."""
    keras.utils.set_random_seed(0)
    classifier = text(embedding_dropout=0.0, pooling="max", units=4)
    x = documents(256)
    y = np.any(x == 1, axis=1).astype("int32")
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    classifier.compile(keras.optimizers.Adam(0.05), loss)
    classifier.fit(x, y, epochs=8, batch_size=32, verbose=0)
    return classifier, x, y


@EVERY
@pytest.mark.parametrize("make", [text, Dropped])
def test_every_weight_gets_a_gradient(term, make):
    classifier = make()
    x, y = data(classifier)
    gradients, values, *_ = step(classifier, [term(1.0, name="mine")], x, y)
    assert set(values) == {"loss", "mine"}
    assert values["mine"] > 0
    for variable, gradient in zip(
        classifier.trainable_variables, gradients, strict=True
    ):
        assert np.isfinite(gradient).all()
        assert np.any(gradient), variable.path


@EVERY_PERTURBING
@pytest.mark.parametrize("make", [text, Dropped])
def test_epsilon_0_is_the_clean_pass_once_more(term, make):
    classifier = make()
    x, y = data(classifier)
    plain, clean, plain_state, plain_logits = step(classifier, [], x, y)
    gradients, values, after, logits = step(
        classifier, [term(0.0, name="mine")], x, y
    )
    np.testing.assert_array_equal(logits, plain_logits)
    for moved, expected in zip(after, plain_state, strict=True):
        np.testing.assert_array_equal(moved, expected)
    if term(0.0).needs_labels:
        assert values["mine"] == clean["loss"]
        factor = 2.0
    else:
        assert values["mine"] == 0.0
        factor = 1.0
    for ours, theirs in zip(gradients, plain, strict=True):
        np.testing.assert_array_equal(ours, factor * theirs)


@EVERY
def test_statistics_move_once_and_masks_are_drawn_once(term):
    classifier = Dropped()
    x, y = data(classifier)
    before = state(classifier)
    plain = step(classifier, [], x, y)[2]
    perturbed = step(classifier, [term(1.0), term(2.0, name="b")], x, y)[2]
    for ours, theirs, old in zip(perturbed, plain, before, strict=True):
        np.testing.assert_array_equal(ours, theirs)
        assert np.any(ours != old)


@EVERY
def test_weight_scales_the_term(term):
    classifier = text()
    x, y = data(classifier)
    plain, clean, *_ = step(classifier, [], x, y)
    full, value, *_ = step(classifier, [term(1.0, name="mine")], x, y)
    for weight in (0.0, 0.25):
        gradients, values, *_ = step(
            classifier, [term(1.0, weight=weight, name="mine")], x, y
        )
        assert values["mine"] == value["mine"]
        np.testing.assert_allclose(
            values["loss"], clean["loss"] + weight * value["mine"], rtol=1e-6
        )
        for ours, one, zero in zip(gradients, full, plain, strict=True):
            expected = zero + weight * (one - zero)
            np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-7)


class Recorder:
    """An attack that remembers what another one did."""

    def __init__(self, attack):
        self.attack = attack
        self.seed_generators = attack.seed_generators

    def perturbation(self, *args, **kwargs):
        self.result = self.attack.perturbation(*args, **kwargs)
        return self.result


def recorded_terms():
    virtual = VirtualAdversarialLoss(0.7, weight=1.3, seed=0)
    virtual.attack = Recorder(virtual.attack)
    attack = Recorder(FastGradient(0.9))
    return [AdversarialLoss(attack, weight=0.6), virtual]


def total_loss(classifier, streams, y, terms, clean_logits, before):
    """The objective by hand: perturbations and the reference are constants.

    A float64 function of the weights alone, for central differences.
    """
    variables = classifier.non_trainable_variables
    at, vat = (term.attack.result for term in terms)

    def classify(embedded, x):
        # The masks of the first pass, whichever pass it is.
        for variable, value in zip(variables, before, strict=True):
            variable.assign(value)
        mask = classifier.compute_mask(x)
        return classifier.classify(embedded, mask, training=True)

    def cross_entropy(logits):
        if logits.shape[-1] == 1:
            loss = ops.binary_crossentropy(
                y[:, None].astype("float64"), logits, from_logits=True
            )
        else:
            loss = ops.sparse_categorical_crossentropy(
                y, logits, from_logits=True
            )
        return ops.mean(loss)

    def loss():
        for variable, value in zip(variables, before, strict=True):
            variable.assign(value)
        embedded = [classifier.embed(x, training=True) for x in streams]
        clean = cross_entropy(classify(embedded[0], streams[0]))
        moved = cross_entropy(classify(embedded[0] + at, streams[0]))
        divergence = kl_divergence_from_logits(
            clean_logits, classify(embedded[-1] + vat, streams[-1])
        )
        return clean + 0.6 * moved + 1.3 * ops.mean(divergence)

    return compiled(loss, classifier.variables)


# Keras on JAX computes means and tanh of float64 in float32; that JAX gives the
# same gradients is for test_backends_agree.py.
@pytest.mark.skipif(not ON_TENSORFLOW, reason="no float64 in Keras on JAX")
@pytest.mark.parametrize(
    "make, semi_supervised",
    [
        (functools.partial(text, bidirectional=True, pooling="concat"), False),
        (text, True),
        (Dropped, False),
    ],
    ids=["text", "labelled and unlabelled", "masks in classify"],
)
def test_gradient_equals_central_differences(make, semi_supervised):
    classifier = make(dtype="float64")
    x, y = data(classifier, 3)
    streams = [x, documents(2, seed=1)] if semi_supervised else [x]
    terms = recorded_terms()
    model = training(classifier, terms)
    before = state(classifier)
    inputs = x
    if semi_supervised:
        inputs = {"labelled": x, "unlabelled": streams[1]}
    gradients, _ = model.compute_gradients(inputs, y)
    recorded = float(model.metrics[0].result())

    restore(classifier, before)
    embedded = [classifier.embed(x, training=True) for x in streams]
    clean_logits = classifier.classify(
        embedded[-1], classifier.compute_mask(streams[-1]), training=True
    )
    loss = total_loss(classifier, streams, y, terms, clean_logits, before)
    np.testing.assert_allclose(float(loss()), recorded, rtol=1e-6)
    for variable, gradient in zip(
        classifier.trainable_variables, gradients, strict=True
    ):
        value, slopes = np.asarray(variable), np.zeros(variable.shape)
        for place in np.ndindex(*variable.shape):
            ends = []
            for sign in (1.0, -1.0):
                moved = value.copy()
                moved[place] += sign * 1e-5
                variable.assign(moved)
                ends.append(float(loss()))
            slopes[place] = (ends[0] - ends[1]) / 2e-5
        variable.assign(value)
        np.testing.assert_allclose(
            gradient, slopes, rtol=1e-6, atol=1e-8, err_msg=variable.path
        )


def test_adversarial_loss_is_above_noise_is_above_clean():
    classifier, x, y = trained()
    clean = step(classifier, [], x, y)[1]["loss"]
    seeds = [AdversarialLoss(RandomNoise(2.0, seed=s)) for s in range(10)]
    noise = [step(classifier, [t], x, y)[1][t.name] for t in seeds]
    term = AdversarialLoss(FastGradient(2.0))
    adversarial = step(classifier, [term], x, y)[1][term.name]
    assert adversarial > 1.5 * np.mean(noise)
    assert np.mean(noise) > clean


def test_divergence_is_above_that_of_noise():
    classifier, x, y = trained()
    means = []
    for number in (0, 1, 4):
        terms = [
            VirtualAdversarialLoss(
                1.0, num_power_iterations=number, seed=seed, name=str(seed)
            )
            for seed in range(5)
        ]
        values = step(classifier, terms, x, y)[1]
        means.append(np.mean([values[str(seed)] for seed in range(5)]))
    assert means[1] > 2 * means[0]
    assert means[2] > means[1]


def test_sample_weights_are_those_of_the_compiled_loss():
    classifier = text()
    x, y = data(classifier, 4)
    weight = np.array([1.0, 0.0, 0.0, 0.0])
    term = AdversarialLoss(FastGradient(1.0))
    gradients, values, *_ = step(classifier, [term], x, y, weight)
    changed = np.where(weight[:, None] > 0, x, documents(4, seed=5))
    others, again, *_ = step(classifier, [term], changed, y, weight)
    np.testing.assert_allclose(values[term.name], again[term.name], rtol=1e-5)
    for ours, theirs in zip(gradients, others, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


@EVERY
def test_regularization_is_counted_once(term):
    keras.utils.set_random_seed(0)
    classifier = Dropped()
    x, y = data(classifier)
    without, plain, *_ = step(classifier, [term(1.0, name="mine")], x, y)
    kernel = classifier.inner[-1].kernel
    kernel.regularizer = keras.regularizers.L2(0.5)
    gradients, values, *_ = step(classifier, [term(1.0, name="mine")], x, y)
    penalty = 0.5 * float(ops.sum(kernel**2))
    np.testing.assert_allclose(values["mine"], plain["mine"], rtol=1e-5)
    np.testing.assert_allclose(
        values["loss"], plain["loss"] + penalty, rtol=1e-5
    )
    np.testing.assert_allclose(
        gradients[-2], without[-2] + np.asarray(kernel), rtol=1e-4, atol=1e-5
    )


def test_streams_go_to_the_terms_that_want_them():
    seen = {}

    class Spy(Term):
        def objective(self, clean):
            seen[self.name] = clean
            return lambda embedded: ops.mean(clean.classify(embedded))

    class Labelled(Spy):
        needs_labels = True

    classifier = text()
    x, y = data(classifier, 4)
    terms = [Spy(name="any"), Labelled(name="labelled")]
    both = {"labelled": x, "unlabelled": documents(3)}
    step(classifier, terms, both, y)
    assert seen["labelled"].embedded.shape[0] == 4
    assert seen["labelled"].loss is not None
    assert seen["any"].embedded.shape[0] == 3
    assert seen["any"].loss is None
    step(classifier, terms, x, y)
    assert seen["any"].embedded.shape[0] == 4
    assert seen["any"].classify is seen["labelled"].classify


def test_entropy_term_of_a_user_takes_five_lines():
    class Entropy(Term):
        def objective(self, clean):
            return lambda embedded: ops.mean(
                entropy_from_logits(clean.classify(embedded))
            )

    classifier = text()
    x, y = data(classifier)
    values = step(classifier, [Entropy(1.0, "entropy")], x, y)[1]
    assert 0 < values["entropy"] <= np.log(2) + 1e-6


def test_base_has_no_objective():
    with pytest.raises(NotImplementedError):
        Term().objective(None)


@EVERY
@pytest.mark.parametrize("weight", [-1.0, float("nan"), "1"])
def test_bad_weight_is_refused(term, weight):
    with pytest.raises(ValueError, match="`weight` must be a finite number"):
        term(1.0, weight=weight)


@EVERY_PERTURBING
def test_bad_epsilon_is_refused(term):
    with pytest.raises(ValueError, match="`epsilon` must be a finite number"):
        term(float("nan"))


def test_what_is_no_attack_is_refused():
    with pytest.raises(TypeError, match="`attack` must be an attack.*5.0"):
        AdversarialLoss(5.0)


def test_targeted_attack_is_refused():
    with pytest.raises(ValueError, match="`attack` must not be targeted"):
        AdversarialLoss(FastGradient(1.0, targeted=True))
