"""Finding, downloading, verifying and caching the four files of the full MNIST set."""

import gzip
import hashlib
import io
import os
import sys
import uuid
import warnings
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType

import pooch
from tqdm import tqdm

__all__ = [
    "FULL_SET",
    "MIRRORS",
    "DataError",
    "FoundFile",
    "data_folder",
    "decode",
    "default_cache",
    "find_file",
    "write_file",
]

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)

# SHA-256 of the decoded bytes: mirrors compress the same files in different ways.
FULL_SET: Mapping[str, str] = MappingProxyType(
    {
        "train-images-idx3-ubyte": (
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"
        ),
        "train-labels-idx1-ubyte": (
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"
        ),
        "t10k-images-idx3-ubyte": (
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"
        ),
        "t10k-labels-idx1-ubyte": (
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"
        ),
    }
)

_GZIP_MAGIC = b"\x1f\x8b"
_CONNECT_AND_READ_SECONDS = (10, 30)


class DataError(RuntimeError):
    """The digits could not be found, downloaded, verified or written."""


@dataclass(frozen=True, repr=False)
class FoundFile:
    """One verified file.

    Attributes
    ----------
    idx
        The decoded IDX bytes; their checksum was right.
    stored
        The bytes as they were found: gzip or raw.
    origin
        Where they came from: a path or an address.
    """

    idx: bytes
    stored: bytes
    origin: str


def default_cache() -> Path:
    """Return the folder in which downloads are kept: the system's cache folder for aecourse."""
    return Path(pooch.os_cache("aecourse"))


def data_folder() -> Path | None:
    """Return the folder that ``$AECOURSE_DATA`` names, or None if it is unset or empty.

    Returns
    -------
    pathlib.Path or None
        A folder that exists.

    Raises
    ------
    DataError
        If the variable names something that is not a folder.
    """
    value = os.environ.get("AECOURSE_DATA", "")
    if not value:
        return None
    folder = Path(value).expanduser()
    if not folder.is_dir():
        raise DataError(
            f"expected $AECOURSE_DATA to be a folder with the four MNIST files, got {value!r}, "
            "which is no folder — correct the variable, or unset it to use the cache and download"
        )
    return folder


def decode(stored: bytes, sha256: str) -> bytes:
    """Unpack a file and check it.

    Parameters
    ----------
    stored
        The file's bytes: gzip, or raw IDX.
    sha256
        Expected SHA-256 of the decoded bytes, in hexadecimal.

    Returns
    -------
    bytes
        The decoded bytes.

    Raises
    ------
    DataError
        If the bytes are truncated, damaged, or not the expected ones.

    Examples
    --------
    >>> import gzip, hashlib
    >>> decode(gzip.compress(b"digits"), hashlib.sha256(b"digits").hexdigest())
    b'digits'
    """
    idx = stored
    if stored.startswith(_GZIP_MAGIC):
        try:
            idx = gzip.decompress(stored)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise DataError(f"damaged gzip data of {len(stored):,} bytes: {error}") from error
    got = hashlib.sha256(idx).hexdigest()
    if got != sha256:
        raise DataError(
            f"wrong content: expected SHA-256 {sha256[:12]}…, got {got[:12]}… "
            f"over {len(idx):,} decoded bytes"
        )
    return idx


