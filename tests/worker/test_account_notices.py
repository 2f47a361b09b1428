"""Mail on templates and roles. Spec: behaviour-people 10.4 (19, 45, 49), behaviour-templates T-9.2."""

from tests.builders import Organization
from tests.post import PostOffice
from tests.worker.telling import letter, news


def test_administrators_are_told_that_a_template_is_public(org: Organization, post: PostOffice) -> None:
    """behaviour-templates T-9.2: the template or its form; whoever does it is not, nobody can turn it off."""
    other, author = org.person("admin"), org.person()
    other.api.data("PUT", "/me/notifications", {"stop_all": True})
    template = org.template("Weigh", steps=["Weigh"])
    org.allow(template, "EDIT", author.id)
    news(org, post)

    author.api.data("PUT", f"/checklists/{template['id']}", {"title": "Weigh", "is_public": True})
    subject, text = letter(org, post, other)
    assert subject == "Public now: Weigh"
    assert "Mira Okoye made Weigh public: whoever has the link sees the template itself." in text
    org.api.data("PUT", f"/checklists/{template['id']}", {"title": "Weigh", "is_public_kickoff": True})
    assert news(org, post, other, org.admin, author) == [["Public now: Weigh"], [], []]


def test_a_template_is_shared_with_whom_its_lists_name_anew(org: Organization, post: PostOffice) -> None:
    """behaviour-people N1, 10.4: also by group, once."""
    first, second, light = org.person(), org.person(), org.person("light")
    group = org.group(members=[second, light])["id"]
    template = org.template("Weigh")
    news(org, post)

    org.allow(template, "READ", first.id, org.admin.id)
    assert news(org, post, first, second, org.admin) == [["Shared with you: Weigh"], [], []]
    org.allow(template, "EDIT", first.id, everyone=True, groups=[group])
    assert news(org, post, first, second, light) == [[], ["Shared with you: Weigh"], []]


def test_comments_on_a_template_are_told_to_its_owner(org: Organization, post: PostOffice) -> None:
    """behaviour-work V1, behaviour-people 10.4: those on steps, and improvements that come from tasks; mentions to who may read it."""
    member, outsider = org.person(), org.person()
    template = org.template("Weigh", steps=["Scales"])
    org.allow(template, "READ", member.id)
    news(org, post)

    step = f"/checklists/{template['id']}/steps/{template['steps'][0]['id']}/comment"
    member.api.data("POST", step, {"content": f"Mind the gap @[{outsider.id}] @[{org.admin.id}]"})
    assert news(org, post, org.admin, outsider, member) == [["You were mentioned: Weigh"], [], []]
    member.api.data("POST", step, {"content": "Mind the gap"})
    subject, text = letter(org, post, org.admin)
    assert (subject, "Mind the gap" in text) == ("New comment: Weigh", True)


def test_a_role_that_changed_is_told_whatever_is_turned_off(org: Organization, post: PostOffice) -> None:
    """behaviour-people 10.3, 10.4."""
    member = org.person("light")
    member.api.data("PUT", "/me/notifications", {"stop_all": True})
    news(org, post)

    org.api.data("PUT", f"/users/{member.id}/role", {"role": "standard"})
    subject, text = letter(org, post, member)
    assert subject == "You have another role"
    assert "you are standard now, before you were light" in text


def test_switches_of_mail_are_booleans_and_stay_where_they_are_not_named(org: Organization) -> None:
    """behaviour-people 10.3."""
    member = org.person()
    assert member.api.data("PUT", "/me/notifications", {"comments": False, "mentions": False})["comments"] is False
    changed = member.api.data("PUT", "/me/notifications", {"mentions": True, "task_edits": False})

    assert {name for name, value in changed.items() if not value} == {"comments", "task_edits", "stop_all"}
    for name in changed:
        refused = member.api.put("/me/notifications", {name: "loud"})
        assert (refused.status_code, list(refused.json()["errors"])) == (422, [name])
    ignored = member.api.put("/me/notifications", {"digest": True})
    assert (ignored.status_code, ignored.headers["X-Ignored-Params"]) == (200, "body:digest")
    assert member.api.data("GET", "/me/notifications") == changed
