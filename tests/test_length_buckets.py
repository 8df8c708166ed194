import numpy as np
import pytest

from advtext import backend
from advtext.data import (
    Corpus,
    DocumentBatches,
    EvaluationBatches,
    SemiSupervisedBatches,
)
from advtext.data.length_buckets import default_boundaries, equal_steps


def test_equal_steps_worked_out_by_hand():
    assert equal_steps(400, 4) == (100, 200, 300, 400)
    assert equal_steps(10, 4) == (3, 5, 8, 10)
    assert equal_steps(3, 40) == (1, 2, 3)


def test_few_boundaries_where_shapes_are_compiled():
    number = 8 if backend.STEPS_ARE_COMPILED else 40
    assert default_boundaries(400) == equal_steps(400, number)
    documents = Corpus.from_documents([np.ones(5, "int32")])
    assert DocumentBatches(documents).boundaries == default_boundaries(400)


def lengths_like_reviews(number, seed):
    """Log-normal, like IMDB's: median 179, a quarter over 292."""
    rng = np.random.default_rng(seed)
    return np.exp(rng.normal(np.log(180), 0.62, number)).astype(int) + 1


@pytest.mark.parametrize("size", [32, 64])
def test_less_than_a_twentieth_is_padding(size):
    def corpus(seed):
        return Corpus.from_documents(
            [np.ones(n, "int32") for n in lengths_like_reviews(4000, seed)],
            np.zeros(4000),
        )

    settings = {"max_length": 400, "boundaries": equal_steps(400, 40)}
    one, two = (DocumentBatches(corpus(s), size, **settings) for s in (0, 1))
    kinds = [
        one,
        SemiSupervisedBatches(one, two),
        EvaluationBatches(corpus(2), size, **settings),
    ]
    for batches in kinds:
        found = [batches.batch(k)[0] for k in range(len(batches))]
        if isinstance(found[0], dict):
            found = [x for part in found for x in part.values()]
        places = sum(x.size for x in found)
        tokens = sum(np.count_nonzero(x) for x in found)
        assert 1 - tokens / places < 0.05
