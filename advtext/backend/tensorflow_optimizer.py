"""Updating variables by a Keras optimizer, on one device or several."""

import contextlib
import functools
import math

import keras
import tensorflow as tf

from advtext.backend.tensorflow_tables import LARGE


def apply_gradients(optimizer, gradients, variables):
    """Updates variables by one step of an optimizer.

    Args:
        optimizer: Keras optimizer.
        gradients: One gradient per variable, or `None`; of a loss that is the
            mean over the rows of this device.
        variables: List of variables.
    """
    if _clips(optimizer):
        # A row that occurs twice has one gradient, and one norm.
        gradients = [
            None if g is None else tf.convert_to_tensor(g) for g in gradients
        ]
    context = tf.distribute.get_replica_context()
    if context is not None and context.num_replicas_in_sync > 1:
        places = [i for i, g in enumerate(gradients) if g is not None]
        present = [tf.convert_to_tensor(gradients[i]) for i in places]
        present = _clipped_together(optimizer, present, context)
        replicas = context.num_replicas_in_sync
        gradients = list(gradients)
        # The optimizer adds up what the devices bring.
        for i, gradient in zip(places, present, strict=True):
            gradients[i] = gradient / tf.cast(replicas, gradient.dtype)
    if context is not None and context.num_replicas_in_sync == 1:
        with _fused_adam(optimizer):
            optimizer.apply(gradients, variables)
    else:
        optimizer.apply(gradients, variables)


@contextlib.contextmanager
def _fused_adam(optimizer):
    """Has Keras' Adam update large variables in one pass over them.

    The same update, rounded otherwise; Keras takes about ten passes.
    """
    adam = getattr(optimizer, "inner_optimizer", optimizer)
    if type(adam) is not keras.optimizers.Adam or adam.amsgrad:
        yield
        return
    adam.update_step = functools.partial(_update_step, adam)
    try:
        yield
    finally:
        del adam.update_step


def _update_step(adam, gradient, variable, learning_rate):
    if (
        isinstance(gradient, tf.IndexedSlices)
        or math.prod(variable.shape) < LARGE
    ):
        keras.optimizers.Adam.update_step(
            adam, gradient, variable, learning_rate
        )
        return
    index = adam._get_variable_index(variable)
    dtype = variable.dtype
    steps = tf.cast(adam.iterations + 1, dtype)
    betas = [tf.cast(beta, dtype) for beta in (adam.beta_1, adam.beta_2)]
    tf.raw_ops.ResourceApplyAdam(
        var=variable.handle,
        m=adam._momentums[index].value.handle,
        v=adam._velocities[index].value.handle,
        beta1_power=tf.pow(betas[0], steps),
        beta2_power=tf.pow(betas[1], steps),
        lr=tf.cast(learning_rate, dtype),
        beta1=betas[0],
        beta2=betas[1],
        epsilon=tf.cast(adam.epsilon, dtype),
        grad=tf.cast(gradient, dtype),
    )


def _clips(optimizer):
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    return inner.clipnorm or inner.global_clipnorm or inner.clipvalue


def _clipped_together(optimizer, gradients, context):
    """Clips the gradients of the whole batch; Keras clips those of a device.

    Raises:
        ValueError: If the optimizer would scale or add them up before.
    """
    if not _clips(optimizer):
        return gradients
    if (
        hasattr(optimizer, "inner_optimizer")
        or optimizer.loss_scale_factor
        or optimizer.gradient_accumulation_steps
    ):
        raise ValueError(
            "On several TensorFlow devices gradients are clipped without loss "
            "scaling and accumulation only: leave one of them out, or use JAX."
        )
    means = context.all_reduce(tf.distribute.ReduceOp.MEAN, gradients)
    return optimizer._clip_gradients(means)
