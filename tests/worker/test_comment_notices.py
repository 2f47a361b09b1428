"""Mail on comments, mentions and issues. Spec: behaviour-people 10.4 (43, 47 to 50)."""

from typing import Any

from tests.api.task_runs import Run, run_of
from tests.builders import Organization, Person
from tests.post import PostOffice
from tests.worker.telling import letter, news


def write(run: Run, content: str, *, by: Person | None = None, route: str = "comment", **body: Any) -> dict[str, Any]:
    api = (by or run.org.admin).api
    return api.data("POST", f"/tasks/{run.task_id('Weigh')}/{route}", {"content": content, **body})


def test_comments_are_told_to_assignees_who_see_them(org: Organization, post: PostOffice) -> None:
    """behaviour-work M3, M4, M13; behaviour-people N1, N6: hidden ones not to guests, the bot's and reactions to nobody."""
    member, quiet, outsider = (org.person() for _ in range(3))
    guest = org.guest()["email"]
    quiet.api.data("PUT", "/me/notifications", {"comments": False})
    run = run_of(org, "Weigh")
    owners = {"users": [member.id, quiet.id, org.admin.id], "guests": [guest]}
    run.change("Weigh", owners=owners).raise_for_status()
    news(org, post)

    write(run, "<p>Half a <b>pound</b> &amp; more</p>")
    assert news(org, post, member, guest, quiet, outsider, org.admin) == [["New comment: Weigh"], [], [], [], []]
    form = {"subject_type": "Task", "subject_id": run.task_id("Weigh"), "uploaded_from": "comment"}
    sent = [org.api.request("POST", "/file", data=form, files={"name": (name, b"")}) for name in ("a.png", "b & c.png")]
    made = write(run, "Half a pound", state="open", assets=[each.json()["data"]["id"] for each in sent])
    subject, text = letter(org, post, guest)
    assert subject == "New comment: Weigh"
    assert "Mira Okoye commented on Weigh (" in text and "Half a pound" in text
    assert "Files: a.png, b &amp; c.png" in text
    org.api.data("POST", f"/tasks/{run.task_id('Weigh')}/bot-comment", {"content": "Beep"})
    org.api.data("PUT", f"/tasks/{run.task_id('Weigh')}/comment/{made['id']}", {"content": "A pound"})
    assert news(org, post, member, guest) == [[], []]
    run.change("Weigh", prevent_guest_comment=True).raise_for_status()
    write(run, "Two pounds", state="open")
    assert news(org, post, member, guest) == [["New comment: Weigh"], []]
    gone = write(run, "Three pounds")
    org.api.delete(f"/tasks/{run.task_id('Weigh')}/comment/{gone['id']}").raise_for_status()
    org.api.put(run.path("Weigh") + "/hide", {}).raise_for_status()
    write(run, "Four pounds")
    assert news(org, post, member) == [[]], "what is deleted or hidden by then is not told"


def test_who_is_mentioned_is_told_once_also_by_a_group(org: Organization, post: PostOffice) -> None:
    """behaviour-work M5, M6; behaviour-people N11: as an assignee and by mention; members of a group see the process then."""
    member, light, guest = org.person(first_name="Iris"), org.person("light"), org.guest()["email"]
    outsider = org.guest()["email"]
    group = org.group("Scales", members=[member, light], guests=[guest, outsider])["id"]
    run = run_of(org, "Weigh", "Pack")
    run.change("Weigh", owners={"users": [member.id, org.admin.id], "guests": [guest]}).raise_for_status()
    assert light.api.get(f"/runs/{run.id}").status_code == 404
    news(org, post)

    made = write(run, f"Ask @[{group}], @[{member.id}] or @[{'f' * 32}]", state="open")
    assert made["content"] == f"Ask <strong>Scales</strong>, <strong>Iris Okoye</strong> or @[{'f' * 32}]"
    told = news(org, post, member, light, guest, outsider, org.admin)
    assert told == [["You were mentioned: Weigh"]] * 3 + [[], []]
    assert light.api.get(f"/runs/{run.id}").status_code == 200
    org.api.data(
        "PUT", f"/tasks/{run.task_id('Weigh')}/comment/{made['id']}", {"content": f"@[{light.id}] @[{org.admin.id}]"}
    )
    assert news(org, post, member, light, org.admin) == [[], [], []]
    member.api.data("PUT", "/me/notifications", {"mentions": False})
    write(run, f"@[{group}]")
    subject, text = letter(org, post, member)
    assert (subject, "Mira Okoye commented on Weigh" in text, "Scales" in text) == ("New comment: Weigh", True, True)


