"""`If-Match` on writes: 412 exactly when the thing has changed since it was read. Spec: api-conventions 16.2."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from sqlalchemy import bindparam, delete

from procession.api.catalogue import all_operations
from procession.api.operations import reads_by_write
from procession.domain.actors import BOT
from procession.storage.changes import Kind
from procession.storage.log import position_query
from procession.storage.query import Query
from procession.storage.tables.changes import changes
from procession.storage.tx import WriteTx, writing
from tests.api.task_runs import on_one_database, run_of
from tests.api.thread_places import at_once
from tests.api.world import World, succeed
from tests.builders import Organization
from tests.contents import contents
from tests.harness import Server

Thing = tuple[str, dict[str, Any]]


def process(org: Organization) -> Thing:
    return f"/runs/{run_of(org, 'Call', 'Sign').id}", {"name": "Mine"}


def task(org: Organization) -> Thing:
    run = run_of(org, "Call", "Sign")
    return f"/runs/{run.id}/tasks/{run.task_id('Call')}", {"title": "Mine"}


def one_off(org: Organization) -> Thing:
    made = org.one_off()
    return f"/tasks/{made['id']}", {"title": "Mine", "deadline": made["deadline"], "owners": made["owners"]}


def template(org: Organization) -> Thing:
    return f"/checklists/{org.template(steps=['Call'])['id']}", {"title": "Mine"}


things = pytest.mark.parametrize("thing", [process, task, one_off, template])


def tag_of(org: Organization, path: str) -> str:
    return org.api.get(path).headers["ETag"]


def given(tag: str) -> dict[str, Any]:
    return {"headers": {"If-Match": tag}}


@things
def test_a_write_passes_while_nothing_has_happened_to_the_thing(
    org: Organization, thing: Callable[[Organization], Thing]
) -> None:
    path, change = thing(org)
    tag = tag_of(org, path)
    # Whatever happens elsewhere does not count.
    run_of(org, "Other")
    org.template(steps=["Other"])

    assert org.api.put(path, change, **given(tag)).status_code == 200


@things
def test_a_write_is_refused_after_somebody_elses(org: Organization, thing: Callable[[Organization], Thing]) -> None:
    path, change = thing(org)
    tag = tag_of(org, path)
    other = org.person("admin").api
    title = "name" if "name" in change else "title"
    other.put(path, {**change, title: "Theirs"}).raise_for_status()
    before = contents(org.server, org.number)

    answer = org.api.put(path, change, **given(tag))

    assert (answer.status_code, answer.json()["code"]) == (412, "PRECONDITION_FAILED")
    assert "Read it again" in answer.json()["message"]
    assert contents(org.server, org.number) == before
    assert org.api.put(path, change, **given(tag_of(org, path))).status_code == 200
    assert org.api.put(path, {**change, title: "Last"}, **given("*")).status_code == 200


def test_tasks_of_one_process_are_things_of_their_own(org: Organization) -> None:
    run = run_of(org, "Call", "Sign")
    sign, whole = f"/runs/{run.id}/tasks/{run.task_id('Sign')}", f"/runs/{run.id}"
    tags = {path: tag_of(org, path) for path in (sign, whole)}

    run.complete("Call").raise_for_status()

    assert org.api.put(sign, {"title": "Mine"}, **given(tags[sign])).status_code == 200
    assert org.api.put(whole, {"name": "Mine"}, **given(tags[whole])).status_code == 412


def test_a_step_belongs_to_its_template(org: Organization) -> None:
    made = org.template(steps=["Call"])
    path = f"/checklists/{made['id']}"
    step = f"{path}/steps/{made['steps'][0]['id']}"
    tag = tag_of(org, path)

    assert org.api.put(step, {"title": "Ring"}, **given(tag)).status_code == 200
    assert org.api.put(step, {"title": "Phone"}, **given(tag)).status_code == 412


def test_what_a_changed_state_forbids_is_told_as_the_change_it_is(org: Organization) -> None:
    run = run_of(org, "Call")
    tag = tag_of(org, f"/runs/{run.id}")
    run.complete("Call").raise_for_status()

    answer = org.api.post(f"/runs/{run.id}/completed-tasks", {"task_id": run.task_id("Call")}, **given(tag))

    assert answer.status_code == 412


def test_who_may_not_see_or_change_a_thing_learns_nothing_of_it(org: Organization, other_org: Organization) -> None:
    path, change = process(org)
    person = org.person("light").api

    for tag in ('"0-0-0-0"', "*"):
        assert person.put(path, change, **given(tag)).status_code == 404
        assert org.api.put(f"/runs/{'0' * 32}", change, **given(tag)).status_code == 404


@pytest.mark.parametrize("header", ["", "1-0-0-ab", '"1-0-0-ab', '"a" "b"', '"a",', '*, "a"'])
def test_a_malformed_header_is_refused(org: Organization, header: str) -> None:
    path, change = process(org)

    answer = org.api.put(path, change, **given(header))

    assert (answer.status_code, answer.json()["code"]) == (400, "IF_MATCH_INVALID")


@pytest.mark.parametrize("header", ['"of-another-server"', '"---"', '"zz-0-0-0"', '"ffffffffffffffffffff-0-0-0"'])
def test_a_tag_that_is_none_of_ours_does_not_match(org: Organization, header: str) -> None:
    path, change = process(org)

    assert org.api.put(path, change, **given(header)).status_code == 412
    assert org.api.put(path, change, **given(f"{header}, W/{tag_of(org, path)}")).status_code == 200


def test_what_happened_before_changes_were_kept_counts_as_a_change(org: Organization) -> None:
    """As after an upgrade: a tag from before it tells nothing any more, one from after it does."""
    path, change = process(org)
    old = tag_of(org, path)
    org.tag()

    async def upgrade(tx: WriteTx) -> None:
        [(position, _)] = await tx.tuples(position_query)
        await tx.connection.run(Query(delete(changes).where(changes.c.org == bindparam("org"))), {"org": tx.org})
        start = {"org": tx.org, "kind": int(Kind.START), "seq": 0, "position": position}
        await tx.connection.put(changes, [start])

    server = org.server
    server.run(writing(server.database, org.number, org.id, BOT, server.clock(), upgrade))

    assert org.api.put(path, change, **given(old)).status_code == 412
    assert org.api.get("/runs?updated_since=2001-01-01").status_code == 410
    assert org.api.put(path, change, **given(tag_of(org, path))).status_code == 200


def test_where_it_means_nothing_it_is_refused(org: Organization) -> None:
    """Passed over, it would let a client lose what it wanted to protect."""
    answer = org.api.put(f"/tags/{org.tag()['id']}", {"title": "New"}, **given("*"))

    assert (answer.status_code, answer.json()["code"]) == (400, "IF_MATCH_NOT_SUPPORTED")


def test_a_named_request_is_replayed_though_it_has_changed_the_thing_itself(org: Organization) -> None:
    run = run_of(org, "Call")
    headers = {"If-Match": tag_of(org, f"/runs/{run.id}"), "Idempotency-Key": "k"}
    body = {"task_id": run.task_id("Call")}

    answers = [org.api.post(f"/runs/{run.id}/completed-tasks", body, headers=headers) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]


@things
def test_of_eight_at_once_one_passes(org: Organization, thing: Callable[[Organization], Thing]) -> None:
    path, change = thing(org)
    title = "name" if "name" in change else "title"
    for turn in range(2):
        tag = tag_of(org, path)
        writers = [
            partial(org.api.put, path, {**change, title: f"{turn} {number}"}, **given(tag)) for number in range(8)
        ]

        assert Counter(answer.status_code for answer in at_once(writers)) == {200: 1, 412: 7}


@on_one_database
def test_a_write_answers_the_tag_of_what_it_shows(server: Server) -> None:
    """As reading the same address right after it does; spec: api-conventions 16."""
    world = World(server)
    shown = reads_by_write(all_operations())
    assert len(shown) > 30
    for write in (each for each in all_operations() if each.id in shown):
        api, url = world.org.api, world.url(write)
        answer = succeed(world, write)
        read = api.request("GET", f"/{url}")
        assert (answer.status_code, answer.content) == (200, read.content), write.id
        assert answer.headers["ETag"] == read.headers["ETag"], write.id
        assert answer.headers["Content-Location"].endswith(url), write.id
        assert api.request("GET", f"/{url}", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_the_tag_of_a_write_carries_the_next_one(org: Organization) -> None:
    for thing in (process, task, one_off, template):
        path, change = thing(org)
        tag = org.api.put(path, change).headers["ETag"]
        run_of(org, "Other")

        again = org.api.put(
            path, {**change, **{key: "Again" for key in ("name", "title") if key in change}}, **given(tag)
        )

        assert again.status_code == 200
        assert org.api.put(path, change, **given(tag)).status_code == 412
        # Who asks for something else than the write has shown, gets none that would say it had been seen.
        assert "ETag" not in org.api.put(f"{path}?whatever=1", change).headers or "/runs/" in path
