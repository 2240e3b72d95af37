"""A started runner: one question at a time, each with a deadline, no answer trusted."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from aecourse.grading.limits import Limits
from aecourse.grading.memory import available_memory, descendants, memory_of
from aecourse.grading.untrusted import plain_text, read_reply

__all__ = ["RunnerProcess", "SandboxStopped"]

_WATCH_EVERY = 0.05
# What the runner's own alarm may take to end a cell or call, before it is ended from outside.
_GRACE = 1.0
_READ = 2**16
_LEAST_FREE_SHARE = 0.02


class SandboxStopped(Exception):  # noqa: N818
    """The process that runs a student's code was stopped, or ended; the text says why."""


class RunnerProcess:
    """A started runner.

    Parameters
    ----------
    command
        Program and words.
    limits
        What it may use.
    environment
        Its environment.
    descriptors
        File descriptors that it inherits.
    folder
        Where it starts; None stands for the current folder.
    """

    def __init__(
        self,
        command: Sequence[str],
        limits: Limits,
        *,
        environment: Mapping[str, str],
        descriptors: Sequence[int] = (),
        folder: Path | None = None,
    ) -> None:
        self._limits = limits
        self._reason: str | None = None
        self._stopping = threading.Lock()
        self._ended = threading.Event()
        self._lines: queue.Queue[bytes] = queue.Queue(maxsize=1)
        self._said = b""
        self._asked = 0
        self._end = time.monotonic() + limits.seconds
        self._deadline = (
            time.monotonic() + limits.start_seconds,
            f"did not start within {limits.start_seconds:g} s",
        )
        self._process = subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env=dict(environment),
            cwd=folder,
            pass_fds=descriptors,
            start_new_session=True,
        )
        self._threads = [
            threading.Thread(target=target, daemon=True)
            for target in (self._read_replies, self._read_output, self._watch)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def stopped(self) -> str | None:
        """Why it was stopped; None while it runs."""
        return self._reason

    def wait_until_ready(self) -> None:
        """Wait for the runner's greeting.

        Raises
        ------
        SandboxStopped
            If it does not come; the text has what the process said.
        """
        try:
            self._receive()
        except SandboxStopped as stopped:
            lines = self._said.decode(errors="replace").strip().splitlines()
            said = f": {plain_text(lines[-1])}" if lines else ""
            raise SandboxStopped(f"{stopped}{said}") from None
        self._said = b""

    def ask(self, request: Mapping[str, Any], *, seconds: float) -> dict[str, Any]:
        """Send one request and wait for its reply.

        Parameters
        ----------
        request
            What the runner understands.
        seconds
            How long it may take.

        Returns
        -------
        dict
            The reply, of which nothing is checked but its number.

        Raises
        ------
        SandboxStopped
            If none comes in time, or not this one.
        """
        self._asked += 1
        self._deadline = (time.monotonic() + seconds + _GRACE, f"took longer than {seconds:g} s")
        message = {**request, "id": self._asked, "seconds": seconds}
        self._write(json.dumps(message).encode() + b"\n")
        try:
            return read_reply(self._receive(), self._asked)
        except ValueError as error:
            self.stop(str(error))
            raise SandboxStopped(str(error)) from error

    def stop(self, reason: str) -> None:
        """End the process and all that it started.

        Parameters
        ----------
        reason
            Kept if it is the first.
        """
        with self._stopping:
            if self._reason is not None:
                return
            self._reason = reason
        self._ended.set()
        if hasattr(os, "killpg"):
            with suppress(ProcessLookupError, PermissionError):
                # The session's: bubblewrap's, with whose end the whole namespace ends.
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=10)

    def close(self) -> None:
        """End the process and wait until nothing of it is left."""
        self.stop("the grader has finished")
        for thread in self._threads:
            # The pipes close with the last process that holds them.
            thread.join(timeout=10)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    def _write(self, content: bytes) -> None:
        if self._process.stdin is None:
            raise RuntimeError("the process was started without a pipe")
        left = memoryview(content)
        try:
            while left:
                # Where nobody reads, the watchdog ends the process, and with it this call.
                left = left[self._process.stdin.write(left) or 0 :]
        except OSError:
            self.stop("ended its process")

    def _receive(self) -> bytes:
        while self._reason is None:
            with suppress(queue.Empty):
                line = self._lines.get(timeout=0.1)
                self._deadline = (self._end, self._late)
                return line
        raise SandboxStopped(self._reason)

    @property
    def _late(self) -> str:
        return f"took longer than {self._limits.seconds:g} s in all"

    def _read_replies(self) -> None:
        line = bytearray()
        while chunk := self._read(self._process.stdout):
            start = 0
            while (end := chunk.find(b"\n", start)) >= 0:
                line += chunk[start:end]
                self._hand_over(bytes(line))
                line.clear()
                start = end + 1
            line += chunk[start:]
            if len(line) > self._limits.reply:
                self.stop(f"answered with more than {_in_megabytes(self._limits.reply)}")
                return
        self.stop("ended its process")

    def _hand_over(self, line: bytes) -> None:
        # Lines that nobody asked for wait here, one at a time.
        while self._reason is None:
            with suppress(queue.Full):
                self._lines.put(line, timeout=0.1)
                return

    def _read_output(self) -> None:
        count = 0
        while chunk := self._read(self._process.stderr):
            count += len(chunk)
            self._said = (self._said + chunk)[-2000:]
            if count > self._limits.output:
                self.stop(f"printed more than {_in_megabytes(self._limits.output)}")

    def _read(self, pipe: Any) -> bytes:
        with suppress(OSError, ValueError):
            return os.read(pipe.fileno(), _READ)
        return b""

    def _watch(self) -> None:
        while not self._ended.wait(_WATCH_EVERY):
            now = time.monotonic()
            deadline, reason = self._deadline
            if now > self._end:
                self.stop(self._late)
            elif now > deadline:
                self.stop(reason)
            elif problem := self._memory_problem():
                self.stop(problem)

    def _memory_problem(self) -> str | None:
        if not sys.platform.startswith("linux"):
            return None
        processes = descendants(self._process.pid)
        if memory_of(processes, enough=self._limits.memory) > self._limits.memory:
            return f"used more than {_in_megabytes(self._limits.memory)} of memory"
        memory = available_memory()
        if memory is not None and memory[0] < _LEAST_FREE_SHARE * memory[1]:
            # Some of the kernel's memory is charged to no process; before it runs out, this ends.
            return "was stopped because the machine had almost no memory left"
        return None


def _in_megabytes(size: int) -> str:
    return f"{size / 2**20:,.0f} MiB"
