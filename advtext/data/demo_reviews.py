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
In short: {0}, {1}, {2}.""".split("\n"),
}
OPPOSED = """The {part} was {0}, but the {other} {1}.
Although the {part} was {0}, the {other} seemed {1}.""".split("\n")
NEGATIONS = ["not", "never", "hardly"]
NEGATED = 0.04  # of the opinions
# Opinions of a review that share its class, and that oppose it.
BALANCES = """5-0 6-0 6-1 7-1 7-1 8-1 7-2 7-2 8-2 6-2 5-2 4-3""".split()


class DemoReviews(Source):
    """A corpus that needs no download: reviews made up by a small grammar.

    The text is synthetic: no person wrote it, and an error on it says
    nothing about real reviews. It shows in minutes what unlabelled text is
    good for. A review is about one of eight subjects and has a class; most
    of its opinions share the class, some oppose it (which are told by "but"
    or "although"), a few are negated ("not dull"), and sentences without any
    opinion stand between them. An opinion is one of some 220 words of praise
    or as many of blame, most of them rare. A hundred labelled reviews show
    less than half of these words; the unlabelled ones show all, in the
    company of words of their own kind.

    Labels are never wrong: the majority of opinions decides, negations
    counted. In one review of twelve the majority is by one opinion only.

    Args:
        seed: Integer. Another seed gives other reviews in the same words.
        num_train: Labelled reviews for training.
        num_test: Labelled reviews for the test.
        num_unsup: Reviews without labels.

    Example:

    >>> source = DemoReviews(num_train=2, num_test=1, num_unsup=1)
    >>> source.class_names
    ('negative', 'positive')
    >>> print(source.read("train").texts[0])
    """

    def __init__(self, seed=0, num_train=100, num_test=2000, num_unsup=6000):
        self.seed = seed
        self.sizes = dict(train=num_train, test=num_test, unsup=num_unsup)
        super().__init__(self.sizes, class_names=CLASSES)

    def read_raw(self, split):
        draw = _Draw(f"demo reviews {VERSION} {self.seed} {split}")
        classes = [n % 2 for n in range(self.sizes[split])]
        draw.shuffle(classes)
        texts = [_review(draw, positive) for positive in classes]
        labels = [CLASSES[positive] for positive in classes]
        return RawDocuments(texts, labels, f"demo {split}:{{}}".format)

    def fingerprint(self):
        identity = f"demo reviews {VERSION} {self.seed} {self.sizes}"
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
        if draw.chance(0.1):
            sentences.append(_sentence(draw, FILLERS, subject))
        number = min(draw.pick([1, 2, 2, 3]), len(opinions))
        goods = [good for good, _ in opinions[:number]]
        if number == 2 and goods[0] != goods[1]:
            kinds = OPPOSED
        else:
            number = next(
                (n for n in range(number) if goods[n] != goods[0]), number
            )
            kinds = AGREEING[number]
        words = [word for _, word in opinions[:number]]
        opinions = opinions[number:]
        sentences.append(_sentence(draw, kinds, subject, words))
    return " ".join(sentences)


def _opinions(draw, positive):
    """Returns pairs: does it praise, and the word with its negation."""
    same, other = map(int, draw.pick(BALANCES).split("-"))
    praises = [positive] * same + [not positive] * other
    draw.shuffle(praises)
    opinions = []
    for good in praises:
        negated = draw.chance(NEGATED)
        word = draw.pick_often_first(GOOD if good != negated else BAD)
        if negated:
            word = f"{draw.pick(NEGATIONS)} {word}"
        opinions.append((good, word))
    return opinions


def _sentence(draw, kinds, subject, opinions=()):
    parts = PARTS[subject].split()
    draw.shuffle(parts)
    slots = {name: draw.pick(words.split()) for name, words in SLOTS.items()}
    return draw.pick(kinds).format(
        *opinions, subject=subject, part=parts[0], other=parts[1], **slots
    )
