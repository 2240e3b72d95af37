"""How alike submissions are, token by token: a hint for a person, never a mark.

Texts are compared by the fingerprints of Schleimer, Wilkerson and Aiken (2003, "Winnowing: local
algorithms for document fingerprinting"). Names that a learner chose count as one and the same, and
what the starter notebook holds does not count.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from pygments.lexers import PythonLexer
from pygments.token import Comment, Keyword, Name, Number, Operator, Punctuation, String

from aecourse.grading.cells import read_cells

__all__ = ["Pair", "Part", "compare", "matching_lines", "read_parts"]

# A match of at least GRAM + WINDOW - 1 tokens outside the starter is always found, one of fewer
# than GRAM never. An answer of one line has about 14 tokens.
_GRAM = 10
_WINDOW = 5
_MOST_CHARACTERS = 200_000
# At most so many columns of the matrix of fingerprints are in memory at once.
_COLUMNS = 8192


@dataclass(frozen=True)
class Part:
    """One cell of a notebook.

    Parameters
    ----------
    text
        Its source.
    is_code
        Whether it is Python, not prose.

    Examples
    --------
    >>> Part("x = 1").is_code
    True
    """

    text: str
    is_code: bool = True


@dataclass(frozen=True)
class Pair:
    """Two submissions that have something in common.

    Parameters
    ----------
    first, second
        The students.
    share
        Of the shorter text, how much the other holds too, from 0 to 1. What many students wrote
        counts little.
    evidence
        How unusual it is that two have so much in common: for each common fingerprint the
        logarithm of how rare it is. Short or obvious answers are alike without any copying, and
        have little evidence.

    Examples
    --------
    >>> Pair("ada", "bob", share=0.9, evidence=120.0).share
    0.9
    """

    first: str
    second: str
    share: float
    evidence: float


@dataclass(frozen=True)
class _Run:
    gram: int
    part: int
    lines: frozenset[int]


def read_parts(content: bytes) -> tuple[Part, ...]:
    """Read the cells of a notebook that nobody has looked at yet.

    Parameters
    ----------
    content
        The notebook's file.

    Returns
    -------
    tuple of Part
        Code and prose, without outputs.

    Raises
    ------
    NotebookError
        If it is no Python notebook.

    Examples
    --------
    >>> read_parts(b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": "x = 1"}]}')
    (Part(text='x = 1', is_code=True),)
    """
    # This refuses whatever would be dangerous to read.
    read_cells(content)
    parts = []
    for cell in json.loads(content.decode("utf-8-sig"))["cells"]:
        if isinstance(cell, dict) and cell.get("cell_type") in ("code", "markdown"):
            source = cell.get("source", "")
            lines = source if isinstance(source, list) else [source]
            text = "".join(line for line in lines if isinstance(line, str))
            parts.append(Part(text, is_code=cell["cell_type"] == "code"))
    return tuple(parts)


def compare(
    submissions: Mapping[str, Sequence[Part]], *, starter: Sequence[Part] = (), least: float = 0.5
) -> list[Pair]:
    r"""Find pairs of submissions that have more in common than the starter.

    Parameters
    ----------
    submissions
        Cells by student.
    starter
        Cells of the notebook that all began with.
    least
        Smallest share that is reported.

    Returns
    -------
    list of Pair
        Those with the most evidence first.

    Examples
    --------
    >>> code = "def f(x):\n    total = x.sum(axis=0)\n    return total / (len(x) - 1) ** 0.5"
    >>> other = code.replace("total", "t").replace("x", "images")
    >>> [pair] = compare({"ada": [Part(code)], "bob": [Part(other)]})
    >>> pair.first, pair.second, pair.share
    ('ada', 'bob', 1.0)
    """
    known = frozenset(run.gram for run in _runs(starter))
    prints = {
        student: frozenset(_winnowed([run.gram for run in _runs(parts)], known))
        for student, parts in submissions.items()
    }
    students = sorted(prints)
    counts = Counter(each for found in prints.values() for each in found)
    weights = {each: float(np.log((len(prints) + 1) / count)) for each, count in counts.items()}
    totals = np.array([sum(weights[each] for each in prints[student]) for student in students])
    common = _common_weights([prints[student] for student in students], counts, weights)
    pairs = []
    for one, other in zip(*np.nonzero(np.triu(common, 1)), strict=True):
        share = common[one, other] / min(totals[one], totals[other])
        if share >= least:
            evidence = float(common[one, other])
            # Rounding may lead past 1 by a hair.
            pairs.append(Pair(students[one], students[other], min(float(share), 1.0), evidence))
    return sorted(pairs, key=lambda pair: (-pair.evidence, pair.first, pair.second))


def matching_lines(
    first: Sequence[Part], second: Sequence[Part], *, starter: Sequence[Part] = ()
) -> tuple[frozenset[tuple[int, int]], frozenset[tuple[int, int]]]:
    r"""Find the lines that two submissions have in common.

    Parameters
    ----------
    first, second
        Cells.
    starter
        Cells of the notebook that all began with.

    Returns
    -------
    tuple
        For each of the two: pairs of the cell's place and the line's, both from 0.

    Examples
    --------
    >>> code = Part("def f(x):\n    return x.sum(axis=0) / (len(x) - 1)\n")
    >>> matching_lines([code], [Part("y = 1"), code])[1] == {(1, 0), (1, 1)}
    True
    """
    known = frozenset(run.gram for run in _runs(starter))
    runs = _runs(first), _runs(second)
    grams = [frozenset(run.gram for run in found) for found in runs]
    common = (grams[0] & grams[1]) - known
    lines = [
        frozenset((run.part, line) for run in found if run.gram in common for line in run.lines)
        for found in runs
    ]
    return lines[0], lines[1]


def _runs(parts: Sequence[Part]) -> list[_Run]:
    runs: list[_Run] = []
    left = _MOST_CHARACTERS
    for place, part in enumerate(parts):
        text = part.text[:left]
        left -= len(text)
        runs += [_Run(gram, place, lines) for gram, lines in _hashed(text, part.is_code)]
    return runs


# Most cells are the same in all submissions: those that nobody is asked to change.
@lru_cache(maxsize=1000)
def _hashed(text: str, is_code: bool) -> tuple[tuple[int, frozenset[int]], ...]:
    """Hash every run of tokens within a cell; a short cell is one run."""
    tokens = list(_code_tokens(text) if is_code else _words(text))
    runs = [
        tokens[at : at + _GRAM] for at in range(max(len(tokens) - _GRAM, 0) + 1 if tokens else 0)
    ]
    return tuple(
        (_hash("\0".join(word for word, _ in run)), frozenset(line for _, line in run))
        for run in runs
    )


def _code_tokens(text: str) -> Iterator[tuple[str, int]]:
    """Give what the code does: no layout, no comments, no names of the learner's choice."""
    after_dot = in_text = False
    line = 0
    for _, kind, value in PythonLexer(stripnl=False).get_tokens_unprocessed(text):
        here, line = line, line + value.count("\n")
        if kind in String.Doc or kind in Comment:
            continue
        if kind in String and kind not in String.Interpol:
            # However it is cut into pieces, a text counts as one token.
            if not in_text:
                yield "S", here
            in_text = True
            continue
        if not value.strip():
            continue
        in_text = False
        if kind in Name and not (kind in Name.Builtin or kind in Name.Namespace or after_dot):
            yield "V", here
        elif any(kind in each for each in (Name, Keyword, Number, Operator, Punctuation, String)):
            yield value.strip(), here
        after_dot = value == "."


def _words(text: str) -> Iterator[tuple[str, int]]:
    for line, content in enumerate(text.splitlines()):
        letters = "".join(each if each.isalnum() else " " for each in content.casefold())
        yield from ((f"w:{word}", line) for word in letters.split())


def _hash(text: str) -> int:
    # Python's own hash differs from process to process.
    digest = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big")


def _winnowed(grams: Sequence[int], known: Collection[int]) -> set[int]:
    own = [gram for gram in grams if gram not in known]
    windows = range(max(len(own) - _WINDOW, 0) + 1) if own else ()
    return {min(own[start : start + _WINDOW]) for start in windows}


def _common_weights(
    prints: Sequence[Collection[int]], counts: Mapping[int, int], weights: Mapping[int, float]
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Add up, for each pair, the weights of what both have."""
    shared = sorted(each for each, count in counts.items() if count > 1)
    common = np.zeros((len(prints), len(prints)))
    for start in range(0, len(shared), _COLUMNS):
        columns = {each: place for place, each in enumerate(shared[start : start + _COLUMNS])}
        has = np.zeros((len(prints), len(columns)))
        for row, found in enumerate(prints):
            has[row, [columns[each] for each in found if each in columns]] = 1
        common += (has * np.array([weights[each] for each in columns])) @ has.T
    return common
