"""The digits: what is bundled, where the full set is found, and everything that can go wrong."""

import gzip
import hashlib
import multiprocessing
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from aecourse.data import DataError, load_mnist, parse_idx
from aecourse.mnist_files import FULL_SET, data_folder, decode, default_cache, find_file, write_file

NAME = "few-images-idx3-ubyte"
IDX = (
    bytes([0, 0, 8, 3]) + b"".join(n.to_bytes(4, "big") for n in (50, 4, 5)) + bytes(range(250)) * 4
)
SHA256 = hashlib.sha256(IDX).hexdigest()
PACKED = gzip.compress(IDX, mtime=0)


@dataclass
class Answer:
    """What the server sends: status, body, and the length it claims (None: claims none)."""

    status: int = 200
    body: bytes = b""
    claimed_length: int | None = None
    wait_for: threading.Barrier | None = None


@dataclass
class Server:
    """A mirror on the loopback interface; folders are the first part of the address."""

    address: str
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def mirror(self, folder: str, answer: Answer) -> str:
        self.answers[folder] = answer
        return f"{self.address}/{folder}/"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def server() -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            mirror.asked.append(self.path)
            answer = mirror.answers[self.path.split("/")[1]]
            if answer.wait_for is not None:
                answer.wait_for.wait(timeout=30)
            self.send_response(answer.status)
            if answer.claimed_length is not None:
                self.send_header("Content-Length", str(answer.claimed_length))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            """Keep the test's output quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        mirror = Server(f"http://127.0.0.1:{http.server_port}")
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield mirror
        http.shutdown()
        thread.join()


def good() -> Answer:
    return Answer(body=PACKED, claimed_length=len(PACKED))


def mirror_nobody_listens_on() -> str:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{unused.getsockname()[1]}/"


def get(cache_dir: Path, *mirrors: str, data_dir: Path | None = None) -> bytes:
    return find_file(
        NAME, SHA256, mirrors=mirrors, cache_dir=cache_dir, data_dir=data_dir, progress=False
    ).idx


# --- the bundled digits -----------------------------------------------------------------------


def test_bundled_digits_have_the_promised_shapes_types_and_range() -> None:
    digits = load_mnist()
    assert digits.x_train.shape == (10_000, 784)
    assert digits.x_test.shape == (2_000, 784)
    assert digits.y_train.shape == (10_000,)
    assert digits.y_test.shape == (2_000,)
    assert digits.x_train.dtype == digits.x_test.dtype == np.float32
    assert digits.y_train.dtype == digits.y_test.dtype == np.int64
    assert (digits.x_train.min(), digits.x_train.max()) == (0.0, 1.0)
    assert digits.image_shape == (28, 28)
    assert np.array_equal(np.unique(digits.y_train), np.arange(10))
    assert repr(digits) == "Dataset(10,000 training and 2,000 test images of 28 × 28 pixels)"


def test_each_load_returns_arrays_of_its_own_that_may_be_written() -> None:
    first, second = load_mnist(), load_mnist()
    first.x_train[:] = 0.5
    first.y_test[:] = -1
    assert second.x_train.max() == 1.0
    assert second.y_test.min() == 0


def test_bundled_files_carry_no_time_and_no_name() -> None:
    folder = Path(__file__).parents[1] / "aecourse" / "mnist"
    for path in folder.glob("*.gz"):
        header = path.read_bytes()[:10]
        assert header[3] == 0, f"{path.name}: flags"
        assert header[4:8] == bytes(4), f"{path.name}: time"
    assert "CC BY-SA 3.0" in (folder / "LICENSE-MNIST").read_text()


def test_bundled_digits_are_the_first_of_the_full_set() -> None:
    if data_folder() is None:
        pytest.skip("AECOURSE_DATA is not set, so the full MNIST set is not at hand")
    full, bundled = load_mnist("full"), load_mnist()
    assert full.x_train.shape == (60_000, 784)
    assert full.x_test.shape == (10_000, 784)
    assert np.array_equal(full.x_train[:10_000], bundled.x_train)
    assert np.array_equal(full.y_train[:10_000], bundled.y_train)
    assert np.array_equal(full.x_test[:2_000], bundled.x_test)
    assert np.array_equal(full.y_test[:2_000], bundled.y_test)


def test_unknown_source_is_refused_by_name() -> None:
    with pytest.raises(
        ValueError, match="expected source to be one of 'bundled', 'full', got 'ful'"
    ):
        load_mnist("ful")  # type: ignore[arg-type]


# --- the format -------------------------------------------------------------------------------


def test_idx_is_read_in_the_order_of_its_axes() -> None:
    values = parse_idx(IDX)
    assert values.shape == (50, 4, 5)
    assert values[0, 1].tolist() == [5, 6, 7, 8, 9]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "got nothing"),
        (b"<html>", "starts with 00 00 08, got 3c 68 74"),
        (b"\0\0\x0d\1" + bytes(8), "got 00 00 0d"),
        (IDX[:-1], r"expected 1,016 bytes .* got 1,015"),
        (IDX + b"\0", r"expected 1,016 bytes .* got 1,017"),
        (IDX[:9], "truncated"),
    ],
    ids=["empty", "a web page", "floats", "one byte short", "one byte long", "half a header"],
)
def test_broken_idx_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        parse_idx(content)


def flip(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]


DAMAGED = {
    "empty": b"",
    "gzip cut in its header": PACKED[:5],
    "gzip cut in the middle": PACKED[: len(PACKED) // 2],
    "gzip with a wrong checksum": flip(PACKED, -8),
    "gzip with a flipped byte": flip(PACKED, len(PACKED) // 2),
    "gzip with a tail of rubbish": PACKED + b"rubbish",
    "gzip of other bytes": gzip.compress(flip(IDX, 100)),
    "raw with a flipped byte": flip(IDX, 100),
    "raw, cut": IDX[:-1],
}


@pytest.mark.parametrize("stored", [PACKED, gzip.compress(IDX, 1), IDX], ids=["gz", "gz -1", "raw"])
def test_any_compression_of_the_right_bytes_is_accepted(stored: bytes) -> None:
    assert decode(stored, SHA256) == IDX


@pytest.mark.parametrize("stored", DAMAGED.values(), ids=DAMAGED.keys())
def test_damaged_bytes_are_refused(stored: bytes) -> None:
    with pytest.raises(DataError, match=r"damaged|wrong content"):
        decode(stored, SHA256)


# --- mirrors ----------------------------------------------------------------------------------

BAD_MIRRORS: dict[str, tuple[Callable[[Server], str], str]] = {
    "connection refused": (lambda _: mirror_nobody_listens_on(), "ConnectionError"),
    "403": (lambda s: s.mirror("bad", Answer(403)), "the server answered 403 Forbidden"),
    "404": (lambda s: s.mirror("bad", Answer(404)), "the server answered 404 Not Found"),
    "503": (lambda s: s.mirror("bad", Answer(503)), "the server answered 503 Service Unavailable"),
    "unknown status": (lambda s: s.mirror("bad", Answer(599)), "the server answered 599"),
    "truncated, length claimed": (
        lambda s: s.mirror("bad", Answer(body=PACKED[:99], claimed_length=len(PACKED))),
        "IncompleteRead",
    ),
    "truncated, no length": (
        lambda s: s.mirror("bad", Answer(body=PACKED[:99])),
        "damaged gzip data of 99 bytes",
    ),
    "empty body": (lambda s: s.mirror("bad", Answer(claimed_length=0)), "wrong content"),
    "wrong checksum": (
        lambda s: s.mirror("bad", Answer(body=DAMAGED["gzip of other bytes"])),
        f"wrong content: expected SHA-256 {SHA256[:12]}…, got",
    ),
    "a log-in page": (lambda s: s.mirror("bad", Answer(body=b"<html>log in")), "wrong content"),
    "no address": (lambda _: "mirror.example", "MissingSchema"),
}


@pytest.mark.parametrize("bad", [bad for bad, _ in BAD_MIRRORS.values()], ids=BAD_MIRRORS.keys())
def test_next_mirror_is_used_when_the_first_is_bad(
    server: Server, tmp_path: Path, bad: Callable[[Server], str]
) -> None:
    assert get(tmp_path, bad(server), server.mirror("good", good())) == IDX
    assert [path.name for path in tmp_path.iterdir()] == [f"{NAME}.gz"]
    assert get(tmp_path) == IDX, "the download was kept, so no mirror is needed now"


@pytest.mark.parametrize(("bad", "reason"), BAD_MIRRORS.values(), ids=BAD_MIRRORS.keys())
def test_error_says_what_was_wrong_when_every_mirror_is_bad(
    server: Server, tmp_path: Path, bad: Callable[[Server], str], reason: str
) -> None:
    with pytest.raises(DataError) as caught:
        get(tmp_path, bad(server))
    message = str(caught.value)
    assert reason in message
    assert f"{NAME}.gz" in message
    assert "AECOURSE_DATA" in message
    assert list(tmp_path.iterdir()) == [], "nothing that is wrong is kept"


def test_no_network_at_all_names_every_mirror_and_the_way_out(tmp_path: Path) -> None:
    mirrors = [mirror_nobody_listens_on(), mirror_nobody_listens_on()]
    with pytest.raises(DataError) as caught:
        load_mnist_without_a_folder(tmp_path, mirrors)
    message = str(caught.value)
    assert all(mirror in message for mirror in mirrors)
    assert 'load_mnist("bundled")' in message


def load_mnist_without_a_folder(cache_dir: Path, mirrors: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("AECOURSE_DATA", raising=False)
        load_mnist("full", cache_dir=cache_dir, mirrors=mirrors, progress=False)


def test_download_shows_a_bar_on_standard_output(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    find_file(NAME, SHA256, mirrors=[server.mirror("good", good())], cache_dir=tmp_path)
    shown = capsys.readouterr()
    assert f"{NAME}.gz: 100%" in shown.out
    assert shown.err == ""


def test_one_address_in_place_of_a_sequence_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="expected mirrors to be a sequence of addresses"):
        find_file(NAME, SHA256, mirrors="http://127.0.0.1/", cache_dir=tmp_path)


# --- the cache --------------------------------------------------------------------------------


@pytest.mark.parametrize("stored", DAMAGED.values(), ids=DAMAGED.keys())
def test_damaged_cache_is_repaired(server: Server, tmp_path: Path, stored: bytes) -> None:
    kept = tmp_path / f"{NAME}.gz"
    kept.write_bytes(stored)
    assert get(tmp_path, server.mirror("good", good())) == IDX
    assert kept.read_bytes() == PACKED


def test_damaged_cache_without_a_network_is_an_error(tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.gz").write_bytes(PACKED[:50])
    with pytest.raises(DataError, match=rf"{NAME}\.gz: damaged gzip data of 50 bytes"):
        get(tmp_path, mirror_nobody_listens_on())


def test_good_cache_asks_no_server(server: Server, tmp_path: Path) -> None:
    mirror = server.mirror("good", good())
    assert get(tmp_path / "new" / "folder", mirror) == get(tmp_path / "new" / "folder", mirror)
    assert server.asked == [f"/good/{NAME}.gz"]


def test_cache_that_cannot_be_written_warns_and_the_data_is_right(
    server: Server, tmp_path: Path
) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("a cache folder cannot lie below a file")
    with pytest.warns(RuntimeWarning, match="could not be kept"):
        assert get(blocker / "cache", server.mirror("good", good())) == IDX


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0,
    reason="file permissions do not stop the superuser, and Windows has others",
)
def test_read_only_cache_warns_and_the_data_is_right(server: Server, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.warns(RuntimeWarning, match="could not be kept"):
            assert get(tmp_path, server.mirror("good", good())) == IDX
    finally:
        tmp_path.chmod(0o700)


def test_damaged_file_in_a_cache_that_cannot_be_repaired_is_not_used(
    server: Server, tmp_path: Path
) -> None:
    # A folder where the file should be can be neither read nor replaced.
    (tmp_path / f"{NAME}.gz" / "inside").mkdir(parents=True)
    with pytest.warns(RuntimeWarning, match="could not be kept"):
        assert get(tmp_path, server.mirror("good", good())) == IDX
    assert [path.name for path in tmp_path.iterdir()] == [f"{NAME}.gz"], "no partial file is left"


DISK_FULL = """
import resource, sys, warnings
from pathlib import Path
from aecourse.mnist_files import find_file
# No file may grow past 64 bytes: the write breaks off in the middle, as on a full disk.
resource.setrlimit(resource.RLIMIT_FSIZE, (64, resource.RLIM_INFINITY))
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    found = find_file(sys.argv[1], sys.argv[2], mirrors=[sys.argv[3]], cache_dir=Path(sys.argv[4]),
                      progress=False)
