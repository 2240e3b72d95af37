"""The filter of system calls for the sandbox, as a program of the kernel's packet filter."""

import errno
import platform
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["filter_program"]


@dataclass(frozen=True)
class _Numbers:
    audit: int
    clone: int
    socket: int
    mmap: int
    denied: tuple[int, ...]


# Without capabilities most of these fail anyway; here a fault in the kernel is out of reach too.
# Denied, in this order: ptrace, process_vm_readv, process_vm_writev, kcmp; unshare, setns, mount,
# umount2, pivot_root, chroot; bpf, perf_event_open, userfaultfd; add_key, request_key, keyctl;
# memfd_create, shmget, msgget, semget: memory that no process seems to hold.
_NUMBERS: Mapping[str, _Numbers] = MappingProxyType(
    {
        "x86_64": _Numbers(
            0xC000003E,
            clone=56,
            socket=41,
            mmap=9,
            denied=(
                *(101, 310, 311, 312, 272, 308, 165, 166, 155, 161, 321, 298, 323),
                *(248, 249, 250, 319, 29, 68, 64),
            ),
        ),
        "aarch64": _Numbers(
            0xC00000B7,
            clone=220,
            socket=198,
            mmap=222,
            denied=(
                *(117, 270, 271, 272, 97, 268, 40, 39, 41, 51, 280, 241, 282),
                *(217, 218, 219, 279, 194, 186, 190),
            ),
        ),
    }
)
# The same on every architecture: io_uring_setup, io_uring_enter, io_uring_register, open_tree,
# move_mount, fsopen, fsconfig, fsmount, fspick, pidfd_getfd, mount_setattr, memfd_secret.
_DENIED_EVERYWHERE = (425, 426, 427, 428, 429, 430, 431, 432, 433, 438, 442, 447)
_CLONE3 = 435
_NEW_NAMESPACES = 0x7E020000
_X32 = 0x40000000
# Unix, IPv4, IPv6 and netlink. A network namespace does not close the others, such as vsock.
_FAMILIES = (1, 2, 10, 16)
_SHARED_ANONYMOUS = 0x21

_LOAD, _AND, _RETURN = 0x20, 0x54, 0x06
_IF_EQUAL, _IF_ANY_BIT = 0x15, 0x45
_ALLOW, _FAIL = 0x7FFF0000, 0x00050000
_NUMBER, _ARCHITECTURE = 0, 4


def filter_program(machine: str | None = None) -> bytes | None:
    """Return the filter for ``bwrap --seccomp``, or None where the machine is unknown.

    It denies new namespaces, tracing other processes, mounting, kernel keys, io_uring, sockets
    other than Unix and internet ones, and kinds of shared memory that no process is charged for.

    Parameters
    ----------
    machine
        Name of the architecture; None stands for this machine's.

    Returns
    -------
    bytes or None
        Instructions of 8 bytes each.

    Examples
    --------
    >>> len(filter_program("x86_64")) % 8
    0
    >>> filter_program("abacus") is None
    True
    """
    numbers = _NUMBERS.get(platform.machine() if machine is None else machine)
    if numbers is None:
        return None
    deny = [(_RETURN, 0, 0, _FAIL | errno.EPERM)]
    allow = [(_RETURN, 0, 0, _ALLOW)]
    program = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        # Another architecture's calls have other numbers.
        (_IF_EQUAL, 1, 0, numbers.audit),
        *deny,
        (_LOAD, 0, 0, _NUMBER),
        (_IF_ANY_BIT, 0, 1, _X32),
        *deny,
        # The C library falls back to clone, whose flags can be seen.
        *_if_number(_CLONE3, [(_RETURN, 0, 0, _FAIL | errno.ENOSYS)]),
        *_if_number(
            numbers.clone,
            [(_LOAD, 0, 0, _argument(0)), (_IF_ANY_BIT, 0, 1, _NEW_NAMESPACES), *deny, *allow],
        ),
        *_if_number(
            numbers.mmap,
            [
                (_LOAD, 0, 0, _argument(3)),
                (_AND, 0, 0, _SHARED_ANONYMOUS),
                (_IF_EQUAL, 0, 1, _SHARED_ANONYMOUS),
                *deny,
                *allow,
            ],
        ),
        *_if_number(
            numbers.socket,
            [
                (_LOAD, 0, 0, _argument(0)),
                *(
                    (_IF_EQUAL, len(_FAMILIES) - at, 0, family)
                    for at, family in enumerate(_FAMILIES)
                ),
                (_RETURN, 0, 0, _FAIL | errno.EAFNOSUPPORT),
                *allow,
            ],
        ),
    ]
    for number in (*numbers.denied, *_DENIED_EVERYWHERE):
        program += _if_number(number, deny)
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in program + allow)


_Instruction = tuple[int, int, int, int]


def _if_number(number: int, then: list[_Instruction]) -> list[_Instruction]:
    return [(_IF_EQUAL, 0, len(then), number), *then]


def _argument(position: int) -> int:
    # The lower half of a 64-bit argument on a little-endian machine.
    return 16 + 8 * position
