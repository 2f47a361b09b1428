"""Signing in and out, passwords. Spec: api-people 1.6, behaviour-people S1-S3."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from procession.adapters.identity import hash_password
from procession.usecases.setup import set_password
from tests.api.refusals import assert_refused, unchanged
from tests.builders import Organization, Person
from tests.harness import Api, Server

PASSWORD = "Correct-Horse-1"
OTHER = "Battery-Staple-2"


@pytest.fixture
def mira(org: Organization) -> Person:
    return org.person(password=PASSWORD)


def sign_in(api: Api, email: str, password: str = PASSWORD, **options: object):
    return api.post("//auth/login", {"email": email, "password": password}, **options)


def test_a_sign_in_token_works_like_the_person(org: Organization, nobody: Api, mira: Person) -> None:
    answer = sign_in(nobody, mira.email.upper())

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    session = answer.json()
    assert (session["token_type"], session["expires_in"]) == ("Bearer", 12 * 3600)
    me = Api(org.server, session["access_token"], org.id).data("GET", "/me")
    assert me["id"] == mira.id
    assert me["last_login_at"] is not None


def test_a_sign_in_ends_by_itself(org: Organization, nobody: Api, mira: Person) -> None:
    org.server.clock.freeze()
    session = sign_in(nobody, mira.email).json()
    api = Api(org.server, session["access_token"], org.id)

    org.server.clock.advance(seconds=session["expires_in"] - 1)
    assert api.get("/me").status_code == 200
    org.server.clock.advance(seconds=1)

    assert api.get("/me").status_code == 401


def test_s2_unknown_account_and_wrong_password_answer_the_same(nobody: Api, mira: Person) -> None:
    wrong, unknown = sign_in(nobody, mira.email, OTHER), sign_in(nobody, "nobody@fernwood.test")

    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()
    varying = {"x-request-id", "date"}
    assert {k: v for k, v in wrong.headers.items() if k not in varying} == {
        k: v for k, v in unknown.headers.items() if k not in varying
    }


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": "a@b.test"},
        {"password": PASSWORD},
        {"email": None, "password": PASSWORD},
        {"email": 1, "password": 2},
    ],
)
def test_an_incomplete_sign_in_is_refused(nobody: Api, body: dict[str, object]) -> None:
    assert nobody.post("//auth/login", body).status_code == 422


@pytest.mark.parametrize("password", ["x" * 100_000, "\u0000", "ünïcödé 🦀", ""])
def test_odd_passwords_are_just_wrong(nobody: Api, mira: Person, password: str) -> None:
    assert sign_in(nobody, mira.email, password).status_code == 401


def test_s2_failures_make_the_address_wait_and_then_lock_it(org: Organization, nobody: Api, mira: Person) -> None:
    clock = org.server.clock
    clock.freeze()
    for _ in range(4):
        assert sign_in(nobody, mira.email, OTHER).status_code == 401

    waiting = sign_in(nobody, mira.email)
    assert waiting.status_code == 429
    assert waiting.headers["retry-after"] == "2"
    for _ in range(6):
        clock.advance(seconds=70)
        assert sign_in(nobody, mira.email, OTHER).status_code == 401
    clock.advance(seconds=70)
    locked = sign_in(nobody, mira.email)

    assert locked.status_code == 429
    assert locked.headers["retry-after"] == str(15 * 60 - 70)
    clock.advance(seconds=15 * 60 - 70)
    assert sign_in(nobody, mira.email).status_code == 200
    assert sign_in(nobody, mira.email, OTHER).status_code == 401


def test_s2_an_unknown_address_is_throttled_the_same(org: Organization, nobody: Api) -> None:
    org.server.clock.freeze()
    email = f"nobody{org.number}@fernwood.test"

    statuses = [sign_in(nobody, email).status_code for _ in range(6)]

    assert statuses == [401] * 4 + [429] * 2


def test_many_tries_at_once_are_not_all_looked_at(org: Organization, nobody: Api, mira: Person) -> None:
    org.server.clock.freeze()

    with ThreadPoolExecutor(12) as threads:
        statuses = list(threads.map(lambda _: sign_in(nobody, mira.email, OTHER).status_code, range(12)))

    assert sorted(statuses) == [401] * 4 + [429] * 8


def test_failures_of_one_do_not_hold_up_another(org: Organization, nobody: Api, mira: Person) -> None:
    other = org.person(password=PASSWORD)
    for _ in range(6):
        sign_in(nobody, mira.email, OTHER)

    assert sign_in(nobody, other.email).status_code == 200


def test_signing_out_ends_that_sign_in_only(org: Organization, nobody: Api, mira: Person) -> None:
    first, second = (Api(org.server, sign_in(nobody, mira.email).json()["access_token"], org.id) for _ in range(2))

    assert first.post("//auth/logout").status_code == 204

    assert first.get("/me").status_code == 401
    assert second.get("/me").status_code == 200
    assert mira.api.get("/me").status_code == 200


def test_dec_39_signing_out_does_not_end_a_personal_token(mira: Person) -> None:
    assert mira.api.post("//auth/logout").status_code == 204
    assert mira.api.get("/me").status_code == 200


def test_signing_out_needs_a_token(nobody: Api) -> None:
    assert nobody.post("//auth/logout").status_code == 401


def test_a_disabled_person_cannot_sign_in(org: Organization, nobody: Api, mira: Person) -> None:
    session = sign_in(nobody, mira.email).json()["access_token"]
    org.api.delete(f"/users/{mira.id}/disable")

    assert Api(org.server, session, org.id).get("/me").status_code == 401
    assert sign_in(nobody, mira.email).status_code == 401
    org.api.put(f"/users/{mira.id}/enable")
    assert sign_in(nobody, mira.email).status_code == 200


def test_an_invitation_is_accepted_by_the_first_sign_in(org: Organization, nobody: Api) -> None:
    body = {"email": "iris@fernwood.test", "first_name": "Iris", "last_name": "B", "role": "admin", "message": "Hi"}
    invited = org.api.data("POST", "/users/invite", {**body, "email": f"iris{org.number}@fernwood.test"}, status=200)
    assert sign_in(nobody, invited["email"]).status_code == 401
    give_password(org.server, invited["email"])
    org.server.clock.freeze()
    org.server.clock.advance(seconds=60)

    session = sign_in(nobody, invited["email"]).json()

    member = Api(org.server, session["access_token"], org.id).data("GET", "/me")
    assert (member["status"], member["role"], member["complete"]) == ("active", "admin", True)
    assert member["activated_at"] is not None
    assert not member["is_default_admin"]


def give_password(server: Server, email: str) -> None:
    hashed = hash_password(PASSWORD)
    assert server.run(set_password(server.database, email=email, password_hash=hashed, now=server.clock())) is not None


def test_sign_ins_and_failures_are_in_the_log(org: Organization, nobody: Api, mira: Person) -> None:
    sign_in(nobody, mira.email, OTHER)
    org.server.run(org.server.edge.settle())
    sign_in(nobody, mira.email)

    assert events_of(org)[-2:] == [("account.sign_in_failed", str(mira.id)), ("account.signed_in", str(mira.id))]


def events_of(org: Organization) -> list[tuple[str, str]]:
    from sqlalchemy import bindparam, select

    from procession.storage.query import Query
    from procession.storage.tables.events import events

    query = Query(
        select(events.c.kind, events.c.subject_id).where(events.c.org == bindparam("org")).order_by(events.c.position)
    )

    async def read() -> list[tuple[str, str]]:
        async with org.server.database.reading() as connection:
            return [(kind, subject) for kind, subject in await connection.rows(query, {"org": org.number})]

    return org.server.run(read())


def test_a_password_is_changed_with_the_current_one_and_ends_other_sign_ins(
    org: Organization, nobody: Api, mira: Person
) -> None:
    here, there = (Api(org.server, sign_in(nobody, mira.email).json()["access_token"], org.id) for _ in range(2))

    changed = here.put("/me/update-password", {"current_password": PASSWORD, "password": OTHER})

    assert changed.status_code == 200
    assert changed.json()["data"]["id"] == mira.id
    assert here.get("/me").status_code == 200
    assert there.get("/me").status_code == 401
    assert mira.api.get("/me").status_code == 200
    assert sign_in(nobody, mira.email).status_code == 401
    assert sign_in(nobody, mira.email, OTHER).status_code == 200


@pytest.mark.parametrize(
    ("change", "field"),
    [
        pytest.param({"password": "Short-1"}, "password", id="DEC-59 too short"),
        pytest.param({"password": "Aa1" * 43}, "password", id="S1 128 characters"),
        pytest.param({"password": "no-capitals-1"}, "password", id="S1 no upper case"),
        pytest.param({"password": "NO-SMALL-1234"}, "password", id="S1 no lower case"),
        pytest.param({"password": "No-Digits-Here"}, "password", id="S1 no digit"),
        pytest.param({"password": None}, "password", id="no password"),
        pytest.param({"current_password": OTHER}, "current_password", id="wrong current password"),
        pytest.param({"current_password": None}, "current_password", id="no current password"),
        pytest.param({"password_confirmation": "x"}, "password_confirmation", id="confirmation differs"),
    ],
)
def test_a_bad_change_of_password_is_refused(
    org: Organization, nobody: Api, mira: Person, change: dict[str, object], field: str
) -> None:
    with unchanged(org):
        refused = mira.api.put("/me/update-password", {"current_password": PASSWORD, "password": OTHER, **change})

    assert_refused(refused, 422)
    assert refused.json()["errors"][field]
    assert sign_in(nobody, mira.email).status_code == 200


def test_dec_59_the_least_length_is_a_setting(new_server: Callable[..., Server]) -> None:
    org = Organization(new_server(password_min_length=6))
    mira = org.person(password=PASSWORD)

    changed = mira.api.put("/me/update-password", {"current_password": PASSWORD, "password": "Short1"})

    assert changed.status_code == 200


def test_guessing_the_current_password_is_throttled_too(org: Organization, mira: Person) -> None:
    org.server.clock.freeze()
    body = {"current_password": OTHER, "password": OTHER}

    statuses = [mira.api.put("/me/update-password", body).status_code for _ in range(5)]

    assert statuses == [422] * 4 + [429]
