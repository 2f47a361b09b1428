"""What lists find processes by their answers with, in databases of before."""

from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, select, text, update

from procession.domain.actors import BOT
from procession.domain.listing import Facet
from procession.storage import recount
from procession.storage.migrate import newest_revision, upgrade
from procession.storage.tables.processes import processes, tasks
from procession.storage.tables.templates import template_versions
from procession.storage.tx import reading
from procession.storage.values_anew import fill_values, mark_blanks
from tests.builders import Organization, text_field
from tests.harness import Api, Server
from tests.storage.databases import connected, url

__all__ = ["url"]

GATE = {"label": "Gate", "field_type": "radio", "options": [{"id": 1, "text": "Yes"}, {"id": 2, "text": "No"}]}


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


def without_0031(connection: Connection) -> None:
    on_postgresql = connection.dialect.name == "postgresql"
    connection.execute(text("DROP INDEX ix_answer_search" if on_postgresql else "DROP TABLE answer_search"))
    for name in ("template_name", "started", "completed", "status", "progress", "next"):
        connection.execute(text(f"DROP INDEX ix_process_{name}"))
    connection.execute(text("CREATE INDEX ix_process_late ON process (org)"))


def test_0029_hidden_answers_of_before_are_left_out(url: str, tmp_path: Path) -> None:
    """Of kick-off forms, steps and tasks with forms of their own; what other templates have stays, and what injected
    tasks are answered is not found.
    """
    server = Server(url, tmp_path)
    org = Organization(server)
    forms = {"kickoff": [GATE, {"label": "Code"}], "steps": [{"title": "One", "captures": [GATE, {"label": "Key"}]}]}
    ruled, own, other = (org.template(**forms) for _ in range(3))
    bring_along(org, ruled)
    runs = {template["id"]: [worked(org, template, gate) for gate in ("No", "Yes")] for template in (ruled, own, other)}
    server.close()
    with connected(url, tmp_path) as connection:
        rule_in_version(connection, ruled)
        rule_in_task(connection, own, runs[own["id"]][0])
        unmark_blanks(connection)
        without_0031(connection)
        connection.execute(text("UPDATE alembic_version SET version_num = '0028'"))
        connection.commit()

    assert upgrade(url, tmp_path) == newest_revision()

    server = Server(url, tmp_path)
    api, org.server = Api(server, org.api.token, org.id), server
    found = {
        template["id"]: {
            field: [run["id"] for run in api.data("GET", f"/runs?checklist_id={template['id']}&fields[{field}-1]=x")]
            for field in ("code", "key")
        }
        for template in (ruled, own, other)
    }
    edited = f"/checklists/{ruled['id']}/steps/{ruled['steps'][0]['id']}/captures"
    assert api.post(edited, {"label": "New", "field_type": "text", "required": False}).is_success, "numbers go on"
    differences = org.differences()
    server.close()
    assert differences == []
    every = {template: [*reversed(both)] for template, both in runs.items()}
    assert found == {
        ruled["id"]: {"code": every[ruled["id"]][:1], "key": every[ruled["id"]][:1]},
        own["id"]: {"code": every[own["id"]], "key": every[own["id"]][:1]},
        other["id"]: {"code": every[other["id"]], "key": every[other["id"]]},
    }


def test_0030_processes_of_before_are_listed_under_what_is_blank(url: str, tmp_path: Path) -> None:
    """Also those that run a version from before a field."""
    server = Server(url, tmp_path)
    org = Organization(server)
    template = org.template(kickoff=[{"label": "Code"}], steps=[{"title": "One", "captures": [{"label": "Key"}]}])
    [code] = [field["id"] for field in template["prerun"]]
    older = [org.process(template, prerun=given)["id"] for given in ({code: "X"}, {})]
    path = f"/checklists/{template['id']}/steps/{template['steps'][0]['id']}/captures"
    org.api.data("POST", path, text_field(label="New"))
    newer = [org.process(template, prerun=given)["id"] for given in ({code: "X"}, {})]
    org.api.delete(f"/runs/{older[1]}").raise_for_status()
    server.close()
    with connected(url, tmp_path) as connection:
        unmark_blanks(connection)
        without_0031(connection)
        connection.execute(text("UPDATE alembic_version SET version_num = '0029'"))
        connection.commit()

    assert upgrade(url, tmp_path) == newest_revision()

    server = Server(url, tmp_path)
    api, org.server = Api(server, org.api.token, org.id), server
    asked = f"/runs?checklist_id={template['id']}&status=active,archived&fields"
    found = {field: [run["id"] for run in api.data("GET", f"{asked}[{field}][empty]")] for field in ("code-1", "new-1")}
    differences = org.differences()
    server.close()
    assert differences == []
    assert found == {"code-1": [newer[1], older[1]], "new-1": [*reversed(newer), *reversed(older)]}


