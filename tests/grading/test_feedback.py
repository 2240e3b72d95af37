import re
from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest

from aecourse.grading.feedback import feedback_page, write_feedback
from aecourse.grading.results import QuestionResult, Result, write_grades
from aecourse.grading.summary import item_statistics, write_summary
from aecourse.grading.verdicts import CaseVerdict, Verdict

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'><a href=javascript:alert(3)>"
CASE = CaseVerdict("random", False, "0.25", "5.0", "expected 0.25, got 5.0")
WRONG = Verdict("mse", 2, 0.0, "The sum: Divide by the number of pixels.", "the sum", (CASE,))
RESULT = Result(
    student="이준호_1234567",
    exercise="04_numpy",
    status="needs a person",
    reason="to be marked by a person: why",
    penalty=0.6,
    submitted_at=datetime(2026, 3, 1, 12),
    origin="export.zip:이준호_1234567_assignsubmission_file_/04_numpy.ipynb",
    questions=(
        QuestionResult("mse", 2.0, 0.0, False, False, WRONG, None),
        QuestionResult(
            "bits", 1.0, 1.0, False, False, Verdict("bits", 1, 1.0, "Right.", None), None
        ),
        QuestionResult(
            "why",
            3.0,
            None,
            False,
            True,
            Verdict("why", 3, None, "A person marks this by the rubric.", None),
            None,
        ),
    ),
)


class Page(HTMLParser):
    """Tags, attributes and text of a page; tags have to be closed in order."""

    VOID = frozenset({"meta", "link", "img", "br"})

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes, self.text, self.open = [], [], [], []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.text.append(data)

    @property
    def words(self):
        return " ".join("".join(self.text).split())


def test_page_says_marks_verdicts_and_what_is_open():
    words = Page(feedback_page(RESULT)).words
    assert "0.4 of 6 points so far" in words
    assert "Handed in late: 0.6 points are taken off." in words
    assert "✗ not right · mse · 0 of 2 points" in words
    assert "Divide by the number of pixels." in words
    assert re.search(r"random ?✗ wrong ?0\.25 ?5\.0", words)
    assert "✓ right · bits · 1 of 1 points" in words
    assert "… needs a person · why · 3 points" in words
    assert "handed in 2026-03-01 12:00 UTC" in words


def test_page_without_a_mark_says_why_and_shows_no_points():
    result = replace(RESULT, status="not graded", reason="the notebook is no JSON")
    words = Page(feedback_page(result)).words
    assert "Not graded, because the notebook is no JSON" in words
    assert "points" not in words


def test_mark_and_comment_of_a_person_replace_the_judge():
    question = replace(RESULT.questions[0], score=1.5, by_person=True, comment="Nearly: 1/n.")
    words = Page(feedback_page(replace(RESULT, questions=(question,)))).words
    assert "◐ partly right · mse · 1.5 of 2 points" in words
    assert "A person gave this mark." in words
    assert "Comment: Nearly: 1/n." in words
    assert "Divide" not in words


def test_unanswered_question_is_called_so():
    verdict = Verdict("mse", 2, 0.0, "Not answered yet: mse is not defined.", None)
    question = replace(RESULT.questions[0], verdict=verdict)
    assert (
        "✗ not answered · mse" in Page(feedback_page(replace(RESULT, questions=(question,)))).words
    )


def test_expected_is_not_shown_where_the_question_hides_it():
    hidden = replace(WRONG, cases=(replace(CASE, expected="", obtained=""),))
    question = replace(RESULT.questions[0], verdict=hidden)
    page = Page(feedback_page(replace(RESULT, questions=(question,))))
    assert "table" not in page.tags


