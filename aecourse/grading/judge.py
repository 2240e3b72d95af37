"""The judge: asks a learner's process for answers, and compares them with the right ones."""

import copy
import hashlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from aecourse.grading.asking import Asker, LocalAsker, plain, quiet, reply_of
from aecourse.grading.judge_file import JudgeFile, load_judge
from aecourse.grading.preview import as_numbers
from aecourse.grading.questions import (
    FunctionQuestion,
    Mistake,
    PropertyQuestion,
    Question,
    TextQuestion,
    ValueQuestion,
)
from aecourse.grading.replies import Missing, Raised, Refused, Reply, Returned
from aecourse.grading.verdicts import CaseVerdict, Verdict
from aecourse.grading.weigh import Case, KnownMistake, weigh

__all__ = [
    "Asker",
    "CaseVerdict",
    "JudgeFile",
    "LocalAsker",
    "Missing",
    "Raised",
    "Refused",
    "Reply",
    "Returned",
    "Verdict",
    "argument_names",
    "judge",
    "known_mistakes",
    "load_judge",
    "make_cases",
]

# Answers that many people may give are compared with a mistake's as loosely as by default.
_RTOL, _ATOL = 1e-4, 1e-6
# A check of properties may take time and memory for each, and no right answer has more.
_MOST_NUMBERS = 1_000_000


def judge(question: Question, asker: Asker, *, seed: int) -> Verdict:
    """Judge one answer.

    Parameters
    ----------
    question
        What was asked.
    asker
        Brings back the learner's answers. Nothing that it returns makes the judge raise; what it
        raises itself passes through.
    seed
        Fixes the random inputs; a question's inputs do not depend on other questions.

    Returns
    -------
    Verdict
        All points, or none and why, or that a person must say.

    Examples
    --------
    >>> question = ValueQuestion("bits", points=1, variable="bits", reference=lambda: 256)
    >>> judge(question, LocalAsker({"bits": 256}), seed=0).right
    True
    """
    match question:
        case TextQuestion():
            return Verdict(
                question.name, question.points, None, "A person marks this by the rubric.", None
            )
        case ValueQuestion():
            return _judge_value(question, asker)
        case FunctionQuestion():
            return _judge_function(question, asker, seed)
        case PropertyQuestion():
            return _judge_property(question, asker, seed)


def make_cases(
    question: FunctionQuestion | PropertyQuestion, *, seed: int
) -> Mapping[str, tuple[Any, ...]]:
    """Make a question's inputs.

    Parameters
    ----------
    question
        What is asked.
    seed
        Together with the question's name, the seed of the generator.

    Returns
    -------
    Mapping
        Arguments by the name of the case.

    Raises
    ------
    ValueError
        If there is no case, or a case is not a tuple of arguments.
    """
    entropy = int.from_bytes(hashlib.sha256(question.name.encode()).digest()[:8], "big")
    with quiet():
        cases = question.inputs(np.random.default_rng([seed, entropy]))
    for case, arguments in cases.items():
        if not isinstance(arguments, tuple):
            raise ValueError(
                f"expected a tuple of arguments for the case {case!r} of {question.name!r}, got "
                f"{type(arguments).__name__} — one argument x is written (x,)"
            )
    if not cases:
        raise ValueError(f"expected at least one case of {question.name!r}, got none")
    return cases


def _judge_value(question: ValueQuestion, asker: Asker) -> Verdict:
    def mistakes() -> list[KnownMistake]:
        return [
            KnownMistake(mistake.name, mistake.advice, (plain(mistake.wrong),))
            for mistake in question.mistakes
        ]

    with quiet():
        right = _trusted(plain(question.reference()), question.name)
    return weigh(
        question.name,
        [Case("value", right, asker.value(question.variable))],
        points=question.points,
        subject=question.variable,
        rtol=question.rtol,
        atol=question.atol,
        mistakes=mistakes,
        reveal=False,
    )


