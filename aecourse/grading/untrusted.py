"""What a process that runs hostile code wrote, read with suspicion."""

import json
import unicodedata
from collections.abc import Mapping
from typing import Any

from aecourse.grading.replies import Missing, Raised, Refused, Reply, Returned
from aecourse.grading.values import decode

__all__ = ["as_reply", "plain_text", "read_reply"]

_LONGEST_TEXT = 300
_MAX_PARTS = 1_000_000


def read_reply(line: bytes, number: int) -> dict[str, Any]:
    """Read a line that may come from hostile code.

    Parameters
    ----------
    line
        Its bytes, without the line's end.
    number
        That of the request.

    Returns
    -------
    dict
        A reply to that request.

    Raises
    ------
    ValueError
        If it is anything else.

    Examples
    --------
    >>> read_reply(b'{"id": 3, "missing": true}', 3)
    {'id': 3, 'missing': True}
    """
    # Counted first: 30 MB of empty lists would become a gigabyte of objects.
    if sum(map(line.count, (b",", b"[", b"{"))) > _MAX_PARTS:
        raise ValueError("answered with more parts than any answer has")
    try:
        reply = json.loads(line)
    except (ValueError, RecursionError, MemoryError) as error:
        raise ValueError("answered with something that is no answer") from error
    if not isinstance(reply, dict) or type(reply.get("id")) is not int or reply["id"] != number:
        raise ValueError("answered out of turn")
    return reply


def as_reply(answer: Mapping[str, Any], name: str) -> Reply:
    """Understand a reply that may come from hostile code.

    Parameters
    ----------
    answer
        From `read_reply`.
    name
        Function or variable that was asked for.

    Returns
    -------
    Reply
        New plain objects; refused if the reply is none of the kinds that there are.

    Examples
    --------
    >>> as_reply({"id": 3, "missing": True}, "mse")
    Missing(name='mse')
    """
    match answer:
        case {"missing": True}:
            return Missing(name)
        case {"raised": [str(kind), str(message), str(where)]}:
            return Raised(plain_text(kind), plain_text(message), plain_text(where))
        case {"refused": str(reason)}:
            return Refused(plain_text(reason) or "it is no plain data")
        case {"returned": value, "arguments": after}:
            try:
                arguments = None if after is None else decode(after)
                return Returned(decode(value), arguments if isinstance(arguments, tuple) else None)
            except ValueError as error:
                return Refused(plain_text(str(error)))
    return Refused("it answered with something that is no answer")


def plain_text(text: object) -> str:
    r"""Make one short harmless line of what hostile code may have written.

    Parameters
    ----------
    text
        Anything.

    Returns
    -------
    str
        At most 300 characters, none of which controls a terminal or turns the writing direction;
        empty if ``text`` is no text.

    Examples
    --------
    >>> plain_text("two\nlines \x1b[31mred")
    'two lines �[31mred'
    """
    if not isinstance(text, str):
        return ""
    line = " ".join(text[: 4 * _LONGEST_TEXT].split())[:_LONGEST_TEXT]
    return "".join("�" if unicodedata.category(each).startswith("C") else each for each in line)
