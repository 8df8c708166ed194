import functools
import sys
import threading

import keras
import numpy as np
import pytest
from keras import ops

from advtext import backend
from advtext.data import Corpus
from advtext.evaluation import predict_documents, predict_logits
from advtext.models import Classifier, TextClassifier

# The package's name for it is the function's.
module = sys.modules[predict_documents.__module__]
RANDOM = np.random.default_rng(0)
LENGTHS = [3, 1, 0, 9, 17, 2, 9, 5, 30, 1, 4]
DOCUMENTS = [RANDOM.integers(1, 20, size=length) for length in LENGTHS]


@functools.cache
def classifier(pooling="last", bidirectional=True, dtype="float32"):
    model = TextClassifier(
        20,
        embedding_dim=4,
        units=3,
        num_classes=3,
        pooling=pooling,
        bidirectional=bidirectional,
        dtype=dtype,
    )
    model.embedding.adapt([0, *range(19)])
    return model.freeze()


def one_by_one(model, documents=DOCUMENTS):
    rows = np.zeros((len(documents), 1, 31), "int32")
    for row, document in zip(rows, documents, strict=True):
        row[0, : len(document)] = document
    return np.concatenate([predict_logits(model, row) for row in rows])


class Looked(Classifier):
    """Gives of every row the first token, its number of tokens, its width."""

    def __init__(self):
        super().__init__()
        self.shapes = []
        self.built = True

    def call(self, inputs, training=False):
        self.shapes.append(tuple(inputs.shape))
        width = ops.zeros_like(inputs[:, 0]) + ops.shape(inputs)[1]
        length = ops.sum(ops.cast(inputs != 0, "int32"), axis=1)
        columns = [inputs[:, 0], length, width]
        return ops.cast(ops.stack(columns, axis=1), "float32")


@pytest.mark.parametrize("pooling", ["last", "concat"])
def test_logits_are_those_of_one_document_after_the_other(pooling):
    model = classifier(pooling)
    expected = one_by_one(model)
    for batch_size in (1, 4):
        logits = predict_documents(model, DOCUMENTS, 32, batch_size)
        np.testing.assert_allclose(logits, expected, rtol=1e-5, atol=1e-6)


def test_every_form_of_the_documents_gives_the_same():
    padded = np.zeros((len(LENGTHS), 40), "int64")
    for row, document in zip(padded, DOCUMENTS, strict=True):
        row[: len(document)] = document
    corpus = Corpus.from_documents(DOCUMENTS, np.zeros(len(LENGTHS)))
    expected = predict_documents(classifier(), DOCUMENTS)
    lists = [document.tolist() for document in DOCUMENTS]
    for documents in (lists, tuple(lists), padded, corpus):
        found = predict_documents(classifier(), documents)
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7)
    few = predict_documents(classifier(), corpus.subset([4, 0]))
    np.testing.assert_allclose(few, expected[[4, 0]], rtol=1e-5, atol=1e-6)


def test_of_a_long_document_the_end_is_kept():
    documents = [np.arange(1, 8), np.arange(5, 7)]
    found = predict_documents(Looked(), documents, max_length=3)
    assert found[:, :2].tolist() == [[5, 3], [5, 2]]


def test_seven_hundred_documents_keep_their_order():
    lengths = RANDOM.integers(1, 60, 700)
    documents = [
        np.append(n, np.ones(k, "int32")) for n, k in enumerate(lengths)
    ]
    found = predict_documents(Looked(), documents, batch_size=7)
    # Document 0 begins with padding, and has its number of tokens all the same.
    assert found[:, 0].tolist() == list(range(700))
    assert found[1:, 1].tolist() == (lengths[1:] + 1).tolist()


def test_little_is_padded():
    documents = [np.ones(n, int) for n in range(1, 201)]
    found = predict_documents(Looked(), documents, 200, batch_size=10)
    padding = found[:, 2] - found[:, 1]
    assert 0 <= padding.min()
    assert padding.max() < (10 if not backend.STEPS_ARE_COMPILED else 10 + 25)


