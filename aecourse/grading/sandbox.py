"""A student's process, shut in: it runs cells, and is asked for functions and variables."""

import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aecourse.grading.bubblewrap import sandbox_available, sandboxed
from aecourse.grading.environment import environment
from aecourse.grading.limits import Limits
from aecourse.grading.process import RunnerProcess, SandboxStopped
from aecourse.grading.questions import Framework
from aecourse.grading.replies import Refused, Reply
from aecourse.grading.untrusted import as_reply, plain_text
from aecourse.grading.values import encode

__all__ = [
    "CellOutcome",
    "Limits",
    "Sandbox",
    "SandboxStopped",
    "Unsandboxed",
    "sandbox_available",
]

_AT_THE_END = 2**31
_COUNT = "RLIMIT_NPROC"
_WINDOWS_NEEDS = ("SYSTEMROOT", "TEMP", "TMP")


@dataclass(frozen=True)
class CellOutcome:
    """What became of one cell.

    Parameters
    ----------
    ok
        Whether it ran to its end.
    error
        Kind and message of the exception, or why the process was stopped; empty if it is ok.
    late
        Whether its time ran out.

    Examples
    --------
    >>> CellOutcome(False, "NameError: name 'x' is not defined").ok
    False
    """

    ok: bool
    error: str = ""
    late: bool = False


class Sandbox:
    """A process shut in by bubblewrap, in which a student's code runs.

    It has no network, sees a read-only system without the course's solutions, other submissions
    and the grader's home, and runs as nobody in particular. Use it in a ``with`` block: at its end
    nothing of it is left.

    Parameters
    ----------
    limits
        What it may use.
    hidden
        Folders and files that must not be seen even if they lie below Python's or the system's,
        such as ``/usr/src/course``.

    Raises
    ------
    RuntimeError
        On entry, if there is no bubblewrap here; `sandbox_available` says so beforehand.
    SandboxStopped
        On entry, if the process does not start.

    Examples
    --------
    >>> with Sandbox() as sandbox:  # doctest: +SKIP
    ...     sandbox.run_cells(["def double(x):", "    return 2 * x"])
    ...     sandbox.call("double", (21,)).value
    42
    """

    def __init__(self, limits: Limits = Limits(), *, hidden: Sequence[Path] = ()) -> None:  # noqa: B008
        self._limits = limits
        self._hidden = tuple(hidden)
        self._stack = ExitStack()
        self._running: RunnerProcess | None = None

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._running = self._start(stack)
            stack.callback(self._running.close)
            self._running.wait_until_ready()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()

    @property
    def stopped(self) -> str | None:
        """Why it can't be asked any more; None while it can."""
        return "was not started" if self._running is None else self._running.stopped

    def run_cell(
        self, source: str, *, number: int | None = None, piecewise: bool = False
    ) -> CellOutcome:
        """Run one cell.

        Parameters
        ----------
        source
            Python as IPython takes it.
        number
            Its place in the notebook, if it runs out of turn: names that a later cell has defined
            keep their values. None stands for the end.
        piecewise
            Whether, if the cell fails, its statements run one by one, so that those after the one
            that fails run too.

        Returns
        -------
        CellOutcome
            Whether it failed, and how.

        Raises
        ------
        SandboxStopped
            If the process did not survive.
        """
        request = {
            "do": "cell",
            "source": source,
            "number": _AT_THE_END if number is None else number,
            "piecewise": piecewise,
        }
        reply = self._process.ask(request, seconds=self._limits.cell_seconds)
        error = reply.get("refused", reply.get("error"))
        if error is None:
            return CellOutcome(True)
        return CellOutcome(False, plain_text(error), late=reply.get("late") is True)

    def run_cells(self, sources: Sequence[str]) -> list[CellOutcome]:
        """Run cells in order; one that fails does not keep the others from running.

        Parameters
        ----------
        sources
            Python as IPython takes it.

        Returns
        -------
        list of CellOutcome
            One for each.

        Raises
        ------
        SandboxStopped
            If the process did not survive.
        """
        return [self.run_cell(source) for source in sources]

    def call(
        self, function: str, arguments: tuple[Any, ...], *, framework: Framework = "numpy"
    ) -> Reply:
        """Call a function of the student's.

        Parameters
        ----------
        function
            Its name.
        arguments
            Plain data.
        framework
            What arrays become.

        Returns
        -------
        Reply
            What it returned or raised; refused if the process did not survive.

        Raises
        ------
        SandboxStopped
            If the process had ended before.
        """
        encoded = encode(arguments)
        request = {
            "do": "call",
            "function": function,
            "arguments": encoded,
            "framework": framework,
        }
        return self._reply(request, function)

    def value(self, variable: str) -> Reply:
        """Look up a variable of the student's.

        Parameters
        ----------
        variable
            Its name.

        Returns
        -------
        Reply
            Its value; refused if the process did not survive.

        Raises
        ------
        SandboxStopped
            If the process had ended before.
        """
        return self._reply({"do": "value", "variable": variable}, variable)

    def _reply(self, request: Mapping[str, Any], name: str) -> Reply:
        process = self._process
        if process.stopped:
            raise SandboxStopped(process.stopped)
        try:
            answer = process.ask(request, seconds=self._limits.call_seconds)
        except SandboxStopped as stopped:
            return Refused(f"it {stopped}")
        return as_reply(answer, name)

    @property
    def _process(self) -> RunnerProcess:
        if self._running is None:
            raise SandboxStopped("was not started — use it in a with block")
        return self._running

    def _start(self, stack: ExitStack) -> RunnerProcess:
        reason = sandbox_available()
        if reason is not None:
            raise RuntimeError(reason)
        command = _runner(self._limits.by_resource())
        shut_in, descriptors = stack.enter_context(
            sandboxed(command, storage=self._limits.storage, hidden=self._hidden)
        )
        return RunnerProcess(
            shut_in, self._limits, environment=environment(), descriptors=descriptors
        )


class Unsandboxed(Sandbox):
    """The same process without walls: for systems that have no bubblewrap, by explicit choice.

    Memory, time and output are limited as far as the system can. The code sees all files and the
    network, with the rights of whoever grades.

    Parameters
    ----------
    limits
        What it may use.
    hidden
        Not honoured: there are no walls.

    Examples
    --------
    >>> with Unsandboxed() as process:
    ...     process.run_cell("bits = 256").ok
    ...     process.value("bits").value
    True
    256
    """

    def _start(self, stack: ExitStack) -> RunnerProcess:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        # The count of processes is one of all that the user has.
        kept = {name: value for name, value in self._limits.by_resource().items() if name != _COUNT}
        package = Path(__file__).resolve().parents[2]
        variables = environment(course=str(package), home=str(folder))
        variables |= {name: os.environ[name] for name in _WINDOWS_NEEDS if name in os.environ}
        return RunnerProcess(_runner(kept), self._limits, environment=variables, folder=folder)


def _runner(limits: Mapping[str, int]) -> list[str]:
    return [sys.executable, "-m", "aecourse.grading.runner", json.dumps(limits)]
