"""Similar submissions are found whatever names they use; honest ones have little evidence."""

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from aecourse.cli import main
from aecourse.grading.similarity import Part, compare, matching_lines, read_parts
from aecourse.grading.similarity_report import report_similarity, similarity_page

STARTER = Part("""import numpy as np

def mse(x, x_hat):
    \"\"\"Return the mean squared error per pixel of the reconstructions.\"\"\"
    ...  # your code here

def train(x, weights, bias, rate, epochs):
    for epoch in range(epochs):
        ...  # your code here
    return weights, bias
""")
OWN = Part("""def mse(x, x_hat):
    error = x_hat - x
    return np.sum(error**2) / error.size

def train(x, weights, bias, rate, epochs):
    for epoch in range(epochs):
        code = 1 / (1 + np.exp(-(x @ weights + bias)))
        error = code @ weights.T - x
        slope = code * (1 - code)
        delta = (error @ weights) * slope
        gradient = x.T @ delta + error.T @ code
        weights = weights - rate * gradient / len(x)
        bias = bias - rate * delta.mean(axis=0)
    return weights, bias
""")
RENAMED = Part("""def train(data, W, b, eta, n):
    # my own idea
    for i in range(n):
        h = 1 / (1 + np.exp(-(data @ W + b)))  # sigmoid
        e = h @ W.T - data

        s = h * (1 - h)
        d = (e @ W) * s
        g = data.T @ d + e.T @ h
        W = W - eta * g / len(data)
        b = b - eta * d.mean(axis=0)
    return W, b


def mse(a, b):
    e = b - a
    return np.sum(e**2) / e.size
""")
OTHER = Part("""def mse(x, x_hat):
    return ((x - x_hat) ** 2).mean()

def sigmoid(t):
    return np.where(t > 0, 1 / (1 + np.exp(-t)), np.exp(t) / (1 + np.exp(t)))

def train(x, weights, bias, rate, epochs):
    for epoch in range(epochs):
        for start in range(0, x.shape[0], 100):
            batch = x[start : start + 100]
            hidden = sigmoid(np.dot(batch, weights) + bias)
            reconstruction = np.dot(hidden, weights.transpose())
            difference = reconstruction - batch
            back = np.dot(difference, weights) * hidden * (1.0 - hidden)
            step = np.dot(batch.transpose(), back) + np.dot(difference.transpose(), hidden)
            weights = weights - step * (rate / 100)
            bias = bias - back.sum(axis=0) * (rate / 100)
    return weights, bias
""")


def share(one: Part, other: Part, starter: Part = STARTER) -> float:
    found = compare({"a": [one], "b": [other]}, starter=[starter], least=0.0)
    return found[0].share if found else 0.0


# --- two submissions --------------------------------------------------------------------------


def test_copy_is_found() -> None:
    assert share(OWN, OWN) == pytest.approx(1)


def test_renamed_reordered_and_commented_copy_is_found() -> None:
    assert share(OWN, RENAMED) > 2 * share(OWN, OTHER)
    assert share(OWN, RENAMED) > 0.6


def test_two_ways_to_the_same_end_have_little_in_common() -> None:
    assert share(OWN, OTHER) < 0.3


def test_starter_does_not_count() -> None:
    assert compare({"a": [STARTER], "b": [STARTER]}, starter=[STARTER], least=0.0) == []
    with_starter = Part(STARTER.text + OWN.text), Part(STARTER.text + OTHER.text)
    assert share(*with_starter) < 0.3
    assert share(*with_starter, starter=Part("")) > share(*with_starter)


def test_copied_part_is_found_in_a_longer_text() -> None:
    longer = Part(OTHER.text + "\n" + OWN.text)
    assert share(OWN, longer) > 0.9


def test_prose_is_compared_by_its_words() -> None:
    one = Part("The units **saturate**, so the slope is tiny, and learning stops early.", False)
    other = Part("the units saturate, so the slope is tiny and learning stops early!", False)
    third = Part("Large random weights drive each sum far from zero in either direction.", False)
    assert share(one, other) == pytest.approx(1)
    assert share(one, third) == 0


def test_result_is_the_same_in_another_process() -> None:
    code = (
        "from aecourse.grading.similarity import Part, compare; import sys;"
        "one, other = sys.stdin.read().split('#####');"
        "print(compare({'a': [Part(one)], 'b': [Part(other)]}, least=0))"
    )
    printed = {
        subprocess.run(  # noqa: S603
            [sys.executable, "-c", code],
            input=f"{OWN.text}#####{RENAMED.text}",
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[2])},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1


def test_lines_in_common_are_named() -> None:
    first, second = matching_lines([STARTER, OWN], [RENAMED], starter=[STARTER])
    assert (1, 7) in first, "the line of the error"
    assert {(0, 4), (0, 6)} <= second
    assert not any(part == 0 for part, _ in first), "the starter's own cell"
    assert (0, 1) not in second, "a comment"


# --- a class ----------------------------------------------------------------------------------


