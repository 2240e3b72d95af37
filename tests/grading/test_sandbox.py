"""The walls, the limits, and that honest code does not notice them."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aecourse.grading import bubblewrap, process
from aecourse.grading.environment import environment, python_folders
from aecourse.grading.limits import Limits
from aecourse.grading.memory import available_memory, bounded_memory, descendants, memory_of
from aecourse.grading.replies import Missing, Raised, Refused, Returned
from aecourse.grading.sandbox import (
    CellOutcome,
    Sandbox,
    SandboxStopped,
    Unsandboxed,
    sandbox_available,
)
from aecourse.grading.system_calls import filter_program
from aecourse.grading.untrusted import as_reply, plain_text, read_reply

ROOT = Path(__file__).parents[2]
MEBIBYTE = 2**20
TIGHT = Limits(cell_seconds=1, call_seconds=1, seconds=30, memory=400 * MEBIBYTE)

linux = pytest.mark.skipif(sys.platform != "linux", reason="bubblewrap exists on Linux only")


@pytest.fixture
def walls() -> None:
    reason = sandbox_available()
    if reason is not None:
        if os.environ.get("CI"):
            pytest.fail(f"CI must test the sandbox, but {reason}")
        pytest.skip(reason)


@pytest.fixture(autouse=True)
def short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_GRACE", 0.5)


@pytest.fixture
def sandbox(walls: None) -> Iterator[Sandbox]:  # noqa: ARG001
    with Sandbox(TIGHT) as started:
        yield started


def value(sandbox: Sandbox, source: str) -> Any:
    outcome = sandbox.run_cell(f"answer = None\n{source}")
    assert outcome.ok, outcome
    reply = sandbox.value("answer")
    assert isinstance(reply, Returned)
    return reply.value


# --- questions and answers --------------------------------------------------------------------


def test_functions_and_variables_can_be_asked_for(sandbox: Sandbox) -> None:
    cells = sandbox.run_cells(["def double(x):\n    return 2 * x", "1 / 0", "bits = double(4)"])
    assert [cell.ok for cell in cells] == [True, False, True]
    assert cells[1] == CellOutcome(False, "ZeroDivisionError: division by zero")
    reply = sandbox.call("double", (np.eye(2),))
    assert isinstance(reply, Returned)
    assert np.array_equal(reply.value, 2 * np.eye(2))
    assert reply.arguments_after is not None
    assert np.array_equal(reply.arguments_after[0], np.eye(2))
    assert getattr(sandbox.value("bits"), "value", None) == 8
    assert sandbox.value("nothing") == Missing("nothing")
    assert sandbox.call("nothing", ()) == Missing("nothing")
    raised = sandbox.call("double", (None,))
    assert isinstance(raised, Raised)
    assert raised.kind == "TypeError"
    assert "return 2 * x" in raised.where


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("def f(): return object()", "a value of type object"),
        ("def f(): return {1, 2}", "a value of type set"),
        ("def f():\n    while True: pass", "took longer than 1 s"),
        ("def f(): raise KeyboardInterrupt", "KeyboardInterrupt"),
    ],
    ids=["an object", "a set", "a loop", "an interrupt"],
)
def test_answer_that_cannot_be_looked_at_is_refused_and_the_next_is_not(
    sandbox: Sandbox, source: str, reason: str
) -> None:
    sandbox.run_cells([source, "bits = 8"])
    reply = sandbox.call("f", ())
    assert isinstance(reply, Refused)
    assert reason in reply.reason
    assert isinstance(sandbox.value("bits"), Returned)
    assert sandbox.stopped is None


def test_unfilled_function_is_missing(sandbox: Sandbox) -> None:
    sandbox.run_cells(["f = ...", "g = None", "bits = ..."])
    assert sandbox.call("f", ()) == Missing("f")
    assert sandbox.call("g", ()) == Missing("g")
    assert getattr(sandbox.value("bits"), "value", 0) is None


@pytest.mark.parametrize(
    ("framework", "module"), [("torch", "torch"), ("tensorflow", "tensorflow")]
)
@pytest.mark.usefixtures("walls")
def test_tensors_go_in_and_come_out(framework: Any, module: str) -> None:
    pytest.importorskip(module)
    with Sandbox() as sandbox:
        sandbox.run_cells(
            [f"import {module} as t", "def f(x): return {'a': x * 2, 'kind': str(type(x))}"]
        )
        reply = sandbox.call("f", (np.ones((2, 3), dtype=np.float32),), framework=framework)
    assert isinstance(reply, Returned)
    assert np.array_equal(reply.value["a"], np.full((2, 3), 2))
    assert module in reply.value["kind"]


# --- walls ------------------------------------------------------------------------------------


def test_process_has_no_rights(sandbox: Sandbox) -> None:
    status = value(sandbox, "answer = open('/proc/self/status').read()")
    entries = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(entries[name], 16) == 0, name
    assert entries["NoNewPrivs"] == "1"
    assert entries["Seccomp"] == "2"
    assert "0" not in entries["Uid"].split()
    assert "0" not in entries["Gid"].split()
    assert "0" not in entries["Groups"].split()


def test_process_sees_nothing_but_python_and_an_empty_home(sandbox: Sandbox) -> None:
    seen = value(
        sandbox,
        "import os\nanswer = {name: sorted(os.listdir(name)) for name in"
        " ('/', '.', '/tmp', '/etc', '/course', '/course/aecourse/grading',"
        " '/course/aecourse/exercises', '/dev/shm')}",
    )
    tops = {str(Path(folder).parts[1]) for folder in python_folders()}
    system = {"bin", "dev", "etc", "home", "lib", "lib32", "lib64", "libx32", "proc", "sbin"}
    assert set(seen["/"]) <= system | tops | {"tmp", "usr", "course"}
    assert [name for name in seen["."] if not name.startswith(".")] == []
    assert seen["/dev/shm"] == []  # noqa: S108
    assert seen["/course"] == ["aecourse"]
    assert "shadow" not in seen["/etc"]
    assert "passwd" not in seen["/etc"]
    assert not any("json" in name for name in seen["/course/aecourse/exercises"])
    assert "runner.py" in seen["/course/aecourse/grading"]
    for name in ("judge.py", "grade.py", "sandbox.py"):
        assert name not in seen["/course/aecourse/grading"]


@pytest.mark.usefixtures("walls")
def test_environment_takes_nothing_from_the_graders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AECOURSE_SECRET", "canary")
    with Sandbox(TIGHT) as sandbox:
        inside = value(sandbox, "import os\nanswer = dict(os.environ)")
    assert "AECOURSE_SECRET" not in inside
    # IPython and the shell add a few; none has a value from here.
    assert set(inside) - set(environment()) <= {"PWD", "SHLVL", "_", "COLUMNS", "LINES"} | {
        name for name in inside if name.startswith(("PYDEVD", "TF_", "KMP_", "CLICOLOR", "FORCE"))
    } | {"PAGER", "GIT_PAGER"}


@pytest.mark.usefixtures("walls")
def test_hidden_folder_is_empty_even_below_python() -> None:
    folder = Path(np.__file__).resolve().parent / "linalg"
    file = Path(np.__file__).resolve().parent / "version.py"
    options = bubblewrap._options([folder, file], 1)
    assert options[options.index(str(folder)) - 1] == "--tmpfs"
    with Sandbox(TIGHT, hidden=[Path(np.__file__).resolve().parent / "doc", ROOT]) as sandbox:
        assert sandbox.stopped is None


def test_course_below_a_system_folder_is_hidden() -> None:
    masks = bubblewrap._masks([Path("/usr/share"), Path("/usr/nowhere"), ROOT], [Path("/usr")])
    assert masks == {Path("/usr/share"): ["--tmpfs", "/usr/share"]}


@linux
@pytest.mark.usefixtures("walls")
def test_nothing_outlives_the_grader_that_is_killed() -> None:
    token = f"3600.{os.getpid()}{time.monotonic_ns()}"
    script = f"""
