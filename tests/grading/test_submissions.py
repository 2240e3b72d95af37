import os
import stat
import time
import unicodedata
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aecourse.grading.sources import LARGEST_NOTEBOOK, parse_timestamp
from aecourse.grading.submissions import find_submissions

EXERCISES = {"04_numpy", "05_pytorch"}
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def put(folder, path, content="{}", *, when=NOON):
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)
    os.utime(file, (when.timestamp(), when.timestamp()))
    return file


def pack(path, *names, content="{}", **attributes):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            info = zipfile.ZipInfo(name, (2026, 3, 1, 12, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            for key, value in attributes.items():
                setattr(info, key, value)
            archive.writestr(info, content)
    return path


def who(found):
    return [(submission.student, submission.exercise) for submission in found.submissions]


LAYOUTS = {
    "moodle folder": (
        "Kim Minsu_1234567_assignsubmission_file_/04_numpy.ipynb",
        "Kim Minsu_1234567",
    ),
    "moodle folder without the last line": (
        "Kim Minsu_1234567_assignsubmission_file/04_numpy.ipynb",
        "Kim Minsu_1234567",
    ),
    "folder in a moodle folder": (
        "Kim_12_assignsubmission_file_/work/04_numpy.ipynb",
        "Kim_12",
    ),
    "moodle flat": ("김민수_1234567_assignsubmission_file_04_numpy.ipynb", "김민수_1234567"),
    "canvas": ("kimminsu_12345_67890_04_numpy.ipynb", "kimminsu_12345"),
    "canvas late": ("kimminsu_LATE_12345_67890_04_numpy.ipynb", "kimminsu_12345"),
    "canvas again": ("kimminsu_12345_67890_04_numpy-1.ipynb", "kimminsu_12345"),
    "canvas of a browser's copy": ("kimminsu_12345_67890_04_numpy (1)-2.ipynb", "kimminsu_12345"),
    "canvas anonymous": ("anon_9_67890_04_numpy.ipynb", "anon_9"),
    "nbgrader": ("김민수/04_numpy/04_numpy.ipynb", "김민수"),
    "nbgrader course": ("submitted/kim/04_numpy/04_numpy.ipynb", "kim"),
    "plain": ("kim@example.org/04_numpy.ipynb", "kim@example.org"),
    "browser's copy": ("kim/04_numpy (1).ipynb", "kim"),
    "Colab's copy": ("kim/Copy of 04_numpy.ipynb", "kim"),
    "Colab's copy in Korean": ("kim/04_numpy의 사본.ipynb", "kim"),
}


@pytest.mark.parametrize(("path", "student"), LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("packed", [False, True])
def test_layout_is_understood(tmp_path, path, student, packed):
    if packed:
        where = pack(tmp_path / "export.zip", path)
    else:
        where = tmp_path / "export"
        put(where, path)
    found = find_submissions([where], EXERCISES)
    assert who(found) == [(student, "04_numpy")]
    assert found.problems == ()
    assert found.submissions[0].read() == b"{}"
    assert found.submissions[0].marked_late == ("LATE" in path)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("kim/04_numpy_final.ipynb", "rename it 04_numpy.ipynb if it is that one"),
        ("kim/04_Numpy.ipynb", "rename it 04_numpy.ipynb"),
        ("kim/Untitled.ipynb", "expected a name such as 04_numpy.ipynb"),
        ("kim/04_numpy.ipynb.txt", "no notebook"),
        ("kim/04_numpy.pdf", "no notebook"),
        ("kim/04_numpy-1.ipynb", "not the name of an exercise"),
        ("04_numpy.ipynb", "no student in the path"),
        ("04_numpy/04_numpy.ipynb", "no student in the path"),
        ("kim/exercises/04_numpy.ipynb", "no student in the path"),
        ("kimminsu_12345_04_numpy.ipynb", "not the name of an exercise"),
        ("Kim_12_assignsubmission_onlinetext_/onlinetext.html", "text typed into Moodle"),
        ("Kim_12_assignsubmission_file_/draft.ipynb", "not the name of an exercise"),
        ("export.zip", "no notebook"),
        # A student cannot hand in for another.
        ("kim/lee_1_2_04_numpy.ipynb", "within a folder"),
        ("kim/Lee_1_assignsubmission_file_04_numpy.ipynb", "within a folder"),
        ("kim/Lee_1_assignsubmission_file_/04_numpy.ipynb", "no student in the path"),
        ("kim_1_2_lee_1_2_04_numpy.ipynb", "rename it 04_numpy.ipynb"),
        (
            "Kim_1_assignsubmission_file_Lee_1_assignsubmission_file_04_numpy.ipynb",
            "within a folder",
        ),
        ("Kim_1_assignsubmission_file_/lee_1_2_04_numpy.ipynb", "within a folder"),
        ("kim/submitted/lee/04_numpy.ipynb", "no student in the path"),
        ("k" * 129 + "/04_numpy.ipynb", "129 characters"),
        ("k\x07m/04_numpy.ipynb", "control or undecodable"),
    ],
)
def test_wrong_name_is_reported_not_guessed(tmp_path, path, reason):
    put(tmp_path, path)
    found = find_submissions([tmp_path], EXERCISES)
    assert found.submissions == ()
    assert [reason in problem.reason for problem in found.problems] == [True], found.problems


def test_name_that_is_no_text_is_reported(tmp_path):
    os.mkdir(os.fsencode(tmp_path) + b"/k\xffm")  # noqa: PTH102
    put(tmp_path, os.fsdecode(b"k\xffm/04_numpy.ipynb"))
    found = find_submissions([tmp_path], EXERCISES)
    assert found.submissions == ()
    str(found.problems[0]).encode()


def test_files_beside_a_notebook_are_no_fault(tmp_path):
    put(tmp_path, "kim/04_numpy.ipynb")
    put(tmp_path, "kim/digits.csv")
    put(tmp_path, "kim/.ipynb_checkpoints/04_numpy.ipynb")
    put(tmp_path, "__MACOSX/kim/._04_numpy.ipynb")
    put(tmp_path, ".DS_Store")
    found = find_submissions([tmp_path], EXERCISES)
    assert (who(found), found.problems) == ([("kim", "04_numpy")], ())


@pytest.mark.parametrize("path", ["kim/04_numpy.ipynb", "kim/04_numpy/04_numpy.ipynb"])
def test_single_notebook_has_its_student_in_the_path(tmp_path, monkeypatch, path):
    put(tmp_path, path)
    monkeypatch.chdir(tmp_path)
    for where in (Path(path), tmp_path / path):
        assert who(find_submissions([where], EXERCISES)) == [("kim", "04_numpy")]
    monkeypatch.chdir(tmp_path / "kim")
    (problem,) = find_submissions([Path(path).relative_to("kim")], EXERCISES).problems
    assert "no student" in problem.reason


def test_korean_names_spelt_two_ways_are_one_student(tmp_path):
    put(tmp_path / "mac", unicodedata.normalize("NFD", "김민수/04_numpy.ipynb"))
    put(tmp_path / "linux", "김민수/05_pytorch.ipynb")
    found = find_submissions([tmp_path / "mac", tmp_path / "linux"], EXERCISES)
    assert who(found) == [("김민수", "04_numpy"), ("김민수", "05_pytorch")]


def test_later_of_two_notebooks_counts(tmp_path):
    put(tmp_path, "kim/04_numpy.ipynb", "old")
    put(tmp_path, "kim/04_numpy (1).ipynb", "new", when=NOON.replace(hour=13))
    (submission,) = find_submissions([tmp_path], EXERCISES).submissions
    assert submission.read() == b"new"
    assert submission.submitted_at == NOON.replace(hour=13)


def test_two_notebooks_of_one_time_are_reported(tmp_path):
    put(tmp_path, "kim/04_numpy.ipynb", "one")
    put(tmp_path, "kim/04_numpy (1).ipynb", "other")
    put(tmp_path, "lee/04_numpy.ipynb")
    found = find_submissions([tmp_path], EXERCISES)
    assert who(found) == [("lee", "04_numpy")]
    assert [("one of 2 notebooks" in problem.reason) for problem in found.problems] == [True, True]


def test_same_notebook_twice_is_one(tmp_path):
    put(tmp_path, "kim/04_numpy.ipynb")
    found = find_submissions([tmp_path, tmp_path], EXERCISES)
    assert (who(found), found.problems) == ([("kim", "04_numpy")], ())


def test_canvas_counts_resubmissions_whatever_the_time(tmp_path):
    put(tmp_path, "kim_1_22_04_numpy-1.ipynb", "second")
    put(tmp_path, "kim_1_11_04_numpy.ipynb", "first", when=NOON.replace(hour=13))
    (submission,) = find_submissions([tmp_path], EXERCISES).submissions
    assert submission.read() == b"second"


def test_nbgrader_timestamp_is_the_time(tmp_path):
    put(tmp_path, "kim/04_numpy/04_numpy.ipynb")
    put(tmp_path, "kim/04_numpy/timestamp.txt", "2026-02-01 12:00:00.000000 UTC")
    put(tmp_path, "lee/04_numpy/04_numpy.ipynb")
    put(tmp_path, "lee/04_numpy/timestamp.txt", "yesterday" * 1000)
    found = find_submissions([tmp_path], EXERCISES)
    assert [s.submitted_at for s in found.submissions] == [NOON.replace(month=2), NOON]
    assert len(found.problems) == 1


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2026-03-01 12:00:00.5 UTC", "2026-03-01T12:00:00.500000+00:00"),
        ("2026-03-01 12:00:00 Asia/Seoul", "2026-03-01T03:00:00+00:00"),
        ("2026-03-01 12:00:00 +0900", "2026-03-01T03:00:00+00:00"),
        ("2026-03-01 12:00:00", "2026-03-01T12:00:00+00:00"),
    ],
)
def test_timestamp_has_a_zone(text, iso):
    assert parse_timestamp(text.encode()).isoformat() == iso


