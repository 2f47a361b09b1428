"""Which refusal comes first when a body cannot be read either. Spec: api-conventions 3, DEC-26."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from procession.api.catalogue import all_operations
from procession.api.operations import Operation
from procession.api.uploads import Upload
from procession.domain.sheets import Sheet
from tests.api.refusals import assert_refused, unchanged
from tests.api.task_runs import on_one_database, run_of
from tests.api.world import World, send
from tests.builders import Organization
from tests.harness import Server

NOWHERE = "ab" * 16
NO_NUMBER = "987654"
# Of each there is something in every body that the operation cannot read.
WRONG = (
    "title name label content reason description first_name email role state is_read thread_id reply_to tenant value"
    " custom_fields position field_type conditions then_actions columns rows users members groups owners events runs"
    " tasks times weekdays starts_on deadline starred prerun status key object_type target_step_id capture_id"
)
BODIES = ({}, [1], {**{key: {"no": [[]]} for key in WRONG.split()}, "tenant": None})
# They name what they change in the path, and say in the body how.
NAMING = [
    each
    for each in all_operations()
    if each.wants_body
    and each.body not in (Upload, Sheet)
    and each.auth == "member"
    and set(each.path_parameters) - {"org_id"}
]
# What is not there may be what their bodies name.
NAMING_IN_BODY = {"linkTask", "completeProcessTask"}


def path_of(operation: Operation, ids: Mapping[str, Any]) -> str:
    def named(found: re.Match[str]) -> str:
        nothing = NO_NUMBER if operation.path_parameters[found[1]] is int else NOWHERE
        return str(ids.get(found[1], nothing))

    return re.sub(r"\{(\w+)\}", named, operation.path.removeprefix("/organizations/{org_id}"))


def test_what_is_not_there_is_not_found_whatever_is_sent(org: Organization) -> None:
    assert len(NAMING) > 75
    with unchanged(org):
        for each in NAMING:
            for body in BODIES:
                answer = org.api.request(each.method, path_of(each, {}), json=body)
                assert_refused(answer, 404, because=(each.id, body))


def places(operation: Operation, world: World) -> Iterator[dict[str, Any]]:
    """What a path names: things that are there, each of them in turn one that is not, and what nothing may change."""
    names = set(operation.path_parameters) - {"org_id", "field_key"}
    yield {}
    for name in sorted(names):
        yield {name: NO_NUMBER if operation.path_parameters[name] is int else NOWHERE}
    if "checklist_id" in names:
        yield {"checklist_id": world.archived_template}
    if "run_id" in names:
        yield from ({"run_id": run} for run in (world.archived_run, world.locked_run))


def told(answer: httpx.Response) -> tuple[int, str | None]:
    """Status and code; what is wrong with a body has no code."""
    return answer.status_code, answer.json().get("code")


@on_one_database
def test_whoever_is_refused_is_refused_the_same_when_the_body_is_unreadable(server: Server) -> None:
    """Who may not, what is archived, locked or not there: each as with a body that says what it should."""
    world = World(server)
    org = world.org
    faults: list[str] = []
    tried = 0
    for each in NAMING:
        for place in places(each, world):
            url = each.path.format_map({**world.path(each), **place, "org_id": org.id})
            for person in (org.admin,) if place else (world.light, world.member):
                good = send(person.api, each, url, world.body(each))
                if good.status_code < 400 or (good.status_code == 422 and "code" not in good.json()):
                    continue
                if each.id in NAMING_IN_BODY and good.status_code == 404 and NOWHERE not in url:
                    continue
                tried += 1
                bad = person.api.request(each.method, "/" + url, json=BODIES[-1])
                if told(bad) != told(good):
                    faults.append(f"{each.id} by {person.role} of {place}: {told(good)}, then {told(bad)}")
    assert not faults, "\n".join(faults)
    assert tried > 100


def test_an_archived_process_is_told_before_what_is_wrong_with_a_comment(org: Organization) -> None:
    run = run_of(org, "Call")
    task = run.task_id("Call")
    org.api.delete(f"/runs/{run.id}").raise_for_status()

    for path in (f"/runs/{run.id}/comment", f"/tasks/{task}/comment", f"/tasks/{task}/problem"):
        assert org.api.post(path, {}).json()["code"] == "PROCESS_ARCHIVED"
