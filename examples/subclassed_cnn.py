"""A subclassed CNN, perturbed in the pixels that its first layer scales."""

import keras
import numpy as np

import advtext
from advtext.attacks import FastGradient, ProjectedGradientDescent
from advtext.training import AdversarialLoss, AdversarialTraining


class CNN(keras.Model):
    def __init__(self):
        super().__init__()
        self.pixels = keras.layers.Rescaling(1 / 255, name="pixels")  # 0 to 1.
        self.conv = keras.layers.Conv2D(16, 3, activation="relu")
        head = [keras.layers.Flatten(), keras.layers.Dense(2)]
        self.head = keras.Sequential(head)

    def call(self, inputs):
        return self.head(self.conv(self.pixels(inputs)))


random = np.random.default_rng(0)
y = random.integers(0, 2, 768)
bars = (-1) ** np.arange(8)[:, None]
x = random.normal(15 * bars * bars.T * (2 * y - 1)[:, None, None], 10)
lying = (y ^ (random.random(768) < 0.15))[:, None, None]
x = (x + 128 + 60 * np.where(lying, bars, bars.T))[..., None]
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
fgsm = FastGradient(epsilon=0.1, norm="linf", value_range=(0, 1))
pgd = {"PGD": ProjectedGradientDescent(25.5, num_steps=10)}
for terms in [], [AdversarialLoss(fgsm)]:
    keras.utils.set_random_seed(0)
    cnn = CNN()
    cnn(x[:1])  # Builds it.
    model = AdversarialTraining(advtext.perturb_at(cnn, "pixels"), terms)
    model.compile(keras.optimizers.Adam(0.01), loss)
    model.fit(x[:512], y[:512], epochs=10, verbose=0)
    rows = advtext.evaluation.robustness(cnn, pgd, x[512:], y[512:], [0, 25.5])
    print(len(terms), [row["robust_accuracy"] for row in rows])
