"""Compare plain data with what was expected, and say in words what is different."""

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from aecourse.grading.preview import as_numbers, cut, described, number

__all__ = ["difference"]

# Whole numbers carry no rounding, so the tolerance meant for it would hide a count that is one
# off. A wider tolerance than the questions' default was chosen by an author, and stands.
_DEFAULT_RTOL = 1e-4
_WHOLE_RTOL = 1e-6


def difference(right: Any, given: Any, *, rtol: float, atol: float) -> str | None:
    """Say what is different between an answer and the right one.

    Parameters
    ----------
    right
        Plain data: None, numbers, text, arrays, and tuples, lists and dictionaries of these.
    given
        Plain data of any kind.
    rtol, atol
        How far a number may be off: ``atol + rtol * |right|``. Where the right number is an
        integer and ``rtol`` is at most 1e-4, 1e-6 takes its place.

    Returns
    -------
    str or None
        None if the two are equal. The dtype does not matter, nor whether numbers stand in a list,
        a tuple or an array; shapes must be equal, except that a single number may have shape (1,).
        NaN equals only NaN. Text is compared without its case and the space around it, and a
        dictionary may hold more than was asked for.

    Examples
    --------
    >>> difference(np.eye(2), [[1, 0], [0, 1]], rtol=0, atol=0) is None
    True
    >>> print(difference(np.ones((5, 4)), np.ones((4, 5)), rtol=0, atol=0))
    expected an array of shape (5, 4), got one of shape (4, 5) — transposed?
    >>> print(difference(np.array([0.5, 0.25]), np.array([0.5, 0.56]), rtol=0, atol=0))
    largest difference 0.31 at index 1: expected 0.25, got 0.56
    """
    if isinstance(right, Mapping):
        return _mapping_difference(right, given, rtol=rtol, atol=atol)
    if isinstance(right, tuple | list):
        return _sequence_difference(right, given, rtol=rtol, atol=atol)
    if right is None or isinstance(right, str):
        return _text_difference(right, given)
    if isinstance(right, int) and isinstance(given, int | float):
        return _integer_difference(right, given, rtol=rtol, atol=atol)
    wanted, numbers = np.asarray(right), as_numbers(given)
    if numbers is None:
        return f"expected {described(wanted)}, got {described(given)}"
    return _array_difference(wanted, numbers, rtol=rtol, atol=atol)


def _mapping_difference(
    right: Mapping[str, Any], given: Any, *, rtol: float, atol: float
) -> str | None:
    if not isinstance(given, Mapping):
        return f"expected {described(right)}, got {described(given)}"
    for key, value in right.items():
        if key not in given:
            keys = ", ".join(repr(each) for each in given) or "none"
            return f"expected the key {key!r}, got the keys {cut(keys, 100)}"
        found = difference(value, given[key], rtol=rtol, atol=atol)
        if found is not None:
            return f"under {key!r}: {found}"
    return None


def _sequence_difference(
    right: tuple[Any, ...] | list[Any], given: Any, *, rtol: float, atol: float
) -> str | None:
    entries = list(given) if isinstance(given, np.ndarray) and given.ndim else given
    if not isinstance(entries, tuple | list) or len(entries) != len(right):
        return f"expected {described(right)}, got {described(given)}"
    wanted, numbers = as_numbers(right), as_numbers(given)
    if wanted is not None and numbers is not None and wanted.shape == numbers.shape:
        return _array_difference(wanted, numbers, rtol=rtol, atol=atol)
    for place, (value, other) in enumerate(zip(right, entries, strict=True)):
        found = difference(value, other, rtol=rtol, atol=atol)
        if found is not None:
            return f"in entry {place}: {found}"
    return None


def _text_difference(right: str | None, given: Any) -> str | None:
    if isinstance(right, str) and isinstance(given, str):
        if right.strip().casefold() == given.strip().casefold():
            return None
        return f"expected {cut(repr(right), 100)}, got {cut(repr(given), 100)}"
    if right is None and given is None:
        return None
    return f"expected {described(right)}, got {described(given)}"


def _integer_difference(right: int, given: float, *, rtol: float, atol: float) -> str | None:
    # Fractions, because a number of images or of states may be larger than any float.
    if math.isfinite(given) if isinstance(given, float) else True:
        allowed = Fraction(atol) + Fraction(_tolerance(rtol, whole=True)) * abs(right)
        if abs(Fraction(given) - right) <= allowed:
            return None
    return f"expected {number(right)}, got {number(given)}"


def _array_difference(
    right: npt.NDArray[Any], given: npt.NDArray[Any], *, rtol: float, atol: float
) -> str | None:
    if {right.shape, given.shape} == {(), (1,)}:
        right, given = right.reshape(()), given.reshape(())
    if right.shape != given.shape:
        return f"expected {described(right)}, got {_shape_found(right, given)}"
    rtol = _tolerance(rtol, whole=right.dtype.kind in "biu")
    wanted, numbers = right.astype(np.float64), given.astype(np.float64)
    with np.errstate(all="ignore"):
        wrong = ~np.isclose(numbers, wanted, rtol=rtol, atol=atol, equal_nan=True)
        if not wrong.any():
            return None
        gaps = np.where(wrong, np.abs(numbers - wanted), -1.0)
    unsure = wrong & np.isnan(gaps)
    # An entry that is NaN has no distance, and is the worst that can be.
    place = np.unravel_index(np.argmax(unsure if unsure.any() else gaps), gaps.shape)
    values = _pair(wanted[place], numbers[place])
    if right.shape == ():
        return f"expected {values[0]}, got {values[1]}"
    index = f"index {place[0]}" if len(place) == 1 else f"index {tuple(int(i) for i in place)}"
    if unsure.any():
        return f"{unsure.sum():,} of {right.size:,} entries differ in being NaN, the first at " + (
            f"{index}: expected {values[0]}, got {values[1]}"
        )
    gap = number(float(gaps[place]))
    return f"largest difference {gap} at {index}: expected {values[0]}, got {values[1]}"


def _tolerance(rtol: float, *, whole: bool) -> float:
    return min(rtol, _WHOLE_RTOL) if whole and rtol <= _DEFAULT_RTOL else rtol


def _shape_found(right: npt.NDArray[Any], given: npt.NDArray[Any]) -> str:
    if given.shape == ():
        return f"the single number {number(given.item())}" + (
            " — averaged or summed over too many axes?" if right.ndim else ""
        )
    found = f"one of shape {given.shape}" if right.ndim else f"an array of shape {given.shape}"
    if right.ndim == 2 and given.shape == right.shape[::-1]:
        return f"{found} — transposed?"
    if right.ndim == 0:
        return f"{found} — an average or a sum that is missing?"
    if [n for n in right.shape if n != 1] == [n for n in given.shape if n != 1]:
        few = "is missing: keepdims?" if given.ndim < right.ndim else "too many"
        return f"{found} — an axis of length 1 {few}"
    if right.size == given.size:
        return f"{found} — the same entries in another shape?"
    if given.ndim < right.ndim:
        return f"{found} — an axis is missing"
    if given.ndim > right.ndim:
        return f"{found} — an axis too many"
    return found


def _pair(wanted: Any, given: Any) -> tuple[str, str]:
    """Two numbers with as many digits as it takes to see that they differ."""
    for digits in (4, 6, 9, 13, 17):
        shown = number(float(wanted), digits), number(float(given), digits)
        if shown[0] != shown[1]:
            break
    return shown
