"""A widget on a page of the book keeps its picture and its state in files."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import traitlets

from aecourse import plots
from aecourse.widgets import LiveWidget

waiting_widgets = pytest.importorskip("waiting_widgets", reason="needs aecourse[book]")


class Numbered(LiveWidget):
    source = "latent_explorer.js"
    number = traitlets.Int(7).tag(sync=True)


@pytest.fixture
def page(tmp_path):
    widget = Numbered(still=plots.images(np.zeros((2, 784))), alt="Two black images")
    context = {"body": f"<p>before</p>{widget.to_html()}", "pathto": lambda path, _: f"../{path}"}
    app = SimpleNamespace(builder=SimpleNamespace(format="html"), outdir=tmp_path)
    waiting_widgets.let_widgets_wait(app, "a/page", "page.html", context, object())
    return context["body"]


def test_the_page_names_the_files_and_holds_neither(page, tmp_path):
    folder = tmp_path / "_static" / "widgets"
    (picture,), (state,) = folder.glob("*.png"), folder.glob("*.js")
    assert f'src="../_static/widgets/{picture.name}"' in page
    assert f'data-src="../_static/widgets/{state.name}"' in page
    assert 'alt="Two black images"' in page
    assert "base64," not in page
    assert '"number"' not in page


@pytest.mark.usefixtures("page")
def test_the_files_hold_what_the_page_held(tmp_path):
    (picture,) = tmp_path.rglob("*.png")
    assert picture.read_bytes().startswith(b"\x89PNG")
    (state,) = tmp_path.rglob("*.js")
    _, _, text = state.read_text("utf-8").partition(" = ")
    assert json.loads(text.removesuffix(";\n")) == {"number": 7}
