"""Recorded results: what the experiments on the full MNIST gave, when, and on what."""

import json
import statistics
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.resources import files
from os import PathLike
from pathlib import Path

from aecourse.table import Table

__all__ = ["Result", "ResultsTable", "load_results", "parse_results", "write_results"]


@dataclass(frozen=True)
class Result:
    """One experiment's recorded outcome.

    Parameters
    ----------
    experiment
        Short name, the key of the record.
    measure
        What the values are, such as ``"test error per pixel"``.
    values
        One value a seed; the key is the seed as text.
    seconds
        Seconds that each seed took.
    machine
        Kind of processor and number of cores.
    versions
        Versions of Python and the libraries.
    date
        Day of the last run, ISO 8601.
    command
        What runs the experiment again.

    Examples
    --------
    >>> result = Result("pca-30", "test error per pixel", {"0": 0.5}, {"0": 1.0})
    >>> result.mean
    0.5
    """

    experiment: str
    measure: str
    values: Mapping[str, float]
    seconds: Mapping[str, float]
    machine: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    date: str = ""
    command: str = ""

    @property
    def mean(self) -> float:
        """Mean over the seeds."""
        return statistics.fmean(self.values.values())

    @property
    def spread(self) -> float:
        """Standard deviation over the seeds; 0 for a single one."""
        return statistics.stdev(self.values.values()) if len(self.values) > 1 else 0.0


@dataclass(frozen=True, repr=False)
class ResultsTable(Table):
    """Some results as a table; ``print`` shows text, a notebook shows HTML.

    Parameters
    ----------
    results
        One line each.
    caption
        What the table shows.

    Examples
    --------
    >>> result = Result("pca-30: error", "error", {"0": 0.5}, {"0": 1.0}, date="2026-11-24")
    >>> print(ResultsTable((result,), "PCA"))
    experiment  measure  mean  spread  seeds  seconds  date
    pca-30      error    0.5   —       1      1        2026-11-24
    """

    results: tuple[Result, ...]
    caption: str

    heads = ("experiment", "measure", "mean", "spread", "seeds", "seconds", "date")

    def cells(self) -> list[tuple[str, ...]]:
        """Return name, numbers and date of every result."""
        return [
            (
                result.experiment.split(":")[0],
                result.measure,
                f"{result.mean:.5g}",
                f"{result.spread:.2g}" if len(result.values) > 1 else "—",
                str(len(result.values)),
                f"{statistics.fmean(result.seconds.values()):.0f}",
                result.date,
            )
            for result in self.results
        ]


def load_results() -> dict[str, Result]:
    """Return the results that come with the library.

    Returns
    -------
    dict
        Records by the name of their experiment.

    Examples
    --------
    >>> all(name == result.experiment for name, result in load_results().items())
    True
    """
    return parse_results(files("aecourse").joinpath("results.json").read_text(encoding="utf-8"))


def parse_results(text: str) -> dict[str, Result]:
    """Read records from JSON.

    Parameters
    ----------
    text
        A list of objects with the fields of `Result`.

    Returns
    -------
    dict
        Records by the name of their experiment.
    """
    return {entry["experiment"]: Result(**entry) for entry in json.loads(text)}


def write_results(path: str | PathLike[str], results: Mapping[str, Result]) -> None:
    """Write records as JSON, whole or not at all.

    Parameters
    ----------
    path
        The file to replace.
    results
        Records by the name of their experiment.

    Raises
    ------
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_results(Path(folder) / "results.json", load_results())
    """
    path = Path(path)
    partial = path.with_name(path.name + ".partial")
    entries = [asdict(results[name]) for name in sorted(results)]
    partial.write_text(json.dumps(entries, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    partial.replace(path)
