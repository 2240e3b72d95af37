import ipywidgets
import numpy as np
import pytest
import traitlets
from IPython.core.interactiveshell import InteractiveShell

from aecourse import plots
from aecourse.widgets import base


@pytest.fixture
def counter(tmp_path, monkeypatch):
    (tmp_path / "counter.js").write_text(
        """
        function render({ model, el }) {
          const step = () => { model.set("count", model.get("count") + 1); model.save_changes(); };
          const button = element("button", { onclick: step }, "again");
          const second = float32(model.get("start"))[1];
          const show = () => { button.textContent = `${model.get("count")} ${second}`; };
          model.on("change:count", show);
          show();
          el.append(button);
        }
        """,
        encoding="utf-8",
    )
    monkeypatch.setattr(base, "_FOLDER", tmp_path)

    class Counter(base.LiveWidget):
        source = "counter.js"
        count = traitlets.Int(3).tag(sync=True)
        start = traitlets.Bytes(base.float32_bytes([1.0, 2.5])).tag(sync=True)
        name = traitlets.Unicode("</script><b>").tag(sync=True)

    return Counter(still=plots.images(np.zeros((2, 784))), alt="Two black images")


def test_a_notebook_gets_the_widget_and_the_html(counter):
    bundle, _ = InteractiveShell.instance().display_formatter.format(counter)
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["text/html"] == counter.to_html()


def test_a_page_without_a_kernel_runs_the_same_source(counter, browser):
    page = browser.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(error))
    page.set_content(counter.to_html())
    button = page.get_by_role("button")
    assert button.inner_text() == "3 2.5"
    button.click()
    assert button.inner_text() == "4 2.5"
    assert not page.get_by_alt_text("Two black images").is_visible()
    page.emulate_media(media="print")
    assert page.get_by_alt_text("Two black images").is_visible()
    assert not button.is_visible()
    assert errors == []
    page.close()


def test_without_javascript_the_picture_stays(counter, browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.set_content(counter.to_html())
    assert page.get_by_alt_text("Two black images").is_visible()
    context.close()


def test_the_state_holds_the_widgets_own_traits_only(counter):
    assert sorted(counter.page_state()) == ["count", "name", "start"]
    assert counter.page_state()["start"] == {"base64": "AACAPwAAIEA="}


def test_a_widget_needs_an_alt_text(counter):
    with pytest.raises(ValueError, match="expected alt"):
        type(counter)(still=counter.still, alt=" ")


def test_it_is_a_widget_of_ipywidgets(counter):
    assert isinstance(counter, ipywidgets.DOMWidget)
