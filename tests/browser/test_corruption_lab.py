import json
import re

import numpy as np
import pytest
from traitlets import TraitError

from aecourse import numpy_nn
from aecourse.corruption import corrupt
from aecourse.data import load_mnist
from aecourse.widgets import CorruptionLab, half_precision
from aecourse.widgets.base import _for_json

ALT = "Ten digits, the same with noise, and what the model makes of the noisy ones"
READ = """(canvas) => {
  const context = canvas.getContext("2d", { willReadFrequently: true });
  return Array.from(context.getImageData(0, 0, 28, 28).data).filter((_, i) => i % 4 === 0);
}"""


@pytest.fixture(scope="module")
def x():
    return load_mnist().x_test[:10]


@pytest.fixture(scope="module")
def model():
    model = numpy_nn.autoencoder((784, 32), activation="relu")
    adam = numpy_nn.Adam(0.003)
    x_train = load_mnist().x_train[:3000]
    numpy_nn.fit(model, x_train, optimizer=adam, epochs=4, progress=False)
    return model


@pytest.fixture
def lab(model, x):
    return CorruptionLab(model, x, alt=ALT)


def paper(page):
    return page.get_by_role("application")


def drawn(page):
    return np.array(paper(page).locator("canvas").evaluate(READ)) / 255


def errors(page):
    return [float(text.split()[-1]) for text in page.locator(".aecourse-error").all_inner_texts()]


def pixel(page, column, row):
    box = paper(page).bounding_box()
    return box["x"] + (column + 0.5) / 28 * box["width"], box["y"] + (row + 0.5) / 28 * box[
        "height"
    ]


def set_amount(page, value):
    page.get_by_role("slider").fill(str(value))


@pytest.fixture
def damage(lab, browser, call):
    """Give the browser's damage(image, kind, amount, seed)."""
    page = browser.new_page()
    page.add_script_tag(content=lab._script)

    def damaged(image, kind, amount, seed):
        function = "(...all) => Array.from(damage(...all))"
        return np.array(call(page, function, image.tolist(), kind, amount, seed))

    yield damaged
    page.close()


@pytest.mark.parametrize("amount", [0.1, 0.5, 1.0])
@pytest.mark.parametrize("kind", ["gaussian", "masking", "salt_and_pepper"])
def test_damage_has_the_distribution_that_python_draws_from(kind, amount, damage):
    image = np.repeat([0.25, 0.75], 10_000)
    seen = damage(image, kind, amount, 3).reshape(2, -1)
    drawn = corrupt(image, kind=kind, amount=amount, seed=3).reshape(2, -1)
    # The standard deviation is at most 1: five standard errors of the difference are 0.07.
    assert np.allclose(seen.mean(axis=1), drawn.mean(axis=1), atol=0.07)
    assert np.allclose(seen.std(axis=1), drawn.std(axis=1), atol=0.07)
    if kind != "gaussian":
        for row, other in zip(seen, drawn, strict=True):
            assert set(row) == set(other)
    else:
        # Neighbours are independent: five standard errors of a correlation are 0.035.
        noise = seen - image.reshape(2, -1)
        assert abs(np.corrcoef(noise.ravel()[:-1], noise.ravel()[1:])[0, 1]) < 0.035


def test_no_amount_is_no_damage_and_a_seed_fixes_the_draws(damage, x):
    image = x[0].astype("float64")
    for kind in ("gaussian", "masking", "salt_and_pepper"):
        assert np.array_equal(damage(image, kind, 0, 1), image)
        assert np.array_equal(damage(image, kind, 0.5, 1), damage(image, kind, 0.5, 1))
        assert not np.array_equal(damage(image, kind, 0.5, 1), damage(image, kind, 0.5, 2))


def test_what_is_shown_is_what_numpy_computes(lab, model, x, damage, show):
    page = show(lab)
    for number, kind in [(0, "gaussian"), (3, "masking"), (7, "salt_and_pepper")]:
        page.get_by_role("button", name=f"Test digit {number + 1}", exact=True).click()
        page.get_by_role("combobox", name="Damage").select_option(kind)
        set_amount(page, 0.3)
        noisy = damage(x[number], kind, 0.3, 0)
        output = model(noisy[None].astype("float32"))[0]
        expected = [np.mean((x[number] - noisy) ** 2), np.mean((x[number] - output) ** 2)]
        assert errors(page) == pytest.approx(expected, abs=1e-4)
        seen = page.get_by_role("img", name="Output").evaluate(READ)
        assert np.abs(np.array(seen) - 255 * output).max() < 1
        seen = page.get_by_role("img", name="Damaged").evaluate(READ)
        assert np.abs(np.array(seen) - 255 * np.clip(noisy, 0, 1)).max() < 1


def test_the_mouse_draws(lab, show):
    page = show(lab)
    page.get_by_role("button", name="Clear").click()
    assert drawn(page).max() == 0
    page.mouse.move(*pixel(page, 8, 14))
    page.mouse.down()
    page.mouse.move(*pixel(page, 20, 14))
    page.mouse.up()
    page.mouse.move(*pixel(page, 20, 24))
    image = drawn(page).reshape(28, 28)
    assert np.all(image[14, 8:21] == 1)
    assert image[:12].max() == image[17:].max() == 0
    page.get_by_role("button", name="Eraser").click()
    page.mouse.click(*pixel(page, 14, 14))
    assert drawn(page).reshape(28, 28)[14, 14] == 0


