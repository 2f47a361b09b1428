"""Databases of both kinds to upgrade."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from procession.storage import migrate
from tests.postgres_server import fresh_database


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a database without anything in it; empty for a file in the data folder."""
    if request.param == "sqlite":
        yield ""
    else:
        with fresh_database(request.getfixturevalue("postgres_server")) as url:
            yield url


@contextlib.contextmanager
def connected(url: str, data_dir: Path) -> Iterator[Connection]:
    with migrate._connected(url, data_dir, begin="BEGIN") as connection:
        yield connection
