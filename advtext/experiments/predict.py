"""Labels texts with the classifier of a finished run."""

import itertools
import json

import numpy as np
from keras import ops

from advtext.data.text_files import find_format, stream_text_file
from advtext.data.text_lines import check_regular, read_lines
from advtext.evaluation import predict_documents
from advtext.experiments import belonging
from advtext.experiments.run_directory import RunDirectory


def run(run_dir, texts, chunk_size=256):
    """Labels texts, one chunk after the other.

    A text without any known word is judged by its end-of-sequence token alone.

    Args:
        run_dir: Directory of a finished training run.
        texts: Iterable of strings.
        chunk_size: Texts read before the first of them is answered.

    Yields:
        `(class_name, probability)` for every text, in order.

    Raises:
        FileNotFoundError: If the run is not finished.
    """
    max_length = RunDirectory(run_dir).config().max_length
    classifier, tokenizer, class_names = belonging.classifier(run_dir)
    texts = iter(texts)
    while chunk := list(itertools.islice(texts, chunk_size)):
        documents = [tokenizer.encode(text) for text in chunk]
        logits = predict_documents(classifier, documents, max_length)
        for row in probabilities(logits):
            best = int(np.argmax(row))
            yield class_names[best], float(row[best])


def probabilities(logits):
    """Returns the probability of every class, `(documents, classes)`."""
    if logits.shape[-1] == 1:
        logits = np.concatenate([np.zeros_like(logits), logits], axis=-1)
    return np.asarray(ops.softmax(logits))


def texts_of(path):
    """Yields the texts of a file, one after the other.

    JSON lines, CSV, TSV and compressed files, told by the end of the name,
    are read as training text is; of any other file each line is a text.

    Args:
        path: The file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no regular file or cannot be read as text; the
            message names file and line.
    """
    check_regular(path)
    form, compression = find_format(path)
    if form and (form != ".txt" or compression):
        yield from stream_text_file(path).texts
        return
    with open(path, "rb") as file:
        yield from lines(file, path)


def lines(file, name):
    """Yields the lines of a binary file, without their ends.

    Args:
        file: The open file.
        name: What to call it in an error.

    Raises:
        ValueError: If a line is not UTF-8 or has no end, or the first looks
            like CSV or JSON; the line is named.
    """
    for number, line in read_lines(file, name):
        text = line.rstrip("\r\n")
        form = _looks_like(text) if number == 1 else None
        if form:
            raise ValueError(
                f"{name}:1: this looks like {form}, not like one text a line. "
                f"Give a file whose name ends with .{form}, and it is read as "
                "such."
            )
        yield text


def _looks_like(line):
    """Returns the kind of file that a first line is of, if it is of one."""
    for form, separator in (("csv", ","), ("tsv", "\t")):
        names = [part.strip(' "').lower() for part in line.split(separator)]
        header = all(name.isidentifier() or not name for name in names)
        if header and "text" in names and "text" != line.strip():
            return form
    if line.lstrip()[:1] not in ("{", "["):
        return None
    try:
        json.loads(line)
    except json.JSONDecodeError:
        # A bracket alone: what it opens stands on the next lines.
        return None if line.strip(" {[") else "jsonl"
    except (ValueError, RecursionError):
        return None
    return "jsonl"
