"""Plain data between the judge and a student's process: encoded as JSON, decoded with suspicion."""

import base64
import binascii
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["MAX_DEPTH", "MAX_ENTRIES", "decode", "encode"]

MAX_DEPTH = 6
"""How deep tuples, lists and dictionaries may be nested."""

MAX_ENTRIES = 200_000
"""How many entries all tuples, lists and dictionaries of one value may have together."""

_MAX_BYTES = 16 * 2**20
# 256**784, the number of images of MNIST's kind, has 6,273 bits.
_MAX_BITS = 8192
_MAX_AXES = 16
_MAX_AXIS = 2**26
_DTYPES = frozenset(
    [
        *("bool", "float16", "float32", "float64"),
        *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    ]
)
_NOT_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def encode(value: Any, *, max_bytes: int = _MAX_BYTES) -> dict[str, Any]:
    """Turn plain data into objects that `json.dumps` accepts.

    Parameters
    ----------
    value
        None, a boolean, a number, text, an array, a tensor of any framework, or tuples, lists,
        ranges and text-keyed dictionaries of these, at most 6 deep. Numbers of NumPy become
        Python's. Tensors become arrays; so do objects with ``__array__``. An array of text or of
        objects becomes a list.
    max_bytes
        How many bytes the arrays and the text may have together.

    Returns
    -------
    dict
        For `decode`.

    Raises
    ------
    ValueError
        If ``value`` is none of these, or too large; the message says which part.

    Examples
    --------
    >>> encode((1, "two"))
    {'value': {'kind': 'tuple', 'items': [1, 'two']}}
    """
    return {"value": _Encoder(max_bytes).node(value, depth=0)}


def decode(data: object, *, max_bytes: int = _MAX_BYTES) -> Any:
    """Turn what `encode` made back into new plain objects, or refuse it.

    Nothing about ``data`` is trusted: it may come from a process that runs hostile code.

    Parameters
    ----------
    data
        What `json.loads` returned.
    max_bytes
        How many bytes the arrays and the text may have together.

    Returns
    -------
    Any
        None, bool, int, float, str, a writable array, or tuples, lists and dictionaries of these.

    Raises
    ------
    ValueError
        If ``data`` is anything else; the message says what.

    Examples
    --------
    >>> decode(encode({"loss": np.float32(0.5), "x": np.eye(2)}))
    {'loss': 0.5, 'x': array([[1., 0.],
           [0., 1.]])}
    """
    if not isinstance(data, dict) or set(data) != {"value"}:
        raise ValueError("expected data made by encode, got something else")
    return _Decoder(max_bytes).node(data["value"], depth=0)


