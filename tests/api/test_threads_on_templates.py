"""Comments and problems on templates. Spec: api-templates T13, behaviour-people 3.1."""

from typing import Any

import pytest

from procession.storage import threads
from procession.storage.tx import ReadTx
from tests.api.thread_places import Places, at_once
from tests.builders import Organization


def test_a_problem_of_a_template_is_reported_and_resolved(org: Organization) -> None:
    path = f"/checklists/{org.template()['id']}"

    plain = org.api.data("POST", f"{path}/comment", {"content": "Step 2 is outdated", "label": "improvement"})
    problem = org.api.data("POST", f"{path}/problem", {"content": "Wrong form"})
    labelled = org.api.data("POST", f"{path}/comment", {"content": "Wrong too", "label": "problem"})

    assert (plain["label"], plain["task_id"], plain["state"]) == ("improvement", None, "hide-for-guests")
    assert (problem["label"], problem["resolve_id"]) == ("problem", None)
    for thread, status in ((problem, 200), (problem, 422), (labelled, 200), (plain, 422)):
        resolution = {"thread_id": thread["id"], "content": "Done"}
        assert org.api.post(f"{path}/resolved-threads", resolution).status_code == status


@pytest.mark.parametrize(
    ("role", "permission", "everyone", "status"),
    [
        pytest.param("admin", None, False, 201, id="3.1 administrator"),
        pytest.param("standard", None, False, 404, id="T-2.3 standard in no list"),
        pytest.param("standard", "READ", True, 201, id="3.1 standard with READ"),
        pytest.param("standard", "EDIT", False, 201, id="EDIT implies READ"),
        pytest.param("standard", "PROCESS_READ", False, 403, id="DEC-21 only listed"),
        pytest.param("light", "READ", True, 404, id="DEC-12 light is not everyone"),
        pytest.param("light", "READ", False, 201, id="3.1 light named in READ"),
    ],
)
def test_whoever_reads_a_template_comments_on_it(
    org: Organization, role: Any, permission: str | None, everyone: bool, status: int
) -> None:
    person = org.person(role)
    template = org.template()
    path = f"/checklists/{template['id']}"
    if permission is not None:
        org.allow(template, permission, *([] if everyone else [person.id]), everyone=everyone)
    problem = org.api.data("POST", f"{path}/problem", {"content": "x"})

    answers = [
        person.api.post(f"{path}/comment", {"content": "x"}).status_code,
        person.api.post(f"{path}/problem", {"content": "x"}).status_code,
        person.api.post(f"{path}/resolved-threads", {"thread_id": problem["id"], "content": "x"}).status_code,
    ]

    assert answers == [status, status, 200 if status == 201 else status]


def test_a_draft_nobody_published_is_for_its_editors(org: Organization) -> None:
    person = org.person()
    template = org.template(dual_version_enabled=True)
    org.allow(template, "READ", person.id)
    path = f"/checklists/{template['id']}/comment"

    assert person.api.post(path, {"content": "x"}).status_code == 403
    assert org.api.post(path, {"content": "x"}).status_code == 201
    org.api.put(f"/checklists/{template['id']}/publish")
    assert person.api.post(path, {"content": "x"}).status_code == 201


def test_an_archived_template_takes_no_comments(org: Organization) -> None:
    path = f"/checklists/{org.template()['id']}"
    org.api.delete(path)

    assert org.api.post(f"{path}/comment", {"content": "x"}).status_code == 422
    assert org.api.post(f"{path}/problem", {"content": "x"}).status_code == 422


def test_bad_input_and_foreign_templates_are_refused(org: Organization, other_org: Organization) -> None:
    ours, theirs = org.template()["id"], other_org.template()["id"]
    foreign = other_org.api.data("POST", f"/checklists/{theirs}/problem", {"content": "x"})["id"]
    resolution = {"thread_id": foreign, "content": "x"}

    assert org.api.post(f"/checklists/{ours}/comment", {"content": " "}).json()["errors"]["content"]
    assert org.api.post(f"/checklists/{ours}/problem", {}).json()["errors"]["content"]
    assert org.api.post(f"/checklists/{ours}/resolved-threads", resolution).json()["errors"]["thread_id"]
    for unknown in (theirs, "0" * 32, "nonsense"):
        assert org.api.post(f"/checklists/{unknown}/comment", {"content": "x"}).status_code == 404
        assert org.api.post(f"/checklists/{unknown}/problem", {"content": "x"}).status_code == 404
        assert org.api.post(f"/checklists/{unknown}/resolved-threads", resolution).status_code == 404


def test_a_template_goes_with_its_comments(org: Organization) -> None:
    template = org.template()["id"]
    problem = org.api.data("POST", f"/checklists/{template}/problem", {"content": "x"})["id"]
    org.api.delete(f"/checklists/{template}")
    org.api.delete(f"/checklists/{template}/delete")

    async def found(tx: ReadTx) -> bool:
        return await threads.find(tx, problem) is not None

    assert Places(org).read(found) is False


def test_one_resolution_of_a_template_problem_wins(org: Organization) -> None:
    path = f"/checklists/{org.template()['id']}"
    problem = org.api.data("POST", f"{path}/problem", {"content": "x"})["id"]
    body = {"thread_id": problem, "content": "x"}

    answers = at_once([lambda: org.api.post(f"{path}/resolved-threads", body).status_code] * 8)

    assert sorted(answers) == [200] + [422] * 7
