"""Mail on what becomes of tasks. Spec: behaviour-people 10.4 (28, 30, 31, 35, 42)."""

from tests.api.task_runs import Run, chain, run_of
from tests.api.test_leaving_assignments import TakenOver
from tests.builders import Organization, Person
from tests.post import PostOffice, text_of
from tests.worker.telling import letter, news, tell

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


def test_a_task_that_reopening_gives_back_is_told_to_whose_it_is_again(org: Organization, post: PostOffice) -> None:
    """behaviour-automations A-9.4, A-4.35."""
    member = org.person()
    process = TakenOver(org, assignees=[member.id])
    news(org, post)

    process.given_back()

    assert news(org, post, member, process.mate) == [["Your task: Sign"], ["Other assignees: Sign"]]


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


def test_a_deadline_that_follows_another_tasks_completion_is_told_to_whose_it_is(
    org: Organization, post: PostOffice
) -> None:
    """behaviour-work D8, D16: held until then, and moved along later; `notify` keeps what follows quiet, too."""
    member = org.person()
    run = chain(org)
    run.change("First", deadline="2031-03-06T16:00:00Z").raise_for_status()
    for task in ("Second", "Before"):
        run.assign(task, member)
    news(org, post)

    run.change("First", deadline="2031-03-07T16:00:00Z").raise_for_status()
    assert news(org, post, member) == [["New deadline: Before"]]
    entry = {"id": run.task_id("First"), "deadline": "2031-03-08T16:00:00Z"}
    org.api.data("PUT", f"/runs/{run.id}/tasks", {"tasks": [entry], "notify": False})
    assert news(org, post, member) == [[]]
    run.complete("First").raise_for_status()
    subject, text = letter(org, post, member)
    assert subject == "New deadline: Second"
    assert "<s>" not in text, "a deadline that waited was none"
    [*_, last] = org.api.data("GET", run.path("Second") + "/explain")["history"]
    assert (last["event"], last["because"][0]["title"]) == ("task.updated", "First")


def test_an_edited_task_is_told_with_what_it_was(org: Organization, post: PostOffice) -> None:
    """behaviour-work Z10, behaviour-people 10.4: title and description; to assignees, not of what they do not read."""
    member = org.person()
    run = run_of(org, "Weigh", name="Iris")
    run.assign("Weigh", member)
    run.change("Weigh", summary="Use the <b>old</b> scales").raise_for_status()
    news(org, post)

    run.change("Weigh", title="Wéigh <it>", summary="Use the <b>new</b> scales").raise_for_status()
    subject, text = letter(org, post, member)
    assert subject == "Changed: Wéigh <it>"
    assert "Title: Wéigh &lt;it&gt;, before: <s>Weigh</s>" in text
    assert "Use the new scales" in text and "Before: <s>Use the old scales</s>" in text
    run.change("Wéigh <it>", max_assignable=3).raise_for_status()
    run.change("Wéigh <it>", title="Wéigh <it>").raise_for_status()
    assert news(org, post, member) == [[]]


def test_other_assignees_are_told_to_who_stays_and_who_goes(org: Organization, post: PostOffice) -> None:
    """behaviour-work N2, behaviour-people N4: who comes hears that the task is theirs, everybody by one mail."""
    stays, goes, comes = org.person(), org.person(), org.person(first_name="Nora")
    guest = org.guest()["email"]
    news(org, post)
    run = run_of(org, "Weigh")
    run.change("Weigh", owners={"users": [stays.id, goes.id], "guests": [guest]}).raise_for_status()
    news(org, post)

    run.assign("Weigh", stays, comes, deadline=DAY)
    tell(org)
    post.send()
    [mail] = post.to(stays.email)
    assert mail["Subject"] == "New deadline: Weigh"
    assert f"has other assignees, added: Nora Okoye; removed: Mira Okoye, {guest}." in text_of(mail)
    assert [[str(mail["Subject"]) for mail in post.to(who)] for who in (goes.email, guest, comes.email)] == [
        ["Other assignees: Weigh"], [], ["Your task: Weigh"],
    ]  # fmt: skip


def test_whoever_made_a_one_off_task_is_told_that_it_is_done(org: Organization, post: PostOffice) -> None:
    """behaviour-work Q6, behaviour-people N3a, 10.4: by somebody else, and how it was decided; e-mail tasks are messages."""
    member, maker = org.person(first_name="Otto"), org.person()
    news(org, post)

    def made(**body: object) -> str:
        plain = {"title": "Count", "task_type": "task", "deadline": DAY, "owners": {"users": [member.id, maker.id]}}
        return maker.api.data("POST", "/tasks", {**plain, **body})["id"]

    def done(task: str, by: Person, **body: object) -> None:
        by.api.post("/completed-tasks", {"task_id": task, **body}).raise_for_status()

    count, approve, own, mail = made(), made(task_type="approval"), made(), made(task_type="email")
    news(org, post)
    done(count, member)
    subject, text = letter(org, post, maker)
    assert (subject, "Count was completed by Otto Okoye." in text) == ("Completed: Count", True)
    done(approve, member, is_approved=False)
    assert "Count was rejected by Otto Okoye." in letter(org, post, maker)[1]
    done(own, maker)
    done(mail, org.admin)
    assert "Completed: Count" not in news(org, post, maker)[0]
    maker.api.data("PUT", "/me/notifications", {"others_updates": False})
    done(made(), member)
    assert news(org, post, maker) == [[]]
