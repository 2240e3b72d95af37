"""The update rules as TensorFlow operations, ready to be compiled into a step."""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from aecourse.optimizers import SGD, Adam, Optimizer, RMSProp

__all__ = ["make_update_rule"]


def make_update_rule(
    optimizer: Optimizer, parameters: Sequence[tf.Variable]
) -> Callable[[Sequence[Any]], None]:
    """Prepare the state of an optimiser for the given parameters.

    Keras' own optimisers know one rule each. Written out, all rules are four lines, and XLA
    compiles them together with the gradients.

    Parameters
    ----------
    optimizer
        What to compute.
    parameters
        What to change.

    Returns
    -------
    callable
        Takes one gradient a parameter and changes the parameters.

    Raises
    ------
    TypeError
        If ``optimizer`` is none of the three descriptions.

    Examples
    --------
    >>> weight = tf.Variable([1.0])
    >>> make_update_rule(SGD(0.25), [weight])([tf.ones(1)])
    >>> float(weight[0])
    0.75
    """
    match optimizer:
        case SGD():
            return _sgd(optimizer, parameters)
        case RMSProp():
            return _rmsprop(optimizer, parameters)
        case Adam():
            return _adam(optimizer, parameters)
    raise TypeError(
        f"expected optimizer to be SGD(...), RMSProp(...) or Adam(...), got {optimizer!r}"
    )


def _like(parameters: Sequence[tf.Variable], value: float = 0.0) -> list[tf.Variable]:
    return [tf.Variable(tf.fill(w.shape, tf.cast(value, w.dtype))) for w in parameters]


def _sgd(rule: SGD, parameters: Sequence[tf.Variable]) -> Callable[[Sequence[Any]], None]:
    velocities = _like(parameters) if rule.momentum else []

    def update(gradients: Sequence[Any]) -> None:
        if not rule.momentum:
            for w, g in zip(parameters, gradients, strict=True):
                w.assign_sub(rule.learning_rate * g)
            return
        for w, g, v in zip(parameters, gradients, velocities, strict=True):
            v.assign(rule.momentum * v - rule.learning_rate * g)
            w.assign_add(v)

    return update


def _rmsprop(rule: RMSProp, parameters: Sequence[tf.Variable]) -> Callable[[Sequence[Any]], None]:
    mean_squares = _like(parameters, rule.initial_accumulator)

    def update(gradients: Sequence[Any]) -> None:
        for w, g, s in zip(parameters, gradients, mean_squares, strict=True):
            s.assign(rule.decay * s + (1 - rule.decay) * g * g)
            if rule.epsilon_inside_root:
                w.assign_sub(rule.learning_rate * g / tf.sqrt(s + rule.epsilon))
            else:
                w.assign_sub(rule.learning_rate * g / (tf.sqrt(s) + rule.epsilon))

    return update


def _adam(rule: Adam, parameters: Sequence[tf.Variable]) -> Callable[[Sequence[Any]], None]:
    # TensorFlow flushes denormals to zero in its own threads: nothing to do here for the moments
    # of pixels that are seldom lit.
    first_moments, second_moments = _like(parameters), _like(parameters)
    steps = tf.Variable(tf.zeros((), parameters[0].dtype))

    def update(gradients: Sequence[Any]) -> None:
        steps.assign_add(1)
        correction = tf.sqrt(1 - rule.beta2**steps)
        rate = rule.learning_rate * correction / (1 - rule.beta1**steps)
        epsilon = rule.epsilon if rule.epsilon_before_correction else rule.epsilon * correction
        for w, g, m, v in zip(parameters, gradients, first_moments, second_moments, strict=True):
            m.assign(rule.beta1 * m + (1 - rule.beta1) * g)
            v.assign(rule.beta2 * v + (1 - rule.beta2) * g * g)
            w.assign_sub(rate * m / (tf.sqrt(v) + epsilon))

    return update
