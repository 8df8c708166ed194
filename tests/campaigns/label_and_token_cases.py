"""Files of tokenizers, prepared tokens and token caches."""

import json

from case import Accepted, Case
from inputs import (
    DAMAGES,
    copy,
    edited,
    of,
    saying,
)  # fmt: skip

_FILES = ("tokenizer.json", "train.ids.npy", "train.labels.npy",
          "test.offsets.npy", "manifest.json")  # fmt: skip
_TRAIN = (
    "advtext train {config} --data=tokens --data_dir={here}/tokens "
    "--run_dir={here}/run --epochs=1"
)
_LOAD = "data.load_tokenizer(here / 'tokenizer.json')"
_WRONG = (
    ("not JSON", "{", "tokenizer.json"),
    ("null", "null", "tokenizer.json"),
    ("a list", "[]", "tokenizer.json"),
    ("a text", '"tokenizer"', "tokenizer.json"),
    ("deep", "[" * 100000, "tokenizer.json"),
    ("another format", '{"format": "huggingface", "version": 1}', "tokenizer"),
    ("Hugging Face's", '{"version": "1.0", "model": {"type": "BPE"}}', "token"),
    ("NUL", "\0" * 100, "tokenizer.json"),
)
_CONTENTS = (
    ("fewer counts than words", {"words": ["a", "b"], "counts": [1]}),
    ("more counts than words", {"words": ["a"], "counts": [1, 2]}),
    ("negative counts", {"words": ["a"], "counts": [-1]}),
    ("counts that are no numbers", {"words": ["a"], "counts": ["x"]}),
    ("counts of 2**70", {"words": ["a"], "counts": [2**70]}),
    ("a word twice", {"words": ["a", "a"], "counts": [1, 1]}),
    ("words that are no texts", {"words": [1], "counts": [1]}),
    ("words in one text", {"words": "ab", "counts": [1, 1]}),
    ("no words", {"words": [], "counts": []}),
    ("an unknown key", {"words": ["a"], "counts": [1], "extra": 1}),
    ("no counts", {"words": ["a"]}),
    ("nothing", {}),
    ("lowercase as a text", {"words": ["a"], "counts": [1],
                             "lowercase": "no"}),
)  # fmt: skip
_FITS = (
    ("data.WordTokenizer.fit('one text')", "`texts`"),
    ("data.WordTokenizer.fit([])", "text|document"),
    ("data.WordTokenizer.fit(['a b'] * 3, vocabulary_size=2)",
     "`vocabulary_size`"),
    ("data.WordTokenizer.fit(['a b'] * 3, vocabulary_size='9')",
     "`vocabulary_size`"),
    ("data.WordTokenizer.fit(['a b'] * 3, vocabulary_size=nan)",
     "`vocabulary_size`"),
    ("data.WordTokenizer.fit(['a b'] * 3, min_documents=0)",
     "`min_documents`"),
    ("data.WordTokenizer.fit(['a b'] * 3, min_documents=nan)",
     "`min_documents`"),
    ("data.WordTokenizer.fit(['a b'] * 3, min_documents=9)",
     "`min_documents`"),
    ("data.WordTokenizer.fit(['!!!', '...'])", "word"),
    ("data.WordTokenizer.fit([b'a b', b'a b'])", "text"),
    ("data.WordTokenizer.fit([None, None])", "text"),
    ("data.WordTokenizer.fit([1, 2])", "text"),
    ("data.WordTokenizer.fit(5)", "`texts`"),
    ("data.WordTokenizer.fit(['a b'] * 3).encode(5)", "text"),
    ("data.WordTokenizer.fit(['a b'] * 3).encode(None)", "text"),
    ("data.WordTokenizer.fit(['a b'] * 3).decode([99])", "id"),
    ("data.WordTokenizer.fit(['a b'] * 3).decode([-1])", "id"),
    ("data.WordTokenizer(['a'], [1, 2])", "`counts`|counts"),
    ("data.SentencePieceTokenizer.fit('one text')", "`texts`"),
    ("data.SentencePieceTokenizer.fit([])", "text"),
    ("data.SentencePieceTokenizer.fit(['', ''])", "text"),
    ("data.SentencePieceTokenizer.fit(['a b'] * 9, vocabulary_size=2)",
     "`vocabulary_size`"),
    ("data.load_tokenizer(here / 'nowhere.json')", "nowhere.json"),
    ("data.load_tokenizer(here)", "tokenizer|folder|directory"),
    ("data.open_source('file', 'x')", "`data` must be"),
    ("data.open_source('files', '')", "`data_dir`"),
    ("data.read_documents(here / 'nowhere.csv')", "nowhere.csv"),
    ("data.read_documents(here / 'diary.tmp')", "unknown kind"),
    ("data.prepare(None)", "`source`|Source"),
    ("data.open_prepared(here)", "manifest|prepare"),
    ("data.open_prepared(here / 'a\\x1b[31m')", r"a\\x1b\[31m"),
    ("data.read_documents(here / 'a\\x1b[31m')", r"a\\x1b\[31m"),
    ("data.load_tokenizer(here / 'a\\n.json')", r"a\\n\.json"),
    ("data.WordTokenizer.fit({'a': ['b c'] * 9})", "`texts`"),
    ("data.WordTokenizer(None, None)", "`words`"),
    ("data.WordTokenizer(['a'], None)", "`counts`"),
    ("data.SentencePieceTokenizer.fit([None] * 9)", "`texts`"),
    ("data.open_source('tfds', tfds_name=None)", "`tfds_name` must"),
)  # fmt: skip
_TAKEN = (
    ("data.WordTokenizer.fit(['a b'] * 3).encode('').tolist()",
     "value == [3]"),
    ("data.WordTokenizer.fit(['a b'] * 3).encode('x\\0y \\ud800').tolist()",
     "value == [3]"),
    ("data.WordTokenizer.fit(['😡 a', '😡 b'] * 3).encode('😡😡').tolist()",
     "len(value) > 1"),
    ("data.WordTokenizer.fit(iter(['a b'] * 3)).vocabulary_size",
     "value == 4"),
)  # fmt: skip