def test_nobody_hears_by_a_mention_of_a_secret_task(org: Organization, post: PostOffice) -> None:
    """behaviour-people 3.3, 10.4: who sees it hears of it, without its title in the subject."""
    member, outsider = org.person(), org.person()
    run = run_of(org, "Weigh")
    run.assign("Weigh", member, top_secret=True)
    news(org, post)

    write(run, f"@[{outsider.id}] @[{member.id}]")
    assert news(org, post, member, outsider) == [["You were mentioned"], []]


def test_an_issue_and_what_became_of_it_are_told_to_who_takes_part(org: Organization, post: PostOffice) -> None:
    """behaviour-work I1, I5: to assignees, participants and the reporter, with the original text; it outranks what else is told."""
    member, other, outsider = (org.person() for _ in range(3))
    reporter = org.person("admin")
    guest = org.guest()["email"]
    run = run_of(org, "Weigh", {"title": "Pack", "assignees": [other.id]}, name="Iris")
    run.change("Weigh", owners={"users": [member.id], "guests": [guest]}).raise_for_status()
    run.complete("Weigh", by=member).raise_for_status()
    news(org, post)

    made = write(run, f"The scales are broken @[{member.id}]", by=reporter, route="problem")
    subject, text = letter(org, post, member)
    assert subject == "Issue reported: Weigh"
    assert "Mira Okoye reports an issue on Weigh (Iris):" in text and "The scales are broken" in text
    assert "mentions" not in text and "reopened" not in text

    answer = {"thread_id": made["id"], "content": "Mended them"}
    member.api.data("POST", f"/tasks/{run.task_id('Weigh')}/resolved-threads", answer)
    subject, text = letter(org, post, reporter)
    assert subject == "Issue resolved: Weigh"
    assert "Mended them" in text and "What was reported:" in text and "The scales are broken" in text

    write(run, "Broken again", by=reporter, label="problem", state="open")
    told = news(org, post, member, other, guest, org.admin, reporter, outsider)
    assert told == [["Issue reported: Weigh"]] * 4 + [[], []]


def test_an_issue_of_a_process_is_told_to_its_participants(org: Organization, post: PostOffice) -> None:
    """behaviour-work I5, I6."""
    member, guest = org.person(), org.guest()["email"]
    run = run_of(org, "Weigh", name="Iris")
    run.change("Weigh", owners={"users": [member.id], "guests": [guest]}).raise_for_status()
    news(org, post)

    made = org.api.data("POST", f"/runs/{run.id}/problem", {"content": "No scales"})
    assert news(org, post, member, guest, org.admin) == [["Issue reported: Iris"], [], []]
    member.api.data("POST", f"/runs/{run.id}/resolved-threads", {"thread_id": made["id"], "content": "Found"})
    assert news(org, post, org.admin, member) == [["Issue resolved: Iris"], []]


def test_a_changed_comment_is_told_as_what_it_has_become(org: Organization, post: PostOffice) -> None:
    """behaviour-work M5, I1: to whom it mentions now, by group too, and as an issue to all whom that concerns."""
    member, mentioned, inside = (org.person() for _ in range(3))
    group = org.group(members=[inside])["id"]
    run = run_of(org, "Weigh")
    run.assign("Weigh", member)
    made = write(run, "Half a pound")
    path = f"/tasks/{run.task_id('Weigh')}/comment/{made['id']}"
    news(org, post)

    org.api.data("PUT", path, {"content": f"Half a pound, @[{mentioned.id}] @[{group}]"})
    assert news(org, post, member, mentioned, inside) == [[], *[["You were mentioned: Weigh"]] * 2]
    org.api.data("PUT", path, {"label": "problem"})
    assert news(org, post, member, mentioned) == [["Issue reported: Weigh"], []]
