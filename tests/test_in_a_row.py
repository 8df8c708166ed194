import numpy as np
from keras import ops

from advtext.models.in_a_row import in_a_row, masks_in_a_row, part

A = np.arange(12, dtype="float32").reshape(2, 3, 2)
B = np.arange(10, 14, dtype="float16").reshape(2, 2)


def tensors():
    return [ops.convert_to_tensor(A), ops.convert_to_tensor(B)]


def test_every_tensor_comes_back():
    row = in_a_row(tensors())
    assert row.shape == (2, 8)
    np.testing.assert_array_equal(row[1], [6, 7, 8, 9, 10, 11, 12, 13])
    first, end = part(row, 0, like=tensors()[0])
    second, last = part(row, end, like=tensors()[1])
    assert (end, last) == (6, 8)
    np.testing.assert_array_equal(first, A)
    np.testing.assert_array_equal(second, B)
    assert [str(np.asarray(x).dtype) for x in (first, second)] == [
        "float32",
        "float16",
    ]


def test_masks_stand_where_their_tensors_do():
    mask = ops.convert_to_tensor([[True, True, False], [True, False, False]])
    found = masks_in_a_row(tensors(), [mask, None])
    np.testing.assert_array_equal(
        found,
        [
            [True, True, True, True, False, False, True, True],
            [True, True, False, False, False, False, True, True],
        ],
    )
    assert masks_in_a_row(tensors(), [None, None]) is None
