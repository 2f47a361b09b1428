"""Changing, archiving and erasing processes: what is refused, and to whom. Spec: api-processes 9, 10."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.api.ground import HUGE, NOBODY, NOWHERE, Ground
from tests.api.refusals import assert_refused, unchanged
from tests.api.task_runs import Run, run_of
from tests.builders import Organization, Person

# Bodies. Spec: api-processes 9.

PLAIN: dict[str, list[Any]] = {
    "name": ["", "  ", "\u200b", "x" * 551, 5, None, ["New"], {"first": "New"}],
    "summary": [5, ["long"], {"text": "long"}, False],
    "owner_id": [None, "mira", "", HUGE, NOBODY, 0, -1, 1.5, [1], {"id": 1}],
    "starred": [None, "maybe", 2, []],
    "is_public": [None, "maybe", 2, ["true"]],
    "publicly_hidden_fields": [None, "comments", 5, [5], [None]],
    "users": [None, "mira", 5, [NOBODY], ["mira"], [HUGE], [None], [[1]]],
    "groups": [None, "all", [NOWHERE], ["x"], [5], [None]],
    "prerun": [None, "x", 5, True, ["x"], [["x"]], [{"a": 1, "b": 2}]],
    "tags": [None, "urgent", [NOWHERE], ["x"], [5], [None]],
    "folders": [None, "home", [NOWHERE], ["x"], [5], [None]],
}
Make = Callable[[Ground], Any]
FOREIGN: list[tuple[str, Make]] = [
    ("owner_id", lambda ground: ground.other.admin.id),
    ("owner_id", lambda ground: ground.away.id),
    ("users", lambda ground: [ground.org.admin.id, ground.other.admin.id]),
    ("users", lambda ground: [ground.away.id]),
    ("groups", lambda ground: [ground.their_group]),
    ("tags", lambda ground: [ground.their_tag]),
    ("tags", lambda ground: [ground.tag, ground.their_tag]),
    ("folders", lambda ground: [ground.their_folder]),
    ("folders", lambda ground: [ground.template_folder]),
    ("folders", lambda ground: [ground.their_folder, ground.folder]),
]


def changed_wrongly(ground: Ground, **body: Any) -> dict[str, Any]:
    """The messages of the refusal; nothing has changed in either organization."""
    with unchanged(ground.org, ground.other):
        return refused(ground, **body)


def refused(ground: Ground, **body: Any) -> dict[str, Any]:
    answer = ground.org.api.put(f"/runs/{ground.run}", body)
    assert_refused(answer, 422, because=body)
    return answer.json()["errors"]


@pytest.mark.parametrize("field", PLAIN)
def test_a_bad_value_is_refused_naming_the_field(ground: Ground, field: str) -> None:
    with unchanged(ground.org, ground.other):
        for sent in PLAIN[field]:
            errors = refused(ground, **{field: sent})

            assert {each.partition(".")[0] for each in errors} == {field}, sent


@pytest.mark.parametrize(("field", "make"), FOREIGN)
def test_what_is_not_this_organizations_is_unknown(ground: Ground, field: str, make: Make) -> None:
    """Spec: behaviour-work L1."""
    errors = changed_wrongly(ground, **{field: make(ground)})

    assert {each.partition(".")[0] for each in errors} == {field}


def test_one_bad_value_keeps_the_good_ones_from_being_stored(ground: Ground) -> None:
    errors = changed_wrongly(ground, name="New", summary="New", owner_id=NOBODY, tags=[NOWHERE], starred=True)

    assert set(errors) == {"owner_id", "tags"}


def test_pr13_what_is_not_sent_stays(org: Organization) -> None:
    """Spec: behaviour-work Z7."""
    member, group, tag = org.person(), org.group()["id"], org.tag()["id"]
    folder = org.folder(kind="run")["id"]
    launch = {"summary": "As agreed", "users": [member.id], "groups": [group], "tags": [tag], "folders": [folder]}
    run = run_of(org, "Call", **launch)
    before = run.now()

    org.api.data("PUT", f"/runs/{run.id}", {"name": "New"})

    assert {**run.now(), "last_updated": ""} == {**before, "name": "New", "last_updated": ""}
    emptied = {"summary": None, "users": [], "groups": [], "tags": [], "folders": []}
    after = org.api.data("PUT", f"/runs/{run.id}?with=tags,folders", emptied)
    assert [after[name] for name in emptied] == ["", [], [], {"data": []}, {"data": []}]


def test_what_changes_nothing_is_no_change(org: Organization) -> None:
    """No event, no new time, no other tag, and what was done before can be undone. Spec: api-processes 9; W4."""
    org.server.clock.freeze()
    tag, folder = org.tag()["id"], org.folder(kind="run")["id"]
    template = org.template(steps=["Call"], kickoff=[{"label": "Reason"}])
    run = Run(org, template, tags=[tag], folders=[folder], prerun={template["prerun"][0]["id"]: "new"})
    run.complete("Call").raise_for_status()
    read = org.api.get(f"/runs/{run.id}?with=tags,folders")
    shown, headers = read.json()["data"], {"If-Match": read.headers["ETag"]}
    same = {name: shown[name] for name in ("name", "summary", "is_public", "users", "groups", "owner_id", "starred")}
    org.server.clock.advance(seconds=60)

    with unchanged(org):
        for body in (same, {}, {"prerun": {}}, {"tags": [tag], "folders": [folder], "prerun": shown["prerun"]}):
            org.api.put(f"/runs/{run.id}", body, headers=headers).raise_for_status()

    assert org.api.post(f"/tasks/{run.task_id('Call')}/undo").status_code == 200


def test_only_what_changed_is_told_of_a_change(org: Organization) -> None:
    run = run_of(org, "Call", name="Old")

    org.api.data("PUT", f"/runs/{run.id}", {"name": "New", "summary": "", "tags": [], "starred": False})

    [said, *_] = org.api.data("GET", f"/activity-feeds?entity_type=run&entity_id={run.id}")
    assert said["description"] == ['Process "New" was changed: name.']


def test_what_cannot_be_changed_is_ignored_and_told(org: Organization) -> None:
    run, parent = run_of(org, "Call"), run_of(org, "Call")
    before = run.now()
    body = {"parent_id": parent.id, "custom_fields": {"a": 1}, "status": "complete", "starred": True}

    answer = org.api.put(f"/runs/{run.id}", body)

    assert {**answer.json()["data"], "last_updated": ""} == {**before, "starred": True, "last_updated": ""}
    assert set(answer.headers["x-ignored-params"].split(", ")) == {
        "body:parent_id", "body:custom_fields", "body:status",
    }  # fmt: skip


# Who may. Spec: api-processes 9, behaviour-people 3.2 and Q6.


class Office:
    """A process and the people around it."""

    def __init__(self, org: Organization) -> None:
        self.org = org
        self.template = org.template(steps=["Call"], kickoff=[{"label": "Reason"}])
        owner, starter, editor, attached = (org.person() for _ in range(4))
        light, light_owner = org.person("light"), org.person("light")
        self.people: dict[str, Person] = {
            "admin": org.admin, "owner": owner, "starter": starter, "editor": editor, "attached": attached,
            "light": light, "light owner": light_owner,
        }  # fmt: skip
        org.allow(self.template, "EDIT", editor.id)
        self.attached = [attached.id, light.id, editor.id]
        self.run = self.launch(owner)
        self.run_of_light = self.launch(light_owner)
        self.field = self.template["prerun"][0]["id"]
        self.group, self.tag, self.folder = org.group()["id"], org.tag()["id"], org.folder(kind="run")["id"]

    def launch(self, owner: Person) -> Run:
        people = {"owner_id": owner.id, "user_id": self.people["starter"].id, "users": self.attached}
        return Run(self.org, self.template, **people)

    def asked(self, who: str) -> tuple[Person, Run]:
        return self.people[who], self.run_of_light if who == "light owner" else self.run

    def change(self, key: str) -> Any:
        """Another value."""
        return {
            "name": "Changed",
            "prerun": {self.field: "new"},
            "tags": [self.tag],
            "folders": [self.folder],
            "owner_id": self.people["attached"].id,
            "summary": "Changed",
            "is_public": True,
            "publicly_hidden_fields": ["comments"],
            "users": [],
            "groups": [self.group],
        }[key]


EDITORS = {"admin", "owner", "starter", "editor"}
CLOSE = {"admin", "owner", "starter"}
MAY_CHANGE = {
    "name": EDITORS,
    "prerun": EDITORS,
    "tags": EDITORS,
    "folders": EDITORS | {"attached"},
    "owner_id": {"admin", "owner"},
    "summary": CLOSE,
    "is_public": CLOSE,
    "publicly_hidden_fields": CLOSE,
    "users": CLOSE,
    "groups": CLOSE,
}


@pytest.mark.parametrize("key", MAY_CHANGE)
def test_each_key_is_changed_by_those_who_may(org: Organization, key: str) -> None:
    """Who may not changes nothing of it, not even what they might besides. Spec: behaviour-work Z1, Z3, Z6, Z8."""
    office = Office(org)
    for who in office.people:
        person, run = office.asked(who)
        if who in MAY_CHANGE[key]:
            continue
        with unchanged(org):
            assert_refused(person.api.put(f"/runs/{run.id}", {key: office.change(key)}), 403, because=who)
            more = {"name": "Changed", key: office.change(key), "starred": True}
            assert_refused(person.api.put(f"/runs/{run.id}", more), 403, because=who)
    for who in sorted(MAY_CHANGE[key]):
        person = office.people[who]
        fresh = office.launch(office.people["owner"])
        before = fresh.now()

        answer = person.api.put(f"/runs/{fresh.id}?with=tags,folders", {key: office.change(key)})

        assert answer.status_code == 200, f"{who}: {answer.text}"
        after = answer.json()["data"]
        found = [each.get("tag_id", each["id"]) for each in after[key]["data"]] if key in ("tags", "folders") else None
        assert (after[key] if found is None else found) == office.change(key), who
        touched = {key, "tags", "folders", "last_updated", "collaborators"}
        assert {name for name in before if before[name] != after[name]} <= touched


@pytest.mark.parametrize("key", ["owner_id", "summary", "is_public", "publicly_hidden_fields", "users", "groups"])
def test_an_unchanged_value_is_tolerated(org: Organization, key: str) -> None:
    """Clients send back all that they have read."""
    office = Office(org)
    editor, run = office.asked("editor")
    before = run.now()

    answer = editor.api.put(f"/runs/{run.id}", {"name": "Changed", key: before[key]})

    assert answer.status_code == 200, answer.text
    assert (answer.json()["data"]["name"], answer.json()["data"][key]) == ("Changed", before[key])


def test_a_star_is_anybodys_who_sees_the_process(org: Organization) -> None:
    """And nobody else's than their own. Spec: behaviour-work P14."""
    office = Office(org)
    for who in office.people:
        person, run = office.asked(who)
        assert person.api.data("PUT", f"/runs/{run.id}", {"starred": True})["starred"] is True
    assert office.people["owner"].api.data("PUT", f"/runs/{office.run.id}", {"starred": False})["starred"] is False
    assert office.run.now()["starred"] is True
    stranger = org.person()
    with unchanged(org):
        assert_refused(stranger.api.put(f"/runs/{office.run.id}", {"starred": True}), 404)


