"""What a check found, as text and as HTML that needs neither JavaScript nor a kernel."""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from aecourse.grading.verdicts import Verdict

__all__ = ["CheckResult", "Hints", "State"]

State = Literal["right", "runs", "wrong", "empty", "unknown"]
"""``"runs"``: there are many right answers, and the judge looks at this one later."""

# A symbol and a word: colour alone says nothing to those who do not see it.
_HEADS: dict[State, tuple[str, str, str]] = {
    "right": ("✓", "Right", "#2a9d4a"),
    "runs": ("✓", "Runs", "#2a9d4a"),
    "wrong": ("✗", "Not right yet", "#c8641e"),
    "empty": ("○", "Not answered yet", "#808080"),
    "unknown": ("–", "Not checked", "#808080"),
}


@dataclass(frozen=True, repr=False)
class CheckResult:
    """What a check found.

    Parameters
    ----------
    state
        How the answer is.
    verdict
        The judge's words.
    hints
        From vague to precise.
    again
        An expression that repeats the first call that went wrong, if there was one.

    Examples
    --------
    >>> CheckResult("right", Verdict("mse", 2, 2.0, "Right.", None))
    ✓ Right · mse · 2 points
    """

    state: State
    verdict: Verdict
    hints: Sequence[str] = ()
    again: str = ""

    @property
    def right(self) -> bool:
        """Whether nothing is left to do."""
        return self.state in ("right", "runs")

    @property
    def sentence(self) -> str:
        """What is wrong, and where to look."""
        return self.verdict.sentence

    def __bool__(self) -> bool:
        return self.right

    def __repr__(self) -> str:
        symbol, word, _ = _HEADS[self.state]
        lines = [f"{symbol} {word} · {self._about()}"]
        if self.state != "right":
            lines.append(self.sentence)
        if self.again:
            lines.append(f"See for yourself: {self.again}")
        if self._helps() and self.hints:
            lines.append(
                f"Hints: {len(self.hints)} — show them with check.hint({self.verdict.name!r})"
            )
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        symbol, word, colour = _HEADS[self.state]
        head = f"<strong>{symbol} {word}</strong> · {html.escape(self._about())}"
        body = "" if self.state == "right" else f"<br>{html.escape(self.sentence)}"
        if self.again:
            body += f"<br>See for yourself: <code>{html.escape(self.again)}</code>"
        if self._helps():
            body += self._table() + _nested(self.hints)
        return (
            f'<div style="border-left: 4px solid {colour}; padding: 0.2em 0 0.2em 0.8em; '
            f'margin: 0.3em 0">{head}{body}</div>'
        )

    def _helps(self) -> bool:
        return self.state in ("wrong", "empty")

    def _about(self) -> str:
        points = self.verdict.points
        return f"{self.verdict.name} · {points} {'point' if points == 1 else 'points'}"

    def _table(self) -> str:
        if self.state != "wrong" or not self.verdict.cases:
            return ""
        rows = "".join(
            f'<tr><th scope="row">{html.escape(case.case)}</th>'
            f"<td>{'✓ right' if case.right else '✗ wrong'}</td>"
            f"<td>{html.escape(case.expected)}</td><td>{html.escape(case.obtained)}</td></tr>"
            for case in self.verdict.cases
        )
        heads = "".join(
            f'<th scope="col">{head}</th>' for head in ("case", "", "expected", "obtained")
        )
        return (
            "<details><summary>Expected and obtained</summary>"
            f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></details>"
        )


@dataclass(frozen=True, repr=False)
class Hints:
    """The hints that were opened so far.

    Parameters
    ----------
    opened
        What they say.
    total
        How many there are.

    Examples
    --------
    >>> Hints(("Look at the shapes.",), total=2)
    Hint 1 of 2: Look at the shapes.
    """

    opened: Sequence[str]
    total: int

    def __repr__(self) -> str:
        if not self.total:
            return "There are no hints for this question."
        return "\n".join(
            f"Hint {number} of {self.total}: {hint}" for number, hint in enumerate(self.opened, 1)
        )


def _nested(hints: Sequence[str]) -> str:
    """Each hint inside the one before: the next can only be opened after it."""
    text = ""
    for number, hint in reversed(list(enumerate(hints, 1))):
        text = (
            f"<details><summary>Hint {number} of {len(hints)}</summary>"
            f'<div style="margin-left: 1em">{html.escape(hint)}{text}</div></details>'
        )
    return text