print(found.idx.hex())
print(*(warning.message for warning in caught))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of a file")
def test_write_that_breaks_off_leaves_no_file_and_the_data_is_right(
    server: Server, tmp_path: Path
) -> None:
    mirror = server.mirror("good", good())
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-B", "-c", DISK_FULL, NAME, SHA256, mirror, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    content, warning = done.stdout.splitlines()
    assert bytes.fromhex(content) == IDX
    assert "could not be kept" in warning
    assert "File too large" in warning
    assert list(tmp_path.iterdir()) == []


def test_two_processes_at_once_both_get_the_data_and_keep_one_file(
    server: Server, tmp_path: Path
) -> None:
    # The server answers neither before both have asked.
    answer = Answer(body=PACKED, claimed_length=len(PACKED), wait_for=threading.Barrier(2))
    mirror = server.mirror("good", answer)
    job = partial(find_file, NAME, SHA256, mirrors=[mirror], cache_dir=tmp_path, progress=False)
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        jobs = [pool.submit(job), pool.submit(job)]
        assert [each.result(timeout=60).idx for each in jobs] == [IDX, IDX]
    assert len(server.asked) == 2
    assert [path.name for path in tmp_path.iterdir()] == [f"{NAME}.gz"]
    assert get(tmp_path) == IDX