def test_a_function_is_not_compiled_again_for_every_length():
    model = Looked()
    for length in range(1, 65):
        predict_documents(model, [np.ones(length, int)], max_length=64)
    for number in range(1, 9):
        predict_documents(model, [np.ones(64, int)] * number, 64)
    widths = {shape[1] for shape in model.shapes}
    if backend.STEPS_ARE_COMPILED:
        assert widths == {8, 16, 24, 32, 40, 48, 56, 64}
        assert {shape[0] for shape in model.shapes} <= {1, 2, 4, 8}
    else:
        assert model.shapes == [(None, None)]


def test_lengths_without_a_limit_share_shapes_too():
    model = Looked()
    for length in range(33, 65):
        predict_documents(model, [np.ones(length, int)])
    assert len(model.shapes) <= 4


@pytest.mark.parametrize("cores", [1, 2, 3])
def test_batches_are_computed_on_every_core(monkeypatch, cores):
    monkeypatch.setattr(module, "_num_cores", lambda: cores)
    seen, together = set(), threading.Barrier(cores, timeout=20)

    def count(number):
        seen.add(threading.get_ident())
        if number < cores:
            together.wait()
        return number

    assert module._map(count, range(9)) == list(range(9))
    assert len(seen) == cores
    logits = predict_documents(classifier(), DOCUMENTS, batch_size=2)
    np.testing.assert_allclose(
        logits, one_by_one(classifier()), rtol=1e-5, atol=1e-6
    )


def test_only_what_is_one_program_is_computed_batch_beside_batch(monkeypatch):
    monkeypatch.setattr(backend, "num_cores", lambda: 5)
    monkeypatch.setattr(backend, "has_gpu", lambda: False)
    assert module._num_cores() == (5 if backend.STEPS_ARE_COMPILED else 1)
    monkeypatch.setattr(backend, "has_gpu", lambda: True)
    assert module._num_cores() == 1


def test_a_failure_ends_the_other_batches(monkeypatch):
    monkeypatch.setattr(module, "_num_cores", lambda: 2)
    begun = []

    def fail(number):
        begun.append(number)
        raise RuntimeError(f"batch {number}")

    with pytest.raises(RuntimeError, match="batch 0"):
        module._map(fail, range(10_000))
    assert len(begun) < 10_000


def test_batches_of_long_documents_hold_fewer(monkeypatch):
    monkeypatch.setattr(module, "_num_cores", lambda: 1)
    lengths = np.array([1, 400, 30, 20, 20, 20, 20, 2, 2])
    batches = [batch.tolist() for batch in module._batches(lengths, 3, 100)]
    assert batches == [[1], [2, 3], [4, 5, 6], [7, 8, 0]]


def test_few_documents_are_divided_among_the_cores(monkeypatch):
    monkeypatch.setattr(module, "_num_cores", lambda: 2)
    batches = module._batches(np.full(32, 5), 64, 1000)
    assert [len(batch) for batch in batches] == [16, 16]


def test_batches_are_larger_where_only_distinct_tokens_are_embedded(
    monkeypatch,
):
    sizes, batches = [], module._batches

    def spy(lengths, batch_size, most_tokens):
        sizes.append((batch_size, most_tokens))
        return batches(lengths, batch_size, most_tokens)

    monkeypatch.setattr(module, "_batches", spy)
    frozen = classifier()
    thawed = TextClassifier.from_config(frozen.get_config())
    thawed.trainable = True
    predict_documents(frozen, DOCUMENTS)
    predict_documents(thawed, DOCUMENTS)
    predict_documents(frozen, DOCUMENTS, batch_size=5)
    large = (64, 2**15) if backend.STEPS_ARE_COMPILED else (256, 2**17)
    assert sizes == [large, (64, 2**15), (5, large[1])]


