"""Arbitrary files and values for everything that reads them."""

import contextlib
import gzip
import io
import json
import lzma
import shutil

from case import LONGEST, is_raw
from hypothesis import strategies as st

_TEXT = st.text(max_size=30)
_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**40), 10**40)
    | st.floats()
    | _TEXT
)
_JSON = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3)
    ),
    max_leaves=6,
)
_LABEL = _SCALARS | st.sampled_from(["pos", "neg", 0, 1, "0", " 1", "1.0"])
_RECORD = st.fixed_dictionaries({"text": _TEXT | _JSON}, optional={
    "label": _LABEL | _JSON, "more": _JSON})  # fmt: skip
_DAMAGE = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)),
    max_size=4,
)


def _json(value):
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")


_JSON_LINES = st.lists(_RECORD | _JSON, max_size=6).map(
    lambda records: b"".join(_json(record) + b"\n" for record in records)
)
_CELL = _TEXT | st.sampled_from(['"a"', '"', "a,b", "a\tb", "1", "", "\n"])


def _rows(separator):
    return st.lists(st.lists(_CELL, max_size=3), max_size=6).map(
        lambda rows: (
            f"text{separator}label\n".encode()
            + b"".join(
                separator.join(row).encode("utf-8", "replace") + b"\n"
                for row in rows
            )
        )
    )


_BYTES = st.binary(max_size=60)


def _damaged(content, damage, cut):
    """Returns bytes with some of them exchanged, and the end cut off."""
    content = bytearray(content)
    for place, value in damage:
        if content:
            content[int(place * len(content))] = value
    return bytes(content[: int(cut * len(content)) + 1])


def reader_targets(names, here):
    """Returns the targets that read files.

    Args:
        names: Dict of names, as of `Shared.names`.
        here: Folder for the files.

    Returns:
        Dict from a name to `(strategy, call)`, where `call` takes what the
        strategy draws.
    """
    data, config = names["data"], names["config"]

    def file(name, read):
        def call(content):
            path = here / name
            shutil.rmtree(here)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            return read(path)

        return call

    def split(path):
        return data.open_source("files", str(path.parent)).read("train")

    targets = {}
    for name, strategy in (
        ("train.jsonl", _JSON_LINES | _BYTES),
        ("train.json", _JSON.map(_json)),
        ("train.csv", _rows(",") | _BYTES),
        ("train.tsv", _rows("\t") | _BYTES),
        ("train.txt", _BYTES),
        ("train.csv.gz", _rows(",").map(gzip.compress) | _BYTES),
        ("train.jsonl.xz", _JSON_LINES.map(lzma.compress) | _BYTES),
    ):
        targets[f"text {name}"] = strategy, file(name, split)
    targets["labels"] = (
        st.lists(_LABEL, min_size=1, max_size=6),
        _labels(file, split),
    )
    targets["word tokenizer"] = st.lists(_TEXT, max_size=5), _fit(data)
    for name in ("text", "train/neg/0_1.txt"):
        targets[f"aclImdb {name}"] = _BYTES, file(name, _acl_imdb(data, here))
    targets["tokenizer.json"] = (
        _JSON.map(_json) | _BYTES,
        file("tokenizer.json", data.load_tokenizer),
    )
    contents = st.fixed_dictionaries({}, optional={
        "words": _JSON | st.lists(_TEXT, max_size=3),
        "counts": _JSON | st.lists(st.integers(), max_size=3),
        "lowercase": _JSON, "more": _JSON})  # fmt: skip
    targets["tokenizer's content"] = contents, _content(data)
    targets["config.toml"] = _toml(config), file("config.toml", config.load)
    targets["flag"] = _flag(config), _parse(config)
    for name in ("x_train.npy", "x_train-ubyte", "x_train.npy.gz"):
        targets[f"images {name}"] = (
            _image(name),
            file(name, _read_array),
        )
    targets["photo"] = _photo(), file("a.png", lambda path: _pixels(data, path))
    targets["class names"] = (
        _JSON.map(_json) | _BYTES,
        file("names.json", data.load_imagenet_classes),
    )
    return {**targets, **_damaged_runs(names, here)}


def _labels(file, split):
    def call(labels):
        records = [{"text": "a", "label": label} for label in labels]
        content = b"".join(_json(record) + b"\n" for record in records)
        return file("train.jsonl", split)(content)

    return call


def _fit(data):
    def call(texts):
        tokenizer = data.WordTokenizer.fit(texts, min_documents=1)
        for text in texts:
            ids = tokenizer.encode(text)
            if ids[-1] != tokenizer.end_of_sequence or ids.min() < 1:
                raise AssertionError(f"encode gave {ids}")
            tokenizer.decode(ids)

    return call


