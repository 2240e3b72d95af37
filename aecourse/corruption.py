"""Damage to images, the same for the same seed and in every framework."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from aecourse.validation import check_choice, check_non_negative

__all__ = ["Corruption", "CorruptionKind", "corrupt"]

Floats = npt.NDArray[np.floating]

CorruptionKind = Literal["gaussian", "masking", "salt_and_pepper"]
"""Kinds of damage."""


@dataclass(frozen=True)
class Corruption:
    r"""A way to damage images at random (Vincent et al., 2010, section 3.3).

    Every kind is one formula, :math:`\tilde x = m \odot x + a`, with drawn :math:`m` and
    :math:`a`: what is kept of a pixel, and what is added to it. So NumPy draws, and any framework
    applies.

    Parameters
    ----------
    kind
        ``"gaussian"``: add noise from N(0, amount²) to each pixel. ``"masking"``: set each pixel to
        0 with probability ``amount``. ``"salt_and_pepper"``: set each pixel to 0 or 1, with
        probability ``amount / 2`` each.
    amount
        Standard deviation of the noise, or probability of damage.

    Raises
    ------
    TypeError, ValueError
        If ``kind`` is unknown, or ``amount`` is negative or no probability where it has to be one.

    Examples
    --------
    >>> masking = Corruption("masking", 0.5)
    >>> noise = masking.draw(np.random.default_rng(0), (1, 5))
    >>> masking.apply(np.ones((1, 5)), noise)
    array([[1., 0., 0., 0., 1.]])
    """

    kind: CorruptionKind
    amount: float

    def __post_init__(self) -> None:
        check_choice("kind", self.kind, ("gaussian", "masking", "salt_and_pepper"))
        check_non_negative("amount", self.amount)
        if self.kind != "gaussian" and self.amount > 1:
            raise ValueError(
                f"expected amount to be a probability for {self.kind!r}, got {self.amount!r}"
            )

    def draw(self, rng: np.random.Generator, shape: tuple[int, int]) -> npt.NDArray[np.float64]:
        """Draw the damage for images, one row each.

        Parameters
        ----------
        rng
            Where the random numbers come from.
        shape
            Number of images and of pixels, (n, d).

        Returns
        -------
        numpy.ndarray
            Shape (n, 2, d): for each image what is kept of its pixels, and what is added.
        """
        n, d = shape
        noise = np.empty((n, 2, d))
        kept, added = noise[:, 0], noise[:, 1]
        if self.kind == "gaussian":
            kept[...] = 1
            added[...] = self.amount * rng.standard_normal(shape)
        else:
            drawn = rng.random(shape)
            kept[...] = drawn >= self.amount
            added[...] = (drawn < self.amount / 2) if self.kind == "salt_and_pepper" else 0
        return noise

    def apply(self, batch: Any, noise: Any) -> Any:
        """Damage images.

        Parameters
        ----------
        batch
            Images, shape (n, d): an array or a tensor; unchanged.
        noise
            What `draw` gave, as an array or a tensor of the same framework and precision.

        Returns
        -------
        array or tensor
            Damaged images, shape (n, d).
        """
        return batch * noise[:, 0] + noise[:, 1]


def corrupt(x: Floats, *, kind: CorruptionKind, amount: float, seed: int) -> Floats:
    """Damage images once, with a seed (Vincent et al., 2010, section 3.3).

    Parameters
    ----------
    x
        Images with values in [0, 1], any shape; unchanged.
    kind, amount
        How, and how much: see `Corruption`.
    seed
        Seed of NumPy's default generator.

    Returns
    -------
    numpy.ndarray
        A damaged copy, of the shape and dtype of ``x``. Gaussian noise can leave [0, 1].

    Raises
    ------
    TypeError, ValueError
        If ``x`` holds no floats, ``kind`` is unknown, or ``amount`` does not fit ``kind``.

    Examples
    --------
    >>> corrupt(np.ones((1, 5)), kind="masking", amount=0.5, seed=0)
    array([[1., 0., 0., 0., 1.]])
    """
    if not np.issubdtype(x.dtype, np.floating):
        raise TypeError(f"expected x to hold floats, got dtype {x.dtype} — use x / 255")
    corruption = Corruption(kind, amount)
    pixels = x.reshape(1, -1)
    noise = corruption.draw(np.random.default_rng(seed), (1, x.size))
    damaged: Floats = corruption.apply(pixels, noise.astype(x.dtype))
    return damaged.reshape(x.shape)
