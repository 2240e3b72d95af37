"""The judge: honest answers get their points, wrong ones a reason, and nothing makes it raise."""

import math
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from aecourse.grading.compare import difference
from aecourse.grading.judge import (
    JudgeFile,
    LocalAsker,
    Missing,
    Raised,
    Refused,
    Reply,
    Returned,
    Verdict,
    judge,
    load_judge,
)
from aecourse.grading.preview import preview
from aecourse.grading.questions import (
    FunctionQuestion,
    Mistake,
    TextQuestion,
    ValueQuestion,
)

Array = Any


TINY = load_judge(Path(__file__).parent / "sets" / "04_tiny").questions
MSE, CENTRE, BITS, BASIS, RAISES = (cast("Any", question) for question in TINY[:5])
mean_squared_error, centred = MSE.reference, CENTRE.reference
centred_in_place = CENTRE.mistakes[2].wrong


CLUMSY = replace(BASIS, verify=lambda q, a: None if q + a == 0 else "not orthonormal")


def judged(question: Any, answer: Any) -> Verdict:
    name = question.variable if isinstance(question, ValueQuestion) else question.function
    return judge(question, LocalAsker({name: answer}), seed=1)


class Replies:
    """An asker that says what it was told to say."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.asked = 0

    def call(self, function: str, arguments: tuple[Any, ...], *, framework: str = "numpy") -> Reply:
        del function, arguments, framework
        self.asked += 1
        return self.reply

    def value(self, variable: str) -> Reply:
        del variable
        return self.reply


# --- honest work ------------------------------------------------------------------------------

HONEST: dict[str, tuple[Any, Any]] = {
    "the reference": (MSE, mean_squared_error),
    "a Python float": (MSE, lambda x, y: float(mean_squared_error(x, y))),
    "shape (1,)": (MSE, lambda x, y: np.array([mean_squared_error(x, y)])),
    "float32": (MSE, lambda x, y: np.float32(mean_squared_error(x, y))),
    "float32 throughout": (MSE, lambda x, y: mean_squared_error(np.float32(x), np.float32(y))),
    "a loop": (
        MSE,
        lambda x, y: sum((p - q) ** 2 for p, q in zip(x.flat, y.flat, strict=True)) / x.size,
    ),
    "a list for an array": (CENTRE, lambda x: centred(x).tolist()),
    "a tuple for an array": (CENTRE, lambda x: tuple(map(tuple, centred(x)))),
    "an integer": (BITS, 401_936),
    "an integer of NumPy": (BITS, np.int64(401_936)),
    "a float for an integer": (BITS, 401_936.0),
    "an array for an integer": (BITS, np.array([401_936])),
    "one of many": (BASIS, lambda a: np.linalg.svd(a, full_matrices=False)[0]),
    "one of many, as lists": (BASIS, lambda a: (-np.linalg.qr(a)[0]).tolist()),
    "the same exception": (RAISES, lambda x: x @ np.ones(3)),
}


@pytest.mark.parametrize(("question", "answer"), HONEST.values(), ids=HONEST.keys())
def test_honest_answer_gets_all_points(question: Any, answer: Any) -> None:
    verdict = judged(question, answer)
    assert verdict.sentence == "Right."
    assert verdict.score == question.points
    assert verdict.right
    assert all(case.right for case in verdict.cases)


def test_warnings_of_an_answer_do_not_matter() -> None:
    def noisy(x: Array, y: Array) -> Array:
        np.log(np.zeros(1))
        return mean_squared_error(x, y)

    assert judged(MSE, noisy).right


# --- wrong answers ----------------------------------------------------------------------------


def raises(error: BaseException) -> Callable[..., Any]:
    def function(*_: Any) -> Any:
        raise error

    return function


class Hostile:
    """Equal to everything, and raises when it is looked at."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]

    def __array__(self) -> Any:
        raise SystemExit("stop the judge")

    def __float__(self) -> float:
        return 0.25


