"""The command line: ``aecourse doctor``, ``aecourse data``, and the instructors' commands."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from aecourse import __version__
from aecourse.data import load_mnist
from aecourse.device import report
from aecourse.mnist_files import (
    FULL_SET,
    MIRRORS,
    DataError,
    data_folder,
    default_cache,
    find_file,
    write_file,
)

__all__ = ["main"]

# Instructors' commands, in an extra: what they need takes a second to import.
_GRADING = {
    "grade": "grade notebooks and write the gradebook",
    "summary": "show how the class and each question did",
    "similarity": "list pairs of notebooks that are alike",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments
        Words after ``aecourse``; None stands for those of the process.

    Returns
    -------
    int
        Exit status: 0 if all is well, 1 if not (a message is on standard error). Words that are
        no command end the process with status 2, as argparse does.

    Examples
    --------
    >>> main(["data"])  # doctest: +ELLIPSIS
    bundled digits: Dataset(10,000 training and 2,000 test images of 28 × 28 pixels)
    ...
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        options = _parser(words).parse_args(words)
    except ModuleNotFoundError as error:
        print(
            f"aecourse {words[0]}: the package {error.name!r} is missing — "
            "install what grading needs: pip install 'aecourse[grade]'",
            file=sys.stderr,
        )
        return 1
    try:
        status: int = options.run(options)
    except (DataError, OSError, ValueError) as error:
        print(f"aecourse {options.command}: {error}", file=sys.stderr)
        return 1
    return status


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="aecourse", description="The autoencoder course.")
    parser.add_argument("--version", action="version", version=f"aecourse {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    doctor = commands.add_parser("doctor", help="show versions, devices and where the digits are")
    doctor.set_defaults(run=_doctor)

    data = commands.add_parser("data", help="show where the digits are; download the full set")
    data.add_argument(
        "--full", action="store_true", help="find and verify the full set, download what is missing"
    )
    data.add_argument(
        "--to",
        type=Path,
        metavar="DIR",
        help="also write the full set's four files to DIR (implies --full)",
    )
    data.add_argument(
        "--cache-dir", type=Path, metavar="DIR", help=f"keep downloads here ({default_cache()})"
    )
    data.add_argument(
        "--mirror",
        action="append",
        metavar="URL",
        help="download from here instead of the built-in mirrors; may be repeated",
    )
    data.set_defaults(run=_data)

    if words and words[0] in _GRADING:
        from aecourse.grading.cli import add_commands

        add_commands(commands)
    else:
        for name, about in _GRADING.items():
            commands.add_parser(name, help=about)
    return parser


def _doctor(_: argparse.Namespace) -> int:
    print(f"aecourse {__version__}\n")
    print(f"{report()}\n")
    _show_data(default_cache())
    return 0


def _data(options: argparse.Namespace) -> int:
    cache_dir = default_cache() if options.cache_dir is None else options.cache_dir
    if not options.full and options.to is None:
        _show_data(cache_dir)
        return 0
    data_dir = data_folder()
    for name, sha256 in FULL_SET.items():
        found = find_file(
            name,
            sha256,
            mirrors=MIRRORS if options.mirror is None else options.mirror,
            cache_dir=cache_dir,
            data_dir=data_dir,
        )
        print(f"{name}: verified, from {found.origin}")
        if options.to is not None:
            path = options.to / (name if found.stored == found.idx else f"{name}.gz")
            write_file(path, found.stored)
            print(f"{name}: written to {path}")
    return 0


def _show_data(cache_dir: Path) -> None:
    print(f"bundled digits: {load_mnist()}")
    data_dir = data_folder()
    try:
        found = [
            find_file(name, sha256, mirrors=(), cache_dir=cache_dir, data_dir=data_dir)
            for name, sha256 in FULL_SET.items()
        ]
    except DataError:
        # A folder that the user names has to be right; an empty cache is no fault.
        if data_dir is not None:
            raise
        print(f"full set: not complete in {cache_dir} — `aecourse data --full` downloads 11 MB")
        return
    print(f"full set: verified, in {Path(found[0].origin).parent}")
