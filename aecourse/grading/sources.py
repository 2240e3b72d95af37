"""Files below a folder or in a zip file, read with caps, links never followed."""

import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

__all__ = [
    "LARGEST_NOTEBOOK",
    "Entry",
    "Problem",
    "entries_in_folder",
    "entries_in_zip",
    "entry_of_file",
    "parse_timestamp",
]

LARGEST_NOTEBOOK = 50_000_000
"""Most bytes that are read of one notebook: an honest one with many plots has a tenth of it."""

_MOST_ENTRIES = 100_000
_IGNORED_FOLDERS = frozenset({"__MACOSX", ".ipynb_checkpoints", ".git"})
_IGNORED_FILES = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
_IS_UTF8 = 0x800
_IS_ENCRYPTED = 0x1
_EXTENDED_TIMESTAMP = 0x5455


@dataclass(frozen=True)
class Problem:
    """Something that could not be taken, and why.

    Parameters
    ----------
    origin
        Where it lies.
    reason
        One sentence.

    Examples
    --------
    >>> print(Problem("kim/draft.ipynb", "not the name of an exercise"))
    kim/draft.ipynb: not the name of an exercise
    """

    origin: str
    reason: str

    def __str__(self) -> str:
        return f"{self.origin}: {self.reason}"


@dataclass(frozen=True)
class Entry:
    """One file.

    Parameters
    ----------
    parts
        Folders and name, relative to where the search began.
    origin
        Where it lies, for messages.
    modified
        Its time in UTC; None if nothing says it.
    reader
        Takes the most bytes wanted, plus one, and returns what there is.

    Examples
    --------
    >>> Entry(("kim", "04_numpy.ipynb"), "kim/04_numpy.ipynb", None, lambda limit: b"{}").read()
    b'{}'
    """

    parts: tuple[str, ...]
    origin: str
    modified: datetime | None
    reader: Callable[[int], bytes] = field(repr=False, compare=False)

    def read(self, limit: int = LARGEST_NOTEBOOK) -> bytes:
        """Return the content.

        Parameters
        ----------
        limit
            Most bytes.

        Raises
        ------
        OSError
            If it cannot be read, or is no regular file.
        ValueError
            If there is more.
        """
        content = self.reader(limit + 1)
        if len(content) > limit:
            raise ValueError(f"expected at most {limit:,} bytes, got more")
        return content


def entry_of_file(path: Path) -> Entry:
    """Return the entry of a file that the instructor names.

    Parameters
    ----------
    path
        The file. The folders that are written before it may name the student.

    Examples
    --------
    >>> entry_of_file(Path(__file__)).parts[-1]
    'sources.py'
    """
    # STUDENT/EXERCISE/NOTEBOOK, as nbgrader has it, or STUDENT/NOTEBOOK.
    depth = 3 if path.parent.name == path.stem else 2
    parts = tuple(part for part in path.parts[-depth:] if part not in {path.anchor, ".."})
    return _file_entry(path.resolve(), parts)


def entries_in_folder(folder: Path) -> tuple[list[Entry], list[Problem]]:
    """List the files below a folder.

    Parameters
    ----------
    folder
        Where to look. Symbolic links and special files below it are reported, never opened.

    Returns
    -------
    entries : list of Entry
        In alphabetical order.
    problems : list of Problem
        Links, special files, folders that cannot be read.

    Examples
    --------
    >>> entries, _ = entries_in_folder(Path(__file__).parent)
    >>> ("names.py",) in [entry.parts for entry in entries]
    True
    """
    entries: list[Entry] = []
    problems: list[Problem] = []

    def unreadable(error: OSError) -> None:
        problems.append(Problem(str(error.filename), f"cannot be read: {error.strerror}"))

    for current, folders, files in os.walk(folder, onerror=unreadable):
        here = Path(current)
        folders[:] = sorted(name for name in folders if not _ignored_folder(name))
        links = [name for name in folders if (here / name).is_symlink()]
        for name in sorted([*links, *files]):
            path = here / name
            if _ignored_file(name):
                continue
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode):
                problems.append(Problem(_shown(path), "a symbolic link, which is not followed"))
            elif not stat.S_ISREG(mode):
                problems.append(Problem(_shown(path), "no regular file"))
            else:
                entries.append(_file_entry(path, path.relative_to(folder).parts))
    return entries, problems


def _file_entry(path: Path, parts: tuple[str, ...]) -> Entry:
    def read(limit: int) -> bytes:
        # It was a regular file when it was listed; not a link or a pipe since then either.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
        with open(descriptor, "rb") as file:  # noqa: PTH123 -- a descriptor, not a path
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise OSError(f"{path} is no regular file")
            return file.read(limit)

    modified = datetime.fromtimestamp(path.stat().st_mtime, tz=UTC)
    return Entry(parts, _shown(path), modified, read)