def _acl_imdb(data, here):
    def read(path):
        for name in ("neg/0_1.txt", "pos/0_9.txt"):
            other = here / "train" / name
            if other != path:
                other.parent.mkdir(parents=True, exist_ok=True)
                other.write_text("a film")
        return data.open_source("files", str(here)).read("train")

    return read


def _content(data):
    def call(content):
        tokenizer = data.WordTokenizer.from_content(content)
        ids = tokenizer.encode("a b")
        if ids.max() >= tokenizer.vocabulary_size:
            raise AssertionError(f"encode gave {ids}")
        tokenizer.decode(ids)

    return call


def _toml(config):
    keys = st.sampled_from(list(config.Config.__dataclass_fields__)) | _TEXT
    plain = _SCALARS.map(lambda v: json.dumps(v, ensure_ascii=False))
    line = st.tuples(keys, plain | _TEXT).map(lambda t: f"{t[0]} = {t[1]}\n")
    return (
        st.lists(line, max_size=4).map(
            lambda lines: "".join(lines).encode("utf-8", "replace")
        )
        | _BYTES
    )


def _flag(config):
    names = st.sampled_from(list(config.Config.__dataclass_fields__)) | _TEXT
    values = _TEXT | (st.integers() | st.floats()).map(repr)
    return st.tuples(names, values).map(lambda t: f"--{t[0]}={t[1]}")


def _parse(config):
    parser = config.FlagParser(prog="advtext train")
    config.add_flags(parser)

    def call(flag):
        err = io.StringIO()
        with contextlib.redirect_stderr(err):
            try:
                return config.read_flags(parser.parse_args([flag]))
            except SystemExit:
                message = err.getvalue().rstrip("\n")
        # What lists all flags is as long as that.
        long = len(message) > LONGEST and "known: " not in message
        if long or is_raw(message):
            raise AssertionError(message)

    return call


def _image(name):
    head = b"\0\0\x08\x03" if "ubyte" in name else b"\x93NUMPY\1\0"
    numbers = st.lists(st.integers(0, 2**32 - 1), max_size=4).map(
        lambda values: b"".join(v.to_bytes(4, "big") for v in values)
    )
    texts = st.text("{}()'descr:|u1<f8,0123456789 shapeoTuFalse", max_size=60)
    heads = texts.map(
        lambda t: (len(t) + 1).to_bytes(2, "little") + t.encode() + b"\n"
    )
    body = numbers | heads | _BYTES
    whole = st.tuples(body, _BYTES).map(lambda parts: head + b"".join(parts))
    return whole.map(gzip.compress) if name.endswith("gz") else whole


def _read_array(path):
    from advtext.data.images import read_array

    return read_array(path)


def _photo():
    from PIL import Image

    files = []
    for form in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"):
        file = io.BytesIO()
        Image.new("RGB", (5, 4), (9, 99, 200)).save(file, form)
        files.append(file.getvalue())
    return st.builds(_damaged, st.sampled_from(files), _DAMAGE, st.floats(0, 1))


def _pixels(data, path):
    found = data.load_image_file(path, 4)
    if found.shape != (4, 4, 3):
        raise AssertionError(f"shape {found.shape}")


def _damaged_runs(names, here):
    """Returns targets of a run's and a token cache's damaged files."""
    from advtext.experiments.run_directory import RunDirectory

    paths, targets = names["paths"], {}

    def target(folder, name, read):
        content = (folder / name).read_bytes()
        strategy = st.builds(
            lambda d, c: _damaged(content, d, c), _DAMAGE, st.floats(0, 1)
        )

        def call(damaged):
            shutil.rmtree(here)
            shutil.copytree(folder, here)
            (here / name).write_bytes(damaged)
            return read(here)

        targets[f"damaged {name}"] = strategy, call

    def metrics(folder):
        return RunDirectory(folder).class_names()

    target(paths.trained, "metrics.json", metrics)
    target(paths.trained, "config.toml", lambda f: RunDirectory(f).config())
    target(paths.trained, "tokenizer.json",
           lambda f: RunDirectory(f).tokenizer())  # fmt: skip
    target(paths.trained, "checkpoint.npz", _restored(names))
    open_prepared = names["data"].open_prepared
    target(paths.tokens, "manifest.json", open_prepared)
    target(paths.tokens, "train.ids.npy", open_prepared)
    target(paths.tokens, "train.offsets.npy", open_prepared)
    return targets


def _restored(names):
    """Returns the reading of a checkpoint into a model that is not its own.

    Whether the file is sound is found out before that.
    """
    keras, training = names["keras"], names["training"]
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    model.compile("sgd", "mse")

    def read(folder):
        checkpoint = training.Checkpoint(folder / "checkpoint.npz", None)
        return checkpoint.restore(model)

    return read
