"""Bringing databases to the schema: from empty, from the last one, wholly or not at all."""

import contextlib
import re
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import BigInteger, Connection, Table, Text, select, text

from procession.domain.actors import BOT
from procession.domain.listing import Facet
from procession.domain.run_document import read_document
from procession.storage import migrate, recount
from procession.storage.database import SQLITE_FILE
from procession.storage.migrate import BACKUPS_KEPT, SchemaTooNew, back_up, current_revision, newest_revision, upgrade
from procession.storage.schema import metadata
from procession.storage.search import create_search
from procession.storage.tables.control import organizations, timers
from procession.storage.tables.files import file_uses, files
from procession.storage.tables.lists import finished_processes
from procession.storage.tables.processes import processes, tasks
from procession.storage.tables.templates import templates
from procession.storage.tx import reading
from procession.storage.values_anew import fill_values, mark_blanks
from tests.builders import Organization
from tests.harness import Api, Server
from tests.postgres_server import fresh_database

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


def is_ours(kind: str, name: str | None) -> bool:
    """Whether something found in the database belongs to the tables of the program."""
    return not (kind == "table" and str(name).startswith(("process_search", "alembic_version")))


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
        # What finds parts of names is made by hand on each database.
        "include_object": lambda _, name, kind, *__: not (kind == "index" and name == "ix_process_search"),
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


def test_processes_of_before_get_their_documents(url: str, tmp_path: Path) -> None:
    lists = {
        "prerun": "{}",
        "custom_fields": "{}",
        "name": '"Iris" 😀',
        "status": "active",
        "type": "procedure",
        "prerun_status": "complete",
    }
    given = {name: lists.get(name, "[]") for name, column in processes.c.items() if isinstance(column.type, Text)}
    row = {**dict.fromkeys(processes.c.keys(), 1), **given, "template_title": "Onboard"}
    del row["document"], row["hold"]
    with connected(url, tmp_path) as connection:
        config = migrate._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(
            processes.insert(), [{**row, "org": n % 3 + 1, "seq": n, "id": f"{n:032x}"} for n in range(1, 9)]
        )
        connection.commit()

    upgrade(url, tmp_path)

    with connected(url, tmp_path) as connection:
        found = connection.execute(select(processes.c.seq, processes.c.document).order_by(processes.c.seq)).all()
    shown = [read_document(text) for _, text in found]
    assert [(each.increment_id, each.id) for each in shown] == [(n, f"{n:032x}") for n in range(1, 9)]
    assert {(each.name, each.checklist_title, each.created_at) for each in shown} == {
        ('"Iris" 😀', "Onboard", "1970-01-01T00:00:00.000Z")
    }


def test_tasks_of_before_are_counted_by_day(url: str, tmp_path: Path) -> None:
    """What was written by programs of before equals a recount after the upgrade."""
    server = Server(url, tmp_path)
    org = Organization(server)
    colleague = org.person()
    group = org.group(members=[colleague])
    both = {"users": [org.admin.id, colleague.id], "groups": [group["id"]], "guests": ["ana@partner.test"]}
    for title, owners, deadline in (
        ("Both", both, "2031-01-01"), ("Group's", {"groups": [group["id"]]}, "2031-01-01"),
        ("Long ago", {"users": [colleague.id]}, "1969-07-20"), ("Done", both, "2031-01-02"), ("Begun", both, "2031-01-03"),
    ):  # fmt: skip
        made = org.one_off(title=title, owners=owners, deadline=deadline)
        if title in ("Done", "Begun"):
            org.api.post("/completed-tasks", {"task_id": made["id"]}).raise_for_status()
        if title == "Begun":
            org.api.delete(f"/completed-tasks/{made['id']}").raise_for_status()
    number = org.number
    server.close()
    with connected(url, tmp_path) as connection:
        for statement in (
            "DROP TABLE task_due_counter",
            "DROP INDEX ix_task_problem",
            "DROP INDEX ix_task_improvement",
            "DELETE FROM task_access WHERE principal LIKE '+%'",
            "UPDATE task_access SET state = 0 WHERE state = 4",
            "DELETE FROM task_counter",
            "INSERT INTO task_counter SELECT org, principal, state, count(*) FROM task_access GROUP BY org, principal, state",
        ):
            connection.execute(text(statement))
        with Operations.context(MigrationContext.configure(connection)):
            import_module("procession.storage.migrations.versions.0005_task_due_counters").upgrade()
        connection.commit()

    server = Server(url, tmp_path)

    async def differences() -> list[str]:
        async with reading(server.database, number, org.id, BOT, server.clock()) as tx:
            return await recount.check(tx)

    found = server.run(differences())
    server.close()
    assert found == []


