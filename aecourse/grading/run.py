"""The grading run: from submissions to marks, going on where an earlier run was stopped."""

import hashlib
import secrets
import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from aecourse.grading.again import ask_again
from aecourse.grading.claims import Claim, Claims, Key
from aecourse.grading.database import GradebookError
from aecourse.grading.grade import Outcome
from aecourse.grading.gradebook import Gradebook
from aecourse.grading.judge_file import JudgeFile, load_judge
from aecourse.grading.pools import Pool, PoolLostError, WorkerKilledError
from aecourse.grading.sources import Problem
from aecourse.grading.submissions import Submission
from aecourse.grading.work import Task, not_graded

__all__ = ["Judge", "grade_submissions", "load_judges"]

_BEAT_SECONDS = 10.0
_POLL_SECONDS = 0.5
_MOST_ATTEMPTS = 5


@dataclass(frozen=True)
class Judge:
    """The questions of an exercise and the file that defines them.

    Parameters
    ----------
    file
        The questions.
    source
        The file's bytes, for other machines.

    Examples
    --------
    >>> Judge(JudgeFile("04_numpy", (), ""), b"QUESTIONS = ()").file.exercise
    '04_numpy'
    """

    file: JudgeFile
    source: bytes


@dataclass(frozen=True)
class _Job:
    claim: Claim
    task: Task
    submission: Submission


def load_judges(solutions: Path) -> Mapping[str, Judge]:
    """Load the questions of all exercises.

    Parameters
    ----------
    solutions
        The folder with a folder for each exercise.

    Returns
    -------
    Mapping
        From the exercise's name.

    Raises
    ------
    FileNotFoundError
        If there is none.
    ValueError
        If a question is incomplete.
    """
    judges = {}
    for path in sorted(solutions.glob("*/judge.py")):
        file = load_judge(path.parent)
        judges[file.exercise] = Judge(file, path.read_bytes())
    if not judges:
        raise FileNotFoundError(
            f"expected folders with a judge.py in {solutions}, found none — "
            "name the folder with the solutions: --solutions DIR"
        )
    return judges


def grade_submissions(
    gradebook: Gradebook,
    submissions: Sequence[Submission],
    judges: Mapping[str, Judge],
    pool: Pool,
    *,
    sandboxed: bool = True,
    hidden: Sequence[Path] = (),
    question: str | None = None,
    progress: bool = True,
) -> Sequence[Problem]:
    """Judge what is not judged yet, and write marks into the gradebook.

    Parameters
    ----------
    gradebook
        Prepared for the exercises. Other graders may write to it meanwhile.
    submissions
        From `aecourse.grading.submissions.find_submissions`.
    judges
        From `load_judges`.
    pool
        Where to judge.
    sandboxed
        Whether students' code is locked in.
    hidden
        Folders that it must not see even where the sandbox shows what is around them.
    question
        If given, only this question of notebooks that are judged already is judged again.
    progress
        Whether to show a bar on standard error.

    Returns
    -------
    Sequence of Problem
        What could not be judged again; what could not be judged at all is in the gradebook.
    """
    with tqdm(total=len(submissions), unit="notebook", disable=not progress, leave=True) as bar:
        run = _Run(gradebook, judges, pool, bar, sandboxed=sandboxed, hidden=tuple(hidden))
        return run.all(submissions, question)


