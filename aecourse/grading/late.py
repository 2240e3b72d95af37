"""Due dates and what lateness costs."""

import math
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

__all__ = ["LateRule", "parse_due"]

_SECONDS = {"hour": 3600, "day": 86400, "week": 7 * 86400}


@dataclass(frozen=True)
class LateRule:
    """How many points a late submission loses.

    Parameters
    ----------
    percent
        Share of the exercise's points, for each started unit of time.
    unit
        ``"hour"``, ``"day"`` or ``"week"``; None: once, however late.

    Examples
    --------
    >>> LateRule(10, "day").penalty(seconds=86401, points=20)
    4.0
    >>> LateRule(10, "day").penalty(seconds=0, points=20)
    0.0
    """

    percent: float
    unit: str | None

    @classmethod
    def parse(cls, text: str) -> "LateRule":
        """Read a rule.

        Parameters
        ----------
        text
            Such as ``"10%/day"``, ``"2.5%/hour"``, ``"25%"`` or ``"none"``.

        Raises
        ------
        ValueError
            If it is no rule.

        Examples
        --------
        >>> LateRule.parse("10%/day")
        LateRule(percent=10.0, unit='day')
        """
        if text.strip() == "none":
            return cls(0.0, None)
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*%\s*(?:/\s*(hour|day|week)\s*)?", text)
        if not match or not 0 <= float(match[1]) <= 100:
            raise ValueError(
                f"expected a late rule such as '10%/day', '5%/hour', '25%' or 'none', got {text!r}"
            )
        return cls(float(match[1]), match[2])

    def __str__(self) -> str:
        return f"{self.percent:g}%" + (f"/{self.unit}" if self.unit else "")

    def penalty(self, *, seconds: float, points: float) -> float:
        """Return the points that are lost.

        Parameters
        ----------
        seconds
            How late; zero or less is in time.
        points
            What the whole exercise is worth; more is never lost.
        """
        if seconds <= 0:
            return 0.0
        units = math.ceil(seconds / _SECONDS[self.unit]) if self.unit else 1
        return min(points * self.percent * units / 100, float(points))


def parse_due(text: str) -> datetime:
    """Read a due date.

    Parameters
    ----------
    text
        ISO 8601. A date alone means its last second; without a zone, this machine's.

    Returns
    -------
    datetime.datetime
        In UTC.

    Raises
    ------
    ValueError
        If it is no date.

    Examples
    --------
    >>> parse_due("2026-03-01T23:59+09:00").isoformat()
    '2026-03-01T14:59:00+00:00'
    """
    try:
        due = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"expected a due date such as 2026-03-01 or 2026-03-01T18:00+09:00, got {text!r}"
        ) from None
    if re.fullmatch(r"\d{4}-?\d\d-?\d\d|\d{4}-?W\d\d(-?\d)?", text):
        due = datetime.combine(date.fromisoformat(text), time(23, 59, 59))
    return due.astimezone(UTC)
