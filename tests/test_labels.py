import pytest

from advtext.data import RawDocuments, Source


class Labels(Source):
    """A source of given labels; the texts do not matter."""

    def __init__(self, class_names=None, **splits):
        super().__init__(splits, class_names)
        self.content = splits

    def read_raw(self, split):
        labels = self.content[split]
        texts = ["text"] * len(labels)
        return RawDocuments(texts, labels, lambda n: f"{split}:{n + 1}")


def test_names_are_sorted():
    source = Labels(train=["pos", "neg", None, "pos"], test=["neg"])
    assert source.class_names == ("neg", "pos")
    assert source.read("train").labels.tolist() == [1, 0, -1, 1]
    assert source.read("train").labels.dtype == "int32"
    assert source.read("test").labels.tolist() == [0]


def test_integers_are_sorted_as_numbers():
    labels = [str(n) for n in reversed(range(11))]
    source = Labels(train=labels)
    assert source.class_names == tuple(labels[::-1])
    assert source.read("train").labels.tolist() == list(range(11))[::-1]


@pytest.mark.parametrize("labels", [["4", "0"], ["5", "3", "1"], ["10", "9"]])
def test_integers_need_no_zero_and_may_have_gaps(labels):
    source = Labels(train=labels)
    assert source.class_names == tuple(labels[::-1])
    assert (
        source.read("train").labels.tolist() == list(range(len(labels)))[::-1]
    )


def test_names_that_look_alike_are_told():
    with pytest.warns(UserWarning, match="'Pos' and 'pos' look alike"):
        assert Labels(train=["pos", "neg", "Pos"]).class_names[0] == "Pos"
    with pytest.warns(UserWarning, match=r"'pos' and '\\uff50os' look alike"):
        _ = Labels(train=["pos", "\uff50os"]).class_names


def test_given_names_keep_their_order():
    source = Labels(("world", "arts"), train=["arts", "world"])
    assert source.class_names == ("world", "arts")
    assert source.read("train").labels.tolist() == [1, 0]


def test_test_split_can_be_read_first():
    source = Labels(train=["a", "b"], test=["b", "a"])
    assert source.read("test").labels.tolist() == [1, 0]


def test_labels_of_unsup_are_not_looked_at():
    source = Labels(train=["a", "b"], unsup=["-1", None, "c"])
    assert source.read("unsup").labels is None


@pytest.mark.parametrize(
    "train, message",
    [
        (["0", "0"], "train:1: .* only the class '0'"),
        ([None, None], "train:1: .* no label at all"),
        (["0", "-1"], "train:2: label -1 is negative"),
        ([None, "0", "c"], "train:3: label 'c' .* train:2 has the integer 0"),
    ],
)
def test_training_labels_that_do_not_do(train, message):
    with pytest.raises(ValueError, match=message):
        Labels(train=train).read("train")
    with pytest.raises(ValueError, match=message):
        _ = Labels(train=train).class_names


@pytest.mark.parametrize(
    "test, message",
    [
        (["0", "2"], "test:2: label '2' does not .* which has 0, 1"),
        (["0", "-1"], "test:2: label '-1' does not occur in training"),
        (["0", None], "test:2: a test text without a label"),
    ],
)
def test_test_labels_that_do_not_do(test, message):
    with pytest.raises(ValueError, match=message):
        Labels(train=["0", "1"], test=test).read("test")


def test_given_class_without_training_text():
    source = Labels(("a", "b", "c"), train=["a", "c"], test=["b"])
    with pytest.raises(ValueError, match="'b' does not .* which has a, c"):
        source.read("test")


def test_splits():
    with pytest.raises(ValueError, match="needs a split `train`"):
        Labels(test=["0"])
    with pytest.raises(ValueError, match="no split 'unsup' .* train, test"):
        Labels(test=["0"], train=["0"]).read("unsup")
