"""The demo corpus: deterministic, readable, hard without unlabelled text."""

import hashlib
import re
from collections import Counter

import numpy as np
import pytest

from advtext.data import demo_reviews
from advtext.data.demo_reviews import DemoReviews
from advtext.data.demo_words import BAD, GOOD

SMALL = {"num_train": 20, "num_test": 20, "num_unsup": 20}


@pytest.fixture(scope="module")
def source():
    return DemoReviews()


@pytest.fixture(scope="module")
def splits(source):
    return {split: source.read(split) for split in source.splits}


def words_of(text):
    return re.findall(r"\w+", text.lower())


def polarity(text, negations=()):
    """Counts praise minus blame, turned round after a negation."""
    words = words_of(text)
    total = 0
    for before, word in zip(["", *words], words, strict=False):
        sign = (word in GOOD) - (word in BAD)
        total += -sign if before in negations else sign
    return total


def error(scores, labels):
    """Returns the error in percent; a score of 0 is half right."""
    scores = np.asarray(scores)
    wrong = ((scores > 0) != labels) & (scores != 0)
    return 100 * np.mean(wrong + 0.5 * (scores == 0))


def naive_bayes(documents):
    """Returns the log-odds of every word in labelled documents."""
    counts = [Counter(), Counter()]
    for text, label in zip(documents.texts, documents.labels, strict=True):
        counts[label].update(words_of(text))
    vocabulary = set(counts[0]) | set(counts[1])
    totals = [sum(c.values()) + 0.5 * len(vocabulary) for c in counts]
    return {
        word: np.log((counts[1][word] + 0.5) / totals[1])
        - np.log((counts[0][word] + 0.5) / totals[0])
        for word in vocabulary
    }


# Contract


def test_it_is_a_source(source, splits):
    assert source.splits == ("train", "test", "unsup")
    assert source.class_names == ("negative", "positive")
    sizes = {name: len(documents) for name, documents in splits.items()}
    assert sizes == {"train": 100, "test": 2000, "unsup": 6000}
    assert splits["unsup"].labels is None
    for split in ("train", "test"):
        labels = splits[split].labels
        assert labels.dtype == "int32"
        assert np.bincount(labels).tolist() == [len(labels) // 2] * 2


def test_sizes_are_arguments():
    source = DemoReviews(num_train=3, num_test=4, num_unsup=5)
    sizes = [len(source.read(split)) for split in source.splits]
    assert sizes == [3, 4, 5]


# Correctness


def test_the_text_of_a_version_never_changes():
    """If this fails on purpose, raise `VERSION`: it names the caches."""
    texts = [text for s in ("train", "unsup") for text in small(s)]
    digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()
    assert demo_reviews.VERSION == 1
    assert digest == (
        "7c8947db15fffe0a47d135872c9c819229895f6650bdd4a152ffeaacab2ea3ec"
    )


def small(split, seed=0):
    return DemoReviews(seed, **SMALL).read(split).texts


def test_seeds_and_splits_differ():
    assert small("train") == small("train")
    assert small("train") != small("train", seed=1)
    assert not set(small("train")) & set(small("test"))


def test_the_fingerprint_names_seed_and_sizes():
    prints = {
        DemoReviews(0, **SMALL).fingerprint(),
        DemoReviews(1, **SMALL).fingerprint(),
        DemoReviews(0).fingerprint(),
    }
    assert len(prints) == 3
    assert DemoReviews().fingerprint() == DemoReviews().fingerprint()


def test_the_majority_of_opinions_decides_the_label(splits):
    scores = [
        polarity(text, demo_reviews.NEGATIONS) for text in splits["test"].texts
    ]
    assert error(scores, splits["test"].labels) == 0.0


# Property


def test_it_reads_like_english(splits):
    for text in splits["test"].texts:
        assert re.fullmatch(r"([A-Z][a-zA-Z,;: ]+[.!?] ?)+", text)
        assert not re.search(r"\ba [aeiou]|  | $|\{", text)


def test_reviews_are_short_and_the_vocabulary_small(splits):
    lengths = [len(words_of(text)) for text in splits["unsup"].texts]
    assert np.quantile(lengths, [0.01, 0.99]).tolist() == [20, 60]
    vocabulary = {w for t in splits["unsup"].texts for w in words_of(t)}
    assert 500 < len(vocabulary) < 700


def test_no_word_is_both_praise_and_blame():
    assert len({*GOOD, *BAD}) == len(GOOD) + len(BAD) == 440


def test_unlabelled_text_shows_the_words_that_labels_do_not(splits):
    labelled, unlabelled = (
        Counter(w for text in splits[split].texts for w in words_of(text))
        for split in ("train", "unsup")
    )
    opinions = GOOD + BAD
    assert 0.6 < np.mean([word in labelled for word in opinions]) < 0.8
    assert min(unlabelled[word] for word in opinions) > 20


def test_words_of_a_kind_keep_company_in_unlabelled_text(splits):
    kinds = [
        [(word in GOOD) - (word in BAD) for word in words_of(text)]
        for text in splits["unsup"].texts
    ]
    agreeing, opposing = 0, 0
    for signs in kinds:
        good, bad = signs.count(1), signs.count(-1)
        agreeing += good * (good - 1) / 2 + bad * (bad - 1) / 2
        opposing += good * bad
    assert agreeing > 1.5 * opposing


def test_labels_alone_leave_an_error_that_the_words_do_not(splits):
    weights = naive_bayes(splits["train"])
    texts, labels = splits["test"].texts, splits["test"].labels
    scores = [sum(weights.get(w, 0) for w in words_of(t)) for t in texts]
    assert 20 < error(scores, labels) < 30
    assert error([polarity(text) for text in texts], labels) < 3


# Failure


@pytest.mark.parametrize("name", SMALL)
def test_too_few_reviews_are_refused(name):
    with pytest.raises(ValueError, match=f"`{name}` must be at least 2"):
        DemoReviews(**{name: 1})


def test_another_split_is_refused(source):
    with pytest.raises(ValueError, match="no split 'validation'"):
        source.read("validation")
