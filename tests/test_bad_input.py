"""Bad input, in all three frameworks: what came, what was expected, what to do."""

import numpy as np
import pytest

X = np.full((5, 6), 0.5, "float32")


def changed(value, row=3):
    x = X.copy()
    x[row, 2] = value
    return x


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        (X[0], ValueError, r"shape \(n, 6\), got shape \(6,\) — pass x\[None, :\]"),
        (
            X.reshape(5, 2, 3),
            ValueError,
            r"got shape \(5, 2, 3\) — pass x\.reshape\(len\(x\), -1\)",
        ),
        (X[:, :4], ValueError, r"got shape \(5, 4\) — the model has 6 inputs"),
        (X[:0], ValueError, r"at least one row, got shape \(0, 6\)"),
        (X.tolist(), TypeError, r"got list — convert it with numpy\.asarray"),
        ((X * 255).astype("uint8"), TypeError, r"dtype uint8 — use x\.astype\('float32'\) / 255"),
        (X.astype("int64"), TypeError, r"got dtype int64 — use x\.astype\('float32'\)"),
        (X.astype("float16"), TypeError, "got dtype float16"),
        (changed(np.nan), ValueError, "finite numbers, got NaN or infinity in row 3"),
        (changed(np.inf), ValueError, "finite numbers, got NaN or infinity in row 3"),
        (changed(1.5), ValueError, r"values in \[0, 1\], got values from 0.5 to 1.5 — scale"),
        (changed(-0.5), ValueError, r"values in \[0, 1\], got values from -0.5 to 0.5 — scale"),
    ],
)
@pytest.mark.parametrize("function", ["fit", "evaluate", "gradients"])
def test_bad_images(framework, function, x, error, message):
    with pytest.raises(error, match=message):
        getattr(framework, function)(framework.autoencoder((6, 3)), x)


@pytest.mark.parametrize("function", ["encode", "decode", "reconstruct"])
def test_bad_rows_of_what_maps_rows(framework, function):
    name, n_in = ("z", 3) if function == "decode" else ("x", 6)
    with pytest.raises(ValueError, match=rf"expected {name} .* shape \(n, {n_in}\), got shape"):
        getattr(framework, function)(framework.autoencoder((6, 3)), X[:, :5])


def test_a_bad_validation_set_is_named(framework):
    with pytest.raises(ValueError, match="expected validation to hold finite numbers"):
        framework.fit(framework.autoencoder((6, 3)), X, validation=changed(np.nan))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"epochs": 0}, ValueError, "epochs to be an integer of at least 1, got 0"),
        ({"epochs": 2.5}, TypeError, "epochs to be an integer of at least 1, got 2.5"),
        ({"batch_size": 0}, ValueError, "batch_size to be an integer of at least 1, got 0"),
        ({"batch_size": "all"}, TypeError, "batch_size to be an integer of at least 1, got 'all'"),
        ({"optimizer": "adam"}, TypeError, "expected optimizer to be SGD"),
        ({"loss": "mse"}, TypeError, "expected loss to be"),
    ],
)
def test_bad_training_options(framework, options, error, message):
    with pytest.raises(error, match=message):
        framework.fit(framework.autoencoder((6, 3)), X, progress=False, **options)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"sizes": 6}, TypeError, r"sizes to be a sequence such as \(784, 256\)"),
        ({"sizes": (6,)}, ValueError, "at least the input and the code"),
        ({"sizes": (6, 0)}, ValueError, r"sizes\[1\] to be an integer of at least 1, got 0"),
        ({"sizes": (6, 2.5)}, TypeError, r"sizes\[1\] to be an integer of at least 1, got 2.5"),
        ({"sizes": (6, 7)}, ValueError, r"at most the input size 6, got 7 .* overcomplete=True"),
        ({"activation": "sine"}, ValueError, "to be one of 'sigmoid', 'relu', 'linear', 'tanh'"),
        ({"init": "zeros"}, ValueError, "init to be one of 'glorot'"),
        ({"dtype": "float16"}, ValueError, "dtype to be one of 'float32', 'float64'"),
    ],
)
def test_bad_model_options(framework, options, error, message):
    with pytest.raises(error, match=message):
        framework.autoencoder(**({"sizes": (6, 3)} | options))


def test_an_overcomplete_code_is_possible_when_meant(framework):
    model = framework.autoencoder((6, 7), overcomplete=True)
    assert framework.encode(model, X).shape == (5, 7)


