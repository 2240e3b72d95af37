"""The gradebook: a database that nbgrader reads too, and in which graders do not collide."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from nbgrader import api
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import DBAPIError

from aecourse.grading.database import COURSE, GradebookError, database_url, initialise, settings
from aecourse.grading.judge_file import JudgeFile
from aecourse.grading.late import LateRule
from aecourse.grading.questions import TextQuestion

__all__ = ["Gradebook", "naive_utc"]

_LATE_RULE = "late rule"


def naive_utc(time: datetime | None) -> datetime | None:
    """Return a time as nbgrader stores it: in UTC, without saying so.

    Parameters
    ----------
    time
        With a zone, or None.

    Examples
    --------
    >>> naive_utc(datetime(2026, 3, 1, tzinfo=UTC))
    datetime.datetime(2026, 3, 1, 0, 0)
    """
    return None if time is None else time.astimezone(UTC).replace(tzinfo=None)


class Gradebook:
    """Marks of a course, in nbgrader's tables, and what the judge found, in ours.

    Parameters
    ----------
    target
        Path of an SQLite file, which is made if it is not there, or any SQLAlchemy URL.

    Raises
    ------
    GradebookError
        If the database cannot be used.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, Gradebook(f"{folder}/marks.db") as gradebook:
    ...     gradebook.exercises()
    ()
    """

    def __init__(self, target: str) -> None:
        self.url = database_url(target)
        initialise(self.url)
        self._nbgrader = api.Gradebook(
            self.url.render_as_string(hide_password=False), course_id=COURSE
        )
        self.session = self._nbgrader.db

    def __enter__(self) -> "Gradebook":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        self._nbgrader.close()

    @contextmanager
    def writing(self) -> Iterator[Any]:
        """Write in one transaction that no other grader's overlaps.

        Yields
        ------
        sqlalchemy.orm.Session
            Committed at the end, or rolled back if there is an exception.
        """
        try:
            self.session.rollback()
            # The first statement of every grader's transaction takes the same row: in any
            # database, the others wait here, and then see what was written.
            self.session.execute(
                update(settings).where(settings.c.name == "lock").values(value="held")
            )
            yield self.session
            self.session.commit()
        except DBAPIError as error:
            self.session.rollback()
            raise GradebookError(f"cannot write the gradebook: {error.orig}") from error
        except BaseException:
            self.session.rollback()
            raise

    def exercises(self) -> tuple[str, ...]:
        """Return the names of the exercises, in alphabetical order."""
        names = self.session.scalars(select(api.Assignment.name).order_by(api.Assignment.name))
        return tuple(names)

    def prepare(
        self, judge_file: JudgeFile, *, due: datetime | None = None, late: LateRule | None = None
    ) -> Sequence[str]:
        """Make an exercise's rows, as nbgrader's ``generate_assignment`` does.

        Parameters
        ----------
        judge_file
            The exercise and its questions.
        due
            When it is due; None keeps what the gradebook says.
        late
            What lateness costs; None keeps what the gradebook says. It holds for all exercises.

        Returns
        -------
        Sequence of str
            Questions that the judge no longer asks, kept because a person has marked them.
        """
        with self.writing() as session:
            notebook = self._notebook(judge_file.exercise, due)
            questions = {question.name: question for question in judge_file.questions}
            cells = {cell.name: cell for cell in notebook.grade_cells}
            for name, question in questions.items():
                cell = cells.get(name)
                if cell is None:
                    cell = api.GradeCell(name=name, notebook=notebook)
                    session.add(cell)
                cell.max_score = float(question.points)
                cell.cell_type = "markdown" if isinstance(question, TextQuestion) else "code"
                _add_solution_cell(session, notebook, question)
            kept = [cell.name for cell in _dropped(session, cells, questions)]
            _set(session, f"questions of {judge_file.exercise}", json.dumps(list(questions)))
            if late is not None:
                _set(session, _LATE_RULE, str(late))
        return kept

    def _notebook(self, exercise: str, due: datetime | None) -> Any:
        session = self.session
        assignment = session.scalar(select(api.Assignment).where(api.Assignment.name == exercise))
        if assignment is None:
            assignment = api.Assignment(name=exercise, course_id=COURSE)
            session.add(assignment)
        if due is not None:
            assignment.duedate = naive_utc(due)
        notebook = next((each for each in assignment.notebooks if each.name == exercise), None)
        if notebook is None:
            notebook = api.Notebook(name=exercise, assignment=assignment)
            session.add(notebook)
        session.flush()
        return notebook

    def question_order(self, exercise: str) -> Sequence[str]:
        """Return an exercise's questions in the notebook's order.

        Parameters
        ----------
        exercise
            Its name.
        """
        value = _get(self.session, f"questions of {exercise}")
        return () if value is None else tuple(json.loads(value))

    def due(self, exercise: str) -> datetime | None:
        """Return when an exercise is due, in UTC; None if it never is.

        Parameters
        ----------
        exercise
            Its name.
        """
        due: datetime | None = self.session.scalar(
            select(api.Assignment.duedate).where(api.Assignment.name == exercise)
        )
        return due

    def late_rule(self) -> LateRule | None:
        """Return what lateness costs, or None if it was never said."""
        value = _get(self.session, _LATE_RULE)
        return None if value is None else LateRule.parse(value)


def _add_solution_cell(session: Any, notebook: Any, question: Any) -> None:
    # A text is answered in the cell that is graded, code in a cell before the check.
    text = isinstance(question, TextQuestion)
    name = question.name if text else f"{question.name}-answer"
    if name not in {cell.name for cell in notebook.solution_cells}:
        session.add(api.SolutionCell(name=name, notebook=notebook))
        session.flush()


def _dropped(session: Any, cells: Mapping[str, Any], questions: Mapping[str, Any]) -> Iterator[Any]:
    for name, cell in cells.items():
        if name in questions:
            continue
        if any(grade.manual_score is not None for grade in cell.grades):
            yield cell
            continue
        session.execute(delete(api.Grade).where(api.Grade.cell_id == cell.id))
        session.delete(cell)
    session.flush()


def _get(session: Any, name: str) -> str | None:
    value: str | None = session.scalar(select(settings.c.value).where(settings.c.name == name))
    return value


def _set(session: Any, name: str, value: str) -> None:
    found = session.execute(update(settings).where(settings.c.name == name).values(value=value))
    if not found.rowcount:
        session.execute(insert(settings).values(name=name, value=value))
