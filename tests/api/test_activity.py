"""The activity feed: of one thing, and of all one may see. Spec: api-processes 12, api-content 7, behaviour-work 14."""

from typing import Any

import pytest

from tests.api.task_runs import on_one_database
from tests.builders import Organization, Person
from tests.harness import Api
from tests.worker.test_timers import World


def rows(api: Api, query: str) -> list[dict[str, Any]]:
    return api.data("GET", f"/activity-feeds?{query}")


def said(api: Api, query: str) -> list[str]:
    return [row["description"][0] for row in rows(api, query)]


def verbs(api: Api, query: str) -> list[str]:
    return [row["verb"][0] for row in rows(api, query)]


class Work:
    """A process of two tasks, with a comment, a problem and a completion."""

    def __init__(self, org: Organization) -> None:
        self.org, self.api = org, org.api
        self.template = org.template("Lease", steps=["Call", "Sign"])
        self.run = org.process(self.template, name="Unit 4")["id"]
        self.call, self.sign = (task["id"] for task in org.api.data("GET", f"/runs/{self.run}/tasks"))
        self.comment = org.api.data("POST", f"/tasks/{self.call}/comment", {"content": "hello"})["id"]
        org.api.data("POST", f"/tasks/{self.sign}/problem", {"content": "late"})
        done = {"task_id": self.call}
        org.api.data("POST", f"/runs/{self.run}/completed-tasks", done, status=200)


def test_a_process_tells_what_happened_to_it(org: Organization) -> None:
    """Spec: K-A1, PR18; behaviour-work K-A4."""
    work = Work(org)

    completed, *_, launched = rows(org.api, f"entity_type=run&entity_id={work.run}")

    assert (completed["verb"], completed["type"], completed["source"]) == (["completed"], ["Task"], ["Member"])
    assert completed["description"] == ['Task "Call" was completed.']
    assert (completed["auditable_type"], completed["auditable_id"]) == ("App\\Models\\Task", work.call)
    assert (completed["parentable_type"], completed["parentable_id"]) == ("App\\Models\\Run", work.run)
    assert (completed["actor_type"], completed["actor_id"]) == (["App\\Models\\User"], [org.admin.id])
    assert completed["actor"][0]["email"] == org.admin.email
    assert launched["description"] == ['Process "Unit 4" was launched.']
    assert (launched["parentable_type"], launched["parentable_id"]) == ("App\\Models\\Checklist", work.template["id"])
    assert verbs(org.api, f"entity_type=run&entity_id={work.run}&sort=created_at") == [
        "created",
        "commented",
        "issue-reported",
        "completed",
    ]
    whole = org.api.get(f"/activity-feeds?entity_type=run&entity_id={work.run}").json()
    assert whole["meta"]["pagination"]["per_page"] == 20
    page = org.api.get(f"/activity-feeds?entity_type=run&entity_id={work.run}&per_page=1&page=2").json()
    assert page["meta"]["pagination"]["total"] == 4 and page["data"][0]["verb"] == ["issue-reported"]


def test_a_task_and_a_comment_have_feeds_of_their_own(org: Organization) -> None:
    work = Work(org)
    alone = org.one_off(title="Ring")["id"]
    org.api.data("POST", f"/tasks/{alone}/comment", {"content": "now"})

    assert said(org.api, f"entity_type=task&entity_id={work.call}") == [
        'Task "Call" was completed.',
        'Comment added to task "Call".',
    ]
    assert said(org.api, f"entity_type=task&entity_id={alone}")[0] == 'Comment added to task "Ring".'
    assert {"created", "commented"} <= set(verbs(org.api, f"entity_type=task&entity_id={alone}"))
    [row] = rows(org.api, f"entity_type=thread&entity_id={work.comment}")
    assert row["text"] == ["hello"]


