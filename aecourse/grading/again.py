"""Judging again: one question of what is judged, or what could not be judged."""

from collections.abc import Collection, Sequence

from sqlalchemy import select, update

from aecourse.grading.claims import Key
from aecourse.grading.database import judgements
from aecourse.grading.gradebook import Gradebook

__all__ = ["ask_again", "judge_again"]

_table = judgements.c


def ask_again(gradebook: Gradebook, keys: Collection[Key], question: str) -> Sequence[Key]:
    """Mark judged notebooks: one question of each is to be judged again.

    Parameters
    ----------
    gradebook
        Where they are written down.
    keys
        Which notebooks; those that have no mark yet are left out.
    question
        Its name.

    Returns
    -------
    Sequence of Key
        Those that are marked. If a run of the same kind was stopped, those that it left.
    """
    columns = (_table.id, _table.exercise, _table.student, _table.digest)
    with gradebook.writing() as session:
        left = session.execute(select(*columns).where(_table.question == question))
        rows = {tuple(row)[1:]: row.id for row in left}
        going_on = [key for key in keys if _names(key) in rows]
        if going_on:
            return going_on
        judged = session.execute(
            select(*columns).where(
                _table.state == "judged", _table.status == "graded", _table.counts
            )
        )
        rows = {tuple(row)[1:]: row.id for row in judged}
        marked = [key for key in keys if _names(key) in rows]
        for key in marked:
            session.execute(
                update(judgements)
                .where(_table.id == rows[_names(key)])
                .values(state="pending", question=question, attempts=0)
            )
    return marked


def judge_again(gradebook: Gradebook, exercises: Collection[str]) -> int:
    """Mark what ended "not graded" to be judged again.

    Parameters
    ----------
    gradebook
        Where they are written down.
    exercises
        Of which exercises.

    Returns
    -------
    int
        How many are marked.
    """
    with gradebook.writing() as session:
        found = session.execute(
            update(judgements)
            .where(
                _table.exercise.in_(exercises),
                _table.state == "judged",
                _table.status != "graded",
                _table.counts,
            )
            .values(state="pending", attempts=0)
        )
    return int(found.rowcount)


def _names(key: Key) -> tuple[str, str, str]:
    return key.exercise, key.student, key.digest
