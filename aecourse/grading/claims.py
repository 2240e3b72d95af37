"""Who judges what: every notebook once, also with several graders, also after a power cut."""

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import insert, select, update

from aecourse.grading.database import judgements
from aecourse.grading.grade import Outcome
from aecourse.grading.gradebook import Gradebook, naive_utc
from aecourse.grading.marks import settle
from aecourse.grading.ownership import is_gone, process_name

__all__ = ["Claim", "Claims", "Key"]

_STALE_SECONDS = 60.0
_table = judgements.c


@dataclass(frozen=True)
class Key:
    """What is judged once.

    Parameters
    ----------
    exercise, student
        Whose.
    digest
        SHA-256 of the notebook.
    judge_digest
        That of the judge.

    Examples
    --------
    >>> Key("04_numpy", "kim", "ab12", "cd34").student
    'kim'
    """

    exercise: str
    student: str
    digest: str
    judge_digest: str


@dataclass(frozen=True)
class Claim:
    """The right to judge a notebook.

    Parameters
    ----------
    row
        Number of the row.
    key
        What is judged.
    question
        The only question whose mark may change; None stands for all.
    attempts
        How often it has been claimed, this time included.

    Examples
    --------
    >>> Claim(1, Key("04_numpy", "kim", "ab12", "cd34"), None, 1).attempts
    1
    """

    row: int
    key: Key
    question: str | None
    attempts: int


