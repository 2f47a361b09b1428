"""Launching with wrong bodies: each is refused as a whole and leaves nothing behind. Spec: api-processes 7, L-3.1."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.api.ground import HUGE, NOBODY, NOWHERE, Ground
from tests.api.refusals import assert_refused, unchanged

Make = Callable[[Ground], Any]
PLAIN: dict[str, list[Any]] = {
    "name": ["x" * 551, 5, True, ["New"], {"first": "New"}],
    "summary": [5, ["long"], {"text": "long"}],
    "owner_id": ["mira", "", HUGE, str(HUGE), 2**63, NOBODY, 0, -1, 1.5, [1], {"id": 1}],
    "user_id": ["mira", HUGE, NOBODY, 0, -1, 1.5, [1]],
    "parent_id": [NOWHERE, "x", 5, [NOWHERE]],
    "prerun": ["x", 5, True, ["x"], [["x"]], [{"a": 1, "b": 2}], [{}]],
    "tasks": ["x", 5, True, ["x"], [{}], {NOWHERE: {}}, {"file-it": {}}],
    "roles": ["x", 5, ["x"], {NOWHERE: "x"}, {NOWHERE: 5}, {NOWHERE: [1]}],
    "starred": ["maybe", 2, [], {}],
    "is_public": ["maybe", 2, ["true"]],
    "assign_someone_else": ["maybe", -1, [True]],
    "publicly_hidden_fields": ["comments", 5, [5], [None], {"comments": True}],
    "users": ["mira", 5, [NOBODY], ["mira"], [HUGE], [None], [[1]], [1.5]],
    "groups": ["all", [NOWHERE], ["x"], [5], [None]],
    "tags": ["urgent", [NOWHERE], ["x"], [5], [None]],
    "folders": ["home", [NOWHERE], ["x"], [5], [None]],
}
FOREIGN: list[tuple[str, Make]] = [
    ("owner_id", lambda ground: ground.other.admin.id),
    ("owner_id", lambda ground: ground.away.id),
    ("user_id", lambda ground: ground.other.admin.id),
    ("user_id", lambda ground: ground.away.id),
    ("parent_id", lambda ground: ground.their_process),
    ("parent_id", lambda ground: ground.template["id"]),
    ("tasks", lambda ground: {ground.their_step: {}}),
    ("users", lambda ground: [ground.org.admin.id, ground.other.admin.id]),
    ("users", lambda ground: [ground.away.id]),
    ("groups", lambda ground: [ground.their_group]),
    ("tags", lambda ground: [ground.their_tag]),
    ("folders", lambda ground: [ground.their_folder]),
    ("folders", lambda ground: [ground.template_folder]),
    ("roles", lambda ground: {NOWHERE: {"users": [ground.other.admin.id]}}),
    ("roles", lambda ground: {NOWHERE: {"groups": [ground.their_group]}}),
    ("roles", lambda ground: {NOWHERE: {"guests": [ground.org.admin.email]}}),
]


def launched_wrongly(ground: Ground, field: str, sent: Any) -> dict[str, Any]:
    """The messages of the refusal; nothing has changed in either organization."""
    with unchanged(ground.org, ground.other):
        return refused(ground, field, sent)


def refused(ground: Ground, field: str, sent: Any) -> dict[str, Any]:
    answer = ground.org.api.post("/runs", {"checklist_id": ground.template["id"], field: sent})
    assert_refused(answer, 422, because=sent)
    return answer.json()["errors"]


@pytest.mark.parametrize("field", PLAIN)
def test_a_bad_value_is_refused_naming_the_field(ground: Ground, field: str) -> None:
    with unchanged(ground.org, ground.other):
        for sent in PLAIN[field]:
            errors = refused(ground, field, sent)

            assert {each.partition(".")[0] for each in errors} == {field}, sent


@pytest.mark.parametrize(("field", "make"), FOREIGN)
def test_what_is_not_this_organizations_is_unknown(ground: Ground, field: str, make: Make) -> None:
    errors = launched_wrongly(ground, field, make(ground))

    assert {each.partition(".")[0] for each in errors} == {field}


BAD_OVERRIDES: dict[str, Any] = {
    "text": "x",
    "number": 5,
    "list": [1],
    "deadline that is none": {"deadline": "soon"},
    "deadline on no day": {"deadline": "2031-02-30"},
    "deadline as a number": {"deadline": 1_790_000_000},
    "deadline beyond time": {"deadline": "99999-01-01"},
    "deadline in the old place": {"taskdata": {"deadline": "soon"}},
    "start that is none": {"started_at": "soon"},
    "start as a list": {"started_at": ["2031-02-06"]},
    "position 0": {"position": 0},
    "position as a text": {"position": "first"},
    "position beyond any": {"position": HUGE},
    "fewer than nobody": {"max_assignable": -1},
    "more than a number": {"max_assignable": HUGE},
    "too many people": {"max_assignable": 1, "owners": {"guests": ["a@partner.test", "b@partner.test"]}},
    "title as a number": {"title": 5},
    "title too long": {"title": "x" * 601},
    "summary as a list": {"summary": ["x"]},
    "owners as a text": {"owners": "mira"},
    "owners as a list": {"owners": [1]},
    "owners that are no list": {"owners": {"users": "mira"}},
    "a member by name": {"owners": {"users": ["mira"]}},
    "an unknown member": {"owners": {"users": [NOBODY]}},
    "a member beyond any number": {"owners": {"users": [HUGE]}},
    "a guest without an address": {"owners": {"guests": ["ana"]}},
    "a group by name": {"owners": {"groups": ["sales"]}},
    "an unknown group": {"owners": {"groups": [NOWHERE]}},
    "L-7.4 nobody and somebody": {"unassigned": True, "owners": {"guests": ["a@partner.test"]}},
    "nobody, perhaps": {"unassigned": "perhaps"},
    "T-8.9 left out, though mandatory": {"skip": True},
}


@pytest.mark.parametrize("kind", BAD_OVERRIDES)
def test_a_bad_override_is_refused_naming_the_step(ground: Ground, kind: str) -> None:
    """Spec: api-processes 7.3, api-conventions 14.3."""
    errors = launched_wrongly(ground, "tasks", {ground.step: BAD_OVERRIDES[kind], ground.no_guests: {}})

    assert list(errors) == ["tasks"]
    assert [list(each) for each in errors["tasks"]] == [[ground.step]]


MORE_OVERRIDES: dict[str, tuple[Make, str]] = {
    "a member of another organization": (
        lambda ground: {ground.step: {"owners": {"users": [ground.other.admin.id]}}},
        "There is no active member with this id.",
    ),
    "a disabled member": (
        lambda ground: {ground.step: {"owners": {"users": [ground.away.id]}}},
        "There is no active member with this id.",
    ),
    "a member as a guest": (
        lambda ground: {ground.step: {"owners": {"guests": [ground.org.admin.email]}}},
        "This address belongs to a member. Assign the member instead.",
    ),
    "T-8.12 guests where the step forbids them": (
        lambda ground: {ground.no_guests: {"owners": {"users": [ground.org.admin.id], "guests": ["a@partner.test"]}}},
        "Guests may not be assigned to the step File.",
    ),
}


@pytest.mark.parametrize("kind", MORE_OVERRIDES)
def test_people_who_cannot_have_the_task(ground: Ground, kind: str) -> None:
    """T-8.12 among others."""
    make, message = MORE_OVERRIDES[kind]
    sent = make(ground)

    assert launched_wrongly(ground, "tasks", sent) == {"tasks": [{next(iter(sent)): [message]}]}


def test_an_unknown_step_is_named(ground: Ground) -> None:
    errors = launched_wrongly(ground, "tasks", {ground.their_step: {}, ground.step: {"deadline": "soon"}})

    assert [list(each) for each in errors["tasks"]] == [[ground.their_step], [ground.step]]
    assert errors["tasks"][0][ground.their_step] == [f"The task {ground.their_step} is not part of the template"]


def test_everything_that_is_wrong_is_told_at_once(ground: Ground) -> None:
    body = {
        "checklist_id": ground.template["id"],
        "owner_id": NOBODY,
        "user_id": NOBODY,
        "parent_id": NOWHERE,
        "tasks": {ground.step: {"position": 0}},
        "roles": {NOWHERE: "x"},
        "users": [NOBODY],
        "groups": [NOWHERE],
        "tags": [NOWHERE],
        "folders": [NOWHERE],
    }
    with unchanged(ground.org):
        answer = ground.org.api.post("/runs", body)

        assert_refused(answer, 422)
    assert set(answer.json()["errors"]) == {
        "owner_id", "user_id", "parent_id", "tasks", f"roles.{NOWHERE}", "users.0", "groups.0", "tags.0", "folders.0",
    }  # fmt: skip
