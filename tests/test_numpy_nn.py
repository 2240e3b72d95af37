"""Every gradient of the NumPy framework against a numeric one, and its behaviour."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from aecourse import numpy_nn as nn
from aecourse.checks import assert_gradients_close
from aecourse.numpy_nn.optimizers import make_update_rule

LOSSES = [
    nn.mean_squared_error,
    nn.squared_error_per_image,
    nn.binary_cross_entropy,
    nn.binary_cross_entropy_per_image,
]
ACTIVATIONS = ["sigmoid", "relu", "linear", "tanh"]

seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(1, 7)


def filled(layer, rng):
    layer.weight[...] = rng.normal(size=layer.weight.shape)
    layer.bias[...] = rng.normal(size=layer.bias.shape)
    return layer


def away_from_the_kink(layer, x):
    """ReLU has no derivative at zero: ask only where no weighted sum is near it."""
    return layer.activation != "relu" or np.abs(x @ layer.weight + layer.bias).min() > 1e-2


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("tied", [False, True])
@given(n=sizes, n_in=sizes, n_out=sizes, seed=seeds)
@settings(max_examples=25, deadline=None)
def test_layer_gradients_equal_numeric_ones(activation, tied, n, n_in, n_out, seed):
    rng = np.random.default_rng(seed)
    if tied:
        source = filled(nn.Dense(n_out, n_in, activation="linear", dtype="float64"), rng)
        layer = nn.TiedDense(source, activation=activation)
        layer.bias[...] = rng.normal(size=n_out)
    else:
        layer = filled(nn.Dense(n_in, n_out, activation=activation, dtype="float64"), rng)
    x, upstream = rng.normal(size=(n, n_in)), rng.normal(size=(n, n_out))
    assume(away_from_the_kink(layer, x))
    layer.forward(x)
    input_gradient = layer.backward(upstream.copy())

    def loss_of(parameter):
        def loss(values):
            before = parameter.copy()
            parameter[...] = values
            result = float(np.sum(layer(x) * upstream))
            parameter[...] = before
            return result

        return loss

    assert_gradients_close(
        lambda values: float(np.sum(layer(values) * upstream)), x, input_gradient
    )
    assert_gradients_close(loss_of(layer.weight), layer.weight.copy(), layer.weight_gradient)
    assert_gradients_close(loss_of(layer.bias), layer.bias.copy(), layer.bias_gradient)


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
@given(n=sizes, d=sizes, seed=seeds)
@settings(max_examples=25, deadline=None)
def test_loss_gradients_equal_numeric_ones(loss, n, d, seed):
    rng = np.random.default_rng(seed)
    x, x_hat = rng.random((n, d)), rng.uniform(0.05, 0.95, (n, d))
    gradient = loss.gradient(x, x_hat, np.empty_like(x))
    assert_gradients_close(lambda values: loss(x, values), x_hat, gradient)


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("activation", ["sigmoid", "linear"])
@given(n=sizes, widths=st.lists(sizes, min_size=2, max_size=4), seed=seeds)
@settings(max_examples=15, deadline=None)
def test_model_gradients_equal_numeric_ones(loss, tied, activation, n, widths, seed):
    model = nn.autoencoder(
        widths, activation=activation, tied=tied, overcomplete=True, seed=seed, dtype="float64"
    )
    rng = np.random.default_rng(seed)
    weights = nn.get_weights(model)
    weights = {name: value + rng.uniform(-0.5, 0.5, value.shape) for name, value in weights.items()}
    nn.set_weights(model, weights)
    x = rng.random((n, widths[0]))
    x_hat = nn.reconstruct(model, x)
    assume(x_hat.min() > 0.001 and x_hat.max() < 0.999)  # beyond, differences lose their digits
    _, gradients = nn.gradients(model, x, loss=loss)

    for name in weights:

        def loss_of(values, name=name):
            nn.set_weights(model, weights | {name: values})
            return nn.evaluate(model, x, loss=loss)

        assert_gradients_close(loss_of, weights[name], gradients[name])


def test_relu_model_gradients_equal_numeric_ones():
    model = nn.autoencoder((6, 5, 3), activation="relu", init="he", seed=3, dtype="float64")
    weights = nn.get_weights(model)
    rng = np.random.default_rng(1)
    weights = {name: value + 0.1 * rng.normal(size=value.shape) for name, value in weights.items()}
    nn.set_weights(model, weights)
    x = rng.random((9, 6))
    _, gradients = nn.gradients(model, x)
    for name in weights:

        def loss_of(values, name=name):
            nn.set_weights(model, weights | {name: values})
            return nn.evaluate(model, x)

        assert_gradients_close(loss_of, weights[name], gradients[name])


def reference_step(spec, w, g, state, t):
    """Return the formula of each rule on plain numbers, as its docstring states it."""
    if isinstance(spec, nn.SGD):
        state["v"] = spec.momentum * state.get("v", 0.0) - spec.learning_rate * g
        return w + state["v"]
    if isinstance(spec, nn.RMSProp):
        start = 1.0 if spec.rule == "tensorflow1" else 0.0
        state["s"] = spec.decay * state.get("s", start) + (1 - spec.decay) * g**2
        if spec.rule == "pytorch":
            return w - spec.learning_rate * g / (np.sqrt(state["s"]) + spec.epsilon)
        return w - spec.learning_rate * g / np.sqrt(state["s"] + spec.epsilon)
    state["m"] = spec.beta1 * state.get("m", 0.0) + (1 - spec.beta1) * g
    state["v"] = spec.beta2 * state.get("v", 0.0) + (1 - spec.beta2) * g**2
    c1, c2 = 1 - spec.beta1**t, 1 - spec.beta2**t
    if spec.rule == "pytorch":
        return w - spec.learning_rate * (state["m"] / c1) / (
            np.sqrt(state["v"] / c2) + spec.epsilon
        )
    rate = spec.learning_rate * np.sqrt(c2) / c1
    return w - rate * state["m"] / (np.sqrt(state["v"]) + spec.epsilon)


RULES = ["pytorch", "keras", "tensorflow1"]


@pytest.mark.parametrize(
    "spec",
    [
        nn.SGD(0.1),
        nn.SGD(0.1, momentum=0.9),
        *[nn.RMSProp(0.01, rule=rule, epsilon=1e-3) for rule in RULES],
        *[nn.Adam(0.01, rule=rule, epsilon=1e-3) for rule in RULES],
    ],
    ids=repr,
)
def test_update_rules_follow_their_formulas(spec):
    rng = np.random.default_rng(0)
    weight, gradient = rng.normal(size=70_000), np.empty(70_000)  # more than one block
    expected, state = weight.copy(), {}
    rule = make_update_rule(spec, [(weight, gradient)])
    for t in range(1, 200):  # more steps than there are between two flushes of denormals
        gradient[...] = g = rng.normal(size=70_000)
        rule.step()
        expected = reference_step(spec, expected, g, state, t)
    np.testing.assert_allclose(weight, expected, rtol=1e-10, atol=1e-12)


def test_adam_leaves_no_denormal_moments_behind():
    weight, gradient = np.ones(8, "float32"), np.ones(8, "float32")
    rule = make_update_rule(nn.Adam(), [(weight, gradient)])
    for step in range(2048):
        gradient[...] = 1e-12 if step < 3 else 0
        rule.step()
    (_, _, first, second), tiny = rule.blocks[0], np.finfo("float32").tiny
    assert not np.any((first != 0) & (np.abs(first) < tiny))
    assert not np.any((second != 0) & (second < tiny))


def test_training_lowers_the_loss_and_is_reproducible():
    x = np.random.default_rng(0).random((250, 12), dtype="float32")
    runs = []
    for _ in range(2):
        model = nn.autoencoder((12, 6), seed=1)
        runs.append(nn.fit(model, x, epochs=4, batch_size=64, seed=5, progress=False))
    assert runs[0].loss == runs[1].loss
    assert runs[0].loss[-1] < runs[0].loss[0]
    assert len(runs[0].step_loss) == 4 * 4  # 250 images: three full batches and one of 58


def test_call_returns_fresh_arrays():
    model = nn.autoencoder((4, 2))
    x = np.random.default_rng(0).random((3, 4), dtype="float32")
    first = model(x)
    kept = first.copy()
    model(1 - x)
    np.testing.assert_array_equal(first, kept)


def test_sigmoid_of_a_huge_negative_sum_is_zero_without_a_warning():
    layer = nn.Dense(1, 1, activation="sigmoid")
    assert layer(np.float32([[0]]) - 1e4) == 0.5  # the weight is zero
    layer.weight[...] = 1
    assert layer(np.float32([[-1e4]])) == 0


def test_sequential_refuses_layers_that_do_not_meet():
    with pytest.raises(ValueError, match="expected a layer with 3 inputs"):
        nn.Sequential([nn.Dense(4, 3, activation="relu"), nn.Dense(2, 1, activation="relu")])
    with pytest.raises(ValueError, match="at least one layer"):
        nn.Sequential([])


def test_update_rule_refuses_an_unknown_description():
    with pytest.raises(TypeError, match="expected optimizer to be SGD"):
        make_update_rule("adam", [])


def test_tied_decoder_refuses_layers_without_weights_of_their_own():
    tied = nn.tied_decoder(nn.mlp((4, 2)))
    with pytest.raises(TypeError, match="expected encoder to hold Dense layers, got TiedDense"):
        nn.tied_decoder(tied)
