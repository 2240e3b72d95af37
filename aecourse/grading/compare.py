"""Compare plain data with what was expected, and say in words what is different."""

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["as_numbers", "cut", "difference", "preview"]

_PREVIEW = 300
_FEW = 12
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
        return f"expected {_described(wanted)}, got {_described(given)}"
    return _array_difference(wanted, numbers, rtol=rtol, atol=atol)


def preview(value: Any, *, limit: int = _PREVIEW) -> str:
    """Show plain data in a line.

    Parameters
    ----------
    value
        Plain data of any size.
    limit
        Largest number of characters.

    Returns
    -------
    str
        Small arrays whole; of large ones the shape, the range and the mean.

    Examples
    --------
    >>> preview((0.25, np.arange(100.0)))
    '(0.25, an array of shape (100,) from 0 to 99, mean 49.5)'
    """
    text = _shown(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def as_numbers(value: Any) -> npt.NDArray[Any] | None:
    """Make an array of an array, a number, or regularly nested lists of numbers.

    Parameters
    ----------
    value
        Plain data of any kind.

    Returns
    -------
    ndarray or None
        None if ``value`` is something else, such as text or a ragged list.

    Examples
    --------
    >>> as_numbers([[1, 2], [3, 4]]).shape, as_numbers([[1, 2], [3]])
    ((2, 2), None)
    """
    if not isinstance(value, np.ndarray | np.generic | bool | int | float | list | tuple):
        return None
    try:
        array = np.asarray(value)
    except (ValueError, OverflowError):
        return None
    return array if array.dtype.kind in "biuf" else None


def cut(text: str, limit: int) -> str:
    """Shorten text.

    Parameters
    ----------
    text
        Any.
    limit
        Largest number of characters.

    Returns
    -------
    str
        With an ellipsis where something is left out.

    Examples
    --------
    >>> cut("autoencoder", 5)
    'auto…'
    """
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _mapping_difference(
    right: Mapping[str, Any], given: Any, *, rtol: float, atol: float
) -> str | None:
    if not isinstance(given, Mapping):
        return f"expected {_described(right)}, got {_described(given)}"
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
    if isinstance(given, np.ndarray) and given.ndim:
        given = list(given)
    if not isinstance(given, tuple | list) or len(given) != len(right):
        return f"expected {_described(right)}, got {_described(given)}"
    wanted, numbers = as_numbers(right), as_numbers(given)
    if wanted is not None and numbers is not None and wanted.shape == numbers.shape:
        return _array_difference(wanted, numbers, rtol=rtol, atol=atol)
    for place, (value, other) in enumerate(zip(right, given, strict=True)):
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
    return f"expected {_described(right)}, got {_described(given)}"


def _integer_difference(right: int, given: float, *, rtol: float, atol: float) -> str | None:
    # Fractions, because a number of images or of states may be larger than any float.
    if math.isfinite(given) if isinstance(given, float) else True:
        allowed = Fraction(atol) + Fraction(_tolerance(rtol, whole=True)) * abs(right)
        if abs(Fraction(given) - right) <= allowed:
            return None
    return f"expected {_number(right)}, got {_number(given)}"


def _array_difference(
    right: npt.NDArray[Any], given: npt.NDArray[Any], *, rtol: float, atol: float
) -> str | None:
    if {right.shape, given.shape} == {(), (1,)}:
        right, given = right.reshape(()), given.reshape(())
    if right.shape != given.shape:
        return f"expected {_described(right)}, got {_shape_found(right, given)}"
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
    gap = _number(float(gaps[place]))
    return f"largest difference {gap} at {index}: expected {values[0]}, got {values[1]}"


def _tolerance(rtol: float, *, whole: bool) -> float:
    return min(rtol, _WHOLE_RTOL) if whole and rtol <= _DEFAULT_RTOL else rtol


def _shape_found(right: npt.NDArray[Any], given: npt.NDArray[Any]) -> str:
    if given.shape == ():
        return f"the single number {_number(given.item())}" + (
            " — averaged or summed over too many axes?" if right.ndim else ""
        )
    found = f"one of shape {given.shape}" if right.ndim else f"an array of shape {given.shape}"
    if right.ndim == 2 and given.shape == right.shape[::-1]:
        return f"{found} — transposed?"
    if right.ndim == 0:
        return f"{found} — an average or a sum that is missing?"
    if right.size == given.size:
        return f"{found} — the same entries in another shape?"
    if given.ndim < right.ndim:
        return f"{found} — an axis is missing"
    if given.ndim > right.ndim:
        return f"{found} — an axis too many"
    return found


def _described(value: Any) -> str:
    if value is None:
        return "nothing (None)"
    if isinstance(value, str):
        return f"the text {cut(repr(value), 60)}"
    if isinstance(value, Mapping):
        keys = ", ".join(repr(key) for key in value) or "none"
        return f"a dictionary with the keys {cut(keys, 100)}"
    if isinstance(value, tuple | list):
        kind = "tuple" if isinstance(value, tuple) else "list"
        ragged = "" if as_numbers(value) is not None else _kinds(value)
        return f"a {kind} of {len(value):,}{ragged}"
    if isinstance(value, np.ndarray) and value.ndim:
        return f"an array of shape {value.shape}"
    if isinstance(value, np.ndarray | np.generic | bool | int | float):
        return f"the number {_number(value.item() if hasattr(value, 'item') else value)}"
    return f"a value of type {type(value).__name__}"


def _kinds(values: tuple[Any, ...] | list[Any]) -> str:
    if not values:
        return ""
    names = [
        "None"
        if each is None
        else "text"
        if isinstance(each, str)
        else f"shape {np.shape(numbers)}"
        if (numbers := as_numbers(each)) is not None
        else type(each).__name__
        for each in values[:4]
    ]
    return f" ({', '.join(names)}{', …' if len(values) > 4 else ''})"


def _shown(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return _shown_array(value)
    if isinstance(value, np.generic):
        return _number(value.item())
    if isinstance(value, Mapping):
        parts = [f"{cut(repr(key), 40)}: {_shown(each)}" for key, each in _first(value.items())]
        return "{" + ", ".join(parts) + (", …" if len(value) > _FEW else "") + "}"
    if isinstance(value, tuple | list):
        shown = ", ".join(_shown(each) for each in _first(value))
        shown += ", …" if len(value) > _FEW else ""
        if isinstance(value, list):
            return f"[{shown}]"
        return f"({shown},)" if len(value) == 1 else f"({shown})"
    if isinstance(value, bool | int | float) and value is not None:
        return _number(value)
    if value is None or isinstance(value, str):
        return cut(repr(value), _PREVIEW)
    return f"a value of type {type(value).__name__}"


def _first(values: Any) -> list[Any]:
    return [each for each, _ in zip(values, range(_FEW), strict=False)]


def _shown_array(array: npt.NDArray[Any]) -> str:
    if array.ndim == 0:
        return _number(array.item())
    if array.size <= _FEW:
        return _listed(array.tolist())
    with np.errstate(all="ignore"):
        numbers = array.astype(np.float64)
        found = [_number(float(f(numbers))) for f in (np.min, np.max, np.mean)]
    return f"an array of shape {array.shape} from {found[0]} to {found[1]}, mean {found[2]}"


def _listed(values: Any) -> str:
    if isinstance(values, list):
        return "[" + ", ".join(_listed(each) for each in values) + "]"
    return _number(values)


def _pair(wanted: Any, given: Any) -> tuple[str, str]:
    """Two numbers with as many digits as it takes to see that they differ."""
    for digits in (4, 6, 9, 13, 17):
        shown = _number(float(wanted), digits), _number(float(given), digits)
        if shown[0] != shown[1]:
            break
    return shown


def _number(value: float, digits: int = 4) -> str:
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        return (
            f"{value:,}"
            if value.bit_length() < 200
            else f"a whole number of {_digits(value):,} digits"
        )
    return "NaN" if math.isnan(value) else f"{value:.{digits}g}"


def _digits(value: int) -> int:
    # Without `str`: Python refuses to write out integers of more than 4,300 digits.
    return int(value.bit_length() * math.log10(2)) + 1
