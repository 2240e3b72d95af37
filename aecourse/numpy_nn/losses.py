"""Losses and their gradients by hand; each name says where it sums and where it averages."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = [
    "Loss",
    "binary_cross_entropy",
    "binary_cross_entropy_per_image",
    "mean_squared_error",
    "squared_error_per_image",
]

Floats = npt.NDArray[np.floating]

_CLIP = 1e-7


@dataclass(frozen=True)
class Loss:
    r"""A loss with its gradient.

    Parameters
    ----------
    name
        Standard name, with the reduction where it is not the mean over everything.
    value
        From targets and outputs, both (n, d), to the loss.
    gradient
        From targets and outputs to the derivative of the loss with respect to the outputs,
        (n, d), written into the third argument.
    unit_interval
        Whether targets and outputs must lie in [0, 1].

    Examples
    --------
    >>> x = np.array([[0.0, 1.0]])
    >>> mean_squared_error(x, np.array([[0.5, 0.5]]))
    0.25
    """

    name: str
    value: Callable[[Floats, Floats], float]
    gradient: Callable[[Floats, Floats, Floats], Floats]
    unit_interval: bool = False

    def __call__(self, x: Floats, x_hat: Floats) -> float:
        """Return the loss of outputs ``x_hat`` (n, d) for targets ``x`` (n, d)."""
        return self.value(x, x_hat)

    def __repr__(self) -> str:
        return self.name


def _sum_of_squares(x: Floats, x_hat: Floats) -> float:
    difference = (x_hat - x).ravel()
    return float(difference @ difference)


def _squared_error_gradient(x: Floats, x_hat: Floats, out: Floats, scale: float) -> Floats:
    np.subtract(x_hat, x, out=out)
    out *= 2 * scale
    return out


def _sum_of_cross_entropies(x: Floats, x_hat: Floats) -> float:
    clipped = np.clip(x_hat, _CLIP, 1 - _CLIP)
    return -float(np.sum(x * np.log(clipped) + (1 - x) * np.log1p(-clipped)))


def _cross_entropy_gradient(x: Floats, x_hat: Floats, out: Floats, scale: float) -> Floats:
    clipped = np.clip(x_hat, _CLIP, 1 - _CLIP)
    np.subtract(clipped, x, out=out)
    out /= clipped * (1 - clipped)
    # A clipped output no longer depends on the parameters.
    out *= (x_hat == clipped) * scale
    return out


mean_squared_error = Loss(
    "mean_squared_error",
    value=lambda x, x_hat: _sum_of_squares(x, x_hat) / x.size,
    gradient=lambda x, x_hat, out: _squared_error_gradient(x, x_hat, out, 1 / x.size),
)
r"""Mean over pixels and images: :math:`\frac{1}{nd}\sum_{i,j}(\hat x_{ij}-x_{ij})^2`."""

squared_error_per_image = Loss(
    "squared_error_per_image",
    value=lambda x, x_hat: _sum_of_squares(x, x_hat) / len(x),
    gradient=lambda x, x_hat, out: _squared_error_gradient(x, x_hat, out, 1 / len(x)),
)
r"""Sum over pixels, mean over images: :math:`\frac{1}{n}\sum_{i,j}(\hat x_{ij}-x_{ij})^2`."""

binary_cross_entropy = Loss(
    "binary_cross_entropy",
    value=lambda x, x_hat: _sum_of_cross_entropies(x, x_hat) / x.size,
    gradient=lambda x, x_hat, out: _cross_entropy_gradient(x, x_hat, out, 1 / x.size),
    unit_interval=True,
)
r"""Mean over pixels and images of :math:`-x\log\hat x-(1-x)\log(1-\hat x)`, in nats."""

binary_cross_entropy_per_image = Loss(
    "binary_cross_entropy_per_image",
    value=lambda x, x_hat: _sum_of_cross_entropies(x, x_hat) / len(x),
    gradient=lambda x, x_hat, out: _cross_entropy_gradient(x, x_hat, out, 1 / len(x)),
    unit_interval=True,
)
r"""Sum over pixels, mean over images of :math:`-x\log\hat x-(1-x)\log(1-\hat x)`, in nats."""
