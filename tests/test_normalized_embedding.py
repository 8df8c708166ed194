import keras
import numpy as np
import pytest
from backends import ON_TENSORFLOW
from keras import ops

from advtext import backend, perturb_at
from advtext.layers import NormalizedEmbedding
from advtext.models import SequentialClassifier

COUNTS = np.array([0, 7, 5, 2, 1, 1])
IDS = np.array([[1, 2, 5], [4, 1, 0]])


def embedding(dtype="float32", counts=COUNTS):
    layer = NormalizedEmbedding(6, 4, dtype=dtype)
    layer.adapt(counts)
    return layer


def by_hand(table, counts=COUNTS):
    weights = counts / counts.sum()
    mean = weights @ table
    variance = weights @ (table - mean) ** 2
    return (table - mean) / np.sqrt(variance + 1e-6)


def test_shapes_config_and_one_training_step():
    layer = NormalizedEmbedding(6, 4, "normal", name="table")
    again = NormalizedEmbedding.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert layer(IDS).shape == layer.compute_output_shape((2, 3)) == (2, 3, 4)
    assert [v.name for v in layer.trainable_variables] == ["embeddings"]
    assert [v.name for v in layer.non_trainable_variables] == ["token_counts"]
    model = keras.Sequential([layer, keras.layers.Flatten()])
    model.compile("sgd", "mse")
    before = np.asarray(layer.embeddings)
    model.fit(IDS, np.ones((2, 12)), verbose=0)
    assert np.all(np.any(np.asarray(layer.embeddings) != before, axis=1)[1:])
    np.testing.assert_array_equal(layer.token_counts, 1.0)


def test_counts_are_saved_with_the_layer(tmp_path):
    model = keras.Sequential([keras.Input((3,), dtype="int32"), embedding()])
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.layers[0].token_counts, COUNTS)
    np.testing.assert_array_equal(model(IDS), again(IDS))


def test_weighted_mean_is_0_and_variance_1():
    vectors = np.asarray(embedding("float64")(np.arange(6)))
    weights = COUNTS / COUNTS.sum()
    np.testing.assert_allclose(weights @ vectors, 0.0, atol=1e-12)
    np.testing.assert_allclose(weights @ vectors**2, 1.0, atol=1e-4)


@pytest.mark.parametrize("dtype, rtol", [("float32", 1e-4), ("float64", 1e-12)])
def test_equals_the_formula_by_hand(dtype, rtol):
    layer = embedding(dtype)
    table = np.asarray(layer.embeddings, "float64")
    np.testing.assert_allclose(
        layer(IDS), by_hand(table)[IDS], rtol=rtol, atol=rtol
    )
    layer.embeddings.assign(table**3)
    np.testing.assert_allclose(
        layer(IDS), by_hand(table**3)[IDS], rtol=rtol, atol=rtol
    )