import sys
from aecourse.grading.sandbox import Sandbox
with Sandbox() as sandbox:
    sandbox.run_cell("import subprocess; subprocess.Popen(['setsid', 'sleep', '{token}'])")
    print("ready", flush=True)
    sandbox.run_cell("while True: pass")
"""
    grader = subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert grader.stdout is not None
    assert grader.stdout.readline() == b"ready\n"
    assert running(token)
    grader.kill()
    grader.wait()
    grader.stdout.close()
    deadline = time.monotonic() + 10
    while running(token) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not running(token)


def running(token: str) -> bool:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if token.encode() in path.read_bytes().split(b"\0"):
                return True
        except OSError:
            continue
    return False


AS_NOBODY = """
import json, os
from aecourse.grading.sandbox import Limits, Sandbox, sandbox_available
assert sandbox_available() is None, sandbox_available()
with Sandbox(Limits(cell_seconds=1, call_seconds=1)) as sandbox:
    cells = sandbox.run_cells([
        "import os, ctypes; me = os.getuid(); libc = ctypes.CDLL(None)",
        "new = [libc.unshare(flag) for flag in (0x10000000, 0x20000)]",
        "places = ('/course', '/usr', '/usr/src', '/', '/dev', '/course/aecourse/grading')",
        "written = [each for each in places if os.system(f'touch {each}/x 2>/dev/null') == 0]",
        "seen = os.path.exists(%r)",
        "while True: pass",
        "def f(x): return x + 1",
    ])
    print(json.dumps({
        "outer": os.getuid(), "ok": [cell.ok for cell in cells],
        "f": sandbox.call("f", (1,)).value,
        **{name: sandbox.value(name).value for name in ("me", "new", "written", "seen")},
    }))