def test_failed_write_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    path.write_bytes(b"old")
    with pytest.raises(TypeError):
        write_file(path, None)  # type: ignore[arg-type]
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["kept"]


def test_default_cache_is_named_after_the_package() -> None:
    assert "aecourse" in str(default_cache())


# --- a folder of the user's own ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("file_name", "stored"),
    [
        (f"{NAME}.gz", PACKED),
        (NAME, IDX),
        ("few-images.idx3-ubyte", IDX),
        ("few-images.idx3-ubyte.gz", PACKED),
    ],
)
def test_folder_may_hold_gzip_or_raw(tmp_path: Path, file_name: str, stored: bytes) -> None:
    (tmp_path / file_name).write_bytes(stored)
    found = find_file(NAME, SHA256, mirrors=(), cache_dir=tmp_path / "no", data_dir=tmp_path)
    assert found.idx == IDX
    assert found.origin == str(tmp_path / file_name)


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        (None, f"expected {NAME} or {NAME}.gz in"),
        *((each, "cannot be used") for each in DAMAGED.values()),
    ],
    ids=["missing", *DAMAGED],
)
def test_bad_folder_is_an_error_and_not_a_download(
    server: Server, tmp_path: Path, stored: bytes | None, message: str
) -> None:
    if stored is not None:
        (tmp_path / f"{NAME}.gz").write_bytes(stored)
    with pytest.raises(DataError, match="AECOURSE_DATA") as caught:
        get(tmp_path / "cache", server.mirror("good", good()), data_dir=tmp_path)
    assert message in str(caught.value)
    assert server.asked == []


def test_folder_comes_before_the_cache(tmp_path: Path) -> None:
    cache, folder = tmp_path / "cache", tmp_path / "folder"
    for place in (cache, folder):
        place.mkdir()
        (place / f"{NAME}.gz").write_bytes(PACKED)
    found = find_file(NAME, SHA256, mirrors=(), cache_dir=cache, data_dir=folder)
    assert found.origin.startswith(str(folder))


@pytest.mark.parametrize("value", ["missing", "file"])
def test_variable_that_names_no_folder_is_an_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("AECOURSE_DATA", str(tmp_path / value))
    with pytest.raises(DataError, match=r"expected \$AECOURSE_DATA to be a folder"):
        load_mnist("full", cache_dir=tmp_path, mirrors=(), progress=False)


def test_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AECOURSE_DATA", "")
    assert data_folder() is None


def test_full_set_names_four_files() -> None:
    assert len(FULL_SET) == 4
    assert all(len(bytes.fromhex(sha256)) == 32 for sha256 in FULL_SET.values())
