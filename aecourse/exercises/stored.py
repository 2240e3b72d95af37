"""What the checks know: questions with ready inputs and answers, from a file beside this module."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from aecourse.grading.questions import Framework
from aecourse.grading.replies import Raised, Returned
from aecourse.grading.values import decode
from aecourse.grading.weigh import KnownMistake

__all__ = ["GRADING_VARIABLE", "StoredCase", "StoredQuestion", "load_questions"]

GRADING_VARIABLE = "AECOURSE_GRADING"
"""Environment variable: set where a submission is graded, and the checks stay quiet."""


@dataclass(frozen=True)
class StoredCase:
    """One input and the right reply.

    Parameters
    ----------
    name
        Name of the case.
    arguments
        A function's arguments.
    right
        The right reply; None where there are many.

    Examples
    --------
    >>> StoredCase("value", (), Returned(256)).right.value
    256
    """

    name: str
    arguments: tuple[Any, ...]
    right: Returned | Raised | None


@dataclass(frozen=True)
class StoredQuestion:
    """A question with ready inputs and answers.

    Parameters
    ----------
    kind
        What is asked for.
    subject
        Name of the function or variable.
    cases
        What is asked; a value has one case without arguments.
    mistakes
        What typical mistakes reply.
    kinds_of_answers
        Of a function with many right answers: in each case, what kind of data one is.
    argument_names
        If not None, the function must leave its arguments as they are.
    points, hints, rtol, atol, framework
        As for `aecourse.grading.questions.FunctionQuestion`.

    Examples
    --------
    >>> case = StoredCase("value", (), Returned(256))
    >>> StoredQuestion("value", "bits", 1, (), 0, 0, "numpy", (case,), ()).subject
    'bits'
    """

    kind: Literal["function", "value", "property"]
    subject: str
    points: int
    hints: Sequence[str]
    rtol: float
    atol: float
    framework: Framework
    cases: Sequence[StoredCase]
    mistakes: Sequence[KnownMistake]
    kinds_of_answers: Sequence[str] | None = None
    argument_names: Sequence[str] | None = None


def load_questions(
    exercise: str, folder: Path | None = None
) -> Mapping[str, StoredQuestion] | None:
    """Load the stored questions of one set.

    Parameters
    ----------
    exercise
        Name of the set, such as ``"04_numpy"``.
    folder
        Where its file lies; None stands for the folder of this module.

    Returns
    -------
    Mapping or None
        None where the checks have no data, as where submissions are graded.

    Raises
    ------
    ValueError
        If there are other sets, but not this one.
    """
    if os.environ.get(GRADING_VARIABLE):
        return None
    try:
        entries = (folder or files("aecourse.exercises")).iterdir()
        sets = {entry.name: entry for entry in entries if entry.name.endswith(".json")}
        text = sets[f"{exercise}.json"].read_text(encoding="utf-8") if sets else ""
    except KeyError:
        listed = ", ".join(sorted(repr(name.removesuffix(".json")) for name in sets))
        raise ValueError(
            f"expected the name of a set of exercises ({listed}), got {exercise!r}"
        ) from None
    except OSError:
        return None
    # The sandbox may put an empty file over this one.
    if not text:
        return None
    return {name: _question(entry) for name, entry in json.loads(text)["questions"].items()}


def _question(entry: Mapping[str, Any]) -> StoredQuestion:
    return StoredQuestion(
        kind=entry["kind"],
        subject=entry["subject"],
        points=entry["points"],
        hints=entry["hints"],
        rtol=entry["rtol"],
        atol=entry["atol"],
        framework=entry["framework"],
        cases=[
            StoredCase(case["name"], decode(case["arguments"]), _reply(case["right"]))
            for case in entry["cases"]
        ],
        mistakes=[
            KnownMistake(
                mistake["name"],
                mistake["advice"],
                [reply for each in mistake["replies"] if (reply := _reply(each)) is not None],
            )
            for mistake in entry["mistakes"]
        ],
        kinds_of_answers=entry["kinds_of_answers"],
        argument_names=entry["argument_names"],
    )


def _reply(entry: Mapping[str, Any] | None) -> Returned | Raised | None:
    if entry is None:
        return None
    if "raised" in entry:
        return Raised(entry["raised"], "")
    after = entry.get("arguments_after")
    return Returned(decode(entry["returned"]), None if after is None else decode(after))
