"""What a picture must show, read from the figure itself."""

import numpy as np
import pytest

from aecourse import plots


@pytest.mark.parametrize("classes", [1, 2, 10])
@pytest.mark.parametrize("spread", [0.0, 0.02, 1.0])
def test_no_number_of_a_scatter_plot_covers_another(classes, spread):
    rng = np.random.default_rng(classes)
    centres = rng.normal(0, spread, (classes, 2))
    labels = np.repeat(np.arange(classes), 50)
    figure = plots.scatter(centres[labels] + rng.normal(0, 1, (len(labels), 2)), labels)
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    assert len(boxes) == classes
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:i])