WRONG: dict[str, tuple[Any, Any, str]] = {
    "transposed": (CENTRE, lambda x: centred(x).T, "(5, 4), got one of shape (4, 5) — transposed?"),
    "an axis missing": (CENTRE, lambda x: centred(x)[0], "an axis is missing"),
    "an axis of length 1": (CENTRE, lambda x: centred(x)[None], "an axis of length 1 too many"),
    "an axis too many": (CENTRE, lambda x: np.ones((2, *x.shape)), "an axis too many"),
    "a number": (CENTRE, lambda x: centred(x).mean() + 1, "got the single number 1"),
    "flat": (CENTRE, lambda x: centred(x).ravel(), "the same entries in another shape?"),
    "an array": (MSE, lambda x, y: np.full((5, 4), 0.5), "an array of shape (5, 4)"),
    "one entry": (
        CENTRE,
        lambda x: centred(x) + 0.31 * np.eye(5, 4)[[0, 0, 1, 0, 0]] * (x == x[2]),
        "largest difference",
    ),
    "text": (CENTRE, lambda _: "half", "got the text 'half'"),
    "a number as text": (MSE, lambda *_: "0.25", "got the text '0.25'"),
    "a ragged list": (CENTRE, lambda _: [[1, 2], [3]], "got a list of 2"),
    "a dictionary": (CENTRE, lambda x: {"x": x}, "got a dictionary with the keys 'x'"),
    "a list of None": (CENTRE, lambda _: [None], "got a list of 1"),
    "NaN": (MSE, lambda *_: math.nan, "got NaN"),
    "NaN somewhere": (CENTRE, lambda x: np.where(x == x[1, 2], np.nan, centred(x)), "index (1, 2)"),
    "infinite": (MSE, lambda *_: math.inf, "got inf"),
    "complex": (MSE, lambda x, y: mean_squared_error(x, y) + 0j, "complex"),
    "an object": (MSE, lambda *_: object(), "a value of type object"),
    "a hostile object": (MSE, lambda *_: Hostile(), "cannot be looked at"),
    "another function": (MSE, lambda *_: len, "cannot be looked at"),
    "the class": (MSE, Hostile, "it raised TypeError"),
    "not a function": (MSE, 0.25, "it raised TypeError"),
    "an exception": (MSE, raises(ValueError("no\nluck")), "it raised ValueError: no luck"),
    "an exit": (MSE, raises(SystemExit(0)), "it raised SystemExit: 0"),
    "too many arguments": (MSE, lambda x: x, "it raised TypeError"),
    "nearly right": (MSE, lambda x, y: 1.01 * mean_squared_error(x, y), "1 of 2 cases are wrong"),
    "always the same": (MSE, lambda *_: 0.0, "case “random”: expected 0."),
    "huge": (MSE, lambda *_: np.zeros(2**22), "at most 16,777,216 bytes"),
    "no exception": (
        RAISES,
        lambda x: x.sum() if len(x) < 4 else 7.0,
        "expected a ValueError to be raised",
    ),
    "another exception": (
        RAISES,
        lambda x: x.sum() if len(x) < 4 else {}["x"],
        "expected a ValueError, got KeyError",
    ),
    "one off": (BITS, 401_935, "bits: got 401,935, which is not right"),
    "a huge integer": (BITS, 2**5000, "bits: got an integer of 1,506 digits"),
    "text for a value": (BITS, "lots", "expected a number, got 'lots'"),
    "a property": (BASIS, lambda a: np.ones_like(a), "the columns are not orthonormal"),
    "another shape": (BASIS, lambda a: a.T, "expected shape (5, 2), got (2, 5)"),
    "a check that cannot": (CLUMSY, lambda _: "text", "the answer could not be checked ("),
    "a check and a dictionary": (CLUMSY, lambda _: {}, "the answer could not be checked ("),
    "a million numbers": (BASIS, lambda _: np.zeros(1_000_001), "at most 1,000,000 numbers"),
}


@pytest.mark.parametrize(("question", "answer", "said"), WRONG.values(), ids=WRONG.keys())
def test_wrong_answer_gets_no_points_and_a_reason(question: Any, answer: Any, said: str) -> None:
    verdict = judged(question, answer)
    assert said in verdict.sentence
    assert verdict.score == 0
    assert verdict.mistake is None
    assert verdict.sentence.endswith((".", "?"))
    assert "\n" not in verdict.sentence
    assert len(verdict.sentence) < 400
    assert not all(case.right for case in verdict.cases)


