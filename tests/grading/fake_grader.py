"""A grader whose notebooks say what it finds: for tests of the run, not of the judge.

A notebook is JSON: ``{"right": ["mse"], "reason": "", "seconds": 0, "log": "", "die": false}``.
Dask workers load this file with ``--preload``.
"""

import hashlib
import json
import os
import signal
import time
from pathlib import Path

from aecourse.grading import work
from aecourse.grading.grade import Outcome
from aecourse.grading.questions import TextQuestion
from aecourse.grading.verdicts import CaseVerdict, Verdict

JUDGE = """
import numpy as np
from aecourse.grading.questions import FunctionQuestion, Mistake, TextQuestion, ValueQuestion

QUESTIONS = (
    FunctionQuestion(
        "mse",
        points=2,
        function="mse",
        reference=lambda x, y: np.mean((x - y) ** 2),
        inputs=lambda rng: {"random": (rng.random((5, 4)), rng.random((5, 4)))},
        mistakes=(
            Mistake("the sum", lambda x, y: np.sum((x - y) ** 2), "Divide."),
            Mistake("absolute", lambda x, y: np.mean(abs(x - y)), "Square."),
            Mistake("a root", lambda x, y: np.sqrt(np.mean((x - y) ** 2)), "Drop the root."),
        ),
    ),
    ValueQuestion(
        "bits",
        points=1,
        variable="bits",
        reference=lambda: 256,
        mistakes=(
            Mistake("bytes", 32, "A byte has 8 bits."),
            Mistake("half", 128, "Count both."),
            Mistake("double", 512, "Count once."),
        ),
    ),
    TextQuestion("why", points=3, rubric=("3: names saturation",)),
)
"""


def notebook(*right, **plan):
    return json.dumps({"right": right, **plan}).encode()


def grade_notebook(content, judge_file, *, seed, **_):
    plan = json.loads(content)
    if plan.get("log"):
        with Path(plan["log"]).open("a") as log:
            log.write(f"{plan.get('name', '')}\n")
    time.sleep(plan.get("seconds", 0))
    if plan.get("die"):
        os.kill(os.getpid(), signal.SIGKILL)
    if plan.get("raise"):
        raise RuntimeError(plan["raise"])
    return Outcome(
        exercise=judge_file.exercise,
        digest=hashlib.sha256(content).hexdigest(),
        status="not graded" if plan.get("reason") else "graded",
        reason=plan.get("reason", ""),
        verdicts=() if plan.get("reason") else tuple(_verdicts(judge_file, plan)),
        cells=(),
        seconds=0.0,
        seed=seed,
        judge_digest=judge_file.digest,
    )


def _verdicts(judge_file, plan):
    for question in judge_file.questions:
        name, points = question.name, question.points
        if isinstance(question, TextQuestion):
            yield Verdict(name, points, None, "A person marks this by the rubric.", None)
        elif name in plan.get("right", ()):
            yield Verdict(name, points, float(points), "Right.", None)
        else:
            sentence = plan.get("sentence", "The sum: Divide.")
            case = CaseVerdict("random", False, "0.25", plan.get("obtained", "5.0"), sentence)
            yield Verdict(name, points, 0.0, sentence, "the sum", (case,))


def install():
    work.grade_notebook = grade_notebook
    work.sandbox_available = lambda: None


def dask_setup(_):
    install()
