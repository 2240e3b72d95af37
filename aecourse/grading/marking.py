"""Copies of notebooks for nbgrader's formgrader, in which nothing of the student's runs."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from aecourse.grading.judge_file import JudgeFile
from aecourse.grading.questions import TextQuestion
from aecourse.mnist_files import write_file

__all__ = ["marking_copy", "write_config"]

_LONGEST_CELL = 20_000


def marking_copy(content: bytes, judge_file: JudgeFile) -> bytes:
    r"""Make the copy that a person marks.

    Parameters
    ----------
    content
        The student's notebook. Formgrader shows a notebook's HTML and scripts as they are, to
        someone who may change all marks; so only the text of its cells is taken, and no output.
    judge_file
        Its questions.

    Returns
    -------
    bytes
        A notebook with a cell to mark for every question.

    Raises
    ------
    ValueError
        If it is no notebook.

    Examples
    --------
    >>> judge_file = JudgeFile("04_numpy", (TextQuestion("why", 2, ("2: saturation",)),), "")
    >>> cell = {"cell_type": "markdown", "source": "<script>", "metadata": {}}
    >>> copy = json.loads(marking_copy(json.dumps({"cells": [cell]}).encode(), judge_file))
    >>> copy["cells"][0]["source"]
    '~~~text\n<script>\n~~~'
    """
    try:
        notebook = json.loads(content)
        sources = [_read_cell(cell) for cell in notebook["cells"]]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"expected a notebook: {type(error).__name__}: {error}") from error
    questions = {question.name: question for question in judge_file.questions}
    cells: list[dict[str, Any]] = []
    shown: set[str] = set()
    for kind, source, grade_id in sources:
        question = questions.get(grade_id.removesuffix("-answer"))
        marks = isinstance(question, TextQuestion) and grade_id not in shown
        cells.append(_cell(kind, source, f"cell-{len(cells)}", question if marks else None))
        if marks:
            shown.add(grade_id)
    for name, question in questions.items():
        if name not in shown:
            note = f"**{name}**"
            if isinstance(question, TextQuestion):
                note += ": the answer's cell has lost its name; look for it in the cells above."
            cells.append(_cell("note", note, f"cell-{len(cells)}", question))
    copy = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(copy, indent=1).encode()


def _read_cell(cell: Mapping[str, Any]) -> tuple[str, str, str]:
    source = cell["source"]
    text = source if isinstance(source, str) else "".join(source)
    if len(text) > _LONGEST_CELL:
        text = text[:_LONGEST_CELL] + "\n… (cut)"
    metadata = cell.get("metadata", {}).get("nbgrader", {})
    return str(cell["cell_type"]), text, str(metadata.get("grade_id", ""))


def _cell(kind: str, source: str, identifier: str, question: Any) -> dict[str, Any]:
    metadata: dict[str, Any] = {}
    if question is not None:
        text = isinstance(question, TextQuestion)
        metadata["nbgrader"] = {
            "schema_version": 3,
            "grade_id": question.name,
            "grade": True,
            "solution": text,
            "task": False,
            "locked": not text,
            "points": question.points,
            "cell_type": "markdown" if text else "code",
        }
    if kind == "code":
        return {
            "cell_type": "code",
            "source": source,
            "id": identifier,
            "metadata": metadata,
            "outputs": [],
            "execution_count": None,
        }
    if kind != "note":
        # A fence longer than any within: the text is shown letter by letter, never as HTML.
        longest = max((len(run) for run in re.findall("~+", source)), default=0)
        fence = "~" * max(3, longest + 1)
        source = f"{fence}text\n{source}\n{fence}"
    return {"cell_type": "markdown", "source": source, "id": identifier, "metadata": metadata}


def write_config(folder: Path, url: str, exercises: Iterable[str]) -> None:
    """Write what formgrader needs to find the gradebook and its exercises.

    Parameters
    ----------
    folder
        Of the course, as nbgrader calls it.
    url
        Of the gradebook.
    exercises
        Their names.
    """
    for exercise in exercises:
        # Formgrader lists the folders that it finds here, full or empty.
        (folder / "source" / exercise).mkdir(parents=True, exist_ok=True)
    lines = [
        "# Made by aecourse grade: nbgrader's formgrader marks in this gradebook.",
        "c = get_config()  # noqa",
        f"c.CourseDirectory.db_url = {url!r}",
    ]
    path = folder / "nbgrader_config.py"
    write_file(path, ("\n".join(lines) + "\n").encode())
    # The address may hold a password.
    path.chmod(0o600)
