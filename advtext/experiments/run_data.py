"""What a run is trained on: that it is the same when the run goes on."""

import hashlib
import json
from pathlib import Path

import numpy as np

from advtext.config import ImageConfig
from advtext.data.images import files_of
from advtext.experiments import text
from advtext.experiments.run_directory import RunDirectory
from advtext.quoting import printable


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
    began = f"since the run in {printable(directory.path)} began"
    before = directory.owned.facts().get("data", {}) if sums else {}
    changed = [
        name
        for name in sorted({*before, *sums})
        if before and before.get(name) != sums.get(name)
    ]
    if changed:
        place = _place(config, *changed[0].split(" of "))
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


def check_finished(configs):
    """Finds out whether finished runs were trained on the text of today.

    Args:
        configs: `Config` of each run; those that are not finished are left
            out, for they look when they go on.

    Raises:
        ValueError: If something has changed; the file is named.
    """
    sums = {}
    for config in configs:
        directory = RunDirectory(config.run_dir)
        owned = directory.owned
        if not (directory.finished and owned.exists()):
            continue
        if not owned.facts().get("data"):
            continue
        tokenizer = directory.tokenizer()
        words = tokenizer.fingerprint()
        if words not in sums:
            sums[words] = of_text(text.prepare(config, tokenizer))
        check(directory, config, sums[words])


def _place(config, part, split):
    """Returns where data come from: their files, where they are known."""
    if not config.data_dir:
        return config.tfds_name
    if not isinstance(config, ImageConfig):
        paths = sorted(Path(config.data_dir).glob(f"{split}*"))
    elif config.tfds_name:
        paths = []
    else:
        # To validate, the last training images take the place of the test's.
        split = "train" if config.validate else split
        paths = files_of(config.data_dir, split, part)
    return " and ".join(map(str, paths[:2])) or config.data_dir
