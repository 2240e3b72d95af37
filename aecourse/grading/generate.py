"""Make the learners' notebooks, and what their checks know, from the solutions."""

import argparse
import hashlib
import json
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    LockCells,
)
from traitlets.config import Config

from aecourse.grading.check_data import make_check_data
from aecourse.grading.judge_file import load_judge

__all__ = ["CODE_STUB", "SOLUTION_ONLY", "TEXT_STUB", "generate", "main", "make_notebook"]

CODE_STUB = "...  # your code here"
"""What takes the place of a solution: a function that ends in it returns None."""

TEXT_STUB = "*Write your answer here.*"
"""What takes the place of a model answer in prose."""

SOLUTION_ONLY = "solution-only"
"""Tag of cells that learners do not get."""

_ROOT = Path(__file__).parents[2]


def make_notebook(source: Path, *, repository: str) -> str:
    """Make a learner's notebook from its solution.

    Parameters
    ----------
    source
        The solution as MyST Markdown.
    repository
        Web address of the course's repository, for the link to Colab.

    Returns
    -------
    str
        The notebook: no solution, no output, nbgrader's metadata kept. Equal for equal sources.
    """
    notebook = jupytext.read(source)
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": dict(notebook.metadata["kernelspec"]),
            "language_info": {"name": "python"},
        }
    )
    notebook.cells = [
        cell for cell in notebook.cells if SOLUTION_ONLY not in cell.metadata.get("tags", ())
    ]
    notebook.cells.insert(0, _link(source.stem, repository))
    config = Config()
    config.ClearSolutions.code_stub = {"python": CODE_STUB}
    config.ClearSolutions.text_stub = TEXT_STUB
    resources: dict[str, Any] = {}
    for step in (LockCells, ClearSolutions, ClearOutput, CheckCellMetadata, ComputeChecksums):
        notebook, resources = step(config=config).preprocess(notebook, resources)
    _name_cells(notebook.cells)
    nbformat.validate(notebook)
    return str(nbformat.writes(notebook)).rstrip("\n") + "\n"


def generate(solutions: Path, *, notebooks: Path, data: Path, repository: str) -> list[Path]:
    """Write a notebook and a data file for every set, and remove those of sets that are gone.

    Parameters
    ----------
    solutions
        Folder with one folder ``NN_name`` for each set.
    notebooks
        Where the learners' notebooks go.
    data
        Where the data of their checks goes.
    repository
        Web address of the course's repository.

    Returns
    -------
    list of Path
        What was written, in order.
    """
    written = []
    notebooks.mkdir(parents=True, exist_ok=True)
    for folder in sorted(solutions.glob("[0-9][0-9]_*/")):
        name = folder.name
        known = make_check_data(load_judge(folder))
        contents = {
            notebooks / f"{name}.ipynb": make_notebook(
                folder / f"{name}.md", repository=repository
            ),
            data / f"{name}.json": json.dumps(known, indent=1, ensure_ascii=False) + "\n",
        }
        for path, content in contents.items():
            path.write_text(content, encoding="utf-8", newline="\n")
            written.append(path)
    for pattern, place in (("[0-9][0-9]_*.ipynb", notebooks), ("[0-9][0-9]_*.json", data)):
        for path in set(place.glob(pattern)) - set(written):
            path.unlink()
    return written


def repository_address(root: Path = _ROOT) -> str:
    """Read the repository's web address.

    Parameters
    ----------
    root
        Folder with pyproject.toml.

    Returns
    -------
    str
        Without a slash at the end.
    """
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["urls"]["Repository"]).rstrip("/")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line.

    Parameters
    ----------
    arguments
        None stands for those of the process.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--solutions", type=Path, default=_ROOT / "solutions")
    parser.add_argument("--notebooks", type=Path, default=_ROOT / "exercises")
    parser.add_argument("--data", type=Path, default=_ROOT / "aecourse" / "exercises")
    given = parser.parse_args(arguments)
    for path in generate(
        given.solutions,
        notebooks=given.notebooks,
        data=given.data,
        repository=repository_address(),
    ):
        print(path.relative_to(_ROOT) if path.is_relative_to(_ROOT) else path)


def _link(name: str, repository: str) -> Any:
    path = re.sub(r"^https://github\.com/", "", repository)
    address = f"https://colab.research.google.com/github/{path}/blob/main/exercises/{name}.ipynb"
    return nbformat.v4.new_markdown_cell(f"[Open this notebook in Colab]({address})")


def _name_cells(cells: Sequence[Any]) -> None:
    """Give each cell an identifier that depends on nothing but what it says."""
    seen: dict[str, int] = {}
    for cell in cells:
        known = cell.metadata.get("nbgrader", {}).get("grade_id")
        identifier = known or hashlib.sha256(cell.source.encode()).hexdigest()[:8]
        seen[identifier] = seen.get(identifier, 0) + 1
        cell.id = identifier if seen[identifier] == 1 else f"{identifier}-{seen[identifier]}"


if __name__ == "__main__":
    main()
