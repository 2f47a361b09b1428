"""Clients send whole objects back: what says nothing new is no change. Spec: T-10.18, api-conventions 13."""

from typing import Any

import pytest
from sqlalchemy import bindparam, func, select

from procession.domain.actors import BOT
from procession.storage.query import Query
from procession.storage.tables.events import events
from procession.storage.tx import reading
from tests.api.everything import Everything
from tests.api.task_runs import Run, on_one_database
from tests.api.template_rules import Rules
from tests.builders import Organization
from tests.harness import Server

_last_event = Query(select(func.max(events.c.position)).where(events.c.org == bindparam("org")))


def last_event(org: Organization) -> int:
    async def look() -> int:
        async with reading(org.server.database, org.number, org.id, BOT, org.server.clock()) as tx:
            return await tx.value(_last_event)

    return org.server.run(look())


class Published:
    """A template with one of everything, published, and what is said of it."""

    def __init__(self, org: Organization) -> None:
        org.server.clock.freeze()
        self.org, self.api = org, org.api
        self.rules = rules = Rules(org)
        self.path = f"/checklists/{rules.id}"
        rules.add()
        calculated = {"label": "Later", "field_type": "calculated", "expression": "{{day-1}} + 3", "required": False}
        self.api.data("POST", f"{self.path}/steps/{rules.permit}/captures", calculated)
        self.stage = self.api.data("POST", f"{self.path}/stages", {"name": "First", "steps": [rules.permit]})["id"]
        self.api.data("PUT", self.path, {"title": rules.template["title"], "dual_version_enabled": True})
        self.api.data("PUT", f"{self.path}/publish")
        self.now = self.api.data("GET", f"{self.path}?with=steps,stages")
        self.steps: dict[str, Any] = {step["id"]: step for step in self.now["steps"]["data"]}

    def told(self) -> list[Any]:
        parts = ("?with=steps,stages", "/versions", "/backups", "/stages")
        return [self.api.data("GET", self.path + part) for part in parts]

    def whole(self, part: str) -> tuple[str, Any]:
        """Where the part is written, and it as it is read."""
        brief, note = self.rules.brief, self.rules.note
        step, rule = f"/steps/{brief}", self.now["automated_actions"][0]
        fields = {each["id"]: each for each in self.steps[brief]["captures"]}
        later = self.steps[self.rules.permit]["captures"][0]
        stages = self.api.data("GET", f"{self.path}/stages")
        return {
            "template": ("", self.now),
            "step": (step, self.steps[brief]),
            "field": (f"{step}/captures/{note}", fields[note]),
            "calculated field": (f"/steps/{self.rules.permit}/captures/{later['id']}", later),
            "rule": (f"/automated-actions/{rule['id']}", rule),
            "milestone": (f"/stages/{self.stage}", stages[0]),
            "place of a step": (f"{step}/reorder", {"position": 1}),
            "place of a field": (f"{step}/captures", {"capture_id": note, "position": 1}),
            "step of a field": (f"{step}/captures/{note}/move-out", {"target_step_id": brief, "position": 1}),
            "custom fields": ("/custom-fields", {"custom_fields": {}}),
            "custom fields of a step": (f"{step}/custom-fields", {"custom_fields": {}}),
        }[part]


@pytest.mark.parametrize(
    "part",
    [
        "template",
        "step",
        "field",
        "calculated field",
        "rule",
        "milestone",
        "place of a step",
        "place of a field",
        "step of a field",
        "custom fields",
        "custom fields of a step",
    ],
)
def test_a_part_of_a_template_sent_back_as_it_is_makes_no_draft_no_backup_and_no_event(
    org: Organization, part: str
) -> None:
    """Spec: T-10.18."""
    published = Published(org)
    path, body = published.whole(part)
    before, event = published.told(), last_event(org)
    tag = published.api.get(published.path).headers["etag"]
    org.server.clock.advance(seconds=60)

    answer = published.api.put(published.path + path, body)

    assert answer.status_code == 200, answer.text
    assert published.told() == before
    assert last_event(org) == event
    assert published.api.get(published.path, headers={"If-None-Match": tag}).status_code == 304


def quoting(org: Organization) -> tuple[Run, str]:
    """A process whose second task quotes the first one's answer and a snippet; and the field."""
    snippet = org.api.data("POST", "/text-templates", {"title": "Safety", "content": "Wear a helmet"})
    summary = f'<p>For {{{{name-1}}}}</p><span class="insert-snippet-tag" data-snippet-id="{snippet["id"]}"></span>'
    steps = [
        {"title": "Ask", "captures": [{"label": "Name"}]},
        {"title": "Greet {{name-1}}", "summary": summary, "step_type": "expiring", "everyone_must_complete": True},
    ]
    run = Run(org, org.template(steps=steps))
    run.change("Ask", taskdata={run.field(): "Iris"}).raise_for_status()
    return run, run.field()


