import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import pytest
from dask.distributed import Client
from sqlalchemy import select, update

from aecourse.grading import run, work
from aecourse.grading.claims import Claims
from aecourse.grading.database import judgements
from aecourse.grading.gradebook import Gradebook
from aecourse.grading.pools import DaskPool, LocalPool, PoolLostError
from aecourse.grading.results import read_results, write_grades
from aecourse.grading.run import grade_submissions, load_judges
from aecourse.grading.submissions import find_submissions

EXERCISE = "04_numpy"
FAKE = Path(__file__).parent / "fake_grader.py"
PROGRAM = """
import sys
import fake_grader
fake_grader.install()
from aecourse.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def log(tmp_path):
    """What the fake grader was asked to judge, a line each time."""
    path = tmp_path / "log"
    path.touch()
    return path


@pytest.fixture
def hand_in(tmp_path, fake, log):
    def write(student, *right, exercise=EXERCISE, **plan):
        path = tmp_path / "submissions" / student / f"{exercise}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(fake.notebook(*right, log=str(log), name=student, **plan))
        return path

    return write


@pytest.fixture
def grade(tmp_path, judges, fake_grading):  # noqa: ARG001 -- it puts the fake in place
    def grade_all(gradebook, *, pool=None, question=None):
        found = find_submissions([tmp_path / "submissions"], judges)
        for judge in judges.values():
            gradebook.prepare(judge.file)
        return grade_submissions(
            gradebook,
            found.submissions,
            judges,
            pool or LocalPool(2),
            question=question,
            progress=False,
        )

    return grade_all


@pytest.fixture
def start(solutions, tmp_path, environment):
    """Start the command line in a process of its own."""
    started = []

    def start_one(database, *words):
        with (tmp_path / f"errors{len(started)}").open("w") as errors:
            process = subprocess.Popen(  # noqa: S603
                [
                    *(sys.executable, "-c", PROGRAM, "grade", str(tmp_path / "submissions")),
                    *("--to", database, "--solutions", str(solutions), "--jobs", "2"),
                    *("--csv", str(tmp_path / "grades.csv"), *words),
                ],
                env=environment,
                cwd=tmp_path,
                stderr=errors,
            )
        process.errors = tmp_path / f"errors{len(started)}"
        started.append(process)
        return process

    yield start_one
    for process in started:
        process.kill()
        process.wait()


def assert_success(process):
    assert process.wait(timeout=120) == 0, process.errors.read_text()


def judged(log):
    return Counter(log.read_text().split())


def statuses(gradebook):
    return Counter(result.status for result in read_results(gradebook))


def wait_until(condition, *, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def test_everything_is_judged_once_and_runs_can_be_repeated(sqlite, hand_in, grade, log):
    for number in range(6):
        hand_in(f"student{number}", "mse")
    hand_in("student0", "mse", "bits", exercise="05_pytorch")
    with Gradebook(sqlite) as gradebook:
        for _ in range(2):
            assert grade(gradebook) == []
        assert len(list(read_results(gradebook))) == 7
        assert [r.score for r in read_results(gradebook, {"05_pytorch"})] == [3.0]
    assert judged(log) == Counter({"student0": 2} | {f"student{n}": 1 for n in range(1, 6)})


def test_changed_notebook_and_changed_judge_are_judged_again(
    sqlite, hand_in, grade, log, solutions, judges, monkeypatch
):
    hand_in("kim", "mse")
    hand_in("lee", "mse")
    with Gradebook(sqlite) as gradebook:
        grade(gradebook)
        time.sleep(0.01)
        hand_in("kim", "bits")
        grade(gradebook)
        assert judged(log) == {"kim": 2, "lee": 1}
        path = solutions / EXERCISE / "judge.py"
        path.write_text(path.read_text() + "# another judge\n")
        for name, judge in load_judges(solutions).items():
            monkeypatch.setitem(judges, name, judge)
        grade(gradebook)
        assert judged(log) == {"kim": 3, "lee": 2}
        assert statuses(gradebook) == {"needs a person": 2}


def test_unreadable_and_failing_notebooks_have_a_reason(sqlite, hand_in, grade, tmp_path):
    hand_in("kim", "mse")
    hand_in("lee", **{"raise": "out of luck"})
    os.truncate(hand_in("park"), 60_000_000)
    hand_in("choi", reason="its kernel is Julia")
    with Gradebook(sqlite) as gradebook:
        grade(gradebook)
        results = list(read_results(gradebook))
    reasons = {result.student: result.reason for result in results}
    assert reasons == {
        "kim": "to be marked by a person: why",
        "lee": "the grader failed: RuntimeError: out of luck",
        "park": "the file cannot be read: expected at most 50,000,000 bytes, got more",
        "choi": "its kernel is Julia",
    }
    write_grades(results, tmp_path / "grades.csv")
    with (tmp_path / "grades.csv").open(newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert (rows["kim"]["score"], rows["kim"]["max"], rows["kim"]["04_numpy/mse"]) == (
        "2",
        "6",
        "2",
    )
    assert (rows["lee"]["score"], rows["lee"]["status"]) == ("", "not graded")
    assert rows["lee"]["04_numpy/mse"] == ""


def test_only_the_named_question_is_judged_again(sqlite, hand_in, grade, log):
    hand_in("kim", "mse", "bits")
    hand_in("lee", "mse")
    with Gradebook(sqlite) as gradebook:
        grade(gradebook)
        hand_in("park", "mse")
        assert grade(gradebook, question="bits") == []
        assert judged(log) == {"kim": 2, "lee": 2}
        assert len(list(read_results(gradebook))) == 2


def test_failed_regrade_is_reported(sqlite, hand_in, grade, monkeypatch):
    hand_in("kim", "mse")
    with Gradebook(sqlite) as gradebook:
        grade(gradebook)

        def fail(*_, **__):
            raise RuntimeError("no memory")

        monkeypatch.setattr(work, "grade_notebook", fail)
        (problem,) = grade(gradebook, question="mse")
        assert "mse was not judged again, because the grader failed" in problem.reason
        assert [result.score for result in read_results(gradebook)] == [2.0]


class Interrupted(LocalPool):
    def wait(self, seconds):  # noqa: ARG002
        raise KeyboardInterrupt


def test_interrupted_run_gives_its_claims_back(sqlite, hand_in, grade):
    hand_in("kim", "mse")
    with Gradebook(sqlite) as gradebook:
        with pytest.raises(KeyboardInterrupt):
            grade(gradebook, pool=Interrupted(1))
        states = gradebook.session.scalars(select(judgements.c.state)).all()
        assert states == ["pending"]
        grade(gradebook)
        assert statuses(gradebook) == {"needs a person": 1}


def test_notebook_that_stops_the_grader_each_time_is_given_up(sqlite, hand_in, grade, log):
    hand_in("kim", "mse")
    with Gradebook(sqlite) as gradebook:
        with pytest.raises(KeyboardInterrupt):
            grade(gradebook, pool=Interrupted(1))
        with gradebook.writing() as session:
            session.execute(update(judgements).values(attempts=5))
        log.write_text("")
        grade(gradebook)
        (result,) = read_results(gradebook)
    assert (result.status, judged(log)) == ("not graded", {})
    assert "stopped 5 times" in result.reason


def test_claims_are_kept_alive_while_a_notebook_takes_long(sqlite, hand_in, grade, monkeypatch):
    monkeypatch.setattr(run, "_BEAT_SECONDS", 0.0)
    beats = []
    monkeypatch.setattr(Claims, "beat", lambda self: beats.append(self))
    hand_in("kim", "mse", seconds=0.2)
    with Gradebook(sqlite) as gradebook:
        grade(gradebook)
    assert beats


def test_killed_run_goes_on_where_it_was(database, hand_in, start, log):
    students = [f"student{number:02}" for number in range(12)]
    for student in students:
        hand_in(student, "mse", seconds=0.2)
    first = start(database)
    wait_until(lambda: len(judged(log)) >= 5)
    first.send_signal(signal.SIGKILL)
    first.wait()
    with Gradebook(database) as gradebook:
        before = {result.student for result in read_results(gradebook)}
    assert 0 < len(before) < 12
    assert_success(start(database))
    counts = judged(log)
    assert set(counts) == set(students)
    assert {counts[student] for student in before} == {1}
    # Only those that were under way when the power went are judged a second time.
    assert sum(counts.values()) <= 12 + 3
    with Gradebook(database) as gradebook:
        assert statuses(gradebook) == {"needs a person": 12}
        rows = gradebook.session.execute(select(judgements)).all()
        assert [(row.state, row.counts) for row in rows] == [("judged", True)] * 12


def test_two_runs_at_once_share_the_work(database, hand_in, start, log):
    for number in range(16):
        hand_in(f"student{number:02}", "mse", seconds=0.2)
    for process in [start(database), start(database)]:
        assert_success(process)
    assert judged(log) == Counter(f"student{number:02}" for number in range(16))
    with Gradebook(database) as gradebook:
        assert [result.score for result in read_results(gradebook)] == [2.0] * 16


def test_number_of_jobs_is_positive():
    with pytest.raises(ValueError, match="at least 1 job"):
        LocalPool(0)


# Beyond one machine: a scheduler and workers, each a process of its own on loopback.


@contextmanager
def dask_scheduler(folder, environment):
    file = folder / "scheduler.json"
    with (folder / "scheduler.log").open("w") as log:
        process = subprocess.Popen(  # noqa: S603
            [
                *(sys.executable, "-m", "dask", "scheduler", "--host", "127.0.0.1", "--port", "0"),
                *("--no-dashboard", "--scheduler-file", str(file)),
            ],
            stderr=log,
            cwd=folder,
            # Two workers may die over a task, not four: each takes seconds to start again.
            env={**environment, "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"},
        )
    try:
        wait_until(lambda: file.exists() and file.read_text().endswith("}"))
        yield process, json.loads(file.read_text())["address"]
    finally:
        process.kill()
        process.wait()


@contextmanager
def dask_worker(address, folder, environment, number=0, preload=FAKE):
    with (folder / f"worker{number}.log").open("w") as log:
        process = subprocess.Popen(  # noqa: S603
            [
                *(sys.executable, "-m", "dask", "worker", address, "--host", "127.0.0.1"),
                *("--nthreads", "1", "--no-dashboard", "--local-directory", str(folder)),
                *("--preload", str(preload)),
            ],
            env=environment,
            stderr=log,
            cwd=folder,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory, environment):
    with dask_scheduler(tmp_path_factory.mktemp("dask"), environment) as (_, address):
        yield address


@pytest.fixture
def workers(scheduler, tmp_path, environment):
    with (
        dask_worker(scheduler, tmp_path, environment, 0) as first,
        dask_worker(scheduler, tmp_path, environment, 1) as second,
    ):
        yield first, second


@pytest.fixture
def pool(scheduler, workers):  # noqa: ARG001 -- they have to be there
    with Client(scheduler, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=120)
    return DaskPool(scheduler, patience=60)


def test_killed_worker_loses_nothing(sqlite, hand_in, grade, pool, workers, log):
    for number in range(10):
        hand_in(f"student{number}", "mse", seconds=0.3)
    with Gradebook(sqlite) as gradebook:
        original = pool.wait

        def wait(seconds):
            # In the middle, once: nanny and worker of one of the two.
            if len(judged(log)) >= 3 and workers[0].poll() is None:
                os.killpg(workers[0].pid, signal.SIGKILL)
                workers[0].wait()
            return original(seconds)

        pool.wait = wait
        assert grade(gradebook, pool=pool) == []
        assert workers[0].returncode == -signal.SIGKILL
        assert [result.score for result in read_results(gradebook)] == [2.0] * 10
    assert len(judged(log)) == 10


def test_notebook_that_kills_its_worker_ends_with_a_reason(sqlite, hand_in, grade, pool):
    hand_in("killer", "mse", die=True)
    for number in range(6):
        hand_in(f"student{number}", "mse", seconds=0.1)
    with Gradebook(sqlite) as gradebook:
        grade(gradebook, pool=pool)
        results = {result.student: result for result in read_results(gradebook)}
    assert results["killer"].status == "not graded"
    assert results["killer"].reason == "it ended every worker that judged it, also alone"
    assert {results[f"student{number}"].score for number in range(6)} == {2.0}


def test_cluster_without_workers_is_named(scheduler):
    with pytest.raises(PoolLostError, match="has no worker — start some: dask worker"):
        DaskPool(scheduler, patience=0.5)


def test_missing_scheduler_is_named():
    with pytest.raises(PoolLostError, match="no Dask scheduler answers at"):
        DaskPool("tcp://127.0.0.1:9", patience=1)


def test_lost_scheduler_ends_the_run_and_leaves_nothing_claimed(
    sqlite, hand_in, grade, tmp_path, environment, log
):
    for number in range(6):
        hand_in(f"student{number}", "mse", seconds=0.3)
    with (
        dask_scheduler(tmp_path, environment) as (process, address),
        dask_worker(address, tmp_path, environment),
        Gradebook(sqlite) as gradebook,
    ):
        pool = DaskPool(address, patience=30)
        original = pool.wait

        def wait(seconds):
            if len(judged(log)) >= 2:
                process.kill()
            return original(seconds)

        pool.wait = wait
        with pytest.raises(PoolLostError, match="the (scheduler|worker) is gone"):
            grade(gradebook, pool=pool)
        states = set(gradebook.session.scalars(select(judgements.c.state)))
        assert states <= {"judged", "pending"}
        grade(gradebook)
        assert [result.score for result in read_results(gradebook)] == [2.0] * 6


def test_cluster_that_cannot_judge_is_refused(scheduler, tmp_path, environment):
    preload = tmp_path / "broken.py"
    preload.write_text(
        "from aecourse.grading import work\nwork.sandbox_available = lambda: 'no bubblewrap'\n"
    )
    with (
        dask_worker(scheduler, tmp_path, environment, preload=preload),
        pytest.raises(PoolLostError, match=r"cannot judge:\n  tcp://127.0.0.1:\d+: no bubblewrap"),
    ):
        DaskPool(scheduler, patience=60)