def test_a_task_that_is_made_in_a_process_is_in_its_feed(org: Organization) -> None:
    run = org.process(org.template(steps=["Call"]))["id"]

    org.one_off(title="Ring", run_id=run)

    assert 'Task "Ring" was created.' in said(org.api, f"entity_type=run&entity_id={run}")


def test_a_template_tells_every_edit_in_words(org: Organization) -> None:
    """Readable changes, conditions and rules too; it lives on while archived. Spec: behaviour-templates 14, A-11.6."""
    template = org.template("Lease", steps=[{"title": "Call", "captures": [{"label": "Note"}]}, "Sign"])
    path, step = f"/checklists/{template['id']}", template["steps"][0]["id"]
    org.api.data("PUT", path, {"title": "Let", "summary": "Soon"})
    deadline = {"value": 2, "unit": "days", "option": "from", "step": "start_run"}
    org.api.data("PUT", f"{path}/steps/{step}", {"title": "Call", "deadline": deadline})
    condition = {"conditionable_id": step, "conditionable_type": "Step", "operation": "completed", "statement": None}
    action = {"action_type": "visibility", "action_verb": "show", "target_step_id": template["steps"][1]["id"]}
    rule = {"automated_alias": "R1", "conditions": [{**condition, "logic": "and"}], "then_actions": [action]}
    made = f"{path}/automated-actions/{org.api.data('POST', f'{path}/automated-actions', rule)['id']}"
    org.api.data("PUT", made, {**rule, "automated_alias": "R2"})
    org.api.delete(made).raise_for_status()
    org.api.delete(path).raise_for_status()

    told = said(org.api, f"entity_type=checklist&entity_id={template['id']}")
    archived, unruled, renamed, ruled, due, changed, *_, created = told

    assert archived == 'Template "Let" was archived.'
    assert ruled == ('Rule "R1" was added: if step "Call" is completed, then show step "Sign".')
    assert renamed == 'The name of rule "R2" changed from "R1" to "R2".'
    assert unruled == 'Rule "R2" was removed: if step "Call" is completed, then show step "Sign".'
    assert due == ('The deadline of step "Call" changed from 5 days after the launch to 2 days after the launch.')
    assert changed == (
        'Template "Let" was changed: The title changed from "Lease" to "Let". '
        'The description of the template changed from nothing to "Soon".'
    )
    assert created == 'Template "Lease" was created.'
    of_step = said(org.api, f"entity_type=step&entity_id={step}")
    assert of_step == [due, 'Field "Note" was added.', 'Step "Call" was added.']


def test_t_10_8_publishing_tells_all_that_the_draft_changed(org: Organization) -> None:
    template = org.template("Dual", steps=["One"], dual_version_enabled=True)
    path = f"/checklists/{template['id']}"
    org.api.data("PUT", f"{path}/publish")
    for title in ("Two", "Three"):
        org.api.data("POST", f"{path}/steps", {"title": title})
    org.api.data("PUT", f"{path}/publish")

    published = said(org.api, f"entity_type=checklist&entity_id={template['id']}&search=published")

    assert published == [
        'Template "Dual" was published: Step "Two" was added at position 2. Step "Three" was added at position 3.',
        'Template "Dual" was published.',
    ]


def test_t_10_7_others_read_nothing_of_a_draft(org: Organization) -> None:
    """Neither of the template and its step nor in what happened everywhere; published, they do."""
    reader, editor = org.person(), org.person()
    template = org.template("Dual", steps=["One"], dual_version_enabled=True)
    path, [step] = f"/checklists/{template['id']}", template["steps"]
    org.allow(template, "READ", reader.id)
    org.allow(template, "EDIT", editor.id)
    feeds = (f"entity_type=checklist&entity_id={template['id']}", f"entity_type=step&entity_id={step['id']}", "")

    def told(person: Person) -> list[list[str]]:
        found = [said(person.api, f"{feed}&per_page=100") for feed in feeds]
        return [[each for each in feed if "Two" in each or "Soon" in each] for feed in found]

    assert said(reader.api, feeds[0]) == [
        'Template "Dual" was given other permissions.', 'Template "Dual" was given other permissions.',
        'Template "Dual" was created.',
    ]  # fmt: skip
    org.api.data("PUT", f"{path}/publish")
    org.server.clock.advance(seconds=1)
    org.api.data("PUT", f"{path}/steps/{step['id']}", {"title": "Two"})
    org.api.data("PUT", path, {"title": "Dual", "summary": "Soon"})
    org.api.data("PUT", path, {"title": "Duo", "folder_id": None})

    assert told(reader) == [[], [], []]
    assert [len(each) for each in told(editor)] == [2, 1, 2]
    assert 'The title changed from "Dual" to "Duo".' in said(reader.api, feeds[0])[0]
    org.api.data("PUT", f"{path}/publish")
    assert [len(each) for each in told(reader)] == [3, 1, 3]


