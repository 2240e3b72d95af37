"""One public interface, three times."""

import inspect

import numpy as np
import pytest

from aecourse import numpy_nn, torch_nn, tf_nn  # isort: skip

FUNCTIONS = [
    "autoencoder",
    "decode",
    "encode",
    "evaluate",
    "fit",
    "gradients",
    "load",
    "minimise",
    "mlp",
    "objective_gradients",
    "reconstruct",
    "save",
    "set_weights",
    "get_weights",
    "tied_decoder",
]
CLASSES = ["Autoencoder", "Dense", "TiedDense"]
LOSSES = [
    "mean_squared_error",
    "squared_error_per_image",
    "binary_cross_entropy",
    "binary_cross_entropy_per_image",
]


def parameters(function):
    return [
        (p.name, p.kind, getattr(p.default, "__name__", None) or repr(p.default))
        for p in inspect.signature(function).parameters.values()
    ]


def test_same_public_names():
    assert torch_nn.__all__ == tf_nn.__all__
    assert set(torch_nn.__all__) < set(numpy_nn.__all__)


@pytest.mark.parametrize("name", FUNCTIONS + CLASSES)
def test_same_parameter_names_kinds_and_defaults(name):
    expected = parameters(getattr(numpy_nn, name))
    assert parameters(getattr(torch_nn, name)) == expected
    assert parameters(getattr(tf_nn, name)) == expected


@pytest.mark.parametrize("name", ["SGD", "RMSProp", "Adam", "History", "TrainingDiverged"])
def test_framework_free_names_are_one_object(name):
    assert getattr(numpy_nn, name) is getattr(torch_nn, name) is getattr(tf_nn, name)


def test_every_public_name_has_a_docstring_with_an_example(framework):
    for name in framework.__all__:
        documented = getattr(framework, name)
        if callable(documented) and name not in LOSSES:
            assert ">>>" in inspect.getdoc(documented), name


@pytest.mark.parametrize("init", ["glorot", "he", "standard_normal"])
@pytest.mark.parametrize("tied", [False, True])
def test_same_seed_gives_the_same_starting_weights(init, tied):
    options = {"init": init, "tied": tied, "seed": 3, "code": "linear"}
    expected = numpy_nn.get_weights(numpy_nn.autoencoder((6, 5, 2), **options))
    for framework in (torch_nn, tf_nn):
        weights = framework.get_weights(framework.autoencoder((6, 5, 2), **options))
        assert list(weights) == list(expected)
        for name, array in weights.items():
            np.testing.assert_array_equal(array, expected[name])


def test_blocks_of_the_same_seed_are_equal_too():
    models = [
        framework.Autoencoder(framework.mlp((6, 3), seed=1), framework.mlp((3, 6), seed=2))
        for framework in (numpy_nn, torch_nn, tf_nn)
    ]
    expected = numpy_nn.get_weights(models[0])
    for framework, model in zip((torch_nn, tf_nn), models[1:], strict=True):
        for name, array in framework.get_weights(model).items():
            np.testing.assert_array_equal(array, expected[name])


def test_standard_normal_draws_biases_too(framework):
    weights = framework.get_weights(framework.autoencoder((300, 200), init="standard_normal"))
    for array in weights.values():
        # 200 draws of N(0, 1): five standard errors around mean 0 and deviation 1.
        assert abs(array.mean()) < 5 / np.sqrt(array.size)
        assert abs(array.std() - 1) < 5 / np.sqrt(2 * array.size)
