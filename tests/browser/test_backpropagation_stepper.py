import re

import numpy as np
import pytest

from aecourse import numpy_nn
from aecourse.widgets import BackpropagationStepper

ALT = "A network of three inputs, two hidden units and three outputs with all its gradients"
RATE = 2.0


def network(sizes=(3, 2), seed=0, dtype="float64"):
    return numpy_nn.autoencoder(sizes, init="standard_normal", seed=seed, dtype=dtype)


@pytest.fixture
def model():
    return network()


@pytest.fixture
def x():
    return np.array([[0.9, 0.1, 0.5]])


@pytest.fixture
def stepper(model, x):
    return BackpropagationStepper(model, x, learning_rate=RATE, alt=ALT)


def shown(value, digits):
    return f"{value:.{digits}f}".replace("-", "−")


def place(page):
    return int(re.match(r"Step (\d+) of 44", page.locator(".aecourse-where").inner_text())[1])


@pytest.mark.parametrize(
    ("sizes", "seed", "dtype", "limit"),
    [
        ((3, 2), 0, "float64", 1e-12),
        ((2, 2), 1, "float64", 1e-12),
        ((4, 1), 2, "float64", 1e-12),
        ((3, 2), 3, "float32", 1e-5),
    ],
)
def test_the_gradients_are_those_of_numpy_nn(show, sizes, seed, dtype, limit):
    model = network(sizes, seed, dtype)
    x = np.random.default_rng(seed).random((1, sizes[0]))
    widget = BackpropagationStepper(model, x, alt=ALT)
    parts = {
        part: {
            "weight": getattr(widget, f"{part}_weight"),
            "bias": getattr(widget, f"{part}_bias"),
        }
        for part in ("encoder", "decoder")
    }
    found = show(widget).evaluate(
        f"(network) => {{ {widget._script}\nreturn backpropagate(network); }}",
        {"x": widget.x, **parts},
    )
    loss, gradient = numpy_nn.gradients(model, x)
    assert abs(found["loss"] - loss) < limit
    for part in parts:
        for kind in ("weight", "bias"):
            gap = np.abs(found[f"{part}Gradient"][kind] - gradient[f"{part}.0.{kind}"]).max()
            assert gap < limit


def test_the_table_holds_what_numpy_nn_computes(show, stepper, model, x):
    page = show(stepper)
    page.get_by_text("All parameters and gradients").click()
    rows = [row.split("\t") for row in page.locator("tbody tr").all_inner_texts()]
    weights = numpy_nn.get_weights(model)
    _, gradient = numpy_nn.gradients(model, x)
    flat = {
        name: np.concatenate([arrays[key].ravel() for key in weights])
        for name, arrays in {"value": weights, "gradient": gradient}.items()
    }
    assert len(rows) == len(flat["value"]) == 17
    for row, value, slope in zip(rows, flat["value"], flat["gradient"], strict=True):
        assert row[1:] == [shown(v, 6) for v in (value, slope, value - RATE * slope)]


def test_the_walk_ends_with_a_lower_loss(show, stepper, model, x):
    page = show(stepper)
    before, gradient = numpy_nn.gradients(model, x)
    weights = numpy_nn.get_weights(model)
    updated = {name: w - RATE * gradient[name] for name, w in weights.items()}
    numpy_nn.set_weights(model, updated)
    after = numpy_nn.evaluate(model, x)
    page.get_by_role("slider").press("End")
    text = page.locator(".aecourse-formula").inner_text()
    assert text == f"L = {shown(before, 5)} before, {shown(after, 5)} after"
    assert "the loss has fallen" in page.locator(".aecourse-step").inner_text()


def test_every_arrow_is_walked_and_marked(show, stepper):
    page = show(stepper)
    marks = {"line": 0, "back": 0, "circle": 0}
    for _ in range(42):
        page.get_by_role("button", name="Next").click()
        present = page.locator(".aecourse-wide line.aecourse-present").count()
        marks["line"] += present == 1
        marks["back"] += page.locator(".aecourse-wide line.aecourse-back").count()
        marks["circle"] += page.locator(".aecourse-wide circle.aecourse-present").count() > 0
    # Twelve arrows forward; back, twelve for gradients and six for the blame of the code.
    assert marks == {"line": 30, "back": 18, "circle": 11}


def test_it_goes_by_mouse(show, stepper):
    page = show(stepper)
    page.get_by_role("button", name="Next").click(click_count=3)
    page.get_by_role("button", name="Back", exact=True).click()
    assert place(page) == 3
    page.get_by_role("button", name="backward").click()
    assert place(page) == 20
    assert page.get_by_role("button", name="backward").get_attribute("aria-current") == "step"
    assert "δ′₁ = ∂L/∂z′₁" in page.locator(".aecourse-formula").inner_text()


def test_it_goes_by_keyboard(show, stepper):
    page = show(stepper)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Back"
    page.keyboard.press("Enter")
    assert place(page) == 1
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Space")
    assert place(page) == 3
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert place(page) == 4
    slider = page.get_by_role("slider", name="Step")
    assert slider.get_attribute("aria-valuetext") == "Step 4 of 44, forward"


def test_it_goes_by_touch_and_fits_a_phone(show, stepper):
    page = show(stepper, has_touch=True, width=320)
    page.get_by_role("button", name="Next").tap()
    assert place(page) == 2
    page.get_by_role("button", name="update").tap()
    assert place(page) == 43
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    assert page.locator(".aecourse-narrow").is_visible()
    assert not page.locator(".aecourse-wide").is_visible()
    page.get_by_text("All parameters and gradients").tap()
    inside, outside = (page.locator(name).bounding_box() for name in ("table", "details"))
    assert inside["width"] <= outside["width"]
    for button in page.get_by_role("button").all():
        box = button.bounding_box()
        assert min(box["width"], box["height"]) >= 24


def test_it_announces_where_it_rests(show, stepper):
    page = show(stepper)
    for _ in range(5):
        page.get_by_role("button", name="Next").click()
    region = page.locator("[aria-live]")
    assert region.inner_text() == ""
    page.wait_for_function("document.querySelector('[aria-live]').textContent !== ''")
    assert region.inner_text().startswith("Step 6 of 44. ")


def test_its_colours_and_names_pass_axe(show, stepper):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    for theme in ("light", "dark"):
        page = show(stepper, theme=theme)
        page.get_by_role("button", name="backward").click()
        page.get_by_text("All parameters and gradients").click()
        found = axe.run(page)
        assert found.violations_count == 0, found.generate_report()


def test_without_javascript_the_picture_stays(show, stepper):
    page = show(stepper, java_script_enabled=False)
    assert page.get_by_alt_text(ALT).is_visible()


def test_its_state_is_small(stepper):
    assert len(str(stepper.page_state())) < 2000


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: network((3, 2, 1)), "one sigmoid layer"),
        (lambda: numpy_nn.autoencoder((3, 2), code="linear"), "'linear'"),
        (lambda: numpy_nn.autoencoder((3, 2), tied=True), "tied"),
        (lambda: network((5, 2)), "at most 4"),
    ],
)
def test_it_refuses_other_networks(make, message):
    model = make()
    x = np.full((1, model.encoder.layers[0].n_in), 0.5)
    with pytest.raises(ValueError, match=message):
        BackpropagationStepper(model, x, alt=ALT)


def test_it_takes_one_input(model, x):
    with pytest.raises(ValueError, match="expected one input, got 2"):
        BackpropagationStepper(model, np.vstack([x, x]), alt=ALT)