def test_a_task_sent_back_goes_on_quoting_what_it_quotes(org: Organization) -> None:
    """Spec: T-12.10, api-tasks 10."""
    run, field = quoting(org)
    path = run.path("Greet Iris")
    read = org.api.data("GET", path)
    assert "For Iris" in read["summary"] and "Wear a helmet" in read["summary"]
    org.server.clock.freeze()
    org.server.clock.advance(seconds=60)
    event = last_event(org)

    answer = org.api.put(path, read)

    assert answer.status_code == 200, answer.text
    assert org.api.data("GET", path) == read
    assert last_event(org) == event, "nothing is different, so nothing is told"
    moved = org.api.put(path, {**read, "deadline": "2031-02-06T16:00:00Z"})
    assert moved.status_code == 200, moved.text
    run.change("Ask", taskdata={field: "Otto"}).raise_for_status()
    now = org.api.data("GET", path)
    assert (now["title"], now["original_title"]) == ("Greet Otto", "Greet {{name-1}}")
    assert "For Otto" in now["summary"]


def test_other_words_are_the_tasks_own(org: Organization) -> None:
    """Spec: T-12.10, api-tasks 10."""
    run, _ = quoting(org)
    path = run.path("Greet Iris")

    org.api.data("PUT", path, {"title": "Greet Iris warmly", "summary": "For Iris"})

    now = org.api.data("GET", path)
    assert (now["original_title"], now["original_summary"]) == ("Greet Iris warmly", "For Iris")


@on_one_database
def test_a_task_of_another_type_is_not_made_one_for_everybody(org: Organization) -> None:
    """Spec: behaviour-work A1; what a step said and its task ignores is no fault when it is sent back."""
    run = Run(org, org.template(steps=[{"title": "Notice", "step_type": "expiring"}]))
    refused = run.change("Notice", everyone_must_complete=True)
    assert list(refused.json()["errors"]) == ["everyone_must_complete"], refused.text


@pytest.mark.parametrize(
    ("read", "path"),
    [
        pytest.param("", "", id="organization"),
        pytest.param("/groups/{group}", "", id="group"),
        pytest.param("/guests/{guest}", "", id="guest"),
        pytest.param("/tags/{tag}", "", id="tag"),
        pytest.param("/folders/{folder}", "", id="folder"),
        pytest.param("/lists/{list}", "", id="list"),
        pytest.param("/text-templates/{snippet}", "", id="snippet"),
        pytest.param("/custom-field-keys/{field_key}", "", id="custom field"),
        pytest.param("/me", "", id="oneself"),
        pytest.param("/users/{member.id}", "", id="member"),
        pytest.param("/recurring-jobs/{job}", "", id="schedule"),
        pytest.param("/runs/{run}", "", id="process"),
        pytest.param("/tasks/{one_off}", "", id="one-off task"),
        pytest.param("/roles", "/{role}", id="job title"),
        pytest.param("/absences", "/{absence}", id="absence"),
    ],
)
def test_what_is_sent_back_as_it_was_read_is_no_change(server: Server, read: str, path: str) -> None:
    """Spec: api-conventions 13."""
    server.clock.freeze()
    world = Everything(server)
    api = world.org.api

    def now() -> Any:
        found = api.data("GET", read.format(**vars(world)))
        return found[0] if isinstance(found, list) else found

    before, event = now(), last_event(world.org)
    server.clock.advance(seconds=60)

    answer = api.put((read + path).format(**vars(world)), before)

    assert answer.status_code == 200, answer.text
    assert now() == before
    assert last_event(world.org) == event


@on_one_database
def test_a_schedule_that_is_over_may_be_sent_back(org: Organization) -> None:
    """Spec: api-conventions 13; a change to it would be refused, as it is never due again."""
    org.server.clock.freeze()
    once = {"checklist_id": org.template(steps=["Go"])["id"], "rrule": "FREQ=DAILY;COUNT=1"}
    path = f"/recurring-jobs/{org.api.data('POST', '/recurring-jobs', once)['id']}"
    org.server.clock.advance(days=2)
    org.admin.api.token = org.token(org.admin.id)
    now = org.api.data("GET", path)

    assert org.api.data("PUT", path, now) == now
    assert org.api.put(path, {**now, "name": "Other"}).status_code == 422
