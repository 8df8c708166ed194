"""Keras layers."""

from advtext.layers.lstm import LSTM as LSTM
from advtext.layers.normalized_embedding import (
    NormalizedEmbedding as NormalizedEmbedding,
)
