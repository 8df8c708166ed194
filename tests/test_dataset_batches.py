import keras
import numpy as np
import pytest

from advtext.data import DatasetBatches, SemiSupervisedBatches


class Pairs(keras.utils.PyDataset):
    def __init__(self, num_batches):
        super().__init__()
        self.num = num_batches

    @property
    def num_batches(self):
        return self.num

    def __getitem__(self, index):
        return np.full((2, 3), index), np.array([0, 1])


def test_batches_come_again_after_a_pass():
    batches = DatasetBatches(Pairs(3), steps=5)
    assert len(batches) == 5 and batches.batches_per_pass == 3
    assert [int(batches.batch(k)[0][0, 0]) for k in range(5)] == [0, 1, 2, 0, 1]


def test_both_streams_may_be_datasets():
    batches = SemiSupervisedBatches(Pairs(3), Pairs(2))
    x, y = batches[2]
    assert len(batches) == 3
    np.testing.assert_array_equal(x["labelled"], np.full((2, 3), 2))
    np.testing.assert_array_equal(x["unlabelled"], np.zeros((2, 3)))
    np.testing.assert_array_equal(y, [0, 1])


@pytest.mark.parametrize("num_batches", [0, None])
def test_an_empty_or_endless_dataset_is_refused(num_batches):
    with pytest.raises(ValueError, match="at least one batch"):
        DatasetBatches(Pairs(num_batches))