def test_parts_that_do_not_meet(framework):
    with pytest.raises(ValueError, match="decoder to take a code of size 3"):
        framework.Autoencoder(framework.mlp((6, 3)), framework.mlp((4, 6)))
    with pytest.raises(ValueError, match="decoder to give back 6 values"):
        framework.Autoencoder(framework.mlp((6, 3)), framework.mlp((3, 5)))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda f: f.SGD(-0.1), "learning_rate to be a number above 0, got -0.1"),
        (lambda f: f.Adam(0), "learning_rate to be a number above 0, got 0"),
        (lambda f: f.RMSProp(float("nan")), "learning_rate to be a number above 0, got nan"),
        (lambda f: f.SGD(0.1, momentum=1), r"momentum to be a number in \[0, 1\), got 1"),
        (lambda f: f.Adam(beta1=1.0), r"beta1 to be a number in \[0, 1\)"),
        (lambda f: f.Adam(epsilon=0), "epsilon to be a number above 0, got 0"),
        (lambda f: f.RMSProp(rule="caffe"), "rule to be one of 'pytorch', 'keras', 'tensorflow1'"),
    ],
)
def test_bad_optimizer_options(framework, make, message):
    with pytest.raises(ValueError, match=message):
        make(framework)


def test_a_learning_rate_that_is_no_number(framework):
    with pytest.raises(TypeError, match="learning_rate to be a number above 0, got '0.1'"):
        framework.SGD("0.1")


def test_cross_entropy_wants_a_sigmoid_output(framework):
    model = framework.autoencoder((6, 3), output="linear")
    with pytest.raises(ValueError, match="output='sigmoid' for the loss binary_cross_entropy"):
        framework.fit(model, X, loss=framework.binary_cross_entropy)


def test_a_linear_output_takes_any_finite_value(framework):
    model = framework.autoencoder((6, 3), output="linear")
    assert framework.evaluate(model, changed(-3.0)) > 0


def test_a_diverging_loss_stops_with_epoch_and_step(framework):
    model = framework.autoencoder((6, 3), activation="linear", output="linear")
    with pytest.raises(framework.TrainingDiverged, match=r"epoch \d+, step \d+ — lower") as caught:
        framework.fit(
            model, X, optimizer=framework.SGD(1e6), epochs=200, batch_size=2, progress=False
        )
    assert caught.value.epoch >= 1
    assert 1 <= caught.value.step <= 3


def test_a_model_of_another_framework_is_refused(framework):
    with pytest.raises(TypeError, match="expected model to be an aecourse"):
        framework.fit(object(), X)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda w: w.pop("encoder.0.bias"), ValueError, "missing: encoder.0.bias"),
        (lambda w: w.update(extra=np.zeros(1)), ValueError, "unknown: extra"),
        (
            lambda w: w.update({"encoder.0.bias": np.zeros(2)}),
            ValueError,
            r"shape \(3,\), got \(2,\)",
        ),
        (lambda w: w.update({"encoder.0.bias": [0, 0, 0]}), TypeError, "array, got list"),
        (lambda w: w.update({"encoder.0.bias": np.zeros(3, int)}), TypeError, "array, got int64"),
        (lambda w: w.update({"encoder.0.bias": np.full(3, np.nan)}), ValueError, "to be finite"),
    ],
)
def test_bad_weights_leave_the_model_unchanged(framework, change, error, message):
    model = framework.autoencoder((6, 3))
    before = framework.get_weights(model)
    weights = framework.get_weights(model)
    change(weights)
    with pytest.raises(error, match=message):
        framework.set_weights(model, weights)
    for name, array in framework.get_weights(model).items():
        np.testing.assert_array_equal(array, before[name])


def test_a_memory_mapped_array_trains_like_one_in_memory(framework, tmp_path):
    x = np.random.default_rng(0).random((64, 6), dtype="float32")
    mapped = np.memmap(tmp_path / "x.bin", dtype="float32", mode="w+", shape=x.shape)
    mapped[...] = x
    losses = [
        framework.fit(framework.autoencoder((6, 3)), images, epochs=2, progress=False).loss
        for images in (x, mapped)
    ]
    assert losses[0] == losses[1]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("given", ["float32", "float64"])
def test_images_of_the_other_precision_are_converted(framework, dtype, given):
    model = framework.autoencoder((6, 3), dtype=dtype)
    framework.fit(model, X.astype(given), epochs=1, progress=False)
    assert framework.reconstruct(model, X.astype(given)).dtype == dtype
