"""Tests a trained classifier on whole sets of documents."""

import numpy as np

from advtext.evaluation import predict_documents
from advtext.experiments import belonging, text
from advtext.losses import entropy_from_logits, prediction
from advtext.quoting import printable


def run(run_dir, config):
    """Tests the classifier of a finished run on the configured text.

    Args:
        run_dir: Directory of a finished training run.
        config: `advtext.config.Config` that names the text (`data`,
            `data_dir`); by default that of the run.

    Returns:
        Dict with `num_documents`, `error` (percent) and `loss`.

    Raises:
        FileNotFoundError: If the run has no classifier, or there is no test
            set.
        ValueError: If the text has other classes than the run.
    """
    classifier, tokenizer, names = belonging.classifier(run_dir)
    prepared = text.prepare(config, tokenizer)
    if prepared.class_names != names:
        raise ValueError(
            f"The classifier of {printable(run_dir)} knows the classes "
            f"{names}, the text has {prepared.class_names}."
        )
    if "test" not in prepared.corpora:
        raise FileNotFoundError("The text has no test set.")
    return measure(classifier, prepared.corpora["test"], config.max_length)


def measure(classifier, corpus, max_length):
    """Tests a classifier, counting every labelled document once.

    Returns:
        Dict with `num_documents`, `error` (percent), `loss` (nats) and
        `entropy` (nats, mean over documents).
    """
    if corpus.labels is not None and np.any(corpus.labels < 0):
        corpus = corpus.subset(np.flatnonzero(corpus.labels >= 0))
    logits = predict_documents(classifier, corpus, max_length)
    predicted = np.asarray(prediction(logits))
    if logits.shape[-1] == 1:
        losses = np.logaddexp(0.0, logits[:, 0]) - logits[:, 0] * corpus.labels
    else:
        losses = np.logaddexp.reduce(logits, axis=1)
        losses = losses - logits[np.arange(len(logits)), corpus.labels]
    return {
        "num_documents": len(corpus),
        "error": 100.0 * float(np.mean(predicted != corpus.labels)),
        "loss": float(np.mean(losses)),
        "entropy": float(np.mean(entropy_from_logits(logits))),
    }