@pytest.mark.parametrize("text", ["", "soon", "2026-03-01 12:00:00 Nowhere/City", "\0" * 100])
def test_wrong_timestamp_is_named(text):
    with pytest.raises(ValueError, match="expected a time and its zone"):
        parse_timestamp(text.encode())


def test_links_are_reported_not_followed(tmp_path):
    secret = put(tmp_path, "outside/secret.ipynb", "secret")
    inside = tmp_path / "inside"
    put(inside, "kim/04_numpy.ipynb")
    (inside / "lee").mkdir()
    (inside / "lee" / "04_numpy.ipynb").symlink_to(secret)
    (inside / "park").symlink_to(secret.parent)
    found = find_submissions([inside], EXERCISES)
    assert who(found) == [("kim", "04_numpy")]
    assert sorted("symbolic link" in problem.reason for problem in found.problems) == [True, True]


def test_file_that_becomes_a_link_or_pipe_is_not_read(tmp_path):
    file = put(tmp_path, "kim/04_numpy.ipynb")
    (submission,) = find_submissions([tmp_path], EXERCISES).submissions
    file.unlink()
    file.symlink_to("/etc/passwd")
    with pytest.raises(OSError, match="04_numpy"):
        submission.read()
    file.unlink()
    os.mkfifo(file)
    with pytest.raises(OSError, match="no regular file"):
        submission.read()
    assert "no regular file" in find_submissions([tmp_path], EXERCISES).problems[0].reason


