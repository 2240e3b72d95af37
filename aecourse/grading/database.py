"""The gradebook's database: nbgrader's tables, and ours beside them."""

import importlib.util
import time
from pathlib import Path

from alembic.script import ScriptDirectory
from nbgrader import api, dbutil
from sqlalchemy import (
    URL,
    Boolean,
    Column,
    Connection,
    DateTime,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    create_engine,
    insert,
    inspect,
    make_url,
    select,
)
from sqlalchemy.exc import ArgumentError, DBAPIError

__all__ = ["COURSE", "GradebookError", "database_url", "initialise", "judgements", "settings"]

COURSE = "default_course"
"""nbgrader's name for the course of a gradebook that holds one."""

_SECONDS_TO_WAIT_FOR_LOCK = 60
_TRIES = 10

_metadata = MetaData()

judgements = Table(
    "aecourse_judgement",
    _metadata,
    Column("id", Integer, primary_key=True),
    Column("exercise", String(128), nullable=False),
    Column("student", String(128), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("judge_digest", String(64), nullable=False),
    Column("origin", Text, nullable=False),
    Column("submitted_at", DateTime),
    # "pending", "claimed" or "judged"; the outcome of an earlier judgement stays meanwhile.
    Column("state", String(16), nullable=False),
    Column("owner", String(255), nullable=False),
    Column("beat", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    # Name of the only question to judge again, if it is only one.
    Column("question", String(128)),
    Column("status", String(16)),
    Column("outcome", Text),
    Column("finished_at", DateTime),
    # Of all notebooks of a student for an exercise, one counts.
    Column("counts", Boolean, nullable=False),
    UniqueConstraint("exercise", "student", "digest", "judge_digest"),
)

settings = Table(
    "aecourse_setting",
    _metadata,
    Column("name", String(128), primary_key=True),
    Column("value", Text, nullable=False),
)


class GradebookError(ValueError):
    """The gradebook cannot be opened, read or written."""


def database_url(target: str) -> URL:
    """Return the address of a gradebook.

    Parameters
    ----------
    target
        Path of an SQLite file, or any SQLAlchemy URL.

    Returns
    -------
    sqlalchemy.URL
        Of a database that outlives the process.

    Raises
    ------
    GradebookError
        If it is no such address, or the database's driver is missing.

    Examples
    --------
    >>> database_url("/tmp/gradebook.db").database
    '/tmp/gradebook.db'
    """
    if "://" not in target:
        path = Path(target).expanduser().resolve()
        if path.is_dir():
            raise GradebookError(
                f"expected a file or a database URL, got the folder {target} — "
                f"add a name, such as {Path(target) / 'gradebook.db'}"
            )
        url = URL.create("sqlite", database=str(path))
    else:
        try:
            url = make_url(target)
        except ArgumentError as error:
            raise GradebookError(f"expected a path or a database URL: {error}") from error
    if url.get_backend_name() == "sqlite":
        if url.database in {None, "", ":memory:"}:
            raise GradebookError("expected a database that lasts, got SQLite in memory")
        return url.update_query_dict({"timeout": str(_SECONDS_TO_WAIT_FOR_LOCK)})
    if url.drivername == "postgresql" and importlib.util.find_spec("psycopg") is None:
        # SQLAlchemy 2.1 means psycopg 3 by the bare name, earlier ones psycopg2.
        url = url.set(drivername="postgresql+psycopg2")
    return url


def initialise(url: URL) -> None:
    """Make the tables that are missing.

    Parameters
    ----------
    url
        Of the database. Several processes may do this at once.

    Raises
    ------
    GradebookError
        If the database cannot be used, or was made by another version of nbgrader.
    """
    if url.get_backend_name() == "sqlite" and url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    shown = url.render_as_string(hide_password=True)
    try:
        engine = create_engine(url)
    except ModuleNotFoundError as error:
        raise GradebookError(
            f"{shown} needs the package {error.name!r} — install it, for PostgreSQL with "
            "pip install psycopg2-binary"
        ) from error
    except ArgumentError as error:
        raise GradebookError(f"cannot use {shown}: {error}") from error
    try:
        for left in reversed(range(_TRIES)):
            try:
                with engine.begin() as connection:
                    _make_tables(connection)
                return
            except DBAPIError as error:
                # Another grader may be making the same tables just now.
                if not left or error.connection_invalidated:
                    raise GradebookError(f"cannot use {shown}: {error.orig}") from error
                time.sleep(0.1)
    finally:
        engine.dispose()


def _make_tables(connection: Connection) -> None:
    head = ScriptDirectory(dbutil.ALEMBIC_DIR).get_current_head()
    versions = Table("alembic_version", MetaData(), Column("version_num", String(32)))
    if not inspect(connection).has_table("assignment"):
        versions.create(connection, checkfirst=True)
        if connection.scalar(select(versions.c.version_num)) is None:
            connection.execute(insert(versions).values(version_num=head))
    elif inspect(connection).has_table("alembic_version"):
        version = connection.scalar(select(versions.c.version_num))
        if version != head:
            raise GradebookError(
                f"expected a gradebook of nbgrader's version {head}, got {version} — "
                "run nbgrader db upgrade"
            )
    api.Base.metadata.create_all(connection)
    _metadata.create_all(connection)
    if connection.scalar(select(api.Course.id).where(api.Course.id == COURSE)) is None:
        connection.execute(insert(api.Course).values(id=COURSE))
    if connection.scalar(select(settings.c.name).where(settings.c.name == "lock")) is None:
        connection.execute(insert(settings).values(name="lock", value=""))
