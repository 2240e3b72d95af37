"""Show the source code of an object, highlighted, in a notebook and on the page."""

import ast
import functools
import inspect
import textwrap
from dataclasses import dataclass
from types import FunctionType, MethodType, ModuleType
from typing import Any

__all__ = ["Source", "show_source"]

# The card brings its own background, since a notebook's theme may be light or dark.
_CARD = (
    "background: #f8f8f8; color: #1b1b1b; border: 1px solid #d0d0d0; border-radius: 4px; "
    "padding: 0.8em 1em; overflow-x: auto; line-height: 1.35"
)


@dataclass(frozen=True)
class Source:
    """Source code that a notebook displays with syntax highlighting.

    Attributes
    ----------
    code
        The Python code.

    Examples
    --------
    >>> Source("x = 1")
    x = 1
    """

    code: str

    def __repr__(self) -> str:
        return self.code

    def _repr_html_(self) -> str:
        # Imported here: `import aecourse` stays fast, and plain Python needs no Pygments.
        from pygments import highlight
        from pygments.formatters import HtmlFormatter
        from pygments.lexers import PythonLexer

        formatter = HtmlFormatter(style="xcode", noclasses=True, nobackground=True, prestyles=_CARD)
        return str(highlight(self.code, PythonLexer(), formatter))


def show_source(obj: object) -> Source:
    """Return the source of a module, class, function or method, ready to display.

    Of each docstring it keeps the summary: ``help(obj)`` shows the whole.

    Parameters
    ----------
    obj
        What to show. It must have been defined in a file or in a notebook cell.

    Returns
    -------
    Source
        Highlighted HTML in a notebook, the plain code elsewhere.

    Raises
    ------
    TypeError
        If ``obj`` is an instance, or has no Python source.

    Examples
    --------
    >>> from aecourse.source import show_source
    >>> print(str(show_source(show_source)).splitlines()[0])
    def show_source(obj: object) -> Source:
    """
    target: Any = obj
    if isinstance(target, property):
        target = target.fget
    while isinstance(target, functools.partial):
        target = target.func
    target = inspect.unwrap(target) if callable(target) else target
    if not isinstance(target, ModuleType | type | FunctionType | MethodType):
        raise TypeError(
            "expected obj to be a module, class, function or method written in Python, "
            f"got {type(obj).__name__} — for an instance, pass type(obj)"
        )
    try:
        code = inspect.getsource(target)
    except (OSError, TypeError) as error:
        raise TypeError(
            f"expected obj to be written in Python, got {obj!r}, whose source was not found — "
            "compiled objects and code typed at a plain prompt have none"
        ) from error
    return Source(_shorten_docstrings(textwrap.dedent(code).rstrip("\n")))


def _shorten_docstrings(code: str) -> str:
    try:
        tree = ast.parse(code)
    except SyntaxError:  # the lines of a lambda may begin or end inside a statement
        return code
    owners = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    docstrings = {
        node.body[0]: text
        for node in ast.walk(tree)
        if isinstance(node, owners) and "\n" in (text := ast.get_docstring(node) or "")
    }
    lines = code.split("\n")
    # From the last to the first, so that the numbers of the lines before stay right.
    for node in sorted(docstrings, key=lambda node: node.lineno, reverse=True):
        summary = " ".join(docstrings[node].split("\n\n")[0].split())
        lines[node.lineno - 1 : node.end_lineno] = [f'{" " * node.col_offset}"""{summary}"""']
    return "\n".join(lines)
