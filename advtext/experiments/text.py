"""The text of a run: from its configuration to encoded documents."""

import numpy as np

from advtext import data
from advtext.experiments.run_directory import RunDirectory


def open_source(config):
    """Opens the configured text without reading it."""
    return data.open_source(config.data, config.data_dir, config.tfds_name)


def prepare(config, tokenizer=None):
    """Encodes the configured text.

    Args:
        config: `advtext.config.Config`.
        tokenizer: The tokenizer to encode it with; by default that of the
            pretrained language model, or a new one if there is none.

    Returns:
        `advtext.data.Prepared`.
    """
    source = open_source(config)
    if tokenizer is None and config.pretrained:
        tokenizer = RunDirectory(config.pretrained).tokenizer()
    return data.prepare(
        source,
        tokenizer or config.tokenizer,
        cache_dir=config.cache_dir,
        vocabulary_size=config.vocabulary_size,
        min_documents=config.min_documents,
        lowercase=config.lowercase,
    )


def all_text(prepared):
    """Returns the training and unlabelled documents as one corpus."""
    parts = [
        prepared.corpora[s] for s in ("train", "unsup") if s in prepared.corpora
    ]
    return data.Corpus.join(parts)


def stratified(labels, num_documents, seed):
    """Draws documents, equally many of each class as far as they go.

    Args:
        labels: Class of every document, -1 for none.
        num_documents: How many to draw.
        seed: Integer seed.

    Returns:
        Sorted indices `(num_documents,)`.
    """
    rng = np.random.default_rng((seed, 7))
    order = rng.permutation(np.flatnonzero(labels >= 0))
    place = np.empty(len(order), "int64")
    for c in np.unique(labels[order]):
        of_class = labels[order] == c
        place[of_class] = np.arange(of_class.sum())
    chosen = np.argsort(place, kind="stable")[:num_documents]
    return np.sort(order[chosen])
