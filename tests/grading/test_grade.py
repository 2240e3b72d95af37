"""Honest work is graded as it deserves, and every notebook ends in marks or a reason."""

import importlib.util
import json
import os
import tracemalloc
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from aecourse.grading import process
from aecourse.grading.cells import NotebookError, read_cells
from aecourse.grading.grade import Outcome, grade_notebook
from aecourse.grading.judge import JudgeFile
from aecourse.grading.limits import Limits
from aecourse.grading.questions import FunctionQuestion, Mistake, TextQuestion, ValueQuestion
from aecourse.grading.sandbox import Sandbox, sandbox_available

MISTAKES = (
    Mistake("the sum, not the mean", lambda x, y: np.sum((x - y) ** 2), "Divide by the number."),
    Mistake("no square", lambda x, y: np.mean(x - y), "Square the differences."),
    Mistake("absolute values", lambda x, y: np.mean(np.abs(x - y)), "Square, not abs."),
)
MSE = FunctionQuestion(
    "mse",
    points=2,
    function="mse",
    reference=lambda x, y: np.mean((x - y) ** 2),
    inputs=lambda rng: {"random": (rng.random((5, 4)), rng.random((5, 4)))},
    mistakes=MISTAKES,
)
ROWS = FunctionQuestion(
    "rows",
    points=2,
    function="rows",
    reference=lambda x: x.mean(axis=1),
    inputs=lambda rng: {"random": (rng.random((5, 4)),)},
    mistakes=(
        Mistake("wrong axis", lambda x: x.mean(axis=0), "Rows are axis 1."),
        Mistake("one mean", lambda x: x.mean(), "One for each row."),
        Mistake("sums", lambda x: x.sum(axis=1), "Divide."),
    ),
)
BITS = ValueQuestion(
    "bits",
    points=1,
    variable="bits",
    reference=lambda: 784 * 8,
    mistakes=[Mistake(str(wrong), wrong, "Count again.") for wrong in (784, 28 * 8, 98)],
)
WHY = TextQuestion("why", points=3, rubric=("3: names saturation",))
EXERCISE = JudgeFile("01_test", (MSE, ROWS, BITS, WHY), "digest of the judge")

ANSWERS = """\
import numpy as np
def mse(x, y):
    return np.mean((x - y) ** 2)
def rows(x):
    return x.mean(axis=1)
bits = 784 * 8
"""
FULL = {"mse": 2.0, "rows": 2.0, "bits": 1.0, "why": None}


@pytest.fixture(autouse=True)
def walls(monkeypatch: pytest.MonkeyPatch) -> None:
    reason = sandbox_available()
    if reason is not None:
        if os.environ.get("CI"):
            pytest.fail(f"CI must test the sandbox, but {reason}")
        pytest.skip(reason)
    monkeypatch.setattr(process, "_GRACE", 0.5)


def notebook(*sources: str) -> bytes:
    cells = [{"cell_type": "code", "source": source, "outputs": []} for source in sources]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}).encode()


def grade(*sources: str, **options: Any) -> Outcome:
    judge_file = options.pop("judge_file", EXERCISE)
    return grade_notebook(notebook(*sources), judge_file, seed=3, **options)


def scores(outcome: Outcome) -> dict[str, float | None]:
    return {verdict.name: verdict.score for verdict in outcome.verdicts}


