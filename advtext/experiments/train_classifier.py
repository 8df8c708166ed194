"""Trains a text classifier, with the method of the configuration."""

import keras

from advtext import attacks, training
from advtext.config.config import ADVERSARIAL, VIRTUAL_ADVERSARIAL
from advtext.data import DocumentBatches, SemiSupervisedBatches
from advtext.data.length_buckets import equal_steps
from advtext.experiments import (
    evaluate,
    fitting,
    parallel,
    peak,
    pretrain,
    text,
    training_run,
)
from advtext.models import TextClassifier


def run(config, tell=None):
    """Runs the training that a configuration describes, and tests the result.

    Args:
        config: `advtext.config.Config`.
        tell: Function that shows a person a line: the classes, at the start.

    Returns:
        What is written to `metrics.json`, or `None` if `max_minutes` ran out
        before the end (go on with `resume`).

    Raises:
        FileExistsError: If `run_dir` holds a run.
        ValueError: If the text does not hold what the configuration asks for.
    """
    return training_run.run(config, _plan, "train", tell)


def _plan(config, prepared):
    labelled, validation = text.split(prepared.corpora["train"], config)
    batches = build_batches(config, labelled, prepared)
    num_steps = config.epochs * batches.batches_per_pass
    rate = training.Decay(
        config.learning_rate,
        num_steps,
        config.schedule,
        config.warmup,
        config.learning_rate_decay,
    )
    model = build(config, prepared, rate)
    average = None
    if config.weight_average:
        average = training.WeightAverage(config.weight_average)

    def finish(directory):
        classifier = model.classifier
        if not parallel.is_alone(config):
            classifier = parallel.local_copy(classifier)
        directory.save_model(classifier, "classifier.keras")
        test = prepared.corpora.get("test", ())
        tested = _measured("test", classifier, test, config)
        return {
            "method": config.method,
            "epsilon": config.epsilon,
            "num_labels": len(labelled),
            "num_validation": len(validation),
            "num_test": tested.pop("test_num_documents", 0),
            "class_names": list(prepared.class_names),
            **_measured("validation", classifier, validation, config),
            **tested,
        }

    return training_run.Plan(
        model,
        batches,
        num_steps,
        f"{config.method}, seed {config.seed}",
        _flops(config, batches),
        finish,
        average,
        rate,
    )


def _measured(name, classifier, corpus, config):
    """Returns what `evaluate.measure` does, named; nothing of no documents."""
    if not len(corpus):
        return {}
    measured = evaluate.measure(classifier, corpus, config.max_length)
    return {f"{name}_{key}": value for key, value in measured.items()}


def build(config, prepared, rate):
    """Returns an `AdversarialTraining`, compiled with the `Decay`.

    Raises:
        ValueError: If the pretrained language model does not fit.
    """
    classifier = TextClassifier(
        prepared.tokenizer.vocabulary_size,
        config.embedding_dim,
        config.units,
        len(prepared.class_names),
        config.hidden_dim,
        config.embedding_dropout,
        config.bidirectional,
        config.normalize_embedding,
        config.pooling,
    )
    if config.normalize_embedding:
        classifier.embedding.adapt(prepared.tokenizer.token_counts)
    if config.pretrained:
        classifier.load_language_model(pretrain.load(config.pretrained))
    model = training.AdversarialTraining(classifier, build_terms(config))
    binary = len(prepared.class_names) == 2
    loss = (
        keras.losses.BinaryCrossentropy
        if binary
        else keras.losses.SparseCategoricalCrossentropy
    )
    model.compile(
        fitting.adam(rate, config),
        loss(from_logits=True),
        metrics=["accuracy"],
        jit_compile=fitting.jit_compile(config),
    )
    return model


def _flops(config, batches):
    """Returns the operations that a batch needs."""
    labelled, unlabelled = peak.training_flops(config)
    if not isinstance(batches, SemiSupervisedBatches):
        return labelled * batches.tokens_per_batch
    return (
        labelled * batches.labelled.tokens_per_batch
        + unlabelled * batches.unlabelled.tokens_per_batch
    )


def build_terms(config):
    """Returns the terms of the configured method."""
    terms, options = [], {"relative": config.relative_epsilon}
    if config.method == "random":
        noise = attacks.RandomNoise(config.epsilon, seed=config.seed)
        terms.append(
            training.AdversarialLoss(
                noise, config.weight, "random_loss", **options
            )
        )
    if config.method in ADVERSARIAL:
        attack = attacks.FastGradient(config.epsilon, norm="l2")
        terms.append(training.AdversarialLoss(attack, config.weight, **options))
    if config.method in VIRTUAL_ADVERSARIAL:
        terms.append(
            training.VirtualAdversarialLoss(
                config.epsilon,
                config.xi,
                config.num_power_iterations,
                config.weight,
                seed=config.seed,
                **options,
            )
        )
    if config.method == "mixed":
        terms.append(training.EntropyLoss(config.entropy_weight))
    return terms


def build_batches(config, labelled, prepared):
    """Returns labelled batches, beside unlabelled ones if the method uses them.

    All training and unlabelled text but the validation documents serves as
    unlabelled, as in the reference implementation.
    """
    boundaries = None
    if config.num_widths:
        boundaries = equal_steps(config.max_length, config.num_widths)
    batches = DocumentBatches(
        labelled,
        config.batch_size * config.num_processes,
        config.max_length,
        boundaries,
        seed=config.seed,
    )
    if config.method in VIRTUAL_ADVERSARIAL:
        unlabelled = DocumentBatches(
            text.all_text(prepared, config),
            config.unlabelled_batch_size * config.num_processes,
            config.max_length,
            boundaries,
            seed=config.seed,
            pool=batches.pool,
        )
        batches = SemiSupervisedBatches(batches, unlabelled)
    return parallel.shard(batches, config)