@pytest.mark.parametrize("question", [MSE, CENTRE, BITS, BASIS, RAISES], ids=lambda each: each.name)
@pytest.mark.parametrize("number", range(3))
def test_typical_mistake_is_named(question: Any, number: int) -> None:
    mistake = question.mistakes[number]
    verdict = judged(question, mistake.wrong)
    assert verdict.score == 0
    assert verdict.mistake == mistake.name
    assert verdict.sentence.endswith(f": {mistake.advice}")
    assert verdict.sentence.lower().startswith(mistake.name.lower())


def test_mistake_must_fit_every_case() -> None:
    def sometimes(x: Array, y: Array) -> Array:
        return ((x - y) ** 2).sum() if len(x) == 5 else 7.0

    verdict = judged(MSE, sometimes)
    assert verdict.mistake is None
    assert "2 of 2 cases" in verdict.sentence


def test_first_fitting_mistake_is_named() -> None:
    doubled = FunctionQuestion(
        "double",
        points=1,
        function="double",
        reference=lambda x: 2 * x,
        inputs=lambda rng: {"random": (rng.random(3),)},
        mistakes=(
            Mistake("first", lambda x: x, "a"),
            Mistake("second", lambda x: +x, "b"),
        ),
    )
    assert judged(doubled, lambda x: x).mistake == "first"


def test_mistake_may_raise() -> None:
    question = FunctionQuestion(
        "outer",
        points=1,
        function="outer",
        reference=lambda x, y: x[:, None] * y,
        inputs=lambda rng: {"random": (rng.random(3), rng.random(4))},
        mistakes=(Mistake("no axis", lambda x, y: x * y, "Give x a second axis."),),
    )
    verdict = judged(question, lambda x, y: y * x)
    assert verdict.mistake == "no axis"
    assert verdict.sentence == "No axis: Give x a second axis."


def test_error_says_in_which_line() -> None:
    def broken(x: Array, y: Array) -> Array:
        difference = x - y
        return np.mean(difference) @ None

    assert "return np.mean(difference) @ None" in judged(MSE, broken).sentence


def test_value_is_never_given_away() -> None:
    for answer in (401_935, 401_408, "text", None, [1.0]):
        verdict = judged(BITS, answer)
        shown = [verdict.sentence, *(case.expected for case in verdict.cases)]
        shown += [case.sentence for case in verdict.cases]
        assert not any("401,936" in text or "401936" in text for text in shown)


# --- unanswered -------------------------------------------------------------------------------

UNANSWERED: dict[str, tuple[Any, dict[str, Any], str]] = {
    "no function": (MSE, {}, "mse is not defined"),
    "returns None": (MSE, {"mse": lambda *_: None}, "mse is still empty"),
    "returns dots": (MSE, {"mse": lambda *_: ...}, "mse is still empty"),
    "raises": (MSE, {"mse": raises(NotImplementedError())}, "NotImplementedError"),
    "no variable": (BITS, {}, "bits is not defined"),
    "None": (BITS, {"bits": None}, "bits is still empty"),
    "dots": (BITS, {"bits": ...}, "bits is still empty"),
    "no function for a property": (BASIS, {}, "basis is not defined"),
    "property of None": (BASIS, {"basis": lambda _: None}, "basis is still empty"),
}


@pytest.mark.parametrize(
    ("question", "namespace", "said"), UNANSWERED.values(), ids=UNANSWERED.keys()
)
def test_unanswered_is_called_so(question: Any, namespace: dict[str, Any], said: str) -> None:
    verdict = judge(question, LocalAsker(namespace), seed=1)
    assert verdict.score == 0
    assert verdict.sentence.startswith("Not answered yet: ")
    assert said in verdict.sentence


def test_none_is_an_answer_where_it_is_asked_for() -> None:
    question = FunctionQuestion("nothing", 1, "nothing", lambda x: None, lambda _: {"zero": (0,)})
    assert judged(question, lambda x: None).right
    assert not judged(question, lambda x: 0).right


# --- arguments that were changed --------------------------------------------------------------


