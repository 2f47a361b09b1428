"""Mail on what becomes of processes. Spec: behaviour-people 10.4 (37, 38, 39)."""

from tests.api.task_runs import run_of
from tests.builders import Organization
from tests.post import PostOffice
from tests.worker.telling import letter, news


def test_a_new_owner_is_told_what_is_still_to_be_done(org: Organization, post: PostOffice) -> None:
    """behaviour-work L2: as far as they see it, with its deadlines; who takes part hears whose it is now."""
    owner, member, light = org.person(), org.person(first_name="Otto"), org.person("light")
    news(org, post)
    run = run_of(org, "Weigh", "Pack", "Seal", "Done", name="Iris")
    run.assign("Weigh", member, deadline="2031-02-06T16:00:00Z")
    run.assign("Pack", light, top_secret=True)
    run.complete("Done").raise_for_status()
    news(org, post)

    org.api.data("PUT", f"/runs/{run.id}", {"owner_id": owner.id})
    subject, text = letter(org, post, owner)
    assert subject == "Your process: Iris"
    assert "Iris is yours now, before it was owned by Mira Okoye." in text
    assert "Weigh, due 2031-02-06 16:00 UTC" in text
    assert ("Seal" in text, "Pack" in text, "Done" in text) == (True, False, False)

    org.api.data("PUT", f"/runs/{run.id}", {"owner_id": member.id})
    assert news(org, post, member, light, owner, org.admin) == [["Your process: Iris"], ["Changed: Iris"], [], []]
    org.api.data("PUT", f"/runs/{run.id}", {"owner_id": org.admin.id})
    assert news(org, post, org.admin) == [[]], "whoever does it is not told"


def test_a_finished_process_is_told_once_to_whom_it_concerns(org: Organization, post: PostOffice) -> None:
    """behaviour-people N5, N6, 10.4: owner, launcher and who had a task; not once it is open again or archived."""
    owner, member, quiet, guest = org.person(), org.person(), org.person(), org.guest()["email"]
    quiet.api.data("PUT", "/me/notifications", {"process_completed": False})
    news(org, post)
    run = run_of(org, "Weigh", name="Iris")
    owners = {"users": [member.id, quiet.id], "guests": [guest]}
    run.change("Weigh", owners=owners).raise_for_status()
    org.api.data("PUT", f"/runs/{run.id}", {"owner_id": owner.id})
    news(org, post)

    run.complete("Weigh", by=member).raise_for_status()
    subjects = news(org, post, owner, org.admin, quiet, guest, member)
    assert subjects == [["Finished: Iris"], ["Finished: Iris"], [], [], []]
    run.reopen("Weigh").raise_for_status()
    news(org, post)
    run.complete("Weigh").raise_for_status()
    run.reopen("Weigh").raise_for_status()
    assert news(org, post, owner, member) == [[], ["Reopened: Weigh"]]
    run.complete("Weigh").raise_for_status()
    org.api.request("DELETE", f"/runs/{run.id}").raise_for_status()
    assert news(org, post, owner, member) == [[], []]


def test_a_changed_process_is_told_to_who_takes_part(org: Organization, post: PostOffice) -> None:
    """behaviour-work Z10, behaviour-people N1: name, notes and kick-off form; by one mail; stars and folders concern nobody."""
    member, outsider = org.person(), org.person()
    news(org, post)
    run = run_of(org, {"title": "Weigh", "assignees": [member.id]}, name="Iris")
    path = f"/runs/{run.id}"
    news(org, post)

    org.api.data("PUT", path, {"name": "Irisé <b>", "summary": "Hurry"})
    subject, text = letter(org, post, member)
    assert subject == "Changed: Irisé <b>"
    assert "Iris was changed by Mira Okoye:" in text and "it has other notes" in text
    assert "it is called Irisé &lt;b&gt; now, no longer <s>Iris</s>" in text
    org.api.data("PUT", path, {"name": "Irisé <b>", "starred": True, "summary": "Hurry"})
    assert news(org, post, member, outsider) == [[], []]
    org.api.data("PUT", path, {"name": "Nora"})
    assert news(org, post, member, outsider, org.admin) == [["Changed: Nora"], [], []]
