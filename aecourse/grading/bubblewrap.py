"""The command line of bubblewrap: what a student's process sees, and as whom it runs."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import cache
from itertools import chain
from pathlib import Path
from tempfile import TemporaryFile

import aecourse
from aecourse.grading.environment import COURSE, HOME, environment, python_folders
from aecourse.grading.fonts import font_lists
from aecourse.grading.system_calls import filter_program

__all__ = ["sandbox_available", "sandboxed"]

# What the runner and the visible checks import. The judge and the gradebook stay outside.
_VISIBLE = (
    *("__init__.py", "asking.py", "compare.py", "frameworks.py", "preview.py", "questions.py"),
    *("replies.py", "runner.py", "values.py", "verdicts.py", "weigh.py"),
)
# Read by the dynamic linker, the C library, Debian's linear algebra and fontconfig.
_ETC = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "alternatives", "fonts")
_FIRST_USER = 60_000
_USERS = 1000


@cache
def sandbox_available() -> str | None:
    """Say whether students' code can be run safely here.

    Returns
    -------
    str or None
        None if it can, else why not.

    Examples
    --------
    >>> reason = sandbox_available()
    >>> reason is None or "bubblewrap" in reason
    True
    """
    if not sys.platform.startswith("linux"):
        return (
            f"bubblewrap, which shuts students' code in, exists on Linux only, not {sys.platform}"
        )
    if shutil.which("bwrap") is None:
        return (
            "bubblewrap, which shuts students' code in, is not installed — apt install bubblewrap"
        )
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        return (
            "bubblewrap runs as root here, and setpriv (util-linux) is missing to drop its rights"
        )
    with sandboxed([sys.executable, "-I", "-S", "-c", ""], storage=2**20) as (command, descriptors):
        try:
            done = subprocess.run(  # noqa: S603
                command,
                pass_fds=descriptors,
                env=environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=30,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"bubblewrap does not start here: {error}"
    if done.returncode == 0:
        return None
    said = done.stderr.decode(errors="replace").strip() or f"status {done.returncode}"
    return f"bubblewrap does not start Python here ({said}) — see the instructors' page"


@contextmanager
def sandboxed(
    command: Sequence[str], *, storage: int, hidden: Iterable[Path] = ()
) -> Iterator[tuple[list[str], list[int]]]:
    """Wrap a command so that it runs shut in.

    Parameters
    ----------
    command
        Program and words; the program's path is one inside.
    storage
        Bytes that each of the home folder, ``/tmp`` and ``/dev/shm`` may hold.
    hidden
        Folders that must not be seen even if they lie below one that is bound, such as
        ``/usr/src/course``.

    Yields
    ------
    tuple
        The command to start, and the file descriptors to pass to it. The process that starts it
        must stay in the block until it has read them.
    """
    as_root = os.geteuid() == 0
    program = filter_program()
    options = _options(list(hidden), storage)
    with (
        _free_user() if as_root else nullcontext(0) as user,
        TemporaryFile() as arguments,
        TemporaryFile() as seccomp,
    ):
        descriptors = [arguments.fileno()]
        if program is not None:
            seccomp.write(program)
            seccomp.seek(0)
            descriptors.append(seccomp.fileno())
            options += ["--seccomp", str(seccomp.fileno())]
        # As a file: a command line could be read in the sandbox, and it holds paths.
        arguments.write("\0".join(options).encode() + b"\0")
        arguments.seek(0)
        drop = _drop_rights(user) if as_root else []
        yield ["bwrap", "--args", str(arguments.fileno()), *drop, *command], descriptors


def _options(hidden: Sequence[Path], storage: int) -> list[str]:
    package = Path(aecourse.__file__).resolve().parent
    words = [
        *("--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"),
        *("--unshare-cgroup-try", "--hostname", "sandbox", "--die-with-parent", "--new-session"),
    ]
    if os.geteuid() == 0:
        # Enough to become another user; the rest is not even there for the launcher.
        words += ["--cap-drop", "ALL"]
        for capability in ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"):
            words += ["--cap-add", capability]
    else:
        words += ["--unshare-user"]
        words += ["--disable-userns"] if _knows_disable_userns() else []
    words += _system()
    # First: Python may lie below one of these.
    for folder in (HOME, "/tmp", "/dev/shm"):  # noqa: S108
        words += _open_folders(Path(folder).parents)
        words += ["--size", str(storage), "--perms", "1777", "--tmpfs", folder]
    words += _fonts()
    usr, python = [Path("/usr")], python_folders()
    root = package.parent
    sources = [root] if (root / "pyproject.toml").is_file() else []
    # Before Python's own folders, which may lie below one of these.
    masks = _masks([Path("/usr/src"), Path("/usr/local/src"), *sources, *hidden], usr)
    words += chain.from_iterable(masks.values())
    for path in python:
        words += [*_open_folders(path.parents), "--ro-bind", str(path), str(path)]
    inner = _masks(hidden, python) | _masks([package], [*usr, *python])
    words += chain.from_iterable(inner.values())
    words += _course(package)
    # Last: a mount point cannot be made on what is read-only already.
    for path in (*(masks | inner), Path("/dev"), Path("/")):
        words += ["--remount-ro", str(path)]
    return [*words, "--chdir", HOME]


def _system() -> list[str]:
    words = ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        folder = Path("/", name)
        if folder.is_symlink():
            words += ["--symlink", str(folder.readlink()), str(folder)]
        elif folder.is_dir():
            words += ["--ro-bind", str(folder), str(folder)]
    words += _open_folders([Path("/etc")])
    for name in _ETC:
        words += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    return [*words, "--proc", "/proc", "--dev", "/dev"]


def _fonts() -> list[str]:
    folder = f"{HOME}/.matplotlib"
    # Matplotlib wants to be able to write there, and reads the list nevertheless.
    words = ["--perms", "1777", "--dir", folder]
    for path in font_lists():
        words += ["--ro-bind", str(path), f"{folder}/{path.name}"]
    return words


def _open_folders(folders: Iterable[Path]) -> list[str]:
    """Make folders that every user may pass: those that bubblewrap makes are its own alone."""
    known = {Path("/"), Path("/dev"), Path("/usr"), Path("/tmp"), Path(HOME)}  # noqa: S108
    wanted = [folder for folder in folders if folder not in known]
    return [word for each in reversed(wanted) for word in ("--perms", "0755", "--dir", str(each))]


def _course(package: Path) -> list[str]:
    inside = f"{COURSE}/aecourse"
    words = [*_open_folders([Path(COURSE)]), "--ro-bind", str(package), inside]
    for name in ("grading", "exercises"):
        folder = package / name
        if not folder.is_dir():
            continue
        # The data of the visible checks holds expected values.
        files = _VISIBLE if name == "grading" else sorted(each.name for each in folder.glob("*.py"))
        words += ["--tmpfs", f"{inside}/{name}"]
        words += chain.from_iterable(
            ("--ro-bind", str(folder / file), f"{inside}/{name}/{file}")
            for file in files
            if (folder / file).is_file()
        )
        words += ["--ro-bind-try", str(folder / "__pycache__"), f"{inside}/{name}/__pycache__"]
        words += ["--remount-ro", f"{inside}/{name}"]
    return words


def _masks(paths: Iterable[Path], bound: Sequence[Path]) -> dict[Path, list[str]]:
    """Return what hides those paths that would be seen because a folder above them is bound."""
    seen = [path for path in {each.resolve() for each in paths} if _below(path, bound)]
    return {
        path: ["--tmpfs", str(path)] if path.is_dir() else ["--ro-bind", os.devnull, str(path)]
        for path in sorted(seen)
        if path.exists()
    }


def _below(path: Path, folders: Iterable[Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


@cache
def _knows_disable_userns() -> bool:
    shown = subprocess.run(["bwrap", "--help"], capture_output=True, check=False)  # noqa: S607
    return b"--disable-userns" in shown.stdout + shown.stderr


def _drop_rights(user: int) -> list[str]:
    rights = ("--no-new-privs", "--inh-caps=-all", "--bounding-set=-all", "--clear-groups")
    return ["setpriv", f"--reuid={user}", f"--regid={user}", *rights, "--"]


@contextmanager
def _free_user() -> Iterator[int]:
    """Reserve a user number that no other sandbox has, so that limits by user do not add up."""
    for user in range(_FIRST_USER, _FIRST_USER + _USERS):
        # A name that the kernel frees by itself when its owner ends, however it ends.
        with socket.socket(socket.AF_UNIX) as lock:
            try:
                lock.bind(f"\0aecourse-sandbox-{user}")
            except OSError:
                continue
            yield user
            return
    raise RuntimeError(f"expected at most {_USERS} sandboxes at once, got more")
