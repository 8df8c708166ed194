"""A classifier of one's own, with a second input that is not perturbed."""

import keras
import numpy as np
from keras import layers, ops

from advtext.models import Classifier
from advtext.training import AdversarialTraining, VirtualAdversarialLoss


@keras.saving.register_keras_serializable("reviews")
class Reviews(Classifier):
    def __init__(self, **options):
        super().__init__(**options)
        self.words = layers.Embedding(61, 8)
        self.shops = layers.Embedding(4, 4)
        self.mean = layers.GlobalAveragePooling1D()
        self.dense = layers.Dense(1)

    def compute_mask(self, inputs, previous_mask=None):
        return ops.not_equal(inputs["words"], 0)

    def embed(self, inputs, training=False):
        return self.words(inputs["words"])

    def given(self, inputs, mask=None):
        def classify(embedded, training=False):
            parts = [self.mean(embedded, mask=mask), self.shops(inputs["shop"])]
            return self.dense(ops.concatenate(parts, axis=-1))

        return classify


x = {"words": np.array([[7, 9, 0], [8, 3, 2]]), "shop": np.array([0, 3])}
model = AdversarialTraining(Reviews(), [VirtualAdversarialLoss(epsilon=0.1)])
model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
model.fit(x, np.array([0, 1]), verbose=0)
model.save("reviews.keras")  # The classifier alone.
reviews = keras.models.load_model("reviews.keras")
print(np.allclose(reviews(x), model.predict(x, verbose=0)))
