import keras
import numpy as np
import pytest

from advtext.heads import CLASSES, LABELS, VALUES
from advtext.masks import mask_of
from advtext.training.outputs import Outputs

SPARSE = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
ONE_HOT = keras.losses.CategoricalCrossentropy(from_logits=True)
BINARY = keras.losses.BinaryCrossentropy(from_logits=True)
LOGITS = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
ONE = LOGITS[:, :1]


def tensor(x):
    return keras.ops.convert_to_tensor(x)


def test_selects_by_name_and_number():
    structure = {"a": 1, "b": 2}
    assert Outputs().select(structure, None) is structure
    assert Outputs().select(structure, "b") == 2
    assert Outputs(names=["a", "b"]).select([1, 2], "b") == 2
    assert Outputs().select((1, 2), 0) == 1
    assert Outputs(names=["a"]).select(7, "a") == 7


@pytest.mark.parametrize(
    "names, structure, message",
    [
        (
            None,
            {"class": 1, "price": 2},
            "'clas'. Did you mean 'class'.*'price",
        ),
        (["class", "price"], [1, 2], "'clas'. Did you mean 'class'"),
        (None, [1, 2], "no output 'clas'. Its outputs: 0, 1"),
        (None, 1, "Its outputs: one, without a name"),
    ],
)
def test_unknown_output_is_named(names, structure, message):
    with pytest.raises(ValueError, match=message):
        Outputs(names=names).select(structure, "clas")


def test_loss_and_head_of_each_output():
    outputs = Outputs({"a": SPARSE, "b": "mse", "c": BINARY})
    assert outputs.loss("a") is SPARSE
    assert outputs.head(LOGITS, "a") is CLASSES
    assert outputs.head(LOGITS, "b") is VALUES
    assert outputs.head(LOGITS, "c") is LABELS
    y, z = np.ones((4, 1), "float32"), np.zeros((4, 1), "float32")
    assert float(outputs.loss("b")(y, z)) == 1.0
    assert Outputs([SPARSE, "mse"], ["a", "b"]).head(LOGITS, "b") is VALUES
    assert Outputs("mse").head(LOGITS) is VALUES
    assert Outputs().head(LOGITS) is CLASSES
    assert Outputs("mse").head(LOGITS, "any") is VALUES


def test_several_outputs_need_a_name():
    with pytest.raises(ValueError, match="output=... of 'a', 'b'"):
        Outputs("mse").head({"a": LOGITS, "b": LOGITS})


def mean_over(rows, loss, y, logits):
    return float(loss(y[rows], logits[rows]))


@pytest.mark.parametrize(
    "loss, labels, logits",
    [
        (SPARSE, np.array([0, -1, 2, -1]), LOGITS),
        (SPARSE, np.array([[0], [-1], [2], [-1]]), LOGITS),
        (ONE_HOT, np.array([[1, 0, 0], [-1] * 3, [0, 0, 1], [-1] * 3]), LOGITS),
        (BINARY, np.array([[1, 0, 1], [-1] * 3, [0, 1, 1], [-1] * 3]), LOGITS),
        (BINARY, np.array([0, -1, 1, -1]), ONE),
        (BINARY, np.array([[0.0], [-1.0], [1.0], [-1.0]], "float32"), ONE),
    ],
)
def test_loss_is_the_mean_over_the_labelled(loss, labels, logits):
    y, masked = Outputs(loss).known(labels, tensor(logits))
    np.testing.assert_array_equal(mask_of(masked), [True, False, True, False])
    assert float(keras.ops.min(y)) == 0
    np.testing.assert_allclose(
        float(loss(y, masked)), mean_over([0, 2], loss, labels, logits), 1e-6
    )
    weight = np.array([1.0, 5.0, 3.0, 7.0], "float32")
    expected = loss(labels[[0, 2]], logits[[0, 2]], weight[[0, 2]])
    np.testing.assert_allclose(
        float(loss(y, masked, weight)), float(expected), 1e-6
    )
    metric = keras.metrics.MeanMetricWrapper(
        lambda y, z: keras.ops.ones_like(z[:, 0]) * keras.ops.arange(4.0)
    )
    metric.update_state(y, masked)
    assert float(metric.result()) == 1.0, "of 0 and 2"


def test_all_labelled_is_the_loss_to_the_bit():
    y = np.array([0, 1, 2, 1])
    kept, masked = Outputs(SPARSE).known(y, tensor(LOGITS))
    assert float(SPARSE(kept, masked)) == float(SPARSE(y, LOGITS))


