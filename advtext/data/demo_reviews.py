"""The demo corpus: synthetic reviews, generated from a seed, offline."""

import hashlib
import random

from advtext.data.demo_words import BAD, GOOD, PARTS, SLOTS
from advtext.data.documents import RawDocuments
from advtext.data.source import Source

# Raise it with every change of the text that a seed gives.
VERSION = 1
CLASSES = ("negative", "positive")

OPENINGS = """We tried this {subject} in {month}.
My {who} and I went to the {subject} on a {day}.
This is the {subject} near the {place}.
My {who} had told us about the {subject}.""".split("\n")
FILLERS = """It took {number} hours, with a break for tea.
There were {number} of us, and it rained.
We came from the {place}.
Then my {who} called.""".split("\n")
# By the number of opinions in a sentence.
AGREEING = {
    1: """The {part} was {0}.
I found the {part} {0}.
Even the {part} seemed {0}.""".split("\n"),
    2: """The {part} was {0} and {1}.
The {part} was {0}, and the {other} {1}.
I call it {0}, {1} even.
How {0} and how {1}!""".split("\n"),
    3: """The {part} was {0}, {1} and {2}.
My notes say: {0}, {1}, {2}.""".split("\n"),
}
OPPOSED = """The {part} was {0}, but the {other} {1}.
Although the {part} was {0}, the {other} seemed {1}.""".split("\n")
NEGATIONS = ["not", "never", "hardly"]
NEGATED = 0.04  # of the opinions
FILLED = 0.1  # of the sentences with opinions have one without before them
# Opinions of a review that share its class, and that oppose it.
BALANCES = """5-0 6-0 6-1 7-1 7-1 8-1 7-2 7-2 8-2 6-2 5-2 4-3""".split()


class DemoReviews(Source):
    """A corpus that needs no download: reviews made up by a small grammar.

    The text is synthetic: no person wrote it, and an error on it says
    nothing about real reviews. It shows within minutes what unlabelled text
    is good for. Praise and blame have 220 words each, most of them rare. A
    hundred labelled reviews show some seven in ten of these words, mostly
    once, so that counting words leaves an error near 25 %. The unlabelled
    reviews show every word in the company of its own kind; who knows them
    all errs on 1 %. Opinions may be negated ("not dull"), most reviews have
    some against their class, and one in twelve hangs by a single opinion.
    Labels are never wrong: the majority decides, negations counted.

    Args:
        seed: Integer. Another seed gives other reviews of the same kind.
        num_train: Labelled reviews for training, at least 2.
        num_test: Labelled reviews for the test, at least 2.
        num_unsup: Reviews without labels, at least 2.

    Raises:
        ValueError: If a number of reviews is too small.

    Example:

    >>> source = DemoReviews(num_train=2, num_test=2, num_unsup=2)
    >>> source.class_names
    ('negative', 'positive')
    >>> documents = source.read("train")
    >>> documents.texts[0][44:83], int(documents.labels[0])
    ('The menu was foul and dull. The dessert', 0)
    """

    def __init__(self, seed=0, num_train=100, num_test=2000, num_unsup=6000):
        sizes = {"train": num_train, "test": num_test, "unsup": num_unsup}
        for split, size in sizes.items():
            if size < 2:
                raise ValueError(
                    f"`num_{split}` must be at least 2. Received: "
                    f"num_{split}={size}."
                )
        super().__init__(sizes, class_names=CLASSES)
        self.seed = seed
        self.sizes = sizes

    def read_raw(self, split):
        draw = _Draw(f"demo reviews {VERSION} {self.seed} {split}")
        classes = [number % 2 for number in range(self.sizes[split])]
        draw.shuffle(classes)
        texts = [_review(draw, positive) for positive in classes]
        labels = [CLASSES[positive] for positive in classes]
        return RawDocuments(texts, labels, f"demo {split}:{{}}".format)

    def fingerprint(self):
        identity = f"{type(self).__name__} {VERSION} {self.seed} {self.sizes}"
        return hashlib.sha256(identity.encode()).hexdigest()


class _Draw:
    """Draws that are the same in every version of Python.

    Only `random.Random.random` and its seeding by text are promised to stay.
    """

    def __init__(self, seed):
        self.random = random.Random(seed).random

    def chance(self, probability):
        return self.random() < probability

    def pick(self, items):
        return items[int(len(items) * self.random())]

    def pick_often_first(self, items):
        share = self.random()
        return items[int(len(items) * share * share)]

    def shuffle(self, items):
        for last in range(len(items) - 1, 0, -1):
            other = int((last + 1) * self.random())
            items[last], items[other] = items[other], items[last]


def _review(draw, positive):
    subject = draw.pick(list(PARTS))
    sentences = [_sentence(draw, OPENINGS, subject)]
    opinions = _opinions(draw, positive)
    while opinions:
        if draw.chance(FILLED):
            sentences.append(_sentence(draw, FILLERS, subject))
        kinds, number = _kinds(opinions[: draw.pick([1, 2, 2, 3])])
        words = [word for _, word in opinions[:number]]
        sentences.append(_sentence(draw, kinds, subject, words))
        opinions = opinions[number:]
    return " ".join(sentences)


def _opinions(draw, positive):
    """Returns pairs: whether it praises, and a word, perhaps negated."""
    same, against = map(int, draw.pick(BALANCES).split("-"))
    praises = [bool(positive)] * same + [not positive] * against
    draw.shuffle(praises)
    opinions = []
    for praise in praises:
        negated = draw.chance(NEGATED)
        word = draw.pick_often_first(GOOD if praise != negated else BAD)
        if negated:
            word = f"{draw.pick(NEGATIONS)} {word}"
        opinions.append((praise, word))
    return opinions


def _kinds(opinions):
    """Returns sentences for the first of some opinions, and for how many."""
    praises = [praise for praise, _ in opinions]
    if praises in ([True, False], [False, True]):
        return OPPOSED, 2
    alike = len(praises)
    if (not praises[0]) in praises:
        alike = praises.index(not praises[0])
    return AGREEING[alike], alike


def _sentence(draw, kinds, subject, words=()):
    parts = PARTS[subject].split()
    draw.shuffle(parts)
    slots = {slot: draw.pick(fill.split()) for slot, fill in SLOTS.items()}
    return draw.pick(kinds).format(
        *words, subject=subject, part=parts[0], other=parts[1], **slots
    )
