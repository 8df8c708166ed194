"""What attacks take for inputs, labels and models, and what they say else."""

import keras
import numpy as np
import pytest
from keras import ops

from advtext import evaluation, perturb_at
from advtext.attacks import FastGradient
from advtext.logits import check_activation

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(5, 3)).astype("float32")
Y = np.array([0, 1, 1, 0, 1])
layers = keras.layers


def squared(y, predicted):
    return ops.mean(ops.square(y - predicted), -1)


def soft(y, logits):
    return -ops.sum(y * ops.log_softmax(logits), axis=-1)


def pixels(y, logits):
    return ops.sparse_categorical_crossentropy(y, logits, from_logits=True)


def both(y, outputs):
    return squared(y["a"], outputs["a"]) + soft(y["b"], outputs["b"])


def listed(y, outputs):
    return squared(y[0], outputs[0]) + soft(y[1], outputs[1])


def net(kind):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((3,))
    value, two = layers.Dense(1)(inputs), layers.Dense(2)(inputs)
    outputs = {
        "value": value,
        "two": two,
        "probabilities": layers.Softmax()(two),
        "pixels": layers.Reshape((4, 4, 2))(layers.Dense(32)(inputs)),
        "dict": {"a": value, "b": two},
        "list": [value, two],
    }
    return keras.Model(inputs, outputs[kind])


VALUES, SOFT = RANDOM.normal(size=(5, 1)), np.eye(2)[Y] * 0.9 + 0.05
OWN = {
    "regression": ("value", squared, VALUES),
    "soft labels": ("two", soft, SOFT),
    "probabilities": ("probabilities", squared, SOFT),
    "segmentation": ("pixels", pixels, RANDOM.integers(0, 2, (5, 4, 4))),
    "several outputs": ("dict", both, {"a": VALUES, "b": SOFT}),
    "a list of them": ("list", listed, [VALUES, SOFT]),
}


@pytest.mark.parametrize("case", OWN)
def test_a_loss_of_ones_own_takes_any_labels(case):
    kind, loss, y = OWN[case]
    model, attack = net(kind), FastGradient(0.1, loss=loss)
    found = np.asarray(attack(model, X, y))
    np.testing.assert_allclose(
        np.linalg.norm(found - X, axis=1), 0.1, rtol=1e-4
    )
    np.testing.assert_allclose(
        attack(model, X, y, batch_size=2), found, atol=1e-6
    )
    y = keras.tree.map_structure(lambda v: ops.convert_to_tensor(v), y)
    y = keras.tree.map_structure(
        lambda v: ops.cast(v, "float32") if "f" in str(v.dtype) else v, y
    )

    def total(moved):
        return float(ops.sum(loss(y, model(moved))))

    assert total(found) > total(X)
    short = keras.tree.map_structure(lambda v: v[:3], y)
    with pytest.raises(ValueError, match="one label for each of 5"):
        attack(model, X, short)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_rounding_errors_are_clipped(dtype):
    x = ops.cast(np.array([[0.0, 1.0]]), dtype)
    ulp = {"float16": 2**-10, "bfloat16": 2**-7, "float32": 2**-23}
    x = x + ops.cast(
        np.array([[-1.0, 1.0]]) * 2 * ulp.get(dtype, 2**-52), dtype
    )
    attack = FastGradient(0.0, value_range=(0, 1))
    found = np.asarray(attack(lambda x: 2 * x, x, [0])).astype("float64")
    assert found.min() == 0.0 and found.max() == 1.0


def test_what_is_out_of_range_is_shown_by_the_digits_that_matter():
    attack = FastGradient(0.1, value_range=(0, 1))
    x = np.array([[0.0, 1.000002]], "float32")
    with pytest.raises(ValueError, match=r"to 1\.000002"):
        attack(lambda x: x, x, [0])


def probable(make, units=3, activation="softmax"):
    inputs = keras.Input((3,))
    dense = layers.Dense(units, activation=activation)
    return keras.Model(inputs, make(dense(inputs), inputs))


def mean_of_two(probabilities, inputs):
    other = layers.Dense(3, activation="softmax")(inputs)
    return layers.Average()([probabilities, other])


HIDDEN = {
    "linear": lambda p, _: layers.Activation("linear")(p),
    "reshape": lambda p, _: layers.Reshape((3,))(p),
    "dropout": lambda p, _: layers.Dropout(0.5)(p),
    "average": mean_of_two,
    "several": lambda p, _: layers.Flatten()(layers.Identity()(p)),
    "lambda": lambda p, _: layers.Lambda(lambda z: z)(p),
}


