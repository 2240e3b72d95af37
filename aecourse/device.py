"""What runs where: the device that each framework uses, tried before it is chosen."""

import importlib
import os
import platform
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from aecourse.device_table import NOTHING, Report, Row

if TYPE_CHECKING:
    import torch

__all__ = ["Report", "Row", "report", "tensorflow_device", "torch_device"]

_SIDE = 64
_GIBIBYTE = 2**30
_FORCED = "AECOURSE_DEVICE=cpu asks for the CPU"


@dataclass(frozen=True)
class _Choice:
    device: str
    why: str


def torch_device() -> "torch.device":
    """Return the device for PyTorch: CUDA if it is there and works, else the CPU.

    CUDA is tried with a small matrix product once per process. If that fails, a warning says so
    and the CPU is chosen. The environment variable ``AECOURSE_DEVICE=cpu`` asks for the CPU.

    Returns
    -------
    torch.device
        ``cuda`` or ``cpu``.

    Raises
    ------
    ImportError
        If PyTorch cannot be imported.
    ValueError
        If ``AECOURSE_DEVICE`` is set to anything but ``cpu``.

    Examples
    --------
    >>> torch_device().type in ("cuda", "cpu")  # doctest: +SKIP
    True
    """
    framework = _framework("torch", "PyTorch", "torch")
    device: torch.device = framework.device(_torch_choice().device)
    return device


def tensorflow_device() -> str:
    """Return the device for TensorFlow: the GPU if it is there and works, else the CPU.

    The GPU is tried with a small matrix product once per process. Before that, TensorFlow is told
    to take memory as it needs it; by default it takes nearly all, and PyTorch in the same process
    finds none left. If the GPU fails, a warning says so and the CPU is chosen. The environment
    variable ``AECOURSE_DEVICE=cpu`` asks for the CPU.

    Returns
    -------
    str
        ``"/GPU:0"`` or ``"/CPU:0"``, for ``tf.device``.

    Raises
    ------
    ImportError
        If TensorFlow cannot be imported.
    ValueError
        If ``AECOURSE_DEVICE`` is set to anything but ``cpu``.

    Examples
    --------
    >>> tensorflow_device() in ("/GPU:0", "/CPU:0")  # doctest: +SKIP
    True
    """
    _framework("tensorflow", "TensorFlow", "tensorflow")
    return _tensorflow_choice().device


def report() -> Report:
    """Return a table of versions, devices, memory and reasons.

    Returns
    -------
    Report
        Rows for Python, NumPy, PyTorch, TensorFlow and Keras, also for what is not installed.

    Raises
    ------
    ValueError
        If ``AECOURSE_DEVICE`` is set to anything but ``cpu``.

    Examples
    --------
    >>> [row.name for row in report().rows]  # doctest: +SKIP
    ['Python', 'NumPy', 'PyTorch', 'TensorFlow', 'Keras']
    """
    cpu = f"cpu ({platform.machine()}, {os.cpu_count()} cores)"
    # PyTorch first: with CUDA wheels, a process that imports TensorFlow before it can crash.
    return Report(
        (
            Row("Python", platform.python_version(), cpu, _system_memory(), "runs on the CPU"),
            Row("NumPy", np.__version__, "cpu", NOTHING, "NumPy has no GPU code"),
            _row("torch", "PyTorch", "torch", _describe_torch),
            _row("tensorflow", "TensorFlow", "tensorflow", _describe_tensorflow),
            _row("keras", "Keras", "tensorflow", _describe_keras),
        )
    )


