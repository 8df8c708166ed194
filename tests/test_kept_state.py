import keras
import numpy as np
import pytest

from advtext.kept_state import assign, state_kept, values_of


def variables():
    return [keras.Variable(np.zeros(2)), keras.Variable(np.ones(1))]


def test_state_is_as_it_was():
    kept = variables()
    with state_kept(kept):
        kept[0].assign([3.0, 4.0])
        np.testing.assert_array_equal(kept[0], [3.0, 4.0])
    np.testing.assert_array_equal(kept[0], [0.0, 0.0])


def test_state_is_as_it_was_after_an_error():
    kept = variables()
    with pytest.raises(KeyError), state_kept(kept):
        kept[1].assign([5.0])
        raise KeyError
    np.testing.assert_array_equal(kept[1], [1.0])


def test_values_are_copies():
    kept = variables()
    values = values_of(kept)
    kept[0].assign([3.0, 4.0])
    np.testing.assert_array_equal(values[0], [0.0, 0.0])
    assign(kept, values)
    np.testing.assert_array_equal(kept[0], [0.0, 0.0])