"""


@linux
@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0,
    reason="only the superuser can become another user; all other tests run as an ordinary one",
)
@pytest.mark.usefixtures("walls")
def test_ordinary_user_can_grade_too(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    # As nobody, Python below the superuser's home can be reached through mounts only. The checkout
    # may lie there too, or in the folder for temporary files, which this user gets anew.
    hidden = (Path("/root"), Path("/tmp"))  # noqa: S108
    mounts = ["--perms", "0755", "--tmpfs", "/root"]
    mounts += ["--perms", "1777", "--tmpfs", "/tmp"]  # noqa: S108
    for path in (*python_folders(), ROOT):
        for folder in hidden:
            if path.is_relative_to(folder):
                inner = [each for each in path.parents if folder in each.parents]
                mounts += bubblewrap._open_folders(inner)
                mounts += ["--ro-bind", str(path), str(path)]
    command = [
        *("bwrap", "--dev-bind", "/", "/", *mounts, "--chdir", "/tmp"),  # noqa: S108
        *("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"),
        *(sys.executable, "-c", AS_NOBODY % str(secret)),
    ]
    done = subprocess.run(  # noqa: S603
        command,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": "/tmp", "PYTHONPATH": str(ROOT)},  # noqa: S108
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found == {
        "outer": 65534,
        "ok": [True, True, True, True, True, False, True],
        "f": 2,
        "me": 65534,
        "new": [-1, -1],
        "written": [],
        "seen": False,
    }


# --- limits -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import os; os._exit(0)", "ended its process"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSTOP)", "took longer than 1 s"),
        ("import os\nwhile True: os.write(1, b'x' * 65536)", "printed more than 32 MiB"),
        (
            "import os\nos.write(4, b'{\"id\": 9}\\n')",
            "answered out of turn",
        ),
    ],
    ids=["exit", "stop", "flood", "forged replies"],
)
@pytest.mark.parametrize("kind", [Sandbox, Unsandboxed])
@pytest.mark.usefixtures("walls")
def test_process_that_misbehaves_is_stopped_and_says_why(
    kind: type[Sandbox], source: str, reason: str
) -> None:
    with kind(TIGHT) as sandbox:
        with pytest.raises(SandboxStopped, match=reason):
            sandbox.run_cell(source)
        assert sandbox.stopped is not None
        with pytest.raises(SandboxStopped, match=reason):
            sandbox.value("bits")
        with pytest.raises(SandboxStopped, match=reason):
            sandbox.call("f", ())


@linux
@pytest.mark.usefixtures("walls")
def test_memory_is_limited_by_process_and_in_all() -> None:
    limits = Limits(memory=400 * MEBIBYTE, reserved=300 * MEBIBYTE, cell_seconds=20)
    with Sandbox(limits) as sandbox:
        outcome = sandbox.run_cell(f"x = bytearray({400 * MEBIBYTE})")
        assert outcome.error.startswith("MemoryError")
        assert sandbox.run_cell("x = 1").ok, "the process goes on"
        with pytest.raises(SandboxStopped, match="more than 400 MiB of memory"):
            sandbox.run_cell(
                "import os, time\n"
                "for _ in range(9):\n"
                "    if os.fork() == 0:\n"
                f"        x = b'x' * {100 * MEBIBYTE}\n"
                "        time.sleep(100)\n"
                "time.sleep(100)"
            )


@linux
@pytest.mark.usefixtures("walls")
def test_memory_that_processes_share_counts_once() -> None:
    limits = Limits(memory=400 * MEBIBYTE, cell_seconds=20)
    with Sandbox(limits) as sandbox:
        outcome = sandbox.run_cell(
            "import os, time\n"
            f"x = b'x' * {100 * MEBIBYTE}\n"
            "children = [os.fork() for _ in range(8)]\n"
            "time.sleep(0.5)"
        )
        assert outcome.ok


@pytest.mark.usefixtures("walls")
def test_time_is_limited_in_all() -> None:
    with (
        Sandbox(Limits(seconds=2)) as sandbox,
        pytest.raises(SandboxStopped, match="took longer than 2 s in all"),
    ):
        sandbox.run_cell("import time; time.sleep(100)")


@linux
@pytest.mark.usefixtures("walls")
def test_no_thread_no_file_and_no_memory_stay_behind() -> None:
    def use_one() -> None:
        with Sandbox(TIGHT) as sandbox:
            sandbox.run_cell("print('x' * 10 ** 6)")
            sandbox.call("f", ())

    def held() -> tuple[int, int]:
        return threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))

    use_one()
    before, memory = held(), memory_of([os.getpid()])
    for _ in range(5):
        use_one()
    assert held() == before
    assert memory_of([os.getpid()]) - memory < 4 * MEBIBYTE


@linux
def test_memory_of_a_family_is_known() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert child.stdin is not None
    try:
        family = descendants(os.getpid())
        assert family[0] == os.getpid()
        assert child.pid in family
        assert memory_of(family) > memory_of([child.pid]) > 0
        assert memory_of([2**22 + 1]) == 0
        memory = available_memory()
        assert memory is not None
        assert 0 < memory[0] < memory[1]
    finally:
        child.stdin.close()
        child.wait()


@linux
def test_check_that_needs_too_much_memory_fails_and_the_bound_goes() -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_DATA)
    row = np.ones((1, 20_000))
    with bounded_memory(2**28), bounded_memory(2**40), pytest.raises(MemoryError):
        row.T @ row
    assert resource.getrlimit(resource.RLIMIT_DATA) == before


# --- where there are no walls -----------------------------------------------------------------


def test_unsandboxed_runs_the_same_code() -> None:
    with Unsandboxed(TIGHT) as unsandboxed:
        assert unsandboxed.run_cell("import os, aecourse\nfolder = os.getcwd()").ok
        folder = getattr(unsandboxed.value("folder"), "value", "")
        assert Path(folder).is_dir()
        assert not unsandboxed.run_cell("while True: pass").ok
        assert unsandboxed.run_cell("x = 1").ok
    assert not Path(folder).exists()


def test_reason_is_given_where_there_is_no_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    available = bubblewrap.sandbox_available.__wrapped__
    with monkeypatch.context() as patch:
        patch.setattr(sys, "platform", "darwin")
        assert "on Linux only, not darwin" in available()
    with monkeypatch.context() as patch:
        patch.setattr(bubblewrap.shutil, "which", lambda _: None)
        assert "is not installed" in available()
    with monkeypatch.context() as patch:
        patch.setattr("aecourse.grading.sandbox.sandbox_available", lambda: "there is none")
        with pytest.raises(RuntimeError, match="there is none"), Sandbox():
            pass
    if sys.platform == "linux" and sandbox_available() is None:
        with monkeypatch.context() as patch:
            patch.setattr(sys, "executable", "/nowhere/python")
            assert "does not start Python here" in available()


def test_sandbox_that_was_not_entered_says_so() -> None:
    assert Sandbox().stopped == "was not started"
    with pytest.raises(SandboxStopped, match="with block"):
        Sandbox().run_cell("x = 1")


def test_process_that_does_not_start_says_what_it_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aecourse.grading.sandbox.environment", lambda **_: {"PYTHONPATH": ""})
    monkeypatch.setattr(
        "aecourse.grading.sandbox._runner", lambda _: [sys.executable, "-c", "raise OSError('no!')"]
    )
    with pytest.raises(SandboxStopped, match=r"ended its process: .*no!"), Unsandboxed():
        pass


# --- what came back ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"[1]",
        b"3",
        b"\xff\xfe",
        b"{}",
        b'{"id": 4}',
        b'{"id": 3.0}',
        b'{"id": "3"}',
        b'{"id": true}',
        b'{"id": [3]}',
        b"[" * 100_000,
        b'{"id":' * 100_000,
        b'{"id": 3, "a": [' + b"[]," * 600_000 + b"[]]}",
        b'{"id": 3' + b"9" * 10_000 + b"}",
    ],
    ids=lambda line: repr(line[:20]),
)
def test_line_that_is_no_reply_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError, match="^answered"):
        read_reply(line, 3)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"returned": 3},
        {"returned": {"value": 3}},
        {"returned": {"value": {"kind": "object"}}, "arguments": None},
        {"returned": {"value": 3}, "arguments": {"value": [{"kind": "pickle"}]}},
        {"raised": "ValueError"},
        {"raised": ["ValueError", "message"]},
        {"raised": [1, 2, 3]},
        {"refused": 3},
        {"missing": 1.5},
        {"refused": ""},
    ],
    ids=str,
)
def test_reply_of_no_known_kind_is_refused(answer: Any) -> None:
    reply = as_reply(answer, "mse")
    assert isinstance(reply, Refused)
    assert reply.reason


def test_text_is_made_harmless() -> None:
    assert plain_text(None) == ""
    assert plain_text("a\x1b[31m\n\n b\x00\u202e\ud800") == "a�[31m b���"
    assert len(plain_text("x" * 10**6)) == 300


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_filter_of_system_calls_jumps_inside_itself(machine: str) -> None:
    program = filter_program(machine)
    assert program is not None
    assert len(program) % 8 == 0
    count = len(program) // 8
    for at in range(count):
        code, true, false = program[8 * at], program[8 * at + 2], program[8 * at + 3]
        if code in (0x15, 0x45):
            assert at + 1 + max(true, false) < count
    assert program[-8:] == bytes.fromhex("060000000000ff7f")
