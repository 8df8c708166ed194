import functools

import keras
import numpy as np
import pytest
from backends import compiled
from keras import ops

from advtext import backend
from advtext.data import Corpus, LanguageModelBatches
from advtext.models import LanguageModel, TextClassifier

SIZE, ROWS = 20, 3
RANDOM = np.random.default_rng(0)
COUNTS = np.arange(SIZE)[::-1] * (np.arange(SIZE) > 0)
STREAM = RANDOM.integers(1, SIZE, size=(ROWS, 13))
X, Y = STREAM[:, :-1], STREAM[:, 1:]


def language_model(**kwargs):
    arguments = {"embedding_dim": 4, "units": 3, "num_candidates": 7, "seed": 0}
    model = LanguageModel(SIZE, **{**arguments, **kwargs})
    model.adapt(COUNTS)
    return model


def randomize(model):
    for variable in model.trainable_variables:
        variable.assign(RANDOM.normal(size=variable.shape))
    return model


def empty(states):
    for variable in keras.tree.flatten(states or []):
        variable.assign(np.zeros(variable.shape))


@functools.cache
def carrying():
    """A compiled model whose state goes from batch to batch."""
    model = randomize(language_model(batch_size=ROWS))
    model.compile("sgd", run_eagerly=True)
    return model


def both(tokens, bidirectional):
    if not bidirectional:
        return tokens
    return {"forward": tokens, "backward": tokens[::-1].copy()}


def losses_by_hand(outputs, targets, head):
    logits = np.asarray(outputs, "float64") @ np.asarray(head.kernel).T
    logits = logits + np.asarray(head.bias)
    normalizer = np.log(np.exp(logits).sum(axis=-1))
    true = np.take_along_axis(logits, targets[..., None], axis=-1)[..., 0]
    return normalizer - true


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("batch_size", [None, ROWS])
def test_config_and_file(bidirectional, batch_size, tmp_path):
    model = language_model(bidirectional=bidirectional, batch_size=batch_size)
    randomize(model)
    inputs = both(X, bidirectional)
    outputs = model(inputs)
    again = LanguageModel.from_config(model.get_config())
    assert again.get_config() == model.get_config()
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    for each in (model, loaded):
        empty(each.evaluation_states)
    for ours, theirs in zip(
        keras.tree.flatten(model(inputs)),
        keras.tree.flatten(loaded(inputs)),
        strict=True,
    ):
        assert ours.shape == (ROWS, 12, 3)
        np.testing.assert_array_equal(ours, theirs)
    assert len(keras.tree.flatten(outputs)) == 1 + bidirectional
    for ours, theirs in zip(model.weights, loaded.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    "bidirectional, normalize", [(False, True), (True, False)]
)
def test_one_step_moves_every_weight(bidirectional, normalize):
    model = language_model(
        bidirectional=bidirectional,
        normalize_embedding=normalize,
        batch_size=ROWS,
    )
    model.compile("adam")
    before = [np.asarray(v) for v in model.trainable_variables]
    history = model.fit(
        both(X, bidirectional),
        both(Y, bidirectional),
        batch_size=ROWS,
        verbose=0,
    )
    assert set(history.history) == {"loss"}
    assert len(before) == (11 if bidirectional else 6)
    for old, new in zip(before, model.trainable_variables, strict=True):
        assert np.any(old != np.asarray(new)), new.path


@pytest.mark.parametrize("bidirectional", [False, True])
def test_evaluation_is_the_exact_mean_loss(bidirectional):
    model = randomize(language_model(bidirectional=bidirectional))
    model.compile("sgd", run_eagerly=True)
    x, y = both(X, bidirectional), both(Y, bidirectional)
    expected = 0.0
    for outputs, targets, head in zip(
        keras.tree.flatten(model(x)),
        [y["forward"], y["backward"]] if bidirectional else [y],
        model.heads,
        strict=True,
    ):
        expected += losses_by_hand(outputs, targets, head).mean()
    loss = model.evaluate(x, y, batch_size=ROWS, verbose=0)
    np.testing.assert_allclose(loss, expected, rtol=1e-5)


def test_a_loss_is_float32_in_mixed_precision():
    half = randomize(language_model(dtype="mixed_bfloat16"))
    half.compile("sgd")
    assert np.isfinite(half.fit(X, Y, verbose=0).history["loss"]).all()
    outputs = half(X)
    assert outputs.dtype == "bfloat16"
    outputs = ops.cast(outputs, "float32")
    loss = half.compute_loss(X, Y, outputs, training=False)
    assert loss.dtype == "float32"
    by_hand = losses_by_hand(outputs, Y, half.heads[0]).mean()
    np.testing.assert_allclose(loss, by_hand, rtol=1e-5)


