"""What a run is trained on: that it is the same when the run goes on."""

import hashlib
import json
from pathlib import Path

import numpy as np


def of_text(prepared):
    """Returns a sum (SHA-256) for the texts and the labels of every split.

    Args:
        prepared: `advtext.data.Prepared`.
    """
    found = {}
    for split, corpus in prepared.corpora.items():
        found[f"text of {split}"] = _sum(corpus.ids, corpus.lengths)
        if corpus.labels is not None:
            names = json.dumps(prepared.class_names).encode()
            found[f"labels of {split}"] = _sum(names, corpus.labels)
    return found


def of_images(images):
    """Returns the same for a dict from split to `advtext.data.Images`."""
    found = {}
    for split, part in images.items():
        found[f"images of {split}"] = _sum(part.images)
        found[f"labels of {split}"] = _sum(part.labels)
    return found


def _sum(*parts):
    digest = hashlib.sha256()
    for part in parts:
        digest.update(np.ascontiguousarray(part) if len(part) else b"")
    return digest.hexdigest()


def check(directory, config, sums, tokenizer=None):
    """Finds out whether a run would go on with what it began with.

    Args:
        directory: `RunDirectory` of the run.
        config: Its configuration.
        sums: What `of_text` or `of_images` returned; of no split, if the run
            reads none this time.
        tokenizer: The tokenizer of the text, if it is text.

    Raises:
        ValueError: If something has changed; the file is named.
    """
    way_out = "Train anew with --overwrite, or name another `run_dir`."
    began = f"since the run in {directory.path} began"
    before = directory.owned.facts().get("data", {}) if sums else {}
    changed = [
        name
        for name in sorted({*before, *sums})
        if before and before.get(name) != sums.get(name)
    ]
    if changed:
        place = _place(config, changed[0].split()[-1])
        raise ValueError(
            f"The {' and the '.join(changed)} changed {began}: see {place}. "
            f"{way_out}"
        )
    if tokenizer is None:
        return
    if directory.tokenizer().fingerprint() != tokenizer.fingerprint():
        raise ValueError(
            f"The text has changed {began}: its words are others. {way_out}"
        )


def _place(config, split):
    """Returns where a split comes from: its files, where they are known."""
    if not config.data_dir:
        return config.tfds_name
    paths = sorted(Path(config.data_dir).glob(f"{split}*"))
    return " and ".join(map(str, paths[:2])) or config.data_dir
