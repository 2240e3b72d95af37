import json
import os
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from nbgrader.api import Gradebook as NbgraderGradebook
from sqlalchemy import create_engine, func, select, text, update

from aecourse.grading.again import ask_again, judge_again
from aecourse.grading.claims import Claims, Key
from aecourse.grading.database import GradebookError, database_url, judgements
from aecourse.grading.gradebook import Gradebook
from aecourse.grading.late import LateRule, parse_due
from aecourse.grading.marks import charge_lateness
from aecourse.grading.ownership import is_gone, process_name
from aecourse.grading.results import read_results

EXERCISE = "04_numpy"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def gradebook(database, judges):
    with Gradebook(database) as gradebook:
        gradebook.prepare(judges[EXERCISE].file)
        yield gradebook


@pytest.fixture
def hand_in(gradebook, judges, fake):
    """Judge one notebook and write it down."""

    def judge(student, *right, when=NOON, judge_file=judges[EXERCISE].file, **plan):
        content = fake.notebook(*right, **plan)
        outcome = fake.grade_notebook(content, judge_file, seed=1)
        claims = Claims(gradebook)
        key = Key(EXERCISE, student, outcome.digest, outcome.judge_digest)
        claim = claims.take(key, submitted_at=when, origin=f"{student}/{EXERCISE}.ipynb")
        if claim == "done":
            return claim
        assert claims.finish(claim, outcome)
        return claim

    return judge


def result_of(gradebook, student="kim"):
    return next(result for result in read_results(gradebook) if result.student == student)


def marks_of(gradebook, student="kim"):
    return {question.name: question.score for question in result_of(gradebook, student).questions}


def give(gradebook, question, score, student="kim"):
    """Mark as a person does in formgrader."""
    address = gradebook.url.render_as_string(hide_password=False)
    with NbgraderGradebook(address) as nbgrader:
        grade = nbgrader.find_grade(question, EXERCISE, EXERCISE, student)
        grade.manual_score = score
        grade.needs_manual_grade = False
        nbgrader.db.commit()


def test_nbgrader_reads_marks(gradebook, hand_in):
    hand_in("kim", "mse")
    with NbgraderGradebook(gradebook.url.render_as_string(hide_password=False)) as nbgrader:
        submission = nbgrader.find_submission(EXERCISE, "kim")
        assert (submission.score, submission.max_score) == (2.0, 6.0)
        assert (submission.code_score, submission.max_written_score) == (2.0, 3.0)
        assert submission.timestamp == NOON.replace(tzinfo=None)
        grades = {
            name: nbgrader.find_grade(name, EXERCISE, EXERCISE, "kim")
            for name in ("mse", "bits", "why")
        }
        assert [grade.auto_score for grade in grades.values()] == [2.0, 0.0, None]
        assert [g.needs_manual_grade for g in grades.values()] == [False, False, True]
        comment = nbgrader.find_comment("bits-answer", EXERCISE, EXERCISE, "kim")
        assert comment.comment == "The sum: Divide."


def test_result_is_a_mark_or_says_why_not(gradebook, hand_in):
    hand_in("kim", "mse", "bits")
    hand_in("이준호", reason="the notebook is no JSON")
    waiting, refused = result_of(gradebook), result_of(gradebook, "이준호")
    assert (waiting.status, waiting.score) == ("needs a person", 3.0)
    assert waiting.reason == "to be marked by a person: why"
    assert (refused.status, refused.score) == ("not graded", None)
    assert refused.reason == "the notebook is no JSON"
    assert set(marks_of(gradebook, "이준호").values()) == {None}
    give(gradebook, "why", 2.5)
    assert (result_of(gradebook).status, result_of(gradebook).score) == ("graded", 5.5)


def test_person_may_mark_what_could_not_be_graded(gradebook, hand_in):
    hand_in("kim", reason="the notebook is no JSON")
    for question in ("mse", "bits", "why"):
        give(gradebook, question, 1.0)
    assert (result_of(gradebook).status, result_of(gradebook).score) == ("graded", 3.0)


def test_mark_by_a_person_is_never_overwritten(gradebook, hand_in):
    hand_in("kim", "mse")
    give(gradebook, "mse", 1.5)
    give(gradebook, "why", 3.0)
    hand_in("kim", "bits", when=NOON + timedelta(days=1))
    assert marks_of(gradebook) == {"mse": 1.5, "bits": 1.0, "why": 3.0}
    result = result_of(gradebook)
    assert result.status == "needs a person"
    assert result.reason == "handed in again since a person marked it: mse, why"


