"""Pretrains a language model on all text but the test set's."""

import math

import numpy as np

from advtext.data import LanguageModelBatches
from advtext.experiments import fitting, run_start, text
from advtext.experiments.run_directory import RunDirectory
from advtext.models import LanguageModel

_HELD_OUT = 0.01


def run(config):
    """Runs the pretraining that a configuration describes.

    Args:
        config: `advtext.config.Config`; the fields `pretrain_*` are for this.

    Returns:
        What is written to `metrics.json`, or `None` if `max_minutes` ran out
        before the end (go on with `resume`).

    Raises:
        FileExistsError: If `run_dir` holds a run.
    """
    directory = RunDirectory(config.run_dir)
    run_start.check(directory, config)
    if config.resume and directory.finished:
        return directory.metrics()
    fitting.start(config)
    prepared = text.prepare(config)
    training, held_out = _split(text.all_text(prepared), config)
    batches, evaluation = (
        LanguageModelBatches(
            part,
            config.pretrain_batch_size,
            config.pretrain_timesteps,
            config.bidirectional,
            shuffle=part is training,
            seed=config.seed,
        )
        for part in (training, held_out)
    )
    model = build(config, prepared.tokenizer, training)
    run_start.begin(directory, config, prepared.tokenizer)
    finished, seconds = fitting.fit(
        model,
        batches,
        config.pretrain_epochs * batches.batches_per_pass,
        directory,
        config,
        "pretrain",
    )
    if not finished:
        return None
    loss = float(model.evaluate(evaluation, verbose=0))
    directory.save_model(model, "language_model.keras")
    metrics = {
        "method": "language_model",
        "seed": config.seed,
        "loss": loss,
        "perplexity": math.exp(min(loss / len(model.directions), 700.0)),
        "num_tokens": int(training.lengths.sum()),
        "vocabulary_size": prepared.tokenizer.vocabulary_size,
        "train_seconds": seconds,
    }
    directory.write_json("metrics.json", metrics)
    return metrics


def build(config, tokenizer, corpus):
    """Returns a compiled language model for a corpus."""
    model = LanguageModel(
        tokenizer.vocabulary_size,
        config.embedding_dim,
        config.units,
        config.num_candidates,
        config.pretrain_dropout,
        config.bidirectional,
        config.normalize_embedding,
        batch_size=config.pretrain_batch_size,
        seed=config.seed,
    )
    model.adapt(
        tokenizer.token_counts,
        np.bincount(corpus.ids, minlength=tokenizer.vocabulary_size),
    )
    model.compile(
        fitting.adam(
            config.pretrain_learning_rate,
            config.pretrain_learning_rate_decay,
            config.clipnorm,
        ),
        jit_compile=fitting.jit_compile(config),
    )
    return model


def load(directory):
    """Returns the language model of a finished pretraining run."""
    return RunDirectory(directory).load_model("language_model.keras")


def _split(corpus, config):
    """Holds out documents for the perplexity: a hundredth, at least a batch."""
    order = np.random.default_rng((config.seed, 3)).permutation(len(corpus))
    tokens = np.cumsum(corpus.lengths[order])
    batch = config.pretrain_batch_size * config.pretrain_timesteps
    needed = 1 + int(np.searchsorted(tokens, batch, side="right"))
    count = max(needed, round(_HELD_OUT * len(corpus)))
    if 2 * count > len(corpus):
        raise ValueError(
            f"{len(corpus)} documents are too little text to pretrain on in "
            f"batches of {batch} tokens: lower `pretrain_batch_size` or "
            "`pretrain_timesteps`."
        )
    return corpus.subset(np.sort(order[count:])), corpus.subset(order[:count])
