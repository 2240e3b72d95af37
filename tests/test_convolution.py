"""Convolutions: true to their definition, transposes of each other, the same three times."""

import inspect
from functools import partial

import numpy as np
import pytest

from aecourse import numpy_nn, torch_nn, tf_nn  # isort: skip
from aecourse.checks import assert_gradients_close, assert_same_outputs
from aecourse.convolution import ConvolutionShape, output_size, transpose_output_size
from aecourse.numpy_nn import convolution as numpy_convolution
from aecourse.numpy_nn.convolve import (
    conv2d,
    conv2d_transpose,
    conv2d_weight_gradient,
    gather,
    scatter,
)
from aecourse.tf_nn import convolution as tf_convolution
from aecourse.torch_nn import convolution as torch_convolution

FRAMEWORKS = {"numpy": numpy_nn, "torch": torch_nn, "tensorflow": tf_nn}
CONVOLUTIONS = {
    "numpy": numpy_convolution,
    "torch": torch_convolution,
    "tensorflow": tf_convolution,
}
# (height, width), kernel, stride, padding
GEOMETRIES = [
    ((5, 5), (3, 3), 1, 0),
    ((6, 6), (4, 4), 2, 1),
    ((7, 5), (3, 3), 2, 1),
    ((8, 6), (3, 2), 2, 0),
    ((6, 7), (5, 5), 3, 2),
    ((4, 4), (1, 1), 1, 0),
    ((4, 4), (4, 4), 1, 0),
]
each_geometry = pytest.mark.parametrize(("size", "kernel", "stride", "padding"), GEOMETRIES)


def draw(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape)


def by_definition(x, weight, stride, padding):
    rows, columns = (
        output_size(m, kernel=k, stride=stride, padding=padding)
        for m, k in zip(x.shape[1:3], weight.shape[:2], strict=True)
    )
    y = np.zeros((len(x), rows, columns, weight.shape[3]))
    for i, j, a, b in np.ndindex(rows, columns, *weight.shape[:2]):
        row, column = i * stride + a - padding, j * stride + b - padding
        if 0 <= row < x.shape[1] and 0 <= column < x.shape[2]:
            y[:, i, j] += x[:, row, column] @ weight[a, b]
    return y


@each_geometry
def test_conv2d_is_its_definition(size, kernel, stride, padding):
    x, weight = draw(0, 2, *size, 3), draw(1, *kernel, 3, 4)
    y = conv2d(x, weight, stride=stride, padding=padding)
    np.testing.assert_allclose(y, by_definition(x, weight, stride, padding), atol=1e-12)


@each_geometry
def test_conv2d_transpose_is_the_transpose(size, kernel, stride, padding):
    x, weight = draw(0, 2, *size, 3), draw(1, *kernel, 3, 4)
    forward = conv2d(x, weight, stride=stride, padding=padding)
    y = draw(2, *forward.shape)
    back = conv2d_transpose(y, weight, size=size, stride=stride, padding=padding)
    assert back.shape == x.shape
    assert np.sum(forward * y) == pytest.approx(np.sum(x * back), rel=1e-12)


@each_geometry
def test_scatter_is_the_transpose_of_gather(size, kernel, stride, padding):
    x = draw(0, 2, *size, 3)
    seen = gather(x, kernel=kernel, stride=stride, padding=padding)
    y = draw(1, *seen.shape)
    back = scatter(y, size=size, stride=stride, padding=padding)
    assert np.sum(seen * y) == pytest.approx(np.sum(x * back), rel=1e-12)


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "padding", "expected"),
    [(28, 4, 2, 1, 14), (28, 3, 2, 1, 14), (14, 4, 2, 1, 7), (7, 7, 1, 0, 1), (9, 3, 3, 0, 3)],
)
def test_sizes_lead_there_and_back(size, kernel, stride, padding, expected):
    geometry = {"kernel": kernel, "stride": stride, "padding": padding}
    assert output_size(size, **geometry) == expected
    rest = (size + 2 * padding - kernel) % stride
    assert transpose_output_size(expected, **geometry, output_padding=rest) == size


# Layers

