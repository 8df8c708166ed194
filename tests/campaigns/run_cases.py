"""Run directories: damaged, of another run, of another kind, not ours."""

from case import Accepted, Case
from inputs import (
    DAMAGES,
    copy,
    cut_at_line,
    edited,
    missing,
    of,
    reviews,
    saying,
)  # fmt: skip

_READ = ("config.toml", "tokenizer.json", "metrics.json", "classifier.keras")
_PREDICT = "advtext predict {here}/run {here}/texts.txt"
_EVALUATE = "advtext evaluate {here}/run"
_RESUME = "advtext train {config} --run_dir={here}/run --resume --epochs=1"
_RESUME += " --num_validation=6"
_AGAIN = "advtext train {config} --run_dir={here}/run --overwrite --epochs=1"
_FROM = "advtext train {config} --run_dir={here}/new --pretrained={here}/run"
_NEW = "advtext train {config} --run_dir={here}/theirs"
_RUN = ("run/*",)
# What was copied from another run, with what is called and what is said.
_MIXED = (
    ("tokenizer.json of fewer words", {"tokenizer__json": of("wide")},
     "tokenizer.json"),
    ("tokenizer.json of more words", {"tokenizer__json": of("three")},
     "tokenizer.json"),
    ("metrics.json of more classes", {"metrics__json": of("three")},
     "metrics.json|class"),
    ("metrics.json of a pretraining", {"metrics__json": of("pretrained")},
     "metrics.json"),
    ("metrics.json with one class", {"metrics__json": edited(
        class_names=["bad"])}, "metrics.json|class"),
    ("metrics.json with class names in one text", {"metrics__json": edited(
        class_names="bg")}, "metrics.json|class"),
    ("metrics.json with numbers as names", {"metrics__json": edited(
        class_names=[0, 1])}, "metrics.json|class"),
    ("metrics.json without names", {"metrics__json": edited(
        class_names=None)}, "metrics.json|class"),
    ("metrics.json that is a list", {"metrics__json": saying("[]")},
     "metrics.json"),
    ("metrics.json that is a number", {"metrics__json": saying("5")},
     "metrics.json"),
    ("metrics.json too deep", {"metrics__json": saying("[" * 99999)},
     "metrics.json"),
    ("classifier.keras of three classes", {"classifier__keras": of("three")},
     "classifier.keras|class"),
    ("classifier.keras of fewer words", {"classifier__keras": of("wide")},
     "classifier.keras|tokenizer"),
    ("config.toml cut off after the first line", {"config__toml":
        cut_at_line(1)}, "config.toml"),
    ("config.toml cut off in the middle", {"config__toml": cut_at_line(40)},
     "config.toml"),
    ("config.toml with a wrong value", {"config__toml": saying(
        "max_length = -3\n")}, "config.toml"),
    ("config.toml of an image run", {"config__toml": of("image_run")},
     "config.toml"),
)  # fmt: skip


def _another_model(path, paths):
    import keras

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.save(path)


def _with_lambda(path, paths):
    import keras

    layer = keras.layers.Lambda(lambda x: x)
    keras.Sequential([keras.Input((4,)), layer]).save(path)


_MIXED += (
    ("classifier.keras that is another model",
     {"classifier__keras": _another_model}, "classifier.keras"),
    ("classifier.keras with a Lambda", {"classifier__keras": _with_lambda},
     "classifier.keras.*Lambda"),
    ("classifier.keras that is a zip file",
     {"classifier__keras": lambda path, paths: path.write_bytes(
         b"PK\5\6" + bytes(18))}, "classifier.keras"),
)  # fmt: skip


def cases():
    yield from _damaged()
    for name, damages, right in _MIXED:
        for what, call in (("predict", _PREDICT), ("evaluate", _EVALUATE)):
            yield _case(f"{what} {name}", call, right, damages)
    yield from _resumed()
    yield from _not_ours()


def _damaged():
    for file in _READ:
        for name, damage in DAMAGES.items():
            damages = {file.replace(".", "__"): damage}
            yield _case(f"predict {file} {name}", _PREDICT, file, damages)
    for file in ("config.toml", "classifier.keras", "metrics.json"):
        for name in ("missing", "empty", "truncated"):
            damages = {file.replace(".", "__"): DAMAGES[name]}
            yield _case(f"evaluate {file} {name}", _EVALUATE, file, damages)
    for file in ("language_model.keras", "metrics.json", "tokenizer.json"):
        for name, damage in DAMAGES.items():
            files = {"run": copy("pretrained", **{_key(file): damage})}
            title = f"start from {file} {name}"
            yield Case("run", title, _FROM, file, files)


def _key(file):
    return file.replace(".", "__")


def _case(name, call, right, damages, changes=()):
    files = {"run": copy("trained", **damages), "texts.txt": "good\nbad\n"}
    return Case("run", name, call, right, files, changes, seconds=60)


def _unfinished(**damages):
    return {"metrics__json": missing, **damages}


