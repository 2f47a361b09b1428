"""Kick-off forms of running processes: handed over, submitted, reopened. Spec: api-processes 3, 11 (P8, P9)."""

from typing import Any

import pytest

from tests.api.refusals import assert_refused, unchanged
from tests.builders import Organization, Person


class HandedOver:
    """A form that somebody else is to fill in: a light member who is attached, or members of an attached group."""

    def __init__(self, org: Organization, *, assign_someone_else: bool = True, required: bool = True) -> None:
        self.org = org
        self.attached = org.person("light", first_name="Otto")
        self.in_group = org.person("light", first_name="Lea")
        self.assigned = org.person("light", first_name="Tim")
        self.colleague = org.person(first_name="Iris")
        group = org.group(members=[self.in_group])["id"]
        step = {"title": "Call", "assignees": [self.assigned.id, self.colleague.id]}
        template = org.template(steps=[step], kickoff=[{"label": "Reason", "required": required}])
        self.field = template["prerun"][0]["id"]
        people = {"users": [self.attached.id], "groups": [group]}
        self.run = org.process(template, assign_someone_else=assign_someone_else, **people)
        self.path = f"/runs/{self.run['id']}"
        self.form = f"{self.path}/complete-prerun"

    def answer(self) -> None:
        self.org.api.data("PUT", self.path, {"prerun": {self.field: "new"}})

    def now(self) -> dict[str, Any]:
        return self.org.api.data("GET", self.path)

    def person(self, who: str) -> Person:
        return getattr(self, who)


@pytest.mark.parametrize("who", ["attached", "in_group"])
def test_p8_whom_a_form_was_handed_to_submits_it(org: Organization, who: str) -> None:
    """T-11.43"""
    handed = HandedOver(org)
    person = handed.person(who)
    with unchanged(org):
        lacking = person.api.post(handed.form)
        assert_refused(lacking, 422)
    assert lacking.json()["errors"] == {"prerun": [{handed.field: ["Reason is required"]}]}
    handed.answer()

    done = person.api.data("POST", handed.form, status=200)

    assert (done["prerun_status"], done["prerun_completed_by"]) == ("complete", person.id)
    assert done["prerun_completed_at"] is not None
    with unchanged(org):
        assert person.api.data("POST", handed.form, status=200) == done
        assert_refused(person.api.delete(handed.form), 403)


@pytest.mark.parametrize("who", ["attached", "in_group"])
def test_p4_whom_a_form_was_handed_to_answers_it(org: Organization, who: str) -> None:
    """Until it is submitted, and nothing else of the process; again once it is reopened."""
    handed = HandedOver(org)
    person = handed.person(who)

    answered = person.api.data("PUT", handed.path, {"prerun": {handed.field: "mine"}})
    person.api.data("POST", handed.form, status=200)

    assert answered["prerun"] == {handed.field: "mine"}
    with unchanged(org):
        assert_refused(person.api.put(handed.path, {"prerun": {handed.field: "later"}}), 403)
    org.api.data("DELETE", handed.form)
    with unchanged(org):
        assert_refused(person.api.put(handed.path, {"prerun": {handed.field: "later"}, "name": "x"}), 403)
        assert_refused(person.api.put(handed.path, {"name": "x"}), 403)
    person.api.put(handed.path, {"prerun": {handed.field: "later"}}).raise_for_status()


def test_whom_a_form_was_handed_to_uploads_to_it(org: Organization) -> None:
    person = org.person("light")
    template = org.template(steps=["Call"], kickoff=[{"label": "Contract", "field_type": "file", "required": True}])
    field = template["prerun"][0]["id"]
    run = org.process(template, assign_someone_else=True, users=[person.id])

    to = {"subject_type": "Run", "subject_id": run["id"], "uploaded_from": field}
    sent = person.api.post("/file", files={"name": ("a.txt", b"x")}, data=to)
    asset = sent.raise_for_status().json()["data"]
    person.api.put(f"/runs/{run['id']}", {"prerun": {field: [asset]}}).raise_for_status()

    assert person.api.data("POST", f"/runs/{run['id']}/complete-prerun", status=200)["prerun_status"] == "complete"


@pytest.mark.parametrize("who", ["assigned", "colleague"])
def test_others_who_see_the_process_do_not_submit_it(org: Organization, who: str) -> None:
    """T-11.40: they read its answers. Spec: behaviour-work R11."""
    handed = HandedOver(org)
    with unchanged(org):
        assert_refused(handed.person(who).api.put(handed.path, {"prerun": {handed.field: "mine"}}), 403)
    handed.answer()
    assert handed.person(who).api.data("GET", handed.path)["prerun"] == {handed.field: "new"}
    stranger = org.person()
    with unchanged(org):
        assert_refused(handed.person(who).api.post(handed.form), 403)
        assert_refused(handed.person(who).api.delete(handed.form), 403)
        assert_refused(stranger.api.post(handed.form), 404)


@pytest.mark.parametrize("who", ["attached", "in_group"])
def test_nobody_attached_submits_a_form_that_was_not_handed_over(org: Organization, who: str) -> None:
    handed = HandedOver(org, assign_someone_else=False, required=False)
    org.api.data("DELETE", handed.form)
    with unchanged(org):
        assert_refused(handed.person(who).api.post(handed.form), 403)
    assert handed.now()["prerun_status"] == "incomplete"


def test_a_process_is_not_complete_before_its_form(org: Organization) -> None:
    """Reopening the form makes a complete process active again. Spec: L-4.11, P9. T-11.40, T-11.43. Reopening the
    form makes a complete process active again. Spec: L-4.11, P9; behaviour-work P11, R11.
    """
    handed = HandedOver(org, required=False)
    task = org.api.data("GET", f"{handed.path}/tasks")[0]["id"]
    org.api.data("POST", f"{handed.path}/completed-tasks", {"task_id": task}, status=200)
    assert handed.now()["status"] == "active"

    assert handed.attached.api.data("POST", handed.form, status=200)["status"] == "complete"
    reopened = org.api.data("DELETE", handed.form)

    assert (reopened["status"], reopened["prerun_status"]) == ("active", "incomplete")
    assert (reopened["prerun_completed_at"], reopened["prerun_completed_by"]) == (None, None)
    with unchanged(org):
        assert org.api.data("DELETE", handed.form) == reopened


def test_a_process_without_a_form_has_nothing_to_submit(org: Organization) -> None:
    run = org.process(org.template(steps=["Call"]))
    path = f"/runs/{run['id']}/complete-prerun"
    with unchanged(org):
        assert org.api.data("POST", path, status=200)["prerun_status"] is None
        assert org.api.data("DELETE", path)["prerun_status"] is None
