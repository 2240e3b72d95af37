import builtins
import csv
import json
import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from nbgrader.api import Gradebook as NbgraderGradebook

from aecourse.cli import main
from aecourse.grading import cli, work
from aecourse.grading.judge_file import load_judge
from aecourse.grading.marking import marking_copy
from aecourse.grading.pools import PoolLostError
from aecourse.grading.sandbox import sandbox_available

EXERCISE = "04_numpy"
MARCH = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def hand_in(tmp_path, fake):
    def write(path, *right, when=MARCH, **plan):
        file = tmp_path / "submissions" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(fake.notebook(*right, **plan))
        os.utime(file, (when.timestamp(), when.timestamp()))
        return file

    return write


@pytest.fixture
def grade(tmp_path, solutions, fake_grading, capsys):  # noqa: ARG001 -- the fake is in place
    """Grade the folder; return the exit status, the rows of grades.csv, and the messages."""

    def run(*words, paths=("submissions",)):
        status = main(
            [
                "grade",
                *(str(tmp_path / path) for path in paths),
                *("--to", str(tmp_path / "marks" / "gradebook.db")),
                *("--solutions", str(solutions), "--jobs", "2", *words),
            ]
        )
        grades = tmp_path / "marks" / "grades.csv"
        rows = []
        if grades.exists():
            with grades.open(encoding="utf-8", newline="") as file:
                rows = list(csv.DictReader(file))
        return status, rows, capsys.readouterr().err

    return run


def test_marks_csv_and_feedback_are_written_beside_the_gradebook(grade, hand_in, tmp_path):
    hand_in("이준호_1234567_assignsubmission_file_/04_numpy.ipynb", "mse", "bits")
    hand_in("kimminsu_12345_67890_04_numpy.ipynb", "mse")
    status, rows, errors = grade()
    assert status == 0
    assert [(row["student"], row["score"]) for row in rows] == [
        ("kimminsu_12345", "2"),
        ("이준호_1234567", "3"),
    ]
    assert "2 feedback pages" in errors
    assert "2/2" in errors
    page = tmp_path / "marks" / "feedback" / "이준호_1234567" / "04_numpy.html"
    assert "3 of 6 points so far" in page.read_text(encoding="utf-8")


def test_what_is_not_graded_or_not_named_is_listed(grade, hand_in):
    hand_in("kim/04_numpy.ipynb", "mse")
    hand_in("lee/04_numpy.ipynb", reason="the notebook is no JSON")
    hand_in("park/final_version.ipynb", "mse")
    status, rows, errors = grade()
    assert status == 1
    assert "lee/04_numpy.ipynb: not graded, because the notebook is no JSON" in errors
    assert "park/final_version.ipynb: not the name of an exercise" in errors
    assert "1 needs a person, 1 not graded" in errors
    assert {row["student"]: row["score"] for row in rows} == {"kim": "2", "lee": ""}
    # The same command again: nothing is judged, everything is said again.
    assert grade()[:2] == (status, rows)


def test_grades_are_written_where_one_says(grade, hand_in, tmp_path):
    hand_in("kim/04_numpy.ipynb", "mse")
    places = [tmp_path / "a" / "marks.csv", tmp_path / "b"]
    assert grade("--csv", str(places[0]), "--feedback", str(places[1]))[0] == 0
    assert places[0].is_file()
    assert (places[1] / "kim" / "04_numpy.html").is_file()


def test_lateness_costs_points_and_stays_in_the_gradebook(grade, hand_in):
    hand_in("kim/04_numpy.ipynb", "mse", when=MARCH)
    hand_in("lee/04_numpy.ipynb", "mse", when=MARCH.replace(day=2))
    status, rows, _ = grade("--due", "2026-03-01T18:00Z", "--late", "10%/day")
    assert status == 0
    assert {row["student"]: (row["score"], row["penalty"]) for row in rows} == {
        "kim": ("2", "0"),
        "lee": ("1.4", "0.6"),
    }
    hand_in("park/04_numpy.ipynb", "mse", when=MARCH.replace(day=4))
    assert {row["student"]: row["penalty"] for row in grade()[1]}["park"] == "1.8"
    assert {row["penalty"] for row in grade("--late", "none")[1]} == {"0"}


