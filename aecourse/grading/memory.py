"""Memory of a process and all its descendants, as Linux tells it."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

__all__ = ["available_memory", "descendants", "memory_of"]

_PROC = Path("/proc")


def descendants(process: int) -> list[int]:
    """Return a process and all below it; those that ended meanwhile may be missing.

    Parameters
    ----------
    process
        Its number.

    Returns
    -------
    list of int
        Numbers, parents first.

    Examples
    --------
    >>> descendants(os.getpid())[0] == os.getpid()
    True
    """
    found = [process]
    for parent in found:
        with suppress(OSError):
            for task in (_PROC / str(parent) / "task").iterdir():
                with suppress(OSError, ValueError):
                    found += map(int, (task / "children").read_text().split())
    return found


def memory_of(processes: Iterable[int], *, enough: int = 0) -> int:
    """Return the bytes of memory that processes fill together.

    Parameters
    ----------
    processes
        Their numbers.
    enough
        What is shared between processes is counted once only if the sum with shared memory counted
        for each exceeds this: telling it apart takes time.

    Returns
    -------
    int
        Bytes; 0 where there is no ``/proc``.

    Examples
    --------
    >>> memory_of([]) == 0
    True
    """
    listed = list(processes)
    resident = sum(map(_resident, listed))
    return resident if resident <= enough else sum(map(_proportional, listed))


def available_memory() -> tuple[int, int] | None:
    """Return how many bytes the machine can still give, and how many it has.

    Returns
    -------
    tuple or None
        None where there is no ``/proc``.
    """
    with suppress(OSError, KeyError, ValueError):
        lines = (_PROC / "meminfo").read_text().splitlines()
        entries = {name: text.split() for name, _, text in (line.partition(":") for line in lines)}
        return 1024 * int(entries["MemAvailable"][0]), 1024 * int(entries["MemTotal"][0])
    return None


def _resident(process: int) -> int:
    with suppress(OSError, ValueError, IndexError):
        pages = (_PROC / str(process) / "statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
    return 0


def _proportional(process: int) -> int:
    with suppress(OSError, ValueError):
        for line in (_PROC / str(process) / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return 1024 * int(line.split()[1])
    return _resident(process)
