"""What upgrades make of the data of before."""

from importlib import import_module
from pathlib import Path
from typing import Any

from alembic import command
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import BigInteger, Table, Text, select, text

from procession.domain.run_document import read_document
from procession.storage import migrate
from procession.storage.migrate import upgrade
from procession.storage.tables.control import organizations, timers
from procession.storage.tables.files import file_uses, files
from procession.storage.tables.lists import finished_processes
from procession.storage.tables.processes import processes, tasks
from procession.storage.tables.templates import templates
from tests.builders import Organization
from tests.harness import Server
from tests.storage.databases import connected, url

__all__ = ["url"]


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

    org.server = Server(url, tmp_path)
    found = org.differences()
    org.server.close()
    assert found == []


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

    org.server = Server(url, tmp_path)
    found = org.differences()
    org.server.close()
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
