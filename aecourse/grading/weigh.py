"""From replies to a verdict: what is wrong, where, and which typical mistake it is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from aecourse.grading.compare import difference
from aecourse.grading.preview import cut, kind_of, preview
from aecourse.grading.replies import Missing, Raised, Refused, Reply, Returned
from aecourse.grading.verdicts import CaseVerdict, Verdict

__all__ = ["Case", "KnownMistake", "weigh"]


@dataclass(frozen=True)
class Case:
    """One question put to the learner's process, and its reply.

    Parameters
    ----------
    name
        Name of the case.
    right
        The right reply; None where a check stands for it.
    given
        The learner's.
    arguments
        The function's arguments.

    Examples
    --------
    >>> Case("zeros", Returned(0.0), Returned(0.5)).name
    'zeros'
    """

    name: str
    right: Returned | Raised | None
    given: Reply
    arguments: tuple[Any, ...] = ()


@dataclass(frozen=True)
class KnownMistake:
    """A typical mistake and what it replies in each case.

    Parameters
    ----------
    name, advice
        As for `aecourse.grading.questions.Mistake`.
    replies
        One for each case, in their order.

    Examples
    --------
    >>> KnownMistake("sum", "Divide by n.", (Returned(3.0),)).advice
    'Divide by n.'
    """

    name: str
    advice: str
    replies: Sequence[Reply]


def weigh(
    name: str,
    cases: Sequence[Case],
    *,
    points: int,
    subject: str,
    rtol: float,
    atol: float,
    mistakes: Callable[[], Sequence[KnownMistake]],
    argument_names: Sequence[str] | None = None,
    check: Callable[[str, Any], str | None] | None = None,
    reveal: bool = True,
    suspicious: bool = False,
) -> Verdict:
    """Judge one question from the replies to all its cases.

    Parameters
    ----------
    name, points
        The question's.
    cases
        What was asked and answered; it may break off after a reply that ends the matter.
    subject
        The function or variable, for sentences.
    rtol, atol
        As for `aecourse.grading.compare.difference`.
    mistakes
        Makes the typical mistakes; only called for a wrong answer. The first that fits is named.
    argument_names
        If given, the function must leave its arguments as they were; names are for sentences.
    check
        From the name of the case and a returned value to what is wrong with it; None stands for
        the comparison with the right reply.
    reveal
        Whether the right reply may be shown. A function's may: another input has another. A value
        would be given away.
    suspicious
        Whether a typical mistake is looked for even where nothing is wrong: for a check that
        cannot see all that the judge sees.

    Returns
    -------
    Verdict
        All points or none.

    Examples
    --------
    >>> verdict = weigh(
    ...     "mse",
    ...     [Case("random", Returned(0.25), Returned(5.0))],
    ...     points=2,
    ...     subject="mse",
    ...     rtol=1e-4,
    ...     atol=1e-6,
    ...     mistakes=lambda: [KnownMistake("the sum", "Divide by n.", [Returned(5.0)])],
    ... )
    >>> verdict.score, verdict.sentence
    (0.0, 'The sum: Divide by n.')
    """
    unanswered = _unanswered(cases, subject)
    if unanswered:
        return Verdict(name, points, 0.0, unanswered, None)
    problems = [_problem(case, rtol=rtol, atol=atol, check=check) for case in cases]
    if not reveal:
        problems = [
            _unrevealing(case) if problem else None
            for case, problem in zip(cases, problems, strict=True)
        ]
    changed = [_changed(case) if argument_names is not None else () for case in cases]
    looked_at = tuple(
        _case_verdict(
            case,
            problem or _change_sentence(subject, places, argument_names or ()),
            reveal=reveal,
        )
        for case, problem, places in zip(cases, problems, changed, strict=True)
    )
    right = all(each.right for each in looked_at)
    if right and not suspicious:
        return Verdict(name, points, float(points), "Right.", None, looked_at)
    only_in_place = not right and not any(problems)
    for mistake in mistakes():
        if _fits(mistake, cases, only_in_place=only_in_place, rtol=rtol, atol=atol):
            sentence = f"{mistake.name[:1].upper()}{mistake.name[1:]}: {mistake.advice}"
            return Verdict(name, points, 0.0, sentence, mistake.name, looked_at)
    if right:
        return Verdict(name, points, float(points), "Right.", None, looked_at)
    wrong = next(each for each in looked_at if not each.right)
    sentence = wrong.sentence
    if any(problems):
        first, problem = next((c, p) for c, p in zip(cases, problems, strict=True) if p)
        count = sum(bool(each) for each in problems)
        several = f" ({count} of {len(cases)} cases are wrong)" if len(cases) > 1 else ""
        where = f", case “{first.name}”" if len(cases) > 1 else ""
        sentence = f"{subject}{where}: {problem}{several}"
    return Verdict(name, points, 0.0, _ended(sentence), None, looked_at)


def _unanswered(cases: Sequence[Case], subject: str) -> str | None:
    given = [case.given for case in cases]
    for reply in given:
        if isinstance(reply, Missing):
            return f"Not answered yet: {reply.name} is not defined."
    if all(map(_is_blank, given)) and not all(_expects_none(case) for case in cases):
        return f"Not answered yet: {subject} is still empty (None)."
    if all(_is_placeholder(reply) for reply in given):
        return f"Not answered yet: {subject} raises NotImplementedError."
    return None


def _is_blank(reply: Reply) -> bool:
    return isinstance(reply, Returned) and (reply.value is None or reply.value is Ellipsis)


def _is_placeholder(reply: Reply) -> bool:
    return isinstance(reply, Raised) and reply.kind == "NotImplementedError"


def _expects_none(case: Case) -> bool:
    return isinstance(case.right, Returned) and case.right.value is None


def _problem(
    case: Case,
    *,
    rtol: float,
    atol: float,
    check: Callable[[str, Any], str | None] | None,
) -> str | None:
    match case.right, case.given:
        case _, Refused(reason):
            return f"the answer cannot be looked at: {reason}"
        case Raised(kind), Returned(value):
            return f"expected a {kind} to be raised, got {preview(value, limit=100)}"
        case Raised(kind), Raised() as reply:
            return None if reply.kind == kind else f"expected a {kind}, got {_error(reply)}"
        case _, Raised() as reply:
            return f"it raised {_error(reply)}"
        case Returned(right), Returned(value):
            return difference(right, value, rtol=rtol, atol=atol)
        case None, Returned(value) if check is not None:
            return check(case.name, value)
    return "the answer cannot be looked at"


def _error(reply: Raised) -> str:
    text = cut(
        ": ".join(part for part in (reply.kind, " ".join(reply.message.split())) if part), 200
    )
    return f"{text} — in {cut(reply.where, 90)}" if reply.where else text


def _changed(case: Case) -> tuple[int, ...]:
    """Find the places of the arguments that a call changed."""
    if not isinstance(case.given, Returned) or case.given.arguments_after is None:
        return ()
    pairs = zip(case.arguments, case.given.arguments_after, strict=False)
    return tuple(
        place
        for place, (before, after) in enumerate(pairs)
        if difference(before, after, rtol=0, atol=0) is not None
    )


def _change_sentence(subject: str, places: Sequence[int], names: Sequence[str]) -> str:
    if not places:
        return ""
    listed = " and ".join(names[i] if i < len(names) else f"number {i + 1}" for i in places)
    argument = "argument" if len(places) == 1 else "arguments"
    return (
        f"{subject} changed its {argument} {listed} in place: make a new array, or work on a copy"
    )


def _case_verdict(case: Case, problem: str, *, reveal: bool) -> CaseVerdict:
    expected = _shown(case.right) if reveal else "not shown"
    return CaseVerdict(case.name, not problem, expected, _shown(case.given), cut(problem, 300))


def _unrevealing(case: Case) -> str:
    match case.right, case.given:
        case Returned(right), Returned(value) if kind_of(right) != kind_of(value):
            return f"expected {kind_of(right)}, got {preview(value, limit=100)}"
        case _, Returned(value):
            return f"got {preview(value, limit=100)}, which is not right"
    return "the answer cannot be looked at" + (
        f": {case.given.reason}" if isinstance(case.given, Refused) else ""
    )


def _shown(reply: Reply | None) -> str:
    match reply:
        case Returned(value):
            return preview(value)
        case Raised():
            return _error(reply)
        case Missing(name):
            return f"{name} is not defined"
        case Refused(reason):
            return cut(reason, 300)
    return ""


def _fits(
    mistake: KnownMistake, cases: Sequence[Case], *, only_in_place: bool, rtol: float, atol: float
) -> bool:
    if len(mistake.replies) != len(cases):
        return False
    if only_in_place and not any(
        _changed(Case(case.name, None, reply, case.arguments))
        for case, reply in zip(cases, mistake.replies, strict=True)
    ):
        return False
    return all(
        _same(reply, case.given, rtol=rtol, atol=atol)
        for case, reply in zip(cases, mistake.replies, strict=True)
    )


def _same(one: Reply, other: Reply, *, rtol: float, atol: float) -> bool:
    match one, other:
        case Raised(kind), Raised(name):
            return kind == name
        case Returned(value), Returned(given):
            return difference(value, given, rtol=rtol, atol=atol) is None
    return False


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "?", "!")) else f"{sentence}."
