"""The program inside the sandbox: runs a student's cells and calls their functions when asked.

Requests come as lines of JSON on standard input, replies leave as lines of JSON on what was
standard output. The student's code shares this process and may forge any reply: the judge trusts
none, and an answer earns marks by its numbers alone.
"""

import ast
import json
import os
import re
import signal
import sys
import types
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, BinaryIO

__all__ = ["main"]

_INSTALLATION = re.compile(
    r"\s*(sudo\s+)?(\S*python3?\s+-m\s+)?(pip3?|conda|mamba|uv|apt|apt-get)\s+"
)

_Handler = Callable[[Mapping[str, Any]], Mapping[str, Any]]


class _OutOfTime(KeyboardInterrupt):
    """Raised by the alarm; no ``except Exception`` stops it."""


def main(arguments: list[str] | None = None) -> None:
    """Answer requests until standard input ends.

    Parameters
    ----------
    arguments
        One word: limits of resources as JSON, by the name of the constant in `resource`.
    """
    words = sys.argv[1:] if arguments is None else arguments
    _limit(json.loads(words[0]))
    requests, replies = _take_over_pipes()
    handlers = _handlers()
    process = os.getpid()
    _send(replies, {"ready": True})
    for line in requests:
        request = json.loads(line)
        reply = _answer(handlers, request)
        if os.getpid() != process:
            # A child that the student's code forked and that fell out of the cell.
            os._exit(0)
        _send(replies, {**reply, "id": request["id"]})


def _limit(limits: Mapping[str, int]) -> None:
    with suppress(ImportError):
        import resource

        for name, value in limits.items():
            kind = getattr(resource, name, None)
            if kind is not None:
                with suppress(OSError, ValueError):
                    resource.setrlimit(kind, (value, value))
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123
        # Where the machine's memory runs out, this goes first, not the grader.
        file.write("1000")


def _take_over_pipes() -> tuple[BinaryIO, int]:
    """Keep the pipes for the judge; the student's code gets an empty input and one output."""
    # Descriptors that were inherited and are not meant for this program.
    os.closerange(3, 1024)
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return requests, replies


def _send(replies: int, reply: Mapping[str, Any]) -> None:
    content = memoryview(json.dumps(reply).encode() + b"\n")
    while content:
        content = content[os.write(replies, content) :]


def _answer(handlers: Mapping[str, _Handler], request: Mapping[str, Any]) -> Mapping[str, Any]:
    seconds = request["seconds"]
    try:
        _set_alarm(seconds)
        try:
            return handlers[request["do"]](request)
        finally:
            _set_alarm(0)
    except _OutOfTime:
        return {"refused": f"it took longer than {seconds:g} s", "late": True}
    except BaseException as error:
        return {"refused": f"{type(error).__name__} while looking at the answer"}


def _set_alarm(seconds: float) -> None:
    # Endless loops of honest people end here, and the process goes on. Whoever catches this is
    # stopped from outside a moment later.
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, _ring)
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _ring(_signal: int, _frame: types.FrameType | None) -> None:
    raise _OutOfTime


def _handlers() -> Mapping[str, _Handler]:
    # Imported here: the limits hold already.
    from aecourse.grading.asking import plain, reply_of
    from aecourse.grading.replies import Raised, Refused, Reply
    from aecourse.grading.values import decode, encode

    shell = _shell()
    namespace: dict[str, Any] = shell.user_ns

    # By name, the number of the cell that the value comes from.
    origins: dict[str, int] = {}

    def cell(request: Mapping[str, Any]) -> Mapping[str, Any]:
        before = dict(namespace)
        error = _run(shell, request["source"])
        if error is not None and request["piecewise"]:
            error = _run_piecewise(shell, request["source"], error)
        _keep_later_values(namespace, before, origins, request["number"])
        if isinstance(error, _OutOfTime):
            raise error
        return {"error": None if error is None else _text(error)}

    def call(request: Mapping[str, Any]) -> Mapping[str, Any]:
        function = namespace.get(request["function"])
        if function is None or function is Ellipsis:
            return {"missing": True}
        arguments = decode(request["arguments"])
        reply = reply_of(function, arguments, request["framework"])
        return _as_json(reply)

    def value(request: Mapping[str, Any]) -> Mapping[str, Any]:
        if request["variable"] not in namespace:
            return {"missing": True}
        return _as_json(plain(namespace[request["variable"]]))

    def _as_json(reply: Reply) -> Mapping[str, Any]:
        if isinstance(reply, Raised):
            return {"raised": [reply.kind, reply.message, reply.where]}
        if isinstance(reply, Refused):
            return {"refused": reply.reason}
        after = getattr(reply, "arguments_after", None)
        return {
            "returned": encode(getattr(reply, "value", None)),
            "arguments": None if after is None else encode(after),
        }

    return {"cell": cell, "call": call, "value": value}


def _shell() -> Any:
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    # As in a notebook's kernel, so that multiprocessing and pickle find what cells define.
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    sys.argv = [""]
    sys.path.insert(0, "")
    shell: Any = InteractiveShell.instance(
        config=config, user_module=module, user_ns=module.__dict__
    )
    # Nobody reads tracebacks here, and the first one would cost a tenth of a second.
    shell.showtraceback = shell.showsyntaxerror = lambda *_, **__: None
    # Nobody sees plots either: %matplotlib succeeds, whatever way to show them it names.
    shell.enable_gui = lambda *_, **__: None
    shell.enable_matplotlib = lambda gui=None: (gui, "agg")
    _skip_installations(shell)
    return shell


def _skip_installations(shell: Any) -> None:
    """Let ``%pip install`` do nothing: there is no network, and to find out takes a second."""
    system = shell.system

    def run(command: str) -> Any:
        return None if _INSTALLATION.match(command) else system(command)

    shell.system = run
    for name in ("pip", "conda", "mamba", "uv"):
        shell.register_magic_function(lambda _line: None, magic_name=name)


def _run(shell: Any, source: str) -> BaseException | None:
    try:
        result = shell.run_cell(source, store_history=False)
    except BaseException as error:
        return error
    failure: BaseException | None = result.error_before_exec or result.error_in_exec
    return failure


def _run_piecewise(shell: Any, source: str, error: BaseException) -> BaseException:
    """Run each statement by itself, so that one that fails does not take the others with it.

    A cell may mount Colab's drive, which fails here, and define the answer below.
    """
    if not isinstance(error, Exception):
        return error
    try:
        statements = ast.parse(shell.transform_cell(source)).body
    except (SyntaxError, ValueError, RecursionError):
        return error
    for statement in statements:
        problem = _run(shell, ast.unparse(statement))
        if isinstance(problem, _OutOfTime):
            return problem
    return error


def _keep_later_values(
    namespace: dict[str, Any], before: Mapping[str, Any], origins: dict[str, int], number: int
) -> None:
    """Let a cell that ran out of turn not undo what cells below it defined.

    A cell that failed runs again after all others. If it holds an old version of a function, the
    notebook's last version still counts.
    """
    for name, value in list(namespace.items()):
        if name in before and before[name] is value:
            continue
        if name in before and origins.get(name, -1) > number:
            namespace[name] = before[name]
        else:
            origins[name] = number


def _text(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"[:300]
    except Exception:
        return type(error).__name__[:300]


if __name__ == "__main__":
    main()