def test_due_date_of_one_exercise_comes_before_that_of_all(grade, hand_in):
    hand_in("kim/04_numpy.ipynb", "mse", when=MARCH)
    hand_in("kim/05_pytorch.ipynb", "mse", when=MARCH)
    words = ("--due", "04_numpy=2026-04-01", "--due", "2026-02-01", "--late", "50%")
    assert [row["penalty"] for row in grade(*words)[1]] == ["0", "3"]


def test_what_canvas_calls_late_and_the_time_does_not_is_reported(grade, hand_in):
    hand_in("kim_LATE_1_2_04_numpy.ipynb", "mse", when=MARCH)
    assert grade()[0] == 0
    status, _, errors = grade("--due", "2026-04-01", "--late", "10%/day")
    assert (status, "Canvas calls it late" in errors) == (1, True)


def test_late_rule_without_a_due_date_is_pointed_out(grade, hand_in):
    hand_in("kim/04_numpy.ipynb", "mse")
    assert "04_numpy has no due date: nothing is late" in grade("--late", "10%/day")[2]


def test_one_question_is_regraded(grade, hand_in):
    hand_in("kim/04_numpy.ipynb", "mse")
    hand_in("kim/05_pytorch.ipynb", "mse")
    grade()
    status, _, errors = grade("--regrade", "mse")
    assert (status, "say 04_numpy/mse or 05_pytorch/mse" in errors) == (1, True)
    assert grade("--regrade", "04_numpy/mse")[0] == 0
    status, _, errors = grade("--regrade", "04_numpy/nothing")
    assert (status, "expected the name of a question" in errors) == (1, True)


def test_not_graded_is_tried_again_on_request(grade, hand_in, monkeypatch):
    hand_in("kim/04_numpy.ipynb", "mse")
    real = work.grade_notebook

    def fail(*_, **__):
        raise OSError("the disk is full")

    monkeypatch.setattr(work, "grade_notebook", fail)
    assert "OSError: the disk is full" in grade()[2]
    monkeypatch.setattr(work, "grade_notebook", real)
    assert grade()[0] == 1
    status, rows, _ = grade("--retry")
    assert (status, rows[0]["score"]) == (0, "2")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--late", "a lot"), "expected a late rule"),
        (("--jobs", "many"), "invalid int value"),
        (("--nothing",), "unrecognized arguments"),
    ],
)
def test_wrong_words_end_with_status_2(grade, hand_in, capsys, words, message):
    hand_in("kim/04_numpy.ipynb")
    with pytest.raises(SystemExit) as stop:
        grade(*words)
    assert stop.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--due", "soon"), "expected a due date"),
        (("--due", "99_none=2026-03-01"), "expected one of 04_numpy, 05_pytorch"),
        (("--jobs", "0"), "at least 1 job"),
        (("--solutions", "nowhere"), "--solutions DIR"),
        (("--scheduler", "tcp://127.0.0.1:9"), "no Dask scheduler answers"),
    ],
)
def test_wrong_values_are_explained(grade, hand_in, monkeypatch, words, message):
    hand_in("kim/04_numpy.ipynb")
    if "--scheduler" in words:
        refusal = PoolLostError("no Dask scheduler answers at tcp://127.0.0.1:9")

        def refuse(*_, **__):
            raise refusal

        monkeypatch.setattr(cli, "DaskPool", refuse)
    status, _, errors = grade(*words)
    assert status == 1
    assert message in errors
    assert "Traceback" not in errors


def test_missing_submissions_are_named(grade):
    status, _, errors = grade(paths=("nowhere",))
    assert (status, "nowhere is not there" in errors) == (1, True)


