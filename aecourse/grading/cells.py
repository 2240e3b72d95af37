"""The code cells of a notebook that may be broken, huge, or made to harm who reads it."""

import json
import re
from collections.abc import Mapping
from typing import Any

__all__ = ["NotebookError", "read_cells"]

_MAX_BYTES = 20_000_000
_MAX_CELLS = 2000
_MAX_PARTS = 2_000_000
# Text without an end goes to the end of the file: looking for one from every quote takes for ever.
_TEXT = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_PYTHON = ("python", "python3", "ipython", "ipython3")


class NotebookError(ValueError):
    """A file can't be read as a Python notebook; the text says why."""


def read_cells(content: bytes, *, max_bytes: int = _MAX_BYTES) -> list[str]:
    """Return the source of each code cell; outputs, metadata and prose are left behind.

    Parameters
    ----------
    content
        The notebook's file.
    max_bytes
        The most that is read.

    Returns
    -------
    list of str
        In the order of the notebook.

    Raises
    ------
    NotebookError
        If it is too large, no JSON, no notebook of format 4, or for another language.

    Examples
    --------
    >>> read_cells(b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": ["x = 1"]}]}')
    ['x = 1']
    """
    if len(content) > max_bytes:
        raise NotebookError(
            f"the notebook has {_megabytes(len(content))}; "
            f"at most {_megabytes(max_bytes)} is read — clear its outputs"
        )
    notebook = _parse(content)
    _check_language(notebook.get("metadata"))
    cells = notebook.get("cells")
    if not isinstance(cells, list):
        if "worksheets" in notebook:
            raise NotebookError("the notebook has format 3; save it again with a newer Jupyter")
        raise NotebookError("the file is JSON, but no notebook: it has no list of cells")
    sources = [_source(cell) for cell in cells if _is_code(cell)]
    if len(sources) > _MAX_CELLS:
        raise NotebookError(
            f"the notebook has {len(sources):,} code cells; at most {_MAX_CELLS:,} are run"
        )
    return sources


def _parse(content: bytes) -> dict[str, Any]:
    if not content.strip():
        raise NotebookError("the file is empty")
    # Counted first: 20 MB of empty lists would become a gigabyte of objects. What stands within
    # text does no harm.
    if _parts(content) > _MAX_PARTS and _parts(_TEXT.sub(b"", content)) > _MAX_PARTS:
        raise NotebookError("the file has more parts than any notebook")
    try:
        notebook = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise NotebookError("the file is not a notebook: it is no text in UTF-8") from error
    except RecursionError as error:
        raise NotebookError("the file is nested deeper than any notebook") from error
    except ValueError as error:
        raise NotebookError(f"the file is broken JSON ({str(error)[:100]})") from error
    if not isinstance(notebook, dict):
        raise NotebookError("the file is JSON, but no notebook: it is no object")
    return notebook


def _parts(content: bytes) -> int:
    return sum(map(content.count, (b",", b"[", b"{")))


def _check_language(metadata: object) -> None:
    # Lost metadata is no fault: then it is Python.
    known = metadata if isinstance(metadata, Mapping) else {}
    for entry, key in (("language_info", "name"), ("kernelspec", "language")):
        part = known.get(entry)
        language = part.get(key) if isinstance(part, Mapping) else None
        if isinstance(language, str) and language and language.lower() not in _PYTHON:
            raise NotebookError(
                f"the notebook's language is {_shown(language)}; Python is expected"
            )


def _is_code(cell: object) -> bool:
    return isinstance(cell, Mapping) and cell.get("cell_type") == "code"


def _source(cell: Mapping[str, Any]) -> str:
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    return source if isinstance(source, str) else ""


def _shown(text: str) -> str:
    return "".join(each for each in text[:30] if each.isprintable())


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB" if size >= 1e6 else f"{size:,} bytes"
