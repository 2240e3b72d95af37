"""The command line: what it prints, and its exit status."""

import gzip
import subprocess
import sys
from pathlib import Path

import pytest

from aecourse import __version__
from aecourse.cli import main
from aecourse.mnist_files import FULL_SET, data_folder, default_cache

NOWHERE = "http://127.0.0.1:9/"


@pytest.fixture
def empty_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Give the process no folder of digits, and return a cache folder that is not there yet."""
    monkeypatch.delenv("AECOURSE_DATA", raising=False)
    monkeypatch.setenv("AECOURSE_DEVICE", "cpu")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return tmp_path / "cache"


@pytest.mark.usefixtures("empty_cache")
def test_doctor_shows_versions_devices_and_digits(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for framework in ("torch", "tensorflow", "keras"):
        monkeypatch.setitem(sys.modules, framework, None)
    assert main(["doctor"]) == 0
    shown = capsys.readouterr()
    for text in (f"aecourse {__version__}", "PyTorch", "not installed", "10,000 training"):
        assert text in shown.out
    assert f"in {default_cache()}" in shown.out
    assert shown.err == ""


@pytest.mark.usefixtures("empty_cache")
@pytest.mark.parametrize("command", [["doctor"], ["data"], ["data", "--full"]])
def test_bad_folder_is_one_message_and_status_1(
    command: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    for framework in ("torch", "tensorflow", "keras"):
        monkeypatch.setitem(sys.modules, framework, None)
    (tmp_path / "digits").mkdir()
    monkeypatch.setenv("AECOURSE_DATA", str(tmp_path / "digits"))
    assert main(command) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"aecourse {command[0]}: $AECOURSE_DATA: expected train-images")
    assert "Traceback" not in error


@pytest.mark.usefixtures("empty_cache")
def test_bad_device_is_one_message_and_status_1(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AECOURSE_DEVICE", "abacus")
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    assert main(["doctor"]) == 1
    assert "expected AECOURSE_DEVICE to be 'cpu' or unset, got 'abacus'" in capsys.readouterr().err


def test_data_without_the_full_set_says_how_to_get_it(
    empty_cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", "--cache-dir", str(empty_cache)]) == 0
    shown = capsys.readouterr().out
    assert f"full set: not complete in {empty_cache}" in shown
    assert "`aecourse data --full` downloads 11 MB" in shown
    assert not empty_cache.exists(), "looking makes no folder"


def test_full_set_that_cannot_be_downloaded_is_status_1(
    empty_cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cache = str(empty_cache)
    assert main(["data", "--full", "--mirror", NOWHERE, "--cache-dir", cache]) == 1
    error = capsys.readouterr().err
    assert error.startswith("aecourse data: train-images-idx3-ubyte of the full MNIST set")
    assert NOWHERE in error
    assert cache in error


def test_full_set_is_verified_and_written(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if data_folder() is None:
        pytest.skip("AECOURSE_DATA is not set, so the full MNIST set is not at hand")
    assert main(["data", "--to", str(tmp_path)]) == 0
    assert capsys.readouterr().out.count("verified, from") == 4
    assert {path.name.removesuffix(".gz") for path in tmp_path.iterdir()} == set(FULL_SET)

    # What was written serves as a folder of one's own, gzip or raw.
    packed = tmp_path / "t10k-labels-idx1-ubyte.gz"
    if packed.exists():
        (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(gzip.decompress(packed.read_bytes()))
        packed.unlink()
    monkeypatch.setenv("AECOURSE_DATA", str(tmp_path))
    assert main(["data"]) == 0
    assert f"full set: verified, in {tmp_path}" in capsys.readouterr().out
    copy = tmp_path / "copy"
    assert main(["data", "--to", str(copy)]) == 0
    assert (copy / "t10k-labels-idx1-ubyte").stat().st_size == 10_008


def test_folder_that_cannot_be_written_is_status_1(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    if data_folder() is None:
        pytest.skip("AECOURSE_DATA is not set, so the full MNIST set is not at hand")
    (tmp_path / "file").write_text("")
    assert main(["data", "--to", str(tmp_path / "file" / "below")]) == 1
    assert capsys.readouterr().err.startswith("aecourse data: ")


@pytest.mark.parametrize("words", [[], ["nonsense"], ["data", "--nonsense"]])
def test_words_that_are_no_command_end_with_status_2(words: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2


def test_installed_command_answers_with_its_version() -> None:
    command = Path(sys.executable).with_name("aecourse")
    if not command.exists():
        pytest.skip("the package is not installed beside this Python, so there is no command")
    done = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout == f"aecourse {__version__}\n"
