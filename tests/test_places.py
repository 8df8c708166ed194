import functools

import keras
import numpy as np
import pytest
from keras import layers

from advtext.models.places import Places

X = np.ones((2, 3), "float32")


@functools.cache
def shared():
    """A model that calls one layer twice, another one once."""
    inputs = keras.Input((3,))
    twice, once = layers.Dense(3, name="twice"), layers.Dense(3, name="once")
    return keras.Model(inputs, once(twice(twice(inputs)))), twice, once


def run(pairs, value=0.0):
    """Returns what was answered, the result, and how often layers ran."""
    model, answered = shared()[0], []

    def answer(layer, output, args, kwargs):
        answered.append(np.asarray(output))
        return keras.ops.zeros_like(output) + value

    with Places(pairs).answered(answer) as calls:
        result = model(X)
    return answered, np.asarray(result), calls


@pytest.mark.parametrize("call", [0, 1])
def test_answers_at_one_call(call):
    _, twice, once = shared()
    (output,), result, calls = run([(twice, call)], 2.0)
    expected, behind = X, np.full_like(X, 2.0)
    for _ in range(call + 1):
        expected = np.asarray(twice(expected))
    for _ in range(1 - call):
        behind = twice(behind)
    np.testing.assert_allclose(output, expected, rtol=1e-6)
    np.testing.assert_allclose(result, once(behind), rtol=1e-6)
    # The layer itself runs all the same.
    assert calls == {id(twice): 2}


def test_answers_at_several_places_in_the_order_of_the_model():
    _, twice, once = shared()
    pairs = [(once, None), (twice, 1), (twice, 0)]
    places = Places(pairs)
    assert len(places) == 3
    assert places.layers == [once, twice]
    outputs, result, calls = run(pairs, 2.0)
    np.testing.assert_allclose(outputs[0], twice(X), rtol=1e-6)
    np.testing.assert_allclose(
        outputs[2], once(np.full_like(X, 2.0)), rtol=1e-6
    )
    np.testing.assert_array_equal(result, np.full_like(X, 2.0))
    places.check(calls)


@pytest.mark.parametrize(
    "call, number, message",
    [
        (None, 0, "'twice' is not on the way to an output: .* does not call"),
        (1, 0, "'twice' is not on the way to an output"),
        (None, 2, "'twice' 2 times: say which call .* call=0 to 1"),
        (2, 2, "must be from 0 to 1: .*'twice' 2 times. Received: call=2"),
        (-1, 2, "must be from 0 to 1: .* Received: call=-1"),
        ("0", 2, "must be from 0 to 1: .* Received: call='0'"),
        (1, 1, "'twice' once: leave `call` out. Received: call=1"),
    ],
)
def test_a_pass_that_did_not_come_by_is_refused(call, number, message):
    twice = shared()[1]
    with pytest.raises(ValueError, match=message):
        Places([(twice, call)]).check({id(twice): number})


@pytest.mark.parametrize("call, number", [(None, 1), (0, 1), (0, 2), (1, 2)])
def test_a_pass_that_came_by_is_not(call, number):
    twice = shared()[1]
    Places([(twice, call)]).check({id(twice): number})


@pytest.mark.parametrize("calls", [(None, None), (None, 0), (1, 1)])
def test_a_place_named_twice_is_refused(calls):
    twice = shared()[1]
    with pytest.raises(ValueError, match=r"different calls .*\('twice', "):
        Places([(twice, call) for call in calls])
