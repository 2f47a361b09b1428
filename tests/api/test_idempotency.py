"""A POST with an `Idempotency-Key` takes effect once. Spec: api-conventions 16."""

import base64
from collections import Counter
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from procession.api.catalogue import all_operations
from procession.api.operations import is_replayable
from procession.domain.times import HOUR
from procession.storage import idempotency
from procession.storage.tables.idempotency import idempotency_keys
from procession.usecases.forgetting import forget_answers
from tests.api.refusals import assert_refused, unchanged
from tests.api.task_runs import run_of
from tests.api.thread_places import at_once
from tests.api.world import Supply, succeed
from tests.builders import Organization
from tests.contents import contents
from tests.harness import Api, Server
from tests.mail.delivering import SETTINGS


def named(key: str, **more: str) -> dict[str, Any]:
    return {"headers": {"Idempotency-Key": key, **more}}


def titles(org: Organization) -> list[str]:
    return [tag["title"] for tag in org.api.data("GET", "/tags")]


def test_the_same_request_again_gets_its_first_answer(org: Organization) -> None:
    template = org.template(steps=["Call"])
    body = {"checklist_id": template["id"], "name": "Once", "prerun": {"no such field": "x"}}

    first = org.api.post("/runs", body, **named("launch-1"))
    again = org.api.post("/runs", body, **named("launch-1"))

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["Content-Type"] == first.headers["Content-Type"]
    assert again.headers["X-Ignored-Params"] == first.headers["X-Ignored-Params"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert org.api.get("/runs").json()["meta"]["pagination"]["total"] == 1


def test_without_the_header_every_request_counts(org: Organization) -> None:
    assert [org.api.post("/tags", {"title": "A"}).status_code for _ in range(2)] == [201, 422]


@pytest.mark.parametrize("changed", ["body", "path", "query"])
def test_a_key_belongs_to_one_request(org: Organization, changed: str) -> None:
    org.api.post("/tags", {"title": "A", "name": "A"}, **named("k")).raise_for_status()
    before = contents(org.server, org.number)

    path = {"path": "/roles", "query": "/tags?x=1"}.get(changed, "/tags")
    answer = org.api.post(path, {"title": "B" if changed == "body" else "A", "name": "A"}, **named("k"))

    assert answer.status_code == 422
    assert answer.json()["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert "new key" in answer.json()["message"]
    assert contents(org.server, org.number) == before


def test_a_refused_request_leaves_its_key_free(org: Organization) -> None:
    """What did nothing is not remembered: the key may carry the corrected request."""
    assert org.api.post("/tags", {"title": ""}, **named("k")).status_code == 422
    assert org.api.post("/tags", {"title": "A"}, **named("k")).status_code == 201


def test_keys_are_of_one_caller_and_one_organization(org: Organization, other_org: Organization) -> None:
    guest = org.guest_api(org.guest()["email"])
    task = org.one_off(owners={"guests": [guest.email]})["id"]
    person = org.person("admin")

    answers = [
        org.api.post("/tags", {"title": "A"}, **named("k")),
        person.api.post("/tags", {"title": "B"}, **named("k")),
        other_org.api.post("/tags", {"title": "A"}, **named("k")),
        Api(org.server, None, org.id).post(f"/guests/{guest.code}/completed-tasks", {"task_id": task}, **named("k")),
    ]

    assert [answer.status_code for answer in answers] == [201, 201, 201, 200]
    assert not any("Idempotency-Replayed" in answer.headers for answer in answers)


def test_what_a_guest_sends_twice_counts_once(org: Organization) -> None:
    guest = org.guest_api(org.guest()["email"])
    task = org.one_off(owners={"guests": [guest.email]})["id"]
    api = Api(org.server, None, org.id)

    first, again = [
        api.post(f"/guests/{guest.code}/completed-tasks", {"task_id": task}, **named("k")) for _ in range(2)
    ]

    assert (first.status_code, again.status_code) == (200, 200)
    assert again.content == first.content


def test_an_organization_is_founded_once(org: Organization) -> None:
    first, again = [org.api.post("//organizations", {"name": "New"}, **named("k")) for _ in range(2)]

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["data"]["id"] == again.json()["data"]["id"]


def test_a_key_is_forgotten_after_a_day(org: Organization) -> None:
    clock = org.server.clock
    clock.advance(hours=-12)
    org.api.post("/tags", {"title": "A"}, **named("k")).raise_for_status()

    clock.advance(hours=23.9)
    assert org.api.post("/tags", {"title": "A"}, **named("k")).headers["Idempotency-Replayed"] == "true"
    clock.advance(hours=0.1)
    assert org.api.post("/tags", {"title": "B"}, **named("k")).status_code == 201

    clock.advance(hours=24)
    org.server.run(forget_answers(org.server.database, clock()))
    assert contents(org.server, org.number)[idempotency_keys.name] == []
    assert idempotency.KEPT_MS == 24 * HOUR


@pytest.mark.parametrize("key", ["", "a b", "é", "x" * 256])
def test_a_key_is_short_and_visible(org: Organization, key: str) -> None:
    headers = {"Authorization": f"Bearer {org.api.token}", "Idempotency-Key": key.encode()}
    answer = org.server.request("POST", f"/organizations/{org.id}/tags", json={"title": "A"}, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (400, "IDEMPOTENCY_KEY_INVALID")
    assert titles(org) == []


def told(answer: httpx.Response) -> tuple[int, str | None]:
    return answer.status_code, answer.json().get("code")


def test_rights_are_checked_before_anything_is_replayed(org: Organization) -> None:
    """16.1: whoever may not do it any more does not get the answer again either."""
    person, template = org.person(), org.template(steps=["Call"])
    org.allow(template, "LAUNCH", person.id)
    body = {"checklist_id": template["id"], "name": "Mine"}
    person.api.post("/runs", body, **named("k")).raise_for_status()
    org.allow(template, "LAUNCH")
    with unchanged(org):
        assert told(person.api.post("/runs", body, **named("k"))) == told(person.api.post("/runs", body))

    org.allow(template, "LAUNCH", person.id)
    assert person.api.post("/runs", body, **named("k")).headers["Idempotency-Replayed"] == "true"
    assert person.api.get("/runs").json()["meta"]["pagination"]["total"] == 1


def test_what_the_caller_sees_no_longer_is_not_replayed(org: Organization) -> None:
    person = org.person()
    task = org.one_off(person)
    comment = (f"/tasks/{task['id']}/comment", {"content": "hidden"})
    person.api.post(*comment, **named("k")).raise_for_status()
    mine = {**task, "owners": {"users": [org.admin.id]}, "top_secret": True}
    org.api.put(f"/tasks/{task['id']}", mine).raise_for_status()

    with unchanged(org):
        assert_refused(person.api.post(*comment, **named("k")), 404)


def test_a_guest_whose_task_was_taken_gets_no_answer_again(org: Organization) -> None:
    guest = org.guest_api(org.guest()["email"])
    task = org.one_off(owners={"users": [org.admin.id], "guests": [guest.email]})
    answer = partial(guest.send, "POST", f"/tasks/{task['id']}/comment", json={"content": "x"}, **named("k"))
    answer().raise_for_status()
    assert answer().headers["Idempotency-Replayed"] == "true"
    org.api.put(f"/tasks/{task['id']}", {**task, "owners": {"users": [org.admin.id]}}).raise_for_status()

    with unchanged(org):
        assert_refused(answer(), 404)


def test_what_was_brought_back_is_told_again_to_who_may_still_bring_it_back(org: Organization) -> None:
    """Spec: behaviour-work BI3."""
    person = org.person("admin")
    tag = person.api.data("POST", "/tags", {"title": "A"})["id"]
    person.api.delete(f"/tags/{tag}").raise_for_status()
    [item] = person.api.data("GET", "/bin")
    restore = partial(person.api.post, f"/bin/{item['id']}/restore", **named("k"))
    first = restore()
    assert (restore().status_code, restore().content) == (200, first.content)

    org.api.put(f"/users/{person.id}/role", {"role": "light"}).raise_for_status()
    with unchanged(org):
        assert_refused(restore(), 404)


@pytest.mark.parametrize("since", ["archived", "locked", "on hold", "reopened"])
def test_whatever_has_become_of_it_the_answer_comes_again(org: Organization, since: str) -> None:
    run = run_of(org, "Call", "Sign")
    complete = (f"/runs/{run.id}/completed-tasks", {"task_id": run.task_id("Call")})
    first = org.api.post(*complete, **named("k"))
    {
        "archived": lambda: org.api.delete(f"/runs/{run.id}"),
        "locked": lambda: org.api.post(f"/runs/{run.id}/problem", {"content": "stop"}),
        "on hold": lambda: org.api.post(f"/runs/{run.id}/hold", {"reason": "parts"}),
        "reopened": lambda: run.reopen("Call"),
    }[since]().raise_for_status()

    with unchanged(org):
        again = org.api.post(*complete, **named("k"))

    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["Idempotency-Replayed"] == "true"


def test_a_guests_link_is_never_kept(org: Organization) -> None:
    """Whoever is a guest already is answered as they are, so the request may be sent again without its key."""
    person = org.person()
    body = {"email": "rosa@bakery.test"}
    first, again = [person.api.post("/guests", body, **named("k")) for _ in range(2)]

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert again.headers["X-Ignored-Params"] == "header:Idempotency-Key"
    assert contents(org.server, org.number)[idempotency_keys.name] == []
    org.api.put(f"/users/{person.id}/role", {"role": "light"}).raise_for_status()
    with unchanged(org):
        assert_refused(person.api.post("/guests", body, **named("k")), 403)


def test_a_token_is_never_kept(org: Organization) -> None:
    """Its text is shown once and stored nowhere, so these requests are not replayed, and say so."""
    first, again = [org.api.post("/tokens", {"name": "n"}, **named("k")) for _ in range(2)]

    assert first.json()["data"]["token"] != again.json()["data"]["token"]
    assert first.headers["X-Ignored-Params"] == "header:Idempotency-Key"


def test_kept_answers_are_sealed(org: Organization) -> None:
    """They may show links that let in whoever has them."""
    run = run_of(org, "Call", is_public=True)
    renew = partial(org.api.post, f"/runs/{run.id}/public-link/renew", **named("k"))
    answer = renew()
    code = answer.json()["data"]["code"]

    [row] = contents(org.server, org.number)[idempotency_keys.name]
    assert code.encode() not in base64.urlsafe_b64decode(row[-1])
    assert code not in row[-1]
    assert renew().content == answer.content


def test_the_answer_is_kept_with_the_effect_or_neither_is(org: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("cut off")

    with monkeypatch.context() as patched:
        patched.setattr(idempotency, "keep", broken)
        assert org.api.server.request(
            "POST",
            f"/organizations/{org.id}/tags",
            json={"title": "A"},
            headers={"Authorization": f"Bearer {org.api.token}", "Idempotency-Key": "k"},
        ).is_server_error

    assert titles(org) == []
    assert org.api.post("/tags", {"title": "A"}, **named("k")).status_code == 201


@pytest.mark.one_application
def test_an_answer_that_cannot_be_opened_is_no_reason_to_do_it_again(org: Organization) -> None:
    org.api.post("/tags", {"title": "A"}, **named("k")).raise_for_status()
    kept, org.server.edge.secrets = org.server.edge.secrets, type(org.server.edge.secrets)(b"o" * 32)
    try:
        answer = org.api.post("/tags", {"title": "A"}, **named("k"))
    finally:
        org.server.edge.secrets = kept

    assert (answer.status_code, answer.json()["code"]) == (409, "IDEMPOTENT_ANSWER_LOST")
    assert titles(org) == ["A"]


def test_every_answer_comes_again_to_who_still_may(tmp_path: Path) -> None:
    """Also where the first request took away what it was about: a guest made a member, something out of the bin."""
    with closing(Server("", tmp_path, **SETTINGS)) as server:
        all_come_again(Supply(server))


def all_come_again(supply: Supply) -> None:
    for operation in filter(is_replayable, all_operations()):
        world = supply.world()
        first = succeed(world, operation, **named(operation.id))
        if not first.is_success:  # what was done there before may stand in its way
            world = supply.fresh()
            first = succeed(world, operation, **named(operation.id))
        again = succeed(world, operation, **named(operation.id))

        assert first.is_success, (operation.id, first.text)
        assert (again.status_code, again.content) == (first.status_code, first.content), operation.id
        assert again.headers["Idempotency-Replayed"] == "true", operation.id


def test_eight_at_once_are_one(org: Organization) -> None:
    """The others wait for the first and get its answer."""
    template = org.template(steps=["Call"])
    body = {"checklist_id": template["id"], "name": "Once"}
    for number in range(5):
        ask = partial(org.api.post, "/runs", body, **named(f"round-{number}"))
        answers: list[httpx.Response] = at_once([ask] * 8)

        assert Counter(answer.status_code for answer in answers) == {201: 8}
        assert len({answer.json()["data"]["id"] for answer in answers}) == 1
        assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == 7

    assert org.api.get("/runs").json()["meta"]["pagination"]["total"] == 5
