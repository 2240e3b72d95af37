"""What comes back when a learner's process is asked for a function or a variable."""

from dataclasses import dataclass
from typing import Any

__all__ = ["Missing", "Raised", "Refused", "Reply", "Returned"]


@dataclass(frozen=True, eq=False)
class Returned:
    """A function returned, or a variable holds, plain data.

    Parameters
    ----------
    value
        None, numbers, text, arrays, and tuples, lists and dictionaries of these.
    arguments_after
        The function's arguments after the call, as plain data; None if they are not known.

    Examples
    --------
    >>> Returned(0.5).arguments_after is None
    True
    """

    value: Any
    arguments_after: tuple[Any, ...] | None = None


@dataclass(frozen=True)
class Raised:
    """A function raised.

    Parameters
    ----------
    kind
        Name of the exception's class.
    message
        What it said.
    where
        The line of the learner's function that raised, if it is known.

    Examples
    --------
    >>> Raised("ValueError", "expected two axes").kind
    'ValueError'
    """

    kind: str
    message: str
    where: str = ""


@dataclass(frozen=True)
class Missing:
    """There is no function or variable of that name.

    Parameters
    ----------
    name
        The name that was looked for.

    Examples
    --------
    >>> Missing("mse").name
    'mse'
    """

    name: str


@dataclass(frozen=True)
class Refused:
    """The answer cannot be looked at: no plain data, too large, or it took too long.

    Parameters
    ----------
    reason
        Why, as part of a sentence.

    Examples
    --------
    >>> Refused("it took more than 10 s").reason
    'it took more than 10 s'
    """

    reason: str


Reply = Returned | Raised | Missing | Refused
"""What comes back when a learner's process is asked."""
