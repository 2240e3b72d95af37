"""What the learners' checks know: ready inputs and answers, made from the judge's questions."""

from collections.abc import Mapping, Sequence
from typing import Any

from aecourse.grading.asking import plain, reply_of
from aecourse.grading.compare import difference
from aecourse.grading.judge import argument_names, known_mistakes, make_cases
from aecourse.grading.judge_file import JudgeFile
from aecourse.grading.preview import kind_of
from aecourse.grading.questions import (
    FunctionQuestion,
    PropertyQuestion,
    Question,
    TextQuestion,
    ValueQuestion,
)
from aecourse.grading.replies import Raised, Reply, Returned
from aecourse.grading.values import encode
from aecourse.grading.weigh import KnownMistake

__all__ = ["SEED", "make_check_data"]

SEED = 2012
"""Seed of the checks' inputs. The judge draws other ones."""


def make_check_data(judge_file: JudgeFile) -> dict[str, Any]:
    """Compute inputs, right answers and those of typical mistakes.

    Parameters
    ----------
    judge_file
        The questions of one set.

    Returns
    -------
    dict
        For `json.dumps`; `aecourse.exercises` reads it. Questions for a person are left out.

    Examples
    --------
    >>> bits = ValueQuestion("bits", points=1, variable="n", reference=lambda: 256)
    >>> data = make_check_data(JudgeFile("04_numpy", (bits,), ""))
    >>> data["questions"]["bits"]["cases"][0]["right"]
    {'returned': {'value': 256}}
    """
    return {
        "exercise": judge_file.exercise,
        "questions": {
            question.name: _entry(question)
            for question in judge_file.questions
            if not isinstance(question, TextQuestion)
        },
    }


def _entry(question: Question) -> dict[str, Any]:
    match question:
        case FunctionQuestion():
            inputs = make_cases(question, seed=SEED)
            return {
                **_common(question, "function", question.function),
                "rtol": question.rtol,
                "atol": question.atol,
                "framework": question.framework,
                "argument_names": (
                    argument_names(question.reference) if question.keeps_inputs else None
                ),
                "cases": [
                    _case(name, arguments, reply_of(question.reference, arguments))
                    for name, arguments in inputs.items()
                ],
                "mistakes": _mistakes(known_mistakes(question.mistakes, inputs), inputs),
            }
        case PropertyQuestion():
            inputs = make_cases(question, seed=SEED)
            return {
                **_common(question, "property", question.function),
                "framework": question.framework,
                "kinds_of_answers": [
                    _kind(reply_of(question.solution, arguments), question.name)
                    for arguments in inputs.values()
                ],
                "cases": [_case(name, arguments, None) for name, arguments in inputs.items()],
                "mistakes": _mistakes(known_mistakes(question.mistakes, inputs), inputs),
            }
        case ValueQuestion():
            known = [
                KnownMistake(mistake.name, mistake.advice, (plain(mistake.wrong),))
                for mistake in question.mistakes
            ]
            return {
                **_common(question, "value", question.variable),
                "rtol": question.rtol,
                "atol": question.atol,
                "cases": [_case("value", (), plain(question.reference()))],
                "mistakes": _mistakes(known, {"value": ()}),
            }
    raise TypeError(f"expected a question that a check can look at, got {type(question).__name__}")


def _common(
    question: FunctionQuestion | PropertyQuestion | ValueQuestion, kind: str, subject: str
) -> dict[str, Any]:
    return {
        "kind": kind,
        "subject": subject,
        "points": question.points,
        "hints": list(question.hints),
        # What `judge` compares answers with that a check of their properties looks at.
        "rtol": 1e-4,
        "atol": 1e-6,
        "framework": "numpy",
        "kinds_of_answers": None,
        "argument_names": None,
    }


def _case(name: str, arguments: tuple[Any, ...], right: Reply | None) -> dict[str, Any]:
    return {
        "name": name,
        "arguments": encode(arguments),
        "right": None if right is None else _reply(right, arguments),
    }


def _mistakes(
    mistakes: Sequence[KnownMistake], inputs: Mapping[str, tuple[Any, ...]]
) -> list[dict[str, Any]]:
    return [
        {
            "name": mistake.name,
            "advice": mistake.advice,
            "replies": [
                _reply(reply, arguments)
                for reply, arguments in zip(mistake.replies, inputs.values(), strict=True)
            ],
        }
        for mistake in mistakes
    ]


def _reply(reply: Reply, arguments: tuple[Any, ...]) -> dict[str, Any]:
    match reply:
        case Returned(value, after):
            entry: dict[str, Any] = {"returned": encode(value)}
            if after is not None and difference(arguments, after, rtol=0, atol=0) is not None:
                entry["arguments_after"] = encode(after)
            return entry
        case Raised(kind):
            return {"raised": kind}
    raise ValueError(f"expected plain data from a reference or a mistake, got {reply}")


def _kind(reply: Reply, name: str) -> str:
    if isinstance(reply, Returned):
        return kind_of(reply.value)
    raise ValueError(f"expected the solution of {name!r} to return plain data, got {reply}")
