import json

import pytest

from advtext.data import open_source

TRAIN = [("good film", 1), ("bad film", 0), ("no label", None)]
TEST = [("fine", 1), ("poor", 0)]


def write_lines(path, records):
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps({"text": t, "label": n}) for t, n in records]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture
def folder(tmp_path):
    """A folder with a proper training and test split."""
    write_lines(tmp_path / "train.jsonl", TRAIN)
    write_lines(tmp_path / "test.jsonl", TEST)
    return tmp_path


@pytest.fixture
def acl_imdb(tmp_path):
    """A folder in the layout of aclImdb."""
    parts = ("train/pos", "train/neg", "train/unsup", "test/pos", "test/neg")
    for part in parts:
        (tmp_path / part).mkdir(parents=True)
        for number in (10, 9, 0):
            path = tmp_path / part / f"{number}_7.txt"
            path.write_text(f"{part} {number} \u0085", encoding="utf-8")
    (tmp_path / "train" / "urls_pos.txt").write_text("not a review")
    return tmp_path


def test_folder_of_files(folder):
    (folder / "unsup.txt").write_text("what\never\n")
    source = open_source("files", folder)
    assert source.splits == ("train", "test", "unsup")
    assert source.class_names == ("0", "1")
    assert source.read("train").labels.tolist() == [1, 0, -1]
    assert source.read("test").texts == ["fine", "poor"]
    unlabelled = source.read("unsup")
    assert unlabelled.texts == ["what", "ever"]
    assert unlabelled.labels is None


def test_fingerprint_follows_contents_not_the_place(folder, tmp_path_factory):
    first = open_source("files", folder).fingerprint()
    other = tmp_path_factory.mktemp("other")
    write_lines(other / "train.jsonl", TRAIN)
    write_lines(other / "test.jsonl", TEST)
    assert open_source("files", other).fingerprint() == first
    write_lines(other / "test.jsonl", TEST[::-1])
    assert open_source("files", other).fingerprint() != first


def test_acl_imdb_folder(acl_imdb):
    source = open_source("files", str(acl_imdb))
    assert source.splits == ("train", "test", "unsup")
    assert source.class_names == ("neg", "pos")
    train = source.read("train")
    assert train.texts == [
        f"train/{name} {number} \u0085"
        for name in ("neg", "pos")
        for number in (0, 9, 10)
    ]
    assert train.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert source.read("test").labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert len(source.read("unsup")) == 3
    before = source.fingerprint()
    (acl_imdb / "test" / "neg" / "9_7.txt").write_text("changed")
    assert open_source("files", acl_imdb).fingerprint() != before


@pytest.mark.parametrize("layout", ["folder", "acl_imdb"])
def test_streams_what_it_reads(layout, request):
    source = open_source("files", request.getfixturevalue(layout))
    for split in source.splits:
        texts, classes = source.stream(split)
        assert iter(texts) is texts
        expected = source.read(split)
        assert list(texts) == expected.texts
        if split == "unsup":
            assert classes() is None
        else:
            assert classes().tolist() == expected.labels.tolist()


def test_a_stream_names_file_and_line(folder):
    write_lines(folder / "test.jsonl", [("a", 0), ("b", 2)])
    texts, classes = open_source("files", folder).stream("test")
    assert list(texts) == ["a", "b"]
    with pytest.raises(ValueError, match=r"test\.jsonl:2: label '2' does not"):
        classes()
    with open(folder / "test.jsonl", "a") as file:
        file.write("{\n")
    texts, _ = open_source("files", folder).stream("test")
    assert [next(texts), next(texts)] == ["a", "b"]
    with pytest.raises(ValueError, match=r"test\.jsonl:3: not JSON"):
        next(texts)


def test_acl_imdb_folder_names_the_bad_file(acl_imdb):
    (acl_imdb / "train" / "pos" / "9_7.txt").write_bytes(b"one\ntwo \xff")
    with pytest.raises(ValueError, match=r"pos/9_7\.txt:2: not valid UTF-8"):
        open_source("files", acl_imdb).read("train")


@pytest.mark.parametrize("part", ["train/neg", "test/pos"])
def test_acl_imdb_folder_without_a_part(acl_imdb, part):
    for path in (acl_imdb / part).iterdir():
        path.unlink()
    with pytest.raises(FileNotFoundError, match=f"{part} holds no .txt file"):
        open_source("files", acl_imdb).read(part.partition("/")[0])
    (acl_imdb / part).rmdir()
    with pytest.raises(FileNotFoundError, match=f"no folder .*{part}"):
        open_source("files", acl_imdb)


def test_bad_folders(folder):
    with pytest.raises(ValueError, match="`data_dir` must name the folder"):
        open_source("files", "")
    with pytest.raises(FileNotFoundError, match="no folder .*nowhere"):
        open_source("files", folder / "nowhere")
    with pytest.raises(FileNotFoundError, match="no folder .*train.jsonl"):
        open_source("files", folder / "train.jsonl")
    (folder / "train.csv.gz").write_bytes(b"")
    with pytest.raises(ValueError, match="train.jsonl and train.csv.gz both"):
        open_source("files", folder)
    (folder / "train.csv.gz").unlink()
    (folder / "train.jsonl").unlink()
    with pytest.raises(FileNotFoundError, match=r"train/neg.*test\.jsonl"):
        open_source("files", folder)


def test_errors_of_a_split_name_file_and_line(folder):
    write_lines(folder / "test.jsonl", [("a", 0), ("b", 2)])
    with pytest.raises(ValueError, match=r"test\.jsonl:2: label '2' does not"):
        open_source("files", folder).read("test")
    write_lines(folder / "train.jsonl", [("a", 0), ("b", -1)])
    with pytest.raises(ValueError, match=r"train\.jsonl:2: label -1 is neg"):
        open_source("files", folder).read("train")
