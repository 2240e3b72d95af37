"""Checks of arguments that the three frameworks share, with errors that say what to do."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "check_choice",
    "check_fraction",
    "check_images",
    "check_loss_fits_output",
    "check_matrix",
    "check_model",
    "check_no_noise",
    "check_noise",
    "check_non_negative",
    "check_open_unit",
    "check_positive",
    "check_positive_integer",
    "check_sizes",
]

_ROWS_PER_CHUNK = 8192


def check_choice(name: str, value: object, choices: Sequence[str]) -> None:
    """Raise ``ValueError`` unless ``value`` is one of ``choices``."""
    if value not in choices:
        listed = ", ".join(repr(choice) for choice in choices)
        raise ValueError(f"expected {name} to be one of {listed}, got {value!r}")


def _check_number(name: str, value: object, expected: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise TypeError(f"expected {name} to be {expected}, got {value!r}")
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"expected {name} to be {expected}, got {value!r}")
    return number


def check_positive(name: str, value: object) -> None:
    """Raise unless ``value`` is a finite number above zero."""
    if _check_number(name, value, "a number above 0") <= 0:
        raise ValueError(f"expected {name} to be a number above 0, got {value!r}")


def check_non_negative(name: str, value: object) -> None:
    """Raise unless ``value`` is a finite number of at least zero."""
    if _check_number(name, value, "a number of at least 0") < 0:
        raise ValueError(f"expected {name} to be a number of at least 0, got {value!r}")


def check_fraction(name: str, value: object) -> None:
    """Raise unless ``value`` lies in [0, 1)."""
    if not 0 <= _check_number(name, value, "a number in [0, 1)") < 1:
        raise ValueError(f"expected {name} to be a number in [0, 1), got {value!r}")


def check_open_unit(name: str, value: object) -> None:
    """Raise unless ``value`` lies between 0 and 1, both excluded."""
    if not 0 < _check_number(name, value, "a number between 0 and 1") < 1:
        raise ValueError(f"expected {name} to be a number between 0 and 1, got {value!r}")


def check_positive_integer(name: str, value: object) -> None:
    """Raise unless ``value`` is an integer of at least one."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"expected {name} to be an integer of at least 1, got {value!r}")
    if value < 1:
        raise ValueError(f"expected {name} to be an integer of at least 1, got {value!r}")


def check_sizes(sizes: Sequence[int]) -> tuple[int, ...]:
    """Return ``sizes`` as a tuple of at least two positive integers, or raise."""
    if isinstance(sizes, int | np.integer):
        raise TypeError(
            f"expected sizes to be a sequence such as (784, 256), got the integer {sizes} — "
            "name the input size and the code size"
        )
    sizes = tuple(sizes)
    if len(sizes) < 2:
        raise ValueError(
            "expected sizes to name at least the input and the code, such as (784, 256), "
            f"got {sizes}"
        )
    for position, size in enumerate(sizes):
        check_positive_integer(f"sizes[{position}]", size)
    return tuple(int(size) for size in sizes)


def check_loss_fits_output(loss: str, output: str) -> None:
    """Raise ``ValueError`` unless a loss for values in (0, 1) meets a sigmoid output."""
    if output != "sigmoid":
        raise ValueError(
            f"expected a model with output='sigmoid' for the loss {loss}, got output={output!r} — "
            "use mean_squared_error, or a sigmoid output"
        )


