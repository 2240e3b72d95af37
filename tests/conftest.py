"""A test that takes ``framework`` runs three times: in NumPy, PyTorch and TensorFlow."""

import pytest


@pytest.fixture(params=["numpy", "torch", "tensorflow"])
def framework(request):
    # In this order, whichever is asked for: with CUDA builds the other order can crash.
    from aecourse import numpy_nn, torch_nn, tf_nn  # isort: skip

    return {"numpy": numpy_nn, "torch": torch_nn, "tensorflow": tf_nn}[request.param]
