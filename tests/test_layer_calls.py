import threading

import keras
import numpy as np
import pytest

from advtext.models.layer_calls import standing_in

X = np.ones((2, 3), "float32")


class Double(keras.layers.Layer):
    def call(self, inputs):
        return 2.0 * inputs


def plus(number):
    return lambda layer, call, args, kwargs: call(*args, **kwargs) + number


def result(layer):
    return float(layer(X)[0, 0])


def test_answers_in_place_of_the_call():
    layer, other = Double(), Double()
    seen = []

    def answer(layer, call, args, kwargs):
        seen.append((layer, args, kwargs))
        return call(*args, **kwargs) + 1.0

    with standing_in([layer], answer):
        assert result(layer) == 3.0
        assert result(other) == 2.0
    assert result(layer) == 2.0
    ((of, (x,), kwargs),) = seen
    assert of is layer
    np.testing.assert_array_equal(x, X)
    assert not kwargs


def test_several_layers_at_once():
    pair = [Double(), Double()]
    with standing_in(pair, plus(1.0)):
        assert [result(layer) for layer in pair] == [3.0, 3.0]
    assert [result(layer) for layer in pair] == [2.0, 2.0]


def test_the_inner_of_two_answers():
    layer, other = Double(), Double()
    with standing_in([layer, other], plus(1.0)):
        with standing_in([layer], plus(10.0)):
            assert (result(layer), result(other)) == (12.0, 3.0)
        assert (result(layer), result(other)) == (3.0, 3.0)
    assert (result(layer), result(other)) == (2.0, 2.0)
    assert "call" not in layer.__dict__


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_puts_back_after_an_error(error):
    layer = Double()

    def fails(layer, call, args, kwargs):
        raise error("mine")

    with pytest.raises(error, match="mine"):
        with standing_in([layer], plus(1.0)):
            with standing_in([layer], fails):
                layer(X)
    assert "call" not in layer.__dict__
    assert result(layer) == 2.0


def test_keeps_a_call_that_the_layer_had_of_its_own():
    layer = Double()

    def own(inputs):
        return 5.0 * inputs

    layer.__dict__["call"] = own
    with standing_in([layer], plus(1.0)):
        assert result(layer) == 6.0
    assert layer.__dict__["call"] is own
    assert result(layer) == 5.0


def test_nothing_of_it_is_a_weight_or_a_layer():
    layer = Double()
    with standing_in([layer], plus(1.0)):
        assert not layer._layers
        assert not layer.variables


def test_other_threads_are_not_answered():
    layer, results = Double(), {}
    inside, looked = threading.Event(), threading.Event()

    def stands_in():
        with standing_in([layer], plus(1.0)):
            inside.set()
            looked.wait(60)
            results["inside"] = result(layer)

    thread = threading.Thread(target=stands_in)
    thread.start()
    assert inside.wait(60)
    results["outside"] = result(layer)
    looked.set()
    thread.join()
    assert results == {"inside": 3.0, "outside": 2.0}
    assert "call" not in layer.__dict__


def test_threads_that_overlap_have_their_own_answers():
    layer, results = Double(), {}
    # Both are inside before one of them leaves, the first one first.
    both, left = threading.Barrier(2, timeout=60), threading.Event()

    def stands_in(number):
        with standing_in([layer], plus(number)):
            both.wait()
            if number == 2.0:
                left.wait(60)
            results[number] = result(layer)
        left.set()

    threads = [
        threading.Thread(target=stands_in, args=(n,)) for n in (1.0, 2.0)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {1.0: 3.0, 2.0: 4.0}
    assert "call" not in layer.__dict__
    assert result(layer) == 2.0