def _framework(module: str, name: str, extra: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise ModuleNotFoundError(
            f"{name} is not installed — pip install 'aecourse[{extra}]'", name=module
        ) from error


def _row(
    module: str, name: str, extra: str, describe: Callable[[ModuleType], tuple[str, str, str]]
) -> Row:
    try:
        framework = _framework(module, name, extra)
    except ModuleNotFoundError as error:
        if error.name == module:
            return Row(name, "not installed", NOTHING, NOTHING, f"pip install 'aecourse[{extra}]'")
        return Row(name, "broken", NOTHING, NOTHING, f"import fails: {_first_line(error)}")
    except Exception as error:
        # A framework that is half installed fails in many ways; the report has to say which.
        return Row(name, "broken", NOTHING, NOTHING, f"import fails: {_first_line(error)}")
    return Row(name, str(framework.__version__), *describe(framework))


def _cpu_is_forced() -> bool:
    value = os.environ.get("AECOURSE_DEVICE", "")
    if value not in ("", "cpu"):
        raise ValueError(f"expected AECOURSE_DEVICE to be 'cpu' or unset, got {value!r}")
    return value == "cpu"


def _torch_choice() -> _Choice:
    return _Choice("cpu", _FORCED) if _cpu_is_forced() else _try_torch()


@cache
def _try_torch() -> _Choice:
    torch = importlib.import_module("torch")
    try:
        if not torch.cuda.is_available():
            built = torch.version.cuda is not None
            return _Choice("cpu", _no_gpu("PyTorch", built_with_cuda=built))
        ones = torch.ones((_SIDE, _SIDE), device="cuda")
        _check_product(float((ones @ ones).sum()))
    except Exception as error:
        return _Choice("cpu", _warn_of_fallback("PyTorch", error))
    return _Choice("cuda", "CUDA is there, and a matrix product on it was right")


def _tensorflow_choice() -> _Choice:
    if not _cpu_is_forced():
        return _try_tensorflow()
    tf = importlib.import_module("tensorflow")
    # Keeps TensorFlow off the GPU altogether; too late, and harmless, once it has used one.
    with suppress(RuntimeError):
        tf.config.set_visible_devices([], "GPU")
    return _Choice("/CPU:0", _FORCED)


@cache
def _try_tensorflow() -> _Choice:
    tf = importlib.import_module("tensorflow")
    try:
        gpus = tf.config.list_physical_devices("GPU")
        if not gpus:
            built = tf.test.is_built_with_cuda()
            return _Choice("/CPU:0", _no_gpu("TensorFlow", built_with_cuda=built))
        memory = _let_memory_grow(tf, gpus)
        with tf.device("/GPU:0"):
            ones = tf.ones((_SIDE, _SIDE))
            _check_product(float(tf.reduce_sum(tf.matmul(ones, ones))))
    except Exception as error:
        return _Choice("/CPU:0", _warn_of_fallback("TensorFlow", error))
    return _Choice("/GPU:0", f"a GPU is there, and a matrix product on it was right; {memory}")


def _let_memory_grow(tf: ModuleType, gpus: list[object]) -> str:
    try:
        # For all of them: TensorFlow refuses a setting that differs between GPUs.
        for gpu in gpus:
            tf.config.experimental.set_memory_growth(gpu, True)
    except RuntimeError:
        return "it was in use already, so TensorFlow may hold all of its memory"
    return "memory is taken as needed"


def _check_product(total: float) -> None:
    expected = float(_SIDE**3)
    if total != expected:
        raise ArithmeticError(f"expected a matrix product to sum to {expected}, got {total}")


def _no_gpu(name: str, *, built_with_cuda: bool) -> str:
    if built_with_cuda:
        return f"{name} finds no usable CUDA GPU"
    return f"this build of {name} has no CUDA"


def _warn_of_fallback(name: str, error: Exception) -> str:
    why = f"CUDA failed on first use ({type(error).__name__}: {_first_line(error)})"
    # The frames: this function, _try_*, _*_choice, the public function, its caller.
    warnings.warn(f"{name} runs on the CPU: {why}", RuntimeWarning, stacklevel=5)
    return why


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _describe_torch(torch: ModuleType) -> tuple[str, str, str]:
    choice = _torch_choice()
    if choice.device == "cpu":
        return "cpu", NOTHING, choice.why
    free, total = torch.cuda.mem_get_info()
    name = torch.cuda.get_device_name()
    return f"cuda ({name})", f"{_gib(free)} of {_gib(total)} GiB free", choice.why


def _describe_tensorflow(tf: ModuleType) -> tuple[str, str, str]:
    choice = _tensorflow_choice()
    if choice.device == "/CPU:0":
        return "cpu", NOTHING, choice.why
    gpu = tf.config.list_physical_devices("GPU")[0]
    name = tf.config.experimental.get_device_details(gpu).get("device_name", "GPU")
    used = tf.config.experimental.get_memory_info("GPU:0")["current"]
    return f"cuda ({name})", f"{_gib(used)} GiB used by TensorFlow", choice.why


def _describe_keras(keras: ModuleType) -> tuple[str, str, str]:
    return f"as {keras.backend.backend()}", NOTHING, "Keras computes through its backend"


def _system_memory() -> str:
    # Windows has no sysconf, and some systems don't know the names.
    with suppress(AttributeError, ValueError, OSError):
        return f"{_gib(os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES'))} GiB"
    return NOTHING


def _gib(count: int) -> str:
    return f"{count / _GIBIBYTE:.1f}"
