"""The "beat PCA" scoreboard: every chapter measures its line and adds it to those before."""

import json
import os
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path

from aecourse.table import Table
from aecourse.validation import check_positive, check_positive_integer

__all__ = ["RECORD_VARIABLE", "Board", "Line", "add", "recorded_lines"]

RECORD_VARIABLE = "AECOURSE_RECORD_SCOREBOARD"
"""Environment variable: a JSON file that `add` writes its line to."""


@dataclass(frozen=True)
class Line:
    """One method's result.

    Parameters
    ----------
    chapter
        Two digits, such as ``"04"``.
    method
        What was trained, in a few words.
    code_size
        Number of code units, k.
    test_error
        Mean squared error per pixel on the bundled test images.
    pca_error
        That of PCA with the same k, fitted on the bundled training images.

    Examples
    --------
    >>> Line("04", "784-32-784", 32, 0.009, 0.018).ratio
    0.5
    """

    chapter: str
    method: str
    code_size: int
    test_error: float
    pca_error: float

    @property
    def ratio(self) -> float:
        """Error in units of PCA's: below 1, the method beats PCA."""
        return self.test_error / self.pca_error


@dataclass(frozen=True, repr=False)
class Board(Table):
    """The lines up to one chapter, its own freshly measured.

    Parameters
    ----------
    lines
        In the order of the chapters.
    fresh
        The line that was measured just now; it is among ``lines``.
    recorded
        What the same chapter and method gave when the board was last recorded, if it was.

    Examples
    --------
    >>> line = Line("04", "784-32-784", 32, 0.009, 0.018)
    >>> print(Board((line,), line, None))
    chapter  method      code  error per pixel  PCA      ratio
    04       784-32-784  32    0.00900          0.01800  0.50  ← now
    """

    lines: tuple[Line, ...]
    fresh: Line
    recorded: Line | None

    heads = ("chapter", "method", "code", "error per pixel", "PCA", "ratio")
    caption = (
        "Beat PCA: a ratio below 1 does. Error is the mean squared error per pixel on the 2,000 "
        "bundled test digits."
    )

    def assert_reproduced(self, *, rtol: float) -> None:
        """Fail unless the fresh error equals the recorded one.

        Parameters
        ----------
        rtol
            Allowed relative difference.

        Raises
        ------
        AssertionError
            If the difference is larger, or nothing was recorded.
        """
        if self.recorded is None:
            raise AssertionError(
                f"expected a recorded line for {self.fresh.method!r} of chapter "
                f"{self.fresh.chapter} — record it with make scoreboard"
            )
        gap = abs(self.fresh.test_error / self.recorded.test_error - 1)
        if gap > rtol:
            raise AssertionError(
                f"expected the recorded error {self.recorded.test_error:.6g} within "
                f"{rtol:.0%}, got {self.fresh.test_error:.6g}"
            )

    def cells(self) -> list[tuple[str, ...]]:
        """Return chapter, method and errors of every line."""
        return [
            (
                line.chapter,
                line.method,
                str(line.code_size),
                f"{line.test_error:.5f}",
                f"{line.pca_error:.5f}",
                f"{line.ratio:.2f}" + ("  ← now" if line == self.fresh else ""),
            )
            for line in self.lines
        ]


def recorded_lines() -> tuple[Line, ...]:
    """Return the lines that come with the library.

    Returns
    -------
    tuple of Line
        In the order of the chapters.
    """
    return _read(files("aecourse").joinpath("scoreboard.json").read_text(encoding="utf-8"))


def _read(text: str) -> tuple[Line, ...]:
    return tuple(sorted((Line(**entry) for entry in json.loads(text)), key=lambda x: x.chapter))


def add(*, chapter: str, method: str, code_size: int, test_error: float, pca_error: float) -> Board:
    """Measure oneself against PCA and all chapters before.

    Parameters
    ----------
    chapter, method, code_size, test_error, pca_error
        The fresh line; see `Line`.

    Returns
    -------
    Board
        The recorded lines of earlier chapters and of this one, this line as just measured.

    Raises
    ------
    TypeError, ValueError
        If a number is not positive.

    Examples
    --------
    >>> board = add(chapter="00", method="x", code_size=2, test_error=0.05, pca_error=0.1)
    >>> board.fresh.ratio
    0.5
    """
    check_positive_integer("code_size", code_size)
    check_positive("test_error", test_error)
    check_positive("pca_error", pca_error)
    fresh = Line(chapter, method, int(code_size), float(test_error), float(pca_error))
    if path := os.environ.get(RECORD_VARIABLE):
        _record(Path(path), fresh)
    recorded = recorded_lines()
    known = next((line for line in recorded if _same(line, fresh)), None)
    rows = [fresh if line is known else line for line in recorded if line.chapter <= chapter]
    return Board(tuple(rows if known else [*rows, fresh]), fresh, known)


def _same(one: Line, other: Line) -> bool:
    return (one.chapter, one.method) == (other.chapter, other.method)


def _record(path: Path, fresh: Line) -> None:
    lines = _read(path.read_text(encoding="utf-8")) if path.exists() else ()
    kept = [line for line in lines if not _same(line, fresh)]
    lines = tuple(sorted([*kept, fresh], key=lambda line: line.chapter))
    text = json.dumps([asdict(line) for line in lines], indent=2) + "\n"
    path.write_text(text, encoding="utf-8")