def test_0016_answers_of_before_are_found(url: str, tmp_path: Path) -> None:
    """What is entered for existing processes equals a recount; fields that nobody has answered are known, too."""
    server = Server(url, tmp_path)
    org = Organization(server)
    marks = {"label": "Marks", "field_type": "multiselect", "options": [{"id": 1, "text": "Red"}]}
    template = org.template(
        kickoff=[{"label": "Amount", "field_type": "number"}, marks, {"label": "Unanswered"}],
        steps=[{"title": "One", "captures": [{"label": "Day", "field_type": "date"}]}],
    )
    amount, chosen, _ = [field["id"] for field in template["prerun"]]
    red = [{"id": 1, "text": "Red", "selected": True}]
    runs = [org.process(template, prerun={amount: n, chosen: red if n else []}) for n in (-5, 0, 12.5)]
    task = org.api.data("GET", f"/runs/{runs[2]['id']}/tasks")[0]
    [day] = template["steps"][0]["captures"]
    given = {"taskdata": {day["id"]: "2026-03-05"}}
    assert org.api.put(f"/runs/{runs[2]['id']}/tasks/{task['id']}", given).is_success
    assert org.api.delete(f"/runs/{runs[0]['id']}").is_success
    server.close()
    with connected(url, tmp_path) as connection:
        for table in ("value_field", "process_value", "value_counter"):
            connection.execute(text(f"DROP TABLE {table}"))
        connection.execute(text("DELETE FROM sequence WHERE kind = 'value_field'"))
        with Operations.context(MigrationContext.configure(connection)):
            import_module("procession.storage.migrations.versions.0016_process_values").upgrade()
        unmark_blanks(connection)
        fill_values(connection)
        mark_blanks(connection)
        connection.commit()

    server = Server(url, tmp_path)

    async def differences() -> list[str]:
        async with reading(server.database, org.number, org.id, BOT, server.clock()) as tx:
            return await recount.check(tx)

    found = server.run(differences())
    api = Api(server, org.api.token, org.id)
    late = api.data("GET", "/runs?fields[day-1]=2026-03-05&sort=fields.amount-1")
    unanswered = api.data("GET", "/runs?fields[unanswered-1][empty]")
    edited = f"/checklists/{template['id']}/steps/{template['steps'][0]['id']}/captures"
    assert api.post(edited, {"label": "New", "field_type": "text", "required": False}).is_success, "numbers go on"
    server.close()
    assert found == []
    assert [run["id"] for run in late] == [runs[2]["id"]]
    assert [run["id"] for run in unanswered] == [runs[2]["id"], runs[1]["id"]]


def unmark_blanks(connection: Connection) -> None:
    """As before 0030."""
    for table in ("process_facet", "facet_counter"):
        connection.execute(text(f"DELETE FROM {table} WHERE facet = {int(Facet.BLANK)}"))


def test_0021_who_was_involved_before_is_found(url: str, tmp_path: Path) -> None:
    """As above, of members who were assigned once or mentioned."""
    server = Server(url, tmp_path)
    org = Organization(server)
    former, mentioned = org.person(), org.person()
    for name in ("One", "Two"):
        run = org.process(org.template(steps=["Call"]), name=name)["id"]
        [task] = org.api.data("GET", f"/runs/{run}/tasks")
        for owners in ([former.id], [org.admin.id]):
            org.api.data("PUT", f"/runs/{run}/tasks/{task['id']}", {"owners": {"users": owners}})
    org.api.data("POST", f"/tasks/{task['id']}/comment", {"content": f"@[{mentioned.id}]"})
    org.api.delete(f"/runs/{run}").raise_for_status()
    number = org.number
    server.close()
    tables = ("watcher", "process_stage", "thread_selection", "template_comment")
    with connected(url, tmp_path) as connection:
        for table in ("process_facet", "facet_counter"):
            connection.execute(text(f"DELETE FROM {table} WHERE facet = 1 AND key LIKE '~%'"))
        for table in tables:
            connection.execute(text(f"DROP TABLE {table}"))
        with Operations.context(MigrationContext.configure(connection)):
            import_module("procession.storage.migrations.versions.0021_running_work").upgrade()
        connection.commit()

    server = Server(url, tmp_path)

    async def differences() -> list[str]:
        async with reading(server.database, number, org.id, BOT, server.clock()) as tx:
            return await recount.check(tx)

    found = server.run(differences())
    server.close()
    assert found == []


def test_0006_what_happened_before_is_found_by_topic(url: str, tmp_path: Path) -> None:
    happened = [
        ("template", "t1", None, "{}"),
        ("step", "s1", None, '{"template": "t1"}'),
        ("thread", "c1", None, '{"task": 7, "template": null}'),
        ("task", "k1", None, "{}"),
        ("task", "k2", 5, "{}"),
        ("process", "p1", 5, '{"template": "t1"}'),
    ]
    with connected(url, tmp_path) as connection:
        config = migrate._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
        for position, (kind, subject, process, payload) in enumerate(happened, 1):
            row = {"position": position, "kind": kind, "subject": subject, "process": process, "payload": payload}
            connection.execute(
                text(
                    "INSERT INTO event (org, position, id, at, actor_kind, channel, subject_kind, subject_id, process, "
                    "kind, payload, digest) VALUES (1, :position, 'e', 0, 'bot', 'api', :kind, :subject, :process, 'x', "
                    ":payload, '')"
                ),
                row,
            )
        connection.commit()

    upgrade(url, tmp_path)

    with connected(url, tmp_path) as connection:
        found = connection.execute(text("SELECT topic, position FROM event_topic ORDER BY position")).all()
    assert [tuple(row) for row in found] == [("template:t1", 1), ("template:t1", 2), ("task:7", 3), ("task:k1", 4)]


