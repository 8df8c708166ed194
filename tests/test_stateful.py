import keras
import numpy as np
import pytest
from keras import layers

from advtext import perturb_at
from advtext.training import AdversarialTraining


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_state_from_batch_to_batch_is_refused_and_the_way_out_works(wrapped):
    lstm = layers.LSTM(4, stateful=True)
    network = keras.Sequential(
        [
            keras.Input((7,), batch_size=2),
            layers.Embedding(9, 4),
            layers.Bidirectional(lstm) if wrapped else lstm,
            layers.Dense(1),
        ]
    )
    classifier = perturb_at(network)
    with pytest.raises(ValueError, match="stateful=False"):
        AdversarialTraining(classifier)
    for layer in network.layers:
        if hasattr(layer, "stateful"):
            layer.stateful = False
    if not wrapped:
        model = AdversarialTraining(classifier)
        loss = keras.losses.BinaryCrossentropy(from_logits=True)
        model.compile("sgd", loss)
        x, y = np.ones((2, 7), "int32"), np.array([0, 1])
        model.fit(x, y, batch_size=2, verbose=0)