def cases():
    area = "label and token"
    for file in _FILES:
        for name, damage in DAMAGES.items():
            files = {"tokens": copy("tokens", **{_key(file): damage})}
            right = "manifest|prepared" if "manifest" in file else file
            if (file, name) in (("manifest.json", "flipped"),):
                right = "manifest"
            title = f"prepared tokens: {file} {name}"
            yield Case(area, title, _TRAIN, right, files)
    yield from _manifests(area)
    for name, content, right in _WRONG:
        files = {"tokenizer.json": content}
        yield Case(area, f"tokenizer.json: {name}", _LOAD, right, files)
    for name, content in _CONTENTS:
        call = f"data.WordTokenizer.from_content({content!r})"
        right = "word|[Cc]ount|lowercase|content"
        yield Case(area, f"tokenizer: {name}", call, right)
    for call, right in _FITS:
        yield Case(area, call, call, right)
    for call, check in _TAKEN:
        yield Case(area, call, call, Accepted(check))


def _manifests(area):
    for name, content in (
        ("of an unknown version", {"version": 99}),
        ("without files", {"files": {}}),
        ("that is a list", []),
    ):
        files = {"tokens": copy("tokens", manifest__json=_signed(content))}
        yield Case(area, f"a manifest {name}", _TRAIN, "manifest|ids", files)
    for name, damages in (
        ("of another text", {"train__ids__npy": of("tokens")}),
        ("with a tokenizer of another run", {"tokenizer__json": of("wide")}),
    ):
        files = {"tokens": copy("tokens", **damages)}
        right = Accepted() if "text" in name else "tokenizer.json"
        yield Case(area, f"prepared tokens {name}", _TRAIN, right, files,
                   seconds=60)  # fmt: skip
    files = {"tokens": copy("tokens", extra=_extra)}
    yield Case(area, "prepared tokens with a file more", _TRAIN, Accepted(),
               files, seconds=60)  # fmt: skip
    files = {"tokens": copy("tokens", manifest__json=edited(content=5))}
    yield Case(area, "a manifest of a number", _TRAIN, "manifest", files)


def _signed(content):
    """Returns the damage that changes the manifest, and signs it anew."""

    def damage(path, paths):
        from advtext.manifest import content_digest

        before = json.loads(path.read_text())["content"]
        after = before | content if isinstance(content, dict) else content
        saying(json.dumps({"content": after, "sha256": content_digest(after)}))(
            path, paths
        )

    return damage


def _extra(path, paths):
    path.write_text("not ours")


def _key(file):
    return file.replace(".", "__")
