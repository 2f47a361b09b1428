"""What those who watch something are told, at once or later together. Spec: behaviour-people 10.7, 10.4 (32, 33, 40, 41, 51 to 53)."""

import asyncio
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from procession.domain.watchers import Frequency, next_digest
from procession.worker.timers import fire_due
from tests.api.task_runs import NOW, Run
from tests.builders import Organization, Person
from tests.post import PostOffice, text_of
from tests.worker.telling import letter, news, tell


def watch(who: Person, kind: str, key: object, frequency: Frequency = "electric", *, by: Person | None = None) -> int:
    body = {"object_type": kind, "object_id": key, "notification_type": "email", "frequency": frequency}
    return (by or who).api.data("POST", f"/users/{who.id}/add-watcher", body)["id"]


def fire(org: Organization, servers: int = 1) -> None:
    async def work() -> None:
        edge = org.server.edge
        await asyncio.gather(*[fire_due(edge.database, edge.clock, edge.means, edge.files) for _ in range(servers)])

    org.server.run(work())


def at(org: Organization, instant: int) -> None:
    org.server.clock.freeze(instant)
    org.admin.api.token = org.token(org.admin.id)


def local(text: str, zone: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def open_run(org: Organization, *steps: str, name: str) -> Run:
    """A process that every member sees, as its template."""
    return Run(org, seen_by_all(org, steps=steps), name=name)


def seen_by_all(org: Organization, **template: Any) -> dict[str, Any]:
    made = org.template(**template)
    entries = [{"permission": each, "all": True} for each in ("PROCESS_READ", "CHECKLIST_READ")]
    org.api.request("PUT", f"/checklists/{made['id']}/permissions", json=entries).raise_for_status()
    return made


def test_who_watches_a_process_hears_what_becomes_of_it(org: Organization, post: PostOffice) -> None:
    """behaviour-people 10.7, behaviour-work L2: tasks completed, the end, the archive, the owner; not what is only said."""
    watcher, owner = org.person(), org.person(first_name="Otto", last_name="Berg")
    news(org, post)
    run = open_run(org, "First", "Weigh", "Pack", name="Iris")
    run.complete("First").raise_for_status()
    watch(watcher, "run", run.id)
    assert news(org, post, watcher) == [[]], "of what was before they watched"

    run.complete("Weigh").raise_for_status()
    subject, text = letter(org, post, watcher)
    assert subject == "You watch this: Weigh"
    assert "Weigh (Iris) was completed by Mira Okoye." in text
    org.api.data("PUT", f"/runs/{run.id}", {"owner_id": owner.id})
    assert "Iris is owned by Otto Berg now." in letter(org, post, watcher)[1]
    run.complete("Pack").raise_for_status()
    subject, text = letter(org, post, watcher)
    assert subject == "2 news of what you watch"
    assert "Pack (Iris) was completed by Mira Okoye." in text
    assert "Iris is finished: 3 of 3 tasks done." in text
    org.api.request("DELETE", f"/runs/{run.id}").raise_for_status()
    assert "<p>Iris was archived by Mira Okoye.</p></div>" in letter(org, post, watcher)[1]
    org.api.data("PUT", f"/runs/{run.id}/activate")
    assert "Iris was restored by Mira Okoye." in letter(org, post, watcher)[1]

    run.reopen("Pack").raise_for_status()
    run.change("Pack", deadline="2031-02-09T16:00:00Z").raise_for_status()
    org.api.data("POST", f"/runs/{run.id}/comment", {"content": "Hello"})
    org.api.data("PUT", f"/runs/{run.id}", {"name": "Nora"})
    assert news(org, post, watcher) == [[]]


def test_who_watches_a_task_hears_of_its_state_its_people_and_its_date(org: Organization, post: PostOffice) -> None:
    """behaviour-people 10.7: not of comments, files or answers."""
    watcher, member = org.person(), org.person(first_name="Otto", last_name="Berg")
    news(org, post)
    run = open_run(org, "Weigh", "Pack", name="Iris")
    watch(watcher, "task", run.task_id("Weigh"))
    news(org, post)

    run.assign("Weigh", member)
    assert "Weigh (Iris) has other assignees, added: Otto Berg" in letter(org, post, watcher)[1]
    run.change("Weigh", deadline="2031-02-09T16:00:00Z").raise_for_status()
    assert "Weigh (Iris) is due 2031-02-09 16:00 UTC now" in letter(org, post, watcher)[1]
    run.complete("Weigh").raise_for_status()
    assert "Weigh (Iris) was completed by Mira Okoye." in letter(org, post, watcher)[1]
    run.reopen("Weigh").raise_for_status()
    assert "Weigh (Iris) was reopened by Mira Okoye" in letter(org, post, watcher)[1]
    org.api.data("POST", f"/tasks/{run.task_id('Weigh')}/comment", {"content": "Hello"})
    run.change("Weigh", summary="Mind the scales").raise_for_status()
    run.complete("Pack").raise_for_status()
    assert news(org, post, watcher) == [[]]


def test_what_a_rule_re_opened_is_told_as_that(org: Organization, post: PostOffice) -> None:
    """behaviour-people 10.7, 10.4.1 (30): whoever made the rule fire did not re-open it."""
    watcher = org.person()
    template = seen_by_all(org, steps=["Weigh", "Pack"])
    weigh, pack = (step["id"] for step in template["steps"])
    condition = {"conditionable_type": "Step", "conditionable_id": pack, "operation": "completed", "logic": "and"}
    then = {"action_type": "status", "action_verb": "reopen", "target_step_id": weigh}
    rule = {"automated_alias": "Again", "conditions": [{**condition, "statement": None}], "then_actions": [then]}
    org.api.data("POST", f"/checklists/{template['id']}/automated-actions", rule)
    news(org, post)
    run = Run(org, template, name="Iris")
    run.complete("Weigh").raise_for_status()
    watch(watcher, "task", run.task_id("Weigh"))
    news(org, post)
    run.complete("Pack").raise_for_status()
    assert "Weigh (Iris) was reopened by a rule" in letter(org, post, watcher)[1]


def test_who_watches_a_template_hears_of_its_launches_and_of_its_steps_fields_and_rules(
    org: Organization, post: PostOffice
) -> None:
    """behaviour-launching L-6.4, behaviour-people 10.7 (33, 40), behaviour-templates 17."""
    watcher, member = org.person(), org.person(first_name="Otto", last_name="Berg")
    template = seen_by_all(org, title="Move in", steps=["Weigh"])
    path, [weigh] = f"/checklists/{template['id']}", template["steps"]
    watch(watcher, "checklist", template["id"])
    news(org, post)

    org.process(template, name="Iris")
    subject, text = letter(org, post, watcher)
    assert (subject, "Iris was launched by Mira Okoye." in text) == ("You watch this: Iris", True)
    pack = org.api.data("POST", f"{path}/steps", {"title": "Pack"})
    subject, text = letter(org, post, watcher)
    assert subject == "You watch this: Move in"
    assert "Move in was changed by Mira Okoye:" in text and "The step “Pack” was added." in text
    org.api.data("PUT", f"{path}/steps/{weigh['id']}", {"title": "Weigh", "assignees": [member.id]})
    assert "Otto Berg" in letter(org, post, watcher)[1]
    field = {"field_type": "text", "label": "Kilos", "required": False}
    made = org.api.data("POST", f"{path}/steps/{weigh['id']}/captures", field)
    assert "Kilos" in letter(org, post, watcher)[1]
    org.api.request("DELETE", f"{path}/steps/{weigh['id']}/captures/{made['id']}").raise_for_status()
    assert "Kilos" in letter(org, post, watcher)[1]
    org.api.data("POST", f"{path}/comment", {"content": "Too short"})
    assert "Mira Okoye commented on Move in:" in letter(org, post, watcher)[1]
    org.api.data("POST", f"{path}/problem", {"content": "Unclear"})
    assert "Unclear" in letter(org, post, watcher)[1]
    org.allow(template, "CHECKLIST_EDIT", member.id)
    assert "Its permissions were changed." in letter(org, post, watcher)[1]
    condition = {
        "conditionable_type": "Step",
        "conditionable_id": weigh["id"],
        "operation": "completed",
        "logic": "and",
    }
    then = {"action_type": "visibility", "action_verb": "show", "target_step_id": pack["id"]}
    rule = {"automated_alias": "Then pack", "conditions": [{**condition, "statement": None}], "then_actions": [then]}
    org.api.data("POST", f"{path}/automated-actions", rule)
    assert "Then pack" in letter(org, post, watcher)[1]
    [made] = org.api.data("GET", path)["automated_actions"]
    org.api.delete(f"{path}/automated-actions/{made['id']}").raise_for_status()
    news(org, post)
    org.api.request("DELETE", f"{path}/steps/{pack['id']}").raise_for_status()
    assert "The step “Pack” was removed." in letter(org, post, watcher)[1]

    org.api.data("PUT", path, {"title": "Move out"})
    org.api.data("PUT", f"{path}/steps/{weigh['id']}", {"title": "Measure"})
    org.process(org.template(steps=["Weigh"]))
    assert news(org, post, watcher) == [[]]


def test_t_2_3_watchers_read_of_templates_they_know_of_by_their_names(org: Organization, post: PostOffice) -> None:
    """Each in a mail of their own. Spec: behaviour-people 10.7 (40), behaviour-templates 14."""
    stranger, reader = org.person(), org.person()
    template, target = seen_by_all(org, steps=["Weigh"]), org.template("Severance", steps=["X"])
    org.allow(target, "CHECKLIST_READ", reader.id)
    for each in (stranger, reader):
        watch(each, "checklist", template["id"])
    weigh = template["steps"][0]["id"]
    action = {"action_type": "launch", "action_verb": "launch_process", "target_step_id": weigh}
    action |= {"launch": {"checklist_id": target["id"]}}
    condition = {"conditionable_type": "Step", "conditionable_id": weigh, "operation": "completed", "logic": "and"}
    rule = {"automated_alias": "R1", "conditions": [{**condition, "statement": None}], "then_actions": [action]}
    news(org, post)

    org.api.data("POST", f"/checklists/{template['id']}/automated-actions", rule)

    tell(org)
    post.send()
    said = [text_of(post.to(each.email)[0]) for each in (stranger, reader)]
    assert "then launch another template for step" in said[0] and "Severance" not in said[0]
    assert 'then launch template "Severance" for step' in said[1].replace("&quot;", '"')


@pytest.mark.parametrize("frequency", ["electric", "mindful"])
def test_t_10_7_readers_hear_of_a_draft_when_it_is_published(
    org: Organization, post: PostOffice, frequency: Frequency
) -> None:
    """Its editors of each change when it is made, and not again. Spec: behaviour-templates 14."""
    at(org, NOW)
    reader, editor = org.person(), org.person()
    template = seen_by_all(org, title="Dual", steps=["Weigh"], dual_version_enabled=True)
    path = f"/checklists/{template['id']}"
    org.allow(template, "CHECKLIST_EDIT", editor.id)
    org.api.data("PUT", f"{path}/publish")
    for each in (reader, editor):
        watch(each, "checklist", template["id"], frequency)
    news(org, post)

    def heard() -> list[str]:
        tell(org)
        at(org, org.server.clock.advance(hours=4))
        fire(org)
        post.send()
        found = ["".join(text_of(mail) for mail in post.to(each.email)) for each in (reader, editor)]
        post.taken.clear()
        return found

    org.api.data("POST", f"{path}/steps", {"title": "Pack"})
    org.allow(template, "CHECKLIST_READ", reader.id)
    of_reader, of_editor = heard()
    assert "Its permissions were changed." in of_reader and "Pack" not in of_reader
    assert "Its permissions were changed." in of_editor and "The step “Pack” was added." in of_editor
    org.api.data("PUT", f"{path}/publish")
    of_reader, of_editor = heard()
    assert "Dual was changed by Mira Okoye:" in of_reader and "Pack" in of_reader
    assert of_editor == ""


def test_who_watches_a_document_hears_of_its_text(org: Organization, post: PostOffice) -> None:
    """behaviour-people 10.7 (51), behaviour-templates 16: not of its title."""
    watcher = org.person()
    deed = seen_by_all(org, title="Deed", type="document", body="<p>Old</p>")
    watch(watcher, "checklist", deed["id"])
    news(org, post)
    org.api.data("PUT", f"/checklists/{deed['id']}", {"title": "Deed", "body": "<p>New</p>"})
    subject, text = letter(org, post, watcher)
    assert (subject, "Deed was changed by Mira Okoye:" in text) == ("You watch this: Deed", True)
    org.api.data("PUT", f"/checklists/{deed['id']}", {"title": "The deed"})
    assert news(org, post, watcher) == [[]]


def test_who_watches_a_member_hears_what_they_launch_and_complete(org: Organization, post: PostOffice) -> None:
    """behaviour-people 10.7: whoever is watched is not told, and what others do says nothing of them."""
    admin, member, other = org.person("admin"), org.person(first_name="Otto", last_name="Berg"), org.person()
    news(org, post)
    watch(admin, "user", member.id)
    template = seen_by_all(org, steps=["Weigh", "Pack"])
    org.allow(template, "PROCESS_LAUNCH", member.id)
    launched = member.api.data("POST", "/runs", {"checklist_id": template["id"], "name": "Iris"})
    assert "Iris was launched by Otto Berg." in letter(org, post, admin)[1]
    run = Run.__new__(Run)
    run.org, run.template, run.id = org, template, launched["id"]
    run.assign("Weigh", member, other)
    news(org, post)
    run.complete("Weigh", by=member).raise_for_status()
    assert "Weigh (Iris) was completed by Otto Berg." in letter(org, post, admin)[1]
    run.complete("Pack").raise_for_status()
    assert news(org, post, admin, other) == [[], ["Finished: Iris"]]


def test_who_watches_the_organization_hears_of_the_seven_events(org: Organization, post: PostOffice) -> None:
    """api-content 4.3: launches, ends, completions, assignees, comments, issues and what became of them."""
    admin, member = org.person("admin"), org.person()
    news(org, post)
    watch(admin, "organization", org.id)
    run = open_run(org, "Weigh", name="Iris")
    assert news(org, post, admin) == [["You watch this: Iris"]]
    run.assign("Weigh", member)
    assert news(org, post, admin) == [["You watch this: Weigh"]]
    org.api.data("POST", f"/tasks/{run.task_id('Weigh')}/comment", {"content": "Hello"})
    assert "Mira Okoye commented on Weigh (Iris):" in letter(org, post, admin)[1]
    written = {"content": "No scales", "label": "problem", "state": "open"}
    issue = org.api.data("POST", f"/tasks/{run.task_id('Weigh')}/comment", written)
    assert "Mira Okoye reports an issue on Weigh (Iris):" in letter(org, post, admin)[1]
    answer = {"thread_id": issue["id"], "content": "Bought"}
    org.api.data("POST", f"/tasks/{run.task_id('Weigh')}/resolved-threads", answer)
    subject, text = letter(org, post, admin)
    assert (subject, "Mira Okoye resolved an issue on Weigh (Iris):" in text) == ("You watch this: Weigh", True)
    run.complete("Weigh").raise_for_status()
    assert news(org, post, admin) == [["2 news of what you watch"]]


def test_nobody_is_told_twice_nor_of_what_they_do_not_see(org: Organization, post: PostOffice) -> None:
    """behaviour-people N1, N11, ML9, T-4.13: watching gives nothing to see; what one is told anyway is not said again."""
    watcher, hook = org.person(), org.person()
    news(org, post)
    run = open_run(org, "Weigh", "Pack", name="Iris")
    run.assign("Weigh", watcher)
    for kind, key in (("run", run.id), ("task", run.task_id("Weigh")), ("task", run.task_id("Pack"))):
        watch(watcher, kind, key)
    body = {"object_type": "run", "object_id": run.id, "webhook": "https://hooks.example/iris"}
    hook.api.data("POST", f"/users/{hook.id}/add-watcher", body)
    news(org, post)

    run.change("Weigh", deadline="2031-02-09T16:00:00Z").raise_for_status()
    subject, text = letter(org, post, watcher)
    assert (subject, text.count("is due 2031-02-09")) == ("New deadline: Weigh", 1)
    run.complete("Weigh", by=watcher).raise_for_status()
    assert news(org, post, watcher, hook) == [[], []], "own acts are no news, and a hook is no mail"
    run.assign("Pack", org.admin, top_secret=True)
    news(org, post)
    run.complete("Pack").raise_for_status()
    subject, text = letter(org, post, watcher)
    assert (subject, "Pack" in text, text.count("finished")) == ("Finished: Iris", False, 1)
    watcher.api.data("PUT", "/me/notifications", {"stop_all": True})
    run.reopen("Weigh").raise_for_status()
    assert news(org, post, watcher) == [[]]


@pytest.mark.parametrize(
    ("frequency", "zone", "then", "told"),
    [
        ("electric", "UTC", "2026-09-21T14:13:20", "2026-09-21T14:13:20"),
        ("mindful", "UTC", "2026-09-21T14:13:20", "2026-09-21T15:00:00"),
        ("mindful", "UTC", "2026-09-21T15:00:00", "2026-09-21T18:00:00"),
        ("mindful", "Asia/Kolkata", "2026-09-21T22:30:00", "2026-09-22T00:00:00"),
        # The hour of the digest does not exist on that night.
        ("mindful", "Europe/Berlin", "2026-03-29T01:30:00", "2026-03-29T03:00:00"),
        ("chilled", "Europe/Berlin", "2026-09-21T05:59:59", "2026-09-21T06:00:00"),
        ("chilled", "Europe/Berlin", "2026-09-21T06:00:00", "2026-09-22T06:00:00"),
    ],
)
def test_what_waits_is_told_at_the_hours_of_whoever_watches(
    frequency: Frequency, zone: str, then: str, told: str
) -> None:
    """behaviour-people 10.7: every three hours, or once a day."""
    assert next_digest(frequency, local(then, zone), zone) == local(told, zone)


def test_what_waited_is_told_once_in_one_mail_by_whichever_server(org: Organization, post: PostOffice) -> None:
    """behaviour-people 10.7 (52), N8: with when and by whom; what is so no more, or not watched any more, is not told."""
    at(org, NOW)
    watcher, calm, gone = org.person(), org.person(), org.person()
    news(org, post)
    run, other = open_run(org, "Weigh", "Pack", "Seal", name="Iris"), open_run(org, "Weigh", name="Nora")
    watch(watcher, "run", run.id, "mindful")
    watch(calm, "run", run.id, "chilled")
    stopped = watch(gone, "run", run.id, "mindful")
    watch(gone, "run", other.id, "mindful")
    news(org, post)

    run.complete("Weigh").raise_for_status()
    run.complete("Pack").raise_for_status()
    other.complete("Weigh").raise_for_status()
    other.reopen("Weigh").raise_for_status()
    assert news(org, post, watcher, calm, gone) == [[], [], []]
    at(org, org.server.clock.advance(seconds=60))
    run.complete("Seal").raise_for_status()
    run.reopen("Pack").raise_for_status()
    assert tell(org) == 0
    gone.api.token = org.token(gone.id)
    gone.api.delete(f"/remove-watcher/{stopped}").raise_for_status()

    fire(org)
    post.send()
    assert post.taken == []
    at(org, local("2026-09-21T15:00:00", "UTC"))
    fire(org, servers=3)
    post.send()
    [mail] = post.to(watcher.email)
    text = text_of(mail)
    assert str(mail["Subject"]) == "2 news of what you watch"
    weighed, sealed = "Weigh (Iris) was completed by Mira Okoye.", "Seal (Iris) was completed by Mira Okoye."
    assert text.index("2026-09-21 14:13:") < text.index(weighed) < text.index("2026-09-21 14:14:") < text.index(sealed)
    assert "Pack" not in text and "finished" not in text
    assert post.to(calm.email) == post.to(gone.email) == []
    post.taken.clear()

    at(org, local("2026-09-22T06:00:00", "UTC"))
    fire(org)
    post.send()
    assert [str(mail["Subject"]) for mail in post.to(calm.email)] == ["2 news of what you watch"]
    assert post.to(watcher.email) == post.to(gone.email) == []
    fire(org)
    assert post.send().sent == 0


def test_what_several_changes_come_to_is_told_later(org: Organization, post: PostOffice) -> None:
    """behaviour-people 10.7: from the first date to the last, and the owner whatever else of the process was changed."""
    at(org, NOW)
    watcher, owner = org.person(), org.person(first_name="Otto", last_name="Berg")
    run = open_run(org, "Weigh", name="Iris")
    run.change("Weigh", deadline="2031-02-06T16:00:00Z").raise_for_status()
    for kind, key in (("run", run.id), ("task", run.task_id("Weigh"))):
        watch(watcher, kind, key, "mindful")
    news(org, post)
    for second, change in enumerate(({"name": "Nora"}, {"owner_id": owner.id}), 1):
        at(org, NOW + 1000 * second)
        org.api.data("PUT", f"/runs/{run.id}", change)
        run.change("Weigh", deadline=f"2031-02-0{6 + second}T16:00:00Z").raise_for_status()
    news(org, post)

    at(org, local("2026-09-21T15:00:00", "UTC"))
    fire(org)
    text = letter(org, post, watcher)[1]
    assert "Nora is owned by Otto Berg now." in text
    assert "Weigh (Nora) is due 2031-02-08 16:00 UTC now, no longer <s>2031-02-06 16:00</s>." in text


def test_default_watchers_are_told_every_three_hours_unless_they_said_otherwise(
    org: Organization, post: PostOffice
) -> None:
    """behaviour-templates T-4.11, T-4.12, T-4.13 (LT-15)."""
    at(org, NOW)
    usual, quick = org.person(), org.person()
    watchers = {"users": [usual.id, {"id": quick.id, "frequency": "electric"}]}
    template = seen_by_all(org, steps=["Weigh", "Pack"], default_watchers=watchers)
    news(org, post)
    run = Run(org, template, name="Iris")
    news(org, post)
    run.complete("Weigh").raise_for_status()
    assert news(org, post, usual, quick) == [[], ["You watch this: Weigh"]]
    at(org, local("2026-09-21T15:00:00", "UTC"))
    fire(org)
    assert news(org, post, usual, quick) == [["You watch this: Weigh"], []]