def test_large_notebook_is_not_read_whole(tmp_path):
    file = put(tmp_path, "kim/04_numpy.ipynb")
    os.truncate(file, 2 * LARGEST_NOTEBOOK)
    (submission,) = find_submissions([tmp_path], EXERCISES).submissions
    with pytest.raises(ValueError, match="at most 50,000,000 bytes"):
        submission.read()


def test_zip_bomb_is_not_unpacked(tmp_path):
    path = pack(tmp_path / "x.zip", "kim/04_numpy.ipynb", content=b"0" * (2 * LARGEST_NOTEBOOK))
    assert path.stat().st_size < 200_000
    (submission,) = find_submissions([path], EXERCISES).submissions
    with pytest.raises(ValueError, match="at most"):
        submission.read()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../kim/04_numpy.ipynb", "climbs out"),
        ("kim/../../04_numpy.ipynb", "climbs out"),
        ("/kim/04_numpy.ipynb", "climbs out"),
        ("C:/04_numpy.ipynb", "climbs out"),
        ("kim\\04_numpy.ipynb", "backslash"),
    ],
)
def test_zip_path_that_climbs_out_is_refused(tmp_path, name, reason):
    path = pack(tmp_path / "x.zip", name, "lee/04_numpy.ipynb")
    found = find_submissions([path], EXERCISES)
    assert who(found) == [("lee", "04_numpy")]
    assert [reason in problem.reason for problem in found.problems] == [True]


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFBLK])
def test_link_in_a_zip_is_refused(tmp_path, kind):
    path = pack(
        tmp_path / "x.zip",
        "kim/04_numpy.ipynb",
        content="/etc/passwd",
        create_system=3,
        external_attr=(kind | 0o777) << 16,
    )
    found = find_submissions([path], EXERCISES)
    assert found.submissions == ()
    assert "not followed" in found.problems[0].reason


