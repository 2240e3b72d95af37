import json
import math
import re
from collections import OrderedDict
from typing import Any, NamedTuple

import numpy as np
import pytest

from aecourse.grading.values import MAX_DEPTH, MAX_ENTRIES, decode, encode


class Point(NamedTuple):
    x: int
    y: float


class HasNumpy:
    def numpy(self) -> Any:
        return np.arange(3)


class HasArray:
    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.ones(2)


class Tensor:
    """What `encode` needs of a PyTorch tensor."""

    dtype = "torch.float32"

    def __init__(self, values: Any) -> None:
        self.values = np.asarray(values)

    def detach(self) -> "Tensor":
        return Tensor(self.values)

    cpu = resolve_conj = resolve_neg = detach

    def numpy(self) -> Any:
        return self.values


def through(value: Any) -> Any:
    return decode(json.loads(json.dumps(encode(value))))


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        -(2**70),
        256**784,
        1.5,
        math.inf,
        -math.inf,
        "",
        "naïve 試 🙂",
        (),
        [],
        {},
        (1, [2.0, "three"], {"four": None, "": (False,)}),
    ],
    ids=repr,
)
def test_plain_values_come_back_as_they_were(value: Any) -> None:
    back = through(value)
    assert back == value
    assert type(back) is type(value)


def test_nan_comes_back() -> None:
    assert math.isnan(through(math.nan))
    assert np.isnan(through(np.array([np.nan]))).all()


@pytest.mark.parametrize(
    "name",
    ["bool", "float16", "float32", "float64", "int8", "int64", "uint8", "uint32", "uint64"],
)
@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (3, 1, 2)], ids=str)
def test_arrays_come_back_with_type_and_shape_and_may_be_written(
    name: str, shape: tuple[int, ...]
) -> None:
    values = np.asarray(np.arange(math.prod(shape)).reshape(shape) % 3, dtype=name)
    back = through(values)
    assert back.dtype == values.dtype
    assert back.shape == shape
    assert np.array_equal(back, values)
    back[...] = 1


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (np.float32(0.5), 0.5),
        (np.int8(3), 3),
        (np.True_, True),
        (range(3), [0, 1, 2]),
        (OrderedDict(a=1), {"a": 1}),
        (Point(1, 2.0), (1, 2.0)),
        (np.array(["a", "b"]), ["a", "b"]),
        (np.array([[1], [2, 3]], dtype=object), [[1], [2, 3]]),
        (np.array("a"), "a"),
        (np.str_("a"), "a"),
    ],
    ids=repr,
)
def test_what_has_a_plain_counterpart_becomes_it(value: Any, plain: Any) -> None:
    back = through(value)
    assert back == plain
    assert type(back) is type(plain)


@pytest.mark.parametrize(
    ("value", "array"),
    [
        (HasNumpy(), np.arange(3)),
        (HasArray(), np.ones(2)),
        (Tensor([1, 2]), np.array([1, 2])),
        (np.eye(3)[::-1, 1:], np.eye(3)[::-1, 1:]),
        (np.asfortranarray(np.arange(6.0).reshape(2, 3)), np.arange(6.0).reshape(2, 3)),
        (np.arange(3, dtype=">i4"), np.arange(3, dtype="i4")),
        (np.ones(2, dtype=np.longdouble), np.ones(2)),
        (np.ma.array([1, 2]), np.array([1, 2])),
    ],
    ids=lambda value: type(value).__name__,
)
def test_tensors_and_unusual_arrays_become_arrays(value: Any, array: Any) -> None:
    back = through(value)
    assert type(back) is np.ndarray
    assert back.dtype == array.dtype
    assert np.array_equal(back, array)


def test_tensors_of_the_frameworks_become_arrays() -> None:
    torch = pytest.importorskip("torch")
    keras = pytest.importorskip("keras")
    for value in (
        torch.ones(2, 3, requires_grad=True),
        torch.ones(2, 3, dtype=torch.bfloat16),
        torch.nn.Parameter(torch.ones(2, 3)),
        torch.ones(2, 3).to_sparse(),
        keras.ops.ones((2, 3)),
        keras.ops.ones((2, 3), dtype="bfloat16"),
        keras.Variable(np.ones((2, 3), dtype="float32")),
    ):
        back = through({"answer": [value]})["answer"][0]
        assert back.dtype == np.float32
        assert np.array_equal(back, np.ones((2, 3)))


def circle() -> list[Any]:
    items: list[Any] = []
    items.append(items)
    return items


def nested(depth: int) -> Any:
    return [nested(depth - 1)] if depth else 0


