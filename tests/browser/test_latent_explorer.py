import json
import re

import numpy as np
import pytest
from traitlets import TraitError

from aecourse import numpy_nn
from aecourse.data import load_mnist
from aecourse.widgets import LatentExplorer

ALT = "Codes of test digits, each drawn as its own digit"


@pytest.fixture(scope="module")
def digits():
    return load_mnist()


@pytest.fixture(scope="module")
def model(digits):
    model = numpy_nn.autoencoder((784, 64, 2), code="linear", seed=1)
    adam = numpy_nn.Adam(0.01)
    numpy_nn.fit(model, digits.x_train[:2000], optimizer=adam, epochs=5, progress=False)
    return model


@pytest.fixture
def explorer(model, digits):
    return LatentExplorer(model, digits.x_test[:300], digits.y_test[:300], alt=ALT)


def place(page, x, y):
    """Give the pixel of a point of the map, as shares of its width and height."""
    box = page.get_by_role("application").bounding_box()
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def readout(page):
    return page.locator(".aecourse-readout").inner_text()


def code_in(text):
    inside = re.search(r"\((.*)\)", text).group(1)
    return [float(number.replace("−", "-")) for number in inside.split(", ")]


def greys(page, canvas=".aecourse-side canvas"):
    read = """(canvas) => {
      const context = canvas.getContext("2d");
      return Array.from(context.getImageData(0, 0, canvas.width, canvas.height).data);
    }"""
    return np.array(page.locator(canvas).first.evaluate(read)).reshape(-1, 4)[:, 0]


def assert_decodes(page, model, code):
    expected = 255 * numpy_nn.decode(model, np.array([code], "float32"))[0]
    assert np.abs(greys(page) - expected).max() < 2  # the code is written with two decimals


def test_it_starts_at_the_code_of_the_first_image(explorer, model, digits, show):
    page = show(explorer)
    code = numpy_nn.encode(model, digits.x_test[:1])[0]
    assert np.allclose(explorer.position, code)
    assert np.allclose(code_in(readout(page)), code, atol=0.006)
    assert f"is a {digits.y_test[0]}." in readout(page)
    assert_decodes(page, model, code)


def test_the_mouse_decodes_each_point_at_once(explorer, model, show):
    page = show(explorer)
    seen = set()
    for x, y in [(0.3, 0.3), (0.5, 0.5), (0.9, 0.2)]:
        page.mouse.move(*place(page, x, y))
        assert_decodes(page, model, code_in(readout(page)))
        seen.add(readout(page))
    assert len(seen) == 3


def test_the_map_shows_each_code_where_the_pointer_finds_it(explorer, model, digits, show):
    page = show(explorer)
    codes = numpy_nn.encode(model, digits.x_test[:300])
    low, high = codes.min(axis=0), codes.max(axis=0)
    page.mouse.move(*place(page, 0.001, 0.999))  # in the margin
    assert np.allclose(code_in(readout(page)), low - 0.05 * (high - low), atol=0.006)
    page.mouse.move(*place(page, 0.999, 0.001))
    assert np.allclose(code_in(readout(page)), high + 0.05 * (high - low), atol=0.006)
    assert "far away" in readout(page)


def test_two_clicks_make_a_line_and_the_slider_walks_along_it(explorer, model, show):
    page = show(explorer)
    slider = page.get_by_label("Along the line")
    assert slider.is_disabled()
    ends = []
    for x, y in [(0.3, 0.3), (0.7, 0.6)]:
        page.mouse.click(*place(page, x, y))
        ends.append(np.array(code_in(readout(page))))
    slider.fill("25")
    assert np.allclose(code_in(readout(page)), 0.75 * ends[0] + 0.25 * ends[1], atol=0.02)
    assert_decodes(page, model, code_in(readout(page)))
    expected = 255 * numpy_nn.decode(model, np.array([ends[1]], "float32"))[0]
    assert np.abs(greys(page, ".aecourse-row canvas:last-child") - expected).max() < 2
    assert "25 %" in page.locator(".aecourse-shown").inner_text()
    page.get_by_role("button", name="Clear points").click()
    assert slider.is_disabled()
    assert "No point is set" in page.locator(".aecourse-live").inner_text()


