"""An LSTM over whole sequences with a gradient of its own, for the CPU.

As in `tensorflow_lstm`: only the product with the previous output is left in
the loop; the products with the inputs, and those that form the gradients of
the weights and of the inputs, are single products over all steps.
"""

import jax
from jax import numpy as jnp

from advtext.backend.matmul import low


def lstm(x, h, c, kernel, recurrent_kernel, bias, training=False):
    """Runs an LSTM, as `advtext.backend.tensorflow_lstm.lstm`."""
    outputs, h, c = _lstm(
        jnp.swapaxes(x, 0, 1), h, c, kernel, recurrent_kernel, bias
    )
    return jnp.swapaxes(outputs, 0, 1), h, c


@jax.custom_vjp
def _lstm(x, h, c, kernel, recurrent_kernel, bias):
    return _forward(x, h, c, kernel, recurrent_kernel, bias)[0]


def _forward(x, h0, c0, kernel, recurrent_kernel, bias):
    """Returns `_lstm`'s results and what its gradient needs."""
    inputs = _product(x, kernel)
    (weights,) = low(recurrent_kernel)

    def step(state, projected):
        h, c = state
        product = jnp.matmul(*low(h), weights)
        i, f, g, o = jnp.split(
            projected.astype(h.dtype) + product.astype(h.dtype) + bias,
            4,
            axis=-1,
        )
        i, f, o = map(jax.nn.sigmoid, (i, f, o))
        g = jnp.tanh(g)
        c = f * c + i * g
        h = o * jnp.tanh(c)
        return (h, c), (jnp.concatenate([i, f, g, o], axis=-1), c, h)

    (h, c), (gates, cells, outputs) = jax.lax.scan(step, (h0, c0), inputs)
    saved = x, h0, c0, kernel, recurrent_kernel, gates, cells, outputs
    return (outputs, h, c), saved


def _gradient(saved, cotangents):
    x, h0, c0, kernel, recurrent_kernel, gates, cells, outputs = saved
    d_outputs, d_h, d_c = cotangents
    (weights,) = low(recurrent_kernel.T)

    def step(state, saved):
        d_h, d_c = state
        gates, cell, before, d_output = saved
        i, f, g, o = jnp.split(gates, 4, axis=-1)
        squashed = jnp.tanh(cell)
        d_h = d_h + d_output
        d_c = d_c + d_h * o * (1.0 - squashed**2)
        parts = (
            d_c * g * i * (1.0 - i),
            d_c * before * f * (1.0 - f),
            d_c * i * (1.0 - g**2),
            d_h * squashed * o * (1.0 - o),
        )
        d_gate = jnp.concatenate(low(*parts), axis=-1)
        d_h = jnp.matmul(d_gate, weights).astype(d_h.dtype)
        return (d_h, d_c * f), d_gate

    (d_h0, d_c0), d_gates = jax.lax.scan(
        step,
        (d_h, d_c),
        (gates, cells, _shifted(cells, c0), d_outputs),
        reverse=True,
    )
    return (
        _product(d_gates, kernel.T).astype(x.dtype),
        d_h0,
        d_c0,
        _weight_gradient(x, d_gates),
        _weight_gradient(_shifted(outputs, h0), d_gates),
        jnp.sum(d_gates.astype(x.dtype), axis=(0, 1)),
    )


_lstm.defvjp(_forward, _gradient)


def _shifted(states, first):
    """Returns the states before each step."""
    return jnp.concatenate([first[None], states[:-1]])


def _product(x, weights):
    """Multiplies every step of `(time, batch, dim)` in one product."""
    flat = jnp.matmul(*low(x.reshape(-1, x.shape[-1]), weights))
    return flat.reshape(*x.shape[:2], weights.shape[-1])


def _weight_gradient(x, d_gates):
    flat = low(*(v.reshape(-1, v.shape[-1]) for v in (x, d_gates)))
    return jnp.matmul(flat[0].T, flat[1]).astype(x.dtype)
