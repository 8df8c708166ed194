"""A BERT of KerasHub, small and with random weights, trained by FreeLB."""

import keras
import keras_hub
import numpy as np

import advtext
from advtext.attacks import ProjectedGradientDescent
from advtext.training import AdversarialLoss, AdversarialTraining

random = np.random.default_rng(0)
y = random.integers(0, 2, (1024, 1))
other = random.random((1024, 12)) < 0.25
x = {  # Words 1-60 are of class 0, 61-120 of class 1; a quarter is astray.
    "token_ids": random.integers(1, 61, (1024, 12)) + 60 * (y ^ other),
    "segment_ids": np.zeros((1024, 12), "int32"),
    "padding_mask": np.arange(12) < random.integers(6, 13, (1024, 1)),
}
train = {name: each[:768] for name, each in x.items()}
test = {name: each[768:] for name, each in x.items()}
keras.utils.set_random_seed(0)
backbone = keras_hub.models.BertBackbone(
    121, num_layers=1, num_heads=2, hidden_dim=32, intermediate_dim=64
)
bert = keras_hub.models.BertTextClassifier(backbone, 2, activation=None)
classifier = advtext.perturb_at(
    bert, "token_embedding", mask=lambda inputs: inputs["padding_mask"]
)
attack = ProjectedGradientDescent(
    epsilon=0.05, num_steps=3, norm="l2", random_start=True, seed=0
)
freelb = AdversarialLoss(attack, accumulate_gradients=True)
model = AdversarialTraining(classifier, [freelb])
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile(keras.optimizers.Adam(3e-3), loss, metrics=["accuracy"])
model.fit(train, y[:768], epochs=6, verbose=0)
logs = model.evaluate(test, y[768:], verbose=0, return_dict=True)
model.save("bert.keras")
bert = keras.models.load_model("bert.keras", compile=False)
print(type(bert).__name__, "accuracy:", round(logs["accuracy"], 3))
