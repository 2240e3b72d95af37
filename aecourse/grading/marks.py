"""From what the judge found to nbgrader's marks; a person's marks are left as they are."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from nbgrader import api
from sqlalchemy import select, update

from aecourse.grading.database import judgements
from aecourse.grading.grade import Outcome
from aecourse.grading.gradebook import Gradebook

__all__ = ["charge_lateness", "settle"]


def settle(gradebook: Gradebook, exercise: str, student: str) -> None:
    """Make the newest of a student's notebooks for an exercise the one that counts.

    Parameters
    ----------
    gradebook
        With a transaction under way.
    exercise, student
        Whose.
    """
    session = gradebook.session
    table = judgements.c
    mine = (table.exercise == exercise) & (table.student == student)
    rows = session.execute(select(judgements).where(mine & table.outcome.is_not(None))).all()
    if not rows:
        return
    best = max(rows, key=_age)
    before = next((row for row in rows if row.counts), None)
    if before is None or before.id != best.id:
        session.execute(update(judgements).where(mine).values(counts=False))
        session.execute(update(judgements).where(table.id == best.id).values(counts=True))
    resubmitted = before is not None and before.digest != best.digest
    _write(gradebook, best, resubmitted=resubmitted)


def _age(row: Any) -> tuple[datetime, datetime, int]:
    return row.submitted_at or datetime.min, row.finished_at or datetime.min, row.id


def _write(gradebook: Gradebook, row: Any, *, resubmitted: bool) -> None:
    session = gradebook.session
    submission = _submission(session, row)
    verdicts = {verdict.name: verdict for verdict in Outcome.from_json(row.outcome).verdicts}
    graded = row.status == "graded"
    submitted = next(iter(submission.notebooks))
    grades = {grade.cell_id: grade for grade in submitted.grades}
    for cell in submitted.notebook.grade_cells:
        grade = grades.get(cell.id)
        if grade is None:
            grade = api.Grade(cell_id=cell.id, notebook=submitted)
            session.add(grade)
        verdict = verdicts.get(cell.name)
        # No mark is None, never 0: a failure of the grader must not read as one of the student.
        grade.auto_score = verdict.score if graded and verdict is not None else None
        if grade.manual_score is None:
            grade.needs_manual_grade = grade.auto_score is None
        elif resubmitted:
            # The person's mark stays, but it is for another answer: they should look again.
            grade.needs_manual_grade = True
    comments = {comment.cell_id: comment for comment in submitted.comments}
    for cell in submitted.notebook.solution_cells:
        comment = comments.get(cell.id)
        if comment is None:
            comment = api.Comment(cell_id=cell.id, notebook=submitted)
            session.add(comment)
        verdict = verdicts.get(cell.name.removesuffix("-answer"))
        reason = f"Not graded, because {Outcome.from_json(row.outcome).reason}"
        sentence = reason if not graded else "" if verdict is None else verdict.sentence
        comment.auto_comment = sentence.replace("\0", "") or None
    session.flush()
    _charge(gradebook, submission)


def _submission(session: Any, row: Any) -> Any:
    student = session.get(api.Student, row.student)
    if student is None:
        student = api.Student(id=row.student)
        session.add(student)
    assignment = session.scalars(
        select(api.Assignment).where(api.Assignment.name == row.exercise)
    ).one()
    submission = session.scalar(
        select(api.SubmittedAssignment).where(
            api.SubmittedAssignment.assignment_id == assignment.id,
            api.SubmittedAssignment.student_id == row.student,
        )
    )
    if submission is None:
        submission = api.SubmittedAssignment(assignment=assignment, student=student)
        session.add(submission)
    submission.timestamp = row.submitted_at
    if not submission.notebooks:
        notebook = next(each for each in assignment.notebooks if each.name == row.exercise)
        session.add(api.SubmittedNotebook(notebook=notebook, assignment=submission))
    session.flush()
    return submission


def charge_lateness(gradebook: Gradebook, exercises: Collection[str]) -> None:
    """Work out the late penalties anew: the due date, an extension or the rule may have changed.

    Parameters
    ----------
    gradebook
        No transaction is under way.
    exercises
        Whose.
    """
    with gradebook.writing() as session:
        for submission in session.scalars(
            select(api.SubmittedAssignment)
            .join(api.Assignment, api.Assignment.id == api.SubmittedAssignment.assignment_id)
            .where(api.Assignment.name.in_(exercises))
        ):
            _charge(gradebook, submission)


def _charge(gradebook: Gradebook, submission: Any) -> None:
    rule = gradebook.late_rule()
    if rule is None:
        return
    notebook = next(iter(submission.notebooks))
    points = sum(cell.max_score for cell in notebook.notebook.grade_cells)
    late = float(submission.total_seconds_late)
    notebook.late_submission_penalty = rule.penalty(seconds=late, points=points)
