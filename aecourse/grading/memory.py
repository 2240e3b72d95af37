"""Memory of a process and all its descendants, as Linux tells it."""

import os
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["available_memory", "bounded_memory", "descendants", "memory_of"]

_PROC = Path("/proc")
_bounding = threading.Lock()
_bounds = 0
_before: list[int] = []


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


@contextmanager
def bounded_memory(extra: int) -> Iterator[None]:
    """Let this process reserve only so much more memory than it has now.

    An answer may be made so that a check of it, such as a matrix product, needs more memory than
    the machine has: then the check gets a ``MemoryError``. Blocks of several threads share the
    bound of the first. Where the system knows no such limit, or has one already, nothing happens.

    Parameters
    ----------
    extra
        Bytes.

    Examples
    --------
    >>> with bounded_memory(2**30):
    ...     total = sum(range(10))
    """
    global _bounds
    with _bounding:
        _bounds += 1
        if _bounds == 1 and _is_unbounded():
            _before.append(_set_bound(_reserved() + extra))
    try:
        yield
    finally:
        with _bounding:
            _bounds -= 1
            if _bounds == 0 and _before:
                _set_bound(_before.pop())


def _is_unbounded() -> bool:
    if not sys.platform.startswith("linux"):
        return False
    import resource

    return resource.getrlimit(resource.RLIMIT_DATA)[0] == resource.RLIM_INFINITY


def _set_bound(size: int) -> int:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (size, hard))
    return soft


def _reserved() -> int:
    with suppress(OSError, ValueError, IndexError):
        pages = (_PROC / "self" / "statm").read_text().split()[5]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
    return 0


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
