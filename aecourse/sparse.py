"""What sparse autoencoders of all frameworks share: checks, formulas and a schedule."""

from typing import Literal

import numpy as np
import numpy.typing as npt

from aecourse.architecture import Activation, Weights
from aecourse.validation import (
    check_choice,
    check_fraction,
    check_non_negative,
    check_positive,
    check_positive_integer,
)

__all__ = [
    "SMALLEST",
    "Penalty",
    "centred_weights",
    "check_k",
    "check_penalty",
    "dead_units",
    "kept_units",
    "kl_divergence",
    "sparsity_schedule",
]

Floats = npt.NDArray[np.floating]

Penalty = Literal["kl", "l1"]
"""What a sparse autoencoder adds to its loss."""

SMALLEST = 1e-7
"""Mean activations are clipped to [SMALLEST, 1 - SMALLEST] before their logarithm is taken."""


def check_penalty(penalty: str, weight: float, target: float, code: Activation) -> None:
    """Raise unless the options of a sparse autoencoder fit together.

    Parameters
    ----------
    penalty
        ``"kl"`` or ``"l1"``.
    weight
        Factor of the penalty, at least 0.
    target
        Wanted mean activation, between 0 and 1.
    code
        Activation of the code layer.

    Raises
    ------
    TypeError, ValueError
        If an option is not as described, or ``"kl"`` meets a code that is no probability.
    """
    check_choice("penalty", penalty, ("kl", "l1"))
    check_non_negative("weight", weight)
    check_positive("target", target)
    check_fraction("target", target)
    if penalty == "kl" and code != "sigmoid":
        raise ValueError(
            "expected a sigmoid code for penalty='kl', which takes activations for probabilities, "
            f"got a {code} code — use penalty='l1', or an encoder whose output is sigmoid"
        )


def kl_divergence(target: float, activation: Floats) -> npt.NDArray[np.float64]:
    r"""Return how far coins with given means are from one with a target mean, in nats.

    :math:`\mathrm{KL}(\rho \| \hat\rho) = \rho\log\frac{\rho}{\hat\rho} +
    (1-\rho)\log\frac{1-\rho}{1-\hat\rho}` (Ng, 2011, section 3).

    Parameters
    ----------
    target
        :math:`\rho`, between 0 and 1.
    activation
        :math:`\hat\rho`, any shape; clipped to [1e-7, 1 - 1e-7].

    Returns
    -------
    numpy.ndarray
        Shape of ``activation``; 0 where it equals ``target``, else above.

    Raises
    ------
    ValueError
        If ``target`` does not lie between 0 and 1.

    Examples
    --------
    >>> kl_divergence(0.05, np.array([0.05, 0.5])).round(4)
    array([0.    , 0.4946])
    """
    check_positive("target", target)
    check_fraction("target", target)
    clipped = np.clip(np.asarray(activation, np.float64), SMALLEST, 1 - SMALLEST)
    on = target * np.log(target / clipped)
    off = (1 - target) * np.log((1 - target) / (1 - clipped))
    divergence: npt.NDArray[np.float64] = on + off
    return divergence


def check_k(k: int, alpha: float, n_code: int) -> None:
    """Raise unless a k-sparse autoencoder can keep ``k`` of ``n_code`` units.

    Parameters
    ----------
    k
        Units kept in training.
    alpha
        Factor of ``k`` outside training, at least 1.
    n_code
        Units of the code.

    Raises
    ------
    TypeError, ValueError
        If ``k`` is no integer from 1 to ``n_code``, or ``alpha`` is below 1.
    """
    check_positive_integer("k", k)
    if k > n_code:
        raise ValueError(f"expected k to be at most the code size, {n_code}, got {k}")
    check_positive("alpha", alpha)
    if alpha < 1:
        raise ValueError(
            f"expected alpha to be at least 1, got {alpha!r} — trained with k units, a code needs "
            "as many afterwards"
        )


