"""Every hostile notebook gets the verdict that it must get, and nothing else happens."""

import json
import os
import resource
import secrets
import socket
import sqlite3
import time
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aecourse.grading import process
from aecourse.grading.grade import Outcome, grade_notebook
from aecourse.grading.judge import JudgeFile
from aecourse.grading.limits import Limits
from aecourse.grading.questions import FunctionQuestion, Mistake, PropertyQuestion, ValueQuestion
from aecourse.grading.sandbox import sandbox_available

with (Path(__file__).parent / "attacks.toml").open("rb") as file:
    ATTACKS = tomllib.load(file)["attack"]

MEBIBYTE = 2**20
LIMITS = Limits(
    memory=400 * MEBIBYTE,
    reserved=300 * MEBIBYTE,
    processes=40,
    file_size=4 * MEBIBYTE,
    storage=8 * MEBIBYTE,
    seconds=40,
    cell_seconds=1.2,
    call_seconds=1.2,
    output=8 * MEBIBYTE,
    reply=4 * MEBIBYTE,
    restarts=2,
)
CANARY = "CANARY-" + secrets.token_hex(10)


def mistakes(*wrong: Any) -> list[Mistake]:
    return [Mistake(f"mistake {at}", each, "Look again.") for at, each in enumerate(wrong)]


def two_arrays(rng: np.random.Generator) -> dict[str, tuple[Any, ...]]:
    return {name: (rng.random((5, 4)), rng.random((5, 4))) for name in ("first", "second")}


EXERCISE = JudgeFile(
    "01_test",
    (
        FunctionQuestion(
            "mse",
            points=2,
            function="mse",
            reference=lambda x, y: np.mean((x - y) ** 2),
            inputs=two_arrays,
            mistakes=mistakes(
                lambda x, y: np.sum((x - y) ** 2),
                lambda x, y: np.mean(np.abs(x - y)),
                lambda x, y: np.mean(x - y) ** 2,
            ),
        ),
        ValueQuestion(
            "bits", points=1, variable="bits", reference=lambda: 784 * 8, mistakes=mistakes(1, 2, 3)
        ),
        PropertyQuestion(
            "basis",
            points=1,
            function="basis",
            inputs=lambda rng: {"random": (rng.random((5, 2)),)},
            # As an author may write it who thinks of honest answers only.
            verify=lambda q, a: (
                None if np.allclose(q.T @ q, np.eye(q.shape[1])) else "They are not orthonormal."
            ),
            solution=lambda a: np.linalg.qr(a)[0],
            mistakes=mistakes(lambda a: a, lambda a: a.T, lambda a: a * 0),
        ),
    ),
    digest="",
)
POINTS = {question.name: question.points for question in EXERCISE.questions}
HONEST = """
import numpy as np
def mse(x, y):
    return np.mean((x - y) ** 2)
def basis(a):
    return np.linalg.qr(a)[0]
bits = 784 * 8
"""


@dataclass(frozen=True)
class Outside:
    """What lies outside of the sandbox and must be neither read nor changed."""

    folder: Path
    port: int
    token: str

    @property
    def files(self) -> list[Path]:
        return sorted(path for path in self.folder.rglob("*") if path.is_file())

    @property
    def content(self) -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in self.files}


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Outside]:
    require_sandbox()
    monkeypatch.setenv("AECOURSE_SECRET", CANARY)
    monkeypatch.setattr(process, "_GRACE", 0.4)
    for name in ("solutions/01_test/judge.py", "submissions/other/01_test.ipynb", "root-only"):
        path = tmp_path / "course" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"QUESTIONS = {CANARY!r}")
    (tmp_path / "course" / "root-only").chmod(0o600)
    with sqlite3.connect(tmp_path / "course" / "gradebook.db") as book:
        book.execute("create table secrets (text)")
        book.execute("insert into secrets values (?)", [CANARY])
    with socket.create_server(("127.0.0.1", 0)) as server:
        token = str(secrets.randbelow(10**15))
        yield Outside(tmp_path / "course", server.getsockname()[1], token)


def require_sandbox() -> None:
    reason = sandbox_available()
    if reason is not None:
        if os.environ.get("CI"):
            pytest.fail(f"CI must run the attacks, but {reason}")
        pytest.skip(reason)


def notebook(sources: Sequence[str], **changes: Any) -> bytes:
    listed = [
        {
            "cell_type": "code",
            "metadata": {},
            "outputs": [],
            "execution_count": None,
            "source": each,
        }
        for each in sources
    ]
    content = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": listed, **changes}
    return json.dumps(content).encode()


def grade(content: bytes, limits: Limits = LIMITS) -> Outcome:
    return grade_notebook(content, EXERCISE, seed=secrets.randbelow(2**31), limits=limits)


def scores(outcome: Outcome) -> dict[str, float | None]:
    return {verdict.name: verdict.score for verdict in outcome.verdicts}


def processes_with(token: str) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes()
        except OSError:
            continue
        if token.encode() in words and int(path.parent.name) != os.getpid():
            found.append(words.decode(errors="replace"))
    return found


