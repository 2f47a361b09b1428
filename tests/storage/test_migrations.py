"""Bringing databases to the schema: from empty, from the last one, wholly or not at all."""

import contextlib
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from procession.storage import migrate
from procession.storage.database import SQLITE_FILE
from procession.storage.migrate import BACKUPS_KEPT, SchemaTooNew, back_up, current_revision, newest_revision, upgrade
from procession.storage.schema import metadata
from procession.storage.search import create_search
from tests.postgres_server import fresh_database
from tests.storage.databases import connected, url

__all__ = ["url"]

MIGRATIONS = Path(migrate.__file__).parent / "migrations"
SECOND = """
from alembic import op

revision = "next"
down_revision = "{newest}"


def upgrade() -> None:
    op.execute("CREATE TABLE second (a BIGINT)")
    op.execute("{also}")


def downgrade() -> None:
    raise RuntimeError
"""


MADE_BY_HAND = ("ix_process_search", "ix_answer_search")
# Alembic takes brackets off an expression that are none around it.
NOT_COMPARABLE = ("ix_process_progress",)


def is_ours(kind: str, name: str | None) -> bool:
    """Whether something found in the database belongs to the tables of the program."""
    return not (kind == "table" and str(name).startswith(("process_search", "answer_search", "alembic_version")))


def test_from_empty_to_the_newest_schema(url: str, tmp_path: Path) -> None:
    assert upgrade(url, tmp_path) == newest_revision()
    assert current_revision(url, tmp_path) == newest_revision()
    assert upgrade(url, tmp_path) is None, "there is nothing left to do"


# The comparison to the letter, below, has these.
@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index")
def test_the_history_leads_to_the_tables_of_the_program(url: str, tmp_path: Path) -> None:
    upgrade(url, tmp_path)
    options = {
        "include_name": lambda name, kind, _: is_ours(kind, name),
        # What finds parts of names and answers is made by hand on each database.
        "include_object": lambda _, name, kind, *__: not (kind == "index" and name in MADE_BY_HAND + NOT_COMPARABLE),
        "compare_type": True,
        "compare_server_default": True,
    }

    with connected(url, tmp_path) as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


# Everything that PostgreSQL knows of a schema's tables, in one line each.
DESCRIPTION = """
SELECT 'column ' || table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' '
       || coalesce(column_default, '') || ' ' || is_identity
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'sequence ' || sequencename FROM pg_sequences WHERE schemaname = 'public'
"""
STATEMENTS = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_stat_'"


def description(connection: Connection) -> set[str]:
    query = DESCRIPTION if connection.dialect.name == "postgresql" else STATEMENTS
    rows: list[str] = [row[0] for row in connection.execute(text(query))]
    # The name of a table that was renamed is quoted there.
    bare = [re.sub(r'^CREATE TABLE "(\w+)"', r"CREATE TABLE \1", row) for row in rows]
    lines = {" ".join(row.split()) for row in bare if "alembic_version" not in row}
    # Constraints in any order: SQLite keeps the statement as it was written.
    return {" ".join(sorted(re.split(r",? ", line))) if line.startswith("CREATE") else line for line in lines}


def test_the_history_and_the_tables_agree_to_the_letter(url: str, tmp_path: Path, postgres_server: str) -> None:
    """Also in what the comparison above does not look at: partial indexes, tables without row ids, keys' order."""
    upgrade(url, tmp_path)
    with connected(url, tmp_path) as connection:
        migrated = description(connection)

    with contextlib.ExitStack() as stack:
        other = stack.enter_context(fresh_database(postgres_server)) if url else ""
        created = stack.enter_context(connected(other, tmp_path / "created"))
        metadata.create_all(created)
        for statement in create_search(created.dialect.name):
            created.execute(text(statement))

        assert migrated == description(created)


def test_there_are_no_triggers(url: str, tmp_path: Path) -> None:
    """Citus refuses them, so everything that follows from a change is written by the program."""
    upgrade(url, tmp_path)
    query = (
        "SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal"
        if url
        else "SELECT count(*) FROM sqlite_master WHERE type = 'trigger'"
    )

    with connected(url, tmp_path) as connection:
        assert connection.execute(text(query)).scalar() == 0


