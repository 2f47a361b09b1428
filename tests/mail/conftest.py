"""Servers that take mail and send it."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.builders import Organization
from tests.harness import Server
from tests.mail.delivering import SETTINGS, Mailbox
from tests.post import PostOffice
from tests.postgres_server import prepared_database


@pytest.fixture(scope="session")
def sqlite_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with closing(Server("", tmp_path_factory.mktemp("sqlite"), **SETTINGS)) as server:
        yield server


@pytest.fixture(scope="session")
def postgresql_server(
    postgres_server: str, tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[Server]:
    workers: int = pytestconfig.getoption("--workers")  # pyright: ignore[reportAssignmentType]  # as it was added
    with (
        prepared_database(postgres_server) as url,
        closing(Server(url, tmp_path_factory.mktemp("postgresql"), workers=workers, **SETTINGS)) as server,
    ):
        yield server


@pytest.fixture
def mailbox(org: Organization, post: PostOffice) -> Mailbox:
    return Mailbox(org, post)
