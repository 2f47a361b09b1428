"""Mail that tasks have become somebody's. Spec: behaviour-people 10.2."""

from collections.abc import Callable

from tests.api.task_runs import Run
from tests.builders import Organization
from tests.harness import Server
from tests.post import PostOffice, text_of
from tests.worker.telling import tell


def test_people_are_told_once_of_all_that_became_theirs_by_one_operation(org: Organization, post: PostOffice) -> None:
    """behaviour-automations A-4.22; behaviour-people N1, N3 to N5: shown, visible tasks, not to who did it."""
    member, colleague, guest = org.person(), org.person(), org.guest()["email"]
    group = org.group(members=[colleague])["id"]
    everybody = {"assignees": [member.id, org.admin.id], "groups": [group], "guests": [guest]}
    template = org.template(
        steps=[
            {"title": "Weigh", **everybody},
            {"title": "Pack", "assignees": [member.id]},
            {"title": "Ship", "assignees": [member.id]},
            {"title": "Mail", "step_type": "email", **everybody},
        ]
    )
    weigh, _, ship, _ = (step["id"] for step in template["steps"])
    completed = {"conditionable_type": "Step", "conditionable_id": weigh, "operation": "completed", "statement": None}
    show = {"action_type": "visibility", "action_verb": "show", "target_step_id": ship}
    rule = {"automated_alias": "r", "conditions": [{**completed, "logic": "and"}], "then_actions": [show]}
    org.api.data("POST", f"/checklists/{template['id']}/automated-actions", rule)
    Run(org, template)
    tell(org)
    assert post.send().sent == 0, "what happened before is past"

    run = Run(org, template)
    assert tell(org, servers=3) == 3
    post.send()
    [mail] = post.to(member.email)
    assert mail["Subject"] == "2 tasks for you"
    assert ("Weigh" in text_of(mail), "Pack" in text_of(mail), "Ship" in text_of(mail)) == (True, True, False)
    assert "0 of 3 tasks done" in text_of(mail)
    for address in (colleague.email, guest):
        [mail] = post.to(address)
        assert mail["Subject"] == "Your task: Weigh"
    assert post.to(org.admin.email) == []

    run.complete("Weigh").raise_for_status()
    assert tell(org) == 1
    post.send()
    assert [mail["Subject"] for mail in post.to(member.email)][1:] == ["Your task: Ship"]
    assert tell(org) == 0


def test_only_who_came_is_told_of_a_task_that_changes_hands(org: Organization, post: PostOffice) -> None:
    """behaviour-work N2, behaviour-people N6, 10.3: who is not mailed by choice or does not have it any more is not told."""
    first, second, third, quiet = (org.person() for _ in range(4))
    tell(org)
    task = org.one_off(first, title="Count")
    path = f"/tasks/{task['id']}"
    tell(org)
    assert quiet.api.data("PUT", "/me/notifications", {"task_assignments": False})["task_assignments"] is False
    wanted = third.api.data("GET", "/me/notifications")
    assert (wanted.pop("stop_all"), set(wanted.values()), len(wanted)) == (False, {True}, 8)

    def assign(*people: int) -> None:
        body = {"title": "Count", "deadline": task["deadline"], "owners": {"users": people}}
        org.api.data("PUT", path, body)

    assign(first.id, third.id)
    assign(first.id, second.id, quiet.id)
    assert tell(org) == 3
    post.send()
    assert [len(post.to(each.email)) for each in (first, second, third, quiet)] == [2, 1, 1, 0]
    [_, stays], [goes] = post.to(first.email), post.to(third.email)
    assert stays["Subject"] == goes["Subject"] == "Other assignees: Count"


def test_a_member_who_wants_no_mail_at_all_gets_no_reminder_either(new_server: Callable[..., Server]) -> None:
    """N7."""
    org = Organization(new_server(smtp_host="127.0.0.1", smtp_from="flow@procession.test"))
    quiet, person = org.person(), org.person()
    quiet.api.data("PUT", "/me/notifications", {"stop_all": True})
    task = org.one_off(quiet, person)

    assert org.api.data("POST", f"/tasks/{task['id']}/remind") == {"sent": 1}
