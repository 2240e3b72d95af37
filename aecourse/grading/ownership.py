"""Which process works on what, and whether it still lives."""

import os
import socket
import sys
import uuid
from pathlib import Path

__all__ = ["is_gone", "process_name"]

_SEPARATOR = "|"


def process_name() -> str:
    """Return a name of this process that no other process has, not even one of the same number.

    Examples
    --------
    >>> is_gone(process_name())
    False
    """
    return _SEPARATOR.join([*_place(), str(os.getpid()), _start(os.getpid()), uuid.uuid4().hex])


def is_gone(name: str) -> bool:
    """Tell whether a process has certainly ended.

    Parameters
    ----------
    name
        From `process_name`, perhaps of another machine.

    Returns
    -------
    bool
        True only if the process ran here, in this boot and container, and does no longer. Of
        other machines nothing is known: False.

    Examples
    --------
    >>> is_gone("another machine|boot|container|1|2|abc")
    False
    """
    *place, pid, start, _ = name.split(_SEPARATOR)
    if place != _place() or not pid.isdecimal() or not sys.platform.startswith("linux"):
        return False
    return _start(int(pid)) != start


def _place() -> list[str]:
    boot = namespace = ""
    if sys.platform.startswith("linux"):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        namespace = str(Path("/proc/self/ns/pid").stat().st_ino)
    return [socket.gethostname().replace(_SEPARATOR, " "), boot, namespace]


def _start(pid: int) -> str:
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    # The second field is the program's name in parentheses and may hold anything.
    fields = status.rpartition(")")[2].split()
    return "" if fields[0] in {"Z", "X"} else fields[19]
