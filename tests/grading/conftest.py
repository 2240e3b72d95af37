"""Databases and exercises for the tests of grading."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

import pytest

HERE = Path(__file__).parent
EXERCISE = "04_numpy"


@pytest.fixture(scope="session")
def fake():
    """The fake grader's module, importable by subprocesses too."""
    sys.path.insert(0, str(HERE))
    import fake_grader

    yield fake_grader
    sys.path.remove(str(HERE))


@pytest.fixture
def fake_grading(fake, monkeypatch):
    from aecourse.grading import work

    monkeypatch.setattr(work, "grade_notebook", fake.grade_notebook)
    monkeypatch.setattr(work, "sandbox_available", lambda: None)
    return fake


@pytest.fixture(scope="session")
def environment():
    """For subprocesses: this checkout and the fake grader are importable."""
    paths = [str(HERE.parents[1]), str(HERE), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


@pytest.fixture
def solutions(tmp_path, fake):
    folder = tmp_path / "solutions"
    for exercise in (EXERCISE, "05_pytorch"):
        (folder / exercise).mkdir(parents=True)
        (folder / exercise / "judge.py").write_text(fake.JUDGE)
    return folder


@pytest.fixture
def judges(solutions):
    from aecourse.grading.run import load_judges

    return load_judges(solutions)


def _postgresql_programs():
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return folders[-1].parent if folders else None


@pytest.fixture(scope="session")
def postgresql():
    """The address of a server of our own on loopback; a database's name is to be added."""
    programs = _postgresql_programs()
    if programs is None:
        reason = "PostgreSQL is not installed (Debian: postgresql)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    # PostgreSQL refuses to run as root.
    user = {"user": "postgres", "group": "postgres", "extra_groups": []} if _is_root() else {}
    home = Path(tempfile.mkdtemp(prefix="aecourse-postgresql-"))
    password = uuid.uuid4().hex
    (home / "password").write_text(password)
    if user:
        for path in (home, home / "password"):
            shutil.chown(path, "postgres", "postgres")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def run(program, *words):
        subprocess.run(  # noqa: S603
            [programs / program, "-D", home / "data", *words],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=home,
            **user,
        )

    run(
        "initdb",
        "--username=grader",
        "--auth=scram-sha-256",
        f"--pwfile={home / 'password'}",
        "--encoding=UTF8",
        "--locale=C",
        "--no-sync",
    )
    options = f"-c listen_addresses=127.0.0.1 -p {port} -k '{home}' -c fsync=off"
    run("pg_ctl", "-w", "-l", home / "log", "-o", options, "start")
    yield f"postgresql+psycopg2://grader:{password}@127.0.0.1:{port}"
    run("pg_ctl", "-m", "immediate", "stop")
    shutil.rmtree(home)


def _is_root():
    return hasattr(os, "geteuid") and os.geteuid() == 0


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path):
    """A gradebook's address, once as a file and once on a server."""
    if request.param == "sqlite":
        return str(tmp_path / "marks" / "gradebook.db")
    from sqlalchemy import create_engine, text

    server = request.getfixturevalue("postgresql")
    name = f"marks_{uuid.uuid4().hex}"
    engine = create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return f"{server}/{name}"


@pytest.fixture
def sqlite(tmp_path):
    return str(tmp_path / "gradebook.db")
