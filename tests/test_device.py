"""The choice of the device, with stand-ins for the frameworks and with the real ones."""

import importlib.util
import sys
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from aecourse import device
from aecourse.device import report, tensorflow_device, torch_device
from aecourse.device_table import Report, Row

GIB = 2**30


class Ones:
    """A matrix of ones whose product sums to ``total``, or fails with ``error``."""

    def __init__(self, total: float, error: Exception | None) -> None:
        self.total, self.error = total, error

    def __matmul__(self, _: "Ones") -> "Ones":
        if self.error is not None:
            raise self.error
        return self

    def sum(self) -> float:
        return self.total


def fake_torch(
    *,
    built: bool = True,
    available: bool = True,
    total: float = 64.0**3,
    error: Exception | None = None,
    error_on_look: Exception | None = None,
) -> ModuleType:
    def is_available() -> bool:
        if error_on_look is not None:
            raise error_on_look
        return available

    torch = ModuleType("torch")
    vars(torch).update(
        __version__="9.1",
        version=SimpleNamespace(cuda="12.8" if built else None),
        cuda=SimpleNamespace(
            is_available=is_available,
            mem_get_info=lambda: (70 * GIB, 80 * GIB),
            get_device_name=lambda: "Fast <GPU>",
        ),
        ones=lambda _shape, *, device: Ones(total, error if device == "cuda" else None),
        device=lambda name: SimpleNamespace(type=name),
    )
    return torch


def fake_tensorflow(
    *,
    built: bool = True,
    gpus: int = 1,
    total: float = 64.0**3,
    error: Exception | None = None,
    in_use: bool = False,
) -> ModuleType:
    calls: list[object] = []

    def place(name: str) -> AbstractContextManager[None]:
        calls.append(name)
        return nullcontext()

    def once_in_use(*call: object) -> None:
        if in_use:
            raise RuntimeError("cannot be modified once initialized")
        calls.append(call)

    tf = ModuleType("tensorflow")
    vars(tf).update(
        __version__="9.2",
        calls=calls,
        test=SimpleNamespace(is_built_with_cuda=lambda: built),
        config=SimpleNamespace(
            list_physical_devices=lambda _: [f"gpu {number}" for number in range(gpus)],
            set_visible_devices=lambda *call: once_in_use("visible", *call),
            experimental=SimpleNamespace(
                set_memory_growth=lambda *call: once_in_use("growth", *call),
                get_device_details=lambda _: {"device_name": "Fast GPU"},
                get_memory_info=lambda _: {"current": 3 * GIB, "peak": 4 * GIB},
            ),
        ),
        device=place,
        ones=lambda _: Ones(total, error),
        matmul=lambda a, b: a @ b,
        reduce_sum=lambda ones: ones.sum(),
    )
    return tf


def fake_keras() -> ModuleType:
    keras = ModuleType("keras")
    vars(keras).update(__version__="9.3", backend=SimpleNamespace(backend=lambda: "tensorflow"))
    return keras


@pytest.fixture(autouse=True)
def nothing_chosen_yet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("AECOURSE_DEVICE", raising=False)
    forget()
    yield
    forget()


def forget() -> None:
    device._try_torch.cache_clear()
    device._try_tensorflow.cache_clear()


def install(
    monkeypatch: pytest.MonkeyPatch,
    torch: ModuleType | None = None,
    tensorflow: ModuleType | None = None,
    keras: ModuleType | None = None,
) -> None:
    """Put stand-ins in the place of the frameworks; None: not installed."""
    for name, module in (("torch", torch), ("tensorflow", tensorflow), ("keras", keras)):
        monkeypatch.setitem(sys.modules, name, module)


BROKEN = RuntimeError("CUDA error: no kernel image is available\nfor execution on the device")


# --- PyTorch ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("torch", "chosen", "why"),
    [
        (fake_torch(), "cuda", "a matrix product on it was right"),
        (fake_torch(available=False), "cpu", "PyTorch finds no usable CUDA GPU"),
        (fake_torch(available=False, built=False), "cpu", "this build of PyTorch has no CUDA"),
    ],
    ids=["CUDA", "no GPU", "a build without CUDA"],
)
def test_pytorch_uses_cuda_when_it_is_there(
    monkeypatch: pytest.MonkeyPatch, torch: ModuleType, chosen: str, why: str
) -> None:
    install(monkeypatch, torch=torch)
    assert torch_device().type == chosen
    assert why in row("PyTorch").why