HONEST: dict[str, Sequence[str]] = {
    "one cell": [ANSWERS],
    "a cell for each": [
        "import numpy as np",
        "def mse(x, y):\n    return np.mean((x - y) ** 2)",
        "def rows(x):\n    return x.mean(axis=1)",
        "bits = 784 * 8",
    ],
    "cells in another order": [
        "bits = pixels * bits_per_pixel",
        "def mse(x, y):\n    return squared(x, y).mean()",
        "pixels = side ** 2",
        "bits_per_pixel = 8",
        "def rows(x):\n    return np.mean(x, axis=1)",
        "side = 28",
        "def squared(x, y):\n    return (x - y) ** 2",
        "import numpy as np",
    ],
    "warnings and errors on standard error": [
        "import sys, warnings, logging\nwarnings.warn('careful')\nprint('oops', file=sys.stderr)\n"
        "logging.warning('careful')\nimport numpy as np\nnp.log(0)\nnp.ones(3) / 0",
        ANSWERS.replace("def mse(x, y):", "def mse(x, y):\n    warnings.warn('again'); print(x)"),
    ],
    "warnings as errors": [
        "import warnings, numpy as np\nwarnings.simplefilter('error')\nnp.seterr(all='raise')",
        ANSWERS,
    ],
    "progress bars": [
        "from tqdm.auto import tqdm\nfrom tqdm import tqdm as plain, trange\n"
        "for _ in tqdm(range(9)): pass\nfor _ in plain(range(9)): pass",
        ANSWERS.replace(
            "    return x.mean(axis=1)", "    return [x[i].mean() for i in trange(len(x))]"
        ),
    ],
    "plots": [
        "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()",
        "%config InlineBackend.figure_format = 'retina'\n" + ANSWERS,
        "%matplotlib widget\n%matplotlib notebook",
        "fig, ax = plt.subplots()",
    ],
    "magics": [
        "%load_ext autoreload\n%autoreload 2\n" + ANSWERS,
        "%timeit -n 1 -r 1 mse(np.ones(3), np.ones(3))",
        "%%time\nx = 1",
        "!ls\n%pip install -q aecourse\n!pip install torch\n!apt-get install -y graphviz",
        "%%bash\necho hello",
    ],
    "Colab": [
        "from google.colab import drive\ndrive.mount('/content/drive')\n" + ANSWERS,
        "import google.colab",
    ],
    "widgets": [
        ANSWERS + "from ipywidgets import interact, IntSlider\n@interact(k=IntSlider(3))\n"
        "def show(k): print(k)",
        "from IPython.display import display, HTML, Markdown\ndisplay(HTML('<b>x</b>'))",
    ],
    "the course's own cells": [
        "import numpy as np\nfrom aecourse.exercises import Check\ncheck = Check('04_numpy')",
        ANSWERS,
        "check('mse', mse)",
        "check('mse', mse)\ncheck('nothing of that name', None)\ncheck.hint('mse')",
        "if check('mse', mse).right:\n    mse(np.ones(3), np.zeros(3))",
        "from aecourse.data import load_mnist\ndigits = load_mnist()\ndigits.x_train.mean()",
        "assert check.verdicts",
    ],
    "float32, lists and numbers of NumPy": [
        ANSWERS.replace("(x - y) ** 2)", "(np.float32(x) - np.float32(y)) ** 2)")
        .replace("x.mean(axis=1)", "x.mean(axis=1).astype('float32').tolist()")
        .replace("784 * 8", "np.int16(784 * 8)"),
    ],
    "other names of arguments, defaults and decorators": [
        "import functools\n"
        + ANSWERS.replace("mse(x, y)", "mse(truth, guess=None, *, scale=1)")
        .replace("x - y", "truth - guess")
        .replace("def rows", "@functools.lru_cache(maxsize=None)\ndef rest(): pass\ndef rows"),
    ],
    "a class and a lambda": [
        "import numpy as np\nclass Rows:\n    def __call__(self, x): return np.mean(x, 1)\n"
        "rows = Rows()\nmse = lambda a, b: float(((a - b) ** 2).mean())\nbits: int = 6272",
    ],
    "cells that fail": [
        ANSWERS,
        "1 / 0",
        "undefined",
        "raise SystemExit",
        "import nothing",
        "def f(:",
        "input()",
        "assert False",
        "open('missing.csv')",
        "exit()",
    ],
    "an endless loop in an extra cell": [ANSWERS, "while True:\n    pass"],
    "an extra cell that crashes": [ANSWERS, "import os\nos.abort()", "more = 1"],
    "work with files, threads and processes": [
        ANSWERS + "np.save('x.npy', np.eye(3)); np.load('x.npy')\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "list(ThreadPoolExecutor(4).map(abs, [-1, 2]))",
        "import multiprocessing\nwith multiprocessing.Pool(2) as pool:\n    pool.map(abs, [-1, 2])",
        "%%writefile helper.py\ny = 3",
        "import helper\nassert helper.y == 3",
    ],
    "names of the runner's own": [
        "import json\n" + ANSWERS,
        "json = encode = decode = shell = main = request = namespace = None\nIn = Out = 0",
    ],
    "an old version that fails above the new one": [
        "def mse(x, y): return np.sum(x - y)\nrows = 3\nbits = 0\nassert mse(1, 2) == 1",
        ANSWERS,
    ],
    "an answer filled in above what it needs": [
        "import numpy as np\nmse = rows = bits = None\nbits = side ** 2 * 8\n"
        "def mse(x, y): return np.mean((x - y) ** 2)\ndef rows(x): return np.mean(x, 1)",
        "side = 28",
    ],
    "top-level await": ["import asyncio\nawait asyncio.sleep(0)\n" + ANSWERS],
    "a random seed and changed printing": [
        ANSWERS
        + "np.random.seed(0); np.set_printoptions(precision=1); import random; random.seed(1)"
    ],
}


