import keras
import numpy as np
import pytest
from keras import ops

from advtext import attacks, models, training
from advtext.losses import as_one_hot, independent_cross_entropy

X = np.random.default_rng(0).random((6, 8, 8, 1)).astype("float32")
NETWORKS = {
    "softmax": models.softmax_regression,
    "maxout": lambda n: models.maxout_network(n, (4, 4), num_pieces=3),
    "convolutional": lambda n: models.convolutional_maxout_network(
        n, (3, 4), units=5
    ),
    "rbf": models.rbf_network,
}


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("num_classes", [2, 3])
def test_it_trains_is_attacked_and_saved(tmp_path, name, num_classes):
    classifier = NETWORKS[name](num_classes)
    y = np.arange(6) % num_classes
    binary = num_classes == 2 and name != "rbf"
    assert classifier(X).shape == (6, 1 if binary else num_classes)
    attack = attacks.FastGradient(0.1, norm="linf")
    model = training.AdversarialTraining(
        classifier, [training.AdversarialLoss(attack)]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    if binary:
        loss = keras.losses.BinaryCrossentropy(from_logits=True)
    if name == "rbf":
        loss = independent_cross_entropy
    model.compile("adam", loss)
    history = model.fit(X, y, verbose=0).history
    assert np.all(np.isfinite([history["loss"], history["adversarial_loss"]]))
    examples = np.asarray(attack(classifier, X, y))
    np.testing.assert_allclose(np.abs(examples - X).max(), 0.1, rtol=1e-5)
    classifier.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(
        np.asarray(loaded(X)), np.asarray(classifier(X))
    )


def test_maxout_is_what_is_written():
    network = models.maxout_network(2, (4,), num_pieces=3)
    network(X)
    kernel, bias, last, end = (np.asarray(w) for w in network.weights)
    pieces = (X.reshape(6, -1) @ kernel + bias).reshape(6, 3, 4)
    expected = pieces.max(axis=1) @ last + end
    np.testing.assert_allclose(np.asarray(network(X)), expected, rtol=1e-4)


@pytest.mark.parametrize("num_embedding_layers", [0, 1, 2])
def test_hidden_layers_to_perturb(num_embedding_layers):
    network = models.maxout_network(
        10, (4, 6), num_embedding_layers=num_embedding_layers
    )
    embedded = network.embed(X)
    widths = [(8, 8, 1), (4,), (6,)]
    assert embedded.shape == (6, *widths[num_embedding_layers])


@pytest.mark.parametrize("num_embedding_layers", [-1, 3, 0.5])
def test_hidden_layers_that_are_not_there(num_embedding_layers):
    with pytest.raises(ValueError, match="an integer from 0 to 2, the number"):
        models.maxout_network(
            10, (4, 6), num_embedding_layers=num_embedding_layers
        )


@pytest.mark.parametrize("num_classes", [1, 2.0, True])
def test_classes_that_cannot_be(num_classes):
    with pytest.raises(ValueError, match="`num_classes` must be an integer"):
        models.softmax_regression(num_classes)


def test_a_penalty_is_of_the_first_layer_only():
    penalty = keras.regularizers.L1(0.5)
    network = models.maxout_network(
        2, (4, 4), num_pieces=1, kernel_regularizer=penalty
    )
    network(X)
    first = np.asarray(network.weights[0])
    assert float(sum(network.losses)) == pytest.approx(
        0.5 * np.abs(first).sum(), rel=1e-5
    )


def test_independent_cross_entropy_against_keras():
    logits = np.random.default_rng(1).standard_normal((5, 3))
    y = np.array([0, 1, 2, 2, 1])
    found = np.asarray(independent_cross_entropy(y, logits))
    one_hot = np.eye(3)[y]
    expected = ops.sum(
        ops.binary_crossentropy(one_hot, logits, from_logits=True), axis=-1
    )
    np.testing.assert_allclose(found, np.asarray(expected), rtol=1e-5)
    same = np.asarray(independent_cross_entropy(one_hot, logits))
    np.testing.assert_array_equal(same, found)


@pytest.mark.parametrize("y", [[1, 0], [[1], [0]], [[0, 1, 0], [1, 0, 0]]])
def test_as_one_hot(y):
    found = np.asarray(as_one_hot(np.array(y), 3))
    assert found.tolist() == [[0, 1, 0], [1, 0, 0]]