class Claims:
    """What this process has claimed.

    Parameters
    ----------
    gradebook
        Where claims are written down.
    stale_seconds
        After how long without a sign of life another machine's claim is taken over. A dead
        process of this machine loses its claims at once.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, Gradebook(f"{folder}/marks.db") as gradebook:
    ...     mine, theirs = Claims(gradebook), Claims(gradebook)
    ...     key = Key("04_numpy", "kim", "ab12", "cd34")
    ...     claim = mine.take(key, submitted_at=None, origin="kim/04_numpy.ipynb")
    ...     claim.attempts, theirs.take(key, submitted_at=None, origin="kim/04_numpy.ipynb")
    (1, 'busy')
    """

    def __init__(self, gradebook: Gradebook, *, stale_seconds: float = _STALE_SECONDS) -> None:
        self._gradebook = gradebook
        self._stale_seconds = stale_seconds
        self.owner = process_name()
        # When a beat was first seen, by this process' own clock: clocks of machines differ.
        self._seen: dict[tuple[int, str, int], float] = {}

    def take(
        self, key: Key, *, submitted_at: datetime | None, origin: str
    ) -> Claim | Literal["busy", "done"]:
        """Claim a notebook, unless it is judged or another grader has it.

        Parameters
        ----------
        key
            What is to be judged.
        submitted_at, origin
            As for `aecourse.grading.submissions.Submission`.

        Returns
        -------
        Claim or str
            ``"busy"``: another grader is at it; ``"done"``: it is judged.
        """
        with self._gradebook.writing() as session:
            row = self._row(session, key)
            if row is None:
                number = self._insert(session, key, submitted_at, origin)
                return Claim(number, key, None, 1)
            if row.state == "judged":
                self._handed_in_again(session, row, submitted_at)
                return "done"
            if row.state == "claimed" and not self._is_stale(row):
                return "busy"
            # Only if nobody else has taken it since it was read.
            taken = session.execute(
                update(judgements)
                .where(_table.id == row.id, _table.owner == row.owner, _table.beat == row.beat)
                .values(
                    state="claimed",
                    owner=self.owner,
                    beat=row.beat + 1,
                    attempts=row.attempts + 1,
                )
            )
            if not taken.rowcount:
                return "busy"
            return Claim(row.id, key, row.question, row.attempts + 1)

    def _row(self, session: Any, key: Key) -> Any:
        rows = session.execute(
            select(judgements).where(
                _table.exercise == key.exercise,
                _table.student == key.student,
                _table.digest == key.digest,
                (_table.judge_digest == key.judge_digest) | (_table.question.is_not(None)),
            )
        ).all()
        # One question of an older judgement comes first; it becomes the new judge's.
        return next((row for row in rows if row.question), rows[0] if rows else None)

    def _insert(self, session: Any, key: Key, submitted_at: datetime | None, origin: str) -> int:
        row = session.execute(
            insert(judgements).values(
                exercise=key.exercise,
                student=key.student,
                digest=key.digest,
                judge_digest=key.judge_digest,
                origin=origin,
                submitted_at=self._known_time(session, key) or naive_utc(submitted_at),
                state="claimed",
                owner=self.owner,
                beat=1,
                attempts=1,
                counts=False,
            )
        )
        return int(row.inserted_primary_key[0])

    def _known_time(self, session: Any, key: Key) -> datetime | None:
        # The same notebook, judged before by another judge: a copy's time may be later.
        time: datetime | None = session.scalar(
            select(_table.submitted_at)
            .where(
                _table.exercise == key.exercise,
                _table.student == key.student,
                _table.digest == key.digest,
                _table.submitted_at.is_not(None),
                _table.counts,
            )
            .limit(1)
        )
        return time

    def _handed_in_again(self, session: Any, row: Any, submitted_at: datetime | None) -> None:
        time = naive_utc(submitted_at)
        if row.counts or time is None:
            return
        other = session.scalar(
            select(_table.submitted_at).where(
                _table.exercise == row.exercise, _table.student == row.student, _table.counts
            )
        )
        if other is not None and time > other:
            session.execute(update(judgements).where(_table.id == row.id).values(submitted_at=time))
            settle(self._gradebook, row.exercise, row.student)

    def _is_stale(self, row: Any) -> bool:
        if row.owner == self.owner:
            return False
        if is_gone(row.owner):
            return True
        now = time.monotonic()
        first = self._seen.setdefault((row.id, row.owner, row.beat), now)
        return now - first > self._stale_seconds

    def beat(self) -> None:
        """Give a sign of life for all claims of this process."""
        with self._gradebook.writing() as session:
            session.execute(
                update(judgements)
                .where(_table.owner == self.owner, _table.state == "claimed")
                .values(beat=_table.beat + 1)
            )

    def finish(self, claim: Claim, outcome: Outcome) -> bool:
        """Write down what was found, and the marks, in one transaction.

        Parameters
        ----------
        claim
            From `take`.
        outcome
            What the judge found.

        Returns
        -------
        bool
            False if another grader had taken the claim over: its result counts, not this one.
        """
        with self._gradebook.writing() as session:
            row = session.execute(
                select(judgements).where(
                    _table.id == claim.row,
                    _table.owner == self.owner,
                    _table.state == "claimed",
                )
            ).one_or_none()
            if row is None:
                return False
            if row.question is not None:
                outcome = _merged(Outcome.from_json(row.outcome), outcome, row.question)
            session.execute(
                update(judgements)
                .where(_table.id == claim.row)
                .values(
                    state="judged",
                    question=None,
                    judge_digest=outcome.judge_digest,
                    status=outcome.status,
                    outcome=outcome.to_json(),
                    finished_at=naive_utc(datetime.now(UTC)),
                )
            )
            settle(self._gradebook, claim.key.exercise, claim.key.student)
        return True

    def release(self) -> None:
        """Give back all that this process has claimed and not finished."""
        with self._gradebook.writing() as session:
            session.execute(
                update(judgements)
                .where(_table.owner == self.owner, _table.state == "claimed")
                .values(state="pending", attempts=_table.attempts - 1)
            )


def _merged(before: Outcome, outcome: Outcome, question: str) -> Outcome:
    if outcome.status != "graded":
        # What was found earlier still holds; the run reports the reason.
        return before
    fresh = {verdict.name: verdict for verdict in outcome.verdicts}
    verdicts = [fresh[v.name] if v.name == question else v for v in before.verdicts]
    if question not in {verdict.name for verdict in before.verdicts}:
        verdicts.append(fresh[question])
    return replace(before, verdicts=tuple(verdicts), judge_digest=outcome.judge_digest)
