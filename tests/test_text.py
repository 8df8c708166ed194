import numpy as np
import pytest

from advtext import data
from advtext.config import load
from advtext.experiments import text

LABELS = np.array([0, 1, 2, 0, -1, 0, 1, 0, 0, 2, 0, 1, -1, 0])


def count(labels, chosen):
    return np.bincount(labels[chosen], minlength=3).tolist()


def test_text_is_that_of_the_configuration(tiny):
    prepared = text.prepare(load(tiny.config))
    sizes = {name: len(c) for name, c in prepared.corpora.items()}
    assert sizes == {"train": 40, "test": 30, "unsup": 60}
    assert prepared.class_names == ("bad", "good")
    whole = text.all_text(prepared, load(tiny.config))
    assert len(whole) == 100 and whole.labels is None
    for name, index in (("train", 0), ("unsup", 40)):
        np.testing.assert_array_equal(whole[index], prepared.corpora[name][0])
    assert text.splits(load(tiny.config)) == (
        "train",
        "test",
        "unsup",
    )


def test_validation_documents_are_read_by_nobody(tiny):
    config = load(tiny.config, {"num_validation": 10})
    prepared = text.prepare(config)
    train = prepared.corpora["train"]
    _, held_out = text.split(train, config)
    rest = text.all_text(prepared, config)
    assert len(held_out) == 10 and len(rest) == 90
    assert not set(held_out.starts) & _places(train, rest)
    only = data.Prepared(prepared.tokenizer, {"train": train}, ("bad", "good"))
    config = load(tiny.config, {"num_validation": 40})
    with pytest.raises(ValueError, match="`num_validation`=40 holds out every"):
        text.all_text(only, config)


def _places(train, rest):
    """Returns where in `train` the first documents of `rest` begin."""
    found, at = set(), 0
    for position in range(30):
        while not np.array_equal(train[at], rest[position]):
            at += 1
        found.add(int(train.starts[at]))
        at += 1
    return found


def test_a_language_model_brings_its_tokenizer(tiny):
    given = {"vocabulary_size": 9}
    with pytest.warns(UserWarning, match="are dropped; 0 texts are empty"):
        own = text.prepare(load(tiny.config, given)).tokenizer
    given["pretrained"] = str(tiny.pretrained)
    brought = text.prepare(load(tiny.config, given)).tokenizer
    assert own.vocabulary_size == 9 < brought.vocabulary_size
    loaded = data.load_tokenizer(tiny.pretrained / "tokenizer.json")
    assert brought.fingerprint() == loaded.fingerprint()


@pytest.mark.parametrize("name", ["manifest.json", "train.ids.npy"])
def test_a_truncated_cache_is_built_again(tiny, tmp_path, name):
    config = load(tiny.config, {"cache_dir": str(tmp_path)})
    before = np.array(text.prepare(config).corpora["train"].ids)
    (damaged,) = tmp_path.glob(f"*/{name}")
    damaged.write_bytes(damaged.read_bytes()[:-9])
    with pytest.warns(UserWarning, match=f"{name} is .*truncated.*built again"):
        after = text.prepare(config).corpora["train"]
    np.testing.assert_array_equal(after.ids, before)
    text.prepare(config)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0, [0, 0, 0]),
        (3, [1, 1, 1]),
        (6, [2, 2, 2]),
        (9, [4, 3, 2]),
        (12, [7, 3, 2]),
        (99, [7, 3, 2]),
    ],
)
def test_classes_are_drawn_equally_as_far_as_they_go(number, expected):
    for seed in range(5):
        chosen = text.stratified(LABELS, number, seed)
        assert count(LABELS, chosen) == expected
        assert np.all(np.diff(chosen) > 0)


@pytest.mark.parametrize("number", [1, 2, 4, 5])
def test_a_remainder_makes_classes_differ_by_one(number):
    counts = count(LABELS, text.stratified(LABELS, number, seed=0))
    assert sum(counts) == number and max(counts) - min(counts) == 1


def test_a_draw_depends_on_the_seed_alone():
    draws = [tuple(text.stratified(LABELS, 6, seed)) for seed in range(20)]
    assert draws == [tuple(text.stratified(LABELS, 6, s)) for s in range(20)]
    assert len(set(draws)) > 10


def test_fewer_labels_are_among_more_with_the_same_seed():
    fewer, more = (set(text.stratified(LABELS, n, seed=1)) for n in (3, 9))
    assert fewer < more
