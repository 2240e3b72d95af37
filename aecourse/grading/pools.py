"""Where tasks run: threads of this process, or a Dask cluster."""

import os
import time
import uuid
from concurrent import futures
from typing import Any, Protocol, TypeAlias

from aecourse.grading.grade import Outcome
from aecourse.grading.work import Task, judge_here, judge_there, why_unable

__all__ = ["DaskPool", "LocalPool", "Pool", "PoolLostError", "WorkerKilledError", "cores"]

_SECONDS_WITHOUT_WORKERS = 60.0


class PoolLostError(RuntimeError):
    """There is nobody left to do the tasks."""


class WorkerKilledError(RuntimeError):
    """Workers died over a task."""


Result: TypeAlias = Outcome | Exception
"""What becomes of a task."""


class Pool(Protocol):
    """Runs tasks."""

    @property
    def slots(self) -> int:
        """How many tasks to have under way."""

    def submit(self, task: Task) -> object:
        """Start a task; return a ticket for it."""

    def wait(self, seconds: float) -> dict[object, Result]:
        """Wait until a task ends, or so long; return what ended, by ticket."""

    def close(self) -> None:
        """Drop the tasks that have not begun."""


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class LocalPool:
    """Threads; each waits for a student's process of its own.

    Parameters
    ----------
    jobs
        How many at once; None stands for all cores.

    Raises
    ------
    ValueError
        If ``jobs`` is not positive.

    Examples
    --------
    >>> pool = LocalPool(1)
    >>> pool.wait(0.0)
    {}
    >>> pool.close()
    """

    def __init__(self, jobs: int | None = None) -> None:
        if jobs is not None and jobs < 1:
            raise ValueError(f"expected at least 1 job, got {jobs}")
        self._jobs = jobs or cores()
        self._threads = futures.ThreadPoolExecutor(self._jobs, thread_name_prefix="judge")
        self._running: set[futures.Future[Outcome]] = set()

    @property
    def slots(self) -> int:
        """One more than threads, so that none waits for the gradebook."""
        return self._jobs + 1

    def submit(self, task: Task) -> object:
        """Start a task.

        Parameters
        ----------
        task
            What to judge.
        """
        ticket = self._threads.submit(judge_here, task)
        self._running.add(ticket)
        return ticket

    def wait(self, seconds: float) -> dict[object, Result]:
        """Wait until a task ends.

        Parameters
        ----------
        seconds
            At most so long.
        """
        ended, self._running = futures.wait(
            self._running, timeout=seconds, return_when=futures.FIRST_COMPLETED
        )
        return {ticket: ticket.result() for ticket in ended}

    def close(self) -> None:
        """Drop the tasks that have not begun."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class DaskPool:
    """The workers of a Dask cluster; this process alone writes the gradebook.

    Parameters
    ----------
    address
        Of the scheduler, such as ``"tcp://10.0.0.1:8786"``.
    sandboxed
        Whether workers must have a sandbox.
    patience
        Seconds without any worker, or without the scheduler, until the run is given up.

    Raises
    ------
    PoolLostError
        If there is no scheduler, no worker, or a worker that cannot judge.
    """

    def __init__(
        self,
        address: str,
        *,
        sandboxed: bool = True,
        patience: float = _SECONDS_WITHOUT_WORKERS,
    ) -> None:
        from dask import distributed

        self._distributed = distributed
        self._patience = patience
        self._alone_since: float | None = None
        self._running: dict[Any, Task] = {}
        try:
            self._client = distributed.Client(
                address, timeout=min(patience, 30), set_as_default=False
            )
        except (OSError, TimeoutError, ValueError) as error:
            raise PoolLostError(f"no Dask scheduler answers at {address}: {error}") from error
        try:
            self._check_cluster(address, sandboxed)
        except BaseException:
            self._client.close()
            raise

    def _check_cluster(self, address: str, sandboxed: bool) -> None:
        try:
            self._client.wait_for_workers(1, timeout=self._patience)
        except TimeoutError as error:
            raise PoolLostError(
                f"the scheduler at {address} has no worker — start some: dask worker {address}"
            ) from error
        unable = self._client.run(why_unable, sandboxed, on_error="return")
        problems = [f"{worker}: {reason}" for worker, reason in unable.items() if reason]
        if problems:
            raise PoolLostError("these workers cannot judge:\n  " + "\n  ".join(problems))
        try:
            # The scheduler reads tasks too.
            self._client.submit(why_unable, sandboxed, pure=False).result(timeout=self._patience)
        except Exception as error:
            raise PoolLostError(
                f"the scheduler at {address} cannot pass tasks on: {error} — it needs the same "
                "aecourse[grade] as the workers"
            ) from error

    @property
    def slots(self) -> int:
        """Two for each thread of the cluster, as it is now."""
        workers = self._client.scheduler_info(n_workers=-1)["workers"].values()
        return max(2, 2 * sum(int(worker["nthreads"]) for worker in workers))

    def submit(self, task: Task) -> object:
        """Start a task.

        Parameters
        ----------
        task
            What to judge.
        """
        ticket = self._client.submit(
            judge_there,
            task.content,
            task.judge_file.exercise,
            task.judge_source,
            task.seed,
            task.sandboxed,
            key=f"judge-{uuid.uuid4().hex}",
            pure=False,
        )
        self._running[ticket] = task
        return ticket

    def wait(self, seconds: float) -> dict[object, Result]:
        """Wait until a task ends.

        Parameters
        ----------
        seconds
            At most so long.

        Raises
        ------
        PoolLostError
            If scheduler or workers have been gone for too long.
        """
        self._check_alive()
        if not self._running:
            return {}
        try:
            with self._client.as_current():
                ended = self._distributed.wait(
                    list(self._running), timeout=seconds, return_when="FIRST_COMPLETED"
                ).done
        except TimeoutError:
            return {}
        except futures.CancelledError as error:
            raise PoolLostError(_lost("scheduler")) from error
        results: dict[object, Result] = {}
        for ticket in ended:
            del self._running[ticket]
            results[ticket] = self._result(ticket)
            ticket.release()
        return results

    def _result(self, ticket: Any) -> Result:
        if ticket.status == "finished":
            return Outcome.from_json(ticket.result())
        if ticket.status == "error":
            error: Exception = ticket.exception()
            if isinstance(error, self._distributed.KilledWorker):
                return WorkerKilledError(str(error))
            return error
        return PoolLostError("the scheduler forgot the task")

    def _check_alive(self) -> None:
        workers = self._client.scheduler_info(n_workers=-1)["workers"]
        if self._client.status == "running" and workers:
            self._alone_since = None
            return
        now = time.monotonic()
        self._alone_since = self._alone_since or now
        if now - self._alone_since > self._patience:
            who = "worker" if self._client.status == "running" else "scheduler"
            raise PoolLostError(_lost(who))

    def close(self) -> None:
        """Drop all tasks and leave the cluster."""
        self._client.close()


def _lost(who: str) -> str:
    return (
        f"the {who} is gone — what was judged is in the gradebook; "
        f"start the {who} and run the same command again"
    )
