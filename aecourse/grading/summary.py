"""The class as a whole: which questions are hard, and which tell strong from weak."""

import base64
import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jinja2 import Environment, StrictUndefined
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from numpy.typing import NDArray

from aecourse.grading.pages import SUMMARY
from aecourse.grading.results import Result
from aecourse.mnist_files import write_file

__all__ = ["Item", "ItemStatistics", "item_statistics", "write_summary"]

_FEWEST_STUDENTS = 10


@dataclass(frozen=True)
class Item:
    """How one question worked.

    Parameters
    ----------
    name, points
        The question's.
    answers
        How many marks there are.
    difficulty
        Mean share of the points that was earned: high is easy.
    discrimination
        Corrected item-total correlation: of the question's marks with the sum of all others.
        None where one of the two does not vary, or there are fewer than 3 students.

    Examples
    --------
    >>> Item("mse", 2.0, 30, 0.8, 0.4).difficulty
    0.8
    """

    name: str
    points: float
    answers: int
    difficulty: float | None
    discrimination: float | None


@dataclass(frozen=True)
class ItemStatistics:
    """How an exercise worked.

    Parameters
    ----------
    exercise
        Its name.
    items
        One for each question.
    totals
        The students' sums over the questions that are marked for everyone, lateness left aside.
    points
        What these questions are worth together.
    left_out
        The other questions: they wait for a person.
    graded, waiting, not_graded
        How many submissions are final, wait for a person, could not be graded.

    Examples
    --------
    >>> ItemStatistics("04_numpy", (), (1.0, 3.0), 4.0, (), 2, 0, 0).mean
    2.0
    """

    exercise: str
    items: tuple[Item, ...]
    totals: tuple[float, ...]
    points: float
    left_out: tuple[str, ...]
    graded: int
    waiting: int
    not_graded: int

    @property
    def mean(self) -> float | None:
        """Mean of the totals."""
        return float(np.mean(self.totals)) if self.totals else None

    @property
    def median(self) -> float | None:
        """Median of the totals."""
        return float(np.median(self.totals)) if self.totals else None


def item_statistics(results: Iterable[Result]) -> Sequence[ItemStatistics]:
    """Work out difficulty and discrimination.

    Parameters
    ----------
    results
        The marks.

    Returns
    -------
    Sequence of ItemStatistics
        By exercise.

    Notes
    -----
    The question is left out of the total it is correlated with, or a question would correlate
    with itself (Henrysson, 1963, Psychometrika 28, 211-218). Questions that wait for a person are
    left out of the total until all submissions have a mark for them.

    Examples
    --------
    >>> from aecourse.grading.results import QuestionResult
    >>> def result(student, *scores):
    ...     questions = (QuestionResult(n, 1.0, s, False, False, None, None) for n, s in scores)
    ...     return Result(student, "04_numpy", "graded", "", 0.0, None, "", tuple(questions))
    >>> marks = [("kim", 1, 1), ("lee", 1, 1), ("park", 0, 0), ("choi", 0, 1)]
    >>> [found] = item_statistics(result(n, ("mse", a), ("psnr", b)) for n, a, b in marks)
    >>> [(item.name, item.difficulty, round(item.discrimination, 2)) for item in found.items]
    [('mse', 0.5, 0.58), ('psnr', 0.75, 0.58)]
    """
    groups: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        groups[result.exercise].append(result)
    return [_statistics(exercise, group) for exercise, group in sorted(groups.items())]


def _statistics(exercise: str, group: Sequence[Result]) -> ItemStatistics:
    judged = [result for result in group if result.status != "not graded"]
    points = {q.name: q.points for result in group for q in result.questions}
    scores = np.full((len(judged), len(points)), np.nan)
    places = {name: place for place, name in enumerate(points)}
    for row, result in enumerate(judged):
        for question in result.questions:
            if question.score is not None:
                scores[row, places[question.name]] = question.score
    complete = ~np.isnan(scores).any(axis=0) if len(scores) else np.zeros(len(points), dtype=bool)
    items = tuple(
        _item(name, points[name], scores, place, complete) for name, place in places.items()
    )
    return ItemStatistics(
        exercise=exercise,
        items=items,
        totals=tuple(map(float, scores[:, complete].sum(axis=1))) if complete.any() else (),
        points=sum(
            value for value, counts in zip(points.values(), complete, strict=True) if counts
        ),
        left_out=tuple(name for name, place in places.items() if not complete[place]),
        graded=sum(result.status == "graded" for result in group),
        waiting=sum(result.status == "needs a person" for result in group),
        not_graded=sum(result.status == "not graded" for result in group),
    )


