"""Answers to mail about a task. Spec: behaviour-launching L-7.45, behaviour-work M11, behaviour-people N10."""

from email.message import EmailMessage
from typing import Any

import pytest

from tests.api.task_runs import Run, run_of
from tests.builders import Organization
from tests.mail.delivering import DOMAIN, Mailbox, mail, with_files

ANSWER = "It is done.\n\nOn Mon, 1 Mar 2027 at 10:00, Flow <flow@procession.test> wrote:\n> Reminder of a task\n"


@pytest.fixture
def run(org: Organization) -> Run:
    """Of two tasks: once the second is done, the first is hidden."""
    template = org.template(steps=["Weigh", "Pack"])
    weigh, pack = (step["id"] for step in template["steps"])
    done = {"conditionable_type": "Step", "conditionable_id": pack, "operation": "completed", "statement": None}
    hide = {"action_type": "visibility", "action_verb": "hide", "target_step_id": weigh}
    rule = {"automated_alias": "r", "conditions": [{**done, "logic": "and"}], "then_actions": [hide]}
    org.api.data("POST", f"/checklists/{template['id']}/automated-actions", rule)
    return Run(org, template)


def reminded(run: Run, mailbox: Mailbox, *people: str) -> list[str]:
    """Where the answers of each of these go, after they were reminded of the task."""
    run.org.api.data("POST", f"/tasks/{run.task_id('Weigh')}/remind")
    mailbox.post.send()
    return [reply_to(mailbox.post.to(each)[-1]) for each in people]


def reply_to(message: EmailMessage) -> str:
    return message["Reply-To"].addresses[0].addr_spec


def comments(run: Run) -> list[dict[str, Any]]:
    path = f"/runs/{run.id}/tasks/{run.task_id('Weigh')}?with=threads"
    return run.org.api.data("GET", path)["threads"]["data"]


def names(comment: dict[str, Any]) -> list[str]:
    return [each["filename"] for each in comment["assets"]]


def test_m11_an_answer_is_a_comment_of_whoever_was_mailed(run: Run, mailbox: Mailbox) -> None:
    """L-7.45, N10: members and guests, with what is attached, without what they answer; a member's is hidden from guests."""
    member, guest = run.org.person(), run.org.guest()["email"]
    run.change("Weigh", owners={"users": [member.id], "guests": [guest]}).raise_for_status()
    of_member, of_guest = reminded(run, mailbox, member.email, guest)
    assert of_member != of_guest and f"bot+{run.task_id('Weigh')}-comment-task-" in of_member

    by_member = with_files(mail(member.email, of_member, "Re: Reminder", ANSWER), ("scale.pdf", b"%PDF"))
    by_guest = mail(guest.upper(), of_guest.upper(), "Re: Reminder", "Ask @[1] or +eve@evil.test")
    assert [mailbox.deliver(each)[0] for each in (by_member, by_guest, by_guest)] == [
        "commented",
        "commented",
        "repeated",
    ]

    second, first = sorted(comments(run), key=lambda each: each["content"])
    assert (first["content"], names(first)) == ("<p>It is done.</p>", ["scale.pdf"])
    assert (first["author"]["id"], first["state"]) == (member.id, "hide-for-guests")
    assert (second["author"]["email"], second["state"], second["sent_to"]) == (guest, "open", [])
    assert run.org.api.get("/guests/eve@evil.test").status_code == 404, "nobody is invited by mail"
    assert run.org.differences() == []