class _Counter:
    def __init__(self, max_bytes: int) -> None:
        self.entries = 0
        self.left = max_bytes
        self.max_bytes = max_bytes

    def count(self, entries: int, depth: int) -> None:
        if depth >= MAX_DEPTH:
            raise ValueError(f"expected lists and dictionaries at most {MAX_DEPTH} deep, got more")
        self.entries += entries
        if self.entries > MAX_ENTRIES:
            raise ValueError(
                f"expected at most {MAX_ENTRIES:,} entries in lists and dictionaries, got more — "
                "return an array"
            )

    def spend(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise ValueError(
                f"expected at most {self.max_bytes:,} bytes of plain data, got more — "
                "return less, for example a mean instead of all values"
            )


class _Encoder(_Counter):
    def node(self, value: Any, *, depth: int) -> Any:
        if value is None or isinstance(value, bool | np.bool):
            return None if value is None else bool(value)
        if isinstance(value, int | np.integer):
            return _checked_integer(int(value))
        if isinstance(value, float | np.floating):
            number = float(value)
            return number if math.isfinite(number) else {"kind": "float", "text": str(number)}
        if isinstance(value, str):
            self.spend(len(value))
            return _checked_text(str(value))
        if isinstance(value, tuple):
            return {"kind": "tuple", "items": self.items(value, depth)}
        if isinstance(value, list | range):
            return self.items(value, depth)
        if isinstance(value, Mapping):
            return {"kind": "dict", "items": self.entries_of(value, depth)}
        return self.array(_as_array(value), depth)

    def items(self, values: Any, depth: int) -> list[Any]:
        self.count(len(values), depth)
        return [self.node(value, depth=depth + 1) for value in values]

    def entries_of(self, values: Mapping[Any, Any], depth: int) -> list[Any]:
        self.count(len(values), depth)
        for key in values:
            if not isinstance(key, str):
                raise ValueError(f"expected text as keys of a dictionary, got {_kind(key)}")
        return [
            [_checked_text(str(key)), self.node(value, depth=depth + 1)]
            for key, value in values.items()
        ]

    def array(self, values: npt.NDArray[Any], depth: int) -> Any:
        if values.dtype.kind in "UO":
            if values.ndim == 0:
                if isinstance(values.item(), np.ndarray):
                    raise ValueError("expected plain data, got an array that holds itself")
                return self.node(values.item(), depth=depth + 1)
            return self.items(values.tolist(), depth)
        if values.dtype.kind in "fV" and values.dtype.name not in _DTYPES:
            # bfloat16 of the frameworks has kind V; long doubles differ between machines.
            values = _to_float(values)
        if values.dtype.name not in _DTYPES:
            raise ValueError(f"expected an array of numbers, got one of {values.dtype.name}")
        self.spend(values.nbytes)
        little = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
        return {
            "kind": "array",
            "dtype": values.dtype.name,
            "shape": list(values.shape),
            "bytes": base64.b64encode(little.tobytes()).decode("ascii"),
        }


class _Decoder(_Counter):
    def node(self, data: object, *, depth: int) -> Any:
        if data is None or isinstance(data, bool | float):
            return data
        if isinstance(data, int):
            return _checked_integer(data)
        if isinstance(data, str):
            self.spend(len(data))
            return _checked_text(data)
        if isinstance(data, list):
            return self.items(data, depth)
        if isinstance(data, dict):
            return self.tagged(data, depth)
        raise ValueError(f"expected plain data, got {_kind(data)}")

    def tagged(self, data: dict[Any, Any], depth: int) -> Any:
        match data:
            case {"kind": "tuple", "items": list(items), **more} if not more:
                return tuple(self.items(items, depth))
            case {"kind": "dict", "items": list(items), **more} if not more:
                return self.dictionary(items, depth)
            case {"kind": "float", "text": str(text), **more} if not more and text in _NOT_FINITE:
                return _NOT_FINITE[text]
            case {"kind": "array", "dtype": str(name), "shape": list(shape), "bytes": str(text)}:
                return self.array(name, shape, text)
        raise ValueError("expected plain data, got an object of no known kind")

    def items(self, data: list[Any], depth: int) -> list[Any]:
        self.count(len(data), depth)
        return [self.node(each, depth=depth + 1) for each in data]

    def dictionary(self, data: list[Any], depth: int) -> dict[str, Any]:
        if not all(isinstance(each, list) and len(each) == 2 for each in data):
            raise ValueError("expected pairs in a dictionary, got something else")
        self.count(len(data), depth)
        values: dict[str, Any] = {}
        for key, value in data:
            if not isinstance(key, str):
                raise ValueError(f"expected text as keys of a dictionary, got {_kind(key)}")
            self.spend(len(key))
            values[_checked_text(key)] = self.node(value, depth=depth + 1)
        if len(values) != len(data):
            raise ValueError("expected every key of a dictionary once, got one twice")
        return values

    def array(self, name: str, shape: list[Any], text: str) -> npt.NDArray[Any]:
        if name not in _DTYPES:
            raise ValueError("expected an array of numbers, got one of an unknown type")
        if len(shape) > _MAX_AXES or not all(_is_length(length) for length in shape):
            raise ValueError("expected a shape of at most 16 axes, got another")
        dtype = np.dtype(name).newbyteorder("<")
        size = math.prod(shape) * dtype.itemsize
        self.spend(size)
        if len(text) != 4 * ((size + 2) // 3):
            raise ValueError(f"expected {size:,} bytes for the array's shape, got another number")
        try:
            content = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError) as error:
            raise ValueError("expected an array's bytes as base64, got something else") from error
        if len(content) != size:
            raise ValueError(f"expected {size:,} bytes for the array's shape, got {len(content):,}")
        if name == "bool":
            # Other bytes than 0 and 1 would make booleans that equal neither.
            flags = np.frombuffer(content, dtype=np.uint8).reshape(shape)
            return np.asarray(flags != 0)
        return np.frombuffer(content, dtype=dtype).reshape(shape).astype(name)


def _as_array(value: Any) -> npt.NDArray[Any]:
    # Tensors are told by what they can do: importing the frameworks here would take seconds.
    if callable(getattr(value, "detach", None)):
        value = value.detach().cpu()
        value = value.to_dense() if getattr(value, "is_sparse", False) else value
        if "bfloat16" in str(value.dtype):
            value = value.float()
        # NumPy needs a conjugate or negative view of PyTorch to be carried out first.
        value = value.resolve_conj().resolve_neg()
    if isinstance(value, np.ndarray):
        return np.asarray(value)
    for method in ("numpy", "__array__"):
        if callable(getattr(value, method, None)) and not isinstance(value, type):
            return np.asarray(getattr(value, method)())
    raise ValueError(f"expected numbers, text, arrays or lists of them, got {_kind(value)}")


def _to_float(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    wanted = np.float64 if values.dtype.kind == "f" else np.float32
    try:
        return values.astype(wanted)
    except (TypeError, ValueError) as error:
        raise ValueError(f"expected an array of numbers, got one of {values.dtype}") from error


def _checked_integer(value: int) -> int:
    if value.bit_length() > _MAX_BITS:
        raise ValueError(f"expected integers of at most {_MAX_BITS:,} bits, got a larger one")
    return value


def _checked_text(value: str) -> str:
    # Neither can be stored: UTF-8 has no lone surrogates, PostgreSQL's text has no zero character.
    if "\0" in value or any(map(_is_surrogate, value if not value.isascii() else "")):
        raise ValueError("expected text, got characters that are none")
    return value


def _is_surrogate(character: str) -> bool:
    return "\ud800" <= character <= "\udfff"


def _is_length(length: object) -> bool:
    return isinstance(length, int) and not isinstance(length, bool) and 0 <= length <= _MAX_AXIS


def _kind(value: object) -> str:
    kind = type(value)
    return f"a value of type {kind.__name__}"[:100]