@pytest.mark.parametrize("sources", HONEST.values(), ids=HONEST.keys())
def test_honest_work_earns_all_points(sources: Sequence[str]) -> None:
    outcome = grade(*sources, limits=Limits(cell_seconds=10))
    assert scores(outcome) == FULL, outcome
    assert outcome.score == 5
    assert str(outcome) == "01_test: 5 of 8 points"


def test_unfilled_notebook_is_graded_and_earns_nothing() -> None:
    for sources in ([], ["x = 1"], ["bits = ...", "def mse(x, y): ...", "def rows(x): pass"]):
        outcome = grade(*sources)
        assert outcome.status == "graded"
        assert scores(outcome) == {**dict.fromkeys(FULL, 0.0), "why": None}
        assert all("not answered" in v.sentence.lower() for v in outcome.verdicts[:3]), outcome


def test_typical_mistake_is_named() -> None:
    outcome = grade(ANSWERS.replace("np.mean((x", "np.sum((x").replace("axis=1", "axis=0"))
    mistakes = {verdict.name: verdict.mistake for verdict in outcome.verdicts}
    assert mistakes == {
        "mse": "the sum, not the mean",
        "rows": "wrong axis",
        "bits": None,
        "why": None,
    }


def test_function_that_hangs_or_crashes_costs_its_own_points_only() -> None:
    outcome = grade(
        ANSWERS,
        "import os, time\ndef mse(x, y):\n    os._exit(1)",
        "def rows(x):\n    try:\n        time.sleep(99)\n    finally:\n        time.sleep(99)",
        limits=Limits(call_seconds=1),
    )
    assert scores(outcome) == {**FULL, "mse": 0.0, "rows": 0.0}
    assert "ended its process" in outcome.verdicts[0].sentence
    assert "took longer than 1 s" in outcome.verdicts[1].sentence


def test_too_many_cells_that_end_the_process_are_not_graded() -> None:
    crash = "import os\nos._exit(1)"
    outcome = grade(ANSWERS, *[crash] * 3, limits=Limits(restarts=2))
    assert outcome.status == "not graded"
    assert "ends its process in 3 cells; at most 2 are left out" in str(outcome.reason)
    assert [cell.ok for cell in outcome.cells] == [True, False, False, False]
    assert grade(ANSWERS, *[crash] * 2, limits=Limits(restarts=2)).score == 5


def test_time_in_all_is_limited() -> None:
    outcome = grade(ANSWERS, "import time; time.sleep(60)", limits=Limits(seconds=4))
    assert outcome.status == "not graded"
    assert outcome.reason == "its code took longer than 4 s in all"