def kept_units(k: int, alpha: float, n_code: int) -> int:
    """Return how many units a k-sparse code keeps outside training.

    Parameters
    ----------
    k, alpha, n_code
        As in `check_k`.

    Returns
    -------
    int
        The integer next to ``alpha * k``, at most ``n_code``.

    Examples
    --------
    >>> kept_units(25, 3, 1000), kept_units(25, 3, 64)
    (75, 64)
    """
    return min(round(alpha * k), n_code)


def sparsity_schedule(start: int, end: int, epochs: int) -> list[int]:
    """Return k for each epoch: down in equal steps over the first half, then constant.

    With a small k from the start, units that happen to lose are never trained and stay dead
    (Makhzani and Frey, 2013).

    Parameters
    ----------
    start, end
        First and last k, ``start`` the larger.
    epochs
        How many to plan.

    Returns
    -------
    list of int
        One k an epoch.

    Raises
    ------
    TypeError, ValueError
        If a number is no positive integer, or ``start`` is below ``end``.

    Examples
    --------
    >>> sparsity_schedule(100, 20, 8)
    [100, 80, 60, 40, 20, 20, 20, 20]
    """
    for name, value in (("start", start), ("end", end), ("epochs", epochs)):
        check_positive_integer(name, value)
    if start < end:
        raise ValueError(f"expected start to be at least end, {end}, got {start}")
    steps = np.arange(epochs) / max(1, epochs // 2)
    return [round(float(k)) for k in np.maximum(start + (end - start) * steps, end)]


def centred_weights(weights: Weights, mean: Floats) -> Weights:
    r"""Let a tied linear layer start where the mean image has a code of zero, and zero its image.

    With :math:`z = xW + b` and :math:`\hat x = hW^\top + b'` that is :math:`b = -\mu W` and
    :math:`b' = \mu`. With biases of zero, :math:`\mu W` is a large part of every code: it
    decides which units are the largest on most images, and the others are seldom trained (Simon et
    al., 2026).

    Parameters
    ----------
    weights
        What `get_weights` returns for a model of one layer with a tied decoder; unchanged.
    mean
        The mean image :math:`\mu`, shape (n_in,).

    Returns
    -------
    dict
        Arrays for `set_weights`.

    Raises
    ------
    ValueError
        If the weights are not those of such a model, or the mean does not fit.

    Examples
    --------
    >>> weights = {"encoder.0.weight": np.ones((2, 1)), "encoder.0.bias": np.zeros(1)}
    >>> weights["decoder.0.bias"] = np.zeros(2)
    >>> centred_weights(weights, np.array([0.5, 1.5]))["encoder.0.bias"]
    array([-2.])
    """
    names = ["encoder.0.weight", "encoder.0.bias", "decoder.0.bias"]
    if sorted(weights) != sorted(names):
        raise ValueError(f"expected weights of one tied layer, {names}, got {list(weights)}")
    w, b, b_back = (weights[name] for name in names)
    if mean.shape != b_back.shape:
        raise ValueError(f"expected a mean of shape {b_back.shape}, got {mean.shape}")
    values = (w.copy(), (-mean @ w).astype(b.dtype), mean.astype(b_back.dtype))
    return dict(zip(names, values, strict=True))


def dead_units(codes: Floats, *, spread: float = 0.01) -> int:
    """Count units that tell the decoder nothing: they answer alike to every image.

    Parameters
    ----------
    codes
        Shape (n, n_code), of many different images.
    spread
        A unit whose standard deviation over the images lies below is dead.

    Returns
    -------
    int
        How many.

    Raises
    ------
    ValueError
        If ``codes`` is no matrix with at least two rows.

    Examples
    --------
    >>> dead_units(np.array([[0.0, 0.3], [0.9, 0.3]]))
    1
    """
    if codes.ndim != 2 or len(codes) < 2:
        raise ValueError(
            f"expected codes of shape (n, n_code) with n at least 2, got {codes.shape}"
        )
    return int(np.sum(codes.std(axis=0) < spread))
