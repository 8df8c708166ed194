import keras
import numpy as np
import pytest
from backends import MODES, ON_TENSORFLOW, results_and_gradients
from keras import ops

from advtext import backend
from advtext.layers import LSTM

# On JAX, Keras' float64 has the precision of float32 where states begin.
EXACT, EXACT_RESULTS = {"rtol": 1e-10, "atol": 1e-12}, {"rtol": 1e-12}
if not ON_TENSORFLOW:
    # Of gradients up to 5, from XLA optimized or not.
    EXACT = {"rtol": 1e-5, "atol": 1e-5}
    EXACT_RESULTS = {"rtol": 1e-5, "atol": 1e-6}
BATCH, TIME, DIM, UNITS = 3, 5, 4, 2
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(BATCH, TIME, DIM))
STATE = RANDOM.normal(size=(2, BATCH, UNITS))
FACTORS = RANDOM.normal(size=(BATCH, TIME, UNITS))


def twins(dtype="float64", **kwargs):
    """Both layers with the same, random weights."""
    layers = [
        layer(UNITS, dtype=dtype, **kwargs)
        for layer in (keras.layers.LSTM, LSTM)
    ]
    for layer in layers:
        layer.build((BATCH, TIME, DIM))
    weights = [RANDOM.normal(size=w.shape) for w in layers[0].weights]
    for layer in layers:
        layer.set_weights(weights)
    return layers


def run(layer, mode, dtype="float64"):
    """Every result, and the gradients of a loss that needs them all."""

    def function(x, h, c, *weights):
        (outputs, last_h, last_c), _ = layer.stateless_call(
            weights, layer.non_trainable_variables, x, initial_state=[h, c]
        )
        loss = ops.sum(FACTORS.astype(dtype) * outputs**2)
        loss += ops.sum(ops.sin(3.0 * last_h)) + ops.sum(last_c**3)
        return loss, [outputs, last_h, last_c]

    inputs = [v.astype(dtype) for v in (X, *STATE)]
    return results_and_gradients(function, inputs, layer.get_weights(), mode)


@pytest.fixture(autouse=True)
def cores(monkeypatch):
    """Sets how many cores there are: TensorFlow divides rows among two."""
    if not ON_TENSORFLOW:
        return lambda number: None
    from advtext.backend import tensorflow_lstm_steps

    def set_cores(number):
        monkeypatch.setattr(tensorflow_lstm_steps, "num_cores", lambda: number)

    set_cores(2)
    return set_cores


@pytest.fixture
def count(monkeypatch):
    """How often our kernel ran."""
    calls = []

    def counting(*args, **kwargs):
        calls.append(args)
        return kernel(*args, **kwargs)

    kernel = backend.lstm
    monkeypatch.setattr(backend, "lstm", counting)
    return calls


def test_arguments_and_weights_are_those_of_keras():
    theirs, ours = twins(return_sequences=True)
    mine, other = ours.get_config(), theirs.get_config()
    assert mine.pop("name") != other.pop("name")
    assert mine.pop("weight_dropout") == 0.0
    assert mine == other
    assert [w.path.split("/", 1)[1] for w in ours.weights] == [
        w.path.split("/", 1)[1] for w in theirs.weights
    ]
    again = keras.layers.deserialize(keras.layers.serialize(ours))
    assert type(again) is LSTM
    assert again.get_config() == ours.get_config()


@pytest.mark.parametrize("mode", MODES)
def test_equals_keras_in_values_and_all_gradients(mode, count):
    theirs, ours = twins(return_sequences=True, return_state=True)
    expected = run(theirs, mode)
    assert not count
    results = run(ours, mode)
    assert count
    for mine, other in zip(results, expected, strict=True):
        for value, reference in zip(mine, other, strict=True):
            np.testing.assert_allclose(value, reference, **EXACT)


@pytest.mark.parametrize("mode", MODES)
def test_one_core_gives_what_two_give(mode, cores):
    _, ours = twins(return_sequences=True, return_state=True)
    two = run(ours, mode)
    cores(1)
    for mine, other in zip(run(ours, mode), two, strict=True):
        for value, reference in zip(mine, other, strict=True):
            np.testing.assert_allclose(value, reference, **EXACT)


def test_equals_keras_in_float32(count):
    theirs, ours = twins("float32", return_sequences=True, return_state=True)
    expected = run(theirs, "eager", "float32")
    for mine, other in zip(
        run(ours, "eager", "float32"), expected, strict=True
    ):
        for value, reference in zip(mine, other, strict=True):
            np.testing.assert_allclose(value, reference, rtol=1e-4, atol=1e-5)
    assert count


