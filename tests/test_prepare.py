import json

import pytest
from tiny_runs import files, main

from advtext.config import load
from advtext.data import WordTokenizer, open_prepared, write_prepared
from advtext.experiments import text


@pytest.fixture(scope="module")
def folder(tiny, tmp_path_factory):
    """The shared corpus, prepared."""
    out = tmp_path_factory.mktemp("prepare") / "tokens"
    assert not main("prepare", tiny.config, f"--out={out}")
    return out


def on_tokens(tiny, folder):
    """Arguments of a run on what a folder holds, in a folder of its own."""
    flags = "--data=tokens", f"--data_dir={folder}"
    return tiny.config, *flags, f"--run_dir={folder / 'run'}"


def test_it_says_how_much_there_is(advtext, tiny, tmp_path):
    out = tmp_path / "tokens"
    assert advtext("prepare", tiny.config, f"--out={out}").startswith(
        "130 documents, "
    )


def test_it_holds_ids_and_no_text(folder):
    names = {path.name for path in folder.iterdir()}
    assert names == {
        "advtext.json",
        "manifest.json",
        "tokenizer.json",
        "train.ids.npy",
        "train.offsets.npy",
        "train.labels.npy",
        "test.ids.npy",
        "test.offsets.npy",
        "test.labels.npy",
        "unsup.ids.npy",
        "unsup.offsets.npy",
    }


def test_runs_on_token_ids_are_those_on_the_text(folder, tiny, tmp_path):
    flags = "--data=tokens", f"--data_dir={folder}"
    lm, run = tmp_path / "lm", tmp_path / "run"
    assert not main("pretrain", tiny.config, f"--run_dir={lm}", *flags)
    flags += f"--pretrained={lm}", "--num_validation=6"
    assert not main("train", tiny.config, f"--run_dir={run}", *flags)
    for ours, theirs in ((lm, tiny.pretrained), (run, tiny.trained)):
        ours, theirs = (
            json.loads((path / "metrics.json").read_text())
            for path in (ours, theirs)
        )
        assert set(ours) == set(theirs)
        words = {"class_names", "method"} & set(ours)
        assert [ours[k] for k in words] == [theirs[k] for k in words]
        for name in set(ours) - words - {"train_seconds"}:
            assert ours[name] == pytest.approx(theirs[name], rel=1e-5), name


def test_prepared_text_is_replaced_only_if_asked_to(folder, tiny, refusal):
    before = files(folder)
    out = f"--out={folder}"
    assert "holds prepared text. Replace it with --overwrite" in refusal(
        "prepare", tiny.config, out
    )
    assert files(folder) == before
    assert not main("prepare", tiny.config, out, "--overwrite")
    assert files(folder) == before


def test_a_folder_without_prepared_text_is_refused(tiny, tmp_path, refusal):
    message = refusal("pretrain", *on_tokens(tiny, tmp_path))
    assert f"{tmp_path} holds no prepared text" in message
    assert f"advtext prepare CONFIG --out={tmp_path}" in message


def test_another_vocabulary_is_refused(folder, tiny, tmp_path, refusal):
    prepared = open_prepared(folder)
    other = WordTokenizer(["good"], [1])
    write_prepared(
        type(prepared)(other, prepared.corpora, prepared.class_names), tmp_path
    )
    pretrained = f"--pretrained={tiny.pretrained}"
    message = refusal("train", *on_tokens(tiny, tmp_path), pretrained)
    assert "prepared with another vocabulary" in message
    assert "Prepare it again, with `--pretrained`" in message


def test_a_damaged_folder_is_refused(folder, tiny, tmp_path, refusal):
    prepared = open_prepared(folder)
    write_prepared(prepared, tmp_path)
    path = tmp_path / "train.ids.npy"
    path.write_bytes(path.read_bytes()[:-2])
    message = refusal("pretrain", *on_tokens(tiny, tmp_path))
    assert f"{path} is missing, truncated or damaged" in message


def test_splits_are_known(folder, tiny):
    overrides = {"data": "tokens", "data_dir": str(folder)}
    splits = text.splits(load(tiny.config, overrides))
    assert set(splits) == {"train", "test", "unsup"}