def test_a_newer_schema_is_refused(url: str, tmp_path: Path) -> None:
    upgrade(url, tmp_path)
    with connected(url, tmp_path) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.commit()

    with pytest.raises(SchemaTooNew, match="9999"):
        upgrade(url, tmp_path)


def test_a_downgrade_is_refused_in_words(url: str, tmp_path: Path) -> None:
    upgrade(url, tmp_path)
    config = migrate._config()
    with connected(url, tmp_path) as connection:
        config.attributes["connection"] = connection
        with pytest.raises(RuntimeError, match="restore the backup"):
            command.downgrade(config, "base")


def test_programs_that_start_together_upgrade_once(postgres_server: str, tmp_path: Path) -> None:
    """An embedded file is claimed by one program before."""
    with fresh_database(postgres_server) as url, ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda _: upgrade(url, tmp_path), range(4)))

    assert sorted(outcomes, key=str) == [newest_revision(), None, None, None]


@pytest.fixture
def history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the history to add to; it is what `upgrade` sees."""
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))

    def config() -> Config:
        made = Config()
        made.set_main_option("script_location", str(folder))
        return made

    monkeypatch.setattr(migrate, "_config", config)
    return folder / "versions"


def backups(data_dir: Path) -> list[Path]:
    return sorted((data_dir / "backups").glob("*.db"))


def revision_in(file: Path, folder: Path) -> Any:
    shutil.copy(file, folder / SQLITE_FILE)
    return current_revision("", folder)


def test_an_embedded_database_is_copied_before_it_is_upgraded(history: Path, tmp_path: Path) -> None:
    data, restored = tmp_path / "data", tmp_path / "restored"
    restored.mkdir()
    upgrade("", data)
    assert backups(data) == [], "there was nothing to lose"
    newest = newest_revision()
    (history / "9999_next.py").write_text(SECOND.format(newest=newest, also="SELECT 1"))

    assert upgrade("", data) == "next"

    [copy] = backups(data)
    assert copy.name.endswith("before-next.db")
    assert revision_in(copy, restored) == newest
    assert current_revision("", data) == "next"


def test_an_upgrade_that_fails_leaves_everything_as_it_was(history: Path, url: str, tmp_path: Path) -> None:
    data = tmp_path / "data"
    upgrade(url, data)
    newest, second = newest_revision(), history / "9999_next.py"
    second.write_text(SECOND.format(newest=newest, also="SELECT missing FROM nowhere"))

    with pytest.raises(Exception, match="nowhere"):
        upgrade(url, data)

    assert current_revision(url, data) == newest
    second.write_text(SECOND.format(newest=newest, also="SELECT 1"))
    assert upgrade(url, data) == "next", "nothing of the failed one is in the way"


def test_old_copies_are_removed(tmp_path: Path) -> None:
    upgrade("", tmp_path)
    folder = tmp_path / "backups"
    folder.mkdir()
    old = [folder / f"procession-2020010{day}-000000-before-0001.db" for day in range(1, BACKUPS_KEPT + 2)]
    for file in old:
        file.write_text("old")
    unrelated = folder / "notes.txt"
    unrelated.write_text("mine")

    new = back_up(tmp_path / SQLITE_FILE, folder, "before-0002")

    assert backups(tmp_path) == [*old[-BACKUPS_KEPT + 1 :], new]
    assert unrelated.exists()


def test_a_database_that_does_not_answer_is_named(tmp_path: Path) -> None:
    with pytest.raises(migrate.DatabaseUnreachable, match="cannot be reached"):
        upgrade(f"postgresql://nobody@/nothing?host={tmp_path}", tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(migrate.DatabaseUnreachable, match="cannot be written"):
        upgrade("", tmp_path / "file" / "data")


def test_the_connection_to_postgresql_is_the_drivers_own(postgres_server: str, tmp_path: Path) -> None:
    """Both spellings of the address are the same database."""
    with fresh_database(postgres_server) as url:
        upgrade(url.replace("postgresql://", "postgres://"), tmp_path)
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (newest_revision(),)
