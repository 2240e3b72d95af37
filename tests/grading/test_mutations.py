"""Every question of every set: right answers earn the points, typical mistakes lose and are named.

Each is tried on the judge, with fresh inputs, and on the learner's check, with the stored ones.
"""

import tracemalloc
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aecourse.exercises import Check
from aecourse.exercises.stored import GRADING_VARIABLE
from aecourse.grading.judge import (
    JudgeFile,
    LocalAsker,
    Reply,
    Returned,
    Verdict,
    judge,
    load_judge,
    make_cases,
)
from aecourse.grading.preview import preview
from aecourse.grading.questions import (
    FunctionQuestion,
    PropertyQuestion,
    Question,
    TextQuestion,
    ValueQuestion,
)

# Other tests cover the judge, and these thousands of calls take half as long again when traced.
pytestmark = pytest.mark.no_cover

ROOT = Path(__file__).parents[2]
FOLDERS = sorted((ROOT / "solutions").glob("[0-9][0-9]_*/"))
SEEDS = (1, 2, 3)


@cache
def questions_of(folder: Path) -> JudgeFile:
    return load_judge(folder)


@cache
def check_of(exercise: str) -> Check:
    return Check(exercise)


JUDGED = [
    pytest.param(folder, question, id=f"{folder.name}-{question.name}")
    for folder in FOLDERS
    for question in questions_of(folder).questions
    if not isinstance(question, TextQuestion)
]
MISTAKES = [
    pytest.param(folder, question, number, id=f"{folder.name}-{question.name}-{mistake.name}")
    for folder, question in (param.values for param in JUDGED)
    for number, mistake in enumerate(question.mistakes)
]
"""Each with its folder, its question and its place among the question's mistakes."""


@pytest.fixture(autouse=True)
def not_in_the_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(GRADING_VARIABLE, raising=False)


def subject(question: Any) -> str:
    return str(question.variable if isinstance(question, ValueQuestion) else question.function)


def right_answer(question: Any) -> Any:
    match question:
        case ValueQuestion():
            return question.reference()
        case FunctionQuestion():
            return question.reference
        case PropertyQuestion():
            return question.solution
    raise TypeError(type(question))


def judged(question: Question, answer: Any, seed: int) -> Verdict:
    # References and mistakes take arrays whatever the framework of the question is.
    return judge(question, LocalAsker({subject(question): answer}, convert=False), seed=seed)


