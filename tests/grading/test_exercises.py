"""The learners' notebooks: in step with the solutions, free of them, and worth the same points."""

import json
import math
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import numpy as np
import pytest

from aecourse.grading.generate import (
    CODE_STUB,
    SOLUTION_ONLY,
    TEXT_STUB,
    generate,
    make_notebook,
    repository_address,
)
from aecourse.grading.judge import JudgeFile, load_judge
from aecourse.grading.questions import TextQuestion, ValueQuestion
from aecourse.grading.values import decode

ROOT = Path(__file__).parents[2]
FOLDERS = sorted((ROOT / "solutions").glob("[0-9][0-9]_*/"))
CHAPTERS = sorted((ROOT / "book").glob("*/[0-9][0-9]_*.md"))
EXERCISES = ROOT / "exercises"
DATA = ROOT / "aecourse" / "exercises"
LARGEST_DATA = 250_000

each_set = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)


@cache
def questions_of(folder: Path) -> JudgeFile:
    return load_judge(folder)


@cache
def source_of(folder: Path) -> Any:
    return jupytext.read(folder / f"{folder.name}.md")


@cache
def student_notebook(folder: Path) -> Any:
    return nbformat.read(EXERCISES / f"{folder.name}.ipynb", as_version=4)


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("generated")
    generate(
        ROOT / "solutions",
        notebooks=folder / "notebooks",
        data=folder,
        repository=repository_address(),
    )
    return folder


def marked(notebook: Any) -> dict[str, Any]:
    """Cells with nbgrader's metadata, by their identifiers."""
    return {
        cell.metadata["nbgrader"]["grade_id"]: cell
        for cell in notebook.cells
        if "nbgrader" in cell.metadata
    }


def same(one: Any, other: Any) -> bool:
    """Compare stored data; numbers may differ in rounding, as between machines."""
    if isinstance(one, dict) and one.get("kind") == "array" and isinstance(other, dict):
        first, second = (decode({"value": each}) for each in (one, other))
        return bool(
            first.shape == second.shape
            and first.dtype == second.dtype
            and np.allclose(first, second, rtol=1e-3, atol=1e-5, equal_nan=True)
        )
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-3, abs_tol=1e-5)
    return bool(one == other)


# --- the whole --------------------------------------------------------------------------------


def test_every_chapter_has_a_set() -> None:
    written = {path.stem for path in CHAPTERS if path.parent.name in ("theory", "frameworks")}
    assert {folder.name for folder in FOLDERS} >= written
    assert len(FOLDERS) >= 8


def test_sets_hold_three_to_eight_questions_and_together_at_least_forty() -> None:
    counts = {folder.name: len(questions_of(folder).questions) for folder in FOLDERS}
    assert all(3 <= count <= 8 for count in counts.values()), counts
    assert sum(counts.values()) >= 40


def test_no_notebook_and_no_data_is_without_a_solution() -> None:
    names = {folder.name for folder in FOLDERS}
    assert {path.stem for path in EXERCISES.glob("*.ipynb")} == names
    assert {path.stem for path in DATA.glob("*.json")} == names


# --- in step ----------------------------------------------------------------------------------


@each_set
def test_solution_notebook_holds_what_jupytext_makes_of_its_source(folder: Path) -> None:
    stored = nbformat.read(folder / f"{folder.name}.ipynb", as_version=4)
    made, kept = (
        [(cell.cell_type, cell.source, dict(cell.metadata)) for cell in notebook.cells]
        for notebook in (source_of(folder), stored)
    )
    assert kept == made, "run `make notebooks`"
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in stored.cells)


@each_set
def test_student_notebook_is_in_step(folder: Path, generated: Path) -> None:
    name = f"{folder.name}.ipynb"
    stored = (EXERCISES / name).read_text(encoding="utf-8")
    assert stored == (generated / "notebooks" / name).read_text(encoding="utf-8"), (
        "run `make exercises`"
    )