def test_0031_parts_of_answers_of_before_are_found(url: str, tmp_path: Path) -> None:
    server = Server(url, tmp_path)
    org = Organization(server)
    template = org.template(kickoff=[{"label": "Customer"}, {"label": "Mail", "field_type": "email"}])
    customer, mail = [field["id"] for field in template["prerun"]]
    given = [{customer: "Miller & Sons", mail: "sons@firm.example"}, {customer: "Sonja"}, {}]
    runs = [org.process(template, prerun=each)["id"] for each in given]
    server.close()
    with connected(url, tmp_path) as connection:
        without_0031(connection)
        connection.execute(text("UPDATE alembic_version SET version_num = '0030'"))
        connection.commit()

    assert upgrade(url, tmp_path) == newest_revision()

    server = Server(url, tmp_path)
    api, org.server = Api(server, org.api.token, org.id), server
    asked = f"/runs?checklist_id={template['id']}&fields[customer-1][contains]"
    found = {part: [run["id"] for run in api.data("GET", f"{asked}={part}")] for part in ("SON", "sons", "firm")}
    differences = org.differences()
    server.close()
    assert differences == []
    assert found == {"SON": [runs[1], runs[0]], "sons": [runs[0]], "firm": []}


def worked(org: Organization, template: dict[str, Any], gate: str) -> str:
    """A process in which everything is answered."""
    asked, code = (field["id"] for field in template["prerun"])
    step_asked, key = (field["id"] for field in template["steps"][0]["captures"])
    run = org.process(template, prerun={asked: gate, code: "X"})["id"]
    [task] = org.api.data("GET", f"/runs/{run}/tasks")
    org.api.data("PUT", f"/runs/{run}/tasks/{task['id']}", {"taskdata": {step_asked: gate, key: "X"}})
    org.api.post(f"/runs/{run}/completed-tasks", {"task_id": task["id"]}).raise_for_status()
    for brought in [each for each in org.api.data("GET", f"/runs/{run}/tasks") if each["title"] == "Brought"]:
        place = f"/runs/{run}/tasks/{brought['id']}"
        org.api.data("PUT", place, {"form_fields": [text_field(label="New")]})
        [field] = org.api.data("GET", f"{place}?with=form_fields")["form_fields"]["data"]
        org.api.data("PUT", place, {"taskdata": {field["id"]: "X"}})
    return run


def bring_along(org: Organization, template: dict[str, Any]) -> None:
    target, step = org.template(steps=["Brought"]), template["steps"][0]
    follow_up = {"id": target["id"], "tasks_within_process": True}
    path = f"/checklists/{template['id']}/steps/{step['id']}"
    org.api.data("PUT", path, {"title": step["title"], "bp_to_launch": follow_up})


def hidden_for_no(fields: list[dict[str, Any]]) -> None:
    """The second field of the form is hidden by the first."""
    asked = {"field_id": fields[0]["id"], "operator": "equals", "statement": "No"}
    fields[1]["form_rules"] = [{"effect": "hide", "conditions": [asked]}]


def frozen(connection: Connection, template: dict[str, Any]) -> dict[str, Any]:
    mine = template_versions.c.template_id == template["id"]
    return msgspec.json.decode(connection.execute(select(template_versions.c.document).where(mine)).scalar_one())


def rule_in_version(connection: Connection, template: dict[str, Any]) -> None:
    document = frozen(connection, template)
    hidden_for_no(document["kickoff"])
    hidden_for_no(document["steps"][0]["fields"])
    mine = template_versions.c.template_id == template["id"]
    connection.execute(update(template_versions).where(mine).values(document=msgspec.json.encode(document).decode()))


def rule_in_task(connection: Connection, template: dict[str, Any], run: str) -> None:
    """A form of its own, as its step's but for the rule."""
    fields = frozen(connection, template)["steps"][0]["fields"]
    hidden_for_no(fields)
    mine = tasks.c.process.in_(select(processes.c.seq).where(processes.c.id == run))
    connection.execute(update(tasks).where(mine).values(fields=msgspec.json.encode(fields).decode()))