def test_damaged_zip_entry_is_named(tmp_path):
    path = pack(tmp_path / "x.zip", "kim/04_numpy.ipynb", content="abc" * 100)
    content = bytearray(path.read_bytes())
    content[51] ^= 0xFF
    path.write_bytes(content)
    (submission,) = find_submissions([path], EXERCISES).submissions
    with pytest.raises(OSError, match="damaged entry"):
        submission.read()


def test_encrypted_zip_entry_is_named(tmp_path):
    path = pack(tmp_path / "x.zip", "kim/04_numpy.ipynb")
    path.write_bytes(
        path.read_bytes().replace(
            b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01"
        )
    )
    assert "encrypted" in find_submissions([path], EXERCISES).problems[0].reason


def test_what_is_no_zip_is_named(tmp_path):
    path = put(tmp_path, "x.zip", "no zip")
    with pytest.raises(ValueError, match=r"x\.zip to be a zip file"):
        find_submissions([path], EXERCISES)
    with pytest.raises(FileNotFoundError, match="not there"):
        find_submissions([tmp_path / "absent"], EXERCISES)


def test_folder_named_as_the_zip_is_no_student(tmp_path):
    path = pack(tmp_path / "class.zip", "class/kim/04_numpy.ipynb", "class/lee/04_numpy.ipynb")
    assert who(find_submissions([path], EXERCISES)) == [("kim", "04_numpy"), ("lee", "04_numpy")]
    path = pack(tmp_path / "x.zip", "class/kim/04_numpy.ipynb")
    assert "no student" in find_submissions([path], EXERCISES).problems[0].reason


def test_zip_name_in_utf8_without_the_flag_is_read(tmp_path):
    path = pack(tmp_path / "x.zip", "김민수/04_numpy.ipynb")
    content = path.read_bytes()
    assert content.count(b"\x00\x08") >= 2
    content = content.replace(b"\x14\x00\x00\x08", b"\x14\x00\x00\x00")
    path.write_bytes(content)
    assert who(find_submissions([path], EXERCISES)) == [("김민수", "04_numpy")]
    broken = content.replace("김민수".encode(), "김민수".encode("cp949") + b"   ")
    path.write_bytes(broken)
    assert "encoding is not known" in find_submissions([path], EXERCISES).problems[0].reason


def test_zip_time_is_local_or_extended(tmp_path):
    path = pack(tmp_path / "x.zip", "kim/04_numpy.ipynb")
    (submission,) = find_submissions([path], EXERCISES).submissions
    local = datetime(2026, 3, 1, 12).astimezone(UTC)
    assert submission.submitted_at == local
    stamp = (0x5455).to_bytes(2, "little") + (5).to_bytes(2, "little") + b"\x01"
    stamp += int(NOON.timestamp()).to_bytes(4, "little")
    pack(path, "kim/04_numpy.ipynb", extra=stamp)
    (submission,) = find_submissions([path], EXERCISES).submissions
    assert submission.submitted_at == NOON


def test_three_hundred_are_found_at_once(tmp_path):
    for student in range(300):
        put(tmp_path, f"student{student:03}/04_numpy.ipynb")
    started = time.perf_counter()
    assert len(find_submissions([tmp_path], EXERCISES).submissions) == 300
    assert time.perf_counter() - started < 5