@each_set
def test_data_of_the_checks_is_in_step(folder: Path, generated: Path) -> None:
    stored, made = (
        json.loads((place / f"{folder.name}.json").read_text(encoding="utf-8"))
        for place in (DATA, generated)
    )
    assert same(stored, made), "run `make exercises`"
    assert (DATA / f"{folder.name}.json").stat().st_size <= LARGEST_DATA


def test_generator_gives_the_same_twice_and_removes_what_is_gone(tmp_path: Path) -> None:
    for _ in range(2):
        notebooks, data = tmp_path / "notebooks", tmp_path / "data"
        for place, name in ((notebooks, "99_gone.ipynb"), (data, "99_gone.json")):
            place.mkdir(exist_ok=True)
            (place / name).write_text("{}")
            (place / "other.txt").write_text("kept")
        solutions = tiny_solutions(tmp_path)
        written = generate(solutions, notebooks=notebooks, data=data, repository="https://x.y/z")
        assert [path.name for path in written] == ["04_tiny.ipynb", "04_tiny.json"]
        contents = [path.read_bytes() for path in written]
        assert contents == [path.read_bytes() for path in written]
        assert sorted(path.name for path in notebooks.iterdir()) == ["04_tiny.ipynb", "other.txt"]
        assert sorted(path.name for path in data.iterdir()) == ["04_tiny.json", "other.txt"]


TINY_NOTEBOOK = """---
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# Tiny

```{code-cell} ipython3
---
nbgrader: {grade: false, grade_id: a-answer, locked: false, schema_version: 3, solution: true,
  cell_type: code}
---
def f(x):
    y = 2
    ### BEGIN SOLUTION
    return x * y
    ### END SOLUTION
```

```{code-cell} ipython3
1
```

```{code-cell} ipython3
1
```

```{code-cell} ipython3
:tags: [solution-only]

secret = 1
```
"""


def tiny_solutions(tmp_path: Path) -> Path:
    folder = tmp_path / "solutions" / "04_tiny"
    folder.mkdir(parents=True, exist_ok=True)
    judge = Path(__file__).parent / "sets" / "04_tiny" / "judge.py"
    (folder / "judge.py").write_text(judge.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "04_tiny.md").write_text(TINY_NOTEBOOK, encoding="utf-8")
    return folder.parent


def test_generator_takes_the_solution_away_and_leaves_the_rest(tmp_path: Path) -> None:
    source = tiny_solutions(tmp_path) / "04_tiny" / "04_tiny.md"
    made = nbformat.reads(make_notebook(source, repository="https://github.com/a/b"), as_version=4)
    link, title, answer, *rest = made.cells
    assert "colab.research.google.com/github/a/b/blob/main/exercises/04_tiny.ipynb" in link.source
    assert title.source == "# Tiny"
    assert answer.source == f"def f(x):\n    y = 2\n    {CODE_STUB}"
    assert answer.id == "a-answer"
    assert [cell.source for cell in rest] == ["1", "1"]
    assert rest[1].id == f"{rest[0].id}-2"
    assert answer.metadata["deletable"] is False
    assert set(made.metadata) == {"kernelspec", "language_info"}


# --- free of solutions ------------------------------------------------------------------------


def regions(source: str) -> list[str]:
    found = re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", source, re.DOTALL)
    return [line.strip() for region in found for line in region.splitlines() if line.strip()]


@each_set
def test_student_notebook_holds_no_solution_and_no_output(folder: Path) -> None:
    student = student_notebook(folder)
    text = (EXERCISES / f"{folder.name}.ipynb").read_text(encoding="utf-8")
    assert "SOLUTION" not in text
    assert SOLUTION_ONLY not in text
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in student.cells)
    answers = marked(student)
    for name, cell in marked(source_of(folder)).items():
        if not cell.metadata["nbgrader"]["solution"]:
            continue
        given = answers[name].source
        if cell.cell_type == "markdown":
            assert given == TEXT_STUB
            continue
        assert CODE_STUB in given
        assert regions(cell.source), f"{name}: a solution cell marks its region"
        kept = re.sub(r"### BEGIN SOLUTION\n.*?### END SOLUTION", "", cell.source, flags=re.DOTALL)
        for line in regions(cell.source):
            assert line not in given or line in kept, f"{name}: {line}"