def test_change_in_place_loses_the_points_and_says_which_argument() -> None:
    def right_but_destructive(x: Array, y: Array) -> Array:
        y -= x
        return np.mean(y**2)

    verdict = judged(MSE, right_but_destructive)
    assert verdict.score == 0
    assert "changed its argument y in place" in verdict.sentence


def test_change_in_place_is_allowed_where_the_question_allows_it() -> None:
    question = FunctionQuestion("centre", 3, "centre", centred, CENTRE.inputs, keeps_inputs=False)
    assert judged(question, centred_in_place).right


# --- replies from elsewhere -------------------------------------------------------------------

REPLIES: dict[str, tuple[Reply, str]] = {
    "missing": (Missing("mse"), "not defined"),
    "refused": (Refused("it took more than 10 s"), "it took more than 10 s"),
    "raised": (Raised("Boom" * 200, "x" * 5000), "it raised Boom"),
    "arguments of another number": (Returned(0.0, ()), "expected 0."),
    "arguments that are none": (Returned(0.0, (None, "x", 3)), "expected 0."),
    "deep": (Returned([[[[[[1.0]]]]]]), "an array of shape (1, 1, 1, 1, 1, 1)"),
    "empty": (Returned(np.zeros((0, 3))), "an array of shape (0, 3)"),
    "long text": (Returned("x" * 100_000), "the text 'xxx"),
    "many keys": (Returned({str(i): i for i in range(10_000)}), "a dictionary with the keys"),
    "big integer": (Returned(-(2**6000)), "got -inf"),
    "booleans": (Returned(np.ones((5, 4), dtype=bool)), "an array of shape (5, 4)"),
    "text in a list": (Returned(["a", 1, None]), "got a list of 3"),
}


@pytest.mark.parametrize(("reply", "said"), REPLIES.values(), ids=REPLIES.keys())
def test_any_reply_leads_to_a_verdict(reply: Reply, said: str) -> None:
    for question in (MSE, BASIS, BITS, RAISES):
        verdict = judge(question, Replies(reply), seed=1)
        assert verdict.score == 0
        assert len(verdict.sentence) < 500
        for case in verdict.cases:
            assert max(map(len, (case.expected, case.obtained, case.sentence))) <= 300
    assert said in judge(MSE, Replies(reply), seed=1).sentence


LARGE: dict[str, Any] = {
    "one long text in a long list": ["x" * 4_000_000, *[""] * 10_000],
    "numbers and a long text": [*range(10_000), "x" * 4_000_000],
    "many bytes": np.zeros((1, 2**24), dtype=np.uint8),
    "many flags": np.zeros((2**12, 2**12), dtype=bool),
    "deep lists": [[[["x" * 20] * 20] * 20] * 20] * 3,
    "long keys": {"x" * 1_000_000 + str(i): i for i in range(10)},
}


@pytest.mark.parametrize("answer", LARGE.values(), ids=LARGE.keys())
def test_large_reply_needs_little_memory(answer: Any) -> None:
    tracemalloc.start()
    try:
        for question in (MSE, CENTRE, BITS, BASIS, RAISES):
            assert judge(question, Replies(Returned(answer, (answer,))), seed=1).score == 0
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 200e6


@pytest.mark.parametrize("reply", [Missing("mse"), Refused("it took more than 10 s")])
def test_no_further_call_once_the_points_are_lost(reply: Reply) -> None:
    asker = Replies(reply)
    judge(MSE, asker, seed=1)
    assert asker.asked == 1


def test_text_needs_a_person() -> None:
    verdict = judge(TextQuestion("why", 2, ("2: names saturation",)), LocalAsker({}), seed=1)
    assert verdict.score is None
    assert "person" in verdict.sentence
    assert not verdict.right


# --- inputs -----------------------------------------------------------------------------------


def seen_inputs(seed: int, question: FunctionQuestion = MSE) -> list[Any]:
    seen: list[Any] = []
    judge(question, LocalAsker({"mse": lambda x, y: seen.append(x)}), seed=seed)
    return seen