def test_newest_notebook_counts_and_older_ones_are_kept(gradebook, hand_in):
    hand_in("kim", "mse", when=NOON + timedelta(days=1))
    hand_in("kim", when=NOON)
    assert marks_of(gradebook)["mse"] == 2.0
    hand_in("kim", "mse", "bits", when=NOON + timedelta(days=2))
    assert marks_of(gradebook)["bits"] == 1.0
    rows = gradebook.session.execute(select(judgements)).all()
    assert sorted(row.counts for row in rows) == [False, False, True]
    # The first again, as the latest: no new judgement, but it counts now.
    assert hand_in("kim", "mse", when=NOON + timedelta(days=3)) == "done"
    assert marks_of(gradebook)["bits"] == 0.0
    assert result_of(gradebook).submitted_at == (NOON + timedelta(days=3)).replace(tzinfo=None)


def test_copy_with_a_later_time_is_no_resubmission(gradebook, hand_in):
    hand_in("kim", "mse")
    hand_in("kim", "mse", when=NOON + timedelta(days=9))
    assert result_of(gradebook).submitted_at == NOON.replace(tzinfo=None)


def test_resubmission_that_cannot_be_graded_hides_no_mark(gradebook, hand_in):
    hand_in("kim", "mse")
    hand_in("kim", reason="the notebook is empty", when=NOON + timedelta(days=1))
    assert result_of(gradebook).status == "not graded"


def test_new_judge_judges_anew_without_a_new_time(gradebook, hand_in, judges):
    hand_in("kim", "mse")
    changed = replace(judges[EXERCISE].file, digest="changed")
    assert hand_in("kim", "mse", judge_file=changed, when=NOON + timedelta(days=9)) != "done"
    assert result_of(gradebook).submitted_at == NOON.replace(tzinfo=None)
    rows = gradebook.session.execute(select(judgements)).all()
    assert {row.judge_digest: row.counts for row in rows} == {
        judges[EXERCISE].file.digest: False,
        "changed": True,
    }


def test_questions_that_come_and_go(gradebook, hand_in, judges):
    hand_in("kim", "mse")
    file = judges[EXERCISE].file
    _, bits, why = file.questions
    more = replace(file, questions=(bits, replace(bits, name="bytes"), why), digest="2")
    give(gradebook, "why", 1.0)
    assert gradebook.prepare(more) == []
    hand_in("kim", "bits", judge_file=more)
    assert marks_of(gradebook) == {"bits": 1.0, "bytes": 0.0, "why": 1.0}
    assert gradebook.prepare(replace(file, questions=(bits,))) == ["why"]
    assert marks_of(gradebook) == {"bits": 1.0, "why": 1.0}


@pytest.mark.parametrize(
    ("rule", "late", "points"),
    [
        ("10%/day", timedelta(seconds=-1), 0.0),
        ("10%/day", timedelta(0), 0.0),
        ("10%/day", timedelta(seconds=1), 0.6),
        ("10%/day", timedelta(days=1), 0.6),
        ("10%/day", timedelta(days=1, seconds=1), 1.2),
        ("10%/day", timedelta(days=99), 6.0),
        ("5 % / hour", timedelta(minutes=90), 0.6),
        ("50%/week", timedelta(days=8), 6.0),
        ("25%", timedelta(days=8), 1.5),
        ("none", timedelta(days=8), 0.0),
    ],
)
def test_late_rule_takes_points_off(sqlite, judges, fake, rule, late, points):
    with Gradebook(sqlite) as gradebook:
        gradebook.prepare(judges[EXERCISE].file, due=NOON, late=LateRule.parse(rule))
        claims = Claims(gradebook)
        outcome = fake.grade_notebook(fake.notebook("mse"), judges[EXERCISE].file, seed=1)
        key = Key(EXERCISE, "kim", outcome.digest, outcome.judge_digest)
        claims.finish(claims.take(key, submitted_at=NOON + late, origin=""), outcome)
        result = result_of(gradebook)
        assert result.penalty == pytest.approx(points)
        assert result.score == pytest.approx(max(0.0, 2.0 - points))