@pytest.mark.parametrize(
    ("torch", "why"),
    [
        (fake_torch(error=BROKEN), "RuntimeError: CUDA error: no kernel image is available"),
        (fake_torch(total=0.0), "expected a matrix product to sum to 262144.0, got 0.0"),
        (fake_torch(error_on_look=OSError("no driver")), "OSError: no driver"),
    ],
    ids=["error", "wrong product", "error when looking"],
)
def test_pytorch_falls_back_to_the_cpu_and_says_so(
    monkeypatch: pytest.MonkeyPatch, torch: ModuleType, why: str
) -> None:
    install(monkeypatch, torch=torch)
    with pytest.warns(RuntimeWarning, match="PyTorch runs on the CPU") as caught:
        chosen = torch_device()
    assert chosen.type == "cpu"
    assert why in str(caught[0].message)
    assert caught[0].filename == __file__, "the warning points at the caller"
    assert row("PyTorch").device == "cpu"
    assert why in row("PyTorch").why


# --- TensorFlow -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tensorflow", "chosen", "why"),
    [
        (fake_tensorflow(), "/GPU:0", "memory is taken as needed"),
        (fake_tensorflow(in_use=True), "/GPU:0", "it was in use already"),
        (fake_tensorflow(gpus=0), "/CPU:0", "TensorFlow finds no usable CUDA GPU"),
        (fake_tensorflow(gpus=0, built=False), "/CPU:0", "this build of TensorFlow has no CUDA"),
    ],
    ids=["CUDA", "CUDA in use", "no GPU", "a build without CUDA"],
)
def test_tensorflow_uses_the_gpu_when_it_is_there(
    monkeypatch: pytest.MonkeyPatch, tensorflow: ModuleType, chosen: str, why: str
) -> None:
    install(monkeypatch, tensorflow=tensorflow)
    assert tensorflow_device() == chosen
    assert why in row("TensorFlow").why


@pytest.mark.parametrize(
    ("tensorflow", "why"),
    [
        (fake_tensorflow(error=BROKEN), "RuntimeError: CUDA error: no kernel image is available"),
        (fake_tensorflow(total=1.0), "expected a matrix product to sum to 262144.0, got 1.0"),
    ],
    ids=["error", "wrong product"],
)
def test_tensorflow_falls_back_to_the_cpu_and_says_so(
    monkeypatch: pytest.MonkeyPatch, tensorflow: ModuleType, why: str
) -> None:
    install(monkeypatch, tensorflow=tensorflow)
    with pytest.warns(RuntimeWarning, match="TensorFlow runs on the CPU") as caught:
        chosen = tensorflow_device()
    assert chosen == "/CPU:0"
    assert why in str(caught[0].message)
    assert caught[0].filename == __file__, "the warning points at the caller"
    assert why in row("TensorFlow").why


def test_tensorflow_takes_memory_as_needed_on_every_gpu_before_the_first_use(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tensorflow = fake_tensorflow(gpus=2)
    install(monkeypatch, tensorflow=tensorflow)
    tensorflow_device()
    assert tensorflow.calls == [
        ("growth", "gpu 0", True),
        ("growth", "gpu 1", True),
        "/GPU:0",
    ]


# --- both -------------------------------------------------------------------------------------


def test_the_choice_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, torch=fake_torch(error=BROKEN), tensorflow=fake_tensorflow(error=BROKEN))
    with pytest.warns(RuntimeWarning):
        torch_device()
    with pytest.warns(RuntimeWarning):
        tensorflow_device()
    # Warnings are errors here: a second try would raise.
    assert torch_device().type == "cpu"
    assert tensorflow_device() == "/CPU:0"


@pytest.mark.parametrize("in_use", [False, True])
def test_variable_asks_for_the_cpu(monkeypatch: pytest.MonkeyPatch, *, in_use: bool) -> None:
    tensorflow = fake_tensorflow(in_use=in_use)
    install(monkeypatch, torch=fake_torch(), tensorflow=tensorflow)
    monkeypatch.setenv("AECOURSE_DEVICE", "cpu")
    assert torch_device().type == "cpu"
    assert tensorflow_device() == "/CPU:0"
    assert tensorflow.calls == ([] if in_use else [("visible", [], "GPU")])
    assert row("PyTorch").why == row("TensorFlow").why == "AECOURSE_DEVICE=cpu asks for the CPU"