def entries_in_zip(path: Path) -> tuple[list[Entry], list[Problem]]:
    """List the files in a zip file.

    Parameters
    ----------
    path
        The file. Nothing is written to the disk; links, and paths that climb out, are reported.
        If all entries share a folder that has the zip file's own name, it is left away.

    Returns
    -------
    entries : list of Entry
        In the file's order.
    problems : list of Problem
        What is not taken.

    Raises
    ------
    ValueError
        If it is no zip file, or has too many entries.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "export.zip"
    ...     with zipfile.ZipFile(path, "w") as archive:
    ...         archive.writestr("kim/04_numpy.ipynb", "{}")
    ...     entries, problems = entries_in_zip(path)
    ...     entries[0].parts, entries[0].read(), problems
    (('kim', '04_numpy.ipynb'), b'{}', [])
    """
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise ValueError(f"expected {path} to be a zip file: {error}") from error
    if len(infos) > _MOST_ENTRIES:
        raise ValueError(
            f"expected at most {_MOST_ENTRIES:,} entries in {path}, got {len(infos):,}"
        )
    entries: list[Entry] = []
    problems: list[Problem] = []
    for info in infos:
        parts = PurePosixPath(info.filename).parts or (info.filename,)
        if info.is_dir() or _ignored_file(parts[-1]) or any(map(_ignored_folder, parts[:-1])):
            continue
        origin = f"{_shown(path)}:{_printable(info.filename)}"
        name, reason = _entry_name(info)
        if reason:
            problems.append(Problem(origin, reason))
        else:
            parts = PurePosixPath(name).parts
            entries.append(Entry(parts, origin, _zip_time(info), _zip_reader(path, info)))
    if entries and all(len(e.parts) > 1 and e.parts[0] == path.stem for e in entries):
        entries = [Entry(e.parts[1:], e.origin, e.modified, e.reader) for e in entries]
    return entries, problems


def _entry_name(info: zipfile.ZipInfo) -> tuple[str, str | None]:
    name = info.filename
    if not info.flag_bits & _IS_UTF8 and not name.isascii():
        # zipfile read old-style bytes as code page 437; most programs mean UTF-8.
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            return name, "the name's encoding is not known: make the zip file with UTF-8 names"
    # zipfile cuts a name at a zero byte; the uncut one tells.
    if "\\" in info.orig_filename or "\0" in info.orig_filename:
        return name, "the path holds a backslash or a zero byte"
    path = PurePosixPath(name)
    if not path.parts or path.is_absolute() or ".." in path.parts or path.parts[0][1:2] == ":":
        return name, "the path climbs out of the zip file"
    mode = info.external_attr >> 16
    if stat.S_IFMT(mode) not in {0, stat.S_IFREG}:
        return name, "a link or a special file, which is not followed"
    if info.flag_bits & _IS_ENCRYPTED:
        return name, "encrypted"
    return name, None


def _zip_reader(path: Path, info: zipfile.ZipInfo) -> Callable[[int], bytes]:
    def read(limit: int) -> bytes:
        try:
            with zipfile.ZipFile(path) as archive, archive.open(info) as file:
                # Counted while it is unpacked: a bomb may lie about its size.
                return file.read(limit)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            raise OSError(f"damaged entry {info.filename} in {path}: {error}") from error

    return read


def _zip_time(info: zipfile.ZipInfo) -> datetime | None:
    for kind, data in _extra_fields(info.extra):
        if kind == _EXTENDED_TIMESTAMP and len(data) >= 5 and data[0] & 1:
            return datetime.fromtimestamp(struct.unpack_from("<i", data, 1)[0], tz=UTC)
    try:
        # Zip files hold local time, without saying whose: this machine's.
        return datetime(*info.date_time).astimezone(UTC)
    except ValueError:
        return None


def _extra_fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        yield kind, extra[4 : 4 + size]
        extra = extra[4 + size :]


def parse_timestamp(content: bytes) -> datetime:
    """Read nbgrader's ``timestamp.txt``.

    Parameters
    ----------
    content
        Such as ``b"2026-03-01 12:00:00.5 UTC"``, the zone a name or an offset.

    Returns
    -------
    datetime.datetime
        In UTC.

    Raises
    ------
    ValueError
        If it is no time.

    Examples
    --------
    >>> parse_timestamp(b"2026-03-01 12:00:00 Asia/Seoul").isoformat()
    '2026-03-01T03:00:00+00:00'
    """
    text = content.decode("utf-8", errors="replace").strip()
    words = text.split()
    try:
        if len(words) == 3 and words[2][0] not in "+-":
            zone = UTC if words[2] == "UTC" else ZoneInfo(words[2])
            return datetime.fromisoformat(" ".join(words[:2])).replace(tzinfo=zone).astimezone(UTC)
        time = datetime.fromisoformat(" ".join(words[:2]) + "".join(words[2:]))
    except (ValueError, ZoneInfoNotFoundError, OSError) as error:
        raise ValueError(f"expected a time and its zone, got {text[:50]!r}") from error
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)


def _ignored_folder(name: str) -> bool:
    return name in _IGNORED_FOLDERS


def _ignored_file(name: str) -> bool:
    return name in _IGNORED_FILES or name.startswith("._")


def _shown(path: Path) -> str:
    return _printable(str(path))


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "�" for c in text)
