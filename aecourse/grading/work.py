"""Judging one notebook, in this process or on another machine."""

import hashlib
import tempfile
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path

from aecourse.grading.grade import Outcome, grade_notebook
from aecourse.grading.judge_file import JudgeFile, load_judge
from aecourse.grading.sandbox import Sandbox, sandbox_available

__all__ = ["Task", "judge_here", "judge_there", "not_graded", "why_unable"]


@dataclass(frozen=True)
class Task:
    """One notebook to judge.

    Parameters
    ----------
    content
        The notebook's bytes.
    judge_file
        The questions.
    judge_source
        The file that defines them, for other machines.
    seed
        Of the random inputs: the same task gives the same marks wherever it runs.
    sandboxed
        Whether the student's code is locked in.
    hidden
        Folders that it must not see even where the sandbox shows what is around them.

    Examples
    --------
    >>> Task(b"{}", JudgeFile("04_numpy", (), ""), b"QUESTIONS = ()", 7).sandboxed
    True
    """

    content: bytes = field(repr=False)
    judge_file: JudgeFile
    judge_source: bytes = field(repr=False)
    seed: int
    sandboxed: bool = True
    hidden: tuple[Path, ...] = ()


def not_graded(task: Task, reason: str) -> Outcome:
    """Return the outcome of a task that could not be done.

    Parameters
    ----------
    task
        Which.
    reason
        Why, as the end of a sentence.
    """
    return Outcome(
        exercise=task.judge_file.exercise,
        digest=hashlib.sha256(task.content).hexdigest(),
        status="not graded",
        reason=reason,
        verdicts=(),
        cells=(),
        seconds=0.0,
        seed=task.seed,
        judge_digest=task.judge_file.digest,
    )


def judge_here(task: Task) -> Outcome:
    """Judge a notebook with this process as the trusted one.

    Parameters
    ----------
    task
        What to judge.

    Returns
    -------
    Outcome
        Whatever happens: an error of the judge is "not graded".
    """
    try:
        return grade_notebook(
            task.content,
            task.judge_file,
            seed=task.seed,
            sandboxed=task.sandboxed,
            asker_factory=partial(Sandbox, hidden=task.hidden) if task.sandboxed else None,
        )
    except Exception as error:
        # A mark or a reason, and the next notebook's turn.
        return not_graded(task, f"the grader failed: {type(error).__name__}: {error}")


def judge_there(content: bytes, exercise: str, source: bytes, seed: int, sandboxed: bool) -> str:
    """Judge a notebook on a Dask worker, which needs no copy of the solutions.

    Parameters
    ----------
    content, seed, sandboxed
        As for `Task`.
    exercise, source
        The judge's name and file.

    Returns
    -------
    str
        The outcome as JSON.
    """
    judge_file = _judge_from(exercise, source)
    return judge_here(Task(content, judge_file, source, seed, sandboxed)).to_json()


@lru_cache(maxsize=32)
def _judge_from(exercise: str, source: bytes) -> JudgeFile:
    # A folder that only this user can enter, gone before any student's code starts.
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / exercise
        home.mkdir()
        (home / "judge.py").write_bytes(source)
        return load_judge(home)


def why_unable(sandboxed: bool) -> str | None:
    """Say why this process cannot judge, or None if it can.

    Parameters
    ----------
    sandboxed
        Whether the student's code has to be locked in.

    Examples
    --------
    >>> why_unable(False) is None
    True
    """
    return sandbox_available() if sandboxed else None
