"""Mail that is about people: reminders, forgotten passwords, invitations."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.api.task_runs import run_of
from tests.builders import Organization
from tests.harness import Api, Server
from tests.post import PostOffice, text_of

PASSWORD = "Fernwood-2031"


@pytest.fixture
def server(new_server: Callable[..., Server]) -> Server:
    """One that is set up to send mail: its own transport is never used, tests send by theirs."""
    return new_server(smtp_host="127.0.0.1", smtp_from="flow@procession.test", base_url="https://flow.test")


def code_in(mail: Any) -> str:
    [code] = re.findall(r"Code[^:]*: (\w{44})", text_of(mail, "plain"))
    return code


def test_everybody_who_is_assigned_is_reminded_but_who_asks(org: Organization, post: PostOffice) -> None:
    """behaviour-work N-4, api-tasks T22, behaviour-people N5: of open, visible tasks, by who may change them; guests are shown their page."""
    member, light, guest = org.person(), org.person("light"), org.guest()["email"]
    group = org.group(members=[light])["id"]
    run = run_of(org, "Weigh", "Hide")
    owners = {"users": [org.admin.id, member.id], "guests": [guest], "groups": [group]}
    run.change("Weigh", owners=owners, title="Wéigh <it>").raise_for_status()
    path = f"/tasks/{run.task_id('Wéigh <it>')}/remind"

    assert org.api.data("POST", path) == {"sent": 3}
    assert light.api.post(path).status_code == 403
    post.send()
    for address in (member.email, light.email, guest):
        [mail] = post.to(address)
        assert mail["Subject"] == "Reminder: Wéigh <it>"
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail["Reply-To"].addresses[0].addr_spec == org.admin.email
        assert "Wéigh &lt;it&gt;" in text_of(mail)
        assert ("https://flow.test/guest/" in text_of(mail)) == (address == guest)
    assert post.to(org.admin.email) == []

    org.api.put(run.path("Hide") + "/hide", {}).raise_for_status()
    assert org.api.post(f"/tasks/{run.task_id('Hide')}/remind").status_code == 422
    run.complete("Wéigh <it>").raise_for_status()
    assert org.api.post(path).status_code == 422


def test_a_forgotten_password_is_set_anew_once_with_a_code_within_the_hour(
    org: Organization, nobody: Api, post: PostOffice
) -> None:
    """api-people 1.6, ML6: nobody learns whether an address is known; sign-ins end, failures are forgotten."""
    server, person = org.server, org.person(password=PASSWORD)
    server.clock.freeze()
    session = nobody.post("//auth/login", {"email": person.email, "password": PASSWORD}).json()["access_token"]

    known = nobody.post("//auth/password/forgot", {"email": person.email.upper()})
    unknown = nobody.post("//auth/password/forgot", {"email": "nobody@fernwood.test"})
    assert (known.status_code, known.json()) == (200, unknown.json())
    nobody.post("//auth/password/forgot", {"email": person.email})
    server.run(server.edge.settle())
    post.send()
    first, second = [code_in(mail) for mail in post.to(person.email)]
    assert post.to("nobody@fernwood.test") == []

    weak = nobody.post("//auth/password/reset", {"code": second, "password": "short"})
    assert list(weak.json()["errors"]) == ["password"]
    body = {"code": second, "password": "Another-2031", "password_confirmation": "Another-2031"}
    assert nobody.post("//auth/password/reset", body).status_code == 200
    assert nobody.post("//auth/password/reset", body).status_code == 422
    assert list(nobody.post("//auth/password/reset", {**body, "code": first}).json()["errors"]) == ["code"]
    assert Api(server, session, org.id).get("/me").status_code == 401
    assert nobody.post("//auth/login", {"email": person.email, "password": PASSWORD}).status_code == 401
    assert nobody.post("//auth/login", {"email": person.email, "password": "Another-2031"}).status_code == 200
    post.send()
    assert post.to(person.email)[-1]["Subject"] == "Your password was set"

    nobody.post("//auth/password/forgot", {"email": person.email})
    server.run(server.edge.settle())
    post.send()
    late = code_in(post.to(person.email)[-1])
    server.clock.advance(hours=1)
    assert nobody.post("//auth/password/reset", {**body, "code": late}).status_code == 422


def test_asking_for_codes_is_slowed_down_as_signing_in_is(nobody: Api) -> None:
    """S2, whether or not the address is known."""
    nobody.server.clock.freeze()
    answers = [nobody.post("//auth/password/forgot", {"email": "whoever@fernwood.test"}) for _ in range(5)]

    assert [each.status_code for each in answers] == [200] * 4 + [429]
    assert answers[-1].headers["Retry-After"] == "2"


def test_an_invited_person_sets_a_password_with_the_code_of_the_mail_and_joins(
    org: Organization, nobody: Api, post: PostOffice
) -> None:
    """I1, I2: what the inviter wrote stands in it as text."""
    invitation = {
        "email": "new@fernwood.test", "first_name": "Nia", "last_name": "Ek", "role": "standard",
        "message": "Hello <b>Nia</b>\nsee you",
    }  # fmt: skip
    org.api.post("/users/invite", invitation).raise_for_status()
    post.send()
    [mail] = post.to("new@fernwood.test")
    assert mail["Subject"] == "Invitation to Fernwood"
    assert "<p>Hello &lt;b&gt;Nia&lt;/b&gt;</p><p>see you</p>" in text_of(mail)

    body = {"code": code_in(mail), "password": PASSWORD}
    assert nobody.post("//auth/password/reset", body).status_code == 200
    signed_in = nobody.post("//auth/login", {"email": "new@fernwood.test", "password": PASSWORD})
    assert signed_in.status_code == 200
    assert Api(org.server, signed_in.json()["access_token"], org.id).get("/me").status_code == 200


def test_what_is_nothing_but_a_mail_is_refused_where_none_is_sent(new_server: Callable[..., Server]) -> None:
    """ML5."""
    org = Organization(new_server())
    task = org.one_off()
    for answer in (
        org.api.post(f"/tasks/{task['id']}/remind"),
        Api(org.server, None).post("//auth/password/forgot", {"email": org.admin.email}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "MAIL_NOT_SET_UP")
