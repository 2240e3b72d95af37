"""Questions as the judge sees them: what is asked, what is right, which mistakes are typical."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

__all__ = [
    "FunctionQuestion",
    "Mistake",
    "PropertyQuestion",
    "Question",
    "TextQuestion",
    "ValueQuestion",
]

Framework = Literal["numpy", "torch", "tensorflow"]
"""What arrays become in the student's process before a function gets them."""

Inputs = Callable[[np.random.Generator], Mapping[str, tuple[Any, ...]]]
"""From a random generator to argument tuples by the name of the case."""


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that many people give.

    Parameters
    ----------
    name
        A few words, such as ``"the sum, not the mean"``.
    wrong
        For a function, a function of the same signature that makes the mistake; for a value, the
        wrong value.
    advice
        One sentence for the learner: what is wrong, and where to look.

    Examples
    --------
    >>> Mistake("the sum, not the mean", np.sum, "Divide by the number of pixels.").name
    'the sum, not the mean'
    """

    name: str
    wrong: Any
    advice: str


@dataclass(frozen=True)
class FunctionQuestion:
    """The learner writes a function; the judge calls it with fresh random inputs.

    Parameters
    ----------
    name
        Identifier within the set; the notebook's cells carry it.
    points
        Marks for a right answer; there are no parts of marks.
    function
        Name of the function that the learner defines.
    reference
        A function of the same signature that computes the right answer. NumPy in, NumPy out, also
        where the learner's function gets tensors. If it raises, the learner's must raise the same.
    inputs
        Makes the cases. Arguments are arrays, numbers, booleans, text, None, and tuples, lists and
        text-keyed dictionaries of these.
    mistakes
        Typical wrong answers, at least three.
    hints
        Up to three, from vague to precise.
    rtol, atol
        How far an entry may be off: ``atol + rtol * |right|``. float32 must be near enough.
    framework
        What arrays among the arguments become before the function gets them.
    keeps_inputs
        Whether the function must leave its arguments as they were.

    Examples
    --------
    >>> question = FunctionQuestion(
    ...     "mse",
    ...     points=1,
    ...     function="mse",
    ...     reference=lambda x, y: np.mean((x - y) ** 2),
    ...     inputs=lambda rng: {"random": (rng.random((5, 4)), rng.random((5, 4)))},
    ...     mistakes=(Mistake("sum", lambda x, y: np.sum((x - y) ** 2), "Divide."),),
    ... )
    >>> question.points
    1
    """

    name: str
    points: int
    function: str
    reference: Callable[..., Any]
    inputs: Inputs
    mistakes: Sequence[Mistake] = ()
    hints: Sequence[str] = ()
    rtol: float = 1e-4
    atol: float = 1e-6
    framework: Framework = "numpy"
    keeps_inputs: bool = True


@dataclass(frozen=True)
class ValueQuestion:
    """The learner computes a value; the judge compares it with the right one.

    Parameters
    ----------
    name, points, mistakes, hints, rtol, atol
        As for `FunctionQuestion`; each mistake's ``wrong`` is a value.
    variable
        Name of the variable that holds the learner's answer.
    reference
        Computes the right value.

    Examples
    --------
    >>> ValueQuestion("bits", points=1, variable="bits", reference=lambda: 256).reference()
    256
    """

    name: str
    points: int
    variable: str
    reference: Callable[[], Any]
    mistakes: Sequence[Mistake] = ()
    hints: Sequence[str] = ()
    rtol: float = 1e-4
    atol: float = 1e-6


@dataclass(frozen=True)
class PropertyQuestion:
    """Many answers are right; the judge checks what a right one must do.

    Parameters
    ----------
    name, points, mistakes, hints, framework
        As for `FunctionQuestion`. Each mistake's ``wrong`` is a function of the same signature.
    function
        Name of the function that the learner defines.
    inputs
        Makes the cases, as for `FunctionQuestion`.
    verify
        Takes the answer and the case's arguments; returns None if the answer is right, else one
        sentence that says what is wrong. It must cope with any array, number or text, so it looks
        at the shape before it computes; lists of numbers come as arrays.
    solution
        One right answer: a function of the same signature.

    Examples
    --------
    >>> question = PropertyQuestion(
    ...     "orthonormal",
    ...     points=1,
    ...     function="basis",
    ...     inputs=lambda rng: {"random": (rng.random((5, 2)),)},
    ...     verify=lambda q, a: None if np.allclose(q.T @ q, np.eye(2)) else "Not orthonormal.",
    ...     solution=lambda a: np.linalg.qr(a)[0],
    ... )
    >>> question.verify(np.eye(2), np.ones((2, 2))) is None
    True
    """

    name: str
    points: int
    function: str
    inputs: Inputs
    verify: Callable[..., str | None]
    solution: Callable[..., Any]
    mistakes: Sequence[Mistake] = ()
    hints: Sequence[str] = ()
    framework: Framework = "numpy"


@dataclass(frozen=True)
class TextQuestion:
    """The learner writes prose; a person marks it by the rubric.

    Parameters
    ----------
    name, points
        As for `FunctionQuestion`.
    rubric
        What earns how many points, one line each: ``"2: names saturation as the cause"``.

    Examples
    --------
    >>> TextQuestion("why", points=2, rubric=("2: names saturation",)).points
    2
    """

    name: str
    points: int
    rubric: Sequence[str]


Question = FunctionQuestion | ValueQuestion | PropertyQuestion | TextQuestion
"""Any of the four kinds."""
