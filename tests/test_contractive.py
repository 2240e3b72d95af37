"""The contractive autoencoder: its closed-form Jacobian, and the same numbers everywhere."""

import inspect
from functools import partial

import numpy as np
import pytest
import torch

from aecourse import numpy_nn, torch_nn, tf_nn  # isort: skip
from aecourse.checks import assert_gradients_close, assert_same_outputs, numeric_gradient
from aecourse.contractive import frobenius_norms
from aecourse.numpy_nn import contractive as numpy_contractive
from aecourse.numpy_nn.sparse import KSparseAutoencoder
from aecourse.tf_nn import contractive as tf_contractive
from aecourse.torch_nn import contractive as torch_contractive

FRAMEWORKS = {"numpy": numpy_nn, "torch": torch_nn, "tensorflow": tf_nn}
MODULES = {"numpy": numpy_contractive, "torch": torch_contractive, "tensorflow": tf_contractive}
SHAPES = {"narrow": (6, 4), "overcomplete": (4, 9), "one unit": (5, 1)}
each_framework = pytest.mark.parametrize("name", FRAMEWORKS)
each_shape = pytest.mark.parametrize("sizes", SHAPES.values(), ids=SHAPES)


def contractive(name, sizes=(6, 4), *, tied=False, dtype="float64", weight=0.3, **options):
    nn = FRAMEWORKS[name]
    encoder = nn.mlp(sizes, seed=1, dtype=dtype)
    decoder = nn.tied_decoder(encoder) if tied else nn.mlp(sizes[::-1], seed=2, dtype=dtype)
    return MODULES[name].ContractiveAutoencoder(
        encoder, decoder, weight=weight, overcomplete=True, **options
    )


def images(n, d):
    return np.random.default_rng(0).random((n, d))


def objective_at(model, parameter, x, point):
    before = parameter.copy()
    parameter[...] = point
    value = model.objective(x, None)
    parameter[...] = before
    return value


@pytest.mark.parametrize("public", ["ContractiveAutoencoder", "jacobian_norm"])
def test_same_parameters_and_defaults(public):
    signatures = [
        [
            (p.name, p.kind, getattr(p.default, "__name__", None) or repr(p.default))
            for p in inspect.signature(getattr(module, public)).parameters.values()
        ]
        for module in MODULES.values()
    ]
    assert signatures[0] == signatures[1] == signatures[2]


@each_shape
@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("loss", ["squared_error_per_image", "binary_cross_entropy_per_image"])
def test_gradients_are_those_of_the_objective_everywhere(sizes, tied, loss):
    x = images(7, sizes[0])
    model = contractive("numpy", sizes, tied=tied, loss=getattr(numpy_nn, loss))
    for name, nn in FRAMEWORKS.items():
        other = contractive(name, sizes, tied=tied, loss=getattr(nn, loss))
        _, gradients = nn.objective_gradients(other, x)
        for key, (parameter, _) in model.parameters_by_name().items():
            assert_gradients_close(
                partial(objective_at, model, parameter, x), parameter, gradients[key]
            )


def test_training_agrees_to_1e_10():
    x = images(230, 6)
    losses = {
        name: np.array(
            nn.minimise(
                contractive(name),
                x,
                optimizer=nn.SGD(0.1),
                epochs=3,
                batch_size=20,
                progress=False,
            ).step_loss
        )
        for name, nn in FRAMEWORKS.items()
    }
    assert_same_outputs(losses, rtol=1e-10)


@each_shape
@each_framework
def test_the_norm_is_that_of_the_numeric_jacobian(sizes, name):
    nn, x = FRAMEWORKS[name], images(3, sizes[0])
    model = contractive(name, sizes)
    norms = MODULES[name].jacobian_norm(model, x)
    reference = contractive("numpy", sizes)
    for row, norm in zip(x, norms, strict=True):
        jacobian = [
            numeric_gradient(lambda point, j=j: reference.encode(point[None])[0, j], row)
            for j in range(sizes[1])
        ]
        assert norm == pytest.approx(np.linalg.norm(jacobian), rel=1e-8)
    assert len(nn.encode(model, x)) == len(norms)


@pytest.mark.parametrize("activation", ["sigmoid", "relu", "linear"])
def test_the_norm_is_that_of_autograd_for_every_activation(activation):
    model = torch_nn.autoencoder((6, 4), code=activation, dtype="float64", seed=3)
    x = images(5, 6) - 0.5
    device = next(model.parameters()).device
    rows = torch.from_numpy(x).to(device)
    jacobians = torch.vmap(torch.func.jacrev(lambda row: model.encode(row[None])[0]))(rows)
    expected = jacobians.flatten(1).norm(dim=1).detach().cpu().numpy()
    np.testing.assert_allclose(torch_contractive.jacobian_norm(model, x), expected, rtol=1e-12)


def test_the_penalty_shrinks_the_jacobian():
    x = images(400, 6).astype("float32")
    norms = []
    for weight in (0.0, 1.0):
        model = contractive("numpy", dtype="float32", weight=weight)
        numpy_nn.minimise(model, x, optimizer=numpy_nn.Adam(0.02), epochs=10, progress=False)
        norms.append(numpy_contractive.jacobian_norm(model, x).mean())
    assert norms[1] < norms[0] / 2


@each_framework
def test_bad_models_are_refused(name):
    nn, module = FRAMEWORKS[name], MODULES[name]
    with pytest.raises(ValueError, match="expected an encoder of one layer, got 2"):
        module.ContractiveAutoencoder(nn.mlp((6, 5, 4)), nn.mlp((4, 5, 6)))
    with pytest.raises(ValueError, match="expected a sigmoid code"):
        module.ContractiveAutoencoder(nn.mlp((6, 4), output="relu"), nn.mlp((4, 6)))
    with pytest.raises(ValueError, match="expected weight to be a number of at least 0"):
        contractive(name, weight=-0.1)
    with pytest.raises(ValueError, match="expected an encoder of one layer"):
        module.jacobian_norm(nn.autoencoder((6, 5, 4)), images(2, 6))
    with pytest.raises(TypeError, match="expected no noise"):
        nn.objective_gradients(contractive(name), images(2, 6), noise=images(2, 6))


def test_a_k_sparse_code_has_no_closed_form_here():
    model = KSparseAutoencoder(numpy_nn.mlp((6, 4)), numpy_nn.mlp((4, 6)), k=2)
    with pytest.raises(TypeError, match="got a KSparseAutoencoder"):
        numpy_contractive.jacobian_norm(model, images(2, 6))


@pytest.mark.parametrize(
    ("codes", "weight", "activation", "message"),
    [
        (np.zeros((2, 3)), np.zeros((5, 4)), "sigmoid", "expected codes of shape"),
        (np.zeros(3), np.zeros((5, 3)), "sigmoid", "expected codes of shape"),
        (np.zeros((2, 3)), np.zeros((5, 3)), "tanh", "expected activation to be one of"),
    ],
)
def test_bad_arguments_are_named(codes, weight, activation, message):
    with pytest.raises(ValueError, match=message):
        frobenius_norms(codes, weight, activation)
