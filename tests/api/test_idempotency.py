"""A POST with an `Idempotency-Key` takes effect once. Spec: api-conventions 16."""

import base64
from collections import Counter
from functools import partial
from typing import Any

import httpx
import pytest

from procession.domain.times import HOUR
from procession.storage import idempotency
from procession.storage.tables.idempotency import idempotency_keys
from procession.usecases.forgetting import forget_answers
from tests.api.thread_places import at_once
from tests.builders import Organization
from tests.contents import contents
from tests.harness import Api


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


def test_a_token_is_never_kept(org: Organization) -> None:
    """Its text is shown once and stored nowhere, so these requests are not replayed, and say so."""
    first, again = [org.api.post("/tokens", {"name": "n"}, **named("k")) for _ in range(2)]

    assert first.json()["data"]["token"] != again.json()["data"]["token"]
    assert first.headers["X-Ignored-Params"] == "header:Idempotency-Key"


def test_kept_answers_are_sealed(org: Organization) -> None:
    """They may show the links of guests, whose codes the database holds sealed only."""
    answer = org.api.post("/guests", {"email": "rosa@bakery.test"}, **named("k"))
    code = answer.json()["data"]["link"].rpartition("/")[2]

    [row] = contents(org.server, org.number)[idempotency_keys.name]
    assert code.encode() not in base64.urlsafe_b64decode(row[-1])
    assert code not in row[-1]
    again = org.api.post("/guests", {"email": "rosa@bakery.test"}, **named("k"))
    assert again.content == answer.content


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
