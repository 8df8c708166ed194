"""Keras layers."""

from advtext.layers.lstm import LSTM as LSTM
from advtext.layers.maxout import Maxout as Maxout
from advtext.layers.normalized_embedding import (
    NormalizedEmbedding as NormalizedEmbedding,
)
from advtext.layers.rbf import RBF as RBF
