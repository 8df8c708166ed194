"""Two outputs, each with a term: a KL for classes, a difference for values."""

import keras
import numpy as np
from keras import layers

import advtext
from advtext.training import AdversarialTraining, VirtualAdversarialLoss

keras.utils.set_random_seed(0)
inputs = keras.Input((4,))
hidden = layers.Dense(8, activation="tanh", name="hidden")(inputs)
outputs = {"kind": layers.Dense(3)(hidden), "price": layers.Dense(1)(hidden)}
network = keras.Model(inputs, outputs)
terms = [
    VirtualAdversarialLoss(epsilon=0.5, output="kind", name="kind_vat"),
    VirtualAdversarialLoss(epsilon=0.5, output="price", name="price_vat"),
]
model = AdversarialTraining(advtext.perturb_at(network, "hidden"), terms)
losses = {
    "kind": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    "price": "mean_squared_error",
}
model.compile("adam", losses)
x = np.random.default_rng(0).normal(size=(64, 4))
y = {"kind": np.argmax(x[:, :3], axis=1), "price": x[:, 3]}
print(sorted(model.fit(x, y, verbose=0).history))