def _judge_function(question: FunctionQuestion, asker: Asker, seed: int) -> Verdict:
    inputs = make_cases(question, seed=seed)
    right = {
        case: _trusted(reply_of(question.reference, arguments), question.name)
        for case, arguments in inputs.items()
    }
    return weigh(
        question.name,
        _ask(question, asker, inputs, right),
        points=question.points,
        subject=question.function,
        rtol=question.rtol,
        atol=question.atol,
        mistakes=lambda: known_mistakes(question.mistakes, inputs),
        argument_names=argument_names(question.reference) if question.keeps_inputs else None,
    )


def _judge_property(question: PropertyQuestion, asker: Asker, seed: int) -> Verdict:
    inputs = make_cases(question, seed=seed)
    return weigh(
        question.name,
        _ask(question, asker, inputs, {}),
        points=question.points,
        subject=question.function,
        rtol=_RTOL,
        atol=_ATOL,
        mistakes=lambda: known_mistakes(question.mistakes, inputs),
        check=lambda case, answer: _verified(question, answer, inputs[case]),
    )


def _ask(
    question: FunctionQuestion | PropertyQuestion,
    asker: Asker,
    inputs: Mapping[str, tuple[Any, ...]],
    right: Mapping[str, Returned | Raised],
) -> list[Case]:
    cases = []
    for case, arguments in inputs.items():
        reply = asker.call(
            question.function, copy.deepcopy(arguments), framework=question.framework
        )
        cases.append(Case(case, right.get(case), reply, arguments))
        if isinstance(reply, Missing | Refused):
            # Nothing can earn the points any more, and each further call may take its full time.
            break
    return cases


def _verified(question: PropertyQuestion, answer: Any, arguments: tuple[Any, ...]) -> str | None:
    numbers, longest = _extent(answer)
    if numbers * max(longest, 1) > _MOST_NUMBERS:
        return f"expected at most {_MOST_NUMBERS:,} numbers or letters, got more"
    try:
        with quiet():
            problem = question.verify(_with_arrays(answer), *copy.deepcopy(arguments))
    except Exception as error:
        return f"the answer could not be checked ({type(error).__name__}: {error})"
    return None if problem is None else str(problem)


def _extent(answer: Any) -> tuple[int, int]:
    """Count the entries, and the letters of the longest: an array of text is made of such."""
    if isinstance(answer, str):
        return 1, len(answer)
    if isinstance(answer, Mapping | tuple | list):
        parts = answer.values() if isinstance(answer, Mapping) else answer
        extents = list(map(_extent, parts))
        return sum(count for count, _ in extents), max((each for _, each in extents), default=0)
    return answer.size if isinstance(answer, np.ndarray) else 1, 0


def _with_arrays(answer: Any) -> Any:
    """Make arrays of lists of numbers, so that a check need not care."""
    if isinstance(answer, tuple):
        return tuple(_with_arrays(each) for each in answer)
    numbers = as_numbers(answer) if isinstance(answer, list) else None
    return answer if numbers is None else numbers


def known_mistakes(
    mistakes: Sequence[Mistake], inputs: Mapping[str, tuple[Any, ...]]
) -> list[KnownMistake]:
    """Compute what typical mistakes reply.

    Parameters
    ----------
    mistakes
        Each with a function as ``wrong``.
    inputs
        Arguments by the name of the case.

    Returns
    -------
    list of KnownMistake
        In the same order.
    """
    return [
        KnownMistake(
            mistake.name,
            mistake.advice,
            [reply_of(mistake.wrong, arguments) for arguments in inputs.values()],
        )
        for mistake in mistakes
    ]


def argument_names(function: Callable[..., Any]) -> tuple[str, ...]:
    """Name a function's arguments, as far as they can be known.

    Parameters
    ----------
    function
        Any callable.

    Returns
    -------
    tuple of str
        Empty where a function does not say.

    Examples
    --------
    >>> argument_names(lambda x, y: x)
    ('x', 'y')
    """
    try:
        return tuple(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return ()


def _trusted(reply: Reply, name: str) -> Returned | Raised:
    if isinstance(reply, Returned | Raised):
        return reply
    raise ValueError(f"expected the reference of {name!r} to return plain data, got {reply}")
