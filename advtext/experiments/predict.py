"""Labels texts with the classifier of a finished run."""

import itertools

import numpy as np
from keras import ops

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


def lines(file, name):
    """Yields the lines of a binary file, without their ends.

    Args:
        file: The open file.
        name: What to call it in an error.

    Raises:
        ValueError: If a line is not UTF-8; it is named.
    """
    for number, line in enumerate(file, 1):
        try:
            yield line.decode("utf-8").rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise ValueError(
                f"{name}, line {number}: not UTF-8. Save the file as UTF-8."
            ) from error
