"""One page a student and exercise: HTML without a script, and without the judge's secrets."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from aecourse.grading.pages import FEEDBACK
from aecourse.grading.results import QuestionResult, Result
from aecourse.mnist_files import write_file

__all__ = ["feedback_page", "write_feedback"]

_MOST_CASES = 20


@dataclass(frozen=True)
class _Item:
    question: QuestionResult
    kind: str
    symbol: str
    word: str

    @property
    def sentence(self) -> str:
        verdict = self.question.verdict
        return "" if verdict is None or self.question.by_person else verdict.sentence

    @property
    def cases(self) -> tuple[object, ...]:
        verdict = self.question.verdict
        if verdict is None or self.kind != "wrong" or self.question.by_person:
            return ()
        return tuple(case for case in verdict.cases if case.expected or case.obtained)[:_MOST_CASES]


def _points(value: float) -> str:
    return f"{value:.6g}"


_environment = Environment(autoescape=True, undefined=StrictUndefined)
_environment.filters["points"] = _points
_template = _environment.from_string(FEEDBACK)


def feedback_page(result: Result) -> str:
    """Return a page for the student.

    Parameters
    ----------
    result
        The student's marks for an exercise.

    Returns
    -------
    str
        HTML: nothing in it runs or is loaded, and all that comes from the student is escaped.

    Examples
    --------
    >>> question = QuestionResult("mse", 2.0, 2.0, False, False, None, None)
    >>> page = feedback_page(
    ...     Result("<b>", "04_numpy", "graded", "", 0.0, None, "kim.ipynb", (question,))
    ... )
    >>> "2 of 2 points" in page, "<b>" in page
    (True, False)
    """
    items = [_item(question) for question in result.questions]
    page = _template.render(result=result, items=items if result.status != "not graded" else [])
    return "".join(c if c.isprintable() or c == "\n" else "�" for c in page)


def _item(question: QuestionResult) -> _Item:
    if question.score is None:
        return _Item(question, "open", "…", "needs a person")
    if question.score >= question.points:
        return _Item(question, "right", "✓", "right")
    if question.score > 0:
        return _Item(question, "open", "◐", "partly right")
    unanswered = question.verdict and question.verdict.sentence.startswith("Not answered")
    return _Item(question, "wrong", "✗", "not answered" if unanswered else "not right")


def write_feedback(results: Iterable[Result], folder: Path) -> int:
    """Write a page for each result: ``FOLDER/STUDENT/EXERCISE.html``.

    Parameters
    ----------
    results
        The marks.
    folder
        Where to. Each student's pages are in a folder of their own.

    Returns
    -------
    int
        How many pages.
    """
    count = 0
    for result in results:
        page = feedback_page(result)
        path = folder / result.student / f"{result.exercise}.html"
        write_file(path, page.encode("utf-8", errors="replace"))
        count += 1
    return count
