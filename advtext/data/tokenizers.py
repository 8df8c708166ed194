"""The kinds of tokenizer by name."""

from advtext.data.sentencepiece_tokenizer import SentencePieceTokenizer
from advtext.data.tokenizer import made_of, read_tokenizer_file
from advtext.data.word_tokenizer import WordTokenizer
from advtext.quoting import printable

TOKENIZERS = {cls.kind: cls for cls in (WordTokenizer, SentencePieceTokenizer)}


def load_tokenizer(path):
    """Loads a tokenizer of any kind from the file its `save` wrote."""
    record = read_tokenizer_file(path)
    if record["kind"] not in TOKENIZERS:
        raise ValueError(
            f"{printable(path)} holds a tokenizer of the kind "
            f"{record['kind']!r}. Known are: {', '.join(TOKENIZERS)}."
        )
    return made_of(path, TOKENIZERS[record["kind"]], record)
