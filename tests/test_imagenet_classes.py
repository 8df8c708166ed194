import json
import os
from pathlib import Path

import keras
import pytest

from advtext.data.imagenet_classes import (
    ImageNetClasses,
    beside,
    load_imagenet_classes,
)

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("ADVTEXT_DATA", ROOT / ".." / "shared" / "data"))
ROWS = [
    ["n02012849", "crane"],
    ["n02099601", "golden_retriever"],
    ["n02690373", "airliner"],
    ["n03126707", "crane"],
    ["n02096294", "Australian_terrier"],
]
NAMES = tuple(name for _, name in ROWS)
IDS = tuple(wordnet_id for wordnet_id, _ in ROWS)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "imagenet_class_index.json"
    path.write_text(json.dumps({str(i): row for i, row in enumerate(ROWS)}))
    return path


def test_the_file_is_read(path):
    classes = load_imagenet_classes(path)
    assert len(classes) == 5
    assert (classes.names, classes.wordnet_ids) == (NAMES, IDS)


@pytest.mark.parametrize(
    "name, index",
    [
        ("airliner", 2),
        ("Golden Retriever", 1),
        ("australian-terrier", 4),
        ("n03126707", 3),
        ("N02690373", 2),
        ("0", 0),
        (3, 3),
    ],
)
def test_a_class_is_found(name, index):
    assert ImageNetClasses(NAMES, IDS).index(name) == index


@pytest.mark.parametrize(
    "name, message",
    [
        ("airlines", "`target`: no class is called 'airlines'. .*: airliner,"),
        ("terrier", "Nearest: Australian_terrier, "),
        ("", "`target`: no class is called ''"),
        ("crane", r"2 classes .*: 0 \(n02012849\) or 3 \(n03126707\)"),
        ("5", "`target` must be a class from 0 to 4. Received: target='5'"),
        (-1, "no class is called -1"),
    ],
)
def test_other_names_are_refused(name, message):
    with pytest.raises(ValueError, match=message):
        ImageNetClasses(NAMES, IDS).index(name, "target")


@pytest.mark.parametrize(
    "content",
    [
        "tench",
        "[]",
        "{}",
        "3",
        '["n01440764", "tench"]',
        '{"1": ["n01440764", "tench"]}',
        '{"0": ["n01440764"]}',
        '{"0": ["n01440764", 3]}',
        b"\xff\xfe",
    ],
)
def test_other_files_are_refused(path, content):
    path.write_bytes(
        content if isinstance(content, bytes) else content.encode()
    )
    with pytest.raises(ValueError, match="class_index.json is no class index"):
        load_imagenet_classes(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="no class index .*index.json"):
        load_imagenet_classes(tmp_path / "index.json")


def test_it_is_found_beside_other_files(path, tmp_path):
    assert beside("imagenet", None, tmp_path / "nowhere" / "a.png") is None
    assert beside("imagenet", str(tmp_path / "weights.h5")) == path


@pytest.fixture
def decoder(monkeypatch):
    def replace(decode):
        utilities = keras.applications.imagenet_utils
        monkeypatch.setattr(utilities, "decode_predictions", decode)

    return replace


def test_without_a_file_keras_decodes(decoder):
    def decode(probabilities, top):
        best = probabilities.argmax(axis=1)
        return [[(f"n{i}", f"class {i}", 1.0)][:top] for i in best]

    decoder(decode)
    classes = load_imagenet_classes()
    assert len(classes) == 1000
    assert classes.index("class 404") == classes.index("n404") == 404


def test_a_failed_download_tells_the_way_out(decoder):
    def decode(*args, **kwargs):
        raise Exception("URL fetch failure")

    decoder(decode)
    with pytest.raises(OSError, match="URL fetch failure.*`class_index`"):
        load_imagenet_classes()


@pytest.mark.skipif(
    not (DATA / "imagenet").is_dir(),
    reason=f"no ImageNet files in {DATA / 'imagenet'}; set ADVTEXT_DATA",
)
def test_the_real_classes():
    classes = load_imagenet_classes(beside(DATA / "imagenet" / "pig.png"))
    assert len(classes) == len(set(classes.wordnet_ids)) == 1000
    assert classes.index("hog") == 341 and classes.index("airliner") == 404
    for name in ("crane", "maillot"):
        with pytest.raises(ValueError, match="2 classes are called"):
            classes.index(name)
    for number, wordnet_id in enumerate(classes.wordnet_ids):
        assert classes.index(wordnet_id) == number
    with pytest.raises(ValueError, match="Nearest: guinea_pig, "):
        classes.index("pig")
