"""Looking up whom work may name. Spec: api-conventions 18.1, behaviour-people 5.1, 6."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from procession.domain.actors import BOT
from procession.domain.errors import Invalid
from procession.storage import groups, people
from procession.storage.groups import GroupPeople
from procession.storage.tx import WriteTx, writing
from procession.usecases import guests
from tests.builders import Organization

T = TypeVar("T")


def write(org: Organization, work: Callable[[WriteTx], Awaitable[T]]) -> T:
    return org.server.run(writing(org.server.database, org.number, org.id, BOT, org.server.clock(), work))


def test_active_and_invited_people_are_assignable_disabled_ones_and_the_bot_are_not(
    org: Organization, other_org: Organization
) -> None:
    mira, gone, stranger = org.person(), org.person(), other_org.person()
    org.api.delete(f"/users/{gone.id}/disable")
    body = {"email": "iris@fernwood.test", "first_name": "I", "last_name": "B", "role": "light", "message": "Hi"}
    invited = org.api.data("POST", "/users/invite", body, status=200)["id"]
    [bot] = [each["id"] for each in org.api.data("GET", "/users") if each["type"] == "bot"]
    ours, theirs = org.group()["id"], other_org.group()["id"]

    found = write(
        org,
        lambda tx: people.assignable(
            tx, [mira.id, gone.id, stranger.id, invited, bot, 10**9, 0], [ours, theirs, "", "no id"]
        ),
    )

    assert found.members == {mira.id, invited}
    assert found.groups == {ours}


def test_names_are_those_of_everybody_who_ever_was_a_member(org: Organization) -> None:
    mira = org.person(first_name="Mira", last_name="Okoye")
    org.api.delete(f"/users/{mira.id}/disable")
    org.api.delete(f"/users/{mira.id}/delete")

    names = write(org, lambda tx: people.names(tx, [mira.id, 10**9]))

    assert {key: name.full_name for key, name in names.items()} == {mira.id: "Mira Okoye (Deleted)"}


def test_the_people_of_a_group_are_its_members_and_guests_addresses(org: Organization) -> None:
    mira = org.person()
    full = org.group(members=[mira], guests=["b@partner.test", "a@partner.test"])["id"]
    empty = org.group()["id"]

    found = write(org, lambda tx: groups.members_of(tx, [full, empty, "0" * 32]))

    assert found[full] == GroupPeople((mira.id,), ("a@partner.test", "b@partner.test"))
    assert found[empty] == found["0" * 32] == GroupPeople()


def test_unknown_addresses_become_guests_once(org: Organization) -> None:
    known = org.guest("ana@partner.test")["id"]
    secrets = org.server.secrets
    wanted = ["Ana@partner.test", "new@partner.test", "NEW@partner.test"]

    ids = write(org, lambda tx: guests.ensure(tx, secrets, wanted))

    assert set(ids) == {"ana@partner.test", "new@partner.test"}
    assert ids["ana@partner.test"] == known
    assert {each["id"]: each["email"] for each in org.api.data("GET", "/guests")} == {v: k for k, v in ids.items()}
    assert write(org, lambda tx: guests.ensure(tx, secrets, [])) == {}


@pytest.mark.parametrize("bad", ["no address", "", "the administrator"])
def test_what_cannot_be_a_guest_is_named_by_its_place(org: Organization, bad: str) -> None:
    wanted = ["fine@partner.test", org.admin.email if bad == "the administrator" else bad]

    with pytest.raises(Invalid) as refused:
        write(org, lambda tx: guests.ensure(tx, org.server.secrets, wanted, field="owners.guests"))

    assert set(refused.value.errors) == {"owners.guests.1"}
    assert org.api.data("GET", "/guests") == []