def test_a_drag_explores_and_sets_no_point(explorer, show):
    page = show(explorer)
    page.mouse.move(*place(page, 0.3, 0.3))
    page.mouse.down()
    page.mouse.move(*place(page, 0.6, 0.6), steps=5)
    page.mouse.up()
    assert "No point is set" in page.locator(".aecourse-live").inner_text()


def test_the_keyboard_does_what_the_mouse_does(explorer, model, show):
    page = show(explorer)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "application"
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate(outline) == "solid"
    before = np.array(code_in(readout(page)))
    page.keyboard.press("ArrowRight")
    small = np.array(code_in(readout(page))) - before
    page.keyboard.press("Shift+ArrowRight")
    large = np.array(code_in(readout(page))) - before - small
    assert small[0] > 0
    assert small[1] == 0
    assert large[0] == pytest.approx(5 * small[0], abs=0.03)
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+ArrowUp")
    assert_decodes(page, model, code_in(readout(page)))
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowLeft")
    assert "99 %" in page.locator(".aecourse-shown").inner_text()


def test_touch_explores_and_sets_points(explorer, model, show):
    page = show(explorer, width=360, has_touch=True, is_mobile=True)
    page.touchscreen.tap(*place(page, 0.4, 0.4))
    first = readout(page)
    assert_decodes(page, model, code_in(first))
    page.touchscreen.tap(*place(page, 0.6, 0.7))
    assert readout(page) != first
    assert page.get_by_label("Along the line").is_enabled()
    assert (
        page.locator(".aecourse-map").evaluate("(map) => getComputedStyle(map).touchAction")
        == "none"
    )
    assert (
        page.locator(".aecourse-live").evaluate("(el) => getComputedStyle(el).touchAction")
        == "auto"
    )


def test_a_finger_on_the_map_explores_and_does_not_scroll(explorer, model, show, swipe):
    page = show(explorer, width=360, has_touch=True, is_mobile=True)
    page.evaluate("document.body.style.paddingBottom = '2000px'")
    before = readout(page)
    swipe(page, [place(page, 0.5, 0.9 - 0.1 * step) for step in range(7)])
    assert readout(page) != before
    assert_decodes(page, model, code_in(readout(page)))
    assert page.evaluate("window.scrollY") == 0
    assert "No point is set" in page.locator(".aecourse-live").inner_text()


def test_a_screen_readers_click_sets_a_point(explorer, show):
    page = show(explorer)
    page.get_by_role("application").evaluate("(map) => map.click()")
    assert "A is at" in page.locator(".aecourse-live").inner_text()


def test_screen_readers_hear_where_the_cursor_rests_and_not_each_step(explorer, show):
    page = show(explorer)
    status = page.locator("[aria-live=polite]")
    status.evaluate(
        """(status) => {
          window.said = [];
          const hear = () => window.said.push(status.textContent);
          new MutationObserver(hear).observe(status, { childList: true });
        }"""
    )
    page.get_by_role("application").focus()
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    page.wait_for_function("window.said.length > 0")
    page.wait_for_timeout(600)
    assert page.evaluate("window.said.length") == 1
    assert status.inner_text() == " ".join(readout(page).split("\n"))


def test_a_point_is_decoded_within_a_frame(explorer, show):
    page = show(explorer)
    times = page.evaluate(
        """() => {
          const map = document.querySelector(".aecourse-map");
          const { left, top, width, height } = map.getBoundingClientRect();
          return Array.from({ length: 200 }, (_, i) => {
            const clientX = left + (width * i) / 200;
            const clientY = top + height * Math.abs(Math.sin(i));
            const start = performance.now();
            map.dispatchEvent(new PointerEvent("pointermove", { clientX, clientY }));
            return performance.now() - start;
          });
        }"""
    )
    assert np.median(times) < 16


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [800, 320])
def test_axe_finds_nothing(explorer, theme, width, show, axe):
    page = show(explorer, theme=theme, width=width)
    for x, y in [(0.3, 0.3), (0.7, 0.6)]:
        page.mouse.click(*place(page, x, y))
    found = axe.run(page).response["violations"]
    assert found == [], json.dumps(found, indent=1)


def luminance(colour):
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


