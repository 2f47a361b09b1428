"""Clients send whole objects back: what says nothing new is no change. Spec: T-10.18, api-conventions 5."""

from typing import Any

import pytest
from sqlalchemy import bindparam, func, select

from procession.domain.actors import BOT
from procession.storage.query import Query
from procession.storage.tables.events import events
from procession.storage.tx import reading
from tests.api.template_rules import Rules
from tests.builders import Organization

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