def test_time_in_all_is_limited_while_functions_are_asked() -> None:
    slow = "import time\ndef mse(x, y):\n    time.sleep(60)"
    outcome = grade(ANSWERS, slow, limits=Limits(seconds=4))
    assert outcome.status == "not graded"
    assert outcome.reason == "its code took longer than 4 s in all"


def test_outcome_says_what_was_judged_by_what_and_survives_json() -> None:
    outcome = grade(ANSWERS, "1 / 0")
    assert outcome.exercise == "01_test"
    assert outcome.judge_digest == "digest of the judge"
    assert len(outcome.digest) == 64
    assert outcome.seed == 3
    assert outcome.seconds > 0
    assert [cell.ok for cell in outcome.cells] == [True, False]
    assert Outcome.from_json(outcome.to_json()) == outcome


def test_other_seed_asks_other_questions() -> None:
    def asked(seed: int) -> str:
        return (
            grade_notebook(notebook("def mse(x, y): return 0.0"), EXERCISE, seed=seed)
            .verdicts[0]
            .cases[0]
            .expected
        )

    assert asked(1) == asked(1)
    assert asked(1) != asked(2)


def test_fault_of_the_judge_is_nobodys_mark() -> None:
    def fail(*_: Any) -> Any:
        raise ZeroDivisionError("a fault of the author")

    broken = replace(MSE, inputs=fail)
    outcome = grade(ANSWERS, judge_file=JudgeFile("01_test", (broken,), ""))
    assert outcome.status == "not graded"
    assert "the judge of 'mse' failed (ZeroDivisionError: a fault" in str(outcome.reason)


def test_framework_that_is_not_installed_is_nobodys_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *_: None if name == "torch" else find(name)
    )
    torch = JudgeFile("05_pytorch", (replace(MSE, framework="torch"),), "")
    outcome = grade(ANSWERS, judge_file=torch)
    assert outcome.reason == "PyTorch, which it is written in, is not installed here"


def test_grading_refuses_without_walls_and_works_without_them_by_choice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("aecourse.grading.sandbox.sandbox_available", lambda: "there is none")
    with pytest.raises(RuntimeError, match="there is none"):
        grade(ANSWERS)
    assert scores(grade(ANSWERS, sandboxed=False)) == FULL


def test_process_that_does_not_start_is_a_reason() -> None:
    def start(limits: Limits) -> Sandbox:
        return Sandbox(replace(limits, start_seconds=-1))

    outcome = grade(ANSWERS, asker_factory=start)
    assert outcome.status == "not graded"
    assert "did not start" in str(outcome.reason)


def test_memory_of_the_grader_stays_flat() -> None:
    noise = "print('x' * 10 ** 7)\nbig = np.zeros((700, 784))\ndef mse(x, y): return big"
    for _ in range(3):
        grade(ANSWERS, noise)
    # What Python and NumPy hold, not what the allocator keeps for later.
    tracemalloc.start()
    grade(ANSWERS, noise)
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(10):
        grade(ANSWERS, noise)
    # An answer has 4 MiB as an array and 6 as text: if one stayed each time, this would be 100.
    held = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert held < 32 * 2**20


# --- cells ------------------------------------------------------------------------------------


def test_only_sources_of_code_cells_are_read() -> None:
    content = {
        "nbformat": 4,
        "metadata": {"kernelspec": {"name": "python3", "language": "Python"}},
        "cells": [
            {"cell_type": "markdown", "source": "prose"},
            {"cell_type": "code", "source": ["x = 1\n", "y = 2"], "outputs": [{"text": "z" * 99}]},
            {"cell_type": "code", "source": "z = 3", "metadata": {"tags": ["a"]}},
        ],
    }
    assert read_cells(json.dumps(content).encode()) == ["x = 1\ny = 2", "z = 3"]


def test_limit_of_the_file_is_said() -> None:
    with pytest.raises(NotebookError, match="has 104 MB; at most 20 MB is read"):
        read_cells(b" " * 104_000_000)
    with pytest.raises(NotebookError, match="has 101 bytes; at most 100 bytes is read"):
        read_cells(b" " * 101, max_bytes=100)
