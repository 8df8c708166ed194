import functools

import keras
import pytest
from keras import layers

from advtext.layers import NormalizedEmbedding
from advtext.models.find_layer import find_layer


def embedding(name="embedding", **kwargs):
    return layers.Embedding(5, 2, name=name, **kwargs)


def stack(*inner, name="model"):
    return keras.Sequential([keras.Input((4,)), *inner], name=name)


class Parts(keras.Model):
    """Layers in a list, in a dict and in a layer of one's own."""

    def __init__(self):
        super().__init__(name="parts")
        self.blocks = [layers.Dense(2, name=f"block_{i}") for i in range(2)]
        self.by_name = {"a": layers.Dense(2, name="in_dict")}
        self.deep = layers.Layer(name="deep")
        self.deep.inner = embedding()


@functools.cache
def model():
    def encoder(name, *inner):
        return stack(embedding(), *inner, name=name)

    inputs = keras.Input((4,))
    left = encoder("left", layers.LSTM(2, name="lstm"))(inputs)
    both = layers.Bidirectional(layers.LSTM(2), name="both")
    right = both(encoder("right")(inputs))
    x = layers.Concatenate(name="beside")([left, right])
    return keras.Model(inputs, layers.Dense(1, name="logits")(x), name="whole")


@pytest.mark.parametrize(
    "name, kind",
    [
        ("left", keras.Sequential),
        ("left/embedding", layers.Embedding),
        ("right/embedding", layers.Embedding),
        ("left/lstm", layers.LSTM),
        ("lstm", layers.LSTM),
        ("both", layers.Bidirectional),
        ("both/forward_lstm", layers.LSTM),
        ("backward_lstm", layers.LSTM),
        ("logits", layers.Dense),
    ],
)
def test_by_name_or_path(name, kind):
    layer = find_layer(model(), name)
    assert type(layer) is kind
    assert layer.name == name.split("/")[-1]
    assert find_layer(model(), layer) is layer


def test_paths_tell_layers_of_the_same_name_apart():
    left = find_layer(model(), "left/embedding")
    assert left is not find_layer(model(), "right/embedding")
    assert left is model().get_layer("left").layers[0]


@pytest.mark.parametrize(
    "name", ["block_0", "block_1", "in_dict", "deep", "deep/embedding"]
)
def test_in_a_subclassed_model(name):
    assert find_layer(Parts(), name).name == name.split("/")[-1]


@pytest.mark.parametrize("make", [embedding, NormalizedEmbedding])
def test_the_only_embedding(make):
    layer = make(input_dim=5, output_dim=2) if make is not embedding else make()
    assert find_layer(stack(layer, layers.Flatten())) is layer
    assert find_layer(stack(stack(layer), layers.Flatten())) is layer
    assert find_layer(Parts()).name == "embedding"


def test_a_layer_that_is_used_twice_is_one():
    table, inputs = embedding(), keras.Input((4,))
    inner = keras.Model(inputs, table(inputs), name="inner")
    x = layers.Add()([table(inputs), inner(inputs)])
    assert find_layer(keras.Model(inputs, x)) is table


def test_a_layer_of_the_model_comes_before_one_of_its_parts():
    inputs = keras.Input((4,))
    outer = embedding()
    x = layers.Add()([outer(inputs), stack(embedding())(inputs)])
    assert find_layer(keras.Model(inputs, x), "embedding") is outer


@pytest.mark.parametrize(
    "layer, message",
    [
        (
            None,
            "'whole' has several embeddings: 'right/embedding', "
            r"'left/embedding'. Say which: perturb_at\(model, 'right/emb",
        ),
        (
            "embedding",
            "several layers 'embedding': 'right/embedding', 'left/embedding'. "
            "Give the path of one",
        ),
        ("embeding", "no layer 'embeding'. Did you mean 'embedding'"),
        ("rigth/embedding", "Did you mean 'right/embedding'"),
        ("logit", r"Did you mean 'logits' .*\? Its layers: .*'both'"),
        ("zzz", r"has no layer 'zzz'\. Its layers: .*'left', .*'logits'"),
        (
            "lstm_cell",
            "several layers 'lstm_cell': .*'left/lstm/lstm_cell'",
        ),
        (
            "left/lstm/lstm_cell",
            "step by step inside of 'lstm', .* Choose 'lstm' or a layer "
            "outside",
        ),
        ("forward_lstm/lstm_cell", "step by step inside of 'forward_lstm'"),
        (
            embedding("elsewhere"),
            "'elsewhere' is not on the way to an output of the model 'whole'",
        ),
    ],
)
def test_what_cannot_be_found_is_refused(layer, message):
    with pytest.raises(ValueError, match=message):
        find_layer(model(), layer)


def test_a_layer_that_runs_for_every_step_is_refused():
    inner = layers.Dense(2, name="inner")
    outer = layers.TimeDistributed(inner, name="outer")
    whole = stack(embedding(), outer)
    for layer in ("inner", "outer/inner", inner):
        with pytest.raises(ValueError, match="Choose 'outer' or a layer"):
            find_layer(whole, layer)
    assert find_layer(whole, "outer") is outer


def test_a_model_without_embedding_is_refused():
    whole = stack(layers.Dense(2, name="hidden"), layers.Dense(1, name="last"))
    with pytest.raises(ValueError, match="no embedding. .* 'hidden', 'last'"):
        find_layer(whole)


def test_of_many_layers_some_are_listed():
    whole = stack(*[layers.Dense(2, name=f"d{i}") for i in range(20)])
    with pytest.raises(ValueError, match="'d11', and 8 more"):
        find_layer(whole, "zzz")


@pytest.mark.parametrize("layer", [3, ("embedding", 0), keras.Input((2,))])
def test_other_things_are_refused(layer):
    with pytest.raises(TypeError, match="`layer` must be a layer .* Received"):
        find_layer(model(), layer)


def test_a_layer_may_have_layers_of_its_own():
    class Block(keras.layers.Layer):
        def __init__(self):
            super().__init__(name="block")
            self.table = keras.layers.Embedding(5, 2, name="table")
            self.layers = [keras.layers.Dense(2)]

        def call(self, inputs):
            return self.layers[0](self.table(inputs))

    inputs = keras.Input((3,))
    block = Block()
    model = keras.Model(inputs, block(inputs))
    assert find_layer(model) is block.table