@pytest.mark.parametrize("mode", [m for m in MODES if m != "jit"])
def test_rounded_factors_change_every_result_a_little(mode, count):
    _, ours = twins("float32", return_sequences=True, return_state=True)
    exact = run(ours, mode, "float32")
    with backend.matmul_dtype("bfloat16"):
        rounded = run(ours, mode, "float32")
    for mine, other in zip(rounded, exact, strict=True):
        for value, reference in zip(mine, other, strict=True):
            assert value.dtype == "float32"
            difference = np.linalg.norm(value - reference)
            assert 0.0 < difference < 0.03 * np.linalg.norm(reference)
    with backend.matmul_dtype("bfloat16"):
        _, double = twins(return_sequences=True, return_state=True)
        inside = run(double, mode)
    for mine, other in zip(inside, run(double, mode), strict=True):
        for value, reference in zip(mine, other, strict=True):
            np.testing.assert_array_equal(value, reference)


def test_gradients_equal_central_differences():
    ours = twins(return_sequences=True, return_state=True)[1]
    gradients = run(ours, "eager")[1]

    def loss(x):
        outputs, h, c = ours(x, initial_state=list(STATE))
        loss = np.sum(FACTORS * np.asarray(outputs) ** 2)
        return loss + np.sum(np.sin(3.0 * h)) + np.sum(np.asarray(c) ** 3)

    for place in [(0, 0, 0), (1, 2, 3), (2, 4, 1)]:
        step = np.zeros_like(X)
        step[place] = 1e-6
        slope = (loss(X + step) - loss(X - step)) / 2e-6
        np.testing.assert_allclose(gradients[0][place], slope, rtol=1e-6)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"return_sequences": True},
        {"return_state": True},
        {"stateful": 1},
        {"return_sequences": True, "go_backwards": True},
    ],
)
def test_what_is_returned_equals_keras(arguments, count):
    theirs, ours = twins(**arguments)
    for _ in range(2):
        for value, reference in zip(
            keras.tree.flatten(ours(X)),
            keras.tree.flatten(theirs(X)),
            strict=True,
        ):
            np.testing.assert_allclose(value, reference, **EXACT_RESULTS)
    assert len(count) == 2


@pytest.mark.parametrize(
    "arguments",
    [
        {"unroll": True},
        {"use_bias": False},
        {"activation": "relu"},
        {"recurrent_activation": "hard_sigmoid"},
    ],
)
def test_other_arguments_are_left_to_keras(arguments, count):
    theirs, ours = twins(return_sequences=True, **arguments)
    np.testing.assert_allclose(ours(X), theirs(X), rtol=1e-12)
    assert not count


def test_mask_and_dropout_are_left_to_keras(count):
    theirs, ours = twins(return_sequences=True)
    mask = np.array([[1, 1, 0, 0, 0], [1, 1, 1, 1, 1], [1, 0, 0, 0, 0]], "bool")
    np.testing.assert_allclose(ours(X, mask=mask), theirs(X, mask=mask))
    theirs, ours = twins(dropout=0.5, recurrent_dropout=0.1, seed=1)
    np.testing.assert_allclose(ours(X, training=True), theirs(X, training=True))
    assert not count


def test_padding_on_the_right_leaves_the_steps_before_alone():
    ours = twins(return_sequences=True)[1]
    padded = np.pad(X, ((0, 0), (0, 3), (0, 0)), constant_values=9.0)
    np.testing.assert_allclose(ours(padded)[:, :TIME], ours(X), rtol=1e-12)


def test_files_load_either_way(tmp_path):
    names = ("keras", "ours")
    models = dict(
        zip(
            names,
            [
                keras.Sequential([keras.Input((None, DIM)), layer])
                for layer in twins("float32")
            ],
            strict=True,
        )
    )
    path = tmp_path / "model.keras"
    for source, target in (names, names[::-1]):
        for weight in models[source].weights:
            weight.assign(RANDOM.normal(size=weight.shape))
        models[source].save_weights(tmp_path / "model.weights.h5")
        models[target].load_weights(tmp_path / "model.weights.h5")
        expected = models[source](X)
        np.testing.assert_allclose(models[target](X), expected, rtol=1e-5)
        models[source].save(path)
        np.testing.assert_allclose(
            keras.models.load_model(path)(X), expected, rtol=1e-6
        )
    assert type(keras.models.load_model(path).layers[0]) is LSTM


