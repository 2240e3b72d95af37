"""A notebook hands over a module, a model and an element; here a page plays the notebook."""

import base64

import numpy as np
import pytest

from aecourse import numpy_nn
from aecourse.widgets import BackpropagationStepper, BottleneckSlider, Coded, Reel, TrainingFilm

ALT = "A picture that these tests do not look at"
NOTEBOOK = """
async ({ source, state }) => {
  const { default: widget } = await import(source);
  for (const [name, value] of Object.entries(state)) {
    if (value.base64 === undefined) continue;
    // A message from the kernel holds several arrays: none starts at its first byte.
    const bytes = Uint8Array.from(`xxx${atob(value.base64)}`, (letter) => letter.charCodeAt(0));
    state[name] = new DataView(bytes.buffer, 3);
  }
  const listeners = {};
  window.saved = [];
  const model = {
    get: (name) => state[name],
    set: (name, value) => { state[name] = value; listeners[`change:${name}`]?.(); },
    on: (event, listener) => { listeners[event] = listener; },
    off: (event) => { delete listeners[event]; },
    save_changes: () => window.saved.push({ ...state }),
  };
  const el = document.querySelector("main");
  window.stop = widget.render({ model, el });
  window.listening = () => Object.keys(listeners).length;
}
"""


def stepper():
    model = numpy_nn.autoencoder((3, 2), dtype="float64")
    return BackpropagationStepper(model, np.array([[0.1, 0.5, 0.9]]), alt=ALT)


def slider():
    x = np.zeros((2, 784))
    by_size = {1: Coded(x, 0.2, 5.0), 2: Coded(x, 0.1, 9.0)}
    return BottleneckSlider(x, {"PCA": by_size, "autoencoder": by_size}, note="", alt=ALT)


def film():
    x = np.random.default_rng(0).random((20, 784), dtype="float32")
    reels = {}
    for name in ("first", "second"):
        model = numpy_nn.autoencoder((784, 4))
        reels[name] = Reel(model, x, count=2)
        numpy_nn.fit(model, x, epochs=1, on_epoch_end=reels[name], progress=False)
    return TrainingFilm(reels, alt=ALT)


@pytest.mark.parametrize(
    ("make", "trait"),
    [(stepper, "step"), (slider, "position"), (film, "frame")],
    ids=["stepper", "slider", "film"],
)
def test_a_notebook_runs_the_same_source(browser, make, trait):
    widget = make()
    page = browser.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_content("<main></main>")
    source = "data:text/javascript;base64," + base64.b64encode(widget._esm.encode()).decode()
    page.evaluate(NOTEBOOK, {"source": source, "state": widget.page_state()})
    assert page.locator("main.aecourse-live").is_visible()
    page.get_by_role("slider").press("Home")
    page.get_by_role("slider").press("ArrowRight")
    assert page.evaluate(f"window.saved.at(-1).{trait}") == 1
    page.evaluate("window.stop()")
    assert page.evaluate("window.listening()") == 0
    assert errors == []
    page.close()
