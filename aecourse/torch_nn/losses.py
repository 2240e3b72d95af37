"""Losses; each name says where it sums and where it averages."""

import torch
from torch import Tensor

__all__ = [
    "UNIT_INTERVAL_LOSSES",
    "binary_cross_entropy",
    "binary_cross_entropy_per_image",
    "mean_squared_error",
    "squared_error_per_image",
]

_CLIP = 1e-7


def mean_squared_error(x: Tensor, x_hat: Tensor) -> Tensor:
    """Return the squared error, mean over pixels and images.

    Parameters
    ----------
    x, x_hat
        Targets and outputs, shape (n, d).

    Returns
    -------
    torch.Tensor
        A scalar.
    """
    return torch.nn.functional.mse_loss(x_hat, x)


def squared_error_per_image(x: Tensor, x_hat: Tensor) -> Tensor:
    """Return the squared error, sum over pixels, mean over images.

    Parameters
    ----------
    x, x_hat
        Targets and outputs, shape (n, d).

    Returns
    -------
    torch.Tensor
        A scalar.
    """
    return torch.nn.functional.mse_loss(x_hat, x, reduction="sum") / len(x)


def binary_cross_entropy(x: Tensor, x_hat: Tensor) -> Tensor:
    """Return the binary cross-entropy, mean over pixels and images, in nats.

    Parameters
    ----------
    x, x_hat
        Targets and outputs in [0, 1], shape (n, d). Outputs are clipped to [1e-7, 1 - 1e-7].

    Returns
    -------
    torch.Tensor
        A scalar.
    """
    return _cross_entropies(x, x_hat).mean()


def binary_cross_entropy_per_image(x: Tensor, x_hat: Tensor) -> Tensor:
    """Return the binary cross-entropy, sum over pixels, mean over images, in nats.

    Parameters
    ----------
    x, x_hat
        Targets and outputs in [0, 1], shape (n, d). Outputs are clipped to [1e-7, 1 - 1e-7].

    Returns
    -------
    torch.Tensor
        A scalar.
    """
    return _cross_entropies(x, x_hat).sum() / len(x)


def _cross_entropies(x: Tensor, x_hat: Tensor) -> Tensor:
    clipped = x_hat.clamp(_CLIP, 1 - _CLIP)
    return -(x * clipped.log() + (1 - x) * torch.log1p(-clipped))


UNIT_INTERVAL_LOSSES = (binary_cross_entropy, binary_cross_entropy_per_image)
"""Losses that need targets and outputs in [0, 1]."""