@pytest.mark.parametrize("many_units", [64, 65] if ON_TENSORFLOW else [0])
@pytest.mark.parametrize("batch, time", [(1, 1), (5, 39), (5, 40), (2, 95)])
def test_compiled_blocks_equal_keras(
    batch, time, many_units, count, monkeypatch
):
    units = 64
    if ON_TENSORFLOW:
        from advtext.backend import tensorflow_lstm_layouts

        # From so many units on, the compiled loops are transposed.
        monkeypatch.setattr(tensorflow_lstm_layouts, "_MANY_UNITS", many_units)
    layers = [
        layer(units, dtype="float64", return_sequences=True, return_state=True)
        for layer in (keras.layers.LSTM, LSTM)
    ]
    random = np.random.default_rng(time)
    x = random.normal(size=(batch, time, 3))
    states = 0.5 * random.normal(size=(2, batch, units))
    factors = random.normal(size=(batch, time, units))
    for layer in layers:
        layer.build(x.shape)
    weights = [0.2 * random.normal(size=w.shape) for w in layers[0].weights]

    def result(layer):
        def function(x, h, c, *weights):
            (outputs, last_h, last_c), _ = layer.stateless_call(
                weights,
                layer.non_trainable_variables,
                x,
                initial_state=[h, c],
                training=True,
            )
            loss = ops.sum(factors * outputs) + ops.sum(last_h**2)
            return loss + ops.sum(ops.sin(last_c)), [outputs, last_h, last_c]

        return results_and_gradients(function, [x, *states], weights, "graph")

    expected, found = map(result, layers)
    assert len(count) == 1
    for mine, other in zip(found, expected, strict=True):
        for value, reference in zip(mine, other, strict=True):
            np.testing.assert_allclose(value, reference, **EXACT)


def test_what_was_compiled_serves_batches_of_other_sizes(count):
    def train(*batches):
        model = keras.Sequential([LSTM(65, return_sequences=True)])
        model.compile("sgd", "mse")
        for size in batches:
            x = np.ones((size, 50, 8), "float32")
            loss = model.train_on_batch(x, np.ones((size, 50, 65), "float32"))
        return float(loss)

    assert np.isfinite([train(4, 5), train(6), train(1)]).all()
    assert count


def test_documents_of_other_lengths_one_by_one():
    model = keras.Sequential([keras.Input((None, DIM)), twins("float32")[1]])
    expected = [model(X[:1, :time]) for time in range(1, TIME)]
    for time, reference in enumerate(expected, 1):
        found = model.predict(X[:1, :time], verbose=0)
        np.testing.assert_allclose(found, reference, rtol=1e-5, atol=1e-6)


@pytest.mark.skipif(not ON_TENSORFLOW, reason="JAX differentiates again")
@pytest.mark.parametrize("power", [1, 2])
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("graph", [False, True])
def test_second_order_gradients_are_refused(power, training, graph):
    import tensorflow as tf

    ours = LSTM(64, return_sequences=True)

    def twice(x):
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                loss = tf.reduce_sum(ours(x, training=training) ** power)
            gradient = inner.gradient(loss, x)
            total = tf.reduce_sum(gradient**2)
        return outer.gradient(total, x)

    x = tf.constant(X.astype("float32"))
    ours(x)
    with pytest.raises(LookupError, match="use keras.layers.LSTM"):
        (tf.function(twice, autograph=False) if graph else twice)(x)


@pytest.mark.skipif(ON_TENSORFLOW, reason="TensorFlow refuses them")
def test_second_order_gradients_equal_keras():
    import jax

    def curvature(layer):
        variables = layer.get_weights(), layer.non_trainable_variables

        def loss(x):
            return ops.sum(layer.stateless_call(*variables, x)[0] ** 2)

        x = X.astype("float32")
        return jax.grad(lambda x: ops.sum(jax.grad(loss)(x) ** 2))(x)

    theirs, ours = map(curvature, twins("float32"))
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "options", [{"go_backwards": True}, {"stateful": True}, {"dropout": 0.5}]
)
def test_what_cannot_be_pooled_is_refused(options):
    layer = LSTM(3, **options)
    layer.build((2, 4, 5))
    assert not layer.pools()
    with pytest.raises(ValueError, match="pool its outputs"):
        layer.pooled(np.ones((1, 5)), np.zeros((2, 4)), [4, 4], ("last",))


def test_a_tape_outside_of_a_graph_sees_the_compiled_loop(count):
    # From 64 units on the loop is compiled in training.
    layers = [
        layer(64, return_sequences=True, dtype="float64")
        for layer in (keras.layers.LSTM, LSTM)
    ]
    for layer in layers:
        layer.build((None, None, DIM))
    layers[1].set_weights(layers[0].get_weights())
    x = ops.convert_to_tensor(RANDOM.normal(size=(4, 45, DIM)))
    gradients = []
    for layer in layers:
        value, backward = backend.vjp(
            lambda layer=layer: ops.sum(layer(x, training=True) ** 2),
            layer.trainable_variables,
        )
        gradients.append(backward(ops.ones_like(value)))
    assert count
    for ours, theirs in zip(*reversed(gradients), strict=True):
        np.testing.assert_allclose(ours, theirs, **EXACT)


def test_a_gpu_runs_our_loop_with_jax_unless_cudnn_is_asked_for(
    count, monkeypatch
):
    monkeypatch.setattr(backend, "has_gpu", lambda: True)
    for use_cudnn in ("auto", True):
        layer = LSTM(UNITS, return_sequences=True, use_cudnn=use_cudnn)
        layer.build((BATCH, TIME, DIM))
        ours = layer._runs_here(None)
        assert ours == (use_cudnn == "auto" and not ON_TENSORFLOW)