@pytest.mark.parametrize("hidden", HIDDEN)
def test_probabilities_behind_a_harmless_layer_are_refused(hidden):
    model = probable(HIDDEN[hidden])
    with pytest.raises(ValueError, match=r"probabilities.*model.pop\(\)"):
        perturb_at(model, model.layers[1])
    with pytest.raises(ValueError, match="probabilities"):
        FastGradient(0.1)(model, X, Y)
    if hidden != "lambda":
        with pytest.raises(ValueError, match="'sigmoid'.*activation = None"):
            check_activation(probable(HIDDEN["reshape"], activation="sigmoid"))


def test_a_sequential_model_that_is_not_built_is_looked_through():
    last = layers.Activation("linear")
    with pytest.raises(ValueError, match="'softmax'"):
        check_activation(
            keras.Sequential([layers.Dense(2, activation="softmax"), last])
        )


def test_a_trained_model_becomes_one_of_logits_as_the_message_says():
    model = keras.Sequential(
        [keras.Input((3,)), layers.Dense(2, activation="softmax")]
    )
    with pytest.raises(ValueError, match="activation = None"):
        FastGradient(0.1)(model, X, Y)
    model.layers[-1].activation = None
    assert np.any(np.asarray(FastGradient(0.1)(model, X, Y)) != X)
    model.add(layers.Softmax())
    with pytest.raises(ValueError, match="pop"):
        FastGradient(0.1)(model, X, Y)
    model.pop()
    assert np.any(np.asarray(FastGradient(0.1)(model, X, Y)) != X)


def test_a_saturated_model_is_not_told_to_drop_an_activation():
    def saturated(x):
        return 50.0 * ops.tanh(1e6 * (x + 3.0))

    with pytest.raises(ValueError, match="flat there") as error:
        FastGradient(0.1)(saturated, np.abs(X), Y)
    assert "pop" not in str(error.value)

    def sure(x):
        return ops.sigmoid(1e6 * (x[:, :1] + 3.0))

    with pytest.raises(ValueError, match="model.pop"):
        FastGradient(0.1)(sure, np.abs(X), Y)


def two():
    inputs = {
        name: keras.Input((size,), name=name)
        for name, size in (("image", 3), ("meta", 2))
    }
    joined = layers.Concatenate()(list(inputs.values()))
    return keras.Model(inputs, layers.Dense(2)(joined))


def test_the_recipe_for_several_inputs_works():
    model, attack = two(), FastGradient(0.1)
    image, meta = X, RANDOM.normal(size=(5, 2)).astype("float32")
    for x in ({"image": image, "meta": meta}, [image, meta]):
        with pytest.raises(TypeError, match="convert_to_tensor.*loop"):
            attack(model, x, Y)

    def attacked(rows):
        others = ops.convert_to_tensor(meta[rows])
        return attack(
            lambda image: model({"image": image, "meta": others}),
            image[rows],
            Y[rows],
        )

    parts = [attacked(slice(i, i + 2)) for i in range(0, 5, 2)]
    np.testing.assert_allclose(
        np.concatenate(parts), attacked(slice(None)), atol=1e-6
    )


class SparseTensor:
    """Named as those of the libraries are."""


class OldModel:
    __module__ = "tf_keras.src.engine.sequential"


def test_sparse_inputs_and_old_models_are_named():
    with pytest.raises(TypeError, match="sparse or ragged.*toarray"):
        FastGradient(0.1)(lambda x: x, SparseTensor(), Y)
    for use in (FastGradient(0.1), lambda m, *_: perturb_at(m)):
        with pytest.raises(TypeError, match="Keras 2.*set_weights"):
            use(OldModel(), X, Y)


def test_every_table_goes_into_its_plot(tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    keras.utils.set_random_seed(0)
    x = RANDOM.normal(size=(4, 4, 4, 1)).astype("float32")
    y, attack = np.array([0, 1, 2, 0]), FastGradient(0.1, "linf")
    models = {
        name: keras.Sequential(
            [keras.Input((4, 4, 1)), layers.Flatten(), layers.Dense(3)]
        )
        for name in "ab"
    }
    model, epsilons = models["a"], [0.0, 0.1]
    tables = {
        "agreement": (models, x, y),
        "ensemble": (models, attack, x, y),
        "epsilon_trace": (model, x[0], 0, epsilons),
        "fooling": (model, x, 0.1),
        "robustness": (model, {"FGSM": attack}, x, y, epsilons),
        "rubbish": (models, x),
        "transfer": (models, attack, x, y),
    }
    plots = {n[5:] for n in vars(evaluation) if n.startswith("plot_")}
    assert plots - {"filters", "images"} == set(tables)
    for name, arguments in tables.items():
        table = getattr(evaluation, name)(*arguments)
        path = tmp_path / f"{name}.png"
        getattr(evaluation, f"plot_{name}")(table, path)
        assert path.stat().st_size
        if name == "epsilon_trace":
            evaluation.plot_epsilon_trace(table[0], path, table[1])