def filled_in(source: str, outside: Outside) -> str:
    for name, value in {
        "@SECRETS@": str([str(path) for path in outside.files]),
        "@FOLDER@": str(outside.folder),
        "@PORT@": str(outside.port),
        "@TOKEN@": outside.token,
        "@DEEP@": "x = " + "[" * 100_000 + "]" * 100_000,
    }.items():
        source = source.replace(name, value)
    return source


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack["name"])
def test_attack_gets_its_verdict_and_nothing_else(attack: Any, outside: Outside) -> None:
    before = outside.content
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.monotonic()
    outcome = grade(notebook([filled_in(cell, outside) for cell in attack["cells"]]))

    if "reason" in attack:
        assert outcome.status == "not graded"
        assert attack["reason"] in str(outcome.reason)
        assert outcome.score is None
    else:
        assert outcome.status == "graded", outcome
        right = {name: POINTS[name] if name in attack.get("right", []) else 0 for name in POINTS}
        may = {name: scores(outcome)[name] for name in attack.get("may", [])}
        assert scores(outcome) == right | may, outcome

    report = outcome.to_json()
    assert CANARY not in report
    assert len(report) < 20_000
    assert not any(character in json.loads(report).__str__() for character in "\x00\x1b\u202e")
    assert Outcome.from_json(report) == outcome
    assert outside.content == before
    for folder in ("/tmp", "/dev/shm", "/var/tmp", "/usr", "/"):  # noqa: S108
        assert not (Path(folder) / outside.token).exists()
    assert processes_with(outside.token) == []
    assert time.monotonic() - start < LIMITS.seconds + 20
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory
    assert grown < 100_000, f"the grader grew by {grown} KB"


def test_there_are_enough_attacks_and_each_says_what_it_tries() -> None:
    assert len(ATTACKS) + len(FILES) >= 40
    assert all(attack["tries"].startswith("to ") for attack in ATTACKS)


@pytest.mark.usefixtures("outside")
def test_honest_notebook_earns_all_points() -> None:
    outcome = grade(notebook([HONEST]))
    assert scores(outcome) == POINTS
    assert outcome.score == sum(POINTS.values())


# --- files that are no notebooks --------------------------------------------------------------

FILES: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "the file is empty"),
    "broken JSON": (notebook([HONEST])[:-20], "broken JSON"),
    "JSON that is no notebook": (b'{"score": 100}', "no list of cells"),
    "a list": (b"[1, 2]", "no notebook"),
    "a pickle": (b"\x80\x04\x95\xff\xfe", "no text in UTF-8"),
    "text of another encoding": ('{"a": "é"}'.encode("utf-16"), "no text in UTF-8"),
    "nested too deep": (b"[" * 1_000_000, "nested deeper than any notebook"),
    "objects nested too deep": (b'{"a":' * 400_000, "nested deeper than any notebook"),
    "nineteen megabytes of empty lists": (
        b"[" + b"[]," * 6_000_000 + b"[]]",
        "more parts than any notebook",
    ),
    "text without an end": (b"," * 2_100_000 + b'"' + b'\\"' * 8_000_000, "more parts"),
    "a hundred megabytes": (
        notebook(["x = 1"], padding="x" * 104_000_000),
        "104 MB; at most 20 MB",
    ),
    "a number of a million digits": (b'{"nbformat": ' + b"9" * 1_000_000 + b"}", "broken JSON"),
    "too many cells": (notebook(["x = 1"] * 2001), "2,001 code cells"),
    "R": (
        notebook([HONEST], metadata={"kernelspec": {"name": "ir", "language": "R"}}),
        "language is R; Python is expected",
    ),
    "Julia, said by its language": (
        notebook([HONEST], metadata={"language_info": {"name": "julia\x1b"}}),
        "language is julia; Python is expected",
    ),
    "notebook of format 3": (
        json.dumps({"nbformat": 3, "worksheets": [{"cells": []}]}).encode(),
        "format 3",
    ),
    "cells that are no list": (notebook([], cells={"0": HONEST}), "no list of cells"),
}


@pytest.mark.parametrize(("content", "reason"), FILES.values(), ids=FILES.keys())
@pytest.mark.usefixtures("outside")
def test_file_that_is_no_notebook_is_not_graded_and_says_why(content: bytes, reason: str) -> None:
    start = time.monotonic()
    outcome = grade(content)
    assert outcome.status == "not graded"
    assert reason in str(outcome.reason)
    assert outcome.score is None
    assert "\x1b" not in outcome.to_json()
    assert time.monotonic() - start < 10


STRANGE: dict[str, bytes] = {
    "byte order mark": b"\xef\xbb\xbf" + notebook([HONEST]),
    "metadata that is none": notebook([HONEST], metadata=["R"]),
    "kernel that is none": notebook([HONEST], metadata={"kernelspec": "R", "language_info": 3}),
    "kernel of another name": notebook(
        [HONEST], metadata={"kernelspec": {"name": "conda-env-ae-py", "language": "python"}}
    ),
    "huge outputs and script in prose": notebook(
        [],
        cells=[
            {"cell_type": "markdown", "source": "<script>alert(1)</script>" * 1000},
            {
                "cell_type": "code",
                "source": HONEST.splitlines(keepends=True),
                "outputs": [{"output_type": "stream", "text": ["1, 2, [3], {4}\n"] * 400_000}],
            },
        ],
    ),
    "cells that are none": notebook(
        [],
        cells=[
            None,
            3,
            [],
            {},
            {"cell_type": ["code"]},
            {"cell_type": "code"},
            {"cell_type": "code", "source": None},
            {"cell_type": "code", "source": {"a": 1}},
            {"cell_type": "code", "source": [HONEST, 7, None]},
            {"cell_type": "raw", "source": "bits = 0"},
        ],
    ),
    "points and identifiers of its own": json.dumps(
        {
            "cells": [
                {
                    "cell_type": "code",
                    "source": HONEST,
                    "metadata": {
                        "nbgrader": {"grade": True, "points": 10**9, "grade_id": "mse", "locked": 0}
                    },
                }
            ]
            * 2
        }
    ).encode(),
}


@pytest.mark.parametrize("content", STRANGE.values(), ids=STRANGE.keys())
@pytest.mark.usefixtures("outside")
def test_strange_notebook_with_honest_code_earns_all_points(content: bytes) -> None:
    outcome = grade(content)
    assert scores(outcome) == POINTS, outcome