LAYERS = [
    ("Conv2D", (6, 6, 1), 3, {}),
    ("Conv2D", (7, 5, 2), 3, {"kernel": 3}),
    ("Conv2D", (5, 5, 2), 2, {"kernel": 3, "stride": 1, "padding": 0}),
    ("ConvTranspose2D", (3, 3, 2), 3, {}),
    ("ConvTranspose2D", (3, 2, 2), 1, {"kernel": 3, "output_padding": 1}),
    ("ConvTranspose2D", (2, 2, 2), 3, {"kernel": 5, "stride": 3, "padding": 2}),
]
each_layer = pytest.mark.parametrize(("kind", "shape_in", "channels", "options"), LAYERS)


def loss_of(layer, array, x, target, point):
    before = array.copy()
    array[...] = point
    value = float(np.sum((layer(x) - target) ** 2))
    array[...] = before
    return value


@each_layer
@pytest.mark.parametrize("activation", ["linear", "sigmoid"])
def test_gradients_of_a_layer(kind, shape_in, channels, options, activation):
    layer = getattr(numpy_convolution, kind)(
        shape_in, channels, activation=activation, dtype="float64", **options
    )
    layer.weight[...], layer.bias[...] = draw(0, *layer.weight.shape), draw(1, channels)
    x, target = draw(2, 3, layer.n_in), draw(3, 3, layer.n_out)
    to_input = layer.backward(2 * (layer.forward(x) - target))
    pairs = [(layer.weight, layer.weight_gradient), (layer.bias, layer.bias_gradient)]
    for array, gradient in [*pairs, (x, to_input)]:
        assert_gradients_close(partial(loss_of, layer, array, x, target), array, gradient)


@each_layer
@pytest.mark.parametrize("name", ["torch", "tensorflow"])
def test_a_layer_gives_the_same_everywhere(name, kind, shape_in, channels, options):
    shape = ConvolutionShape(shape_in, channels, **options, transposed=kind != "Conv2D")
    weights = {"0.weight": draw(0, *shape.weight_shape), "0.bias": draw(1, channels)}
    x = draw(2, 3, shape.n_in)
    ours = getattr(numpy_convolution, kind)(
        shape_in, channels, activation="relu", dtype="float64", **options
    )
    ours.weight[...], ours.bias[...] = weights["0.weight"], weights["0.bias"]
    theirs = getattr(CONVOLUTIONS[name], kind)(
        shape_in, channels, activation="relu", dtype="float64", **options
    )
    np.testing.assert_allclose(outputs_of(name, theirs, weights, x), ours(x), atol=1e-12)


def outputs_of(name, layer, weights, x):
    if name == "tensorflow":
        layer.kernel.assign(weights["0.weight"])
        layer.bias.assign(weights["0.bias"])
        return layer(x).numpy()
    torch = pytest.importorskip("torch")
    with torch.no_grad():
        # (height, width, in, out) to (out, in, height, width), in and out exchanged if transposed
        turned = np.ascontiguousarray(weights["0.weight"].transpose(3, 2, 0, 1))
        layer.linear.weight.copy_(torch.from_numpy(turned))
        layer.linear.bias.copy_(torch.from_numpy(weights["0.bias"]))
        return layer(torch.from_numpy(x)).numpy()


# Models

SMALL = [
    {"image_shape": (8, 8), "channels": (2, 3), "n_code": 4},
    {"image_shape": (8, 8), "channels": (2,), "n_code": 3, "kernel": 3},
    {"image_shape": (6, 6), "channels": (3,), "n_code": 5, "kernel": 3, "stride": 1},
]


def small(name, dtype="float64", **options):
    options = {"activation": "sigmoid", "seed": 3, **options}
    return CONVOLUTIONS[name].convolutional_autoencoder(dtype=dtype, **options)


def images(options, n=30, dtype="float64"):
    return np.random.default_rng(0).random((n, np.prod(options["image_shape"]))).astype(dtype)


@pytest.mark.parametrize("options", SMALL)
def test_same_starting_weights_and_same_gradients(options):
    x = images(options, 5)
    weights = {name: nn.get_weights(small(name, **options)) for name, nn in FRAMEWORKS.items()}
    found = {
        name: nn.objective_gradients(small(name, **options), x)[1]
        for name, nn in FRAMEWORKS.items()
    }
    for key in weights["numpy"]:
        assert_same_outputs({name: arrays[key] for name, arrays in weights.items()})
        assert_same_outputs({name: arrays[key] for name, arrays in found.items()}, atol=1e-12)