def check_images(
    name: str, x: Any, n_in: int, *, unit_interval: bool = False
) -> npt.NDArray[np.floating]:
    """Return ``x`` unchanged if a model with ``n_in`` inputs can take it, or raise.

    Parameters
    ----------
    name
        What the caller calls the argument; the error begins with it.
    x
        The candidate: floating-point, shape (n, ``n_in``), n at least 1, finite.
    n_in
        Number of inputs of the model.
    unit_interval
        Whether every value must lie in [0, 1], as a sigmoid output and the binary
        cross-entropy require.

    Returns
    -------
    numpy.ndarray
        ``x`` itself: nothing is copied, so a memory-mapped array stays on disk.

    Raises
    ------
    TypeError
        If ``x`` is no NumPy array of float32 or float64.
    ValueError
        If its shape or its values do not fit.
    """
    expected = f"expected {name} to be a float32 or float64 array of shape (n, {n_in})"
    if not isinstance(x, np.ndarray):
        raise TypeError(f"{expected}, got {type(x).__name__} — convert it with numpy.asarray")
    if x.dtype not in (np.float32, np.float64):
        hint = "x.astype('float32') / 255" if x.dtype == np.uint8 else "x.astype('float32')"
        raise TypeError(f"{expected}, got dtype {x.dtype} — use {hint}")
    if x.ndim == 1 and x.shape[0] == n_in:
        raise ValueError(f"{expected}, got shape {x.shape} — pass {name}[None, :]")
    if x.ndim > 2 and math.prod(x.shape[1:]) == n_in:
        raise ValueError(f"{expected}, got shape {x.shape} — pass {name}.reshape(len({name}), -1)")
    if x.ndim != 2 or x.shape[1] != n_in:
        raise ValueError(f"{expected}, got shape {x.shape} — the model has {n_in} inputs")
    if len(x) == 0:
        raise ValueError(f"{expected} with at least one row, got shape {x.shape}")
    _check_values(name, x, unit_interval=unit_interval)
    return x


def check_matrix(name: str, x: Any) -> None:
    """Raise unless ``x`` is a float32 or float64 array (n, d) of finite numbers, n at least 1."""
    if not isinstance(x, np.ndarray) or x.ndim != 2:
        got = f"shape {x.shape}" if isinstance(x, np.ndarray) else type(x).__name__
        raise ValueError(
            f"expected {name} to be an array of shape (n, d), one image a row, got {got} — "
            f"convert it with numpy.asarray, and reshape it to (len({name}), -1)"
        )
    check_images(name, x, x.shape[1])


def check_model(model: object, kind: type) -> None:
    """Raise ``TypeError`` unless ``model`` is an object of the class ``kind``."""
    if not isinstance(model, kind):
        raise TypeError(
            f"expected model to be an {kind.__module__}.{kind.__name__}, got "
            f"{type(model).__module__}.{type(model).__name__} — use the functions of the module "
            "that made it"
        )


def check_noise(noise: object) -> None:
    """Raise ``TypeError`` if an objective that needs noise got none."""
    if noise is None:
        raise TypeError(
            "expected noise for a random objective, got None — call minimise(model, x, "
            "noise=model.noise)"
        )


def check_no_noise(noise: object) -> None:
    """Raise ``TypeError`` if an objective without randomness got noise."""
    if noise is not None:
        raise TypeError(
            "expected no noise, since nothing in this objective is random, got "
            f"{type(noise).__name__} — call minimise without noise"
        )


def _check_values(name: str, x: npt.NDArray[np.floating], *, unit_interval: bool) -> None:
    # In chunks, so that a memory-mapped array never has to fit into memory.
    for start in range(0, len(x), _ROWS_PER_CHUNK):
        chunk = x[start : start + _ROWS_PER_CHUNK]
        low, high = float(chunk.min()), float(chunk.max())
        if not (math.isfinite(low) and math.isfinite(high)):
            row = start + int(np.argmin(np.isfinite(chunk).all(axis=1)))
            raise ValueError(
                f"expected {name} to hold finite numbers, got NaN or infinity in row {row} — "
                "remove or repair such rows first"
            )
        if unit_interval and (low < 0 or high > 1):
            raise ValueError(
                f"expected {name} to hold values in [0, 1], got values from {low:.6g} to "
                f"{high:.6g} — scale the pixels (x / 255), or use output='linear' with the "
                "mean squared error"
            )