def _resumed():
    done = Accepted("'test error' in out")
    for name, damage in DAMAGES.items():
        damages = _unfinished(checkpoint__npz=damage)
        right = done if name == "missing" else "checkpoint.npz"
        title = f"resume checkpoint.npz {name}"
        yield _case(title, _RESUME, right, damages, _RUN)
    for name, damage in (
        ("of another model", of("three")),
        ("that is a model", lambda path, paths: path.write_bytes(
            (paths["trained"] / "classifier.keras").read_bytes())),
        ("that says encrypted", _encrypted),
    ):  # fmt: skip
        damages = _unfinished(checkpoint__npz=damage)
        title = f"resume checkpoint.npz {name}"
        yield _case(title, _RESUME, "checkpoint.npz", damages, _RUN)
    for name in ("empty", "truncated", "missing"):
        damages = _unfinished(tokenizer__json=DAMAGES[name])
        title = f"resume tokenizer.json {name}"
        yield _case(title, _RESUME, "tokenizer.json", damages)
    for flag in ("--epsilon=9", "--units=5", "--seed=3", "--max_length=4"):
        right = flag[2:].partition("=")[0]
        yield _case(f"resume with {flag}", f"{_RESUME} {flag}", right, {})
    yield _case("resume a finished run", _RESUME, done, {})
    damages = _unfinished(config__toml=cut_at_line(1))
    yield _case("resume config.toml cut off", _RESUME, "config.toml", damages)
    changed = {
        "run": copy("trained", **_unfinished()),
        "text/train.jsonl": reviews(40),
    }
    call = f"{_RESUME} --data_dir={{here}}/text --cache_dir={{here}}/cache"
    yield Case("run", "resume with another text", call,
               "data_dir|text|train.jsonl", changed)  # fmt: skip
    yield Case("run", "resume with other labels", f"{_RESUME} --cache_dir="
               "{here}/cache --data_dir={here}/text",
               "label|text|train.jsonl|data_dir",
               {"run": copy("trained", **_unfinished()),
                "text": copy("data", train__jsonl=_relabelled)})  # fmt: skip


def _encrypted(path, paths):
    content = bytearray(path.read_bytes())
    content[6] |= 1
    content[content.rindex(b"PK\1\2") + 8] |= 1
    path.write_bytes(content)


def _relabelled(path, paths):
    text = (
        path.read_text().replace('"bad"}', '"x"}').replace('"good"}', '"bad"}')
    )
    path.write_text(text.replace('"x"}', '"good"}'))


_FOREIGN = {
    "theirs/tokenizer.json": '{"version": "1.0"}',
    "theirs/history.csv": "epoch,loss\n1,2\n",
    "theirs/checkpoint.npz": b"weights",
    "theirs/classifier.keras": b"weights",
    "theirs/language_model.keras": b"weights",
    "theirs/.draft.tmp": "draft",
    "theirs/saving_all": "draft",
    "theirs/table.md": "| a |\n",
    "theirs/table.json": "[]",
    "theirs/RESULTS.md": "results",
    "theirs/models/a.txt": "a",
    "theirs/rows/1.json": "{}",
    "theirs/figures/a.png": b"png",
}


def _not_ours():
    refused = "not ours|no run|not empty|holds|other|is not"
    commands = {
        "train": "advtext train {config}",
        "pretrain": "advtext pretrain {config}",
        "table": "advtext table {config} --methods=none --seeds=0",
        "image": "advtext image {image_config}",
    }
    kept = dict(_FOREIGN)
    marked = {**kept, "theirs/config.toml": 'title = "another program"\n'}
    for command, words in commands.items():
        for name, files, flags in (
            ("a folder of another program", kept, ""),
            ("it, to overwrite", kept, "--overwrite"),
            ("it, to resume", kept, "--resume"),
            ("one with a config.toml", marked, ""),
            ("that, to overwrite", marked, "--overwrite"),
            ("that, to resume", marked, "--resume"),
        ):
            call = f"{words} --run_dir={{here}}/theirs {flags}"
            yield Case("run", f"{command} in {name}", call,
                       f"{refused}|unknown key|config.toml", files,
                       seconds=60)  # fmt: skip
    call = "advtext prepare {config} --out={here}/theirs"
    yield Case("run", "prepare in a folder of another program", call,
               refused, kept)  # fmt: skip
    files = {"run": copy("trained"), "run/notes.txt": "mine"}
    files["run/logs/theirs.txt"] = "a log of another program"
    yield Case("run", "overwrite a run with notes of somebody", _AGAIN,
               "notes.txt.*take that away", files, seconds=60)  # fmt: skip
    yield Case("run", "a run that is there", _AGAIN.replace("--overwrite", ""),
               "--resume.*--overwrite", {"run": copy("trained")})  # fmt: skip
    yield Case("run", "pretraining over a training run, with --resume",
               "advtext pretrain {config} --run_dir={here}/run --resume",
               "run|config", {"run": copy("trained")})  # fmt: skip
    yield Case("run", "image experiments in a training run",
               "advtext image {image_config} --run_dir={here}/run --resume",
               "run|config", {"run": copy("trained")})  # fmt: skip
    yield Case("run", "the data folder as run directory",
               "advtext train {config} --data_dir={here}/text "
               "--run_dir={here}/text --cache_dir={here}/cache",
               "run_dir|data_dir", {"text": copy("data")})  # fmt: skip
