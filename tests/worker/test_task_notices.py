"""Mail on what becomes of tasks. Spec: behaviour-people 10.4 (28, 30, 31, 35, 42)."""

from tests.api.task_runs import Run, run_of
from tests.builders import Organization
from tests.post import PostOffice
from tests.worker.telling import letter, news

DAY = "2031-02-06T16:00:00Z"
LATER = "2031-02-09T16:00:00Z"


def test_a_moved_deadline_is_told_to_the_assignees_with_the_old_date_struck_through(
    org: Organization, post: PostOffice
) -> None:
    """behaviour-work D17, behaviour-people N1, 10.4: also to guests; the bulk tool's switch keeps it quiet, as its move does."""
    member, other, guest = org.person(), org.person(), org.guest()["email"]
    news(org, post)
    run = run_of(org, "Weigh", "Pack", name="Iris")
    owners = {"users": [member.id, org.admin.id], "guests": [guest]}
    run.change("Weigh", owners=owners, deadline=DAY).raise_for_status()
    run.assign("Pack", other)
    news(org, post)

    run.change("Weigh", deadline=LATER).raise_for_status()
    subject, text = letter(org, post, member)
    assert subject == "New deadline: Weigh"
    assert "Weigh (Iris) is due 2031-02-09 16:00 UTC now, no longer <s>2031-02-06 16:00</s>." in text
    run.change("Weigh", deadline=DAY).raise_for_status()
    assert news(org, post, member, guest, org.admin, other) == [[subject], [subject], [], []]

    entry = {"id": run.task_id("Weigh"), "deadline": LATER}
    org.api.data("PUT", f"/runs/{run.id}/tasks", {"tasks": [entry], "notify": False})
    assert news(org, post, member, guest) == [[], []]
    together = [{**entry, "deadline": DAY}, {"id": run.task_id("Pack"), "deadline": LATER}]
    org.api.data("PUT", f"/runs/{run.id}/tasks", {"tasks": together})
    assert news(org, post, member, other) == [[subject], ["New deadline: Pack"]]

    member.api.data("PUT", "/me/notifications", {"deadline_changes": False})
    run.change("Weigh", deadline=LATER).raise_for_status()
    assert news(org, post, member, guest) == [[], [subject]]


def test_a_rule_that_moves_a_deadline_tells_of_it_but_not_of_a_hidden_task(org: Organization, post: PostOffice) -> None:
    """behaviour-automations A-4.45: what is hidden is silent, until it is shown."""
    member = org.person()
    theirs = {"assignees": [member.id]}
    template = org.template(steps=["Weigh", {"title": "Pack", **theirs}, {"title": "Hide", **theirs}])
    weigh, *others = (step["id"] for step in template["steps"])
    condition = {"conditionable_type": "Step", "conditionable_id": weigh, "operation": "completed", "statement": None}
    shift = {"value": 30, "unit": "days", "option": "from"}
    then = [
        {"action_type": "deadline", "action_verb": "deadline", "target_step_id": step, "deadline": shift}
        for step in others
    ]
    rule = {"automated_alias": "r", "conditions": [{**condition, "logic": "and"}], "then_actions": then}
    org.api.data("POST", f"/checklists/{template['id']}/automated-actions", rule)
    run = Run(org, template)
    org.api.put(run.path("Hide") + "/hide", {}).raise_for_status()
    news(org, post)

    run.complete("Weigh").raise_for_status()
    subject, text = letter(org, post, member)
    assert subject == "New deadline: Pack"
    assert "Hide" not in text
    org.api.put(run.path("Hide") + "/show", {}).raise_for_status()
    assert news(org, post, member) == [["Your task: Hide"]]


def test_a_process_that_goes_on_tells_of_all_its_deadlines_at_once(org: Organization, post: PostOffice) -> None:
    """behaviour-work D17, behaviour-people N4: each assignee by one mail."""
    member = org.person()
    run = run_of(org, {"title": "Weigh", "assignees": [member.id]}, {"title": "Pack", "assignees": [member.id]})
    org.server.clock.freeze()
    org.api.data("POST", f"/runs/{run.id}/hold", {"reason": "Strike"})
    news(org, post)
    org.server.clock.advance(hours=20)
    org.api.request("DELETE", f"/runs/{run.id}/hold").raise_for_status()
    assert news(org, post, member) == [["2 tasks have new deadlines"]]


def test_a_reopened_task_is_told_to_whose_it_is(org: Organization, post: PostOffice) -> None:
    """behaviour-work R4, behaviour-people N1, 10.4: with its secret kept out of the subject."""
    member, other = org.person(), org.person()
    news(org, post)
    run = run_of(org, "Weigh")
    run.assign("Weigh", member, org.admin, top_secret=True)
    run.complete("Weigh", by=member).raise_for_status()
    news(org, post)

    run.reopen("Weigh").raise_for_status()
    subject, text = letter(org, post, member)
    assert subject == "A task was reopened"
    assert "Weigh (" in text and "was reopened by Mira Okoye" in text
    assert news(org, post, org.admin, other) == [[], []]