@pytest.mark.parametrize(("theme", "ground"), [("light", "#ffffff"), ("dark", "#14181e")])
def test_the_characters_on_the_map_have_contrast(theme, ground):
    colours = re.search(rf'{theme}: "([^"]+)"', LatentExplorer._script).group(1).split()
    assert len(set(colours)) == 10
    for colour in colours:
        low, high = sorted([luminance(colour), luminance(ground)])
        assert (high + 0.05) / (low + 0.05) >= 4.5, colour


def test_the_map_follows_the_theme(explorer, show):
    page = show(explorer)
    drawn = "document.querySelector('.aecourse-map canvas').toDataURL()"
    page.wait_for_function(f"{drawn}.length > 10_000")
    page.evaluate(f"window.light = {drawn}")
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.wait_for_function(f"{drawn} !== window.light")


def test_it_fits_a_phone_and_follows_the_window(explorer, model, show):
    page = show(explorer)
    for width in (320, 1000, 500):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.mouse.move(*place(page, 0.6, 0.4))
        assert_decodes(page, model, code_in(readout(page)))
        canvas = page.locator(".aecourse-map canvas")
        shown = canvas.evaluate("(canvas) => [canvas.width, canvas.clientWidth]")
        assert shown[0] == pytest.approx(shown[1], abs=1)
    for target in page.locator("button, input").all():
        assert target.bounding_box()["height"] >= 24


def test_without_javascript_the_picture_stays(explorer, show):
    page = show(explorer, java_script_enabled=False)
    assert page.get_by_alt_text(ALT).is_visible()


def test_the_page_stays_small(explorer):
    assert len(explorer.to_html()) < 500_000


def test_jupyter_gets_the_position_and_can_set_it(explorer, show):
    page = show(explorer)
    state = explorer.page_state()
    page.evaluate(
        """async ([source, style, state]) => {
          const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
          const widget = (await import(address)).default;
          const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
          for (const [name, value] of Object.entries(state)) {
            if (value.base64 !== undefined) state[name] = new DataView(bytes(value.base64).buffer);
          }
          const listeners = {};
          window.kernel = { saved: 0, state };
          kernel.set = (name, value) => {
            state[name] = value;
            for (const listener of listeners[`change:${name}`] ?? []) listener();
          };
          const model = { get: (name) => state[name], set: kernel.set, off: () => {} };
          model.on = (event, listener) => (listeners[event] ??= []).push(listener);
          model.save_changes = () => (kernel.saved += 1);
          const el = document.createElement("div");
          document.querySelector("main").replaceChildren(el);
          el.before(Object.assign(document.createElement("style"), { textContent: style }));
          kernel.stop = widget.render({ model, el });
        }""",
        [explorer._esm, explorer._css, state],
    )
    page.mouse.move(*place(page, 0.4, 0.4))
    assert page.evaluate("kernel.saved") >= 1
    assert code_in(readout(page)) == pytest.approx(
        page.evaluate("kernel.state.position"), abs=0.006
    )
    page.evaluate("kernel.set('position', [1, -2])")
    assert code_in(readout(page)) == [1, -2]
    page.evaluate("kernel.stop()")


def test_python_refuses_what_is_no_position(explorer):
    explorer.position = [1.0, 2.0]
    with pytest.raises(TraitError):
        explorer.position = [1.0]


@pytest.mark.parametrize(
    ("sizes", "options", "message"),
    [
        ((784, 8), {}, "code of two units, got 8"),
        ((784, 2), {"image_shape": (28, 27)}, r"784 pixels, got \(28, 27\)"),
        ((784, 512, 2), {}, "expected weights of at most"),
        ((784, 2), {"alt": ""}, "expected alt"),
    ],
)
def test_what_does_not_fit_is_an_error(sizes, options, message, digits):
    model = numpy_nn.autoencoder(sizes)
    with pytest.raises(ValueError, match=message):
        LatentExplorer(model, digits.x_test[:5], digits.y_test[:5], **{"alt": ALT, **options})


def test_labels_must_fit_the_images(model, digits):
    with pytest.raises(ValueError, match="labels of shape"):
        LatentExplorer(model, digits.x_test[:5], digits.y_test[:4], alt=ALT)
