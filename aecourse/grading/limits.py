"""How much of everything a submission may use."""

from dataclasses import dataclass

__all__ = ["Limits"]

_MEBIBYTE = 2**20


@dataclass(frozen=True)
class Limits:
    """How much of everything one submission may use.

    Parameters
    ----------
    memory
        Bytes of memory that all its processes together may fill. TensorFlow needs 1 GB.
    reserved
        Bytes of writable memory that one process may reserve (``RLIMIT_DATA``). A process that
        wants more gets a ``MemoryError`` and goes on. Not the size of the address space: of that,
        TensorFlow takes five times what it fills.
    processes
        Processes and threads at once.
    file_size
        Bytes of one file.
    storage
        Bytes in the home folder, and as many in ``/tmp`` and in ``/dev/shm``. They are memory too.
    seconds
        For the whole submission.
    cell_seconds
        For one cell.
    call_seconds
        For one call of a function by the judge.
    start_seconds
        For the start of the process, before any of the student's code.
    output
        Bytes that may be printed. All are thrown away; a process that prints more is stopped.
    reply
        Bytes of one answer to the judge.
    notebook
        Bytes of the notebook's file.
    restarts
        How often the process is started again after it hung or ended; as many cells may do that.

    Examples
    --------
    >>> Limits(cell_seconds=10).cell_seconds
    10
    """

    memory: int = 2048 * _MEBIBYTE
    reserved: int = 3072 * _MEBIBYTE
    processes: int = 256
    file_size: int = 64 * _MEBIBYTE
    storage: int = 128 * _MEBIBYTE
    seconds: float = 600
    cell_seconds: float = 120
    call_seconds: float = 20
    start_seconds: float = 60
    output: int = 32 * _MEBIBYTE
    reply: int = 32 * _MEBIBYTE
    notebook: int = 20_000_000
    restarts: int = 3

    def by_resource(self) -> dict[str, int]:
        """Return what the kernel itself enforces, by the names of the module `resource`."""
        return {
            "RLIMIT_DATA": self.reserved,
            "RLIMIT_NPROC": self.processes,
            "RLIMIT_FSIZE": self.file_size,
            "RLIMIT_NOFILE": 1024,
            "RLIMIT_CORE": 0,
        }
