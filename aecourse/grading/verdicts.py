"""What was found for a question: marks, one sentence, and every case."""

from dataclasses import dataclass, field

__all__ = ["CaseVerdict", "Verdict"]


@dataclass(frozen=True)
class CaseVerdict:
    """What was found in one case.

    Parameters
    ----------
    case
        Its name.
    right
        Whether the reply was right.
    expected, obtained
        Short previews of both values.
    sentence
        What is wrong; empty if nothing is.

    Examples
    --------
    >>> CaseVerdict("zeros", False, "0", "1", "expected 0, got 1").right
    False
    """

    case: str
    right: bool
    expected: str
    obtained: str
    sentence: str


@dataclass(frozen=True)
class Verdict:
    """What was found for one question.

    Parameters
    ----------
    name
        The question's.
    points
        What a right answer earns.
    score
        What this answer earns; None if a person must say.
    sentence
        What is wrong and where to look, or that nothing is.
    mistake
        Name of the typical mistake that was recognised, if one was.
    cases
        What was found in each case.

    Examples
    --------
    >>> Verdict("mse", points=2, score=2.0, sentence="Right.", mistake=None).right
    True
    """

    name: str
    points: int
    score: float | None
    sentence: str
    mistake: str | None
    cases: tuple[CaseVerdict, ...] = field(default=())

    @property
    def right(self) -> bool:
        """Whether the answer earns all points."""
        return self.score is not None and self.score >= self.points