@pytest.mark.parametrize(
    "who", ["colleague", "stranger", "bare", "former", "disabled guest", "another's code", "another task"]
)
def test_l_7_45_whoever_was_not_mailed_cannot_comment(run: Run, mailbox: Mailbox, who: str) -> None:
    """L-7.49: they are told, and nothing is written."""
    org = run.org
    member, colleague, former, guest = org.person(), org.person(), org.person(), org.guest()["email"]
    owners = {"users": [member.id, former.id], "guests": [guest]}
    run.change("Weigh", owners=owners).raise_for_status()
    of_member, of_former, of_guest = reminded(run, mailbox, member.email, former.email, guest)
    org.api.request("DELETE", f"/users/{former.id}/disable").raise_for_status()
    org.api.request("DELETE", f"/guests/{guest}/disable").raise_for_status()
    other = org.one_off(member)["id"]
    sender, to = {
        "colleague": (colleague.email, of_member),
        "stranger": (f"x{org.number}@elsewhere.test", of_member),
        "bare": (member.email, f"bot+{run.task_id('Weigh')}-comment-task@{DOMAIN}"),
        "former": (former.email, of_former),
        "disabled guest": (guest, of_guest),
        "another's code": (member.email, of_guest),
        "another task": (member.email, of_member.replace(run.task_id("Weigh"), other)),
    }[who]

    assert mailbox.deliver(mail(sender, to, "Re:", ANSWER))[0] == "refused"
    [told] = [each for each in mailbox.answers_to(sender) if "had no effect" in each]
    assert "may still comment" in told
    assert comments(run) == []
    assert mailbox.deliver(mail(member.email, of_member, "Re:", ANSWER))[0] == "commented"


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        pytest.param("completed", "commented", id="a completed task"),
        pytest.param("archived", "refused", id="an archived process"),
        pytest.param("unwanted", "refused", id="M4 guests' comments are not wanted"),
        pytest.param("taken away", "refused", id="the task is somebody else's by now"),
        pytest.param("hidden", "refused", id="the task is hidden"),
    ],
)
def test_an_answer_may_do_what_a_comment_may(run: Run, mailbox: Mailbox, state: str, expected: str) -> None:
    """M11, L-7.49."""
    org, guest = run.org, run.org.guest()["email"]
    run.change("Weigh", owners={"users": [org.admin.id], "guests": [guest]}).raise_for_status()
    [to] = reminded(run, mailbox, guest)
    if state == "completed":
        run.complete("Weigh").raise_for_status()
    elif state == "archived":
        org.api.request("DELETE", f"/runs/{run.id}").raise_for_status()
    elif state == "taken away":
        run.change("Weigh", owners={"users": [org.admin.id], "guests": []}).raise_for_status()
    elif state == "hidden":
        run.complete("Pack").raise_for_status()
    else:
        run.change("Weigh", prevent_guest_comment=True).raise_for_status()

    effect, _ = mailbox.deliver(with_files(mail(guest, to, "Re:", "So it is."), ("a.pdf", b"%PDF")))

    assert effect == expected
    found = comments(run)
    assert len(found) == (1 if expected == "commented" else 0)
    assert [names(each) for each in found] == [["a.pdf"]] * len(found)


def test_an_answer_that_says_nothing_is_none(run: Run, mailbox: Mailbox) -> None:
    """M11: and one that only quotes is kept whole."""
    member = run.org.person()
    run.change("Weigh", owners={"users": [member.id]}).raise_for_status()
    [to] = reminded(run, mailbox, member.email)

    assert mailbox.deliver(mail(member.email, to, "Re:", " \n"))[0] == "ignored"
    assert mailbox.deliver(with_files(mail(member.email, to, "Re:", " \n"), ("a.pdf", b"%PDF")))[0] == "commented"
    [bare] = comments(run)
    assert (bare["content"], names(bare)) == ("<p><em>Attached: a.pdf.</em></p>", ["a.pdf"])
    assert mailbox.deliver(mail(member.email, to, "Re:", "> quoted only"))[0] == "commented"
    assert comments(run)[1]["content"] == "<p>&gt; quoted only</p>"


def test_what_the_bot_wrote_is_no_way_into_another_organization(
    run: Run, other_org: Organization, mailbox: Mailbox
) -> None:
    """L-7.49: a code is good for the organization it was made in."""
    person = run.org.person()
    other_org.join(person)
    run.change("Weigh", owners={"users": [person.id]}).raise_for_status()
    theirs = run_of(other_org, "Weigh")
    theirs.change("Weigh", owners={"users": [person.id]}).raise_for_status()
    [here], [there] = reminded(run, mailbox, person.email), reminded(theirs, mailbox, person.email)

    swapped = here.replace(run.task_id("Weigh"), theirs.task_id("Weigh"))
    assert mailbox.deliver(mail(person.email, swapped))[0] == "refused"
    assert mailbox.deliver(mail(person.email, there))[0] == "commented"
    assert (len(comments(run)), len(comments(theirs))) == (0, 1)