def test_extension_by_nbgrader_and_new_due_date_count(gradebook, hand_in, judges):
    file = judges[EXERCISE].file
    gradebook.prepare(file, due=NOON, late=LateRule.parse("10%/day"))
    hand_in("kim", "mse", when=NOON + timedelta(hours=30))
    assert result_of(gradebook).penalty == pytest.approx(1.2)
    address = gradebook.url.render_as_string(hide_password=False)
    with NbgraderGradebook(address) as nbgrader:
        nbgrader.grant_extension(EXERCISE, "kim", days=1)
    charge_lateness(gradebook, {EXERCISE})
    assert result_of(gradebook).penalty == pytest.approx(0.6)
    gradebook.prepare(file, due=NOON + timedelta(days=1))
    charge_lateness(gradebook, {EXERCISE})
    assert result_of(gradebook).penalty == 0.0
    assert str(gradebook.late_rule()) == "10%/day"


@pytest.mark.parametrize("text", ["10", "ten percent", "101%/day", "-1%", "10%/year", ""])
def test_what_is_no_late_rule_is_named(text):
    with pytest.raises(ValueError, match="expected a late rule such as"):
        LateRule.parse(text)


def test_due_date_alone_ends_with_its_day():
    assert parse_due("2026-03-01T00:00Z") == datetime(2026, 3, 1, tzinfo=UTC)
    assert parse_due("2026-03-01") - parse_due("2026-03-01T00:00") == timedelta(seconds=86399)
    with pytest.raises(ValueError, match="expected a due date such as"):
        parse_due("tomorrow")


def test_one_question_is_judged_again_and_nothing_else_changes(gradebook, hand_in, judges, fake):
    claim = hand_in("kim", "mse")
    hand_in("lee", reason="no JSON")
    give(gradebook, "why", 2.0)
    claims = Claims(gradebook)
    new = replace(judges[EXERCISE].file, digest="new")
    key = replace(claim.key, judge_digest="new")
    assert ask_again(gradebook, [key, replace(key, student="lee")], "bits") == [key]
    # A stopped run goes on with what it left.
    assert ask_again(gradebook, [key], "bits") == [key]
    again = claims.take(key, submitted_at=NOON, origin="")
    assert again.question == "bits"
    outcome = fake.grade_notebook(fake.notebook("bits"), new, seed=2)
    assert claims.finish(again, outcome)
    assert marks_of(gradebook) == {"mse": 2.0, "bits": 1.0, "why": 2.0}
    assert result_of(gradebook).status == "graded"
    assert claims.take(key, submitted_at=NOON, origin="") == "done"


def test_failed_regrade_leaves_the_mark(gradebook, hand_in, judges, fake):
    claim = hand_in("kim", "mse")
    claims = Claims(gradebook)
    ask_again(gradebook, [claim.key], "mse")
    again = claims.take(claim.key, submitted_at=NOON, origin="")
    failed = fake.grade_notebook(fake.notebook(reason="a fault"), judges[EXERCISE].file, seed=2)
    assert claims.finish(again, failed)
    assert (result_of(gradebook).status, marks_of(gradebook)["mse"]) == ("needs a person", 2.0)


def test_not_graded_can_be_judged_again(gradebook, hand_in):
    hand_in("kim", "mse")
    assert hand_in("lee", reason="no bubblewrap") != "done"
    assert hand_in("lee", reason="no bubblewrap") == "done"
    assert judge_again(gradebook, {EXERCISE}) == 1
    assert hand_in("lee", reason="no bubblewrap").attempts == 1
    assert hand_in("kim", "mse") == "done"


KEY = Key(EXERCISE, "kim", "a" * 64, "b" * 64)


def test_two_graders_do_not_take_the_same(gradebook):
    mine, theirs = Claims(gradebook), Claims(gradebook)
    assert mine.take(KEY, submitted_at=None, origin="").attempts == 1
    assert theirs.take(KEY, submitted_at=None, origin="") == "busy"
    mine.release()
    assert theirs.take(KEY, submitted_at=None, origin="").attempts == 1


def test_claim_of_a_dead_process_is_taken_over(gradebook, environment, fake, judges):
    code = "from aecourse.grading.ownership import process_name; print(process_name())"
    dead = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    ).stdout.strip()
    assert is_gone(dead)
    assert not is_gone(process_name())
    first, second = Claims(gradebook), Claims(gradebook)
    first.owner = dead
    lost = first.take(KEY, submitted_at=None, origin="")
    taken = second.take(KEY, submitted_at=None, origin="")
    assert taken.attempts == 2
    outcome = fake.grade_notebook(fake.notebook("mse"), judges[EXERCISE].file, seed=1)
    assert not first.finish(lost, outcome)
    assert second.finish(taken, outcome)
    assert not second.finish(taken, outcome)


