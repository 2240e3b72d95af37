"""Ask functions and variables for plain data: what an asker does, and one for this process."""

import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any, Protocol

import numpy as np

from aecourse.grading.frameworks import to_framework
from aecourse.grading.questions import Framework
from aecourse.grading.replies import Missing, Raised, Refused, Reply, Returned
from aecourse.grading.values import decode, encode

__all__ = ["Asker", "LocalAsker", "plain", "quiet", "reply_of"]


class Asker(Protocol):
    """Asks a learner's process, and brings back plain data."""

    def call(
        self, function: str, arguments: tuple[Any, ...], *, framework: Framework = "numpy"
    ) -> Reply:
        """Call a function of the learner's."""

    def value(self, variable: str) -> Reply:
        """Look up a variable of the learner's."""


class LocalAsker:
    """Asks for functions and variables of this very process: for authors, and for tests.

    Parameters
    ----------
    namespace
        What the learner's cells defined.
    convert
        Whether arrays become tensors where a question says so. A question's own reference and
        mistakes take arrays.

    Examples
    --------
    >>> LocalAsker({"double": lambda x: 2 * x}).call("double", (21,)).value
    42
    """

    def __init__(self, namespace: Mapping[str, Any], *, convert: bool = True) -> None:
        self._namespace = namespace
        self._convert = convert

    def call(
        self, function: str, arguments: tuple[Any, ...], *, framework: Framework = "numpy"
    ) -> Reply:
        """Call a function on copies of the arguments.

        Parameters
        ----------
        function
            Its name.
        arguments
            Plain data.
        framework
            What arrays become.

        Returns
        -------
        Reply
            What the function returned or raised, and its arguments afterwards.
        """
        if function not in self._namespace:
            return Missing(function)
        return reply_of(
            self._namespace[function], arguments, framework if self._convert else "numpy"
        )

    def value(self, variable: str) -> Reply:
        """Look up a variable.

        Parameters
        ----------
        variable
            Its name.

        Returns
        -------
        Reply
            Its value as plain data.
        """
        if variable not in self._namespace:
            return Missing(variable)
        return plain(self._namespace[variable])


def reply_of(
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
    framework: Framework = "numpy",
    *,
    warn: bool = False,
) -> Reply:
    """Call a function on copies of its arguments, and make plain data of what comes of it.

    Parameters
    ----------
    function
        Any callable.
    arguments
        Plain data.
    framework
        What arrays become.
    warn
        Whether the function's warnings are shown.

    Returns
    -------
    Reply
        What it returned or raised, and its arguments afterwards.

    Examples
    --------
    >>> reply_of(np.sqrt, (np.array([4.0, 9.0]),)).value
    array([2., 3.])
    """
    given = to_framework(arguments, framework)
    try:
        with nullcontext() if warn else quiet():
            result = function(*given)
    except (Exception, SystemExit) as error:
        return Raised(type(error).__name__, _message(error), _line(function, error))
    reply = plain(result)
    after = plain(given)
    if isinstance(reply, Returned) and isinstance(after, Returned):
        return Returned(reply.value, after.value)
    return reply


def plain(value: Any) -> Returned | Refused:
    """Make plain data of a value, as it would come out of a learner's process.

    Parameters
    ----------
    value
        Anything; the dots that stand for a missing answer become None.

    Returns
    -------
    Returned or Refused
        Refused if it is not plain data.

    Examples
    --------
    >>> plain(np.float32(0.5)).value, plain(...).value
    (0.5, None)
    """
    if value is Ellipsis:
        return Returned(None)
    try:
        return Returned(decode(encode(value)))
    except (Exception, SystemExit) as error:
        # An object of the learner's may raise whatever it likes when it is looked at.
        return Refused(_message(error))


def _line(function: Callable[..., Any], error: BaseException) -> str:
    """Find the last line of the function's own file that led to an error."""
    code = getattr(function, "__code__", None)
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if code is not None and frame.filename == code.co_filename
    ]
    return f"line {frames[-1].lineno}: {frames[-1].line}" if frames and frames[-1].line else ""


def _message(error: BaseException) -> str:
    try:
        return " ".join(str(error).split())[:300]
    except Exception:
        return ""


@contextmanager
def quiet() -> Iterator[None]:
    """Swallow warnings: a wrong answer may well divide by zero."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield
