import dataclasses
import json
import math
import shutil

import numpy as np
import pytest

from advtext.config import Config, load
from advtext.data import Corpus, LanguageModelBatches
from advtext.experiments import fitting, pretrain, text
from advtext.experiments.run_directory import RunDirectory

SMALL = Config(pretrain_batch_size=4, pretrain_timesteps=5)


@pytest.fixture
def parts(tiny):
    """The configuration of the run, its training and its held-out text."""
    config = RunDirectory(tiny.pretrained).config()
    whole = text.all_text(text.prepare(config), config)
    return config, *pretrain._split(whole, config)


def test_metrics_tell_what_was_done(tiny, parts):
    config, training, held_out = parts
    metrics = json.loads((tiny.pretrained / "metrics.json").read_text())
    vocabulary = text.prepare(config).tokenizer.vocabulary_size
    assert metrics.pop("train_seconds") > 0.0
    loss = metrics.pop("loss")
    assert metrics == {
        "method": "language_model",
        "seed": 0,
        "perplexity": pytest.approx(math.exp(loss)),
        "num_tokens": training.lengths.sum(),
        "vocabulary_size": vocabulary,
    }
    assert metrics["perplexity"] < vocabulary


def test_the_saved_model_has_the_loss_of_the_metrics(tiny, parts):
    config, _, held_out = parts
    model = pretrain.load(tiny.pretrained)
    model.compile()
    batches = LanguageModelBatches(
        held_out,
        config.pretrain_batch_size,
        config.pretrain_timesteps,
        shuffle=False,
    )
    metrics = RunDirectory(tiny.pretrained).metrics()
    assert model.evaluate(batches, verbose=0) == pytest.approx(metrics["loss"])


def test_history_has_a_row_for_each_pass(tiny, parts):
    config, *_ = parts
    rows = (tiny.pretrained / "history.csv").read_text().splitlines()
    assert sorted(rows[0].split(",")) == ["epoch", "loss", "pass"]
    assert len(rows) == 1 + config.pretrain_epochs


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("number", [12, 300, 5000])
def test_a_hundredth_is_held_out_but_at_least_a_batch(seed, number):
    documents = [np.full(5, i, "int32") for i in range(number)]
    config = dataclasses.replace(SMALL, seed=seed)
    parts = pretrain._split(Corpus.from_documents(documents), config)
    training, held_out = ({int(d[0]) for d in part} for part in parts)
    assert training | held_out == set(range(number))
    assert not training & held_out
    # A batch reads 4 * 5 tokens and predicts one more.
    assert len(held_out) == max(5, number // 100)


def test_too_little_text_is_refused(tiny, tmp_path, refusal):
    arguments = f"--run_dir={tmp_path / 'run'}", "--pretrain_batch_size=999"
    line = refusal("pretrain", tiny.config, *arguments)
    assert "too little text" in line and "lower `pretrain_batch_size`" in line
    assert not RunDirectory(tmp_path / "run").begun


def test_a_finished_run_is_not_trained_again(tiny, monkeypatch):
    monkeypatch.setattr(fitting, "fit", None)
    overrides = {"run_dir": str(tiny.pretrained), "resume": True}
    metrics = pretrain.run(load(tiny.config, overrides))
    assert metrics == RunDirectory(tiny.pretrained).metrics()


def test_a_run_that_ends_before_its_metrics_ends_again(tiny, tmp_path):
    run_dir = shutil.copytree(tiny.pretrained, tmp_path / "run")
    before = json.loads((run_dir / "metrics.json").read_text())
    for name in ("metrics.json", "language_model.keras", "history.csv"):
        (run_dir / name).unlink()
    overrides = {"run_dir": str(run_dir), "resume": True}
    assert pretrain.run(load(tiny.config, overrides)) == before
    for name in ("metrics.json", "history.csv"):
        ours, theirs = (
            (d / name).read_text() for d in (run_dir, tiny.pretrained)
        )
        assert ours == theirs


def test_the_time_limit_leaves_a_run_to_be_resumed(tiny, tmp_path):
    overrides = {"run_dir": str(tmp_path), "max_minutes": 1e-9}
    assert pretrain.run(load(tiny.config, overrides)) is None
    directory = RunDirectory(tmp_path)
    assert directory.checkpoint.is_file() and not directory.finished
    with pytest.raises(FileNotFoundError, match="finish this one"):
        pretrain.load(tmp_path)
