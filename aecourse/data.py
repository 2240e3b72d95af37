"""The MNIST digits as arrays: the bundled subset and the full set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from math import prod
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import numpy as np
import numpy.typing as npt

from aecourse.mnist_files import (
    FULL_SET,
    MIRRORS,
    DataError,
    data_folder,
    decode,
    default_cache,
    find_file,
)
from aecourse.validation import check_choice

__all__ = ["MIRRORS", "DataError", "Dataset", "load_mnist", "parse_idx"]

# SHA-256 of the decoded bytes of the files in aecourse/mnist.
_BUNDLED: Mapping[str, str] = MappingProxyType(
    {
        "train-images-idx3-ubyte": (
            "2889698e6bc3614913e76901316712919d1998fc2b44512451bfe65bc1e668b1"
        ),
        "train-labels-idx1-ubyte": (
            "651e38e2ac0632f5113ec18f1df4977117f953197819034009971a6675a0df78"
        ),
        "t10k-images-idx3-ubyte": (
            "3f6bd66dee48df299584c67669bceee490faa25f931496bd7473b42106d7daed"
        ),
        "t10k-labels-idx1-ubyte": (
            "7b098e5f6a3065807cebeabf36fb1724a8aff19f2673ac08b4923e0e8c715bce"
        ),
    }
)
_UNSIGNED_BYTE = 0x08


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images and labels, split into a training and a test part.

    Attributes
    ----------
    x_train
        Training images as rows, float32 of shape (n, 784), 0.0 (black) to 1.0 (white).
    y_train
        Digits shown on them, int64 of shape (n,).
    x_test
        Test images, as ``x_train``.
    y_test
        Digits shown on the test images, as ``y_train``.
    image_shape
        Height and width of one image in pixels.

    Examples
    --------
    >>> digits = load_mnist()
    >>> digits
    Dataset(10,000 training and 2,000 test images of 28 × 28 pixels)
    >>> digits.x_train[0].reshape(digits.image_shape).shape
    (28, 28)
    """

    x_train: npt.NDArray[np.float32]
    y_train: npt.NDArray[np.int64]
    x_test: npt.NDArray[np.float32]
    y_test: npt.NDArray[np.int64]
    image_shape: tuple[int, int]

    def __repr__(self) -> str:
        """Describe the set in one line instead of printing its arrays."""
        height, width = self.image_shape
        return (
            f"Dataset({len(self.x_train):,} training and {len(self.x_test):,} test images "
            f"of {height} × {width} pixels)"
        )


def load_mnist(
    source: Literal["bundled", "full"] = "bundled",
    *,
    cache_dir: Path | None = None,
    mirrors: Sequence[str] = MIRRORS,
    progress: bool = True,
) -> Dataset:
    """Load the MNIST digits (LeCun, Cortes and Burges, CC BY-SA 3.0).

    Parameters
    ----------
    source
        ``"bundled"``: the first 10,000 training and the first 2,000 test images, which come with
        the package. ``"full"``: all 60,000 and 10,000, looked for in the folder that the
        environment variable ``AECOURSE_DATA`` names (then nowhere else), else in the cache, else
        on the mirrors.
    cache_dir
        Where downloads of the full set are kept; None stands for the system's cache folder.
    mirrors
        Addresses that the full set may be downloaded from, tried in this order.
    progress
        Whether a download shows a progress bar.

    Returns
    -------
    Dataset
        Images as float32 rows with values in [0, 1], labels as int64.

    Raises
    ------
    ValueError
        If ``source`` is neither name.
    DataError
        If no place has the right files. Every file is verified by its SHA-256 on every load, so
        what is returned is never wrong data.

    Examples
    --------
    >>> digits = load_mnist()
    >>> digits.x_train.shape, digits.x_train.dtype, digits.y_train[:3].tolist()
    ((10000, 784), dtype('float32'), [5, 0, 4])
    """
    check_choice("source", source, ("bundled", "full"))
    if source == "bundled":
        folder = files("aecourse") / "mnist"
        stored = {name: (folder / f"{name}.gz").read_bytes() for name in _BUNDLED}
        contents = {name: decode(stored[name], sha256) for name, sha256 in _BUNDLED.items()}
    else:
        data_dir = data_folder()
        cache = default_cache() if cache_dir is None else Path(cache_dir)
        contents = {
            name: find_file(
                name,
                sha256,
                mirrors=mirrors,
                cache_dir=cache,
                data_dir=data_dir,
                progress=progress,
            ).idx
            for name, sha256 in FULL_SET.items()
        }
    x_train, y_train, x_test, y_test = (parse_idx(content) for content in contents.values())
    height, width = x_train.shape[1:]
    return Dataset(
        x_train=_rows(x_train),
        y_train=y_train.astype(np.int64),
        x_test=_rows(x_test),
        y_test=y_test.astype(np.int64),
        image_shape=(height, width),
    )


def parse_idx(content: bytes) -> npt.NDArray[np.uint8]:
    """Read an array of unsigned bytes in the IDX format (LeCun, the MNIST page).

    Parameters
    ----------
    content
        Two zero bytes, a type byte (8: unsigned), the number of axes, the length of each axis as
        a big-endian 32-bit integer, then the values, last axis fastest.

    Returns
    -------
    ndarray
        uint8, of the shape that the header names; a read-only view of ``content``.

    Raises
    ------
    DataError
        If the header is not one of unsigned bytes, or the length does not fit the header.

    Examples
    --------
    >>> header = bytes([0, 0, 8, 2]) + bytes([0, 0, 0, 1]) + bytes([0, 0, 0, 3])
    >>> parse_idx(header + bytes([7, 8, 9])).tolist()
    [[7, 8, 9]]
    """
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] != _UNSIGNED_BYTE:
        raise DataError(
            "expected an IDX file of unsigned bytes, which starts with 00 00 08, "
            f"got {content[:3].hex(' ') or 'nothing'}"
        )
    axes = content[3]
    start = 4 + 4 * axes
    header = content[4:start]
    shape = tuple(int.from_bytes(header[at : at + 4], "big") for at in range(0, len(header), 4))
    if len(header) != 4 * axes or len(content) - start != prod(shape):
        raise DataError(
            f"expected {start + prod(shape):,} bytes for an IDX array of {axes} axes and shape "
            f"{shape}, got {len(content):,} — the file is truncated or damaged"
        )
    return np.frombuffer(content, dtype=np.uint8, offset=start).reshape(shape)


def _rows(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    # The float32 divisor keeps NumPy from making a float64 copy of the whole set.
    return np.divide(images.reshape(len(images), -1), np.float32(255), dtype=np.float32)
