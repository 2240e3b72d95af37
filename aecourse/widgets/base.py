"""What all widgets share: one JavaScript source that lives with a kernel and without one."""

import base64
import hashlib
import html
import io
import json
from importlib.resources import files
from typing import Any, ClassVar

import anywidget
import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

__all__ = ["LiveWidget", "float32_bytes"]

_FOLDER = files("aecourse.widgets")
_SHARED = (_FOLDER / "shared.js").read_text(encoding="utf-8")
_STYLE = (_FOLDER / "widgets.css").read_text(encoding="utf-8")


def float32_bytes(array: npt.ArrayLike) -> bytes:
    """Return numbers as little-endian float32, the way that the browser reads them.

    Parameters
    ----------
    array
        Numbers of any shape.

    Returns
    -------
    bytes
        Four bytes a number, in C order.

    Examples
    --------
    >>> float32_bytes([1.0, 2.0]).hex()
    '0000803f00000040'
    """
    return np.asarray(array, "<f4").tobytes()


class LiveWidget(anywidget.AnyWidget):
    """A widget that Jupyter, VS Code and Colab run, and that a plain page runs without a kernel.

    A subclass names its JavaScript file in ``source``. The file defines ``render({model, el})``; it
    may call what ``shared.js`` offers. Everything that it needs is in traits with ``sync=True``:
    numbers, text, lists, and arrays as bytes. The logic is in JavaScript alone, so the widget works
    the same where no Python is left.

    Where a notebook is shown without widgets, its output is HTML that holds the picture, the
    traits, the style and the source. A browser without JavaScript, and print, show the picture.

    Parameters
    ----------
    still
        What the widget shows at first, for print and for pages without JavaScript.
    alt
        What to see in ``still``, for readers who do not see it.
    **traits
        Values of the subclass' traits.

    Raises
    ------
    ValueError
        If ``alt`` is empty.
    """

    source: ClassVar[str]
    # ipywidgets 7 shows a widget with this method, and would leave the HTML out.
    _ipython_display_ = None

    def __init__(self, *, still: Figure, alt: str, **traits: Any) -> None:
        if not alt.strip():
            raise ValueError("expected alt to say what the still picture shows, got nothing")
        self.still = still
        self.alt = alt
        super().__init__(**traits)

    def __init_subclass__(cls, **options: Any) -> None:
        if "source" in vars(cls):  # traitlets makes subclasses of its own, which inherit all this
            script = (_FOLDER / cls.source).read_text(encoding="utf-8")
            cls._script = f"{_SHARED}\n{script}"
            cls._esm = f"{cls._script}\nexport default {{ render: live(render) }};\n"
            cls._css = _STYLE
        super().__init_subclass__(**options)

    _script: ClassVar[str]

    def page_state(self) -> dict[str, Any]:
        """Return the widget's own traits as JSON can hold them, bytes as base64.

        Returns
        -------
        dict
            Values by the name of the trait; bytes as ``{"base64": text}``.
        """
        inherited = anywidget.AnyWidget.class_trait_names()
        own = [name for name in self.trait_names(sync=True) if name not in inherited]
        return {name: _for_json(getattr(self, name)) for name in own if not name.startswith("_")}

    def to_html(self) -> str:
        """Return the widget as HTML that needs no kernel and no other file.

        Returns
        -------
        str
            The still picture, the state, the style and the script.
        """
        state = json.dumps(self.page_state(), sort_keys=True).replace("<", "\\u003c")
        digest = hashlib.sha256((self.source + state).encode()).hexdigest()[:12]
        name = f"aecourse-{digest}"
        return (
            f'<div class="aecourse-widget" id="{name}">'
            f'<img class="aecourse-still" alt="{html.escape(self.alt)}" src="{self._picture()}">'
            "</div>\n"
            f'<script type="application/json" id="{name}-state">{state}</script>\n'
            f"<style>{_STYLE}</style>\n"
            f'<script type="module">{self._script}\nmount("{name}", render);</script>'
        )

    def _picture(self) -> str:
        buffer = io.BytesIO()
        self.still.savefig(buffer, format="png", dpi=120)
        return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        bundle = super()._repr_mimebundle_(**options)
        if bundle is not None:
            bundle[0]["text/html"] = self.to_html()
        return bundle


def _for_json(value: object) -> object:
    if isinstance(value, bytes | bytearray | memoryview):
        return {"base64": base64.b64encode(value).decode()}
    return value
