import numpy as np
import pytest

from advtext.data import Corpus, DocumentBatches
from advtext.data.length_buckets import padded_documents


def corpus(lengths, labels=True):
    """Document i is i + 1 times 100, plus 1, 2, 3, ..."""
    documents = [
        100 * (i + 1) + np.arange(1, n + 1) for i, n in enumerate(lengths)
    ]
    return Corpus.from_documents(
        documents, np.arange(len(lengths)) % 3 if labels else None
    )


LENGTHS = np.random.default_rng(0).integers(1, 60, size=48)


def batches(number=48, labels=True, **kwargs):
    arguments = {"batch_size": 4, "boundaries": (20, 40), **kwargs}
    return DocumentBatches(corpus(LENGTHS[:number], labels), **arguments)


def documents(token_ids):
    return token_ids[:, 0] // 100 - 1


def test_shapes_and_types():
    ids, labels = batches().batch(0)
    assert ids.shape[0] == 4
    assert labels.shape == (4,)
    assert ids.dtype == labels.dtype == "int32"
    assert isinstance(batches(labels=False).batch(0), np.ndarray)
    assert len(batches()) == 12
    assert len(batches(steps=5)) == 5


def test_rows_hold_the_document_and_padding_on_the_right():
    for k in range(12):
        ids, labels = batches().batch(k)
        for row, document, label in zip(
            ids, documents(ids), labels, strict=True
        ):
            length = LENGTHS[document]
            expected = 100 * (document + 1) + np.arange(1, length + 1)
            np.testing.assert_array_equal(row[:length], expected)
            assert not row[length:].any()
            assert label == document % 3


def test_every_document_once_a_pass():
    plan = batches()
    seen = [documents(plan.batch(k)[0]) for k in range(36)]
    for each in np.reshape(seen, (3, 48)):
        assert sorted(each) == list(range(48))


@pytest.mark.parametrize("number, pool", [(48, 5), (43, None), (10, 7)])
def test_documents_come_equally_often_after_every_pool(number, pool):
    plan = batches(number, pool=pool)
    counts = np.zeros(number, int)
    for k in range(8 * plan.pool):
        np.add.at(counts, documents(plan.batch(k)[0]), 1)
        if (k + 1) % plan.pool == 0:
            assert counts.max() - counts.min() <= 1
    assert counts.sum() == 8 * plan.pool * 4


def test_batch_is_a_function_of_the_seed_and_its_number():
    plan, again, other = batches(), batches(), batches(seed=1)
    in_order = [plan.batch(k)[0] for k in range(30)]
    for k in (29, 3, 17, 0, 11, 12):
        np.testing.assert_array_equal(again.batch(k)[0], in_order[k])
    again.seek(7)
    np.testing.assert_array_equal(again[2][0], in_order[9])
    firsts = [sorted(documents(p.batch(0)[0])) for p in (plan, other)]
    assert firsts[0] != firsts[1]
    passes = [documents(ids).tolist() for ids in in_order]
    assert passes[:12] != passes[12:24]


def test_documents_of_a_batch_have_similar_lengths():
    spreads, widths = [], set()
    for k in range(12):
        ids, _ = batches().batch(k)
        lengths = LENGTHS[documents(ids)]
        spreads.append(np.ptp(lengths))
        widths.add(ids.shape[1])
        longest = lengths.max()
        boundary = 20 if longest <= 20 else 40 if longest <= 40 else longest
        assert ids.shape[1] == boundary
    assert np.mean(spreads) < 0.3 * np.ptp(LENGTHS)
    assert {20, 40} < widths


def test_streams_of_one_pool_and_seed_have_the_same_lengths_together():
    labelled = batches(pool=12)
    unlabelled = batches(labels=False, pool=12, batch_size=2)
    for k in range(0, 24):
        short = unlabelled.batch(k)
        assert abs(labelled.batch(k)[0].shape[1] - short.shape[1]) <= 20


def test_of_long_documents_the_end_is_kept():
    documents = corpus([3, 9])
    ids, labels = padded_documents(documents, np.array([1, 0]), 5, (4, 8))
    np.testing.assert_array_equal(
        ids, [[205, 206, 207, 208, 209], [101, 102, 103, 0, 0]]
    )
    np.testing.assert_array_equal(labels, [1, 0])
    ids, _ = DocumentBatches(documents, 2, max_length=1).batch(0)
    assert sorted(ids[:, 0]) == [103, 209]


def test_very_long_document_costs_no_more_than_max_length():
    long = Corpus.from_documents([np.arange(1, 100_001)], [0])
    ids, _ = DocumentBatches(long).batch(0)
    np.testing.assert_array_equal(ids[0], np.arange(99_601, 100_001))


def test_boundary_beyond_the_largest_is_the_length_itself():
    ids, _ = padded_documents(corpus([50]), np.array([0]), 400, (20, 40))
    assert ids.shape == (1, 50)


def test_batch_is_at_most_the_corpus():
    plan = batches(3, batch_size=64)
    assert plan.batch_size == 3
    ids, _ = plan.batch(5)
    assert sorted(documents(ids)) == [0, 1, 2]


def test_mean_number_of_tokens():
    plan = batches(max_length=30)
    expected = 4 * np.minimum(LENGTHS, 30).mean()
    np.testing.assert_allclose(plan.tokens_per_batch, expected)


def test_empty_corpus_is_refused():
    with pytest.raises(ValueError, match="holds no documents"):
        DocumentBatches(corpus([4]).subset([]))


@pytest.mark.parametrize(
    "arguments", [{"batch_size": 0}, {"max_length": 0}, {"batch_size": -4}]
)
def test_bad_sizes_are_refused(arguments):
    with pytest.raises(ValueError, match="must be an integer of at least 1"):
        batches(**arguments)
