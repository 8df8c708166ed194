import numpy as np
import pytest

from advtext.data import Corpus


@pytest.fixture
def corpus():
    ids = np.array([5, 9, 7, 6, 9, 9], "int32")
    return Corpus(ids, [0, 2, 5, 6], np.array([1, 0, -1], "int32"))


def test_corpus_gives_documents(corpus):
    assert len(corpus) == 3
    assert [d.tolist() for d in corpus] == [[5, 9], [7, 6, 9], [9]]
    assert corpus.lengths.tolist() == [2, 3, 1]
    assert corpus.starts.tolist() == [0, 2, 5]
    assert (corpus.lengths.dtype, corpus.starts.dtype) == ("int32", "int64")


def test_subset_shares_the_ids(corpus):
    chosen = corpus.subset([2, 0]).subset(np.array([1, 1, 0]))
    assert [d.tolist() for d in chosen] == [[5, 9], [5, 9], [9]]
    assert chosen.labels.tolist() == [1, 1, -1]
    assert chosen.ids is corpus.ids
    assert Corpus(corpus.ids, [0, 6]).subset([0]).labels is None


def test_corpus_refuses_arrays_that_do_not_fit(corpus):
    with pytest.raises(ValueError, match="offsets from 0 to 5 for 6 ids"):
        Corpus(corpus.ids, [0, 5])
    with pytest.raises(ValueError, match="3 labels for 1 documents"):
        Corpus(corpus.ids, [0, 6], corpus.labels)


def test_join_puts_documents_one_after_the_other(corpus):
    joined = Corpus.join([corpus.subset([2, 1]), corpus])
    assert [d.tolist() for d in joined] == [
        [9],
        [7, 6, 9],
        [5, 9],
        [7, 6, 9],
        [9],
    ]
    assert joined.labels is None


@pytest.mark.parametrize(
    ("ids", "labels", "message"),
    [
        ([1, -2], None, "`ids` must be integers from 0"),
        ([1, 2**32 + 5], None, "`ids` must be integers from 0"),
        ([1.5], None, "`ids` must be integers"),
        ([1], [-5], "`labels` must be integers"),
        ([1], [2**40], "`labels` must be integers"),
        ([1], [0.5], "`labels` must be integers"),
        ([1], ["a"], "`labels` must be integers"),
    ],
)
def test_wrong_numbers_are_refused(ids, labels, message):
    with pytest.raises(ValueError, match=message):
        Corpus.from_documents([np.array(ids)], labels)