def test_filters(org: Organization) -> None:
    work, other = Work(org), org.person("admin")
    other.api.data("PUT", f"/runs/{work.run}", {"name": "Unit 5"})
    of_run = f"entity_type=run&entity_id={work.run}"

    assert verbs(org.api, f"{of_run}&verb=commented") == ["commented"]
    assert verbs(org.api, f"{of_run}&verb=issue-reported,completed") == ["completed", "issue-reported"]
    assert set(verbs(org.api, f"{of_run}&type=Process")) == {"created", "updated"}
    assert verbs(org.api, f"{of_run}&actor_id={other.id}") == ["updated"]
    assert verbs(org.api, f"{of_run}&actor_email={other.email}") == ["updated"]
    assert verbs(org.api, f"{of_run}&actor_email=nobody@x.test") == []
    assert verbs(org.api, f"{of_run}&actor_type=guest") == [] == verbs(org.api, f"{of_run}&source=Webhook")
    assert verbs(org.api, f"{of_run}&field=name") == ["updated"]
    assert said(org.api, f"{of_run}&search=CALL&type=Task") == ['Task "Call" was completed.']
    assert verbs(org.api, f"{of_run}&created_after=2001-01-01&created_before=2001-01-02") == []
    assert len(verbs(org.api, f"{of_run}&created_after=2001-01-01")) == 5
    assert verbs(org.api, f"{of_run}&origin_type=run") == []


@on_one_database
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("search=a", "search"),
        ("verb=danced", "verb"),
        ("type=Cat", "type"),
        ("entity_type=cat&entity_id=x", "entity_type"),
        ("entity_id=x", "entity_type"),
        ("entity_type=run", "entity_id"),
        ("origin_id=x", "origin_type"),
        ("origin_type=cat", "origin_type"),
        ("created_after=soon", "created_after"),
        ("actor_type=cat", "actor_type"),
        ("source=Cat", "source"),
    ],
)
def test_11_what_is_outside_the_lists_is_refused(org: Organization, query: str, field: str) -> None:
    refused = org.api.get(f"/activity-feeds?{query}")

    assert refused.status_code == 422 and list(refused.json()["errors"]) == [field]