# Archive, restore, erase. Spec: api-processes 10.


def test_pr12_erasing_is_for_administrators_and_for_what_is_archived(org: Organization) -> None:
    """Spec: behaviour-work Y4."""
    office = Office(org)
    path, task = f"/runs/{office.run.id}", office.run.task_id("Call")
    others = [person for who, person in office.people.items() if who not in ("admin", "light owner")]
    with unchanged(org):
        assert_refused(org.api.delete(f"{path}/delete"), 422)
        for person in others:
            assert_refused(person.api.delete(f"{path}/delete"), 403)
    org.api.delete(path).raise_for_status()
    with unchanged(org):
        for person in others:
            assert_refused(person.api.delete(f"{path}/delete"), 403)

    assert (org.api.delete(f"{path}/delete").status_code, org.api.get(path).status_code) == (200, 404)
    assert org.api.get(f"/tasks/{task}").status_code == 404
    with unchanged(org):
        for answer in (org.api.delete(f"{path}/delete"), org.api.delete(path), org.api.put(f"{path}/activate")):
            assert_refused(answer, 404)


def test_archiving_is_not_for_light_members(org: Organization) -> None:
    """Spec: behaviour-work Y1."""
    office = Office(org)
    for who in ("light", "light owner"):
        person, run = office.asked(who)
        with unchanged(org):
            assert_refused(person.api.delete(f"/runs/{run.id}"), 403)
        org.api.delete(f"/runs/{run.id}").raise_for_status()
        with unchanged(org):
            assert_refused(person.api.put(f"/runs/{run.id}/activate"), 403)
            assert_refused(person.api.delete(f"/runs/{run.id}"), 403)
        org.api.put(f"/runs/{run.id}/activate").raise_for_status()
    attached, run = office.asked("attached")
    assert attached.api.data("DELETE", f"/runs/{run.id}")["status"] == "archived"
    assert attached.api.data("PUT", f"/runs/{run.id}/activate")["status"] == "active"


