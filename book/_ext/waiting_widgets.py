"""Widgets that wait in files of their own until the reader comes near them.

A widget's HTML holds its picture and its state, so that a notebook's output needs no other file. On
a page of the book the two can be half of all that is loaded. This extension moves them into files.
The page loads the picture when it comes into view, and the state a little earlier; both also when
the book is opened as a plain folder, where a page may load scripts and pictures and nothing else.
"""

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

FOLDER = "_static/widgets"
STATE = re.compile(
    r'(<script type="application/json" id="(aecourse-[0-9a-f]+)-state")>(.*?)</script>', re.DOTALL
)
PICTURE = re.compile(r'(<img class="aecourse-still" [^>]*?)src="data:image/png;base64,([^"]+)"')


def let_widgets_wait(
    app: Sphinx,
    pagename: str,  # noqa: ARG001 - what Sphinx hands to every listener
    templatename: str,  # noqa: ARG001
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Move states and pictures of a page's widgets into files."""
    if doctree is None or app.builder.format != "html":
        return
    folder = Path(app.outdir) / FOLDER

    def address(name: str, content: bytes) -> str:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
        path: str = context["pathto"](f"{FOLDER}/{name}", 1)
        return path

    def state_in_file(found: re.Match[str]) -> str:
        script, name, state = found.groups()
        content = f'(window.aecourseStates ??= {{}})["{name}"] = {state};\n'
        return f'{script} data-src="{address(f"{name}.js", content.encode())}"></script>'

    def picture_in_file(found: re.Match[str]) -> str:
        content = base64.b64decode(found[2])
        name = f"{hashlib.sha256(content).hexdigest()[:12]}.png"
        return f'{found[1]}loading="lazy" src="{address(name, content)}"'

    body = STATE.sub(state_in_file, context["body"])
    context["body"] = PICTURE.sub(picture_in_file, body)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the extension with Sphinx."""
    app.connect("html-page-context", let_widgets_wait)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