def test_training_without_candidates_is_exact_too():
    exact = randomize(language_model(num_candidates=0))
    outputs = exact(X)
    by_hand = losses_by_hand(outputs, Y, exact.heads[0]).mean()
    for training in (True, False):
        loss = exact.compute_loss(X, Y, outputs, training=training)
        np.testing.assert_allclose(loss, by_hand, rtol=1e-5)


def test_many_candidates_come_close_to_the_exact_loss():
    model = randomize(language_model(num_candidates=100_000))
    outputs = model(X)
    sampled = model.compute_loss(X, Y, outputs, training=True)
    exact = model.compute_loss(X, Y, outputs, training=False)
    np.testing.assert_allclose(sampled, exact, rtol=0.02)
    again = model.compute_loss(X, Y, outputs, training=True)
    assert float(sampled) != float(again), "fresh candidates every time"


def test_adapted_biases_are_the_frequencies():
    model = language_model()
    frequencies = np.maximum(COUNTS, 1) / np.maximum(COUNTS, 1).sum()
    np.testing.assert_allclose(
        model.heads[0].bias, np.log(frequencies), rtol=1e-5
    )
    np.testing.assert_array_equal(model.embedding.token_counts, COUNTS)
    model.adapt(COUNTS, target_counts=np.ones(SIZE))
    np.testing.assert_allclose(model.heads[0].bias, np.log(1 / SIZE), rtol=1e-5)


@pytest.mark.parametrize("training", [True, False])
def test_two_half_windows_equal_a_whole_one(training):
    model = randomize(language_model(batch_size=ROWS, embedding_dropout=0.0))
    whole = np.asarray(model(X, training=training))
    states = model.training_states if training else model.evaluation_states
    empty(states)
    halves = [
        np.asarray(model(X[:, i : i + 6], training=training)) for i in (0, 6)
    ]
    np.testing.assert_allclose(
        np.concatenate(halves, axis=1), whole, rtol=1e-5, atol=1e-6
    )
    assert np.any(halves[1] != np.asarray(language_model()(X[:, 6:])))


