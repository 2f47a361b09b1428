"""Public kick-off forms by private link, and lost links of guests. Spec: behaviour-launching 7.3, behaviour-people 5.2."""

import re
from typing import Any

import pytest

from tests.api.task_runs import NOW
from tests.builders import Organization
from tests.harness import Api
from tests.post import PostOffice, text_of

VISITOR = "n@visitor.test"


class Form:
    """A public form of an organization, and its visitors."""

    def __init__(self, org: Organization, post: PostOffice) -> None:
        self.org, self.post = org, post
        self.anyone = Api(org.server, None)
        self.visitor = f"visitor{org.number}@{org.server.dialect}.test"
        fields = [{"label": "Farm", "required": True}, {"label": "Photo", "field_type": "file"}]
        self.template = org.template("Visit", steps=["Call back", "Drive"], kickoff=fields, is_public_kickoff=True)
        self.farm, self.photo = (field["id"] for field in self.template["prerun"])
        link = org.api.data("GET", f"/checklists/{self.template['id']}/public-kickoff")
        self.path = f"//public/kickoff/{link['code']}"

    def ask(self, email: str | None = None) -> tuple[int, str]:
        answer = self.anyone.post(self.path + "/visits", {"email": email or self.visitor})
        return answer.status_code, answer.json()["message"]

    def mails(self, email: str | None = None) -> list[str]:
        self.post.send()
        return [text_of(each, "plain") for each in self.post.to(email or self.visitor)]

    def links(self, email: str | None = None) -> list[str]:
        """The paths of the API that the links in somebody's mails stand for."""
        found = [
            re.search(rf"https://flow.example/{self.org.id}/public/(kickoff-visits/\w+)", each)
            for each in self.mails(email)
        ]
        return [f"//public/organizations/{self.org.id}/{each[1]}" for each in found if each]


@pytest.fixture
def form(org: Organization, post: PostOffice) -> Form:
    return Form(org, post)


def test_l_7_20_a_private_link_leads_to_the_form_and_then_to_how_it_stands(form: Form) -> None:
    """L-7.20, L-7.26, L-7.50 to L-7.52: the visitor is confirmed by mail, and sees progress and no tasks of others."""
    assert form.ask(form.visitor.upper())[0] == 200
    [link] = form.links()
    assert len(link.rpartition("/")[2]) >= 43
    before = form.anyone.data("GET", link)
    assert (before["email"], before["process"]) == (form.visitor, None)
    assert [each["label"] for each in before["form"]["prerun"]] == ["Farm", "Photo"]
    refused = form.anyone.post(link, {"prerun": {}})
    assert list(refused.json()["errors"]) == ["prerun"], "and the link stays good"
    upload = f"//public/kickoff/{before['kickoff_code']}/files"
    photo = form.anyone.request("POST", upload, files={"name": ("a.png", b"\x89PNG")}).json()["data"]

    made = form.anyone.data("POST", link, {"prerun": {form.farm: "Alto", form.photo: [photo]}})

    again = form.anyone.post(link, {"prerun": {form.farm: "Alto"}})
    assert (again.status_code, again.json()["message"]) == (422, "This form was submitted already.")
    run = form.org.api.data("GET", f"/runs/{made['id']}?with=tasks")
    assert run["prerun"][form.farm] == "Alto" and run["started_by"] == form.org.admin.id
    assert form.org.api.data("GET", f"/guests/{form.visitor}")["email"] == form.visitor
    assert form.links() == [link, link], "the confirmation holds the same link"
    shown = form.anyone.data("GET", link)
    assert (shown["form"], shown["kickoff_code"]) == (None, None)
    assert (shown["process"]["name"], shown["process"]["status"], shown["process"]["tasks"]) == (
        made["name"],
        "active",
        [],
    )
    assert shown["process"]["progress"] == {"complete": 0, "total": 2, "percent": 0}
    call_back = run["tasks"]["data"][0]["id"]
    owners = {"users": [form.org.admin.id], "guests": [form.visitor]}
    form.org.api.put(f"/runs/{made['id']}/tasks/{call_back}", {"owners": owners}).raise_for_status()
    form.org.api.post(f"/runs/{made['id']}/completed-tasks", {"task_id": call_back}).raise_for_status()
    process = form.anyone.data("GET", link)["process"]
    assert [(each["title"], each["status"]) for each in process["tasks"]] == [("Call back", "completed")]
    assert process["progress"]["complete"] == 1
    assert form.org.differences() == []


