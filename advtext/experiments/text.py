"""The text of a run: from its configuration to encoded documents."""

import numpy as np

from advtext import data
from advtext.experiments.run_directory import RunDirectory
from advtext.quoting import printable

# The validation documents are the same whatever the seed.
_VALIDATION_SEED = 0


def splits(config):
    """Returns the names of the splits of the configured text, without it."""
    if config.data == "tokens":
        return tuple(data.open_prepared(config.data_dir).corpora)
    return _open_source(config).splits


def _open_source(config):
    return data.open_source(config.data, config.data_dir, config.tfds_name)


def prepare(config, tokenizer=None):
    """Encodes the configured text.

    Args:
        config: `advtext.config.Config`.
        tokenizer: The tokenizer to encode it with; by default that of the
            pretrained language model, or a new one if there is none.

    Returns:
        `advtext.data.Prepared`.

    Raises:
        ValueError: If something in the text is wrong, or text that is prepared
            already has another tokenizer.
    """
    if tokenizer is None and config.pretrained:
        tokenizer = RunDirectory(config.pretrained).tokenizer()
        # "word" may be the default: nobody need have asked for it.
        if config.tokenizer not in ("word", tokenizer.kind):
            raise ValueError(
                f"`tokenizer`={config.tokenizer!r} is not that of the language "
                f"model in {config.pretrained}, {tokenizer.kind!r}. Leave "
                "`tokenizer` out, or pretrain with it."
            )
    if config.data == "tokens":
        return _open_prepared(config.data_dir, tokenizer)
    return data.prepare(
        _open_source(config),
        tokenizer or config.tokenizer,
        cache_dir=config.cache_dir,
        vocabulary_size=config.vocabulary_size,
        min_documents=config.min_documents,
        lowercase=config.lowercase,
    )


def _open_prepared(folder, tokenizer):
    prepared = data.open_prepared(folder)
    theirs = prepared.tokenizer.fingerprint()
    if tokenizer is not None and tokenizer.fingerprint() != theirs:
        raise ValueError(
            f"The text in {printable(folder)} was prepared with another "
            "vocabulary than "
            "the model's. Prepare it again, with `--pretrained` and the "
            "language model."
        )
    return prepared


def all_text(prepared, config):
    """Returns the training and unlabelled documents as one corpus.

    The validation documents of `config` are not among them.

    Raises:
        ValueError: If no document is left.
    """
    train = prepared.corpora["train"]
    rest = np.ones(len(train), bool)
    rest[_held_out(train, config)] = False
    parts = [train if rest.all() else train.subset(np.flatnonzero(rest))]
    if "unsup" in prepared.corpora:
        parts.append(prepared.corpora["unsup"])
    if not any(map(len, parts)):
        raise ValueError(
            f"`num_validation`={config.num_validation} holds out every "
            "document that there is. Lower it."
        )
    return data.Corpus.join(parts)


def _labels(corpus):
    return np.full(len(corpus), -1) if corpus.labels is None else corpus.labels


def _held_out(corpus, config):
    """Returns the indices of the validation documents."""
    return stratified(_labels(corpus), config.num_validation, _VALIDATION_SEED)


def split(corpus, config):
    """Draws the labelled and the validation documents of a run.

    Returns:
        `(labelled, validation)`, two corpora without a document in common.

    Raises:
        ValueError: If there are fewer labels than asked for, or not two
            classes among the labelled documents.
    """
    labels = _labels(corpus)
    held_out = _held_out(corpus, config)
    rest = np.array(labels)
    rest[held_out] = -1
    available = int(np.sum(rest >= 0))
    wanted = config.num_labels or available
    if (
        wanted > available
        or len(held_out) < config.num_validation
        or (not available)
    ):
        raise ValueError(
            f"`num_labels`={wanted} and `num_validation`="
            f"{config.num_validation} ask for more labels than the training "
            f"text has ({int(np.sum(labels >= 0))}). Lower one of them."
        )
    chosen = stratified(rest, wanted, config.seed)
    if len(np.unique(labels[chosen])) < 2:
        raise ValueError(
            f"The {len(chosen)} labelled documents are of one class only; "
            "a classifier needs two or more. Add documents of another class "
            "or raise `num_labels`."
        )
    return corpus.subset(chosen), corpus.subset(held_out)


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
