"""An attack of one's own: all of the length goes into one word of a text."""

import keras
import numpy as np
from keras import layers, ops

import advtext
from advtext.attacks import Attack
from advtext.attacks.norms import direction
from advtext.training import AdversarialLoss, AdversarialTraining


class OneWord(Attack):
    projects = False  # The only step has the length already.

    def step(self, gradient, x, epsilon):
        size = ops.sum(ops.square(gradient), axis=-1, keepdims=True)
        largest = size == ops.max(size, axis=1, keepdims=True)
        one = gradient * ops.cast(largest, gradient.dtype)
        return epsilon * direction(one, self.norm)


keras.utils.set_random_seed(0)
stack = [keras.Input((None,)), layers.Embedding(61, 8, mask_zero=True)]
stack += [layers.LSTM(4), layers.Dense(1)]
classifier = advtext.perturb_at(keras.Sequential(stack))
term = AdversarialLoss(OneWord(epsilon=1.0))
model = AdversarialTraining(classifier, [term])
model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
x, y = np.array([[7, 9, 0], [8, 3, 2]]), np.array([[0], [1]])
model.fit(x, y, verbose=0)

embedded, mask = classifier.embed(x), classifier.compute_mask(x)
x_adv = OneWord(epsilon=1.0)(classifier.given(x), embedded, y, mask=mask)
print(np.linalg.norm(x_adv - embedded, axis=-1).round(3).tolist())
