"""Cells and questions of one notebook, over as many processes as its code makes necessary."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from aecourse.grading.limits import Limits
from aecourse.grading.questions import Framework
from aecourse.grading.replies import Refused, Reply
from aecourse.grading.sandbox import CellOutcome, Sandbox, SandboxStopped

__all__ = ["Session"]

_PASSES = 4
_PIECEWISE_FROM = 2
_WORTH_ANOTHER_TRY = 5.0


class Session:
    """An asker that starts a new process when the old one has ended.

    Cells run in order; those that fail run again after the others, for they may only stand in the
    wrong place. A cell that ends the process or hangs is left out from then on, and a function
    that does so is not called again.

    Parameters
    ----------
    sources
        The notebook's code cells.
    limits
        What all processes together may use of time, and each of the rest.
    asker_factory
        Makes a process that is to be entered.

    Examples
    --------
    >>> from aecourse.grading.sandbox import Unsandboxed
    >>> session = Session(["bits = 8 * bytes_", "bytes_ = 32"], Limits(), Unsandboxed)
    >>> session.open()
    >>> session.value("bits").value
    256
    >>> session.close()
    """

    def __init__(
        self, sources: Sequence[str], limits: Limits, asker_factory: Callable[[Limits], Sandbox]
    ) -> None:
        self._sources = sources
        self._limits = limits
        self._factory = asker_factory
        self._end = time.monotonic() + limits.seconds
        self._sandbox: Sandbox | None = None
        self._outcomes: dict[int, CellOutcome] = {}
        self._left_out: dict[int, CellOutcome] = {}
        self._enders: dict[str, Refused] = {}

    @property
    def cells(self) -> tuple[CellOutcome, ...]:
        """What became of each cell, as far as they ran."""
        known = {**self._outcomes, **self._left_out}
        return tuple(known.get(at, _NOT_RUN) for at in range(len(self._sources)))

    def open(self) -> None:
        """Start a process and run the cells in it.

        Raises
        ------
        SandboxStopped
            If the time is used up, or too many cells end their process.
        """
        while not self._run_in_new_process():
            if len(self._left_out) > self._limits.restarts:
                last = list(self._left_out.values())[-1].error
                raise SandboxStopped(
                    f"hangs or ends its process in {len(self._left_out)} cells; at most "
                    f"{self._limits.restarts} are left out (the last one {last})"
                )

    def close(self) -> None:
        """End the process."""
        if self._sandbox is not None:
            self._sandbox.__exit__(None, None, None)
            self._sandbox = None

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
            Refused if the function ended its process, now or before.

        Raises
        ------
        SandboxStopped
            If the time of the whole notebook is used up.
        """
        return self._ask(
            function, lambda sandbox: sandbox.call(function, arguments, framework=framework)
        )

    def value(self, variable: str) -> Reply:
        """Look up a variable of the student's.

        Parameters
        ----------
        variable
            Its name.

        Returns
        -------
        Reply
            Refused if looking at it ended the process.

        Raises
        ------
        SandboxStopped
            If the time of the whole notebook is used up.
        """
        return self._ask(variable, lambda sandbox: sandbox.value(variable))

    def _ask(self, name: str, question: Callable[[Sandbox], Reply]) -> Reply:
        if name in self._enders:
            return self._enders[name]
        reply: Reply = Refused("it ended its process before it was asked")
        # Once more, if the process had ended by itself between two questions.
        for _ in range(2):
            sandbox = self._sandbox
            if sandbox is None or sandbox.stopped:
                self.open()
                continue
            with suppress(SandboxStopped):
                reply = question(sandbox)
                break
        if self._sandbox is not None and self._sandbox.stopped:
            self._check_time()
            self._enders[name] = reply if isinstance(reply, Refused) else Refused("it ended")
        return reply

    def _run_in_new_process(self) -> bool:
        self.close()
        self._outcomes = {}
        self._check_time()
        limits = replace(self._limits, seconds=self._end - time.monotonic())
        self._sandbox = self._factory(limits).__enter__()
        waiting = [at for at in range(len(self._sources)) if at not in self._left_out]
        for attempt in range(_PASSES):
            failed = self._run(waiting, piecewise=attempt >= _PIECEWISE_FROM)
            if failed is None:
                return False
            # If order was not what they lacked, the last way is to take them apart.
            waiting = failed
        return True

    def _run(self, cells: Sequence[int], *, piecewise: bool) -> list[int] | None:
        """Run cells, and return those that may work another time; None if the process ended."""
        again = []
        for at in cells:
            if self._sandbox is None:
                return None
            start = time.monotonic()
            try:
                outcome = self._sandbox.run_cell(self._sources[at], number=at, piecewise=piecewise)
            except SandboxStopped as stopped:
                self._check_time()
                self._left_out[at] = CellOutcome(False, str(stopped))
                return None
            self._outcomes[at] = outcome
            if not (outcome.ok or outcome.late) and time.monotonic() - start < _WORTH_ANOTHER_TRY:
                again.append(at)
        return again

    def _check_time(self) -> None:
        if time.monotonic() >= self._end:
            raise SandboxStopped(f"took longer than {self._limits.seconds:g} s in all")


_NOT_RUN = CellOutcome(False, "did not run")