def test_depth_is_limited() -> None:
    assert through(nested(MAX_DEPTH)) == nested(MAX_DEPTH)
    with pytest.raises(ValueError, match="at most 6 deep"):
        encode(nested(MAX_DEPTH + 1))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (object(), "got a value of type object"),
        (len, "got a value of type builtin_function_or_method"),
        (Point, "got a value of type type"),
        ({1}, "got a value of type set"),
        (b"bytes", "got a value of type bytes"),
        (1j, "got a value of type complex"),
        ({1: 2}, "text as keys"),
        (circle(), "at most 6 deep"),
        ([0] * (MAX_ENTRIES + 1), "return an array"),
        (np.ones(2, dtype=complex), "one of complex128"),
        (np.zeros(2, dtype="datetime64[s]"), "one of datetime64"),
        (np.zeros(2, dtype=[("a", int), ("b", int)]), "an array of numbers"),
        (np.broadcast_to(0.0, (10**6, 10**6)), "at most 16,777,216 bytes"),
        ("x" * 2**25, "at most 16,777,216 bytes"),
        ("\ud800", "characters that are none"),
        ("a\0b", "characters that are none"),
        (2**10_000, "at most 8,192 bits"),
    ],
    ids=lambda value: str(value)[:20] if isinstance(value, str) else type(value).__name__,
)
def test_what_is_not_plain_is_refused_in_a_sentence(value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        encode(value)


def array(**changes: Any) -> dict[str, Any]:
    data = {"kind": "array", "dtype": "uint8", "shape": [3], "bytes": "AAEC"}
    return {"value": data | changes}


def test_the_forgeries_below_start_from_good_data() -> None:
    assert decode(array()).tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        {"value": 1, "more": 2},
        {"value": object()},
        {"value": b"bytes"},
        {"value": {}},
        {"value": {"kind": "pickle", "bytes": "gASVAAAA"}},
        {"value": {"kind": ["array"]}},
        {"value": {"kind": "tuple", "items": "abc"}},
        {"value": {"kind": "tuple", "items": [], "more": 1}},
        {"value": {"kind": "dict", "items": [1, 2]}},
        {"value": {"kind": "dict", "items": [[1, 2]]}},
        {"value": {"kind": "dict", "items": [["a", 2, 3]]}},
        {"value": {"kind": "dict", "items": [["a", 2], ["a", 3]]}},
        {"value": {"kind": "dict", "items": [[["a"], 2]]}},
        {"value": {"kind": "float", "text": "1e5"}},
        {"value": {"kind": "float", "text": "__import__('os')"}},
        {"value": "\udfff"},
        {"value": "\0"},
        {"value": 2**10_000},
        {"value": nested(MAX_DEPTH + 1)},
        {"value": nested(500)},
        {"value": [0] * (MAX_ENTRIES + 1)},
        {"value": [[0] * (MAX_ENTRIES // 2)] * 3},
        {"value": "x" * 2**25},
        array(dtype="object"),
        array(dtype="O"),
        array(dtype="complex64"),
        array(dtype="S3"),
        array(dtype=["uint8"]),
        array(shape=3),
        array(shape=[2]),
        array(shape=[-3]),
        array(shape=[-1, -3]),
        array(shape=[3.0]),
        array(shape=[True, 3]),
        array(shape=["3"]),
        array(shape=[2**40, 2**40]),
        array(shape=[0, 2**40], bytes=""),
        array(shape=[3] + [1] * 16),
        array(shape=[10**7, 10**7]),
        array(bytes="AAE="),
        array(bytes="AAECAA=="),
        array(bytes="A?EC"),
        array(bytes="AÄEC"),
        array(bytes=["AAEC"]),
        array(bytes=None),
    ],
    ids=lambda data: re.sub("0x[0-9a-f]+", "", str(data))[:60],
)
def test_forged_data_is_refused(data: object) -> None:
    with pytest.raises(ValueError, match="^expected "):
        decode(data)


def test_forged_booleans_become_real_ones() -> None:
    back = decode(array(dtype="bool", bytes="AAL/"))
    assert back.tolist() == [False, True, True]
    assert back.view(np.uint8).tolist() == [0, 1, 1]


def test_bytes_are_counted_over_all_parts() -> None:
    data = encode([np.zeros(100), "x" * 100, {"y" * 100: np.zeros(100)}])
    assert len(decode(data, max_bytes=1800)) == 3
    with pytest.raises(ValueError, match="at most 1,799 bytes"):
        decode(data, max_bytes=1799)
