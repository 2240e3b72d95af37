"""The shared training loop: order, record, progress and divergence."""

import numpy as np
import pytest

from aecourse.training import (
    STEPS_PER_BLOCK,
    TrainingDiverged,
    in_batches,
    mean_over_batches,
    train,
)


def run(run_steps, n=10, **changes):
    options = {
        "epochs": 2,
        "batch_size": 4,
        "seed": 0,
        "validate": None,
        "on_epoch_end": None,
        "progress": False,
    }
    return train(run_steps, n, **(options | changes))


def one_loss_a_batch(batch_size, value=1.0):
    return lambda rows: np.full(-(-len(rows) // batch_size), value)


def test_each_epoch_visits_every_image_once_in_the_order_of_the_seed():
    seen = []

    def remember(rows):
        seen.append(rows)
        return np.ones(-(-len(rows) // 4))

    run(remember, seed=7)
    rng = np.random.default_rng(7)
    np.testing.assert_array_equal(seen, [rng.permutation(10), rng.permutation(10)])


def test_long_epochs_come_in_blocks():
    lengths = []

    def remember(rows):
        lengths.append(len(rows))
        return np.ones(-(-len(rows) // 4))

    n = 4 * STEPS_PER_BLOCK + 3
    run(remember, n=n, epochs=1)
    assert lengths == [4 * STEPS_PER_BLOCK, 3]


def test_epoch_loss_weighs_the_small_last_batch_by_its_images():
    history = run(lambda rows: np.array([1.0, 1.0, 6.0]), epochs=1)
    assert history.loss == [pytest.approx((4 + 4 + 2 * 6) / 10)]
    assert history.step_loss == [1.0, 1.0, 6.0]


def test_validation_and_callback_run_after_each_epoch():
    calls = []
    history = run(
        one_loss_a_batch(4),
        validate=lambda: 0.5,
        on_epoch_end=lambda epoch, loss: calls.append((epoch, loss)),
    )
    assert history.validation_loss == [0.5, 0.5]
    assert calls == [(1, 1.0), (2, 1.0)]
    assert len(history.seconds) == 2


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_loss_that_is_not_finite_stops_with_epoch_and_step(bad):
    blocks = iter([np.ones(3), np.array([1.0, bad, 1.0])])
    with pytest.raises(
        TrainingDiverged, match=r"in epoch 2, step 2 — lower the learning rate"
    ) as caught:
        run(lambda rows: next(blocks))
    assert (caught.value.epoch, caught.value.step) == (2, 2)


def test_progress_goes_to_standard_output_and_ends_with_the_loss(capsys):
    run(one_loss_a_batch(4, 0.125), progress=True)
    printed = capsys.readouterr()
    assert "epoch 2/2, loss 0.125" in printed.out
    assert printed.err == ""


def test_progress_can_be_turned_off(capsys):
    run(one_loss_a_batch(4))
    assert capsys.readouterr().out == ""


def test_batches_join_to_the_whole():
    x = np.arange(20.0).reshape(10, 2)
    np.testing.assert_array_equal(in_batches(lambda rows: rows + 1, x, batch_size=3), x + 1)
    assert mean_over_batches(lambda rows: float(rows.mean()), x, batch_size=3) == pytest.approx(
        x.mean()
    )
