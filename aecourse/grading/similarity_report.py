"""The page that shows an instructor which submissions are alike, and the command that makes it."""

import argparse
import sys
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from aecourse.grading.similarity import Pair, Part, compare, matching_lines, read_parts
from aecourse.grading.sources import Problem
from aecourse.grading.submissions import find_submissions
from aecourse.mnist_files import write_file

__all__ = ["add_similarity", "report_similarity", "similarity_page"]

_MOST_PAIRS = 30
_LONGEST_LINE = 200

# The policy lets nothing load and nothing run; what a student wrote is escaped as well.
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" \
content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Similar submissions: {{ exercise }}</title>
<style>
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 80rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { border: 1px solid #8c8c8c; padding: .2rem .6rem; text-align: left; }
.sides { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; }
pre { overflow-x: auto; border: 1px solid #8c8c8c; padding: .5rem; font-size: .85rem; }
</style>
</head>
<body>
<main>
<h1>Similar submissions: {{ exercise }}</h1>
<p>This is a hint for a person, never a mark and never a proof: read both notebooks, and talk with
both students. Short answers are alike without any copying. <strong>Share</strong> says how much of
the shorter text the other holds too. <strong>Evidence</strong> says how unusual that is: what many
students wrote counts little, and the starter notebook does not count. Names, comments and layout
are left out of the comparison.</p>
<p>{{ compared }} submissions were compared. \
{% if not pairs %}No two have much in common.{% elif more -%}
{{ pairs|length }} of {{ pairs|length + more }} pairs are shown, those with the most evidence.
{%- endif %}</p>
{% if pairs -%}
<table>
<thead><tr><th scope="col">pair</th><th scope="col">share</th><th scope="col">evidence</th></tr>\
</thead>
<tbody>
{% for pair in pairs -%}
<tr><th scope="row"><a href="#pair-{{ loop.index }}">{{ pair.first }} and {{ pair.second }}</a></th>
<td>{{ "{:.0%}".format(pair.share) }}</td><td>{{ "{:.0f}".format(pair.evidence) }}</td></tr>
{% endfor -%}
</tbody>
</table>
{% for pair in pairs -%}
<h2 id="pair-{{ loop.index }}">{{ pair.first }} and {{ pair.second }}</h2>
<div class="sides">
{% for side in sides[loop.index0] -%}
<pre tabindex="0" aria-label="Lines in common">{{ side }}</pre>
{% endfor -%}
</div>
{% endfor -%}
{%- endif %}
</main>
</body>
</html>
"""


def report_similarity(
    paths: Sequence[Path], exercises: Path, folder: Path
) -> tuple[list[Path], list[Problem]]:
    """Compare submissions and write one page for each exercise.

    Parameters
    ----------
    paths
        Folders, zip files and notebooks, as for grading.
    exercises
        Folder with the notebooks that the students began with.
    folder
        Where the pages go.

    Returns
    -------
    tuple
        The pages, and what could not be compared.
    """
    starters = {path.stem: path for path in sorted(exercises.glob("[0-9][0-9]_*.ipynb"))}
    if not starters:
        raise FileNotFoundError(
            f"expected the students' notebooks in {exercises}, found none — say where they are "
            "with --exercises"
        )
    found = find_submissions(paths, starters)
    problems = list(found.problems)
    texts: dict[str, dict[str, Sequence[Part]]] = defaultdict(dict)
    for submission in found.submissions:
        try:
            texts[submission.exercise][submission.student] = read_parts(submission.read())
        except (OSError, ValueError) as error:
            problems.append(Problem(submission.origin, f"not compared, because {error}"))
    pages = []
    for exercise, submissions in sorted(texts.items()):
        starter = read_parts(starters[exercise].read_bytes())
        pages.append(folder / f"{exercise}.html")
        folder.mkdir(parents=True, exist_ok=True)
        page = similarity_page(exercise, submissions, starter=starter)
        write_file(pages[-1], page.encode("utf-8", "replace"))
    return pages, problems


def similarity_page(
    exercise: str, submissions: Mapping[str, Sequence[Part]], *, starter: Sequence[Part]
) -> str:
    """Make the page of one exercise.

    Parameters
    ----------
    exercise
        Its name.
    submissions
        Cells by student.
    starter
        Cells of the notebook that all began with.

    Returns
    -------
    str
        HTML without scripts.

    Examples
    --------
    >>> "No two have much in common" in similarity_page("04_numpy", {}, starter=())
    True
    """
    pairs = compare(submissions, starter=starter)
    shown = pairs[:_MOST_PAIRS]
    return _environment.from_string(_PAGE).render(
        exercise=exercise,
        compared=len(submissions),
        pairs=shown,
        more=len(pairs) - len(shown),
        sides=[_sides(pair, submissions, starter) for pair in shown],
    )


def add_similarity(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command ``similarity``.

    Parameters
    ----------
    commands
        What ``argparse.ArgumentParser.add_subparsers`` returned.
    """
    command = commands.add_parser("similarity", help="show which submissions are alike")
    command.add_argument("submissions", nargs="+", type=Path, help="folders, zips and notebooks")
    command.add_argument("--to", required=True, type=Path, metavar="DIR", help="pages go here")
    command.add_argument(
        "--exercises",
        type=Path,
        default=Path("exercises"),
        metavar="DIR",
        help="the notebooks that the students began with (./exercises)",
    )
    command.set_defaults(run=_similarity)


def _similarity(options: argparse.Namespace) -> int:
    pages, problems = report_similarity(options.submissions, options.exercises, options.to)
    for text in (*(f"open {page}" for page in pages), *map(str, problems)):
        shown = "".join(each if each.isprintable() else "�" for each in text)
        print(shown, file=sys.stderr)
    return 1 if problems else 0


def _sides(
    pair: Pair, submissions: Mapping[str, Sequence[Part]], starter: Sequence[Part]
) -> list[str]:
    texts = submissions[pair.first], submissions[pair.second]
    lines = matching_lines(*texts, starter=starter)
    return [_excerpt(parts, found) for parts, found in zip(texts, lines, strict=True)]


def _excerpt(parts: Sequence[Part], lines: Collection[tuple[int, int]]) -> str:
    """Show the lines that match; dots stand for those between."""
    shown: list[str] = []
    before: tuple[int, int] | None = None
    for place, line in sorted(lines):
        if before is not None and (place, line) != (before[0], before[1] + 1):
            shown.append("…")
        shown.append(parts[place].text.split("\n")[line][:_LONGEST_LINE])
        before = place, line
    return "\n".join(shown)


_environment = Environment(autoescape=True, undefined=StrictUndefined)