def test_the_keyboard_draws(lab, show):
    page = show(lab)
    page.get_by_role("button", name="Clear").click()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "application"
    assert page.locator(".aecourse-nib").is_visible()
    page.keyboard.press("ArrowUp")
    assert drawn(page).max() == 0
    page.keyboard.press("Space")
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    image = drawn(page).reshape(28, 28)
    assert np.all(image[12, 13:19] == 1)
    assert image[15:].max() == 0
    page.get_by_text("Pen up, column 19, row 15").wait_for(state="attached")


def test_a_finger_draws_and_the_page_scrolls_elsewhere(lab, show):
    page = show(lab, width=360, has_touch=True, is_mobile=True)
    page.get_by_role("button", name="Clear").tap()
    page.touchscreen.tap(*pixel(page, 10, 20))
    assert drawn(page).reshape(28, 28)[20, 10] == 1
    touch_action = "(element) => getComputedStyle(element).touchAction"
    assert paper(page).evaluate(touch_action) == "none"
    assert page.locator(".aecourse-live").evaluate(touch_action) == "auto"


def test_a_finger_draws_a_stroke_and_does_not_scroll(lab, show, swipe):
    page = show(lab, width=360, has_touch=True, is_mobile=True)
    page.evaluate("document.body.style.paddingBottom = '2000px'")
    page.get_by_role("button", name="Clear").tap()
    swipe(page, [pixel(page, 14, row) for row in range(22, 5, -2)])
    assert np.all(drawn(page).reshape(28, 28)[6:23, 14] == 1)
    assert page.evaluate("window.scrollY") == 0


def test_damage_again_draws_new_noise(lab, show):
    page = show(lab)
    before = page.get_by_role("img", name="Damaged").evaluate(READ)
    page.get_by_role("button", name="Damage again").click()
    after = page.get_by_role("img", name="Damaged").evaluate(READ)
    assert before != after
    page.get_by_text(re.compile(r"Damaged: squared error per pixel 0\.\d{4}\. Output")).wait_for(
        state="attached"
    )


def test_the_slider_says_what_it_sets(lab, show):
    page = show(lab)
    for kind, name in [("masking", "turns black"), ("salt_and_pepper", "is replaced")]:
        page.get_by_role("combobox").select_option(kind)
        slider = page.get_by_label(name)
        slider.fill("0")
        assert slider.get_attribute("aria-valuetext") == "0.00"
        assert errors(page)[0] == 0
        slider.press("ArrowRight")
        assert slider.get_attribute("aria-valuetext") == "0.05"


def test_damage_and_output_are_shown_within_a_frame(x, show):
    model = half_precision(numpy_nn.autoencoder((784, 128)))
    page = show(CorruptionLab(model, x, alt=ALT))
    times = page.evaluate(
        """() => {
          const button = [...document.querySelectorAll("button")].at(-1);
          return Array.from({ length: 50 }, () => {
            const start = performance.now();
            button.click();
            return performance.now() - start;
          });
        }"""
    )
    assert np.median(times) < 16


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [800, 320])
def test_axe_finds_nothing(lab, theme, width, show, axe):
    page = show(lab, theme=theme, width=width)
    page.get_by_role("button", name="Eraser").click()
    found = axe.run(page).response["violations"]
    assert found == [], json.dumps(found, indent=1)


def test_it_fits_a_phone_and_follows_the_window(lab, show):
    page = show(lab)
    for width in (320, 1000, 360):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.get_by_role("button", name="Clear").click()
        page.mouse.click(*pixel(page, 14, 7))
        assert drawn(page).reshape(28, 28)[7, 14] == 1
    for target in page.locator("button, input, select").all():
        box = target.bounding_box()
        assert min(box["width"], box["height"]) >= 24


def test_without_javascript_the_picture_stays(lab, show):
    page = show(lab, java_script_enabled=False)
    assert page.get_by_alt_text(ALT).is_visible()


def test_the_page_stays_small(model, x):
    wide = half_precision(numpy_nn.autoencoder((784, 128)))
    assert len(CorruptionLab(wide, x, alt=ALT).to_html()) < 660_000
    assert len(CorruptionLab(model, x, alt=ALT).to_html()) < 400_000


def test_python_gets_the_drawing_as_bytes(lab, x):
    assert np.array_equal(np.frombuffer(lab.drawing, "uint8"), np.round(255 * x[0]))
    lab.set_state({"drawing": memoryview(bytes(784))})
    assert lab.drawing == bytes(784)
    assert lab.page_state()["drawing"] == _for_json(bytes(784))
    with pytest.raises(TraitError, match="784 bytes, got 3"):
        lab.drawing = b"123"
    with pytest.raises(TraitError):
        lab.kind = "blur"


@pytest.mark.parametrize(
    ("sizes", "change", "message"),
    [
        ((100, 8), {}, "784 inputs, got 100"),
        ((784, 8), {"x": np.full((2, 784), 2.0)}, r"x to hold values in \[0, 1\]"),
        ((784, 8), {"x": np.zeros((2, 28, 28))}, "shape"),
        ((784, 256), {}, "half_precision"),
        ((784, 8), {"alt": " "}, "expected alt"),
    ],
)
def test_what_does_not_fit_is_an_error(sizes, change, message, x):
    with pytest.raises(ValueError, match=message):
        CorruptionLab(numpy_nn.autoencoder(sizes), **{"x": x, "alt": ALT, **change})
