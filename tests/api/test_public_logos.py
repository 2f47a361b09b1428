"""The organization's logo on its public pages. Spec: behaviour-templates T-9.8, behaviour-work B1a."""

from typing import Any

import httpx

from tests.api.refusals import assert_refused
from tests.api.test_files import upload
from tests.api.test_public_kickoff import shared
from tests.builders import Organization
from tests.harness import Api

PICTURE = bytes(range(256)) * 3


def put_logo(org: Organization, content: bytes = PICTURE, name: str = "our secret.png") -> None:
    form = {"subject_type": "Organization", "subject_id": org.id, "uploaded_from": "logo"}
    upload(org.api, "/file", form, name, content).raise_for_status()


def load(anyone: Api, url: str, **headers: str) -> httpx.Response:
    """As a browser does for a picture on a page: without a token, taking pictures only."""
    assert url.startswith("http://flow.example/")
    return anyone.get("//" + url.removeprefix("http://flow.example/"), headers={"Accept": "image/*", **headers})


def test_t_9_8_a_visitor_sees_logo_title_and_fields_and_no_deadlines(
    org: Organization, other_org: Organization
) -> None:
    """The logo as long as the form is public and it is the logo; nothing that names the organization or the file."""
    anyone = Api(org.server, None)
    step = {"title": "Call back", "deadline": {"value": 2, "unit": "days", "option": "from", "step": "start_run"}}
    template, form = shared(org)
    org.api.data("POST", f"/checklists/{template['id']}/steps", step)
    assert anyone.data("GET", form)["org_logo"] is None
    put_logo(org)
    put_logo(other_org, b"theirs")

    shown = anyone.data("GET", form)

    assert (shown["title"], [field["label"] for field in shown["prerun"]]) == ("Visit", ["Farm"])
    assert "deadline" not in str(shown) and org.id not in str(shown)
    first = load(anyone, shown["org_logo"])
    assert (first.content, first.headers["content-type"]) == (PICTURE, "image/png")
    assert first.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in first.headers["content-security-policy"]
    assert first.headers["content-disposition"].startswith('inline; filename="logo.png"')
    assert first.headers["cache-control"] == "public, no-cache" and "vary" not in first.headers
    again = load(anyone, shown["org_logo"], **{"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    other, other_form = shared(other_org)
    theirs = other_org.api.data("GET", f"/checklists/{other['id']}/public-kickoff")["code"]
    assert load(anyone, shown["org_logo"].replace(form.rpartition("/")[2], theirs)).status_code == 404
    assert load(anyone, anyone.data("GET", other_form)["org_logo"]).content == b"theirs"

    put_logo(org, b"another", "b.gif")
    assert_refused(load(anyone, shown["org_logo"]), 404)
    second = anyone.data("GET", form)["org_logo"]
    assert load(anyone, second).headers["content-type"] == "image/gif"
    switches: list[tuple[dict[str, Any], int]] = [
        ({"is_public_kickoff": False}, 404),
        ({"is_public_kickoff": True}, 404),
    ]
    for change, status in switches:
        org.api.put(f"/checklists/{template['id']}", {"title": "Visit", **change}).raise_for_status()
        assert load(anyone, second).status_code == status
    code = org.api.data("GET", f"/checklists/{template['id']}/public-kickoff")["code"]
    third = anyone.data("GET", f"//public/kickoff/{code}")["org_logo"]
    assert load(anyone, third).content == b"another"
    for refused in (
        org.person().api.delete("/logo"),
        other_org.api.request("DELETE", f"//organizations/{org.id}/logo"),
    ):
        assert_refused(refused, 403)
    for _ in range(2):
        assert org.api.delete("/logo").status_code == 204
    assert org.api.data("GET", "")["org_logo"] is None
    assert load(anyone, third).status_code == 404
    put_logo(org)
    fourth = anyone.data("GET", f"//public/kickoff/{code}")["org_logo"]
    org.api.delete(f"/checklists/{template['id']}").raise_for_status()
    assert load(anyone, fourth).status_code == 422
    assert org.differences() == []


def test_b1a_a_public_process_shows_the_logo_to_its_readers(org: Organization) -> None:
    """Also to guests in it, by their own link; with the switch it is gone."""
    anyone, guest = Api(org.server, None), org.guest_api(org.guest()["email"])
    run = org.process(org.template(steps=["Sign"]), is_public=True)
    [task] = org.api.data("GET", f"/runs/{run['id']}/tasks")
    org.api.put(f"/runs/{run['id']}/tasks/{task['id']}", {"owners": {"guests": [guest.email]}}).raise_for_status()
    put_logo(org)
    code = org.api.data("GET", f"/runs/{run['id']}/public-link")["code"]

    public = anyone.data("GET", f"//public/organizations/{org.id}/runs/{code}")["org_logo"]
    own = guest.get(f"/runs/{run['id']}").json()["data"]["org_logo"]

    assert code in public and guest.code in own and code not in own
    assert [load(anyone, each).content for each in (public, own)] == [PICTURE] * 2
    org.api.put(f"/runs/{run['id']}", {"is_public": False}).raise_for_status()
    assert load(anyone, public).status_code == 404