def test_timers_of_what_is_there_already_are_set(url: str, tmp_path: Path) -> None:
    """What the clock closes, what waits to be archived, and the daily work that is switched on."""

    def row(table: Table, **said: Any) -> dict[str, Any]:
        columns = {
            name: column for name, column in table.c.items() if name not in ("hold", "approvals_needed", "blocked_by")
        }
        plain = {name: 0 if isinstance(column.type, BigInteger) else "[]" for name, column in columns.items()}
        plain |= {name: "{}" for name in ("prerun", "taskdata") if name in columns}
        return {name: said.get(name, value) for name, value in plain.items()}

    due = {"task_type": "expiring", "status": "not-started", "deadline": 50, "archived_at": None}
    changes: list[dict[str, Any]] = [
        {}, {"status": "completed"}, {"is_held": 1}, {"task_type": "task"}, {"open_problems": 1}, {"process": 2},
        {"process": 3}, {"process": None, "task_type": "expiring_email"}, {"deadline": None},
    ]  # fmt: skip
    with connected(url, tmp_path) as connection:
        config = migrate._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
        for seq, state, archived, issues in ((1, 0, None, 0), (2, 2, 9, 0), (3, 0, None, 1), (4, 1, None, 0)):
            process = row(processes, org=1, seq=seq, id=f"{seq}", state=state, archived_at=archived, open_issues=issues)
            connection.execute(processes.insert(), {**process, "completed_at": 7 if seq == 4 else None})
        for seq, change in enumerate(changes, 1):
            connection.execute(
                tasks.insert(), row(tasks, org=1, seq=seq, id=f"{seq}", **{"process": 1, **due, **change})
            )
        on = '{"timezone":"UTC","auto_archive":true,"auto_complete_tasks":false}'
        connection.execute(organizations.insert(), row(organizations, org=1, id="1", slug="s", settings=on))
        connection.commit()

    upgrade(url, tmp_path)

    with connected(url, tmp_path) as connection:
        found = connection.execute(select(timers.c.kind, timers.c.subject, timers.c.due_at).order_by(timers.c.subject))
        assert found.all() == [("auto_archive", 0, 0), ("close_task", 1, 50), ("close_task", 8, 50)]
        assert connection.execute(select(finished_processes.c.seq, finished_processes.c.since)).all() == [(4, 7)]


def test_0026_public_templates_of_before_are_in_the_library(url: str, tmp_path: Path) -> None:
    """All but drafts that were never published; nothing has been counted yet."""
    documents = ('{"is_public":true}', '{"dual_version_enabled":true}', '{"dual_version_enabled":true}')
    with connected(url, tmp_path) as connection:
        config = migrate._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0023")
        for no, (document, published) in enumerate(zip(documents, (None, None, 1), strict=True), 1):
            plain = {name: 0 if isinstance(c.type, BigInteger) else "x" for name, c in templates.c.items()}
            said = {"org": 1, "id": f"t{no}", "no": no, "alias": f"a{no}", "title": f"T{no}", "folded_title": f"t{no}"}
            row = {**plain, **said, "type": "form", "document": document, "published_version": published}
            connection.execute(templates.insert(), row)
            entry = {"id": f"t{no}", "org": 1, "alias": f"a{no}", "made_public_at": 5}
            connection.execute(
                text("INSERT INTO public_template (id, org, alias, made_public_at) VALUES (:id, :org, :alias, 5)"),
                entry,
            )
        connection.commit()

    upgrade(url, tmp_path)

    with connected(url, tmp_path) as connection:
        found = connection.execute(
            text("SELECT id, title, folded_title, type, imports, is_listed FROM public_template ORDER BY id")
        ).all()
    assert [tuple(row) for row in found] == [
        ("t1", "T1", "t1", "form", 0, 1), ("t2", "T2", "t2", "form", 0, 0), ("t3", "T3", "t3", "form", 0, 1),
    ]  # fmt: skip


def test_0027_what_refers_to_files_stays(url: str, tmp_path: Path) -> None:
    """The embedded database moves it into another table."""
    file = {name: 0 if isinstance(c.type, BigInteger) else "x" for name, c in files.c.items()} | {"org": 1, "no": 7}
    use = {"org": 1, "file": 7, "holder": "organization"}
    with connected(url, tmp_path) as connection:
        config = migrate._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0026")
        connection.execute(files.insert(), file)
        connection.execute(text("INSERT INTO file_use (org, file, holder) VALUES (:org, :file, :holder)"), use)
        connection.commit()

    upgrade(url, tmp_path)

    with connected(url, tmp_path) as connection:
        found = connection.execute(select(file_uses)).mappings().all()
    assert [dict(row) for row in found] == [dict.fromkeys(file_uses.c.keys()) | use]
