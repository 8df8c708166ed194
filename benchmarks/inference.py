"""Times the labelling of documents, and how long it takes to begin.

    python benchmarks/inference.py [--units 256 --documents 512]

Ours is `predict_documents` with a frozen classifier; Keras' is
`keras.Model.predict` of the same classifier, not frozen, with all documents
padded to the longest; once more with Keras' own LSTM. All take turns in one
process. Start-up is that of `advtext predict`, every time a new process.
"""

import argparse
import functools
import os

import keras
import numpy as np
from measuring import ratio, report, table, take_turns, timed
from start_up import sentence, start_up

from advtext import data
from advtext.evaluation import predict_documents
from advtext.models import TextClassifier

DATA = os.path.join(os.environ.get("ADVTEXT_DATA", "../shared/data"), "imdb")
BATCH_SIZE = 32


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="files", help="files or demo")
    parser.add_argument("--data_dir", default=DATA)
    parser.add_argument("--vocabulary_size", type=int, default=30_000)
    parser.add_argument("--dim", type=int, default=256)
    parser.add_argument("--units", type=int, default=256)
    parser.add_argument("--documents", type=int, default=512)
    parser.add_argument("--single", type=int, default=8)
    parser.add_argument(
        "--at_once", nargs="*", default=["1", "32", "all"], help="which rows"
    )
    parser.add_argument(
        "--max_lengths", type=int, nargs="+", default=[400, 2500]
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--starts", type=int, default=7)
    return parser.parse_args()


def build(args, tokenizer):
    """Returns a classifier, one with Keras' LSTM, and a frozen one, equal."""
    sizes = tokenizer.vocabulary_size, args.dim, args.units
    classifier, other = (TextClassifier(*sizes) for _ in range(2))
    for lstm in other.lstms:
        lstm.__class__ = keras.layers.LSTM
    classifier.embedding.adapt(tokenizer.token_counts)
    other.set_weights(classifier.get_weights())
    # Two shapes, and Keras on TensorFlow compiles for all of them.
    for model in (classifier, other):
        for shape in ((2, 7), (3, 9)):
            model.predict(np.zeros(shape, "int32"), verbose=0)
    return classifier, other, classifier.freeze()


def padded(documents, max_length):
    """Returns documents as one array, padded to the longest of them."""
    ends = [document[-max_length:] for document in documents]
    token_ids = np.zeros((len(ends), max(map(len, ends))), "int32")
    for row, end in zip(token_ids, ends, strict=True):
        row[: len(end)] = end
    return token_ids


def check_equal(logits, expected):
    if not np.allclose(logits, expected, rtol=1e-4, atol=1e-5):
        raise ValueError("The logits of both sides differ.")


def compare(args, models, documents, max_length, one_by_one=False):
    """Returns seconds a round of each side, all documents in every round."""
    classifier, other, frozen = models
    groups = [[d] for d in documents] if one_by_one else [documents]
    arrays = [padded(group, max_length) for group in groups]

    def by_keras(model):
        return [model.predict(x, BATCH_SIZE, verbose=0) for x in arrays]

    def ours():
        return [predict_documents(frozen, g, max_length) for g in groups]

    sides = {
        "ours": ours,
        "keras": functools.partial(by_keras, classifier),
        "keras_lstm": functools.partial(by_keras, other),
    }
    for found, expected in zip(ours(), by_keras(classifier), strict=True):
        check_equal(found, expected)
    cases = {n: functools.partial(timed, side) for n, side in sides.items()}
    # A call for many documents is many steps, most of them warm.
    dropped = 2 if len(documents) <= BATCH_SIZE else 0
    return take_turns(cases, args.rounds, dropped=dropped, kept=1)


def measure(args, models, corpus):
    """Returns a row for each number of documents and longest length."""
    # In the file they stand by their labels.
    rows = np.random.default_rng(0).permutation(len(corpus))
    documents = [corpus[i] for i in rows[: args.documents]]
    first, *_ = args.max_lengths
    cases = [
        ("1", documents[: args.single], first, True),
        ("32", documents[:32], first, False),
        *(("all", documents, length, False) for length in args.max_lengths),
    ]
    cases = [case for case in cases if case[0] in args.at_once]
    rows = []
    for name, chosen, max_length, one_by_one in cases:
        seconds = compare(args, models, chosen, max_length, one_by_one)
        rows.append(
            {
                "at_once": name,
                "documents": len(chosen),
                "max_length": max_length,
                "longest": max(min(len(d), max_length) for d in chosen),
                "documents_per_second": {
                    side: round(len(chosen) / float(np.median(times)), 1)
                    for side, times in seconds.items()
                },
                **{
                    f"ours_to_{side}": ratio(seconds[side], seconds["ours"])
                    for side in ("keras", "keras_lstm")
                },
            }
        )
    return rows


def markdown(args, rows, vocabulary_size):
    lines = []
    for row in rows:
        rates = row["documents_per_second"]
        cells = [row["at_once"], row["longest"], *rates.values()]
        for side in ("keras", "keras_lstm"):
            found = row[f"ours_to_{side}"]
            low, high = found["quartiles"]
            cells.append(f"{found['median']} ({low} to {high})")
        lines.append(cells)
    header = [
        "documents at once",
        "longest",
        "ours, documents/s",
        "`keras.Model.predict`",
        "the same, Keras' LSTM",
        "ours / first",
        "ours / second",
    ]
    return (
        "## Inference\n\n"
        f"`TextClassifier({vocabulary_size}, {args.dim}, {args.units})`; all: "
        f"{args.documents} reviews. Keras pads to the longest and takes "
        f"{BATCH_SIZE} at a time. Medians of {args.rounds} rounds "
        "(quartiles).\n\n"
        f"{table(header, lines)}"
    )


def main():
    args = arguments()
    source = data.open_source(args.data, args.data_dir)
    prepared = data.prepare(source, vocabulary_size=args.vocabulary_size)
    models = build(args, prepared.tokenizer)
    rows = measure(args, models, prepared.corpora["test"])
    start, told = [], ""
    if args.starts:
        start = start_up(models[0], prepared.tokenizer, args.starts)
        told = sentence(start)
    backend = keras.backend.backend()
    vocabulary_size = prepared.tokenizer.vocabulary_size
    report(
        "inference",
        markdown(args, rows, vocabulary_size) + told,
        {
            "rows": rows,
            "start_up_seconds": start,
            **vars(args),
            "vocabulary_size": vocabulary_size,
            "batch_size": BATCH_SIZE,
            "backend": backend,
        },
        [backend],
    )


if __name__ == "__main__":
    main()
