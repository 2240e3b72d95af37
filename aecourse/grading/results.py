"""What the gradebook says of each student and exercise, and ``grades.csv``."""

import csv
import io
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from nbgrader import api
from sqlalchemy import select

from aecourse.grading.database import judgements
from aecourse.grading.grade import Outcome
from aecourse.grading.gradebook import Gradebook
from aecourse.grading.verdicts import Verdict
from aecourse.mnist_files import write_file

__all__ = ["QuestionResult", "Result", "Status", "read_results", "write_grades"]

Status = Literal["graded", "needs a person", "not graded"]
"""A mark is a mark, or it is said why there is none."""


@dataclass(frozen=True)
class QuestionResult:
    """One question's mark.

    Parameters
    ----------
    name, points
        The question's.
    score
        The mark; None: there is none yet.
    by_person
        Whether a person gave it.
    to_review
        Whether a person should look.
    verdict
        What the judge found, if it did.
    comment
        What a person wrote.

    Examples
    --------
    >>> QuestionResult("mse", 2.0, 2.0, False, False, None, None).score
    2.0
    """

    name: str
    points: float
    score: float | None
    by_person: bool
    to_review: bool
    verdict: Verdict | None
    comment: str | None


@dataclass(frozen=True)
class Result:
    """One student's marks for one exercise.

    Parameters
    ----------
    student, exercise
        Whose, for what.
    status
        Whether this is the mark.
    reason
        Why it is not.
    penalty
        Points lost for lateness.
    submitted_at
        When it was handed in, in UTC.
    origin
        Where the notebook lay.
    questions
        In the notebook's order.

    Examples
    --------
    >>> question = QuestionResult("mse", 2.0, 2.0, False, False, None, None)
    >>> result = Result("kim", "04_numpy", "graded", "", 0.5, None, "kim.ipynb", (question,))
    >>> result.score, result.points
    (1.5, 2.0)
    """

    student: str
    exercise: str
    status: Status
    reason: str
    penalty: float
    submitted_at: datetime | None
    origin: str
    questions: tuple[QuestionResult, ...]

    @property
    def points(self) -> float:
        """What the exercise is worth."""
        return sum(question.points for question in self.questions)

    @property
    def score(self) -> float | None:
        """The marks there are, less the penalty; None if it is not graded."""
        if self.status == "not graded":
            return None
        given = sum(question.score or 0.0 for question in self.questions)
        return max(0.0, given - self.penalty)


def read_results(
    gradebook: Gradebook, exercises: Collection[str] | None = None
) -> Iterator[Result]:
    """Read the marks that count.

    Parameters
    ----------
    gradebook
        Where from.
    exercises
        Of these; None stands for all.

    Yields
    ------
    Result
        By exercise, then by student.
    """
    gradebook.session.rollback()
    for exercise in gradebook.exercises():
        if exercises is None or exercise in exercises:
            yield from _of_exercise(gradebook, exercise)


def _of_exercise(gradebook: Gradebook, exercise: str) -> Iterator[Result]:
    session = gradebook.session
    order = {name: place for place, name in enumerate(gradebook.question_order(exercise))}
    penalties, marks = _marks(session, exercise)
    comments = _comments(session, exercise)
    numbers = session.scalars(
        select(judgements.c.id)
        .where(judgements.c.exercise == exercise, judgements.c.counts)
        .order_by(judgements.c.student)
    ).all()
    for number in numbers:
        # One at a time: an outcome holds previews of every case.
        row = session.execute(select(judgements).where(judgements.c.id == number)).one()
        outcome = Outcome.from_json(row.outcome)
        verdicts = {verdict.name: verdict for verdict in outcome.verdicts}
        questions = tuple(
            QuestionResult(
                name=mark.name,
                points=mark.max_score,
                score=_score(mark),
                by_person=mark.manual_score is not None,
                to_review=bool(mark.needs_manual_grade),
                verdict=verdicts.get(mark.name),
                comment=comments.get((row.student, mark.name)),
            )
            for mark in sorted(
                marks[row.student], key=lambda mark: (order.get(mark.name, 99), mark.name)
            )
        )
        status, reason = _status(outcome, questions)
        yield Result(
            student=row.student,
            exercise=exercise,
            status=status,
            reason=reason,
            penalty=penalties.get(row.student, 0.0),
            submitted_at=row.submitted_at,
            origin=row.origin,
            questions=questions,
        )