def test_a_12_1_rules_are_seen_at_work_and_nobody_did_what_they_do(org: Organization) -> None:
    template = org.template(steps=["Call", "Sign"])
    call, sign = (step["id"] for step in template["steps"])
    condition = {"conditionable_id": call, "conditionable_type": "Step", "operation": "completed", "statement": None}
    action = {"action_type": "visibility", "action_verb": "show", "target_step_id": sign}
    rule = {"automated_alias": "R1", "conditions": [{**condition, "logic": "and"}], "then_actions": [action]}
    org.api.data("POST", f"/checklists/{template['id']}/automated-actions", rule)
    run = org.process(template)["id"]
    task, sign_task = (each["id"] for each in org.api.data("GET", f"/runs/{run}/tasks?status=all"))
    org.api.data("POST", f"/runs/{run}/completed-tasks", {"task_id": task}, status=200)

    found = {row["verb"][0]: row for row in rows(org.api, f"entity_type=run&entity_id={run}")}

    executed = found["executed"]
    assert (executed["type"], executed["actor_id"]) == (["execution"], [None])
    told = executed["audit_state"]
    assert (told["alias"], told["actions"][sign_task]) == ("R1", {"title": "Sign", "actions": ["show"]})
    [asked] = told["rules"]
    assert (asked["task_title"], asked["operation"], asked["statement"]) == ("Call", "completed", "any_time")
    assert (asked["type"], asked["logic"], asked["isMet"]) == ("Step", "and", True)
    assert found["updated"]["description"] == ['Task "Sign" was shown.']
    of_run = f"entity_type=run&entity_id={run}"
    assert verbs(org.api, f"{of_run}&type=execution") == ["executed"] == verbs(org.api, f"{of_run}&verb=executed")
    assert verbs(org.api, f"{of_run}&verb=execution_fail") == []
    by_me = verbs(org.api, f"{of_run}&actor_id={org.admin.id}")
    assert "executed" not in by_me and "updated" not in by_me


def test_k_a3_everybody_sees_what_is_about_what_they_see(org: Organization) -> None:
    """Spec: behaviour-work K-A3."""
    work, member, light = Work(org), org.person(), org.person("light")
    unpermitted = [
        f"entity_type=run&entity_id={work.run}",
        f"entity_type=task&entity_id={work.call}",
        f"entity_type=thread&entity_id={work.comment}",
        f"entity_type=checklist&entity_id={work.template['id']}",
        f"entity_type=step&entity_id={work.template['steps'][0]['id']}",
        f"entity_type=run&entity_id={'f' * 32}",
    ]
    for query in unpermitted:
        assert member.api.get(f"/activity-feeds?{query}").status_code == 403
    assert said(member.api, "") == []

    tag = org.tag("Urgent")
    own = org.one_off(member)["id"]
    org.api.data("PUT", f"/runs/{work.run}/tasks/{work.sign}", {"title": "Sign", "top_secret": True})
    org.api.data("PUT", f"/runs/{work.run}", {"name": "Unit 4", "users": [member.id, light.id]})

    seen = rows(member.api, "per_page=100")
    assert {tag["id"], own} <= {row["auditable_id"] for row in seen}
    assert work.call in {row["auditable_id"] for row in seen}
    assert {row["type"][0] for row in seen} <= {"Tag", "Process", "Task", "Comment"}, "no members, no templates"
    of_run = rows(member.api, f"entity_type=run&entity_id={work.run}")
    for found in (seen, of_run):
        assert all(work.sign not in (row["auditable_id"], row["parentable_id"]) for row in found), "it is secret"
    assert work.sign in {row["auditable_id"] for row in rows(org.api, "per_page=100")}
    org.allow(work.template, "READ", member.id, light.id)
    assert "Blueprint" in {row["type"][0] for row in rows(member.api, "per_page=100")}
    assert rows(member.api, f"entity_type=checklist&entity_id={work.template['id']}")
    assert light.api.get(f"/activity-feeds?{unpermitted[3]}").status_code == 403
    assert "Blueprint" not in {row["type"][0] for row in rows(light.api, "per_page=100")}
    assert work.call in {row["auditable_id"] for row in rows(light.api, "per_page=100")}


def test_one_task_is_read_with_what_happened_to_it(org: Organization) -> None:
    """Spec: api-tasks 6."""
    work = Work(org)

    shown = org.api.data("GET", f"/tasks/{work.call}?with=activities")["activities"]["data"]

    assert shown == rows(org.api, f"entity_type=task&entity_id={work.call}") and len(shown) == 2
    ignored = org.api.get("/tasks?with=activities")
    assert ignored.headers["X-Ignored-Params"] == "with:activities"


