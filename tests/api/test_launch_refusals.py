"""Launching what cannot be launched, or with wrong answers: refused as a whole, nothing is left behind. Spec: L-3.1."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.api.field_answers import BAD_ANSWERS, GOOD_ANSWERS, TYPES
from tests.api.refusals import assert_refused, unchanged
from tests.api.task_runs import on_one_database
from tests.builders import Organization, text_field

NOWHERE = "0" * 32


def asking(org: Organization, field_type: str, *, required: bool = False) -> tuple[dict[str, Any], str]:
    """A template whose kick-off form has one field of this type, and the field's id."""
    field = text_field(label="It", field_type=field_type, **TYPES[field_type])
    template = org.template(steps=["Call"], kickoff=[{**field, "required": required}])
    return template, template["prerun"][0]["id"]


# Kick-off answers. Spec: api-processes 7.2, api-conventions 18.4.


@on_one_database
@pytest.mark.parametrize(("field_type", "sent"), BAD_ANSWERS)
def test_a_bad_answer_is_refused_at_launch_and_afterwards(org: Organization, field_type: str, sent: Any) -> None:
    """L-4.4"""
    template, field = asking(org, field_type)
    run = org.process(template)
    launch = {"checklist_id": template["id"], "prerun": {field: sent}}
    with unchanged(org):
        for answer in (
            org.api.post("/runs", launch),
            org.api.post("/runs", {**launch, "prerun": [{field.upper(): sent}]}),
            org.api.post("/runs", {**launch, "assign_someone_else": True}),
            org.api.put(f"/runs/{run['id']}", {"prerun": {field: sent}}),
        ):
            assert_refused(answer, 422)
            [messages] = answer.json()["errors"]["prerun"]
            assert list(messages) == [field]


@pytest.mark.parametrize("field_type", TYPES)
def test_a_required_answer_is_missing(org: Organization, field_type: str) -> None:
    """PR4. A submitted form keeps it as well. Spec: L-4.7. T-11.41."""
    template, field = asking(org, field_type, required=True)
    good = next(row.values[1] for row in GOOD_ANSWERS if row.values[0] == field_type)
    run = org.process(template, prerun={field: good})
    launch = {"checklist_id": template["id"]}
    lacking = [{"prerun": [{field: ["It is required"]}]}]
    with unchanged(org):
        for body in (launch, {**launch, "prerun": []}, {**launch, "prerun": {field: None}}):
            answer = org.api.post("/runs", body)
            assert_refused(answer, 422)
            assert [answer.json()["errors"]] == lacking
        answer = org.api.put(f"/runs/{run['id']}", {"prerun": {field: None}})
        assert_refused(answer, 422)
        assert [answer.json()["errors"]] == lacking


def test_all_that_is_wrong_with_a_form_is_told_at_once(org: Organization) -> None:
    """In the order of the form."""
    kickoff = [text_field(label=each, field_type=each, **fields) for each, fields in TYPES.items()]
    template = org.template(steps=["Call"], kickoff=kickoff)
    fields = [each["id"] for each in template["prerun"]]
    bad = {field: {"value": "x"} for field in reversed(fields)}
    with unchanged(org):
        answer = org.api.post("/runs", {"checklist_id": template["id"], "prerun": bad})

        assert_refused(answer, 422)
    assert [list(each) for each in answer.json()["errors"]["prerun"]] == [[field] for field in fields]


# The template.


def archived(org: Organization, _: Organization) -> Any:
    template = org.template(steps=["Call"])
    org.api.delete(f"/checklists/{template['id']}").raise_for_status()
    return template["id"]


def draft(org: Organization, _: Organization) -> Any:
    """One that nobody has published yet. Spec: T-10.7."""
    return org.template(steps=["Call"], dual_version_enabled=True)["id"]


def erased(org: Organization, other: Organization) -> Any:
    gone = archived(org, other)
    org.api.delete(f"/checklists/{gone}/delete").raise_for_status()
    return gone


def a_step(org: Organization, _: Organization) -> Any:
    return org.template(steps=["Call"])["steps"][0]["id"]


def another_organizations(_: Organization, other: Organization) -> Any:
    return other.template(steps=["Call"])["id"]


UNKNOWN = "There is no template with this id."
MISSING = "The checklist id field is required."
BAD_TEMPLATES = [
    pytest.param(archived, None, id="L-1.3 T-1.9 archived"),
    pytest.param(draft, None, id="L-1.3 draft"),
    pytest.param(erased, UNKNOWN, id="erased"),
    pytest.param(another_organizations, UNKNOWN, id="of another organization"),
    pytest.param(a_step, UNKNOWN, id="a step's"),
    pytest.param(lambda *_: NOWHERE, UNKNOWN, id="unknown"),
    pytest.param(lambda *_: "onboarding", UNKNOWN, id="no id"),
    pytest.param(lambda *_: "", MISSING, id="empty"),
    pytest.param(lambda *_: None, MISSING, id="null"),
    pytest.param(lambda *_: 5, "The checklist id must be a string.", id="number"),
    pytest.param(lambda *_: [NOWHERE], "The checklist id must be a string.", id="list"),
]


@pytest.mark.parametrize(("which", "message"), BAD_TEMPLATES)
def test_a_template_that_cannot_be_launched(
    org: Organization,
    other_org: Organization,
    which: Callable[[Organization, Organization], Any],
    message: str | None,
) -> None:
    """What is not in a state to be launched says so; what is not there is the field's fault."""
    sent = which(org, other_org)
    with unchanged(org, other_org):
        answer = org.api.post("/runs", {"checklist_id": sent, "name": "New"})

        assert_refused(answer, 422)
    assert answer.json().get("errors") == (None if message is None else {"checklist_id": [message]})


@pytest.mark.parametrize("role", ["standard", "light"])
def test_pr7_nobody_launches_without_permission(org: Organization, role: Any) -> None:
    """Not even with a body that is wrong besides. T-2.9"""
    template = org.template(steps=["Call"])
    org.allow(template, "LAUNCH")
    member = org.person(role)
    with unchanged(org):
        for more in ({}, {"owner_id": 999_999_999}, {"prerun": {"x": "y"}}):
            answer = member.api.post("/runs", {"checklist_id": template["id"], **more})
            assert_refused(answer, 403)
            assert answer.json()["message"] == "Permission denied: cannot launch process from this template."
