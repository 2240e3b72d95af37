"""The learner's check: one sentence, hints one by one, and never an exception for an answer."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from aecourse.exercises import Check
from aecourse.exercises.stored import GRADING_VARIABLE
from aecourse.grading.check_data import make_check_data
from aecourse.grading.judge import JudgeFile, load_judge
from aecourse.grading.questions import (
    FunctionQuestion,
    Mistake,
    PropertyQuestion,
    TextQuestion,
    ValueQuestion,
)

TINY = load_judge(Path(__file__).parent / "sets" / "04_tiny")
MSE, CENTRE = (cast("Any", question) for question in TINY.questions[:2])
mean_squared_error, centred = MSE.reference, CENTRE.reference
RIGHT: dict[str, Any] = {
    "mse": mean_squared_error,
    "centre": centred,
    "bits": 401_936,
    "basis": lambda a: np.linalg.svd(a, full_matrices=False)[0],
    "refuse": lambda x: x @ np.ones(3),
}


@pytest.fixture(autouse=True)
def not_in_the_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(GRADING_VARIABLE, raising=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    data = make_check_data(TINY)
    (tmp_path / "04_tiny.json").write_text(json.dumps(data))
    return tmp_path


@pytest.fixture
def check(folder: Path) -> Check:
    return Check("04_tiny", folder=folder)


@pytest.mark.parametrize("name", RIGHT)
def test_right_answer(check: Check, name: str) -> None:
    result = check(name, RIGHT[name])
    assert result.right
    assert bool(result)
    assert check.verdicts == {name: result}


@pytest.mark.parametrize("name", ["mse", "centre", "bits", "basis", "refuse"])
@pytest.mark.parametrize("number", range(3))
def test_typical_mistake_is_named(check: Check, name: str, number: int) -> None:
    question = next(each for each in TINY.questions if each.name == name)
    assert not isinstance(question, TextQuestion)
    mistake = question.mistakes[number]
    result = check(name, mistake.wrong)
    assert not result.right
    assert result.verdict.mistake == mistake.name
    assert mistake.advice in result.sentence
    assert mistake.advice in repr(result)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("mse", None),
        ("mse", ...),
        ("mse", lambda x, y: None),
        ("mse", lambda x, y: ...),
        ("bits", None),
        ("bits", ...),
        ("basis", lambda a: None),
    ],
)
def test_unanswered_is_called_so(check: Check, name: str, answer: Any) -> None:
    result = check(name, answer)
    assert not result.right
    assert result.state == "empty"
    assert "Not answered yet" in repr(result)


class Hostile:
    def __array__(self) -> Any:
        raise RuntimeError("no")

    def __repr__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("name", "answer", "said"),
    [
        ("mse", 0.25, "expected the function mse, got a float"),
        ("mse", lambda x: x, "it raised TypeError"),
        ("mse", lambda x, y: Hostile(), "cannot be looked at"),
        ("mse", lambda x, y: "<script>alert(1)</script>", "got the text"),
        ("centre", lambda x: x.T, "transposed?"),
        ("bits", Hostile(), "cannot be looked at"),
        ("bits", lambda: 401_936, "cannot be looked at"),
        ("bits", 3, "bits: got 3, which is not right"),
        ("basis", lambda a: "text", "expected an array with 2 axes, got text"),
        ("basis", lambda a: a @ None, "it raised TypeError"),
    ],
)
def test_wrong_answer_gets_a_sentence(check: Check, name: str, answer: Any, said: str) -> None:
    result = check(name, answer)
    assert not result.right
    assert said in result.sentence
    assert result.state == "wrong"
    shown = result._repr_html_()
    assert "✗ Not right yet" in shown
    assert "<script" not in shown


def test_many_right_answers_are_left_to_the_judge(check: Check) -> None:
    result = check("basis", np.ones_like)
    assert result.right
    assert "✓ Runs" in repr(result)
    assert "judged when you hand it in" in result.sentence


def test_value_is_not_given_away(check: Check) -> None:
    for answer in (3, 401_408, 401_935, "many", None):
        result = check("bits", answer)
        assert "401936" not in (shown := result._repr_html_() + repr(result))
        assert "401,936" not in shown


def test_wrong_answer_can_be_called_again_with_the_same_arguments(check: Check) -> None:
    def centre(x: Any) -> Any:
        return x.mean(axis=0)

    result = check("centre", centre)
    assert result.again == 'centre(*check.arguments("centre", "random"))'
    assert result.again in repr(result)
    again = eval(result.again, {"centre": centre, "check": check})  # noqa: S307
    assert again.shape == (4,)
    check.arguments("centre", "random")[0][:] = 0
    assert check("centre", centred).right, "the arguments were copies"
    assert check("centre", centred).again == ""
    assert check("bits", 3).again == ""
    with pytest.raises(ValueError, match="'random'.*got 'no'"):
        check.arguments("centre", "no")


# --- hints ------------------------------------------------------------------------------------


def test_hints_open_one_by_one(check: Check) -> None:
    assert repr(check.hint("centre")) == "Hint 1 of 3: Look at <the> axes."
    assert repr(check.hint("centre")).count("\n") == 1
    assert repr(check.hint("centre")).endswith("Hint 3 of 3: x.mean(axis=0) & done.")
    assert repr(check.hint("centre")).count("\n") == 2
    assert repr(check.hint("bits")) == "Hint 1 of 1: Look at <the> layers."
    assert "no hints" in repr(check.hint("mse"))


def test_hints_are_nested_so_that_the_next_opens_after_the_one_before(check: Check) -> None:
    shown = check("centre", lambda x: x)._repr_html_()
    order = [shown.index(f"Hint {number} of 3") for number in (1, 2, 3)]
    assert order == sorted(order)
    inside = shown[order[0] :]
    assert inside.index("Hint 2 of 3") < inside.index("</details>")
    assert "Look at &lt;the&gt; axes." in shown
    assert "x.mean(axis=0) &amp; done." in shown
    assert "Look at" not in repr(check("centre", lambda x: x))
    assert "check.hint('centre')" in repr(check("centre", lambda x: x))


def test_page_is_well_formed_and_needs_no_script(check: Check) -> None:
    for name, answer in {**RIGHT, "mse": lambda x, y: x, "centre": lambda x: x}.items():
        shown = check(name, answer)._repr_html_()
        opened = re.findall(r"<([a-z]+)[ >]", shown)
        closed = re.findall(r"</([a-z]+)>", shown)
        assert sorted(tag for tag in opened if tag != "br") == sorted(closed)
        assert "script" not in shown
        assert not re.search(r"(?<!-)\bcolor:", shown), "text inherits the page's colour"
        assert re.search(r"✓ Right|✓ Runs|✗ Not right yet", shown), "a symbol and a word"


def test_solved_question_needs_no_hint(check: Check) -> None:
    assert "Hint" not in check("centre", centred)._repr_html_()
    assert "Hint" not in repr(check("centre", centred))


# --- what a check must not do -----------------------------------------------------------------


def test_answer_cannot_change_what_is_asked_next(check: Check) -> None:
    def destructive(x: Any) -> Any:
        x[:] = 0
        return x

    first = check("centre", destructive)
    assert check("centre", centred_into).verdict.mistake == "in-place update"
    assert check("centre", destructive) == first
    assert check("centre", centred).right


def centred_into(x: Any) -> Any:
    result = centred(x)
    x += 1
    return result


@pytest.mark.parametrize("hidden", ["variable", "no file", "empty file"])
def test_check_is_quiet_where_its_data_is_hidden(
    folder: Path, monkeypatch: pytest.MonkeyPatch, hidden: str
) -> None:
    data = folder / "04_tiny.json"
    if hidden == "variable":
        monkeypatch.setenv(GRADING_VARIABLE, "1")
    elif hidden == "no file":
        data.unlink()
    else:
        data.write_text("")
    check = Check("04_tiny", folder=folder)
    result = check("mse", mean_squared_error)
    assert not result.right
    assert "don't run here" in repr(result)
    assert "don&#x27;t run here" in result._repr_html_()
    assert not check("no such question", 3).right
    assert "no hints" in repr(check.hint("mse"))
    assert check.arguments("mse", "random") == ()


def test_folder_that_cannot_be_read_counts_as_hidden(tmp_path: Path) -> None:
    assert not Check("04_tiny", folder=tmp_path / "missing")("mse", np.mean).right


def test_wrong_name_lists_the_right_ones(folder: Path, check: Check) -> None:
    with pytest.raises(ValueError, match="'04_tiny'.*got '04_tyni'"):
        Check("04_tyni", folder=folder)
    with pytest.raises(ValueError, match="'mse', 'centre'.*got 'msse'"):
        check("msse", mean_squared_error)
    with pytest.raises(ValueError, match="got 'msse'"):
        check.hint("msse")


def test_missing_framework_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    question = replace(MSE, framework="torch")
    data = make_check_data(JudgeFile("04_tiny", (question,), ""))
    (folder / "04_tiny.json").write_text(json.dumps(data))
    monkeypatch.setitem(sys.modules, "torch", None)
    result = Check("04_tiny", folder=folder)("mse", mean_squared_error)
    assert not result.right
    assert "needs torch, which is not installed here" in result.sentence


def test_tensors_go_in_and_come_out(folder: Path) -> None:
    torch = pytest.importorskip("torch")
    question = replace(CENTRE, framework="torch")
    data = make_check_data(JudgeFile("04_tiny", (question,), ""))
    (folder / "04_tiny.json").write_text(json.dumps(data))
    check = Check("04_tiny", folder=folder)
    assert check("centre", lambda x: x - torch.mean(x, dim=0)).right
    assert check("centre", lambda x: x.requires_grad_() - x.mean(0)).right
    wrong = check("centre", lambda x: x.sub_(x.mean(dim=0)))
    assert wrong.verdict.mistake == "in-place update"


@pytest.mark.parametrize(
    "question",
    [
        ValueQuestion("q", 1, "q", lambda: object()),
        FunctionQuestion("q", 1, "q", lambda x: len, lambda _: {"one": (1,)}),
        PropertyQuestion("q", 1, "q", lambda _: {"one": (1,)}, lambda *_: None, lambda x: object()),
        FunctionQuestion(
            "q",
            1,
            "q",
            lambda x: x,
            lambda _: {"one": (1,)},
            mistakes=(Mistake("m", lambda x: object(), "No."),),
        ),
    ],
    ids=["value", "function", "property", "mistake"],
)
def test_question_that_cannot_be_stored_is_refused(question: Any) -> None:
    with pytest.raises(ValueError, match="plain data"):
        make_check_data(JudgeFile("04_tiny", (question,), ""))


def test_checks_need_nothing_but_numpy() -> None:
    code = (
        "import sys; import aecourse.exercises; "
        "print(*sorted({name.split('.')[0] for name in sys.modules}"
        " & {'torch', 'tensorflow', 'nbgrader', 'sqlalchemy', 'IPython', 'jupytext', 'dask'}))"
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""