@each_set
def test_last_cell_of_a_solution_asserts_that_all_checks_pass(folder: Path) -> None:
    last = [cell for cell in source_of(folder).cells if cell.cell_type == "code"][-1]
    assert SOLUTION_ONLY in last.metadata["tags"]
    assert "assert all(verdict.right for verdict in check.verdicts.values())" in last.source


# --- metadata and points ----------------------------------------------------------------------


@each_set
def test_metadata_is_valid_for_nbgrader(folder: Path) -> None:
    from nbgrader.nbgraderformat import MetadataValidator

    student = student_notebook(folder)
    nbformat.validate(student)
    MetadataValidator().validate_nb(student)
    identifiers = [cell.id for cell in student.cells]
    assert len(set(identifiers)) == len(identifiers)


@each_set
def test_cells_and_judge_agree_on_names_points_and_order(folder: Path) -> None:
    cells = [
        cell for cell in marked(student_notebook(folder)).values() if cell.metadata.nbgrader.grade
    ]
    questions = questions_of(folder).questions
    assert [(cell.metadata.nbgrader.grade_id, cell.metadata.nbgrader.points) for cell in cells] == [
        (question.name, question.points) for question in questions
    ]
    for cell, question in zip(cells, questions, strict=True):
        assert cell.metadata.nbgrader.schema_version == 3
        if isinstance(question, TextQuestion):
            assert cell.cell_type == "markdown"
            assert cell.metadata.nbgrader.solution
            continue
        subject = question.variable if isinstance(question, ValueQuestion) else question.function
        assert cell.source == f'check("{question.name}", {subject})'
        assert cell.metadata.nbgrader.locked
        answer = marked(student_notebook(folder))[f"{question.name}-answer"]
        assert re.search(rf"\bdef {subject}\(|^{subject}\b", answer.source, re.MULTILINE)


@each_set
def test_points_in_the_text_are_those_of_the_judge(folder: Path) -> None:
    text = "\n".join(cell.source for cell in student_notebook(folder).cells)
    total = re.search(r"(\d+) points", text)
    assert total is not None
    assert int(total[1]) == questions_of(folder).points
    headings = [int(points) for points in re.findall(r"^## .*\((\d+) points?\)$", text, re.M)]
    assert headings == [question.points for question in questions_of(folder).questions]


@each_set
def test_rubric_gives_the_points_of_its_question(folder: Path) -> None:
    for question in questions_of(folder).questions:
        if isinstance(question, TextQuestion):
            given = [float(line.split(":")[0]) for line in question.rubric]
            assert sum(given) == question.points


# --- what the notebooks are worth -------------------------------------------------------------


def judged(notebook: Path, folder: Path) -> dict[str, list[Any]]:
    done = subprocess.run(  # noqa: S603
        [sys.executable, str(Path(__file__).with_name("judge_notebook.py")), notebook, folder],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "agg"},
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


@each_set
def test_notebook_of_the_solution_earns_all_points(folder: Path) -> None:
    for name, (score, points, sentence) in judged(folder / f"{folder.name}.ipynb", folder).items():
        assert score in (None, points), f"{name}: {sentence}"


@each_set
def test_unfilled_notebook_earns_nothing(folder: Path) -> None:
    for name, (score, _, sentence) in judged(EXERCISES / f"{folder.name}.ipynb", folder).items():
        assert score in (None, 0), f"{name}: {sentence}"
        if score is not None:
            assert sentence.startswith("Not answered yet"), name