def test_a_12_1_rows_of_rules_name_what_was_asked_as_it_now_reads(org: Organization) -> None:
    """Spec: A-12.1, T-12.11: labels of fields, titles with their variables; a secret title is for its assignees."""
    template = org.template(steps=["Call", {"title": "Sign", "top_secret": True}], kickoff=[{"label": "Farm"}])
    sign = template["steps"][1]["id"]
    [farm] = template["prerun"]
    step = f"/checklists/{template['id']}/steps/{sign}"
    org.api.data("PUT", step, {"title": f"Sign for {{{{{farm['alias']}}}}}"}, status=200)
    asked = {"conditionable_id": farm["id"], "conditionable_type": "Prerun", "operation": "equals", "statement": "Alto"}
    action = {"action_type": "assignment", "action_verb": "clear_assignees", "target_step_id": sign}
    done = {"conditionable_id": sign, "conditionable_type": "Step", "operation": "completed", "statement": None}
    conditions = [{**asked, "logic": "and"}, {**done, "logic": "or"}]
    rule = {"automated_alias": "R1", "conditions": conditions, "then_actions": [action]}
    org.api.data("POST", f"/checklists/{template['id']}/automated-actions", rule)
    member = org.person()
    run = org.process(template, prerun={farm["id"]: "Alto"}, users=[member.id])["id"]
    of_run = f"entity_type=run&entity_id={run}"

    [mine] = [row["audit_state"] for row in rows(org.api, f"{of_run}&type=execution")]
    [theirs] = [row["audit_state"] for row in rows(member.api, f"{of_run}&type=execution")]

    assert [each.get("field_label", each.get("task_title")) for each in mine["rules"]] == ["Farm", "Sign for Alto"]
    assert [each["title"] for each in mine["actions"].values()] == ["Sign for Alto"]
    assert [each.get("field_label", each.get("task_title")) for each in theirs["rules"]] == ["Farm", None]
    assert [(each["statement"], each["isMet"]) for each in mine["rules"]] == [("Alto", True), ("any_time", False)]
    assert [(each["statement"], each["isMet"]) for each in theirs["rules"]] == [("Alto", True), (None, None)]
    task = org.api.data("GET", f"/runs/{run}/tasks")[1]["id"]
    org.api.data("POST", f"/runs/{run}/completed-tasks", {"task_id": task}, status=200)
    completed = rows(org.api, f"{of_run}&verb=completed")[0]
    assert completed["description"] == ['Task "Sign for Alto" was completed.']
    assert rows(org.api, f"{of_run}&search=for alto&verb=completed") == [completed], "found by what it reads"


def test_7_a_secret_task_that_left_its_process_is_told_to_nobody_else(org: Organization) -> None:
    """Spec: api-content 7: while it stands alone, and once it is deleted. What never was secret stays."""
    member, template = org.person(), org.template(steps=["Call"])
    run = org.process(template, users=[member.id])["id"]
    of_run = f"entity_type=run&entity_id={run}&per_page=100"
    before = said(member.api, of_run)
    open_task = org.one_off(title="Plain", run_id=run)["id"]
    secret = org.one_off(title="Mum", run_id=run, top_secret=True)["id"]
    for task in (secret, open_task):
        org.api.data("POST", f"/tasks/{task}/comment", {"content": f"on {task}"})
        org.api.delete(f"/tasks/{task}/link").raise_for_status()

    def told() -> tuple[bool, bool]:
        """Whether the member reads of the secret task, and of the other."""
        found = rows(member.api, of_run)
        texts = str(found)
        assert set(before) <= {row["description"][0] for row in found}
        return "Mum" in texts or secret in texts, '"Plain" was taken out' in texts and open_task in texts

    assert told() == (False, True)
    for task in (secret, open_task):
        org.api.delete(f"/tasks/{task}/delete").raise_for_status()
    assert told() == (False, True)
    assert "Mum" in str(said(org.api, of_run)), "administrators"
    assert len(rows(member.api, of_run)) < len(rows(org.api, of_run))


