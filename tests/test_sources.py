import numpy as np
import pytest

from advtext.data import open_source, read_documents


def test_class_names_of_a_run_fix_the_numbers(tmp_path):
    path = tmp_path / "new.csv"
    path.write_text("text,label\na,pos\nb,\n")
    assert read_documents(path).labels.tolist() == [0, -1]
    documents = read_documents(path, class_names=("neg", "pos"))
    assert documents.labels.tolist() == [1, -1]
    with pytest.raises(ValueError, match=r"new\.csv:2: label 'pos' does not"):
        read_documents(path, class_names=("good", "bad"))


def test_documents_without_labels(tmp_path):
    path = tmp_path / "new.jsonl"
    path.write_text('{"text": "a"}\n')
    assert read_documents(path, class_names=("neg", "pos")).labels is None


def test_unknown_kind_of_data():
    with pytest.raises(ValueError, match="`data` must be .*'csv'"):
        open_source("csv")


@pytest.fixture(scope="module")
def tfds_dir(tmp_path_factory):
    """Sets in the real on-disk format of tensorflow-datasets."""
    tf = pytest.importorskip("tensorflow")
    tfds = pytest.importorskip("tensorflow_datasets")
    folder = tmp_path_factory.mktemp("tfds")

    def store(name, features, splits):
        tfds.dataset_builders.store_as_tfds_dataset(
            name=name,
            version="1.0.0",
            config="plain_text",
            data_dir=folder,
            features=tfds.features.FeaturesDict(features),
            split_datasets={
                split: tf.data.Dataset.from_tensor_slices(columns)
                for split, columns in splits.items()
            },
            disable_shuffling=True,
        )

    text = tfds.features.Text()
    names = tfds.features.ClassLabel(names=["neg", "pos"])
    store(
        "reviews",
        {"text": text, "label": names},
        {
            "train": {"text": ["café", "bad", "so"], "label": [1, 0, -1]},
            "test": {"text": ["fine"], "label": [1]},
            "unsupervised": {"text": ["a", "b"], "label": [-1, -1]},
        },
    )
    store(
        "integers",
        {"text": text, "label": np.int64},
        {
            "train": {"text": [b"x", b"y"], "label": [0, 1]},
            "test": {"text": [b"x", b"\xff"], "label": [0, 1]},
        },
    )
    store(
        "ratings",
        {"review": text, "label": names},
        {"train": {"review": ["x"], "label": [0]}},
    )
    return folder


def test_tfds(tfds_dir):
    source = open_source("tfds", tfds_dir, "reviews/plain_text")
    assert source.splits == ("train", "test", "unsup")
    assert source.class_names == ("neg", "pos")
    train = source.read("train")
    assert train.texts == ["café", "bad", "so"]
    assert train.labels.tolist() == [1, 0, -1]
    assert source.read("test").labels.tolist() == [1]
    assert source.read("unsup").texts == ["a", "b"]
    place = tfds_dir / "reviews" / "plain_text" / "1.0.0"
    direct = open_source("tfds", place)
    assert direct.read("train").texts == train.texts
    assert direct.fingerprint() == source.fingerprint()
    other = open_source("tfds", tfds_dir, "integers/plain_text")
    assert other.class_names == ("0", "1")
    assert other.fingerprint() != source.fingerprint()


def test_bad_tfds(tfds_dir):
    with pytest.raises(ValueError, match="no feature `text`, only .*review"):
        open_source("tfds", tfds_dir, "ratings/plain_text")
    with pytest.raises(ValueError, match="no set `nothing_such`"):
        open_source("tfds", tfds_dir, "nothing_such")
    integers = open_source("tfds", tfds_dir, "integers/plain_text")
    with pytest.raises(ValueError, match=r"test\[1\]: not valid UTF-8"):
        integers.read("test")


@pytest.mark.parametrize("name", ["", "../../etc", "/etc", None, 5, "ä", " "])
def test_a_name_that_no_tfds_set_can_have(name):
    with pytest.raises(ValueError, match="`tfds_name` must be the name of a s"):
        open_source("tfds", "", name)


def test_a_version_that_a_tfds_set_does_not_have(tmp_path):
    pytest.importorskip("tensorflow_datasets")
    with pytest.raises(ValueError, match="`mnist:9.9.9`.*3.0.*`tfds_name`"):
        open_source("tfds", tmp_path, "mnist:9.9.9")


def test_tfds_without_a_network(tmp_path, monkeypatch):
    tfds = pytest.importorskip("tensorflow_datasets")

    class Unprepared:
        data_dir = tmp_path

        def download_and_prepare(self):
            raise ConnectionError("no route")

    monkeypatch.setattr(tfds, "builder", lambda *_, **__: Unprepared())
    with pytest.raises(OSError, match="`reviews` .* no route.*`data_dir`"):
        open_source("tfds", "", "reviews")
