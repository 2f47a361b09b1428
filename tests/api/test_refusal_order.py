"""Which refusal comes first when a body cannot be read either. Spec: api-conventions 3, DEC-26."""

import re
from collections.abc import Mapping

import pytest

from procession.api import first
from procession.api.catalogue import all_operations
from procession.api.operations import Operation
from tests.api.refusals import assert_refused, unchanged
from tests.api.task_runs import on_one_database, run_of
from tests.builders import Organization

NOWHERE = "ab" * 16
BODIES = ({}, [1], {"name": 5, "content": 5, "reason": 5, "custom_fields": 5, "thread_id": 5, "state": 5})
GUARDED = [each for each in all_operations() if each.first is not None and each.auth == "member"]
EDITING = [each for each in GUARDED if each.first in (first.edited_process, first.held_process)]
WITH_VALUES = [each for each in GUARDED if each.first is first.task_with_values and "run_id" in each.path]


def path_of(operation: Operation, ids: Mapping[str, str]) -> str:
    path = operation.path.removeprefix("/organizations/{org_id}")
    return re.sub(r"\{(\w+)\}", lambda found: ids.get(found[1], NOWHERE), path)


def test_what_is_not_there_is_not_found_whatever_is_sent(org: Organization) -> None:
    assert len(GUARDED) > 20
    with unchanged(org):
        for each in GUARDED:
            for body in BODIES:
                answer = org.api.request(each.method, path_of(each, {}), json=body)
                assert_refused(answer, 404, because=(each.id, body))


@on_one_database
@pytest.mark.parametrize("each", EDITING + WITH_VALUES, ids=lambda each: each.id)
def test_who_may_not_and_what_is_locked_comes_before_what_is_wrong(org: Organization, each: Operation) -> None:
    """403, then 423 of a process with an issue; what is wrong with the body last."""
    light = org.person("light")
    run = run_of(org, {"title": "Call", "assignees": [light.id]}, "File")
    path = path_of(each, {"run_id": run.id, "task_id": run.task_id("File")})
    bad = {"name": 5, "reason": 5, "custom_fields": 5}

    assert_refused(light.api.request(each.method, path, json=bad), 403)
    assert_refused(org.api.request(each.method, path, json=bad), 422)
    org.api.post(f"/runs/{run.id}/problem", {"content": "Stop"}).raise_for_status()
    assert_refused(org.api.request(each.method, path, json=bad), 423)


def test_an_archived_process_is_told_before_what_is_wrong_with_a_comment(org: Organization) -> None:
    run = run_of(org, "Call")
    task = run.task_id("Call")
    org.api.delete(f"/runs/{run.id}").raise_for_status()

    for path in (f"/runs/{run.id}/comment", f"/tasks/{task}/comment", f"/tasks/{task}/problem"):
        assert org.api.post(path, {}).json()["code"] == "PROCESS_ARCHIVED"