def test_7_a_secret_task_deleted_in_its_process_is_told_to_nobody_else(org: Organization) -> None:
    """Nor what was written on it."""
    member = org.person()
    run = org.process(org.template(steps=["Call"]), users=[member.id])["id"]
    of_run = f"entity_type=run&entity_id={run}"
    for title, is_secret in (("Plain", False), ("Mum", True)):
        task = org.one_off(title=title, run_id=run, top_secret=is_secret)["id"]
        org.api.data("POST", f"/tasks/{task}/comment", {"content": "hush"})
        org.api.delete(f"/tasks/{task}/delete").raise_for_status()

    told = [(row["verb"][0], row["description"][0]) for row in rows(member.api, of_run)]

    assert [verb for verb, _ in told] == ["deleted", "commented", "owners-updated", "created", "created"]
    assert "Mum" not in str(told) and told[0][1] == 'Task "Plain" was deleted.'


@pytest.mark.parametrize(("is_secret", "expected"), [(True, []), (False, ['Task "Later" was created.'])])
def test_7_a_secret_task_that_an_undone_move_brought_is_told_to_nobody_else(
    org: Organization, is_secret: bool, expected: list[str]
) -> None:
    member, template = org.person(), org.template(steps=["Call"])
    run = org.process(template, users=[member.id])["id"]
    path = f"/checklists/{template['id']}"
    org.api.data("POST", f"{path}/steps", {"title": "Later", "top_secret": is_secret})
    world = World(org)
    world.at(org.server.clock())
    move = org.api.data("POST", f"{path}/version-moves", {"runs": [run]})["id"]
    world.fire()
    org.api.post(f"/version-moves/{move}/undo", {}).raise_for_status()
    world.fire()

    of_run = f"entity_type=run&entity_id={run}&search=later"
    assert said(org.api, of_run) == ['Task "Later" was created.']
    assert said(member.api, of_run) == expected


def test_t_8_11_rows_of_rules_keep_what_was_answered_in_secret(org: Organization) -> None:
    """Spec: T-8.11, api-processes 12: whoever may not see the task learns neither the label nor what was asked."""
    member, vetting = org.person(), org.person()
    secret = {"title": "Vet", "top_secret": True, "captures": [{"label": "Verdict"}]}
    template = org.template(steps=[secret, "Sign"])
    [verdict], (vet, sign) = template["steps"][0]["captures"], (step["id"] for step in template["steps"])
    asked = {"conditionable_id": verdict["id"], "conditionable_type": "Capture", "operation": "equals"}
    completed = {"conditionable_id": vet, "conditionable_type": "Step", "operation": "completed", "statement": None}
    conditions = [{**asked, "statement": "Sack", "logic": "and"}, {**completed, "logic": "and"}]
    action = {"action_type": "visibility", "action_verb": "show", "target_step_id": sign}
    rule = {"automated_alias": "R1", "conditions": conditions, "then_actions": [action]}
    org.api.data("POST", f"/checklists/{template['id']}/automated-actions", rule)
    run = org.process(template, users=[member.id])["id"]
    task = org.api.data("GET", f"/runs/{run}/tasks?status=all")[0]["id"]
    change = {"taskdata": {verdict["id"]: "Sack"}, "owners": {"users": [vetting.id]}}
    org.api.data("PUT", f"/runs/{run}/tasks/{task}", change)
    org.api.data("POST", f"/runs/{run}/completed-tasks", {"task_id": task}, status=200)

    def told(by: Api) -> list[tuple[Any, ...]]:
        row = rows(by, f"entity_type=run&entity_id={run}&verb=executed")[0]["audit_state"]
        names = [each.get("field_label", each.get("task_title")) for each in row["rules"]]
        return [(name, each["statement"], each["isMet"]) for name, each in zip(names, row["rules"], strict=True)]

    assert told(org.api) == [("Verdict", "Sack", True), ("Vet", "any_time", True)]
    assert told(member.api) == [(None, None, None), (None, None, None)]
    assert told(vetting.api) == told(org.api), "an assignee"
