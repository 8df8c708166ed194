import logging

import keras
import numpy as np
import pytest
from backends import ON_TENSORFLOW
from keras import ops

from advtext import backend

X = np.array([[1.0, -2.0], [3.0, 0.5]])
WEIGHTS = np.array([[2.0], [-1.0]])


def assert_no_gradient(gradient):
    """TensorFlow says so by `None`, JAX by zeros."""
    if ON_TENSORFLOW:
        assert gradient is None
    else:
        np.testing.assert_array_equal(gradient, np.zeros_like(gradient))


@pytest.fixture
def variables():
    return [
        keras.Variable(value, dtype="float64")
        for value in (WEIGHTS, np.zeros(1), np.ones(3))
    ]


def test_input_gradient_worked_out_by_hand():
    gradient = backend.input_gradient(lambda x: ops.sum(x**3), X)
    np.testing.assert_allclose(gradient, 3 * X**2)


def test_input_gradient_of_what_does_not_depend_on_it_is_zero():
    gradient = backend.input_gradient(lambda x: ops.sum(ops.ones(3)), X)
    np.testing.assert_array_equal(gradient, np.zeros_like(X))


def test_a_tensor_that_waits_is_the_same():
    after = backend.after(ops.convert_to_tensor(X), [ops.sum(X), None])
    np.testing.assert_array_equal(after, X)
    if not ON_TENSORFLOW:
        return
    import tensorflow as tf

    @tf.function
    def waiting(x):
        before = tf.reduce_sum(x)
        # What it waits for is otherwise of no use to it.
        assert backend.after(x, [before, None]).op.control_inputs == [before.op]
        return before

    assert waiting(X) == X.sum()


def test_all_gradients_at_once(variables):
    def objective(x):
        product = ops.matmul(x, variables[0]) + variables[1]
        return ops.sum(product**2), product

    loss, product, gradients, at_x = backend.value_and_gradients(
        objective, variables, X
    )
    np.testing.assert_allclose(product, X @ WEIGHTS)
    np.testing.assert_allclose(loss, np.sum((X @ WEIGHTS) ** 2))
    np.testing.assert_allclose(gradients[0], 2 * X.T @ (X @ WEIGHTS))
    np.testing.assert_allclose(gradients[1], [2 * np.sum(X @ WEIGHTS)])
    assert_no_gradient(gradients[2])
    np.testing.assert_allclose(at_x, 2 * (X @ WEIGHTS) @ WEIGHTS.T)


def test_nothing_flows_through_an_inner_gradient(variables):
    def objective(x):
        inner = backend.input_gradient(
            lambda z: ops.sum(ops.matmul(z, variables[0]) ** 2), x
        )
        return ops.sum(x * inner) + 0.0 * ops.sum(variables[0]), inner

    _, inner, gradients, at_x = backend.value_and_gradients(
        objective, variables, X
    )
    assert np.any(inner)
    np.testing.assert_allclose(at_x, inner)
    np.testing.assert_array_equal(gradients[0], np.zeros_like(WEIGHTS))


def test_backward_half_comes_later(variables):
    result, backward = backend.vjp(
        lambda: [ops.matmul(X, variables[0]), variables[1] * 2.0], variables
    )
    np.testing.assert_allclose(result[0], X @ WEIGHTS)
    cotangents = [np.array([[1.0], [10.0]]), np.array([5.0])]
    gradients = backward([ops.convert_to_tensor(c) for c in cotangents])
    np.testing.assert_allclose(gradients[0], X.T @ cotangents[0])
    np.testing.assert_allclose(gradients[1], [10.0])
    assert_no_gradient(gradients[2])