def test_claim_of_another_machine_is_taken_over_when_it_is_silent(gradebook):
    far, near = Claims(gradebook), Claims(gradebook, stale_seconds=0.2)
    far.owner = "another machine|boot|1|2|3|abc"
    far.take(KEY, submitted_at=None, origin="")
    assert near.take(KEY, submitted_at=None, origin="") == "busy"
    time.sleep(0.3)
    far.beat()
    assert near.take(KEY, submitted_at=None, origin="") == "busy"
    time.sleep(0.3)
    assert near.take(KEY, submitted_at=None, origin="").attempts == 2


GRADER = """
import json, sys
import fake_grader
from pathlib import Path
from aecourse.grading.again import ask_again, judge_again
from aecourse.grading.claims import Claims, Key
from aecourse.grading.gradebook import Gradebook
from aecourse.grading.run import load_judges

target, solutions = sys.argv[1:]
finished = []
with Gradebook(target) as gradebook:
    file = load_judges(Path(solutions))["04_numpy"].file
    gradebook.prepare(file)
    claims = Claims(gradebook)
    for number in range(40):
        content = fake_grader.notebook("mse", number=number)
        outcome = fake_grader.grade_notebook(content, file, seed=1)
        key = Key("04_numpy", f"student{number:02}", outcome.digest, outcome.judge_digest)
        claim = claims.take(key, submitted_at=None, origin="")
        if claim not in ("busy", "done") and claims.finish(claim, outcome):
            finished.append(number)
print(json.dumps(finished))
"""


def test_graders_in_several_processes_lose_and_double_nothing(database, solutions, environment):
    graders = [
        subprocess.Popen(  # noqa: S603
            [sys.executable, "-c", GRADER, database, str(solutions)],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    outputs = [grader.communicate(timeout=120)[0] for grader in graders]
    assert [grader.returncode for grader in graders] == [0, 0, 0]
    finished = Counter(number for output in outputs for number in json.loads(output))
    assert finished == Counter(range(40))
    with Gradebook(database) as gradebook:
        results = list(read_results(gradebook))
        assert len(results) == 40
        assert {result.score for result in results} == {2.0}
        attempts = gradebook.session.scalar(select(func.max(judgements.c.attempts)))
        assert attempts == 1


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        (":/://", "expected a path or a database URL"),
        ("nothing+nowhere://host/name", "cannot use nothing"),
        ("postgresql+psycopg2://grader:secret@127.0.0.1:1/marks", r"cannot use .*\*\*\*"),
    ],
)
def test_wrong_gradebook_is_named_without_its_password(target, message):
    with pytest.raises(GradebookError, match=message) as caught:
        Gradebook(target)
    assert "secret" not in str(caught.value)


def test_folder_or_other_file_is_no_gradebook(tmp_path):
    with pytest.raises(GradebookError, match="got the folder"):
        Gradebook(str(tmp_path))
    (tmp_path / "notes.txt").write_text("no database" * 1000)
    with pytest.raises(GradebookError, match="not a database"):
        Gradebook(str(tmp_path / "notes.txt"))


def test_address_without_a_driver_finds_the_installed_one():
    assert database_url("postgresql://host/marks").drivername == "postgresql+psycopg2"


def test_gradebook_of_nbgrader_is_taken_as_it_is(database, judges, monkeypatch):
    url = database_url(database)
    if url.get_backend_name() == "sqlite":
        Path(url.database).parent.mkdir()
    # nbgrader starts the program alembic.
    programs = str(Path(sys.executable).parent)
    monkeypatch.setenv("PATH", programs, prepend=os.pathsep)
    address = url.render_as_string(hide_password=False)
    with NbgraderGradebook(address) as nbgrader:
        nbgrader.add_student("kim", first_name="Minsu")
        nbgrader.add_assignment(EXERCISE)
    with Gradebook(database) as gradebook:
        gradebook.prepare(judges[EXERCISE].file)
        assert gradebook.exercises() == (EXERCISE,)
    with NbgraderGradebook(address) as nbgrader:
        assert nbgrader.find_student("kim").first_name == "Minsu"


def test_gradebook_of_an_older_nbgrader_is_refused(sqlite):
    Gradebook(sqlite).close()
    engine = create_engine(f"sqlite:///{sqlite}")
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'old'"))
    engine.dispose()
    with pytest.raises(GradebookError, match="nbgrader db upgrade"):
        Gradebook(sqlite)


def test_transaction_is_whole_or_nothing(gradebook, hand_in):
    hand_in("kim", "mse")

    def write_and_fail():
        with gradebook.writing() as session:
            session.execute(update(judgements).values(status="lost"))
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        write_and_fail()
    assert result_of(gradebook).status == "needs a person"