def _marks(session: Any, exercise: str) -> tuple[Mapping[str, float], Mapping[str, Sequence[Any]]]:
    penalties: dict[str, float] = {}
    marks: dict[str, list[Any]] = defaultdict(list)
    for row in session.execute(
        select(
            api.SubmittedAssignment.student_id,
            api.SubmittedNotebook.late_submission_penalty,
            api.GradeCell.name,
            api.GradeCell.max_score,
            api.Grade.auto_score,
            api.Grade.manual_score,
            api.Grade.extra_credit,
            api.Grade.needs_manual_grade,
        )
        .select_from(api.Grade)
        .join(api.GradeCell, api.GradeCell.id == api.Grade.cell_id)
        .join(api.SubmittedNotebook, api.SubmittedNotebook.id == api.Grade.notebook_id)
        .join(
            api.SubmittedAssignment,
            api.SubmittedAssignment.id == api.SubmittedNotebook.assignment_id,
        )
        .join(api.Assignment, api.Assignment.id == api.SubmittedAssignment.assignment_id)
        .where(api.Assignment.name == exercise)
    ):
        penalties[row.student_id] = row.late_submission_penalty or 0.0
        marks[row.student_id].append(row)
    return penalties, marks


def _comments(session: Any, exercise: str) -> Mapping[tuple[str, str], str]:
    rows = session.execute(
        select(
            api.SubmittedAssignment.student_id, api.SolutionCell.name, api.Comment.manual_comment
        )
        .select_from(api.Comment)
        .join(api.SolutionCell, api.SolutionCell.id == api.Comment.cell_id)
        .join(api.SubmittedNotebook, api.SubmittedNotebook.id == api.Comment.notebook_id)
        .join(
            api.SubmittedAssignment,
            api.SubmittedAssignment.id == api.SubmittedNotebook.assignment_id,
        )
        .join(api.Assignment, api.Assignment.id == api.SubmittedAssignment.assignment_id)
        .where(api.Assignment.name == exercise, api.Comment.manual_comment.is_not(None))
    )
    return {(student, name.removesuffix("-answer")): comment for student, name, comment in rows}


def _score(mark: Any) -> float | None:
    score: float | None = mark.auto_score if mark.manual_score is None else mark.manual_score
    return None if score is None else score + (mark.extra_credit or 0.0)


def _status(outcome: Outcome, questions: Sequence[QuestionResult]) -> tuple[Status, str]:
    missing = [question.name for question in questions if question.score is None]
    if outcome.status != "graded" and (missing or not questions):
        return "not graded", outcome.reason or "no reason was given"
    if missing:
        return "needs a person", f"to be marked by a person: {', '.join(missing)}"
    again = [question.name for question in questions if question.to_review]
    if again:
        return "needs a person", f"handed in again since a person marked it: {', '.join(again)}"
    return "graded", ""


def write_grades(results: Sequence[Result], path: Path) -> None:
    """Write ``grades.csv`` whole or not at all.

    Parameters
    ----------
    results
        The marks.
    path
        Where to.

    Examples
    --------
    >>> import tempfile
    >>> question = QuestionResult("mse", 2.0, 2.0, False, False, None, None)
    >>> result = Result("kim", "04_numpy", "graded", "", 0.0, None, "kim.ipynb", (question,))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_grades([result], Path(folder) / "grades.csv")
    ...     print((Path(folder) / "grades.csv").read_text())
    student,exercise,score,max,status,reason,penalty,submitted_at,04_numpy/mse
    kim,04_numpy,2,2,graded,,0,,2
    <BLANKLINE>
    """
    columns = list(
        dict.fromkeys(
            f"{result.exercise}/{question.name}"
            for result in results
            for question in result.questions
        )
    )
    heads = ["student", "exercise", "score", "max", "status", "reason", "penalty", "submitted_at"]
    text = io.StringIO()
    table = csv.DictWriter(text, [*heads, *columns], lineterminator="\n")
    table.writeheader()
    for result in results:
        row = {
            "student": _cell(result.student),
            "exercise": result.exercise,
            "score": _number(result.score),
            "max": _number(result.points),
            "status": result.status,
            "reason": _cell(result.reason),
            "penalty": _number(result.penalty),
            "submitted_at": f"{result.submitted_at:%Y-%m-%dT%H:%M:%SZ}"
            if result.submitted_at
            else "",
        }
        for question in result.questions:
            row[f"{result.exercise}/{question.name}"] = _number(question.score)
        table.writerow(row)
    write_file(path, text.getvalue().encode("utf-8", errors="replace"))


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _cell(text: str) -> str:
    # A spreadsheet would run a name that begins like a formula.
    text = "".join(c if c.isprintable() else " " for c in text)
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text
