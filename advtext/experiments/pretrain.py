"""Pretrains a language model on all text but the test set's."""

import math

import numpy as np

from advtext.data import LanguageModelBatches
from advtext.experiments import (
    belonging,
    fitting,
    parallel,
    peak,
    text,
    training_run,
)
from advtext.models import LanguageModel
from advtext.training import Decay, WeightAverage

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
    return training_run.run(config, _plan, "pretrain")


def _plan(config, prepared):
    training, held_out = _split(text.all_text(prepared, config), config)
    batches = parallel.shard(_batches(config, training), config)
    num_steps = config.pretrain_epochs * batches.batches_per_pass
    rate = Decay(
        config.pretrain_learning_rate,
        num_steps,
        config.pretrain_schedule,
        config.pretrain_warmup,
        config.pretrain_learning_rate_decay,
    )
    model = build(config, prepared.tokenizer, training, rate)
    average = None
    if config.pretrain_weight_average:
        average = WeightAverage(config.pretrain_weight_average)

    def finish(directory):
        loss, perplexity = _save(model, held_out, config, directory)
        return {
            "method": "language_model",
            "loss": loss,
            "perplexity": perplexity,
            "num_tokens": int(training.lengths.sum()),
            "vocabulary_size": prepared.tokenizer.vocabulary_size,
        }

    return training_run.Plan(
        model,
        batches,
        num_steps,
        "pretrain",
        peak.pretraining_flops(config) * batches.tokens_per_batch,
        finish,
        average,
        rate,
    )


def _save(model, held_out, config, directory):
    """Saves a language model; returns its loss and perplexity."""
    if not parallel.is_alone(config):
        model = parallel.local_copy(model)
        model.compile(jit_compile=fitting.jit_compile(config))
    evaluation = _batches(config, held_out, shuffle=False)
    loss = float(model.evaluate(evaluation, verbose=0))
    directory.save_model(model, "language_model.keras")
    return loss, math.exp(min(loss / len(model.directions), 700.0))


def _batches(config, corpus, shuffle=True):
    return LanguageModelBatches(
        corpus,
        config.pretrain_batch_size * config.num_processes,
        config.pretrain_timesteps,
        config.bidirectional,
        shuffle=shuffle,
        seed=config.seed,
    )


def build(config, tokenizer, corpus, rate):
    """Returns a language model for a corpus, compiled with the `Decay`."""
    model = LanguageModel(
        tokenizer.vocabulary_size,
        config.embedding_dim,
        config.units,
        config.num_candidates,
        config.pretrain_dropout,
        config.bidirectional,
        config.normalize_embedding,
        batch_size=config.pretrain_batch_size * config.num_processes,
        seed=config.seed,
        word_dropout=config.pretrain_word_dropout,
        weight_dropout=config.pretrain_weight_dropout,
        output_dropout=config.pretrain_output_dropout,
    )
    model.adapt(
        tokenizer.token_counts,
        np.bincount(corpus.ids, minlength=tokenizer.vocabulary_size),
    )
    model.compile(
        fitting.adam(rate, config),
        jit_compile=fitting.jit_compile(config),
    )
    return model


def load(directory):
    """Returns the language model of a finished pretraining run."""
    return belonging.language_model(directory)


def _split(corpus, config):
    """Holds out documents for the perplexity: a hundredth, at least a batch."""
    order = np.random.default_rng((config.seed, 3)).permutation(len(corpus))
    tokens = np.cumsum(corpus.lengths[order])
    batch = config.pretrain_batch_size * config.num_processes
    batch *= config.pretrain_timesteps
    needed = 1 + int(np.searchsorted(tokens, batch, side="right"))
    count = max(needed, round(_HELD_OUT * len(corpus)))
    if 2 * count > len(corpus):
        raise ValueError(
            f"{len(corpus)} documents are too little text to pretrain on in "
            f"batches of {batch} tokens: lower `pretrain_batch_size` or "
            "`pretrain_timesteps`."
        )
    return corpus.subset(np.sort(order[count:])), corpus.subset(order[:count])