def test_inputs_depend_on_the_seed_and_on_the_question() -> None:
    other = FunctionQuestion("other", 1, "mse", mean_squared_error, MSE.inputs)
    assert np.array_equal(seen_inputs(1)[0], seen_inputs(1)[0])
    assert not np.array_equal(seen_inputs(1)[0], seen_inputs(2)[0])
    assert not np.array_equal(seen_inputs(1)[0], seen_inputs(1, other)[0])


def test_answer_cannot_change_what_later_questions_get() -> None:
    shared = np.ones(3)
    question = FunctionQuestion(
        "total", 1, "total", np.sum, lambda _: {"first": (shared,), "second": (shared,)}
    )

    def destructive(x: Array) -> Array:
        total = x.sum()
        x[:] = 0
        return total

    judged(question, destructive)
    assert shared.tolist() == [1, 1, 1]


@pytest.mark.parametrize("framework", ["torch", "tensorflow"])
def test_arrays_become_tensors_where_the_question_says_so(framework: Any) -> None:
    pytest.importorskip(framework)
    question = FunctionQuestion(
        "double", 1, "double", lambda x: 2 * x, MSE_INPUT, framework=framework
    )
    kinds = []

    def double(x: Any) -> Any:
        kinds.append(type(x).__module__.split(".")[0])
        return x + x

    assert judged(question, double).right
    assert kinds == [framework]


def MSE_INPUT(rng: np.random.Generator) -> dict[str, tuple[Any, ...]]:  # noqa: N802
    return {"random": (rng.random((2, 3), dtype=np.float32),)}