def test_the_model_may_change_and_others_follow():
    model = classifier("mean", False)
    before = predict_documents(model, DOCUMENTS)
    weights = model.get_weights()
    model.set_weights([2.0 * weight for weight in weights])
    after = predict_documents(model, DOCUMENTS)
    model.set_weights(weights)
    assert np.abs(after - before).max() > 1e-3
    np.testing.assert_array_equal(predict_documents(model, DOCUMENTS), before)


@pytest.mark.parametrize("dtype", ["mixed_float16", "mixed_bfloat16"])
def test_half_precision_becomes_float32(dtype):
    model = classifier("mean", False, dtype)
    logits = predict_documents(model, DOCUMENTS)
    assert logits.dtype == "float32"
    expected = ops.convert_to_numpy(
        ops.cast(model(DOCUMENTS[4][None]), "float32")
    )
    np.testing.assert_allclose(logits[4:5], expected, rtol=2e-2, atol=2e-2)


def test_models_of_others_are_taken():
    layers = [
        keras.layers.Embedding(20, 4, mask_zero=True),
        keras.layers.LSTM(3),
        keras.layers.Dense(2),
    ]
    model = keras.Sequential(layers)
    found = predict_documents(model, DOCUMENTS[3:])
    assert model.built
    for logits, document in zip(found, DOCUMENTS[3:], strict=True):
        alone = predict_logits(model, document[None].astype("int32"))
        np.testing.assert_allclose(alone[0], logits, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("documents", "message"),
    [
        ([], "`documents` is empty: give the token ids of at least one"),
        (np.zeros((0, 4), "int32"), "`documents` is empty"),
        ([1, 2, 3], r"\(time,\) integers, for each.*shape \(\).*document 0"),
        ([[1], [2.5]], "float64 as document 1"),
        ([np.ones((2, 2), "int32")], r"shape \(2, 2\)"),
    ],
)
def test_what_are_no_documents_is_refused(documents, message):
    with pytest.raises(ValueError, match=message):
        predict_documents(classifier(), documents)
    empty = Corpus.from_documents(DOCUMENTS).subset([])
    with pytest.raises(ValueError, match="`documents` is empty"):
        predict_documents(classifier(), empty)


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="`batch_size` must be an integer"):
        predict_documents(classifier(), DOCUMENTS, batch_size=0)
    with pytest.raises(ValueError, match="`max_length` must be an integer"):
        predict_documents(classifier(), DOCUMENTS, max_length=-1)
    with pytest.raises(TypeError, match="function. `predict_logits` takes"):
        predict_documents(lambda x: x, DOCUMENTS)


def test_what_gives_no_logits_is_refused():
    layers = [keras.layers.Embedding(20, 4), keras.layers.Flatten()]
    ends = keras.layers.Dense(2, activation="softmax")
    with pytest.raises(ValueError, match="ends in 'softmax'"):
        predict_documents(keras.Sequential([*layers, ends]), DOCUMENTS)
    steps = keras.Sequential([keras.Input((None,)), layers[0]])
    with pytest.raises(ValueError, match=r"\(batch, num_classes\)"):
        predict_documents(steps, DOCUMENTS)
    model = TextClassifier(20, embedding_dim=2, units=2).freeze()
    model.logits.bias.assign([np.nan])
    with pytest.raises(ValueError, match="NaN or infinite logits"):
        predict_documents(model, DOCUMENTS)


def images():
    inputs = keras.Input((4, 4, 1))
    return inputs, keras.layers.Flatten()(inputs)


def rows():
    inputs = keras.Input((5,))
    return inputs, inputs


def pairs():
    inputs = [keras.Input((None,)), keras.Input((None,))]
    return inputs, ops.mean(ops.add(*inputs), -1, keepdims=True)


@pytest.mark.parametrize("inputs", [images, rows, pairs])
def test_a_model_of_something_else_than_token_ids_is_refused(inputs):
    given, features = inputs()
    model = keras.Model(given, keras.layers.Dense(3)(features))
    with pytest.raises(
        ValueError, match="`model` must take token ids.*fail"
    ) as (error):
        predict_documents(model, DOCUMENTS)
    assert "Graph execution" not in str(error.value)
    assert str(error.value).isprintable()