def as_arrays(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return type(value)(as_arrays(each) for each in value)
    if isinstance(value, dict):
        return {key: as_arrays(each) for key, each in value.items()}
    return value.numpy() if callable(getattr(value, "numpy", None)) else value


def for_check(question: Any, answer: Any) -> Any:
    """Make a learner's function, which gets tensors, of one that takes arrays."""
    if isinstance(question, ValueQuestion) or question.framework == "numpy":
        return answer
    pytest.importorskip(question.framework)

    def function(*arguments: Any) -> Any:
        return answer(*as_arrays(arguments))

    return function


# --- right answers ----------------------------------------------------------------------------


@pytest.mark.parametrize(("folder", "question"), JUDGED)
def test_reference_earns_all_points(folder: Path, question: Any) -> None:
    for seed in SEEDS:
        verdict = judged(question, right_answer(question), seed)
        assert verdict.score == question.points, f"{folder.name}, seed {seed}: {verdict.sentence}"


@pytest.mark.parametrize(("folder", "question"), JUDGED)
def test_reference_passes_the_check(folder: Path, question: Any) -> None:
    answer = for_check(question, right_answer(question))
    with np.errstate(all="ignore"):
        result = check_of(folder.name)(question.name, answer)
    assert result.right, result.sentence
    assert result.verdict.points == question.points


# --- no answers -------------------------------------------------------------------------------

EMPTY: dict[str, Any] = {"None": None, "dots": ..., "returns None": lambda *_: None}


@pytest.mark.parametrize("answer", EMPTY.values(), ids=EMPTY.keys())
@pytest.mark.parametrize(("folder", "question"), JUDGED)
def test_no_answer_earns_nothing(folder: Path, question: Any, answer: Any) -> None:
    if callable(answer) and isinstance(question, ValueQuestion):
        answer = answer()
    for seed in SEEDS:
        assert judged(question, answer, seed).score == 0
    result = check_of(folder.name)(question.name, answer)
    assert not result.right
    assert result.state == "empty"


CONSTANTS: list[Any] = [0, 1, np.zeros(3), np.nan, "", [], {}, (None,), np.ones((5, 4))]


@pytest.mark.parametrize(("folder", "question"), JUDGED)
def test_constant_earns_nothing(folder: Path, question: Any) -> None:
    for constant in CONSTANTS:
        if isinstance(question, ValueQuestion):
            answer = constant
        else:
            answer = lambda *_, constant=constant: constant  # noqa: E731
        verdict = judged(question, answer, 1)
        assert verdict.score == 0, f"{folder.name}: {constant!r} is right"


STRANGE: dict[str, Any] = {
    "long row": np.ones((1, 40_000)),
    "long column": np.ones((40_000, 1)),
    "long": np.ones(40_000),
    "large": np.ones((1000, 1000)),
    "empty": np.zeros((0, 0)),
    "five axes": np.ones((2, 3, 4, 5, 6)),
    "NaN": np.full((4, 4), np.nan),
    "huge numbers": np.full((4, 4), 1e300),
    "huge integer": 10**300,
    "negative": -1,
    "flags": np.ones((4, 4), dtype=bool),
    "text": "x" * 100_000,
    "texts": ["x"] * 1000,
    "pairs": [(i, -i) for i in range(200)],
    "dictionary": {"x": np.ones((1, 40_000)), "y": None},
    "parts": (np.ones((1, 40_000)), np.ones((40_000, 1)), "x", None),
}


@pytest.mark.parametrize("answer", STRANGE.values(), ids=STRANGE.keys())
@pytest.mark.parametrize(
    ("folder", "question"),
    [each for each in JUDGED if isinstance(each.values[1], PropertyQuestion)],
)
def test_check_of_a_property_copes_with_any_answer(
    folder: Path, question: Any, answer: Any
) -> None:
    expected = question.solution(*next(iter(make_cases(question, seed=1).values())))
    answers = [answer]
    if isinstance(expected, tuple):
        answers += [(answer,) * len(expected), (*expected[:-1], answer), (answer, *expected[1:])]
    if isinstance(expected, dict):
        answers += [dict.fromkeys(expected, answer)]
        answers += [{**expected, key: answer} for key in expected]
    tracemalloc.start()
    try:
        for each in answers:
            verdict = judge(question, Constant(Returned(each)), seed=1)
            assert verdict.score == 0, f"{folder.name}: {preview(each)}"
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 300e6, f"{peak / 1e6:.0f} MB: look at the shape before you compute"


class Constant:
    """An asker with one reply for everything."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply

    def call(self, function: str, arguments: tuple[Any, ...], *, framework: str = "numpy") -> Reply:
        del function, arguments, framework
        return self.reply

    def value(self, variable: str) -> Reply:
        del variable
        return self.reply


# --- typical mistakes -------------------------------------------------------------------------


@pytest.mark.parametrize(("folder", "question"), JUDGED)
def test_question_knows_mistakes_and_gives_each_its_own_advice(folder: Path, question: Any) -> None:
    assert folder.name
    advice = [mistake.advice for mistake in question.mistakes]
    assert len(advice) >= 3
    assert len(set(advice)) == len(advice)
    assert all(each.endswith((".", "?")) for each in advice)
    assert 1 <= len(question.hints) <= 3


@pytest.mark.parametrize(("folder", "question", "number"), MISTAKES)
def test_mistake_loses_the_points_and_is_named(folder: Path, question: Any, number: int) -> None:
    mistake = question.mistakes[number]
    for seed in SEEDS:
        verdict = judged(question, mistake.wrong, seed)
        assert verdict.score == 0, f"{folder.name}: right after all with seed {seed}"
        assert verdict.mistake == mistake.name, verdict.sentence
        assert verdict.sentence.endswith(mistake.advice)


@pytest.mark.parametrize(("folder", "question", "number"), MISTAKES)
def test_mistake_is_named_by_the_check(folder: Path, question: Any, number: int) -> None:
    mistake = question.mistakes[number]
    with np.errstate(all="ignore"):
        result = check_of(folder.name)(question.name, for_check(question, mistake.wrong))
    assert not result.right
    assert result.verdict.mistake == mistake.name, result.sentence
    assert mistake.advice in repr(result)
    assert f"Hint 1 of {len(question.hints)}" in result._repr_html_()
