"""Finding submissions in folders and zip files; what is not named right is reported."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from aecourse.grading.names import Name, read_name
from aecourse.grading.sources import (
    LARGEST_NOTEBOOK,
    Entry,
    Problem,
    entries_in_folder,
    entries_in_zip,
    entry_of_file,
    parse_timestamp,
)

__all__ = ["Found", "Submission", "find_submissions"]

_TIMESTAMP = "timestamp.txt"
_LONGEST_TIMESTAMP = 200


@dataclass(frozen=True)
class Submission:
    """One notebook of one student for one exercise.

    Parameters
    ----------
    student
        The student, as the path names them.
    exercise
        Such as ``"04_numpy"``.
    submitted_at
        When it was handed in, in UTC, as the file or zip entry says; None if nothing says it.
    origin
        Where it lies, for messages.
    reader
        Returns the file's bytes.
    marked_late
        Whether Canvas calls it late.

    Examples
    --------
    >>> Submission("kim", "04_numpy", None, "kim/04_numpy.ipynb", lambda: b"{}").read()
    b'{}'
    """

    student: str
    exercise: str
    submitted_at: datetime | None
    origin: str
    reader: Callable[[], bytes] = field(repr=False, compare=False)
    marked_late: bool = False

    def read(self) -> bytes:
        """Return the notebook's bytes.

        Raises
        ------
        OSError
            If the file is gone, no regular file, or a damaged zip entry.
        ValueError
            If it is larger than `aecourse.grading.sources.LARGEST_NOTEBOOK`.
        """
        return self.reader()


@dataclass(frozen=True)
class Found:
    """What a search found.

    Parameters
    ----------
    submissions
        One for each student and exercise, in this order.
    problems
        What could not be named, or not be told apart.

    Examples
    --------
    >>> Found((), (Problem("kim/draft.ipynb", "not the name of an exercise"),)).problems[0].origin
    'kim/draft.ipynb'
    """

    submissions: tuple[Submission, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class _Candidate:
    name: Name
    entry: Entry
    submitted_at: datetime | None


def find_submissions(paths: Sequence[Path], exercises: Collection[str]) -> Found:
    """Find submissions as learning platforms export them.

    Parameters
    ----------
    paths
        Folders, zip files and notebooks. Nothing is unpacked onto the disk, and no symbolic link
        below a path is followed.
    exercises
        The known exercises, such as ``"04_numpy"``.

    Returns
    -------
    Found
        The latest notebook of each student and exercise, and what is wrong with the rest.

    Raises
    ------
    FileNotFoundError
        If a path does not exist.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     (Path(folder) / "kim").mkdir()
    ...     _ = (Path(folder) / "kim" / "04_numpy.ipynb").write_text("{}")
    ...     found = find_submissions([Path(folder)], {"04_numpy"})
    >>> [submission.student for submission in found.submissions], found.problems
    (['kim'], ())
    """
    problems: list[Problem] = []
    candidates: list[_Candidate] = []
    for path in paths:
        entries, wrong = _entries(path)
        problems += wrong
        here, unnamed = _name(entries, exercises)
        candidates += here
        problems += unnamed
    groups: dict[tuple[str, str], list[_Candidate]] = defaultdict(list)
    for candidate in candidates:
        groups[candidate.name.student, candidate.name.exercise].append(candidate)
    submissions = []
    for _, group in sorted(groups.items()):
        latest = _latest(group)
        if latest is None:
            problems += [
                Problem(
                    candidate.entry.origin,
                    f"one of {len(group)} notebooks of {candidate.name.student} for "
                    f"{candidate.name.exercise}, and their times do not say which is the latest: "
                    "remove the others",
                )
                for candidate in group
            ]
            continue
        submissions.append(
            Submission(
                student=latest.name.student,
                exercise=latest.name.exercise,
                submitted_at=latest.submitted_at,
                origin=latest.entry.origin,
                reader=latest.entry.read,
                marked_late=latest.name.marked_late,
            )
        )
    return Found(tuple(submissions), tuple(problems))


def _entries(path: Path) -> tuple[list[Entry], list[Problem]]:
    if path.is_dir():
        return entries_in_folder(path)
    if not path.exists():
        raise FileNotFoundError(f"expected a folder, a zip file or a notebook, {path} is not there")
    if path.suffix.lower() == ".zip":
        return entries_in_zip(path)
    return [entry_of_file(path)], []


def _name(
    entries: Sequence[Entry], exercises: Collection[str]
) -> tuple[list[_Candidate], list[Problem]]:
    candidates: list[_Candidate] = []
    unnamed: list[tuple[Entry, str]] = []
    problems: list[Problem] = []
    stamps = {entry.parts: entry for entry in entries if entry.parts[-1] == _TIMESTAMP}
    for entry in entries:
        if entry.parts[-1] == _TIMESTAMP:
            continue
        name = read_name(entry.parts, exercises)
        if isinstance(name, str):
            unnamed.append((entry, name))
            continue
        submitted_at = entry.modified
        stamp = stamps.get((*entry.parts[:-1], _TIMESTAMP))
        if name.timestamped and stamp is not None:
            try:
                submitted_at = parse_timestamp(stamp.read(_LONGEST_TIMESTAMP))
            except (OSError, ValueError) as error:
                problems.append(Problem(stamp.origin, f"{error}; the notebook's own time is taken"))
        candidates.append(_Candidate(name, entry, submitted_at))
    # Data and pictures beside a notebook are no fault; instead of one, they are.
    answered = {c.entry.parts[0] for c in candidates if len(c.entry.parts) > 1}
    for entry, reason in unnamed:
        beside = len(entry.parts) > 1 and entry.parts[0] in answered
        if entry.parts[-1].endswith(".ipynb") or not beside:
            problems.append(Problem(entry.origin, reason))
    return candidates, problems


def _latest(group: Sequence[_Candidate]) -> _Candidate | None:
    if len(group) == 1:
        return group[0]
    attempts = [candidate.name.attempt for candidate in group]
    # Canvas numbers resubmissions; the times in its zip file are those of the download.
    if None not in attempts and len(set(attempts)) == len(group):
        return max(group, key=lambda candidate: candidate.name.attempt or 0)
    times = [candidate.submitted_at for candidate in group]
    if None not in times:
        newest = max(time for time in times if time is not None)
        group = [candidate for candidate in group if candidate.submitted_at == newest]
    return group[0] if len(group) == 1 or _same_content(group) else None


def _same_content(group: Sequence[_Candidate]) -> bool:
    try:
        digests = {hashlib.sha256(each.entry.read(LARGEST_NOTEBOOK)).digest() for each in group}
    except (OSError, ValueError):
        return False
    return len(digests) == 1
