"""Plain data in a few words: previews, kinds and numbers for sentences."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["as_numbers", "cut", "described", "kind_of", "number", "preview"]

_PREVIEW = 300
_FEW = 12
# What fits into an integer of NumPy.
_BITS = 63
_NUMBERS = {bool, int, float}


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
    if not _only_numbers(value):
        return None
    if isinstance(value, int) and value.bit_length() > _BITS:
        largest = math.inf if value > 0 else -math.inf
        return np.asarray(float(value) if value.bit_length() < 1024 else largest)
    try:
        array = np.asarray(value)
    except (ValueError, OverflowError):
        return None
    return array if array.dtype.kind in "biuf" else None


def _only_numbers(value: Any) -> bool:
    # Asked first: of a long list with one long text, NumPy makes an array that fills the memory.
    if isinstance(value, list | tuple):
        return set(map(type, value)) <= _NUMBERS or all(map(_only_numbers, value))
    return isinstance(value, np.ndarray | np.generic | bool | int | float)


def kind_of(value: Any) -> str:
    """Say what kind of data something is, without a number of it.

    Parameters
    ----------
    value
        Plain data of any kind.

    Returns
    -------
    str
        Such as ``"a number"`` or ``"an array with 2 axes"``.

    Examples
    --------
    >>> kind_of(np.float32(1)), kind_of([1, 2]), kind_of("relu"), kind_of((np.eye(2), "relu"))
    ('a number', 'an array with 1 axis', 'text', '2 values')
    """
    if value is None or isinstance(value, str):
        return "nothing (None)" if value is None else "text"
    if isinstance(value, Mapping):
        return "a dictionary"
    numbers = as_numbers(value)
    if numbers is not None:
        axes = "axis" if numbers.ndim == 1 else "axes"
        single = numbers.shape in ((), (1,))
        return "a number" if single else f"an array with {numbers.ndim} {axes}"
    if isinstance(value, tuple | list):
        return f"{len(value)} values"
    return f"a value of type {type(value).__name__}"


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


def described(value: Any) -> str:
    """Say what something is, as part of a sentence.

    Parameters
    ----------
    value
        Plain data of any kind.

    Returns
    -------
    str
        Such as ``"an array of shape (5, 4)"``.

    Examples
    --------
    >>> described(np.ones((5, 4))), described(0.5), described("relu")
    ('an array of shape (5, 4)', 'the number 0.5', "the text 'relu'")
    """
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
        shown = number(value.item() if hasattr(value, "item") else value)
        return shown if shown.startswith("an ") else f"the number {shown}"
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
        return number(value.item())
    if isinstance(value, Mapping):
        parts = [f"{cut(repr(key), 40)}: {_shown(each)}" for key, each in _first(value.items())]
        return "{" + ", ".join(parts) + (", …" if len(value) > _FEW else "") + "}"
    if isinstance(value, tuple | list):
        shown = ", ".join(_shown(each) for each in _first(value))
        # Cut at each level, or a deep list of lists becomes a long text.
        shown = cut(shown, _PREVIEW) + (", …" if len(value) > _FEW else "")
        if isinstance(value, list):
            return f"[{shown}]"
        return f"({shown},)" if len(value) == 1 else f"({shown})"
    if isinstance(value, bool | int | float) and value is not None:
        return number(value)
    if value is None or isinstance(value, str):
        return cut(repr(value), _PREVIEW)
    return f"a value of type {type(value).__name__}"


def _first(values: Any) -> list[Any]:
    return [each for each, _ in zip(values, range(_FEW), strict=False)]


def _shown_array(array: npt.NDArray[Any]) -> str:
    if array.ndim == 0:
        return number(array.item())
    if array.size <= _FEW:
        return _listed(array.tolist())
    with np.errstate(all="ignore"):
        # No copy in another type: a small type may hold many numbers.
        values = array.min(), array.max(), array.mean(dtype=np.float64)
    found = [number(float(value)) for value in values]
    return f"an array of shape {array.shape} from {found[0]} to {found[1]}, mean {found[2]}"


def _listed(values: Any) -> str:
    if isinstance(values, list):
        return "[" + ", ".join(_listed(each) for each in values) + "]"
    return number(values)


def number(value: float, digits: int = 4) -> str:
    """Write a number shortly.

    Parameters
    ----------
    value
        Any.
    digits
        How many digits that count.

    Returns
    -------
    str
        Integers whole, with commas, unless they are very long.

    Examples
    --------
    >>> number(1 / 3), number(401_936), number(2**784)
    ('0.3333', '401,936', 'an integer of 237 digits')
    """
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        return (
            f"{value:,}" if value.bit_length() < 200 else f"an integer of {_digits(value):,} digits"
        )
    return "NaN" if math.isnan(value) else f"{value:.{digits}g}"


def _digits(value: int) -> int:
    # Without `str`: Python refuses to write out integers of more than 4,300 digits.
    return int(value.bit_length() * math.log10(2)) + 1