def test_unadapted_tokens_count_the_same():
    layer = NormalizedEmbedding(6, 4)
    layer.build((None, None))
    table = np.asarray(layer.embeddings, "float64")
    expected = by_hand(table, np.ones(6))[IDS]
    np.testing.assert_allclose(layer(IDS), expected, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("large", [2**20, 1])
def test_gradient_flows_through_mean_and_variance(large, monkeypatch):
    if ON_TENSORFLOW:
        from advtext.backend import tensorflow_tables

        # From so many elements on, XLA compiles a part of the gradient.
        monkeypatch.setattr(tensorflow_tables, "LARGE", large)
    layer = embedding("float64")
    weights = np.random.default_rng(0).normal(size=(2, 3, 4))
    table = np.asarray(layer.embeddings)

    def loss():
        return ops.sum(weights * ops.tanh(layer(IDS)))

    *_, (gradient,), _ = backend.value_and_gradients(
        lambda x: (loss(), None), [layer.embeddings], np.zeros(1)
    )
    step, atol = (1e-6, 1e-8) if ON_TENSORFLOW else (1e-2, 1e-3)
    for place in np.ndindex(table.shape):
        values = []
        for sign in (1, -1):
            moved = table.copy()
            moved[place] += sign * step
            layer.embeddings.assign(moved)
            values.append(float(loss()))
        slope = (values[0] - values[1]) / (2 * step)
        np.testing.assert_allclose(gradient[place], slope, atol=atol)
    assert np.any(np.asarray(gradient)[3] != 0), "not looked up, but counted"


@pytest.mark.skipif(not ON_TENSORFLOW, reason="float32 there")
def test_gradient_of_the_gradient_equals_differences():
    import tensorflow as tf

    layer = embedding("float64")
    weights = np.random.default_rng(0).normal(size=(2, 3, 4))
    direction = np.random.default_rng(1).normal(size=(6, 4))

    def slope(table):
        layer.embeddings.assign(table)
        variable = layer.embeddings.value
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                loss = ops.sum(weights * ops.tanh(layer(IDS)))
            gradient = inner.gradient(loss, variable)
            along = tf.reduce_sum(gradient * direction)
        return float(along), outer.gradient(along, variable).numpy()

    table = np.asarray(layer.embeddings)
    curvature = slope(table)[1]
    for place in [(0, 0), (1, 2), (3, 1), (5, 3)]:
        step = np.zeros((6, 4))
        step[place] = 1e-6
        expected = (slope(table + step)[0] - slope(table - step)[0]) / 2e-6
        np.testing.assert_allclose(curvature[place], expected, atol=1e-7)


def test_scale_and_shift_of_the_table_do_not_matter():
    layer = embedding("float64")
    before = np.asarray(layer(IDS))
    layer.embeddings.assign(50.0 * layer.embeddings + 3.0)
    np.testing.assert_allclose(layer(IDS), before, rtol=1e-5)


def test_constant_dimension_is_finite():
    layer = embedding()
    layer.embeddings.assign(np.ones((6, 4)))
    np.testing.assert_array_equal(layer(IDS), np.zeros((2, 3, 4)))


@pytest.mark.parametrize(
    "counts, message",
    [
        ([1, 2], r"each of the 6 tokens. Received: shape \(2,\)"),
        ([[1] * 6], r"each of the 6 tokens. Received: shape \(1, 6\)"),
        ([1, 2, 3, 4, 5, -1], "finite and at least 0"),
        ([1, 2, 3, 4, 5, np.nan], "finite and at least 0"),
        ([1, 2, 3, 4, 5, np.inf], "finite and at least 0"),
        ([0] * 6, "must not all be 0"),
    ],
)
def test_bad_counts_are_refused(counts, message):
    layer = embedding()
    with pytest.raises(ValueError, match=message):
        layer.adapt(counts)
    np.testing.assert_array_equal(layer.token_counts, COUNTS)


@pytest.mark.parametrize(
    "sizes, message",
    [
        ((0, 4), "`input_dim` must be an integer of at least 1.*=0"),
        ((6, 2.5), "`output_dim` must be .*output_dim=2.5"),
        (("6", 4), "`input_dim` must be .*input_dim='6'"),
    ],
)
def test_bad_sizes_are_refused(sizes, message):
    with pytest.raises(ValueError, match=message):
        NormalizedEmbedding(*sizes)


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "mixed_float16"])
def test_token_ids_do_not_collide_in_mixed_precision(dtype):
    layer = NormalizedEmbedding(9000, 4, dtype=dtype)
    ids = np.array([[257, 258, 4097, 4098, 4099, 8191]])
    expected = layer(ids)
    model = keras.Sequential([keras.Input((None,)), layer])
    classifier = SequentialClassifier(
        [layer, keras.layers.Flatten(), keras.layers.Dense(2)], 1, dtype=dtype
    )
    floats = ops.convert_to_tensor(ids, "float32")
    for found in (
        model(ids),
        layer(floats),
        classifier.embed(floats),
        perturb_at(model, layer).embed(floats),
    ):
        np.testing.assert_array_equal(
            ops.cast(found, "float32"), ops.cast(expected, "float32")
        )
