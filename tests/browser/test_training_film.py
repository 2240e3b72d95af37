import numpy as np
import pytest

from aecourse import numpy_nn
from aecourse.data import load_mnist
from aecourse.widgets import Reel, TrainingFilm

ALT = "Rows of digits that become clearer from epoch to epoch, for two networks"
EPOCHS = [0, 1, 2, 4]


def reel(init="glorot", count=8, epochs=4):
    digits = load_mnist()
    model = numpy_nn.autoencoder((784, 16), init=init)
    recorded = Reel(model, digits.x_test[:100], count=count)
    options = {"epochs": epochs, "on_epoch_end": recorded, "progress": False}
    numpy_nn.fit(model, digits.x_train[:300], **options)
    return recorded


@pytest.fixture(scope="module")
def reels():
    return {"first": reel("standard_normal"), "second": reel()}


@pytest.fixture(scope="module")
def film(reels):
    return TrainingFilm(reels, epochs=EPOCHS, alt=ALT)


def titles(page):
    return [text for text in page.locator("p").all_inner_texts() if " · loss " in text]


def test_it_shows_what_python_recorded(show, strip, film, reels):
    page = show(film)
    slider = page.get_by_role("slider", name="Epoch")
    for at, epoch in enumerate(EPOCHS):
        slider.fill(str(at))
        assert slider.get_attribute("aria-valuetext") == f"epoch {epoch} of 4"
        assert titles(page) == [f"{n} · loss {r.losses[epoch]:.4f}" for n, r in reels.items()]
        for number, recorded in enumerate(reels.values()):
            outputs = strip(page, 1 + 2 * number)
            assert np.abs(outputs - recorded.outputs[epoch]).max() < 0.6 / 255
            filters = recorded.filters[epoch]
            scaled = 0.5 + filters / np.abs(filters).max(axis=1, keepdims=True) / 2
            assert np.abs(strip(page, 2 + 2 * number) - scaled).max() < 0.6 / 255


def test_a_reel_holds_the_losses_of_the_images(reels):
    recorded = reels["second"]
    assert recorded.losses[-1] == numpy_nn.evaluate(recorded.model, recorded.x)
    assert recorded.losses[-1] < recorded.losses[0]
    assert len(recorded.losses) == len(recorded.outputs) == len(recorded.filters) == 5


def test_it_waits_until_it_is_played_and_stops_at_the_end(show, film):
    page = show(film)
    page.clock.install()
    slider = page.get_by_role("slider")
    page.clock.run_for(5000)
    assert slider.input_value() == "0"
    page.get_by_role("button", name="Play").click()
    page.clock.run_for(1500)
    assert slider.input_value() == "2"
    page.get_by_role("button", name="Pause").click()
    page.clock.run_for(5000)
    assert slider.input_value() == "2"
    page.get_by_role("button", name="Play").click()
    page.clock.run_for(5000)
    assert slider.input_value() == "3"
    assert page.locator(".aecourse-value").inner_text() == "epoch 4"
    page.get_by_role("button", name="Play").click()
    assert page.locator(".aecourse-value").inner_text() == "before training"


def test_it_slows_down_where_less_motion_is_wanted(show, film):
    page = show(film, reduced_motion="reduce")
    page.clock.install()
    assert page.get_by_text("less motion").is_visible()
    page.get_by_role("button", name="Play").click()
    page.clock.run_for(1900)
    assert page.get_by_role("slider").input_value() == "0"
    page.clock.run_for(200)
    assert page.get_by_role("slider").input_value() == "1"


def test_moving_by_hand_stops_the_film(show, film):
    page = show(film)
    page.get_by_role("button", name="Play").click()
    page.get_by_role("slider").press("End")
    assert page.get_by_role("button", name="Play").is_visible()
    assert page.locator(".aecourse-value").inner_text() == "epoch 4"


def test_it_goes_by_keyboard(show, film):
    page = show(film)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.get_by_role("button", name="Pause").is_visible()
    page.keyboard.press("Space")
    assert page.get_by_role("button", name="Play").is_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert page.locator(".aecourse-value").inner_text() == "epoch 1"
    page.wait_for_function("document.querySelector('[aria-live]').textContent !== ''")
    assert page.locator("[aria-live]").inner_text().startswith("Epoch 1. first: loss ")


def test_it_goes_by_touch_and_fits_a_phone(show, film):
    page = show(film, has_touch=True, width=320)
    page.get_by_role("button", name="Play").tap()
    page.get_by_role("button", name="Pause").tap()
    box = page.get_by_role("slider").bounding_box()
    assert box["width"] > 120
    assert box["height"] >= 24
    page.touchscreen.tap(box["x"] + box["width"] - 2, box["y"] + box["height"] / 2)
    assert page.locator(".aecourse-value").inner_text() == "epoch 4"
    assert page.evaluate("document.documentElement.scrollWidth") == 320


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_its_colours_and_names_pass_axe(show, film, theme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    found = axe.run(show(film, theme=theme))
    assert found.violations_count == 0, found.generate_report()


def test_without_javascript_the_picture_stays(show, film):
    page = show(film, java_script_enabled=False)
    assert page.get_by_alt_text(ALT).is_visible()


def test_its_state_is_small(film):
    assert len(film.outputs) == len(film.filters) == 2 * len(EPOCHS) * 8 * 784
    # Eleven frames, as chapter 8 shows, in base64.
    assert 4 / 3 * 2 * (2 * 11 * 8 * 784) < 400_000


@pytest.mark.parametrize(
    ("names", "options", "message"),
    [
        (["first"], {}, "expected two reels"),
        (["first", "second"], {"epochs": [0, 5]}, "from 0 to 4"),
        (["first", "second"], {"epochs": [2, 1]}, "in order"),
    ],
)
def test_it_refuses_what_it_cannot_show(reels, names, options, message):
    with pytest.raises(ValueError, match=message):
        TrainingFilm({name: reels[name] for name in names}, alt=ALT, **options)


@pytest.mark.parametrize(
    ("other", "message"),
    [({"epochs": 2}, "equal length"), ({"count": 4}, "the same images")],
)
def test_it_refuses_reels_that_differ(reels, other, message):
    with pytest.raises(ValueError, match=message):
        TrainingFilm({"first": reels["first"], "other": reel(**other)}, alt=ALT)