def test_an_organization_may_keep_archiving_to_its_administrators(org: Organization) -> None:
    """The switch `allow_archive`. Spec: behaviour-people 3.2, DEC-15; behaviour-work Y1."""
    office = Office(org)
    org.api.data("PUT", "", {"name": "Fernwood", "allow_archive": False})
    path = f"/runs/{office.run.id}"
    members = [office.people[who] for who in ("owner", "starter", "editor", "attached", "light")]

    with unchanged(org):
        for person in members:
            assert_refused(person.api.delete(path), 403)
    assert org.api.data("DELETE", path)["status"] == "archived"
    with unchanged(org):
        for person in members:
            assert_refused(person.api.put(f"{path}/activate"), 403)
    assert org.api.data("PUT", f"{path}/activate")["status"] == "active"


def test_people_and_groups_that_are_gone_may_be_sent_back(org: Organization) -> None:
    """What was read can be written, with one entry more; new entries are checked."""
    mira, otto = org.person("standard"), org.person("standard")
    group, other = org.group(members=[mira])["id"], org.group(members=[otto])["id"]
    run = org.process(org.template(steps=["Call"]), users=[mira.id], groups=[group])
    org.api.delete(f"/groups/{group}").raise_for_status()
    org.api.delete(f"/users/{mira.id}/disable").raise_for_status()
    shown = org.api.data("GET", f"/runs/{run['id']}")
    body = {"users": [*shown["users"], otto.id], "groups": [*shown["groups"], other]}

    changed = org.api.data("PUT", f"/runs/{run['id']}", body, status=200)

    assert (changed["users"], changed["groups"]) == (body["users"], body["groups"])
    refused = org.api.put(f"/runs/{run['id']}", {"users": [*changed["users"], 999999999]})
    assert refused.status_code == 422 and list(refused.json()["errors"]) == [f"users.{len(changed['users'])}"]
