"""From the name that a learning platform gives a file to the student and the exercise."""

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass

__all__ = ["LONGEST_STUDENT", "Name", "exercise_of", "read_name"]

LONGEST_STUDENT = 128
"""Longest name of a student, in characters: nbgrader's column holds no more."""

_MOODLE = re.compile(
    r"(?P<student>.+?_\d+)_assignsubmission_(?P<kind>file|onlinetext)_?(?P<rest>.*)"
)
_CANVAS = re.compile(
    r"(?P<name>.+?)(?P<late>_LATE)?_(?P<user>\d+)_(?P<file>\d+)_(?P<rest>.+)", re.DOTALL
)
_CANVAS_ATTEMPT = re.compile(r"(?P<stem>.+)-(?P<attempt>\d+)\.ipynb")
# What browsers and Colab make of a name by themselves; nothing that a person typed.
_COPIES = (
    re.compile(r"(?P<stem>.+) \(\d+\)"),
    re.compile(r"Copy[ _+]of[ _+](?P<stem>.+)"),
    re.compile(r"(?P<stem>.+)의 사본"),
)


@dataclass(frozen=True)
class Name:
    """What a path says.

    Parameters
    ----------
    student
        The student, as the platform writes the name; with its number, where it gives one.
    exercise
        A known exercise.
    attempt
        Canvas' number of the resubmission, 0 for the first; None elsewhere.
    marked_late
        Whether Canvas wrote ``LATE`` into the name.
    timestamped
        Whether this is nbgrader's layout, where ``timestamp.txt`` holds the time.

    Examples
    --------
    >>> Name("kim", "04_numpy").marked_late
    False
    """

    student: str
    exercise: str
    attempt: int | None = None
    marked_late: bool = False
    timestamped: bool = False


def exercise_of(file_name: str, exercises: Collection[str]) -> str | None:
    """Find the exercise that a file is named after.

    Parameters
    ----------
    file_name
        Without folders.
    exercises
        The known exercises, such as ``"04_numpy"``.

    Returns
    -------
    str or None
        The exercise if the name is it exactly, or the copy that a browser (``04_numpy (1)``) or
        Colab (``Copy of 04_numpy``) makes; else None.

    Examples
    --------
    >>> exercise_of("04_numpy (1).ipynb", {"04_numpy"})
    '04_numpy'
    >>> exercise_of("04_numpy_final.ipynb", {"04_numpy"}) is None
    True
    """
    stem, dot, extension = file_name.rpartition(".")
    if not dot or extension != "ipynb":
        return None
    if stem in exercises:
        return stem
    for pattern in _COPIES:
        match = pattern.fullmatch(stem)
        if match and match["stem"] in exercises:
            return match["stem"]
    return None


def read_name(parts: Sequence[str], exercises: Collection[str]) -> Name | str:
    """Read the student and the exercise from a path.

    Parameters
    ----------
    parts
        Folders and file name, relative to what the instructor handed over.
    exercises
        The known exercises.

    Returns
    -------
    Name or str
        What the path says, or one sentence why it does not say it.

    Examples
    --------
    >>> read_name(("kim", "04_numpy.ipynb"), {"04_numpy"})
    Name(student='kim', exercise='04_numpy', attempt=None, marked_late=False, timestamped=False)
    >>> read_name(("이준호_1234567_assignsubmission_file_", "04_numpy.ipynb"), {"04_numpy"}).student
    '이준호_1234567'
    >>> read_name(("leejunho_LATE_12345_67890_04_numpy-1.ipynb",), {"04_numpy"}).attempt
    1
    """
    # macOS spells Hangul and accents in pieces, Linux and Windows in one: the same student.
    *folders, file_name = (unicodedata.normalize("NFC", part) for part in parts)
    name = _moodle(folders, file_name, exercises)
    if name is None and not folders:
        name = _canvas(file_name, exercises)
    if name is None:
        name = _plain(folders, file_name, exercises)
    if isinstance(name, Name) and (reason := _bad_student(name.student)):
        return reason
    return name


def _moodle(
    folders: Sequence[str], file_name: str, exercises: Collection[str]
) -> Name | str | None:
    # Only the outermost name is the platform's; what is below it, the student chose.
    match = _MOODLE.fullmatch(folders[0] if folders else file_name)
    if match is None:
        return None
    if match["kind"] == "onlinetext":
        return "text typed into Moodle, no notebook: read it there"
    if folders and match["rest"]:
        return None
    own_name = file_name if folders else match["rest"]
    exercise = exercise_of(own_name, exercises)
    return Name(match["student"], exercise) if exercise else _unknown(own_name, exercises)


def _canvas(file_name: str, exercises: Collection[str]) -> Name | None:
    match = _CANVAS.fullmatch(file_name)
    if not match:
        return None
    rest, attempt = match["rest"], 0
    if exercise_of(rest, exercises) is None and (again := _CANVAS_ATTEMPT.fullmatch(rest)):
        rest, attempt = f"{again['stem']}.ipynb", int(again["attempt"])
    exercise = exercise_of(rest, exercises)
    if exercise is None:
        return None
    student = f"{match['name']}_{match['user']}"
    return Name(student, exercise, attempt=attempt, marked_late=bool(match["late"]))


def _plain(folders: Sequence[str], file_name: str, exercises: Collection[str]) -> Name | str:
    exercise = exercise_of(file_name, exercises)
    if exercise is None:
        return _unknown(file_name, exercises)
    if folders and folders[0] == "submitted":
        folders = folders[1:]
    match folders:
        case [student, folder] if folder == exercise and student not in exercises:
            return Name(student, exercise, timestamped=True)
        case [student] if student not in exercises:
            return Name(student, exercise)
    return (
        "no student in the path: expected STUDENT/NOTEBOOK or STUDENT/EXERCISE/NOTEBOOK below "
        "what was handed over, or names as Moodle or Canvas give them"
    )


def _unknown(file_name: str, exercises: Collection[str]) -> str:
    if not file_name.endswith(".ipynb"):
        return f"no notebook: expected a name such as {_example(exercises)}"
    if _MOODLE.fullmatch(file_name) or _canvas(file_name, exercises):
        return "a name as Moodle or Canvas gives it, within a folder: hand over that folder itself"
    near = [exercise for exercise in sorted(exercises) if exercise.lower() in file_name.lower()]
    if len(near) == 1:
        return f"not the name of an exercise: rename it {near[0]}.ipynb if it is that one"
    return f"not the name of an exercise: expected a name such as {_example(exercises)}"


def _example(exercises: Collection[str]) -> str:
    return f"{min(exercises, default='04_numpy')}.ipynb"


def _bad_student(student: str) -> str | None:
    if not student.strip() or student in {".", ".."}:
        return f"the student's name is {student!r}"
    if len(student) > LONGEST_STUDENT:
        return f"the student's name has {len(student)} characters, expected {LONGEST_STUDENT}"
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in student):
        return f"the student's name holds control or undecodable characters: {student!r}"
    return None
