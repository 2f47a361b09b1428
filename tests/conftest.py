"""Fixtures: servers on both databases, organizations of a test's own."""

import gc
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from argon2 import PasswordHasher

from procession.adapters import identity
from procession.adapters.smtp import Transport
from procession.storage.database import SQLITE_FILE
from procession.storage.migrate import upgrade
from tests.architecture.plans import whole_reads
from tests.architecture.statements import all_queries, describe, faults
from tests.builders import Organization
from tests.counting import Statements
from tests.harness import Api, Server
from tests.live import Live, serving
from tests.post import SENDER, PostOffice, closed, open_at
from tests.postgres_server import prepared_database, running_server

# The workers and the many programs that tests start find our modules compiled, instead of compiling them each anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--workers", type=int, default=1, help="so many applications share PostgreSQL and answer in turns")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The long proofs first: at the end, one of them would keep one worker busy and the others waiting."""
    if config.getoption("--workers") != 1:
        items[:] = [item for item in items if item.get_closest_marker("one_application") is None]
    items.sort(key=lambda item: item.get_closest_marker("soak") is None)


def pytest_collection_finish() -> None:
    """What is there before the first test stays to the last: no use looking through it for garbage again and again.

    Nor through the large structures that generated requests come from, whenever a few hundred objects are new.
    The threads of a server and its tests wait for each other anyway: being made to take turns costs them a fifth.
    """
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)
    sys.setswitchinterval(0.05)


@pytest.fixture(scope="session", autouse=True)
def every_statement_stays_in_its_organization() -> Iterator[None]:
    """Whatever statements the tests made the server build, none reads or writes beside the caller's organization."""
    yield
    found = {f"{fault}: {describe(query)}" for query in all_queries() for fault in faults(query.statement)}
    assert not found, "\n\n".join(found)


@pytest.fixture(scope="session", autouse=True)
def no_statement_reads_a_whole_organization(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Whatever statements the tests made the server build, on SQLite each goes where an index leads."""
    yield
    found = whole_reads(all_queries(), tmp_path_factory.mktemp("plans"))
    assert not found, "\n\n".join(found)


@pytest.fixture(scope="session", autouse=True)
def weak_passwords() -> None:
    """Hash passwords quickly: how strongly they are hashed is tests/adapters/test_identity.py's business."""
    identity._hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """One PostgreSQL server for each test worker."""
    with running_server() as url:
        yield url


@pytest.fixture(scope="session")
def sqlite_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with closing(Server("", tmp_path_factory.mktemp("sqlite"))) as server:
        yield server


@pytest.fixture(scope="session")
def postgresql_server(
    postgres_server: str, tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[Server]:
    with _on_postgresql(postgres_server, tmp_path_factory.mktemp("postgresql"), pytestconfig) as server:
        yield server


@pytest.fixture(scope="session")
def sqlite_working_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """For tests that do what is due."""
    with closing(Server("", tmp_path_factory.mktemp("sqlite"))) as server:
        yield server


@pytest.fixture(scope="session")
def postgresql_working_server(
    postgres_server: str, tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[Server]:
    """For tests that do what is due."""
    with _on_postgresql(postgres_server, tmp_path_factory.mktemp("postgresql"), pytestconfig) as server:
        yield server


@contextmanager
def _on_postgresql(postgres_server: str, folder: Path, pytestconfig: pytest.Config) -> Iterator[Server]:
    workers: int = pytestconfig.getoption("--workers")  # pyright: ignore[reportAssignmentType]  # as it was added
    with prepared_database(postgres_server) as url, closing(Server(url, folder, workers=workers)) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """The application on SQLite and on PostgreSQL: a test that uses it runs on both."""
    works = request.node.get_closest_marker("does_what_is_due") is not None
    server: Server = request.getfixturevalue(f"{request.param}_working_server" if works else f"{request.param}_server")
    yield server
    server.clock.release()


@pytest.fixture
def remembered_lists(server: Server) -> Iterator[None]:
    """What is asked for again is remembered, however few processes there are."""
    server.remember_lists(worth=0)
    yield
    server.remember_lists()


@pytest.fixture
def org(server: Server) -> Organization:
    """An organization nobody else uses, with one administrator."""
    return Organization(server)


@pytest.fixture
def other_org(server: Server) -> Organization:
    return Organization(server)


@pytest.fixture
def api(org: Organization) -> Api:
    """The API as the organization's administrator."""
    return org.api


@pytest.fixture
def nobody(server: Server, org: Organization) -> Api:
    """The API without a token."""
    return Api(server, None, org.id)


@pytest.fixture
def post(server: Server) -> Iterator[PostOffice]:
    """A mail server that the test's server sends to when told to."""
    office = PostOffice(server, Transport(host="127.0.0.1", port=1, tls="none", sender=SENDER, timeout_seconds=10))
    listening = server.run(open_at(office))
    port: int = listening.sockets[0].getsockname()[1]
    office.transport = msgspec.structs.replace(office.transport, port=port)
    yield office
    server.run(closed(listening))


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Statements:
    """Counts statements while the test runs."""
    return Statements(monkeypatch)


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An embedded database without any data."""
    folder = tmp_path_factory.mktemp("empty")
    upgrade("", folder)
    return folder / SQLITE_FILE


@pytest.fixture
def new_server(empty_file: Path, tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Makes SQLite servers with settings of their own."""
    made: list[Server] = []

    def make(**settings: Any) -> Server:
        folder = tmp_path / f"server{len(made)}"
        folder.mkdir()
        shutil.copy(empty_file, folder)
        made.append(Server("", folder, **settings))
        return made[-1]

    yield make
    for server in made:
        server.close()


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A server on a socket, with an organization for client programs."""
    with serving(tmp_path_factory.mktemp("live")) as found:
        yield found