class _Run:
    def __init__(
        self,
        gradebook: Gradebook,
        judges: Mapping[str, Judge],
        pool: Pool,
        bar: "tqdm[None]",
        *,
        sandboxed: bool,
        hidden: tuple[Path, ...],
    ) -> None:
        self._gradebook = gradebook
        self._claims = Claims(gradebook)
        self._judges = judges
        self._pool = pool
        self._bar = bar
        self._sandboxed = sandboxed
        self._hidden = hidden
        self._queue: deque[Submission] = deque()
        self._busy: list[Submission] = []
        self._running: dict[object, _Job] = {}
        self._suspects: deque[_Job] = deque()
        self._problems: list[Problem] = []
        self._next_beat = time.monotonic() + _BEAT_SECONDS

    def all(self, submissions: Sequence[Submission], question: str | None) -> Sequence[Problem]:
        wanted = list(submissions)
        if question is not None:
            keys = {self._read(submission)[0]: submission for submission in submissions}
            wanted = [keys[key] for key in ask_again(self._gradebook, keys, question)]
            self._bar.reset(len(wanted))
        self._queue.extend(wanted)
        try:
            while self._queue or self._busy or self._running or self._suspects:
                self._step()
        finally:
            self._pool.close()
            # If the gradebook is the trouble, the claims go stale by themselves.
            with suppress(GradebookError):
                self._claims.release()
        return self._problems

    def _step(self) -> None:
        slots = self._pool.slots
        while self._queue and len(self._running) < slots:
            self._start(self._queue.popleft())
        if not self._running and self._suspects:
            # Workers died over it, but they were doing other things too. Alone, it shows.
            job = self._suspects.popleft()
            self._running[self._pool.submit(job.task)] = job
            self._finish_alone(job)
        if self._running:
            for ticket, result in self._pool.wait(_POLL_SECONDS).items():
                self._end(self._running.pop(ticket), result)
        elif self._busy and not self._queue:
            self._bar.set_postfix_str(f"{len(self._busy)} with another grader")
            time.sleep(_POLL_SECONDS)
            self._queue.extend(self._busy)
            self._busy.clear()
        self._beat()

    def _beat(self) -> None:
        if time.monotonic() > self._next_beat:
            self._claims.beat()
            self._next_beat = time.monotonic() + _BEAT_SECONDS

    def _read(self, submission: Submission) -> tuple[Key, bytes, str | None]:
        content, reason = b"", None
        try:
            content = submission.read()
        except (OSError, ValueError) as error:
            content, reason = b"", f"the file cannot be read: {error}"
        digest = hashlib.sha256(content if reason is None else reason.encode()).hexdigest()
        judge = self._judges[submission.exercise].file
        key = Key(submission.exercise, submission.student, digest, judge.digest)
        return key, content, reason

    def _start(self, submission: Submission) -> None:
        key, content, reason = self._read(submission)
        claim = self._claims.take(
            key, submitted_at=submission.submitted_at, origin=submission.origin
        )
        if claim == "busy":
            self._busy.append(submission)
            return
        if claim == "done":
            self._bar.update()
            return
        judge = self._judges[submission.exercise]
        seed = secrets.randbits(63)
        task = Task(content, judge.file, judge.source, seed, self._sandboxed, self._hidden)
        job = _Job(claim, task, submission)
        if reason is None and claim.attempts > _MOST_ATTEMPTS:
            reason = f"the grader was stopped {claim.attempts - 1} times while it was judged"
        if reason is not None:
            self._end(job, not_graded(task, reason))
            return
        self._running[self._pool.submit(task)] = job

    def _finish_alone(self, job: _Job) -> None:
        while self._running:
            for ticket, result in self._pool.wait(_POLL_SECONDS).items():
                del self._running[ticket]
                if isinstance(result, WorkerKilledError):
                    reason = "it ended every worker that judged it, also alone"
                    self._end(job, not_graded(job.task, reason))
                else:
                    self._end(job, result)
            self._beat()

    def _end(self, job: _Job, result: Outcome | Exception) -> None:
        if isinstance(result, WorkerKilledError):
            self._suspects.append(job)
            return
        if isinstance(result, PoolLostError):
            self._running[self._pool.submit(job.task)] = job
            return
        if isinstance(result, Exception):
            reason = f"the worker failed: {type(result).__name__}: {result}"
            result = not_graded(job.task, reason)
        if job.claim.question is not None and result.status != "graded":
            self._problems.append(
                Problem(
                    job.submission.origin,
                    f"{job.claim.question} was not judged again, because {result.reason}; "
                    "the earlier mark stands",
                )
            )
        if not self._claims.finish(job.claim, result):
            print(f"{job.submission.origin}: another grader took over", file=sys.stderr)  # noqa: T201
        self._bar.update()