def test_without_a_sandbox_nothing_is_graded_unless_one_insists(grade, hand_in, monkeypatch):
    hand_in("kim/04_numpy.ipynb", "mse")
    monkeypatch.setattr(work, "sandbox_available", lambda: "there is no bubblewrap")
    status, rows, errors = grade()
    assert (status, rows) == (1, [])
    assert "there is no bubblewrap" in errors
    assert "--unsandboxed" in errors
    status, rows, errors = grade("--unsandboxed")
    assert (status, rows[0]["score"]) == (0, "2")
    assert "can read, change and send all that you can" in errors


@pytest.mark.parametrize("error", [KeyboardInterrupt(), PoolLostError("no worker for 60 s")])
def test_stopped_run_keeps_what_it_has_and_lists_the_rest(grade, hand_in, monkeypatch, error):
    hand_in("kim/04_numpy.ipynb", "mse")
    grade()
    hand_in("lee/04_numpy.ipynb", "mse")

    def stop(*_, **__):
        raise error

    monkeypatch.setattr(cli, "grade_submissions", stop)
    status, rows, errors = grade()
    assert status == 1
    assert [row["student"] for row in rows] == ["kim"]
    assert "lee/04_numpy.ipynb: not graded, because the run did not come to it" in errors


def test_summary_is_written(grade, hand_in, tmp_path, capsys):
    for number in range(4):
        hand_in(f"student{number}/04_numpy.ipynb", *(["mse"] if number % 2 else ["bits"]))
    grade()
    gradebook = str(tmp_path / "marks" / "gradebook.db")
    assert main(["summary", gradebook, "--to", str(tmp_path / "summary")]) == 0
    assert "index.html" in capsys.readouterr().err
    assert "mse" in (tmp_path / "summary" / "items.csv").read_text()
    assert main(["summary", "nowhere.db", "--to", str(tmp_path / "summary")]) == 1
    assert "nowhere.db is not there" in capsys.readouterr().err


