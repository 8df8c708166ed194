"""Words and a shop: the words are perturbed, the number of the shop is not."""

import keras
import numpy as np
from keras import layers

import advtext
from advtext.attacks import FastGradient
from advtext.training import AdversarialLoss, AdversarialTraining

random = np.random.default_rng(0)
words = random.integers(1, 61, (600, 8))
shop = random.integers(0, 4, (600, 1))
# Words above 30 are praise; in shops 2 and 3 they are meant the other way.
y = (np.mean(words > 30, axis=1, keepdims=True) > 0.5) ^ (shop > 1)
x, y = {"words": words, "shop": shop}, y.astype("int32")

keras.utils.set_random_seed(0)
inputs = {
    "words": keras.Input((None,), dtype="int32", name="words"),
    "shop": keras.Input((1,), dtype="int32", name="shop"),
}
text = layers.Embedding(61, 8, name="word_embedding")(inputs["words"])
text = layers.GlobalAveragePooling1D()(text)
place = layers.Flatten()(layers.Embedding(4, 4, name="shops")(inputs["shop"]))
z = layers.Dense(32, activation="relu")(layers.Concatenate()([text, place]))
network = keras.Model(inputs, layers.Dense(1)(z))

classifier = advtext.perturb_at(network, "word_embedding")
term = AdversarialLoss(FastGradient(epsilon=0.5))
model = AdversarialTraining(classifier, [term])
loss = keras.losses.BinaryCrossentropy(from_logits=True)
model.compile(keras.optimizers.Adam(0.02), loss, metrics=["accuracy"])
model.fit(x, y, epochs=15, verbose=0, validation_split=0.2)
print("perturbed:", classifier.embed(x).shape)
print("accuracy:", round(model.history.history["val_accuracy"][-1], 3))
