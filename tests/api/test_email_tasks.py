"""Tasks that are e-mails: whom they are sent to, what they say, how often. Spec: behaviour-templates 6."""

from typing import Any

from tests.api.task_runs import Run, run_of
from tests.builders import Organization
from tests.post import SENDER, PostOffice, text_of

TITLE = "Für {{who}}: Ihr Termin"
BODY = '<p>Hello {{who}}<img src="x" onerror="alert(1)"></p><script>alert(2)</script>'


def written(org: Organization, *, step_type: str = "email", **step: Any) -> Run:
    """A process whose second task is a mail that quotes the answer of the first."""
    ask = {"title": "Ask", "captures": [{"label": "Who"}]}
    template = org.template(steps=[ask, {"title": "Mail", "step_type": step_type}])
    alias = template["steps"][0]["captures"][0]["alias"]
    mail = template["steps"][1]
    texts = {"title": TITLE.replace("who", alias), "summary": BODY.replace("who", alias)}
    org.api.data("PUT", f"/checklists/{template['id']}/steps/{mail['id']}", {**texts, **step})
    run = Run(org, template)
    run.change("Ask", taskdata={run.field(): 'Zoë <b>"& Co"</b>'}).raise_for_status()
    return run


def mail_of(run: Run) -> str:
    return next(title for title in run.tasks() if title.startswith("Für"))


def test_a_completed_email_task_leaves_as_one_mail_to_each_assignee(org: Organization, post: PostOffice) -> None:
    """T-6.6, T-6.7; behaviour-work T2: with what stands in it now; the sender gets a copy. C: markup in answers is text."""
    sender, member, colleague = (
        org.person("admin", first_name="Åsa", last_name="Öberg, Dr."),
        org.person(),
        org.person(),
    )
    guest, gone = org.guest(first_name="Gus")["email"], org.guest()["email"]
    group = org.group(members=[colleague, member])["id"]
    org.api.data("DELETE", f"/guests/{gone}/disable")
    run = written(org)
    owners = {"users": [member.id], "guests": [guest, gone], "groups": [group]}
    run.change(mail_of(run), owners=owners).raise_for_status()

    run.complete(mail_of(run), by=sender).raise_for_status()
    assert post.taken == []
    assert post.send(servers=3).failed == 0
    post.send()

    for address in (sender.email, member.email, colleague.email, guest):
        [mail] = post.to(address)
        assert mail["Subject"] == 'Für Zoë <b>"& Co"</b>: Ihr Termin'
        assert mail["From"].addresses[0].addr_spec == SENDER
        assert mail["From"].addresses[0].display_name == "Åsa Öberg, Dr."
        assert mail["Reply-To"].addresses[0].addr_spec == sender.email
        assert [each.addr_spec for each in mail["To"].addresses] == [address]
        html = text_of(mail)
        assert "Hello Zoë &lt;b&gt;" in html
        assert "Fernwood" in html
        assert "script" not in html
        assert "onerror" not in html
        assert 'Hello Zoë <b>"& Co"</b>' in text_of(mail, "plain")
        assert mail["Auto-Submitted"] is None
    assert post.to(gone) == []
    feed = org.api.data("GET", f"/activity-feeds?entity_type=run&entity_id={run.id}")
    assert any("was sent by e-mail: to" in each["description"][0] for each in feed), feed


def test_a_draft_is_edited_sent_and_sent_again_after_reopening(org: Organization, post: PostOffice) -> None:
    """T-6.8 to T-6.11, N9: for this task only, chromeless; a guest may send it; what was sent is not taken back (behaviour-work W6)."""
    guest = org.guest(first_name="Gus", last_name="Ortega")["email"]
    run = written(org, send_chromeless=True)
    run.change(mail_of(run), owners={"guests": [guest], "users": [org.admin.id]}).raise_for_status()
    run.change(mail_of(run), summary="<p>Only this time</p>").raise_for_status()

    task = run.task_id(mail_of(run))
    done = org.guest_api(guest).post("/completed-tasks", {"task_id": task})
    done.raise_for_status()
    post.send()
    [mail] = post.to(guest)
    assert (mail["From"].addresses[0].display_name, mail["Reply-To"]) == ("Gus Ortega", f"Gus Ortega <{guest}>")
    assert "<body" in text_of(mail)
    assert text_of(mail).count("<p>") == 1
    assert text_of(mail, "plain").strip() == "Only this time"

    run.reopen(mail_of(run)).raise_for_status()
    run.change(mail_of(run), summary="<p>And this time</p>").raise_for_status()
    run.complete(mail_of(run)).raise_for_status()
    post.send()
    first, second = post.to(guest)
    assert text_of(second, "plain").strip() == "And this time"
    assert first["Message-ID"] != second["Message-ID"]
    undone = org.api.post(f"/tasks/{task}/undo")
    assert (undone.status_code, undone.json()["code"]) == (422, "CANNOT_UNDO")
    assert "has left" in undone.json()["message"]


def test_a_mail_to_nobody_is_refused_and_a_mail_said_to_have_expired_is_none(
    org: Organization, post: PostOffice
) -> None:
    """T-6.6, T-6.2."""
    run = run_of(org, {"title": "Draft", "step_type": "email"}, {"title": "Timed", "step_type": "expiring_email"})
    run.change("Draft", owners={"users": []}).raise_for_status()
    run.change("Timed", owners={"users": [org.person().id]}).raise_for_status()

    refused = run.complete("Draft")
    assert refused.status_code == 422
    assert list(refused.json()["errors"]) == ["owners"]
    run.complete("Timed", is_approved=False).raise_for_status()
    before = len(post.taken)
    post.send()
    assert not [message for _, message in post.taken[before:] if message["Subject"] in ("Draft", "Timed")]
