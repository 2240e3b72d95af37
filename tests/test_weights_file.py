"""The weights file: whole or not at all, and never somebody else's."""

import numpy as np
import pytest
from safetensors.numpy import save_file

from aecourse import numpy_nn as nn
from aecourse.numpy_nn.variational import VariationalAutoencoder
from aecourse.weights_file import read_weights_file, stored_dtype


def test_round_trip_keeps_architecture_and_numbers(tmp_path):
    model = nn.autoencoder((6, 5, 3), activation="relu", code="linear", tied=True, dtype="float64")
    path = tmp_path / "model.safetensors"
    nn.save(model, path)
    again = nn.load(path)
    x = np.random.default_rng(0).random((4, 6))
    np.testing.assert_array_equal(nn.reconstruct(again, x), nn.reconstruct(model, x))
    assert [p.name for p in tmp_path.iterdir()] == ["model.safetensors"]


def test_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"weights file at .*nothing\.safetensors"):
        nn.load(tmp_path / "nothing.safetensors")


def test_truncated_file_is_refused(tmp_path):
    path = tmp_path / "model.safetensors"
    nn.save(nn.autoencoder((6, 3)), path)
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(ValueError, match="damaged or not a safetensors file"):
        nn.load(path)


def test_file_of_another_program_is_refused(tmp_path):
    path = tmp_path / "other.safetensors"
    save_file({"w": np.zeros(3, "float32")}, path)
    with pytest.raises(ValueError, match="written by this library's save"):
        read_weights_file(path)


def test_unwritable_folder_is_an_os_error(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OSError, match="could not write"):
        nn.save(nn.autoencoder((6, 3)), tmp_path / "file" / "model.safetensors")


def test_mixed_precision_is_refused():
    with pytest.raises(ValueError, match="all float32 or all float64, got float32, float64"):
        stored_dtype({"a": np.zeros(1, "float32"), "b": np.zeros(1)})


def test_a_variant_with_other_parameters_is_not_written(tmp_path):
    model = VariationalAutoencoder((6, 4, 2))
    with pytest.raises(ValueError, match="expected weights named"):
        nn.save(model, tmp_path / "model.safetensors")
    assert list(tmp_path.iterdir()) == []