def test_l_7_26_whoever_submits_at_once_is_mailed_the_link(form: Form) -> None:
    """L-7.36, L-7.52: to the address that was typed in, so nobody else sees how it stands."""
    made = form.anyone.data("POST", form.path, {"email": form.visitor, "prerun": {form.farm: "Alto"}})
    assert set(made) == {"id", "name", "started_at"}
    [link] = form.links()
    assert form.anyone.data("GET", link)["process"]["name"] == made["name"]

    form.org.api.request("DELETE", f"/runs/{made['id']}").raise_for_status()
    assert form.anyone.data("GET", link)["process"]["status"] == "archived"
    form.org.api.request("DELETE", f"/runs/{made['id']}/delete").raise_for_status()
    assert form.anyone.get(link).status_code == 404


def test_l_7_21_the_answer_is_the_same_whoever_asks(form: Form) -> None:
    """L-7.50: a member is mailed to sign in, a disabled guest is not mailed."""
    guest = form.org.guest()["email"]
    form.org.api.request("DELETE", f"/guests/{guest}/disable").raise_for_status()

    answers = {form.ask(each) for each in (form.visitor, form.org.admin.email, guest)}

    assert len(answers) == 1
    assert (len(form.links()), form.links(form.org.admin.email), form.mails(guest)) == (1, [], [])
    assert "Sign in" in form.mails(form.org.admin.email)[-1]
    assert form.ask("nobody")[0] == 422


def test_mails_to_one_address_are_few_and_links_end(form: Form) -> None:
    """L-7.51, L-7.50: what is beyond is answered in the same way."""
    form.org.server.clock.freeze(NOW)
    assert {form.ask()[0] for _ in range(8)} == {200}
    assert len(form.links()) == 5
    form.org.server.clock.advance(hours=2)
    form.ask()
    *_, last = form.links()
    assert len(form.links()) == 6
    form.org.server.clock.advance(days=8)
    assert form.anyone.get(last).status_code == 404
    assert form.anyone.post(last, {"prerun": {form.farm: "Alto"}}).status_code == 404
    form.ask()
    *_, last = form.links()
    form.org.api.put(f"/checklists/{form.template['id']}", {"title": "Visit", "is_public_kickoff": False})
    assert form.anyone.get(last).status_code == 404
    assert form.anyone.get("//public/organizations/0/kickoff-visits/x").status_code == 404


def test_a_link_is_of_one_organization_and_goes_with_its_guest(form: Form, other_org: Organization) -> None:
    """L-7.51."""
    form.ask()
    [link] = form.links()
    assert form.anyone.get(link.replace(form.org.id, other_org.id)).status_code == 404
    form.org.api.data("POST", "/guests", {"email": form.visitor})
    assert form.anyone.get(link).status_code == 200
    form.org.api.request("DELETE", f"/guests/{form.visitor}/disable").raise_for_status()
    form.org.api.request("DELETE", f"/guests/{form.visitor}").raise_for_status()
    assert form.anyone.get(link).status_code == 404


def test_a_server_without_mail_says_so(new_server: Any) -> None:
    """L-7.50: the form is submitted at once there."""
    org = Organization(new_server())
    form = Form(org, None)  # pyright: ignore[reportArgumentType]  # nobody is mailed

    assert form.anyone.post(form.path + "/visits", {"email": VISITOR}).json()["code"] == "MAIL_NOT_SET_UP"
    lost = form.anyone.post(f"//public/organizations/{org.id}/guest-links", {"email": VISITOR})
    assert lost.json()["code"] == "MAIL_NOT_SET_UP"
    form.anyone.data("POST", form.path, {"email": VISITOR, "prerun": {form.farm: "Alto"}})


def test_a_guest_who_lost_their_link_is_mailed_it(org: Organization, post: PostOffice) -> None:
    """behaviour-people G3, G8, G9: the same answer always; whoever asks too often waits."""
    org.server.clock.freeze(NOW)
    anyone, path = Api(org.server, None), f"//public/organizations/{org.id}/guest-links"
    guest = org.guest(f"guest{org.number}@{org.server.dialect}.test")
    disabled = org.guest(f"gone{org.number}@{org.server.dialect}.test")["email"]
    org.api.request("DELETE", f"/guests/{disabled}/disable").raise_for_status()

    answers = [anyone.post(path, {"email": each}) for each in (guest["email"].upper(), disabled, org.admin.email, "x")]
    org.server.run(org.server.edge.settle())
    post.send()

    assert len({(each.status_code, each.text) for each in answers}) == 1
    [mail] = post.to(guest["email"])
    assert guest["link"].rpartition("/")[2] in text_of(mail, "plain")
    assert post.to(disabled) == [] and not [each for each in post.to(org.admin.email) if "page" in each["Subject"]]
    tries = [anyone.post(path, {"email": guest["email"]}).status_code for _ in range(12)]
    assert tries[-1] == 429