def _item(
    name: str,
    points: float,
    scores: NDArray[np.float64],
    place: int,
    complete: NDArray[np.bool_],
) -> Item:
    column = scores[:, place]
    marked = ~np.isnan(column)
    if not marked.any():
        return Item(name, points, 0, None, None)
    others = complete.copy()
    others[place] = False
    rest = scores[marked][:, others].sum(axis=1)
    share = float(column[marked].mean() / points)
    return Item(name, points, int(marked.sum()), share, _correlation(column[marked], rest))


def _correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float | None:
    if len(one) < 3 or np.ptp(one) == 0 or np.ptp(other) == 0:
        return None
    return float(np.corrcoef(one, other)[0, 1])


def write_summary(results: Iterable[Result], folder: Path) -> Sequence[Path]:
    """Write ``index.html`` with plots, and ``items.csv``.

    Parameters
    ----------
    results
        The marks.
    folder
        Where to.

    Returns
    -------
    Sequence of pathlib.Path
        What was written.

    Raises
    ------
    ValueError
        If there are no marks.
    """
    statistics = item_statistics(results)
    if not statistics:
        raise ValueError("expected a gradebook with marks, got an empty one — grade first")
    plots = {
        found.exercise: {"scores": _svg(_score_plot(found)), "items": _svg(_item_plot(found))}
        for found in statistics
    }
    for exercise, pictures in plots.items():
        for name, picture in pictures.items():
            write_file(folder / f"{exercise}-{name}.svg", picture.encode())
    write_file(folder / "items.csv", _csv(statistics).encode())
    addresses = {
        exercise: {name: _address(picture) for name, picture in pictures.items()}
        for exercise, pictures in plots.items()
    }
    page = _template.render(statistics=statistics, plots=addresses, few=_FEWEST_STUDENTS)
    write_file(folder / "index.html", page.encode())
    return sorted(folder.iterdir())


def _csv(statistics: Sequence[ItemStatistics]) -> str:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["exercise", "question", "points", "answers", "difficulty", "discrimination"])
    for found in statistics:
        for item in found.items:
            numbers = (item.points, item.answers, item.difficulty, item.discrimination)
            shown = ["" if number is None else f"{number:.4g}" for number in numbers]
            table.writerow([found.exercise, item.name, *shown])
    return text.getvalue()


def _score_plot(found: ItemStatistics) -> Figure:
    figure = Figure(figsize=(6, 3), layout="constrained")
    axes = figure.add_subplot()
    most = max(found.points, 1.0)
    edges = np.linspace(0, most, min(20, round(most)) + 1).tolist()
    axes.hist(np.clip(found.totals, 0, most), bins=edges, color="#0072b2", edgecolor="w")
    axes.set(xlabel=f"points (of {found.points:g})", ylabel="students", xlim=(0, most))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def _item_plot(found: ItemStatistics) -> Figure:
    items = found.items
    figure = Figure(figsize=(6, 1 + 0.35 * len(items)), layout="constrained")
    easy, telling = figure.subplots(1, 2, sharey=True)
    rows = np.arange(len(items))
    easy.barh(rows, [item.difficulty or 0.0 for item in items], color="#0072b2")
    easy.set(xlabel="difficulty (share earned)", xlim=(0, 1), yticks=rows)
    easy.set_yticklabels([item.name for item in items])
    easy.xaxis.set_major_formatter(PercentFormatter(1.0))
    easy.invert_yaxis()
    telling.barh(rows, [item.discrimination or 0.0 for item in items], color="#d55e00")
    telling.axvline(0, color="0.3", linewidth=0.8)
    telling.set(xlabel="discrimination (correlation)", xlim=(-1, 1))
    return figure


def _svg(figure: Figure) -> str:
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return text.getvalue()


def _address(picture: str) -> str:
    # The page is one file, and its policy lets nothing be loaded.
    return f"data:image/svg+xml;base64,{base64.b64encode(picture.encode()).decode()}"


def _number(value: float | None, digits: int = 2) -> str:
    return "—" if value is None else f"{value:.{digits}f}"


_environment = Environment(autoescape=True, undefined=StrictUndefined)
_environment.filters["number"] = _number
_template = _environment.from_string(SUMMARY)
