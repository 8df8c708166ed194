"""A term of one's own: adversarial logit pairing."""

import keras
import numpy as np
from keras import layers, ops

import advtext
from advtext.attacks import FastGradient
from advtext.training import AdversarialTraining, Term


class LogitPairing(Term):
    needs_labels = True

    def __init__(self, attack, weight=1.0, name="logit_pairing", **options):
        super().__init__(weight, name, **options)
        self.attack = attack

    def objective(self, clean):
        perturbation = self.attack.perturbation(
            lambda embedded: clean.loss(clean.classify(embedded)),
            clean.embedded,
            mask=clean.mask,
            gradient=clean.loss_gradient,  # Of this loss; known already.
        )

        def distance(embedded):
            moved = clean.classify(embedded + perturbation)
            return ops.mean(ops.square(clean.classify(embedded) - moved))

        return distance


stack = [keras.Input((4,)), layers.Identity(name="x"), layers.Dense(1)]
classifier = advtext.perturb_at(keras.Sequential(stack), "x")
pairing = LogitPairing(FastGradient(epsilon=0.5), weight=0.5)
model = AdversarialTraining(classifier, [pairing])
model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
x = np.random.default_rng(0).normal(size=(64, 4))
print(sorted(model.fit(x, x[:, 0] > 0, verbose=0).history))
