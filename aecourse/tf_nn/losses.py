"""Losses; each name says where it sums and where it averages."""

from typing import Any

import tensorflow as tf

__all__ = [
    "UNIT_INTERVAL_LOSSES",
    "binary_cross_entropy",
    "binary_cross_entropy_per_image",
    "mean_squared_error",
    "squared_error_per_image",
]

_CLIP = 1e-7


def mean_squared_error(x: Any, x_hat: Any) -> Any:
    """Return the squared error, mean over pixels and images.

    Parameters
    ----------
    x, x_hat
        Targets and outputs, shape (n, d).

    Returns
    -------
    tf.Tensor
        A scalar.
    """
    return tf.reduce_mean((x_hat - x) ** 2)


def squared_error_per_image(x: Any, x_hat: Any) -> Any:
    """Return the squared error, sum over pixels, mean over images.

    Parameters
    ----------
    x, x_hat
        Targets and outputs, shape (n, d).

    Returns
    -------
    tf.Tensor
        A scalar.
    """
    return tf.reduce_mean(tf.reduce_sum((x_hat - x) ** 2, axis=1))


def binary_cross_entropy(x: Any, x_hat: Any) -> Any:
    """Return the binary cross-entropy, mean over pixels and images, in nats.

    Parameters
    ----------
    x, x_hat
        Targets and outputs in [0, 1], shape (n, d). Outputs are clipped to [1e-7, 1 - 1e-7].

    Returns
    -------
    tf.Tensor
        A scalar.
    """
    return tf.reduce_mean(_cross_entropies(x, x_hat))


def binary_cross_entropy_per_image(x: Any, x_hat: Any) -> Any:
    """Return the binary cross-entropy, sum over pixels, mean over images, in nats.

    Parameters
    ----------
    x, x_hat
        Targets and outputs in [0, 1], shape (n, d). Outputs are clipped to [1e-7, 1 - 1e-7].

    Returns
    -------
    tf.Tensor
        A scalar.
    """
    return tf.reduce_mean(tf.reduce_sum(_cross_entropies(x, x_hat), axis=1))


def _cross_entropies(x: Any, x_hat: Any) -> Any:
    clipped = tf.clip_by_value(x_hat, _CLIP, 1 - _CLIP)
    return -(x * tf.math.log(clipped) + (1 - x) * tf.math.log1p(-clipped))


UNIT_INTERVAL_LOSSES = (binary_cross_entropy, binary_cross_entropy_per_image)
"""Losses that need targets and outputs in [0, 1]."""