def test_two_halves_make_the_whole_gradient(variables):
    def loss(embedded):
        return ops.sum(ops.tanh(embedded) ** 3)

    embedded, backward = backend.vjp(
        lambda: ops.matmul(X, variables[0]), variables[:1]
    )
    *_, cotangent = backend.value_and_gradients(
        lambda e: (loss(e), None), [], embedded
    )
    whole = backend.value_and_gradients(
        lambda _: (loss(ops.matmul(X, variables[0])), None), variables[:1], X
    )[2]
    np.testing.assert_allclose(backward(cotangent)[0], whole[0])


def test_backend_is_the_one_of_keras():
    module = f"advtext.backend.{keras.backend.backend()}"
    for name in ("input_gradient", "value_and_gradients", "vjp", "lstm"):
        assert callable(getattr(backend, name))
    assert backend.vjp.__module__ == module
    assert backend.lstm.__module__ == f"{module}_lstm"


def test_products_of_rounded_factors():
    # 1 + 2^-9 is halfway between two bfloat16 numbers; 1 + 2^-7 is one.
    a = np.array([[1 + 2**-9, 1 + 2**-7]], "float32")
    b = np.array([[2.0], [4.0]], "float32")
    exact = backend.matmul(a, b)
    with backend.matmul_dtype("bfloat16"):
        rounded = backend.matmul(a, b)
        with backend.matmul_dtype("float32"):
            np.testing.assert_array_equal(backend.matmul(a, b), exact)
        doubles = backend.matmul(a.astype("float64"), b.astype("float64"))
    np.testing.assert_array_equal(exact, a @ b)
    np.testing.assert_array_equal(rounded, [[6.03125]])
    np.testing.assert_array_equal(doubles, a.astype("float64") @ b)
    assert rounded.dtype == "float32" and doubles.dtype == "float64"


def test_an_error_leaves_products_as_they_were():
    with pytest.raises(KeyError), backend.matmul_dtype("bfloat16"):
        raise KeyError
    a = np.array([[1.001]], "float32")
    np.testing.assert_array_equal(backend.matmul(a, a), a @ a)


@pytest.mark.skipif(not ON_TENSORFLOW, reason="of the TensorFlow backend")
def test_only_warnings_of_retracing_are_kept_back(caplog):
    logger = logging.getLogger("tensorflow")
    filters = logger.filters[:]
    try:
        backend.expect_many_models()
        backend.expect_many_models()
        assert len(logger.filters) <= len(filters) + 1
        logger.warning(
            "5 out of 9 calls triggered tf.function retracing. %s", 1
        )
        logger.warning("Something else")
    finally:
        logger.filters[:] = filters
    assert [record.message for record in caplog.records] == ["Something else"]


def test_compiled_sees_what_variables_hold_now():
    variable = keras.Variable(2.0)
    counter = keras.Variable(0, dtype="int32")
    traced = []

    def function(x, y):
        traced.append(x)
        counter.assign(counter + 1)
        return x * variable if y is None else x * variable + y

    run = backend.compiled(function, [variable, counter])
    x = ops.ones((3,))
    for value in (2.0, 5.0):
        variable.assign(value)
        np.testing.assert_allclose(run(x, None), value)
        np.testing.assert_allclose(run(x, x), value + 1)
    assert len(traced) == 2
    assert int(counter) == 4


def test_repeat_carries_what_is_assigned():
    counter = keras.Variable(1.0)

    def body(state):
        x, y = state
        counter.assign(counter * 2.0)
        return x + counter, y

    x, y = backend.repeat(3, body, (ops.zeros(()), ops.ones((2,))))
    assert (float(x), float(counter)) == (14.0, 8.0)
    np.testing.assert_array_equal(y, [1, 1])
    x, _ = backend.repeat(0, body, (ops.zeros(()), ops.ones((2,))))
    assert float(x) == 0.0


def test_only_what_is_compiled_is_symbolic():
    seen = []

    def function(x):
        seen.append(backend.is_symbolic(x))
        return x

    x = ops.ones((2,))
    backend.compiled(function, [])(x)
    assert seen == [True]
    assert not backend.is_symbolic(x) and not backend.is_symbolic(X)
