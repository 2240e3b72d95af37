"""Arrays become tensors of the framework in which a learner's function is written."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from aecourse.grading.questions import Framework

__all__ = ["to_framework"]


def to_framework(value: Any, framework: Framework) -> Any:
    """Copy plain data, its arrays as tensors of a framework on the CPU.

    Parameters
    ----------
    value
        None, booleans, numbers, text, arrays, and tuples, lists and dictionaries of these.
    framework
        ``"numpy"``: arrays stay arrays.

    Returns
    -------
    Any
        The same structure; nothing in it shares memory with ``value``.

    Raises
    ------
    ImportError
        If the framework is not installed.

    Examples
    --------
    >>> to_framework({"x": np.zeros(2), "sizes": [2, 1]}, "numpy")
    {'x': array([0., 0.]), 'sizes': [2, 1]}
    """
    return _converted(value, _CONVERTERS[framework]())


def _converted(value: Any, convert: Callable[[Any], Any]) -> Any:
    if isinstance(value, np.ndarray):
        return convert(value)
    if isinstance(value, tuple):
        return tuple(_converted(each, convert) for each in value)
    if isinstance(value, list):
        return [_converted(each, convert) for each in value]
    if isinstance(value, Mapping):
        return {key: _converted(each, convert) for key, each in value.items()}
    return value


def _numpy() -> Callable[[Any], Any]:
    return np.array


def _torch() -> Callable[[Any], Any]:
    import torch

    return lambda array: torch.tensor(array, device="cpu")


def _tensorflow() -> Callable[[Any], Any]:
    import tensorflow as tf

    def convert(array: Any) -> Any:
        with tf.device("/CPU:0"):
            return tf.constant(array)

    return convert


_CONVERTERS: Mapping[str, Callable[[], Callable[[Any], Any]]] = {
    "numpy": _numpy,
    "torch": _torch,
    "tensorflow": _tensorflow,
}