def test_variable_with_another_value_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, torch=fake_torch(), tensorflow=fake_tensorflow())
    monkeypatch.setenv("AECOURSE_DEVICE", "gpu")
    for choose in (torch_device, tensorflow_device, report):
        with pytest.raises(ValueError, match="expected AECOURSE_DEVICE to be 'cpu' or unset"):
            choose()


def test_missing_framework_is_an_error_that_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    install(monkeypatch)
    with pytest.raises(ImportError, match=r"PyTorch is not installed .* 'aecourse\[torch\]'"):
        torch_device()
    with pytest.raises(ImportError, match=r"TensorFlow is not installed .*aecourse\[tensorflow\]"):
        tensorflow_device()


# --- the report -------------------------------------------------------------------------------


def row(name: str) -> Row:
    (found,) = (each for each in report().rows if each.name == name)
    return found


def test_report_without_any_framework_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch)
    rows = report().rows
    assert [each.name for each in rows] == ["Python", "NumPy", "PyTorch", "TensorFlow", "Keras"]
    assert [each.version for each in rows[2:]] == ["not installed"] * 3
    assert rows[0].version == ".".join(map(str, sys.version_info[:3]))
    assert "pip install 'aecourse[tensorflow]'" in str(report())


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("import a_library_that_is_missing", "import fails: No module named 'a_library"),
        ("raise OSError('libcudart.so: cannot open')", "import fails: libcudart.so: cannot open"),
        ("raise ValueError", "import fails: ValueError"),
    ],
    ids=["missing part", "missing library", "no message"],
)
def test_report_survives_a_broken_installation(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, source: str, why: str
) -> None:
    install(monkeypatch, tensorflow=fake_tensorflow(), keras=fake_keras())
    monkeypatch.delitem(sys.modules, "torch")
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "torch.py").write_text(source)
    assert row("PyTorch").version == "broken"
    assert row("PyTorch").why.startswith(why)


def test_report_shows_devices_and_memory_of_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, fake_torch(), fake_tensorflow(), fake_keras())
    torch, tensorflow, keras = report().rows[2:]
    assert (torch.device, torch.memory) == ("cuda (Fast <GPU>)", "70.0 of 80.0 GiB free")
    assert (tensorflow.device, tensorflow.memory) == (
        "cuda (Fast GPU)",
        "3.0 GiB used by TensorFlow",
    )
    assert (keras.version, keras.device) == ("9.3", "as tensorflow")


def test_report_as_text_is_aligned(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, fake_torch(), fake_tensorflow(), fake_keras())
    head, *lines = str(report()).splitlines()
    column = head.index("version")
    assert all(line[column - 1] == " " != line[column] for line in lines)


def test_report_as_html_is_an_accessible_table() -> None:
    html = Report((Row("PyTorch", "9", "cuda (Fast <GPU>)", "1 GiB", "a & b"),))._repr_html_()
    assert "<caption>What runs where</caption>" in html
    assert html.count('<th scope="col">') == 4
    assert '<th scope="row">PyTorch</th>' in html
    assert "cuda (Fast &lt;GPU&gt;)" in html
    assert "a &amp; b" in html


def test_system_without_sysconf_shows_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch)
    monkeypatch.delattr("os.sysconf", raising=False)
    assert row("Python").memory == "—"


# --- the real frameworks ----------------------------------------------------------------------


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is not installed")
def test_real_pytorch_computes_on_its_device() -> None:
    import torch

    ones = torch.ones((3, 3), device=torch_device())
    assert float((ones @ ones).sum()) == 27.0
    assert row("PyTorch").version == torch.__version__


@pytest.mark.skipif(
    importlib.util.find_spec("tensorflow") is None, reason="TensorFlow is not installed"
)
def test_real_tensorflow_computes_on_its_device() -> None:
    with warnings.catch_warnings():
        # Deprecations inside the framework's own import are not ours to repair.
        warnings.simplefilter("ignore", DeprecationWarning)
        import tensorflow as tf

    with tf.device(tensorflow_device()):
        ones = tf.ones((3, 3))
        assert float(tf.reduce_sum(ones @ ones)) == 27.0
    assert row("TensorFlow").version == tf.__version__
    assert row("Keras").device.startswith("as ")
