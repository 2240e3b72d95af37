"""Grade one notebook: run its cells shut in, ask for the answers, judge them out here."""

import hashlib
import importlib.util
import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, Self

from aecourse.grading.cells import NotebookError, read_cells
from aecourse.grading.judge import CaseVerdict, JudgeFile, Verdict, judge
from aecourse.grading.limits import Limits
from aecourse.grading.memory import bounded_memory
from aecourse.grading.questions import FunctionQuestion, PropertyQuestion
from aecourse.grading.sandbox import CellOutcome, Sandbox, SandboxStopped, Unsandboxed
from aecourse.grading.session import Session

__all__ = ["Outcome", "grade_notebook"]

_MEMORY_OF_A_CHECK = 2**30
_PACKAGES = {"torch": ("PyTorch", "torch"), "tensorflow": ("TensorFlow", "tensorflow")}


@dataclass(frozen=True)
class Outcome:
    """What came of grading one notebook: marks, or the reason why there are none.

    Parameters
    ----------
    exercise
        The set of exercises.
    digest
        SHA-256 of the notebook's file.
    status
        ``"graded"`` or ``"not graded"``.
    reason
        What follows "not graded, because"; None if it is graded.
    verdicts
        One for each question; none if it is not graded.
    cells
        What became of each code cell.
    seconds
        How long it took.
    seed
        Of the random inputs.
    judge_digest
        SHA-256 of the file that defines the questions.

    Examples
    --------
    >>> outcome = Outcome("04_numpy", "ab12", "not graded", "the file is empty", (), (), 0.0, 0, "")
    >>> print(outcome)
    04_numpy: not graded, because the file is empty
    >>> Outcome.from_json(outcome.to_json()) == outcome
    True
    """

    exercise: str
    digest: str
    status: Literal["graded", "not graded"]
    reason: str | None
    verdicts: tuple[Verdict, ...]
    cells: tuple[CellOutcome, ...]
    seconds: float
    seed: int
    judge_digest: str

    @property
    def score(self) -> float | None:
        """The sum of the marks that the judge gave; None if it is not graded."""
        if self.status != "graded":
            return None
        return sum(verdict.score or 0.0 for verdict in self.verdicts)

    def __str__(self) -> str:
        if self.status != "graded":
            return f"{self.exercise}: not graded, because {self.reason}"
        points = sum(verdict.points for verdict in self.verdicts)
        return f"{self.exercise}: {self.score:g} of {points} points"

    def to_json(self) -> str:
        """Return all of it as JSON text."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote.

        Parameters
        ----------
        text
            JSON.

        Returns
        -------
        Outcome
            Equal to the one that was written.
        """
        fields = json.loads(text)
        fields["cells"] = tuple(CellOutcome(**cell) for cell in fields["cells"])
        fields["verdicts"] = tuple(map(_verdict, fields["verdicts"]))
        return cls(**fields)


def grade_notebook(
    content: bytes,
    judge_file: JudgeFile,
    *,
    seed: int,
    limits: Limits = Limits(),  # noqa: B008
    sandboxed: bool = True,
    hidden: Sequence[Path] = (),
    asker_factory: Callable[[Limits], Sandbox] | None = None,
) -> Outcome:
    """Grade one notebook.

    Parameters
    ----------
    content
        The notebook's file, which may be anything.
    judge_file
        The questions, from `aecourse.grading.judge.load_judge`.
    seed
        Of the random inputs.
    limits
        What the notebook's code may use.
    sandboxed
        Whether the code is shut in. False only by someone's explicit choice.
    hidden
        Folders and files that the code must not see even if they lie below Python's or the
        system's folders; those elsewhere it does not see anyway.
    asker_factory
        Makes the process that runs it; None stands for `Sandbox` or `Unsandboxed`.

    Returns
    -------
    Outcome
        Nothing that the notebook does makes this function raise.

    Raises
    ------
    RuntimeError
        If students' code cannot be shut in here.
    """
    start = time.monotonic()
    factory = asker_factory or partial(Sandbox if sandboxed else Unsandboxed, hidden=hidden)

    def outcome(
        verdicts: tuple[Verdict, ...], cells: tuple[CellOutcome, ...], reason: str | None = None
    ) -> Outcome:
        return Outcome(
            exercise=judge_file.exercise,
            digest=hashlib.sha256(content).hexdigest(),
            status="graded" if reason is None else "not graded",
            reason=reason,
            verdicts=verdicts,
            cells=cells,
            seconds=round(time.monotonic() - start, 3),
            seed=seed,
            judge_digest=judge_file.digest,
        )

    missing = _missing_framework(judge_file)
    if missing:
        return outcome((), (), f"{missing}, which it is written in, is not installed here")
    try:
        sources = read_cells(content, max_bytes=limits.notebook)
    except NotebookError as error:
        return outcome((), (), str(error))
    with closing(Session(sources, limits, factory)) as session:
        question = None
        try:
            session.open()
            verdicts = []
            with bounded_memory(_MEMORY_OF_A_CHECK):
                for question in judge_file.questions:
                    verdicts.append(judge(question, session, seed=seed))
        except SandboxStopped as stopped:
            return outcome((), session.cells, f"its code {stopped}")
        except RuntimeError:
            if question is None:
                raise
            return outcome((), session.cells, f"the judge of {question.name!r} failed")
        except Exception as error:
            # A fault in the judge's own functions: nobody's mark, and no reason to end a run.
            name = question.name if question else ""
            return outcome(
                (), session.cells, f"the judge of {name!r} failed ({type(error).__name__}: {error})"
            )
        return outcome(tuple(verdicts), session.cells)


def _missing_framework(judge_file: JudgeFile) -> str | None:
    for question in judge_file.questions:
        if isinstance(question, FunctionQuestion | PropertyQuestion):
            name, module = _PACKAGES.get(question.framework, ("NumPy", "numpy"))
            if importlib.util.find_spec(module) is None:
                return name
    return None


def _verdict(fields: Mapping[str, Any]) -> Verdict:
    cases = tuple(CaseVerdict(**case) for case in fields["cases"])
    return Verdict(**{**fields, "cases": cases})
