"""The Jacobian of one layer in closed form, free of any framework."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from aecourse.architecture import Activation
from aecourse.validation import check_choice

__all__ = ["check_contractive", "check_one_layer", "frobenius_norms"]

Floats = npt.NDArray[np.floating]


class _Layer(Protocol):
    @property
    def activation(self) -> Activation: ...


def check_one_layer(encoder: Sequence[_Layer]) -> None:
    """Raise ``ValueError`` unless an encoder has one layer: only then is its Jacobian closed."""
    if len(encoder) != 1:
        raise ValueError(
            f"expected an encoder of one layer, got {len(encoder)} — the closed form of the "
            "Jacobian holds for one layer; stack one-layer models, or differentiate automatically"
        )


def check_contractive(encoder: Sequence[_Layer]) -> None:
    """Raise ``ValueError`` unless an encoder is one sigmoid layer."""
    check_one_layer(encoder)
    if encoder[0].activation != "sigmoid":
        raise ValueError(
            "expected a sigmoid code for the contractive penalty, got a "
            f"{encoder[0].activation} code — the penalty weighs the slope a(1 − a) of sigmoids"
        )


def frobenius_norms(codes: Floats, weight: Floats, activation: Activation) -> Floats:
    r"""Return the Frobenius norm of a layer's Jacobian at each image.

    For :math:`h = \sigma(xW + b)` the Jacobian is :math:`\partial h_j/\partial x_i =
    \sigma'(z_j) W_{ij}`, so :math:`\|J\|_F^2 = \sum_j \sigma'(z_j)^2 \sum_i W_{ij}^2` (Rifai et
    al., 2011). The slope is known from :math:`h` alone.

    Parameters
    ----------
    codes
        What the layer gave, shape (n, n_out).
    weight
        Its weights, shape (n_in, n_out).
    activation
        Its activation.

    Returns
    -------
    numpy.ndarray
        Shape (n,).

    Raises
    ------
    ValueError
        If the shapes do not fit or the activation is unknown.

    Examples
    --------
    >>> frobenius_norms(np.array([[0.5, 0.5]]), np.array([[3.0, 4.0]]), "sigmoid")
    array([1.25])
    """
    check_choice("activation", activation, ("sigmoid", "relu", "linear"))
    if codes.ndim != 2 or weight.ndim != 2 or codes.shape[1] != weight.shape[1]:
        raise ValueError(
            "expected codes of shape (n, n_out) and weight of shape (n_in, n_out), got "
            f"{codes.shape} and {weight.shape}"
        )
    if activation == "sigmoid":
        slope = codes * (1 - codes)
    elif activation == "relu":
        slope = (codes > 0).astype(codes.dtype)
    else:
        slope = np.ones_like(codes)
    norms: Floats = np.sqrt(slope**2 @ (weight**2).sum(axis=0))
    return norms
