"""Writes encoded text into a folder, to train on it where no text is."""

from pathlib import Path

from advtext.data import write_prepared
from advtext.data.token_cache import TokenCache
from advtext.experiments import text
from advtext.quoting import printable


def run(config, out):
    """Encodes the configured text and writes token ids and tokenizer.

    Train on the folder with `data="tokens"` and `data_dir` its name.

    Args:
        config: `advtext.config.Config`; a `pretrained` language model gives
            the tokenizer.
        out: The folder; a cache of the same kind in it is replaced if
            `overwrite` is set.

    Returns:
        Dict with `num_documents` and `num_tokens`, and `num_bytes` of the
        folder's files.

    Raises:
        FileExistsError: If the folder holds prepared text already.
        ValueError: If `out` is empty.
        OSError: If it cannot be written.
    """
    if not str(out):
        raise ValueError(
            "`out` is empty: name the folder for the token ids, for example "
            "--out=tokens."
        )
    folder = Path(out)
    cache = TokenCache(folder, "out")
    if cache.exists() and not config.overwrite:
        raise FileExistsError(
            f"{printable(folder)} holds prepared text. Replace it with "
            "--overwrite, or name another folder."
        )
    # Whatever is in the way is told before the text is encoded.
    with cache.alone(wait=False):
        pass
    prepared = text.prepare(config)
    write_prepared(prepared, folder)
    return {
        "num_documents": sum(map(len, prepared.corpora.values())),
        "num_tokens": sum(
            int(corpus.lengths.sum()) for corpus in prepared.corpora.values()
        ),
        "num_bytes": sum(path.stat().st_size for path in folder.iterdir()),
    }