def find_file(
    name: str,
    sha256: str,
    *,
    mirrors: Sequence[str],
    cache_dir: Path,
    data_dir: Path | None = None,
    progress: bool = True,
) -> FoundFile:
    """Find one file, downloading it if it has to be, and verify it every time.

    Parameters
    ----------
    name
        File name without ``.gz``, such as ``"train-images-idx3-ubyte"``.
    sha256
        SHA-256 of the decoded bytes, in hexadecimal.
    mirrors
        Addresses of folders that hold ``name + ".gz"``, tried in this order. Empty: no download.
    cache_dir
        Where a download is kept. A damaged file there is replaced. If the folder cannot be
        written, the download is used all the same and a warning says why it was not kept.
    data_dir
        A folder of the user's own. When given, it is the only place that is looked at.
    progress
        Whether a download shows a progress bar (on standard output).

    Returns
    -------
    FoundFile
        Verified bytes and where they came from.

    Raises
    ------
    DataError
        If no place has the right file; the message lists each place and what was wrong there.
    """
    if isinstance(mirrors, str):
        raise TypeError(f"expected mirrors to be a sequence of addresses, got {mirrors!r} alone")
    if data_dir is not None:
        return _from_data_dir(name, sha256, data_dir)
    problems: list[str] = []
    kept = Path(cache_dir) / f"{name}.gz"
    try:
        return _read(kept, sha256)
    except FileNotFoundError:
        problems.append(f"{kept}: not there")
    except (OSError, DataError) as error:
        problems.append(f"{kept}: {error}")
    for mirror in mirrors:
        address = f"{mirror.rstrip('/')}/{name}.gz"
        try:
            stored = _download(address, progress=progress)
            found = FoundFile(decode(stored, sha256), stored, address)
        except (OSError, DataError) as error:
            problems.append(f"{address}: {_reason(error)}")
            continue
        _keep(kept, stored)
        return found
    tried = "\n".join(f"  - {problem}" for problem in problems)
    raise DataError(
        f"{name} of the full MNIST set is nowhere to be had:\n{tried}\n"
        "Connect to the network, or set $AECOURSE_DATA to a folder that holds the four files, "
        'or use the digits that are always there: load_mnist("bundled").'
    )


def write_file(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, also when two processes write it at once.

    Parameters
    ----------
    path
        Where to write; missing folders are made, an existing file is replaced.
    content
        What to write.

    Raises
    ------
    OSError
        If the folder or the file cannot be written. Nothing is left behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # The name is this write's own, and replace() is atomic: a reader sees the old or the new file.
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}.partial")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def _read(path: Path, sha256: str) -> FoundFile:
    stored = path.read_bytes()
    return FoundFile(decode(stored, sha256), stored, str(path))


def _candidates(name: str) -> Iterator[str]:
    # Raw copies circulate under two names: train-images-idx3-ubyte and train-images.idx3-ubyte.
    for stem in (name, name.replace("-idx", ".idx")):
        yield f"{stem}.gz"
        yield stem


def _from_data_dir(name: str, sha256: str, data_dir: Path) -> FoundFile:
    for candidate in _candidates(name):
        path = data_dir / candidate
        if not path.is_file():
            continue
        try:
            return _read(path, sha256)
        except (OSError, DataError) as error:
            raise DataError(
                f"$AECOURSE_DATA: {path} cannot be used: {error} — "
                "replace the file, or unset $AECOURSE_DATA to use the cache and download"
            ) from error
    raise DataError(
        f"$AECOURSE_DATA: expected {name} or {name}.gz in {data_dir}, found neither — "
        "add the file, or unset $AECOURSE_DATA to use the cache and download"
    )


def _download(address: str, *, progress: bool) -> bytes:
    # Into memory: the largest file has 10 MB, and a full disk then costs only the cache.
    body = io.BytesIO()
    # total=1 until the server names the size: pooch asks for the bar's truth value, and tqdm
    # calls a bar of unknown or zero length untrue.
    with tqdm(
        total=1,
        unit="B",
        unit_scale=True,
        desc=address.rsplit("/", 1)[-1],
        file=sys.stdout,
        disable=not progress,
    ) as bar:
        fetch = pooch.HTTPDownloader(progressbar=bar, timeout=_CONNECT_AND_READ_SECONDS)
        fetch(address, body, None)
    return body.getvalue()


def _reason(error: Exception) -> str:
    response = getattr(error, "response", None)
    if response is None:
        return f"{error}" if isinstance(error, DataError) else f"{type(error).__name__}: {error}"
    with suppress(ValueError):
        return (
            f"the server answered {response.status_code} {HTTPStatus(response.status_code).phrase}"
        )
    return f"the server answered {response.status_code}"


def _keep(path: Path, stored: bytes) -> None:
    try:
        write_file(path, stored)
    except OSError as error:
        warnings.warn(
            f"the download is right and used, but could not be kept in {path.parent}: {error} — "
            "the next process downloads it again; pass another cache_dir to keep it",
            RuntimeWarning,
            stacklevel=3,
        )
