"""The environment of a student's process, and the folders that Python needs."""

import os
import sys
from pathlib import Path

__all__ = ["COURSE", "HOME", "environment", "python_folders"]

COURSE = "/course"
"""Where the package lies in the sandbox, wherever it lies outside."""

HOME = "/home/student"
"""The student's home and working folder in the sandbox."""


def environment(*, course: str = COURSE, home: str = HOME) -> dict[str, str]:
    """Return the environment of a student's process, which takes nothing from the grader's.

    Parameters
    ----------
    course
        Folder that holds the package.
    home
        Home and working folder.

    Returns
    -------
    dict
        Variables.

    Examples
    --------
    >>> environment()["AECOURSE_DEVICE"]
    'cpu'
    """
    folders = [Path(sys.executable).parent, *map(Path, ("/usr/local/bin", "/usr/bin", "/bin"))]
    return {
        "PATH": os.pathsep.join(map(str, folders)),
        "PYTHONPATH": os.pathsep.join([course, *map(str, _other_site_folders())]),
        "HOME": home,
        "USER": "student",
        "LOGNAME": "student",
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONNOUSERSITE": "1",
        "PYTHONUTF8": "1",
        "AECOURSE_DEVICE": "cpu",
        "AECOURSE_GRADING": "1",
        "CUDA_VISIBLE_DEVICES": "",
        "IPYTHONDIR": os.path.join(home, ".ipython"),  # noqa: PTH118
        "MPLBACKEND": "agg",
        "MPLCONFIGDIR": os.path.join(home, ".matplotlib"),  # noqa: PTH118
        # One submission, one core: many are graded at once.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "TF_NUM_INTRAOP_THREADS": "1",
        "TF_NUM_INTEROP_THREADS": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "KERAS_BACKEND": "tensorflow",
        # There is no network: without these, pip would try again and again.
        "PIP_NO_INDEX": "1",
        "PIP_RETRIES": "0",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
        "HF_HUB_OFFLINE": "1",
    }


def python_folders() -> list[Path]:
    """Return what Python and its packages need that does not lie in /usr.

    Returns
    -------
    list of Path
        Folders and files.

    Examples
    --------
    >>> all(path.exists() for path in python_folders())
    True
    """
    # Parts of a prefix: one that was made in a course's folder has other neighbours.
    parts = ("bin", "lib", "lib64", "pyvenv.cfg")
    found = [prefix / part for prefix in _prefixes() for part in parts]
    found += _other_site_folders()
    return [path for path in found if path.exists() and not path.is_relative_to("/usr")]


def _other_site_folders() -> list[Path]:
    """Return folders of packages outside of Python's own, such as the user's."""
    folders = [Path(entry) for entry in sys.path]
    return [
        folder
        for folder in folders
        if folder.name in ("site-packages", "dist-packages")
        and folder.is_dir()
        and not any(folder.is_relative_to(prefix) for prefix in _prefixes())
    ]


def _prefixes() -> list[Path]:
    return list(dict.fromkeys([Path(sys.base_prefix), Path(sys.prefix)]))