def test_missing_extra_is_named(monkeypatch, capsys):
    real = builtins.__import__

    def without(name, *words, **named):
        if name.startswith("aecourse.grading.cli"):
            raise ModuleNotFoundError("No module named 'nbgrader'", name="nbgrader")
        return real(name, *words, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    assert main(["grade", "submissions", "--to", "gradebook.db"]) == 1
    assert "pip install 'aecourse[grade]'" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "grade" in capsys.readouterr().out


def test_other_commands_do_not_import_what_grading_needs(environment):
    code = (
        "import sys; from aecourse.cli import main; main(['data']); "
        "print({'nbgrader', 'sqlalchemy', 'dask'} & set(sys.modules))"
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "set()"


# Marking texts with formgrader


ANSWER = "A saturated sigmoid: <script>alert(1)</script>\n~~~~\n<img src=x onerror=alert(2)>"


def cell(kind, source, grade_id=None, **more):
    metadata = {"nbgrader": {"grade_id": grade_id, "points": 99}} if grade_id else {}
    return {"cell_type": kind, "source": source, "metadata": metadata, **more}


@pytest.fixture
def notebook():
    output = {"output_type": "display_data", "data": {"text/html": "<script>"}, "metadata": {}}
    cells = [
        cell("code", ["def mse(x, y):\n", "    pass"], "mse-answer", outputs=[output]),
        cell("markdown", ANSWER, "why", attachments={"x": {"image/svg+xml": "<script>"}}),
        cell("raw", "<script>"),
    ]
    return json.dumps({"cells": cells, "metadata": {"kernelspec": {"name": "evil"}}}).encode()


def test_marking_copy_holds_text_and_nothing_that_runs(notebook, solutions):
    nbformat = pytest.importorskip("nbformat")
    copy = json.loads(marking_copy(notebook, load_judge(solutions / EXERCISE)))
    nbformat.validate(nbformat.from_dict(copy))
    assert copy["metadata"] == {}
    for each in copy["cells"]:
        assert "attachments" not in each
        assert each.get("outputs", []) == []
        if each["cell_type"] == "markdown" and "<" in each["source"]:
            fence, *_, last = each["source"].splitlines()
            assert fence == f"{last}text"
            assert last.strip("~") == ""
            assert each["source"].count(last) == 2
    marked = [each["metadata"]["nbgrader"] for each in copy["cells"] if each["metadata"]]
    assert {each["grade_id"]: each["points"] for each in marked} == {"mse": 2, "bits": 1, "why": 3}


def test_marking_copy_of_lost_metadata_has_a_cell_for_each_question(solutions):
    content = json.dumps({"cells": [cell("markdown", "My answer")]}).encode()
    copy = json.loads(marking_copy(content, load_judge(solutions / EXERCISE)))
    names = [each["metadata"]["nbgrader"]["grade_id"] for each in copy["cells"][1:]]
    assert names == ["mse", "bits", "why"]
    assert "has lost its name" in copy["cells"][-1]["source"]


def test_marking_copy_shows_two_answers_of_one_name_but_marks_one(solutions):
    cells = [cell("markdown", "first", "why"), cell("markdown", "second", "why")]
    copy = json.loads(
        marking_copy(json.dumps({"cells": cells}).encode(), load_judge(solutions / EXERCISE))
    )
    assert [bool(each["metadata"]) for each in copy["cells"]] == [True, False, True, True]


@pytest.mark.parametrize("content", [b"", b"[]", b'{"cells": 1}', b'{"cells": [1]}', b"\xff"])
def test_what_is_no_notebook_has_no_marking_copy(content, solutions):
    with pytest.raises(ValueError, match="expected a notebook"):
        marking_copy(content, load_judge(solutions / EXERCISE))


def test_formgrader_finds_copy_and_gradebook(grade, hand_in, tmp_path, notebook):
    file = hand_in("kim/04_numpy.ipynb", "mse")
    plan = {**json.loads(notebook), **json.loads(file.read_text())}
    file.write_text(json.dumps(plan))
    hand_in("lee/04_numpy.ipynb", "mse")
    status, _, errors = grade("--marking", str(tmp_path / "course"))
    assert status == 0
    assert "lee/04_numpy.ipynb: no copy to mark" in errors
    assert (tmp_path / "course" / "autograded" / "kim" / EXERCISE / "04_numpy.ipynb").is_file()

    from traitlets.config import Config

    config = Config()
    code = (tmp_path / "course" / "nbgrader_config.py").read_text()
    exec(code, {"get_config": lambda: config})  # noqa: S102
    with NbgraderGradebook(config.CourseDirectory.db_url) as nbgrader:
        submitted = nbgrader.find_submission_notebook(EXERCISE, EXERCISE, "kim")
        assert submitted.needs_manual_grade


# The real judge and the real sandbox


@pytest.mark.skipif(sandbox_available() is not None, reason="no sandbox here")
def test_real_notebooks_get_real_marks(tmp_path, solutions, capsys):
    right = "import numpy as np\ndef mse(x, y):\n    return np.mean((x - y) ** 2)\nbits = 256"
    wrong = "import numpy as np\ndef mse(x, y):\n    return np.sum((x - y) ** 2)\nbits = 32"
    for student, source in {"kim": right, "lee": wrong, "park": "x = "}.items():
        path = tmp_path / "submissions" / student / "04_numpy.ipynb"
        path.parent.mkdir(parents=True)
        code = {**cell("code", source), "outputs": [], "execution_count": None}
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
        content = {"cells": [code], "metadata": kernel, "nbformat": 4, "nbformat_minor": 4}
        path.write_text(json.dumps(content))
    words = ["grade", str(tmp_path / "submissions"), "--to", str(tmp_path / "gradebook.db")]
    assert main([*words, "--solutions", str(solutions)]) == 0, capsys.readouterr().err
    with (tmp_path / "grades.csv").open(newline="") as file:
        scores = {row["student"]: row["score"] for row in csv.DictReader(file)}
    assert scores == {"kim": "3", "lee": "0", "park": "0"}
    page = (tmp_path / "feedback" / "lee" / "04_numpy.html").read_text(encoding="utf-8")
    assert "The sum: Divide." in page
    assert "Bytes: A byte has 8 bits." in page
