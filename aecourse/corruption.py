"""Damage to images, the same for the same seed."""

from typing import Literal

import numpy as np
import numpy.typing as npt

from aecourse.validation import check_choice, check_non_negative

__all__ = ["Corruption", "corrupt"]

Floats = npt.NDArray[np.floating]

Corruption = Literal["gaussian", "masking", "salt_and_pepper"]
"""Kinds of damage."""


def corrupt(x: Floats, *, kind: Corruption, amount: float, seed: int) -> Floats:
    """Damage images at random (Vincent et al., 2010, section 3.3).

    Parameters
    ----------
    x
        Images with values in [0, 1], any shape; unchanged.
    kind
        ``"gaussian"``: add noise from N(0, amount²) to each pixel. ``"masking"``: set each pixel to
        0 with probability ``amount``. ``"salt_and_pepper"``: set each pixel to 0 or 1, with
        probability ``amount / 2`` each.
    amount
        Standard deviation of the noise, or probability of damage.
    seed
        Seed of NumPy's default generator.

    Returns
    -------
    numpy.ndarray
        A damaged copy, of the shape and dtype of ``x``. Gaussian noise can leave [0, 1].

    Raises
    ------
    TypeError, ValueError
        If ``kind`` is unknown, or ``amount`` is negative or no probability where it has to be one.

    Examples
    --------
    >>> corrupt(np.ones((1, 5)), kind="masking", amount=0.5, seed=0)
    array([[1., 0., 0., 0., 1.]])
    """
    check_choice("kind", kind, ("gaussian", "masking", "salt_and_pepper"))
    check_non_negative("amount", amount)
    if kind != "gaussian" and amount > 1:
        raise ValueError(f"expected amount to be a probability for {kind!r}, got {amount!r}")
    rng = np.random.default_rng(seed)
    if kind == "gaussian":
        return (x + amount * rng.standard_normal(x.shape)).astype(x.dtype)
    drawn = rng.random(x.shape)
    damaged = np.where(drawn < amount, 0, x)
    if kind == "salt_and_pepper":
        damaged = np.where(drawn < amount / 2, 1, damaged)
    return damaged.astype(x.dtype)
