"""Whose token it is is looked up with every request: what has changed since the last one holds for the next."""

from procession.domain.actors import Role
from tests.builders import Organization, Person
from tests.lists.making import assign, launch, tasks_of

LIST = "/runs?status=active"


def known(org: Organization, role: Role = "standard") -> Person:
    """Somebody who has asked before."""
    person = org.person(role)
    for _ in range(2):
        assert person.api.get(LIST).status_code == 200
    return person


def test_a_revoked_token_is_refused_at_once(org: Organization) -> None:
    person = known(org)
    for token in person.api.data("GET", "/tokens"):
        person.api.request("DELETE", f"/tokens/{token['id']}").raise_for_status()

    assert person.api.get(LIST).status_code == 401


def test_a_disabled_member_is_refused_at_once(org: Organization) -> None:
    person = known(org)
    org.api.request("DELETE", f"/users/{person.id}/disable").raise_for_status()

    assert [person.api.get(path).status_code for path in (LIST, "/runs/" + "0" * 32)] == [401, 401]


def test_another_role_holds_at_once(org: Organization) -> None:
    """An administrator sees every process, a light member none that they have no part in."""
    launch(org, org.template(steps=["One"]))
    person = known(org, "admin")
    before = person.api.get(LIST).json()["meta"]["pagination"]["total"]
    org.api.data("PUT", f"/users/{person.id}/role", {"role": "light"})

    after = person.api.get(LIST).json()["meta"]["pagination"]["total"]

    assert (before, after) == (1, 0)


def test_who_is_put_into_a_group_sees_its_processes_at_once(org: Organization) -> None:
    """behaviour-people Q1: a process is seen by those whose group has a task in it. Spec: behaviour-work N8."""
    person, group = known(org), org.group()
    run = launch(org, org.template(steps=["One"]))
    assign(org, run, tasks_of(org, run)[0], groups=[group["id"]])
    before = total(person)

    org.api.data("PUT", f"/groups/{group['id']}", {**group, "members": [person.id], "guests": []})
    inside = total(person)
    org.api.data("PUT", f"/groups/{group['id']}", {**group, "members": [], "guests": []})

    assert (before, inside, total(person)) == (0, 1, 0)


def test_who_makes_a_template_sees_what_others_launch_from_it(org: Organization) -> None:
    """behaviour-people Q1: a template's owner sees its processes."""
    person = known(org)
    template = person.api.data("POST", "/checklists", {"title": "Mine", "type": "procedure"})
    before = total(person)

    launch(org, template)

    assert (before, total(person)) == (0, 1)


def total(person: Person) -> int:
    return person.api.get(LIST).json()["meta"]["pagination"]["total"]
