"""Run a notebook's cells in this process and judge them: ``python judge_notebook.py IPYNB SET``.

Prints a JSON object: the score and the sentence of each question. Cells that call a check are left
out, and so are demonstrations that wait for one, for these are tried when the notebook is executed.
"""

import json
import linecache
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from aecourse.grading.judge import LocalAsker, judge, load_judge


def run(notebook: Path) -> dict[str, Any]:
    """Run a notebook's cells and return what they defined."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code" and 'check("' not in source and "%pip" not in source:
            name = f"<cell {cell['id']}>"
            # TensorFlow reads a function's source again.
            linecache.cache[name] = len(source), None, source.splitlines(keepends=True), name
            # A cell may need what a cell that was left out defines: as in grading, it is let go.
            with suppress(Exception):
                exec(compile(source, name, "exec"), namespace)  # noqa: S102
    return namespace


def main() -> None:
    """Judge the notebook that the command line names."""
    notebook, folder = map(Path, sys.argv[1:])
    asker = LocalAsker(run(notebook))
    verdicts = [judge(question, asker, seed=7) for question in load_judge(folder).questions]
    found = {each.name: [each.score, each.points, each.sentence] for each in verdicts}
    sys.stdout.write("\n" + json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
