import numpy as np
import pytest

from aecourse import numpy_nn
from aecourse.widgets import half_precision
from aecourse.widgets.base import _for_json
from aecourse.widgets.network import MAX_WEIGHT_BYTES, pack_network

FORWARD = """(network, weights, x) => {
  const layers = readNetwork(network, bytesFromBase64(weights.base64));
  return x.map((row) => Array.from(denseForward(layers, row)));
}"""


def made(sizes, **options):
    model = numpy_nn.autoencoder(sizes, **options)
    for number, layer in enumerate(model.encoder.layers + model.decoder.layers):
        layer.bias[:] = np.random.default_rng(number).normal(size=layer.n_out)
    return model


MODELS = {
    "sigmoid": made((784, 64, 2)),
    "relu": made((784, 32, 16), activation="relu", output="linear"),
    "linear": made((784, 8), activation="linear", output="linear"),
    "linear code": made((784, 64, 2), code="linear", seed=3),
    "relu output": made((784, 20), output="relu"),
    "tied": made((784, 100), tied=True),
    "tied and deep": made((784, 64, 32, 16), activation="relu", tied=True),
    "overcomplete": made((6, 9), overcomplete=True),
    "float64": made((784, 30), dtype="float64"),
    "wild": made((784, 32), init="standard_normal"),
}
each_model = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)


@pytest.fixture
def forward(javascript, call):
    """Give a function for what the browser makes of ``x`` with the layers of some blocks."""

    def outputs(x, *blocks):
        network, weights = pack_network(*blocks)
        return np.array(call(javascript, FORWARD, network, _for_json(weights), x.tolist()))

    return outputs


@each_model
def test_the_browser_computes_what_numpy_computes(model, forward):
    x = np.random.default_rng(0).random((5, model.encoder.layers[0].n_in), dtype="float32")
    x[0], x[1] = 0, x[1] > 0.7
    for own in (model, half_precision(model)):
        seen = forward(x, own.encoder, own.decoder)
        assert np.allclose(seen, own(x), rtol=1e-5, atol=1e-5)
        z = own.encode(x)
        assert np.allclose(forward(z, own.decoder), own.decode(z), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("layers", ["one", "two"])
def test_weights_are_stored_in_the_smallest_type_that_changes_none(layers):
    model = made((784, 20) if layers == "one" else (784, 20, 4))
    network, weights = pack_network(model.encoder, model.decoder)
    count = sum(array.size for array in numpy_nn.get_weights(model).values())
    assert (network["precision"], len(weights)) == ("float32", 4 * count)
    rounded = half_precision(model)
    network, weights = pack_network(rounded.encoder, rounded.decoder)
    assert (network["precision"], len(weights)) == ("float16", 2 * count)


def test_tied_weights_are_stored_once():
    model = made((784, 50), tied=True)
    _, weights = pack_network(model.encoder, model.decoder)
    assert len(weights) == 4 * (784 * 50 + 50 + 784)


def test_half_precision_keeps_ties_and_the_original():
    model = made((784, 50), tied=True)
    before = numpy_nn.get_weights(model)
    rounded = half_precision(model)
    assert np.shares_memory(rounded.decoder.layers[0].weight, rounded.encoder.layers[0].weight)
    assert rounded.encoder.layers[0].weight.dtype == np.float32
    for name, array in numpy_nn.get_weights(model).items():
        assert np.array_equal(array, before[name])
        assert np.allclose(numpy_nn.get_weights(rounded)[name], array, rtol=2**-11, atol=1e-7)


def test_half_precision_refuses_what_it_cannot_hold():
    model = made((4, 2))
    model.encoder.layers[0].weight[0, 0] = 1e5
    with pytest.raises(ValueError, match=r"encoder\.0\.weight .* up to 65504.* got 100000"):
        half_precision(model)


def test_weights_too_many_for_a_page_are_refused():
    model = made((784, 256))
    with pytest.raises(ValueError, match=r"at most 410,000 bytes, got 1,609,792.*half_precision"):
        pack_network(model.encoder, model.decoder)
    rounded = half_precision(made((784, 256), tied=True))
    assert len(pack_network(rounded.encoder, rounded.decoder)[1]) < MAX_WEIGHT_BYTES


@pytest.mark.parametrize(
    "number", [0.0, -0.0, 1.0, -1.5, 65504.0, 2.0**-14, 2.0**-24, -3 * 2.0**-20]
)
def test_float16_is_read_exactly(number, javascript):
    bits = int(np.array(number, "<f2").view("<u2"))
    read = "(bits) => float16(new DataView(Uint16Array.of(bits).buffer))[0]"
    assert javascript.evaluate(read, bits) == number


def test_a_whole_forward_pass_takes_less_than_a_frame(javascript):
    model = half_precision(made((784, 128)))
    network, weights = pack_network(model.encoder, model.decoder)
    milliseconds = javascript.evaluate(
        """([network, weights]) => {
          const layers = readNetwork(network, bytesFromBase64(weights.base64));
          const times = Array.from({ length: 50 }, () => {
            const start = performance.now();
            denseForward(layers, new Float32Array(784).fill(0.5));
            return performance.now() - start;
          });
          return times.sort((a, b) => a - b)[25];
        }""",
        [network, _for_json(weights)],
    )
    assert milliseconds < 16
