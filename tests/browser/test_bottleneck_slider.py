import numpy as np
import pytest

from aecourse.widgets import BottleneckSlider, Coded

ALT = "Rows of small images: the inputs, and what two methods make of them at three sizes"
SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256]
COUNT = 8


def coded(seed):
    rng = np.random.default_rng(seed)
    return {
        k: Coded(rng.random((COUNT, 784)), float(0.06 * rng.uniform(0.8, 1) / k**0.6), 5.03 * k)
        for k in SIZES
    }


@pytest.fixture(scope="module")
def x():
    return np.random.default_rng(9).random((COUNT, 784))


@pytest.fixture(scope="module")
def methods():
    return {"PCA": coded(1), "autoencoder": coded(2)}


@pytest.fixture(scope="module")
def slider(x, methods):
    return BottleneckSlider(x, methods, note="Six bits a number.", alt=ALT)


def test_it_shows_pythons_images_errors_and_bits(show, strip, slider, methods, x):
    page = show(slider)
    handle = page.get_by_role("slider", name="Size of the code")
    assert np.abs(strip(page, 0) - x).max() < 0.6 / 255
    for at, k in enumerate(SIZES):
        handle.fill(str(at))
        assert handle.get_attribute("aria-valuetext") == ("1 number" if k == 1 else f"{k} numbers")
        rows = page.locator("tbody tr")
        for number, (name, by_size) in enumerate(methods.items()):
            seen = rows.nth(number).inner_text().split("\t")
            assert seen == [name, f"{by_size[k].error:.5f}", f"{by_size[k].bits:.0f}"]
            assert np.abs(strip(page, number + 1) - by_size[k].x_hat).max() < 0.6 / 255
        errors = {name: by_size[k].error for name, by_size in methods.items()}
        best, worst = sorted(errors, key=errors.get)
        share = 100 * (1 - errors[best] / errors[worst])
        assert page.get_by_text(f"Less error: {best}, by {share:.0f}\u00a0%.").is_visible()


def test_the_chart_marks_the_present_size(show, slider):
    page = show(slider)
    page.get_by_role("slider").press("Home")
    first = page.locator(".aecourse-here circle").get_attribute("cx")
    page.get_by_role("slider").press("End")
    last = page.locator(".aecourse-here circle").get_attribute("cx")
    assert [float(first), float(last)] == [52, 326]
    assert page.locator(".aecourse-here rect").count() == 1
    # One mark a size, and one in the legend: circles for one method, squares for the other.
    assert page.locator(".aecourse-line-0 circle").count() == len(SIZES) + 1
    assert page.locator(".aecourse-line-1 rect").count() == len(SIZES) + 1


def test_it_goes_by_mouse(show, slider):
    page = show(slider)
    box = page.get_by_role("slider").bounding_box()
    page.mouse.click(box["x"] + box["width"] - 2, box["y"] + box["height"] / 2)
    assert page.locator(".aecourse-value").inner_text() == "256 numbers"


def test_it_goes_by_keyboard_and_announces_where_it_rests(show, slider):
    page = show(slider)
    page.keyboard.press("Tab")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.locator(".aecourse-value").inner_text() == "4 numbers"
    region = page.locator("[aria-live]")
    assert region.inner_text() == ""
    page.wait_for_function("document.querySelector('[aria-live]').textContent !== ''")
    assert region.inner_text().startswith("4 numbers. PCA: error 0.0")


def test_it_goes_by_touch_and_fits_a_phone(show, slider):
    page = show(slider, has_touch=True, width=320)
    box = page.get_by_role("slider").bounding_box()
    assert box["width"] > 120
    assert box["height"] >= 24
    page.touchscreen.tap(box["x"] + 2, box["y"] + box["height"] / 2)
    assert page.locator(".aecourse-value").inner_text() == "1 number"
    assert page.evaluate("document.documentElement.scrollWidth") == 320


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_its_colours_and_names_pass_axe(show, slider, theme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    found = axe.run(show(slider, theme=theme))
    assert found.violations_count == 0, found.generate_report()


def test_without_javascript_the_picture_stays(show, slider):
    page = show(slider, java_script_enabled=False)
    assert page.get_by_alt_text(ALT).is_visible()


def test_its_state_is_small(slider):
    assert len(str(slider.page_state())) < 200_000


def test_both_methods_need_the_same_sizes(x, methods):
    fewer = {k: coded for k, coded in methods["PCA"].items() if k < 10}
    with pytest.raises(ValueError, match="same sizes"):
        BottleneckSlider(x, {**methods, "PCA": fewer}, note="", alt=ALT)


def test_each_size_shows_the_images_of_x(x, methods):
    wrong = {**methods["PCA"], 4: methods["PCA"][4]._replace(x_hat=x[:2])}
    with pytest.raises(ValueError, match="PCA of size 4"):
        BottleneckSlider(x, {**methods, "PCA": wrong}, note="", alt=ALT)