def honest(number: int) -> Part:
    """One of many different programs that share an obvious line."""
    draw = random.Random(number)  # noqa: S311
    lines = ["def mse(x, x_hat):", "    return np.mean((x - x_hat) ** 2)", "def own(x):"]
    for _ in range(15):
        call = draw.choice(["sum", "mean", "max", "min", "std", "dot", "cumsum"])
        lines.append(
            f"    y{draw.randrange(3)} = x.{call}(axis={draw.randrange(3)})"
            f" {draw.choice('+-*/')} {draw.randrange(100)} {draw.choice('+-*/@')} np.{call}(x)"
        )
    return Part("\n".join(lines))


def test_copy_stands_first_in_a_class_that_shares_the_obvious() -> None:
    submissions = {f"s{number:03}": [honest(number)] for number in range(60)}
    submissions["copy"] = [Part(submissions["s007"][0].text.replace("y0", "total"))]
    first, *rest = compare(submissions, least=0.2)
    assert (first.first, first.second) == ("copy", "s007")
    assert first.share > 0.9
    assert all(pair.evidence < first.evidence / 2 for pair in rest)


def test_obvious_answer_of_all_has_no_evidence() -> None:
    line = Part("def mse(x, x_hat):\n    return np.mean((x - x_hat) ** 2)")
    pairs = compare({f"s{number}": [line] for number in range(40)})
    assert all(pair.evidence < 1 for pair in pairs)


def test_ring_of_copies_is_found() -> None:
    submissions = {f"s{number:03}": [honest(number)] for number in range(40)}
    ring = {f"ring{number}": [honest(1000)] for number in range(5)}
    found = compare({**submissions, **ring}, least=0.5)[:10]
    assert all(pair.first.startswith("ring") and pair.second.startswith("ring") for pair in found)


# --- notebooks that are broken or hostile -----------------------------------------------------


def notebook(*sources: Any, kind: str = "code") -> bytes:
    cells = [{"cell_type": kind, "source": source} for source in sources]
    return json.dumps({"nbformat": 4, "cells": cells}).encode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "def broken(:\n  '''never closed",
        "%pip install x\n!ls",
        "x = " + "(" * 5000,
        "\ud800\u0000\u202e",
        "'" * 10_000,
        "a" * 1_000_000,
        "# only a comment",
    ],
    ids=[
        "empty",
        "broken",
        "magic",
        "brackets",
        "no characters",
        "quotes",
        "long",
        "comment",
    ],
)
def test_any_text_can_be_compared(text: str) -> None:
    for is_code in (True, False):
        parts = [Part(text, is_code)]
        assert len(compare({"a": parts, "b": parts, "c": [OWN]}, least=0.0)) <= 3
        matching_lines(parts, parts)


def test_cells_of_any_shape_are_read() -> None:
    parts = read_parts(notebook("x = 1", ["a\n", "b", 3], None, {"x": 1}))
    assert [part.text for part in parts] == ["x = 1", "a\nb", "", ""]
    assert read_parts(notebook("why", kind="markdown")) == (Part("why", is_code=False),)
    assert read_parts(notebook("raw", kind="raw")) == ()


# --- the report -------------------------------------------------------------------------------


@pytest.fixture
def course(tmp_path: Path) -> Path:
    (tmp_path / "exercises").mkdir()
    (tmp_path / "exercises" / "04_numpy.ipynb").write_bytes(notebook(STARTER.text))
    for student, parts in {"ada": OWN.text, "bob": RENAMED.text, "eve": OTHER.text}.items():
        (tmp_path / "handed_in" / student).mkdir(parents=True)
        evil = "x = '</pre><script>alert(1)</script>' # & <b>"
        (tmp_path / "handed_in" / student / "04_numpy.ipynb").write_bytes(notebook(parts, evil))
    (tmp_path / "handed_in" / "max").mkdir()
    (tmp_path / "handed_in" / "max" / "04_numpy.ipynb").write_bytes(b"{")
    return tmp_path


def test_report_names_pairs_and_what_was_not_compared(course: Path) -> None:
    pages, problems = report_similarity(
        [course / "handed_in"], course / "exercises", course / "report"
    )
    assert [page.name for page in pages] == ["04_numpy.html"]
    text = pages[0].read_text(encoding="utf-8")
    assert "ada and bob" in text
    assert "ada and eve" not in text
    assert "never a mark" in text
    assert "3 submissions were compared" in text
    assert len(problems) == 1
    assert "max" in problems[0].origin
    assert "not compared, because" in problems[0].reason


def test_report_runs_nothing_that_a_student_wrote(course: Path) -> None:
    evil = "</pre><script>alert(1)</script>"
    parts = [Part(OWN.text), Part(f"answer = {evil!r}; other = [1, 2, 3, 4, 5, 6, 7]")]
    page = similarity_page("04_numpy", {f"<i>{evil}": parts, "b": parts}, starter=[STARTER])
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "default-src 'none'" in page
    del course


def test_report_without_starters_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="--exercises"):
        report_similarity([tmp_path], tmp_path, tmp_path)


def test_command_writes_the_pages(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["similarity", str(course / "handed_in"), "--to", str(course / "report")]
    assert main([*words, "--exercises", str(course / "exercises")]) == 1, "one is broken"
    shown = capsys.readouterr().err
    assert "04_numpy.html" in shown
    assert "not compared, because" in shown
