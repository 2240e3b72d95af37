"""The instructors' commands: ``aecourse grade``, ``summary`` and ``similarity``."""

import argparse
import logging
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from aecourse.grading.again import judge_again
from aecourse.grading.feedback import write_feedback
from aecourse.grading.gradebook import Gradebook
from aecourse.grading.late import LateRule, parse_due
from aecourse.grading.marking import marking_copy, write_config
from aecourse.grading.marks import charge_lateness
from aecourse.grading.pools import DaskPool, LocalPool, Pool, PoolLostError
from aecourse.grading.results import Result, read_results, write_grades
from aecourse.grading.run import Judge, grade_submissions, load_judges
from aecourse.grading.similarity_report import add_similarity
from aecourse.grading.sources import Problem
from aecourse.grading.submissions import Found, Submission, find_submissions
from aecourse.grading.summary import write_summary
from aecourse.grading.work import why_unable
from aecourse.mnist_files import write_file

__all__ = ["add_commands"]


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add this module's commands.

    Parameters
    ----------
    commands
        What ``argparse.ArgumentParser.add_subparsers`` returned.
    """
    grade = commands.add_parser("grade", help="grade notebooks and write the gradebook")
    grade.add_argument("submissions", nargs="+", type=Path, help="folders, zip files and notebooks")
    grade.add_argument(
        "--to", required=True, metavar="GRADEBOOK", help="SQLite file or SQLAlchemy URL"
    )
    grade.add_argument(
        "--solutions",
        type=Path,
        default=Path("solutions"),
        metavar="DIR",
        help="the exercises and their judges (./solutions)",
    )
    grade.add_argument(
        "--feedback",
        type=Path,
        metavar="DIR",
        help="pages for the students go here (feedback, beside the gradebook)",
    )
    grade.add_argument(
        "--csv", type=Path, metavar="FILE", help="all marks go here (grades.csv, ditto)"
    )
    grade.add_argument(
        "--marking", type=Path, metavar="DIR", help="make a folder for nbgrader's formgrader"
    )
    grade.add_argument("--jobs", type=int, metavar="N", help="how many at once (all cores)")
    grade.add_argument("--scheduler", metavar="ADDRESS", help="of a Dask cluster")
    grade.add_argument(
        "--due",
        action="append",
        default=[],
        metavar="[EXERCISE=]DATE",
        help="when it is due, such as 2026-03-01T18:00; may be repeated",
    )
    grade.add_argument(
        "--late", type=_late_rule, metavar="RULE", help="what lateness costs, such as 10%%/day"
    )
    grade.add_argument(
        "--regrade", metavar="QUESTION", help="judge only this question again, such as mse"
    )
    grade.add_argument("--retry", action="store_true", help="judge again what ended as not graded")
    grade.add_argument(
        "--unsandboxed",
        action="store_true",
        help="run students' code with all rights of yours: in a throwaway container only",
    )
    grade.set_defaults(run=_grade)

    summary = commands.add_parser("summary", help="show how the class and each question did")
    summary.add_argument("gradebook", help="SQLite file or SQLAlchemy URL")
    summary.add_argument("--to", required=True, type=Path, metavar="DIR", help="goes here")
    summary.set_defaults(run=_summary)

    add_similarity(commands)


def _late_rule(text: str) -> LateRule:
    try:
        return LateRule.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _grade(options: argparse.Namespace) -> int:
    if not options.scheduler and (reason := why_unable(not options.unsandboxed)):
        raise ValueError(
            f"students' code cannot be locked in here: {reason} — grade on Linux with bubblewrap, "
            "or in a container, or pass --unsandboxed if this machine may be lost"
        )
    if options.unsandboxed:
        _say("--unsandboxed: students' code can read, change and send all that you can")
    judges = load_judges(options.solutions)
    question = _question(options.regrade, judges)
    due = _due_dates(options.due, judges)
    found = find_submissions(options.submissions, judges)
    wanted = _wanted(found, judges, options.regrade)
    used = {name: judges[name] for name in judges if name in {s.exercise for s in wanted}}
    with _open(options.to) as gradebook:
        for name, judge in used.items():
            kept = gradebook.prepare(judge.file, due=due.get(name), late=options.late)
            for each in kept:
                _say(f"{name}: {each} is asked no more; its marks by a person are kept")
            if gradebook.late_rule() is not None and gradebook.due(name) is None:
                _say(f"{name} has no due date: nothing is late")
        if options.retry:
            judge_again(gradebook, used)
        failed = _run(options, gradebook, wanted, used, question)
        charge_lateness(gradebook, used)
        results = list(read_results(gradebook))
        _write(options, gradebook, results, wanted, judges)
        charged = gradebook.late_rule() is not None
    problems = [*found.problems, *failed, *_without_mark(results, found.submissions)]
    if charged:
        problems += _late_without_penalty(results, found.submissions)
    return _report(results, problems)


def _run(
    options: argparse.Namespace,
    gradebook: Gradebook,
    submissions: Sequence[Submission],
    judges: Mapping[str, Judge],
    question: str | None,
) -> Sequence[Problem]:
    pool = _pool(options)
    try:
        return grade_submissions(
            gradebook,
            submissions,
            judges,
            pool,
            sandboxed=not options.unsandboxed,
            hidden=_hidden(options, gradebook),
            question=question,
        )
    except PoolLostError as error:
        return [Problem("stopped", str(error))]
    except KeyboardInterrupt:
        reason = "what was judged is in the gradebook; run the same command to go on"
        return [Problem("interrupted", reason)]


def _hidden(options: argparse.Namespace, gradebook: Gradebook) -> Sequence[Path]:
    # A course may lie below the system's or Python's folders, which the sandbox shows.
    folders = {options.solutions, *(path for path in options.submissions if path.is_dir())}
    folders |= {path.parent for path in options.submissions if not path.is_dir()}
    if gradebook.url.get_backend_name() == "sqlite" and gradebook.url.database:
        folders.add(Path(gradebook.url.database).parent)
    return sorted({folder.resolve() for folder in folders})


def _open(target: str) -> Gradebook:
    # nbgrader's own log repeats, with a trace, what the exception says.
    logging.getLogger("tornado.application").setLevel(logging.CRITICAL)
    try:
        return Gradebook(target)
    except SQLAlchemyError as error:
        raise ValueError(f"cannot use the gradebook: {error}") from error


def _question(regrade: str | None, judges: Mapping[str, Judge]) -> str | None:
    if regrade is None:
        return None
    exercise, slash, question = regrade.rpartition("/")
    homes = [
        name
        for name, judge in judges.items()
        if (not slash or name == exercise) and question in {q.name for q in judge.file.questions}
    ]
    if len(homes) == 1:
        return question
    if homes:
        choices = " or ".join(f"{home}/{question}" for home in homes)
        raise ValueError(f"several exercises have a question {question!r}: say {choices}")
    raise ValueError(f"expected the name of a question, such as 04_numpy/mse, got {regrade!r}")


def _wanted(found: Found, judges: Mapping[str, Judge], regrade: str | None) -> Sequence[Submission]:
    if regrade is None:
        return found.submissions
    exercise, slash, question = regrade.rpartition("/")
    return [
        submission
        for submission in found.submissions
        if (not slash or submission.exercise == exercise)
        and question in {q.name for q in judges[submission.exercise].file.questions}
    ]


def _due_dates(texts: Sequence[str], judges: Mapping[str, Judge]) -> Mapping[str, datetime]:
    dates: dict[str, datetime] = {}
    for text in sorted(texts, key=lambda text: "=" in text):
        exercise, equals, date = text.rpartition("=")
        if equals and exercise not in judges:
            raise ValueError(f"--due: expected one of {', '.join(judges)}, got {exercise!r}")
        dates |= {name: parse_due(date) for name in ([exercise] if equals else judges)}
    return dates


def _pool(options: argparse.Namespace) -> Pool:
    if options.scheduler is None:
        return LocalPool(options.jobs)
    try:
        return DaskPool(options.scheduler, sandboxed=not options.unsandboxed)
    except PoolLostError as error:
        raise ValueError(str(error)) from error


def _write(
    options: argparse.Namespace,
    gradebook: Gradebook,
    results: Sequence[Result],
    submissions: Sequence[Submission],
    judges: Mapping[str, Judge],
) -> None:
    database = gradebook.url.database or ""
    sqlite = gradebook.url.get_backend_name() == "sqlite"
    home = Path(database).parent if sqlite else Path.cwd()
    grades = options.csv or home / "grades.csv"
    write_grades(results, grades)
    pages = write_feedback(results, options.feedback or home / "feedback")
    _say(f"{pages} feedback pages in {options.feedback or home / 'feedback'}, marks in {grades}")
    if options.marking is not None:
        address = gradebook.url.render_as_string(hide_password=False)
        write_config(options.marking, address, gradebook.exercises())
        for submission in submissions:
            folder = options.marking / "autograded" / submission.student / submission.exercise
            try:
                copy = marking_copy(submission.read(), judges[submission.exercise].file)
            except (OSError, ValueError) as error:
                _say(f"{submission.origin}: no copy to mark: {error}")
                continue
            write_file(folder / f"{submission.exercise}.ipynb", copy)


def _without_mark(
    results: Sequence[Result], submissions: Sequence[Submission]
) -> Sequence[Problem]:
    handed_in = {(each.student, each.exercise): each for each in submissions}
    problems = []
    for result in results:
        submission = handed_in.pop((result.student, result.exercise), None)
        if submission is not None and result.status == "not graded":
            problems.append(Problem(submission.origin, f"not graded, because {result.reason}"))
    return problems + [
        Problem(submission.origin, "not graded, because the run did not come to it")
        for submission in handed_in.values()
    ]


def _late_without_penalty(
    results: Sequence[Result], submissions: Sequence[Submission]
) -> Sequence[Problem]:
    charged = {(result.student, result.exercise) for result in results if result.penalty}
    return [
        Problem(submission.origin, "Canvas calls it late, but it lost no points: check its time")
        for submission in submissions
        if submission.marked_late and (submission.student, submission.exercise) not in charged
    ]


def _report(results: Sequence[Result], problems: Sequence[Problem]) -> int:
    counts = dict.fromkeys(("graded", "needs a person", "not graded"), 0)
    for result in results:
        counts[result.status] += 1
    _say("in the gradebook: " + ", ".join(f"{count} {status}" for status, count in counts.items()))
    for problem in problems:
        _say(str(problem))
    return 1 if problems else 0


def _summary(options: argparse.Namespace) -> int:
    if "://" not in options.gradebook and not Path(options.gradebook).is_file():
        raise FileNotFoundError(f"expected a gradebook, {options.gradebook} is not there")
    with _open(options.gradebook) as gradebook:
        written = write_summary(read_results(gradebook), options.to)
    _say(f"open {options.to / 'index.html'} ({len(written)} files)")
    return 0


def _say(text: str) -> None:
    shown = "".join(c if c.isprintable() or c == "\n" else "�" for c in text)
    print(shown, file=sys.stderr)
