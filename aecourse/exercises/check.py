"""Checks that a notebook calls: one line each, one sentence back, and never an exception."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from aecourse.exercises.result import CheckResult, Hints, State
from aecourse.exercises.stored import StoredCase, StoredQuestion, load_questions
from aecourse.grading.asking import plain, reply_of
from aecourse.grading.frameworks import to_framework
from aecourse.grading.preview import kind_of
from aecourse.grading.replies import Missing, Refused, Reply
from aecourse.grading.verdicts import Verdict
from aecourse.grading.weigh import Case, weigh

__all__ = ["Check"]

_QUIET = "The checks don't run here: the judge looks at the answers by itself."


class Check:
    """The checks of one set of exercises.

    Parameters
    ----------
    exercise
        Name of the set, such as ``"04_numpy"``.
    folder
        Where its data lies; None stands for what comes with the library.

    Attributes
    ----------
    verdicts
        What was found last, by the name of the question.

    Raises
    ------
    ValueError
        If there is no such set.

    Examples
    --------
    >>> check = Check("04_numpy")
    >>> check.verdicts
    {}
    """

    def __init__(self, exercise: str, *, folder: Path | None = None) -> None:
        self.verdicts: dict[str, CheckResult] = {}
        self._exercise = exercise
        self._questions = load_questions(exercise, folder)
        self._opened: dict[str, int] = {}

    def __call__(self, name: str, answer: Any) -> CheckResult:
        """Check one answer.

        Parameters
        ----------
        name
            The question's.
        answer
            The function that you wrote, or the value that you computed.

        Returns
        -------
        CheckResult
            Right, or one sentence that says what is wrong; a notebook shows it.

        Raises
        ------
        ValueError
            If the set has no such question. A wrong answer raises nothing.
        """
        if self._questions is None:
            result = CheckResult("unknown", Verdict(name, 0, 0.0, _QUIET, None))
        else:
            question = self._question(name)
            result = _checked(name, question, answer)
        self.verdicts[name] = result
        return result

    def arguments(self, name: str, case: str) -> tuple[Any, ...]:
        """Return what a check calls your function with, so that you can call it yourself.

        Parameters
        ----------
        name
            The question's.
        case
            The case's.

        Returns
        -------
        tuple
            Copies of the arguments; none where the checks don't run.

        Raises
        ------
        ValueError
            If there is no such question or case.
        """
        if self._questions is None:
            return ()
        question = self._question(name)
        for each in question.cases:
            if each.name == case:
                arguments: tuple[Any, ...] = to_framework(each.arguments, question.framework)
                return arguments
        listed = ", ".join(repr(each.name) for each in question.cases)
        raise ValueError(f"expected the name of a case ({listed}), got {case!r}")

    def hint(self, name: str) -> Hints:
        """Open one more hint.

        Parameters
        ----------
        name
            The question's.

        Returns
        -------
        Hints
            All hints that were opened so far.

        Raises
        ------
        ValueError
            If the set has no such question.
        """
        if self._questions is None:
            return Hints((), 0)
        hints = self._question(name).hints
        self._opened[name] = min(self._opened.get(name, 0) + 1, len(hints))
        return Hints(tuple(hints[: self._opened[name]]), len(hints))

    def __repr__(self) -> str:
        return f"Check({self._exercise!r})"

    def _question(self, name: str) -> StoredQuestion:
        questions = self._questions or {}
        if name not in questions:
            listed = ", ".join(map(repr, questions))
            raise ValueError(f"expected the name of a question ({listed}), got {name!r}")
        return questions[name]


def _checked(name: str, question: StoredQuestion, answer: Any) -> CheckResult:
    try:
        cases = [
            Case(case.name, case.right, _reply(question, case, answer), case.arguments)
            for case in question.cases
        ]
    except ImportError as error:
        sentence = f"This needs {question.framework}, which is not installed here ({error})."
        return CheckResult("unknown", Verdict(name, question.points, 0.0, sentence, None))
    kinds = dict(zip((case.name for case in cases), question.kinds_of_answers or (), strict=False))
    verdict = weigh(
        name,
        cases,
        points=question.points,
        subject=question.subject,
        rtol=question.rtol,
        atol=question.atol,
        mistakes=lambda: question.mistakes,
        argument_names=question.argument_names,
        check=lambda case, value: _kind_problem(kinds[case], value),
        reveal=question.kind != "value",
        suspicious=question.kind == "property",
    )
    return _result(question, verdict)


def _reply(question: StoredQuestion, case: StoredCase, answer: Any) -> Reply:
    if question.kind == "value":
        return plain(answer)
    if answer is None or answer is Ellipsis:
        return Missing(question.subject)
    if not callable(answer):
        return Refused(f"expected the function {question.subject}, got a {type(answer).__name__}")
    return reply_of(answer, case.arguments, question.framework, warn=True)


def _kind_problem(kind: str, value: Any) -> str | None:
    found = kind_of(value)
    return None if found == kind else f"expected {kind}, got {found}"


def _result(question: StoredQuestion, verdict: Verdict) -> CheckResult:
    state: State = "right" if verdict.right else "wrong"
    if not verdict.right and not verdict.cases:
        state = "empty"
        verdict = replace(verdict, sentence=verdict.sentence.removeprefix("Not answered yet: "))
    if verdict.right and question.kind == "property":
        state = "runs"
        sentence = (
            f"{question.subject} runs and returns what it should return in kind. There are many "
            "right answers: whether yours does what is asked is judged when you hand it in."
        )
        verdict = replace(verdict, sentence=sentence)
    wrong = [case.case for case in verdict.cases if not case.right]
    again = ""
    if wrong and question.kind != "value":
        again = f'{question.subject}(*check.arguments("{verdict.name}", "{wrong[0]}"))'
    return CheckResult(state, verdict, question.hints, again)