@pytest.mark.parametrize("graph", [False, True])
def test_gradient_takes_the_state_before_the_batch_as_a_constant(graph):
    arguments = {"num_candidates": 0, "embedding_dropout": 0.0}
    model = randomize(language_model(batch_size=ROWS, **arguments))
    plain = language_model(**arguments)
    for source, target in zip(
        model.trainable_variables, plain.trainable_variables, strict=True
    ):
        target.assign(source)
    state = RANDOM.normal(size=(2, ROWS, 3)).astype("float32")

    def gradients(model, outputs):
        return backend.value_and_gradients(
            lambda _: (model.compute_loss(X, Y, outputs(), training=True), 0),
            model.trainable_variables,
            np.zeros(1),
        )[2]

    def carried():
        for variable, value in zip(
            model.training_states[0], state, strict=True
        ):
            variable.assign(value)
        return gradients(model, lambda: model(X, training=True))

    def given():
        return gradients(
            plain,
            lambda: plain.lstms[0](
                plain.embedding(X), initial_state=list(state)
            )[0],
        )

    if graph:
        carried = compiled(carried, model.variables)
        given = compiled(given, plain.variables)
    for ours, theirs in zip(carried(), given(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-7)


def test_evaluation_of_two_halves_equals_the_whole():
    model = carrying()
    whole = model.evaluate(X, Y, batch_size=ROWS, verbose=0)
    halves = [np.concatenate([z[:, :6], z[:, 6:]]) for z in (X, Y)]
    loss = model.evaluate(*halves, batch_size=ROWS, verbose=0)
    np.testing.assert_allclose(loss, whole, rtol=1e-5)


def test_every_evaluation_starts_from_an_empty_state():
    model = carrying()
    losses = [
        model.evaluate(X, Y, batch_size=ROWS, verbose=0) for _ in range(2)
    ]
    assert losses[0] == losses[1]


def test_evaluation_leaves_the_training_state_alone():
    model = carrying()
    model.reset_state()
    model(X, training=True)
    before = [np.asarray(v) for v in model.training_states[0]]
    assert all(np.any(state) for state in before)
    model.evaluate(X[:, ::-1], Y, batch_size=ROWS, verbose=0)
    for old, new in zip(before, model.training_states[0], strict=True):
        np.testing.assert_array_equal(old, new)
    model.reset_state()
    assert not any(np.any(v) for v in model.training_states[0])


def test_fit_reads_the_stream_in_its_order():
    documents = [RANDOM.integers(1, SIZE, size=9) for _ in range(16)]
    batches = LanguageModelBatches(
        Corpus.from_documents(documents), batch_size=ROWS, timesteps=5
    )
    model = randomize(language_model(batch_size=ROWS, embedding_dropout=0.0))
    model.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    model.fit(batches, verbose=0)
    ends = [np.asarray(v) for v in model.training_states[0]]
    assert batches.first == 2 * len(batches)
    model.reset_state()
    for k in range(len(batches), batches.first):
        model(batches.batch(k)[0], training=True)
    for end, state in zip(ends, model.training_states[0], strict=True):
        np.testing.assert_allclose(end, state, rtol=1e-5, atol=1e-6)


def test_without_batch_size_every_batch_starts_from_zeros():
    model = randomize(language_model())
    np.testing.assert_array_equal(model(X), model(X))
    assert model(X[:1]).shape == (1, 12, 3)


def test_dropout_is_one_mask_shared_over_time():
    model = language_model(embedding_dropout=0.5)
    seen = []
    model.lstms[0].call = lambda x, **kwargs: (
        seen.append(np.asarray(x)),
        np.zeros((ROWS, 12, 3)),
        np.zeros((ROWS, 3)),
        np.zeros((ROWS, 3)),
    )[1:]
    model(X, training=True)
    model(X, training=False)
    ratio = seen[0] / seen[1]
    assert np.all(ratio == ratio[:, :1])
    assert set(np.unique(np.round(ratio, 6))) == {0.0, 2.0}


@pytest.mark.parametrize("bidirectional", [False, True])
def test_weights_move_to_a_classifier(bidirectional):
    model = randomize(language_model(bidirectional=bidirectional))
    classifier = TextClassifier(
        SIZE, embedding_dim=4, units=3, bidirectional=bidirectional
    )
    head = [np.asarray(w) for w in classifier.logits.weights]
    classifier.load_language_model(model)
    pairs = [(model.embedding, classifier.embedding)]
    pairs += zip(model.lstms, classifier.lstms, strict=True)
    for source, target in pairs:
        for ours, theirs in zip(source.weights, target.weights, strict=True):
            np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(classifier.embedding.token_counts, COUNTS)
    for before, after in zip(head, classifier.logits.weights, strict=True):
        np.testing.assert_array_equal(before, after)
    outputs = keras.tree.flatten(model(both(X, bidirectional)))[0]
    np.testing.assert_allclose(
        classifier.lstm(classifier.embed(X)), outputs, rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize(
    "vocabulary_size, arguments, message",
    [
        (21, {}, "`embedding` .*Vocabulary, embedding and units"),
        (SIZE, {"embedding_dim": 5}, "`embedding` .*Vocabulary, embedding"),
        (SIZE, {"units": 4}, "`lstm` .*Vocabulary, embedding and units"),
        (SIZE, {"bidirectional": True}, "`bidirectional` must be the same"),
        (SIZE, {"normalize_embedding": False}, "Embedding of shapes"),
    ],
)
def test_other_classifier_is_refused_and_left_alone(
    vocabulary_size, arguments, message
):
    arguments = {"embedding_dim": 4, "units": 3, **arguments}
    classifier = TextClassifier(vocabulary_size, **arguments)
    before = [np.asarray(w) for w in classifier.weights]
    with pytest.raises(ValueError, match=message):
        classifier.load_language_model(language_model())
    for old, new in zip(before, classifier.weights, strict=True):
        np.testing.assert_array_equal(old, new)


def test_other_token_counts_are_refused():
    classifier = TextClassifier(SIZE, embedding_dim=4, units=3)
    classifier.embedding.adapt(COUNTS[::-1])
    with pytest.raises(ValueError, match="another vocabulary"):
        classifier.load_language_model(language_model())
    classifier.embedding.adapt(COUNTS)
    classifier.load_language_model(language_model())


@pytest.mark.parametrize("number", [-1, float("nan"), 2.5, "9", None])
def test_a_number_of_candidates_that_is_none_is_refused(number):
    with pytest.raises(ValueError, match="`num_candidates` must be an integer"):
        language_model(num_candidates=number)


@pytest.mark.parametrize(
    "counts, message",
    [
        (([1] * 19,), "each of the 20 tokens"),
        (([1] * 20, [1] * 19), "each of the 20 tokens"),
    ],
)
def test_bad_counts_are_refused(counts, message):
    with pytest.raises(ValueError, match=message):
        language_model().adapt(*counts)
