"""The questions of one set of exercises, from the file that defines them."""

import hashlib
import importlib.util
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aecourse.grading.questions import Question, TextQuestion

__all__ = ["JudgeFile", "load_judge"]

_MAX_HINTS = 3
_MIN_MISTAKES = 3


@dataclass(frozen=True)
class JudgeFile:
    """The questions of one set of exercises.

    Parameters
    ----------
    exercise
        Name of the set, such as ``"04_numpy"``.
    questions
        In the order of the notebook.
    digest
        SHA-256 of the file that defines them.

    Examples
    --------
    >>> JudgeFile("04_numpy", (TextQuestion("why", 2, ("2: saturation",)),), "").points
    2
    """

    exercise: str
    questions: tuple[Question, ...]
    digest: str

    @property
    def points(self) -> int:
        """What the whole set is worth."""
        return sum(question.points for question in self.questions)


def load_judge(folder: Path) -> JudgeFile:
    """Load the questions of one set of exercises, and check that they are complete.

    Parameters
    ----------
    folder
        A folder ``NN_name`` with a file ``judge.py`` that defines ``QUESTIONS``.

    Returns
    -------
    JudgeFile
        Its questions.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If a question is incomplete; the message says which and how.
    """
    path = folder / "judge.py"
    if not path.is_file():
        raise FileNotFoundError(
            f"expected a file judge.py in the folder {folder.name!r}, got none — give a folder "
            "below solutions/"
        )
    exercise = folder.resolve().name
    spec = importlib.util.spec_from_file_location(f"aecourse_judge_{exercise}", path)
    if spec is None or spec.loader is None:
        raise ValueError(f"expected Python source in {path.name}, got something else")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    questions = tuple(getattr(module, "QUESTIONS", ()))
    _check_set(exercise, questions)
    return JudgeFile(exercise, questions, hashlib.sha256(path.read_bytes()).hexdigest())


def _check_set(exercise: str, questions: Sequence[Question]) -> None:
    if not re.fullmatch(r"\d\d_\w+", exercise):
        raise ValueError(f"expected a folder named like '04_numpy', got {exercise!r}")
    if not questions:
        raise ValueError(f"expected judge.py of {exercise} to define QUESTIONS, got none")
    names = [question.name for question in questions]
    for question in questions:
        problem = _incomplete(question)
        if names.count(question.name) > 1:
            problem = "a name of its own, got one that is used twice"
        if problem:
            raise ValueError(f"{exercise}: expected question {question.name!r} to have {problem}")


def _incomplete(question: Question) -> str | None:
    if not re.fullmatch(r"[a-z][a-z0-9_-]*", question.name):
        return "a name of small letters, digits, - and _"
    if isinstance(question.points, bool) or not isinstance(question.points, int):
        return f"whole points, got {question.points!r}"
    if question.points < 1:
        return f"at least 1 point, got {question.points}"
    if isinstance(question, TextQuestion):
        return None if question.rubric else "a rubric, got none"
    mistakes = [mistake.name for mistake in question.mistakes]
    if len(mistakes) < _MIN_MISTAKES:
        return f"at least {_MIN_MISTAKES} typical mistakes, got {len(mistakes)}"
    if len(set(mistakes)) < len(mistakes):
        return "mistakes with different names"
    if len(question.hints) > _MAX_HINTS or isinstance(question.hints, str):
        return f"a sequence of at most {_MAX_HINTS} hints, got {len(question.hints)}"
    return None