# --- mistakes of authors ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "said"),
    [
        (FunctionQuestion("q", 1, "f", np.sum, lambda _: {}), "at least one case"),
        (
            FunctionQuestion("q", 1, "f", np.sum, lambda _: {"one": np.ones(3)}),  # type: ignore[arg-type, dict-item, return-value]
            r"one argument x is written \(x,\)",
        ),
        (FunctionQuestion("q", 1, "f", lambda x: len, lambda _: {"one": (1,)}), "plain data"),
        (ValueQuestion("q", 1, "f", lambda: object()), "plain data"),
    ],
    ids=["no case", "no tuple", "reference returns a function", "value is an object"],
)
def test_wrong_question_is_refused(question: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        judged(question, lambda x: x)


HEAD = """
from aecourse.grading.questions import Mistake, TextQuestion, ValueQuestion
def value(name="bits", points=1, mistakes=3, hints=()):
    wrong = tuple(Mistake(f"m{i}", i, "No.") for i in range(mistakes))
    return ValueQuestion(name, points, "bits", lambda: 256, wrong, hints)
"""


def written(tmp_path: Path, questions: str, *, name: str = "04_numpy") -> Path:
    folder = tmp_path / name
    folder.mkdir()
    (folder / "judge.py").write_text(f"{HEAD}\n{questions}\n")
    return folder


def test_set_is_loaded(tmp_path: Path) -> None:
    folder = written(tmp_path, "QUESTIONS = (value(), TextQuestion('why', 3, ('3: all',)))")
    loaded = load_judge(folder)
    assert isinstance(loaded, JudgeFile)
    assert loaded.exercise == "04_numpy"
    assert [question.name for question in loaded.questions] == ["bits", "why"]
    assert loaded.points == 4
    assert len(loaded.digest) == 64


@pytest.mark.parametrize(
    ("questions", "said"),
    [
        ("", "define QUESTIONS, got none"),
        ("QUESTIONS = (value(), value())", "a name of its own"),
        ("QUESTIONS = (value(mistakes=2),)", "at least 3 typical mistakes, got 2"),
        ("QUESTIONS = (value(hints='abc'),)", "a sequence of at most 3 hints"),
        ("QUESTIONS = (value(hints=('a', 'b', 'c', 'd')),)", "at most 3 hints, got 4"),
        ("QUESTIONS = (value(points=0),)", "at least 1 point, got 0"),
        ("QUESTIONS = (value(points=1.5),)", "whole points, got 1.5"),
        ("QUESTIONS = (value(name='Bits!'),)", "a name of small letters"),
        ("QUESTIONS = (TextQuestion('why', 1, ()),)", "a rubric, got none"),
        (
            "from dataclasses import replace\n"
            "q = value()\nQUESTIONS = (replace(q, mistakes=3 * q.mistakes[:1]),)",
            "mistakes with different names",
        ),
    ],
)
def test_incomplete_set_is_refused(tmp_path: Path, questions: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        load_judge(written(tmp_path, questions))


def test_folder_must_be_named_like_a_chapter(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected a folder named like '04_numpy', got 'numpy'"):
        load_judge(written(tmp_path, "QUESTIONS = (value(),)", name="numpy"))


def test_folder_without_a_judge_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"expected a file judge\.py"):
        load_judge(tmp_path)


# --- comparing --------------------------------------------------------------------------------

EQUAL: dict[str, tuple[Any, Any]] = {
    "parts": ((np.eye(2), 0.5, "relu"), [np.eye(2).tolist(), np.array([0.5]), " ReLU "]),
    "numbers in an array": ((1.0, 2.0), np.array([1, 2])),
    "numbers of shape (1,)": ((0.5, 0.25), (np.array([0.5]), np.array([0.25]))),
    "keys": ({"a": 1}, {"b": 2, "a": 1.0}),
    "NaN": (np.array([math.nan, 1]), [math.nan, 1]),
    "infinite": (math.inf, math.inf),
    "None": ((None, 1), (None, 1)),
    "256**784": (256**784, 256**784),
    "booleans": (np.array([True, False]), [1, 0]),
    "empty": (np.zeros((0, 3)), np.zeros((0, 3))),
}


@pytest.mark.parametrize(("right", "given"), EQUAL.values(), ids=EQUAL.keys())
def test_equal_values(right: Any, given: Any) -> None:
    assert difference(right, given, rtol=1e-4, atol=1e-6) is None


DIFFERENT: dict[str, tuple[Any, Any, str]] = {
    "a part": ((np.eye(2), 0.5), (np.eye(2), 0.6), "in entry 1: expected 0.5, got 0.6"),
    "too few parts": ((1.0, "a"), (1.0,), "expected a tuple of 2 (shape (), text), got a tuple of"),
    "no parts": ((np.eye(2), np.eye(3)), 3.0, "got the number 3"),
    "an array for parts": ([np.eye(2), np.eye(3)], np.eye(3), "got an array of shape (3, 3)"),
    "a missing key": ({"mse": 1}, {"loss": 1}, "expected the key 'mse', got the keys 'loss'"),
    "under a key": ({"mse": 1.0}, {"mse": 2.0}, "under 'mse': expected 1, got 2"),
    "no dictionary": ({"mse": 1}, 3, "expected a dictionary with the keys 'mse'"),
    "text": ("relu", "tanh", "expected 'relu', got 'tanh'"),
    "number for text": ("relu", 3, "expected the text 'relu', got the number 3"),
    "something for None": (None, 3, "expected nothing (None), got the number 3"),
    "NaN missing": (np.array([math.nan, 1]), np.array([0, 1]), "expected NaN, got 0"),
    "256**784 + 1": (256**784, 2 * 256**784, "an integer of 1,889 digits"),
    "infinite integer": (3, math.inf, "expected 3, got inf"),
    "small difference": (1.0, 1.00021, "expected 1, got 1.00021"),
    "counts": (np.array([200_000]), np.array([200_001]), "expected 200000, got 200001"),
}


@pytest.mark.parametrize(("right", "given", "said"), DIFFERENT.values(), ids=DIFFERENT.keys())
def test_different_values(right: Any, given: Any, said: str) -> None:
    found = difference(right, given, rtol=1e-4, atol=1e-6)
    assert found is not None
    assert said in found


def test_wide_tolerance_holds_for_whole_numbers_too() -> None:
    assert difference(1000, 1050, rtol=0.1, atol=0) is None


@pytest.mark.parametrize(
    "value",
    [
        np.zeros((100, 100)),
        list(range(1000)),
        {str(i): np.eye(3) for i in range(50)},
        "x" * 1000,
        ((((1,),),),),
        2**8000,
        np.zeros((0,)),
        np.zeros((0, 3)),
        np.full(20, np.nan),
        math.nan,
        None,
    ],
    ids=repr,
)
def test_preview_is_short(value: Any) -> None:
    assert 0 < len(preview(value)) <= 300
    assert "\n" not in preview(value)