@pytest.mark.parametrize("options", SMALL)
@pytest.mark.parametrize("how", ["fit", "minimise"])
def test_training_agrees_to_1e_10(options, how):
    x = images(options)
    losses = {}
    for name, nn in FRAMEWORKS.items():
        history = getattr(nn, how)(
            small(name, **options),
            x,
            optimizer=nn.SGD(0.5, momentum=0.9),
            epochs=4,
            batch_size=8,
            progress=False,
        )
        losses[name] = np.array(history.step_loss)
    assert_same_outputs(losses, rtol=1e-10)


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_what_is_done_with_a_dense_model_is_done_with_this(name):
    nn, options = FRAMEWORKS[name], SMALL[0]
    model, x = small(name, "float32", **options), images(options, dtype="float32")
    z = nn.encode(model, x)
    assert z.shape == (30, 4)
    x_hat = nn.reconstruct(model, x)
    np.testing.assert_allclose(nn.decode(model, z), x_hat, atol=1e-6)
    assert nn.evaluate(model, x) == pytest.approx(np.mean((x_hat - x) ** 2), rel=1e-5)
    with pytest.raises(ValueError, match="the model has 64 inputs"):
        nn.encode(model, x[:, :60])


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_save_says_what_to_do_instead(name, tmp_path):
    with pytest.raises(TypeError, match="expected dense layers, got Conv2D"):
        FRAMEWORKS[name].save(small(name, **SMALL[0]), tmp_path / "model")


@pytest.mark.parametrize(
    "name", ["Conv2D", "ConvTranspose2D", "ConvolutionalAutoencoder", "convolutional_autoencoder"]
)
def test_one_interface_three_times(name):
    def parameters(function):
        return [
            (p.name, p.kind, p.default) for p in inspect.signature(function).parameters.values()
        ]

    expected = parameters(getattr(numpy_convolution, name))
    for module in (torch_convolution, tf_convolution):
        assert module.__all__ == numpy_convolution.__all__
        assert parameters(getattr(module, name)) == expected


# Bad input


@pytest.mark.parametrize("module", CONVOLUTIONS.values(), ids=CONVOLUTIONS)
@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"kernel": 31}, ValueError, "kernel of at most 30"),
        ({"kernel": 0}, ValueError, "kernel to be an integer of at least 1"),
        ({"stride": 1.5}, TypeError, "stride to be an integer"),
        ({"padding": -1}, ValueError, "padding to be an integer of at least 0"),
        ({"padding": 4}, ValueError, "below the kernel 4"),
        ({"channels": ()}, ValueError, "at least one convolution"),
        ({"channels": (8, 0)}, ValueError, "channels to be an integer of at least 1"),
        ({"n_code": 1000}, ValueError, "at most the input size 784"),
        ({"activation": "sine"}, ValueError, "activation to be one of"),
        ({"image_shape": (28, 27)}, ValueError, "leave the same rest"),
    ],
)
def test_bad_options_of_a_model(module, options, error, message):
    with pytest.raises(error, match=message):
        module.convolutional_autoencoder(**options)


def test_bad_arrays():
    x, weight = np.zeros((2, 5, 5, 3)), np.zeros((3, 3, 2, 4))
    with pytest.raises(ValueError, match="with as many channels"):
        conv2d(x, weight, stride=1, padding=0)
    with pytest.raises(ValueError, match=r"expected y of shape \(n, 3, 3, 4\)"):
        conv2d_transpose(np.zeros((2, 4, 3, 4)), weight, size=(5, 5), stride=1, padding=0)
    with pytest.raises(ValueError, match=r"expected delta .* \(2, 3, 3, n_out\)"):
        conv2d_weight_gradient(x, np.zeros((2, 9, 1, 4)), kernel=(3, 3), stride=1, padding=0)


@pytest.mark.parametrize("output_padding", [-1, 2])
def test_bad_output_padding(output_padding):
    with pytest.raises(ValueError, match="below the stride 2"):
        transpose_output_size(4, kernel=3, stride=2, padding=1, output_padding=output_padding)


def test_a_shape_that_is_no_image():
    with pytest.raises(ValueError, match=r"\(height, width, channels\)"):
        ConvolutionShape((28, 28), 8)


def test_a_padding_that_leaves_nothing():
    with pytest.raises(ValueError, match="leaves something of the image"):
        transpose_output_size(1, kernel=3, stride=1, padding=2)
