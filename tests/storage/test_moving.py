"""From an embedded database to PostgreSQL: everything arrives, and work goes on there."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from procession.cli.main import app
from procession.storage.migrate import upgrade
from procession.storage.moving import TargetNotEmpty, move
from procession.storage.postgres import PostgresDatabase
from procession.storage.sqlite import SqliteDatabase
from tests.api.world import World
from tests.builders import Organization
from tests.contents import contents
from tests.harness import Api, Server
from tests.postgres_server import prepared_database

NewServer = Callable[..., Server]


@pytest.fixture
def url(postgres_server: str) -> Iterator[str]:
    with prepared_database(postgres_server) as url:
        yield url


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, [*arguments])
    return result.exit_code, result.output


def test_everything_arrives_and_work_goes_on(new_server: NewServer, url: str, tmp_path: Path) -> None:
    server = new_server()
    worlds = [World(server), World(server)]
    before = [contents(server, world.org.number) for world in worlds]
    folder = server.settings.data_dir

    code, said = run("move", "--to", url, "--data-dir", str(folder))

    assert code == 0, said
    assert f"{folder / 'secret.key'}" in said
    moved = Server(url, tmp_path / "elsewhere")
    try:
        assert [contents(moved, world.org.number) for world in worlds] == before
        api = Api(moved, worlds[0].org.api.token, worlds[0].org.id)
        assert len(api.data("GET", "/runs?status=active")) == 5
        newest = max(run["increment_id"] for run in api.data("GET", "/runs?without_pagination=true"))
        launched = api.data("POST", "/runs", {"checklist_id": worlds[0].template, "prerun": {}})
        assert launched["increment_id"] > newest, "numbers go on where they were"
        assert Organization(moved).number > worlds[1].org.number
    finally:
        moved.close()
    assert contents(server, worlds[0].org.number) == before[0], "the embedded database is left as it was"


async def test_a_database_that_holds_data_is_not_moved_into(new_server: NewServer, url: str, tmp_path: Path) -> None:
    server = Server(url, tmp_path / "target")
    Organization(server)
    server.close()
    source, target = SqliteDatabase(new_server().settings.data_dir / "procession.db"), PostgresDatabase(url)
    await source.open()
    await target.open()

    with pytest.raises(TargetNotEmpty):
        await move(source, target)

    await source.close()
    await target.close()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        pytest.param(["--to", "mysql://somewhere"], "is no PostgreSQL address", id="another database"),
        pytest.param(["--to", "postgresql://nobody@/x?host=/nowhere"], "cannot be reached", id="nobody there"),
    ],
)
def test_what_cannot_be_moved_to_is_told(tmp_path: Path, arguments: list[str], sentence: str) -> None:
    upgrade("", tmp_path)

    code, said = run("move", *arguments, "--data-dir", str(tmp_path))

    assert code == 1
    assert sentence in said