@pytest.mark.parametrize("status", ["needs a person", "not graded"])
def test_nothing_of_the_student_is_markup_and_nothing_runs(status):
    case = CaseVerdict(HOSTILE, False, HOSTILE, HOSTILE, HOSTILE)
    verdict = Verdict("mse", 2, 0.0, HOSTILE, HOSTILE, (case,))
    question = QuestionResult("mse", 2.0, 0.0, False, False, verdict, HOSTILE)
    hostile = replace(RESULT, student=HOSTILE, reason=HOSTILE, status=status, questions=(question,))
    text = feedback_page(hostile)
    page = Page(text)
    # The same page without the student's text has the same tags and attributes.
    harmless = Verdict("mse", 2, 0.0, "x", "x", (CaseVerdict("x", False, "x", "x", "x"),))
    plain = replace(
        RESULT,
        student="x",
        reason="x",
        status=status,
        questions=(replace(question, verdict=harmless, comment="x"),),
    )
    assert page.tags == Page(feedback_page(plain)).tags
    assert page.attributes == Page(feedback_page(plain)).attributes
    assert not {"script", "img", "a", "iframe", "form", "svg"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    assert ("content", policy) in page.attributes


def test_page_can_be_read_in_light_and_dark_and_names_its_language():
    page = feedback_page(RESULT)
    assert '<html lang="en">' in page
    assert "color-scheme: light dark" in page
    colors = dict(re.findall(r"--(right|wrong|open): (#[0-9a-f]{6})", page.split("@media")[0]))
    dark = dict(re.findall(r"--(right|wrong|open): (#[0-9a-f]{6})", page.split("@media")[1]))
    for name in ("right", "wrong", "open"):
        assert contrast(colors[name], "#ffffff") >= 4.5
        assert contrast(dark[name], "#1e1e1e") >= 4.5


def contrast(one, other):
    def luminance(color):
        channels = np.array([int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)])
        linear = np.where(
            channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4
        )
        return linear @ [0.2126, 0.7152, 0.0722]

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_characters_that_cannot_be_written_do_not_stop_the_run(tmp_path):
    odd = replace(RESULT, reason="\ud800 \x00 \x1b[31m", status="not graded")
    assert write_feedback([odd], tmp_path) == 1
    path = tmp_path / RESULT.student / "04_numpy.html"
    assert "\x1b" not in path.read_text(encoding="utf-8")
    write_grades([odd], tmp_path / "grades.csv")
    assert "\x00" not in (tmp_path / "grades.csv").read_text(encoding="utf-8")


def test_spreadsheet_does_not_run_a_name(tmp_path):
    write_grades([replace(RESULT, student="=cmd|calc")], tmp_path / "grades.csv")
    line = (tmp_path / "grades.csv").read_text(encoding="utf-8").splitlines()[1]
    assert line.startswith("'=cmd|calc,")


# The class


def class_of(scores, *, points=(2.0, 1.0, 3.0), status="graded"):
    names = ("mse", "bits", "why")
    return [
        Result(
            student=f"student{number}",
            exercise="04_numpy",
            status=status,
            reason="",
            penalty=0.0,
            submitted_at=None,
            origin="",
            questions=tuple(
                QuestionResult(name, most, score, False, False, None, None)
                for name, most, score in zip(names, points, row, strict=True)
            ),
        )
        for number, row in enumerate(scores)
    ]


def test_item_statistics_agree_with_their_definition():
    rng = np.random.default_rng(5)
    scores = rng.integers(0, 2, (40, 3)) * np.array([2.0, 1.0, 3.0])
    (found,) = item_statistics(class_of(scores.tolist()))
    for place, item in enumerate(found.items):
        rest = np.delete(scores, place, axis=1).sum(axis=1)
        assert item.difficulty == pytest.approx(scores[:, place].mean() / item.points)
        assert item.discrimination == pytest.approx(np.corrcoef(scores[:, place], rest)[0, 1])
    assert found.mean == pytest.approx(scores.sum(axis=1).mean())
    assert found.median == pytest.approx(np.median(scores.sum(axis=1)))


def test_item_statistics_leave_open_what_is_not_known():
    scores = [[2.0, 1.0, None], [0.0, 1.0, 2.0], [2.0, 1.0, None], [0.0, 1.0, None]]
    results = class_of(scores) + class_of([[None] * 3], status="not graded")
    (found,) = item_statistics(results)
    mse, bits, why = found.items
    # `bits` does not vary, and `why` has one mark: nothing to correlate with.
    assert (mse.difficulty, mse.discrimination) == (0.5, None)
    assert (bits.difficulty, bits.discrimination) == (1.0, None)
    assert (why.answers, why.difficulty, why.discrimination) == (1, pytest.approx(2 / 3), None)
    assert (found.totals, found.points) == ((3.0, 1.0, 3.0, 1.0), 3.0)
    assert (found.left_out, found.not_graded) == (("why",), 1)


@pytest.mark.parametrize(
    "scores", [[[2.0, 1.0, 3.0]] * 12, [[2.0, 0.0, None], [0.0, 1.0, None]], [[None] * 3]]
)
def test_summary_is_a_page_with_plots_and_a_table(tmp_path, scores):
    status = "not graded" if scores[0][0] is None else "graded"
    write_summary(class_of(scores, status=status), tmp_path)
    page = Page((tmp_path / "index.html").read_text(encoding="utf-8"))
    pictures = [value for name, value in page.attributes if name == "src"]
    assert [value.startswith("data:image/svg+xml;base64,") for value in pictures] == [True, True]
    assert "script" not in page.tags
    assert ("these numbers say little" in page.words) == (len(scores) < 10)
    for name in ("scores", "items"):
        ElementTree.parse(tmp_path / f"04_numpy-{name}.svg")  # noqa: S314
    lines = (tmp_path / "items.csv").read_text().splitlines()
    assert lines[0] == "exercise,question,points,answers,difficulty,discrimination"
    assert len(lines) == 4


def test_summary_of_nothing_is_refused(tmp_path):
    with pytest.raises(ValueError, match="grade first"):
        write_summary([], tmp_path)