def test_none_labelled_is_0():
    y, masked = Outputs(SPARSE).known(np.full(4, -1), tensor(LOGITS))
    assert float(SPARSE(y, masked)) == 0.0


@pytest.mark.parametrize("loss", ["mse", keras.losses.Hinge(), None])
def test_other_losses_may_know_a_label_of_minus_1(loss):
    y = np.array([[-1.0], [1.0], [-1.0], [1.0]])
    kept, logits = Outputs(loss).known(y, tensor(ONE))
    assert kept is y
    assert mask_of(logits) is None


def test_every_output_has_its_own_unlabelled_rows():
    y = {"a": np.array([0, -1, 2, 1]), "b": np.array([[-1.0]] * 4)}
    logits = {"a": tensor(LOGITS), "b": tensor(ONE)}
    kept, masked = Outputs({"a": SPARSE, "b": "mse"}).known(y, logits)
    np.testing.assert_array_equal(mask_of(masked["a"]), y["a"] >= 0)
    assert mask_of(masked["b"]) is None
    assert kept["b"] is y["b"]
    assert mask_of(logits["a"]) is None, "what was given stays"
    listed = Outputs([SPARSE, "mse"], ["a", "b"]).known(
        list(y.values()), tuple(logits.values())
    )
    np.testing.assert_array_equal(mask_of(listed[1][0]), y["a"] >= 0)


def test_unsigned_labels_are_all_known():
    y = np.array([0, 1, 2, 1], "uint8")
    assert Outputs(SPARSE).known(y, tensor(LOGITS))[0].dtype == "uint8"


@pytest.mark.parametrize("form", [lambda x: [x], lambda x: {"out": x}])
def test_a_loss_alone_in_a_list_or_dict_is_that_of_the_output(form):
    y, masked = Outputs(form(SPARSE)).known(
        np.array([0, -1, 2, 1]), tensor(LOGITS)
    )
    np.testing.assert_array_equal(mask_of(masked), [True, False, True, True])
    assert Outputs(form("mse")).head(LOGITS) is VALUES


def test_an_output_without_a_loss():
    outputs = Outputs({"a": SPARSE, "b": None})
    assert outputs.loss("b") is None and outputs.loss("c") is None
    logits = {"a": tensor(LOGITS), "b": tensor(ONE)}
    labels = {"a": np.array([0, -1, 2, 1])}
    _, masked = outputs.known(labels, logits)
    np.testing.assert_array_equal(mask_of(masked["a"]), labels["a"] >= 0)


def test_the_number_of_an_output_that_has_a_name():
    assert Outputs(names=["a", "b"]).select([1, 2], 1) == 2


@pytest.mark.parametrize("loss", [SPARSE, BINARY])
def test_logits_without_an_axis_of_classes_are_refused(loss):
    with pytest.raises(ValueError, match="of shape .batch, num_classes"):
        Outputs(loss).head(LOGITS[:, 0])
    assert Outputs("mse").head(LOGITS[:, 0]) is VALUES


def test_a_mask_that_is_there_stays():
    ids = np.array([[5, 2, 0], [1, 0, 0]])
    embedded = keras.layers.Embedding(9, 3, mask_zero=True)(ids)
    y = np.array([[1, -1, 0], [2, 1, -1]])
    _, masked = Outputs(SPARSE).known(y, embedded)
    np.testing.assert_array_equal(mask_of(masked), (ids != 0) & (y >= 0))


@pytest.mark.parametrize("none", [-1.0, np.nan])
def test_nan_is_no_label_either(none):
    y = np.array([[1.0], [none], [0.0], [none]], "float32")
    kept, masked = Outputs(BINARY).known(y, tensor(ONE))
    np.testing.assert_array_equal(mask_of(masked), [True, False, True, False])
    assert np.isfinite(float(BINARY(kept, masked)))


def test_labels_that_are_signs_are_refused():
    signs = np.array([1, -1, 1])
    with pytest.raises(ValueError, match="classes 0 and 1"):
        Outputs(BINARY).check_labels(signs)
    with pytest.raises(ValueError, match="classes 0 and 1"):
        Outputs({"a": SPARSE, "b": BINARY}).check_labels(
            {"a": signs, "b": signs}
        )
    for loss, y in [
        (BINARY, np.array([1, -1, 0])),
        (keras.losses.Hinge(), signs),
        (SPARSE, signs),
        (BINARY, None),
    ]:
        Outputs(loss).check_labels(y)
