"""What a launch makes, and what it leaves alone. Spec: behaviour-launching 3 to 9; behaviour-templates 1, 3, 16."""

from typing import Any

import pytest

from tests.api.task_runs import NOW, Run, chain
from tests.api.template_rules import Rules
from tests.builders import Organization, text_field
from tests.harness import Api

OFFICE = {"working": True, "all_hours": False, "start": "09:00", "end": "18:00"}
WEEK = dict.fromkeys(("Monday", "Tuesday", "Wednesday", "Thursday", "Friday"), OFFICE)


def test_l_3_2_the_answer_is_final(org: Organization) -> None:
    """L-7.11, L-7.12, L-8.10, L-9.17, L-9.21: it shows what rules made of the tasks; the hidden have deadlines, too."""
    org.server.clock.freeze(NOW)
    org.admin.api.token = org.token(org.admin.id)
    rules, otto = Rules(org), org.person()
    due = rules.deadline(target_step_id=rules.brief, position=2)
    give = rules.assignment(target_step_id=rules.brief, action_verb="assign_only", assignees={"users": [otto.id]})
    rules.add(conditions=[rules.condition(statement="River")], then_actions=[give, due])
    rules.add(automated_alias="R2")
    body = {"checklist_id": rules.id, "prerun": {rules.trip: {"id": 1, "text": "River"}}}

    answer = org.api.data("POST", "/runs?with=tasks", body)

    assert org.api.data("GET", f"/runs/{answer['id']}?with=tasks") == answer
    [brief] = answer["tasks"]["data"]
    _, permit = org.api.data("GET", f"/runs/{answer['id']}/tasks")
    assert (brief["status"], brief["owners"]["users"]) == ("not-started", [otto.id])
    assert (permit["status"], permit["owners"]["users"]) == ("auto-skipped", [org.admin.id])
    # Three days after the five that it had by default.
    assert (brief["deadline"], permit["deadline"]) == ("2026-09-29T14:13:20.000Z", "2026-09-26T14:13:20.000Z")
    assert (answer["due_date"], answer["progress"]["total"]) == (brief["deadline"], 1)
    org.server.clock.advance(hours=20)
    org.api.put(f"/runs/{answer['id']}/tasks/{permit['id']}/show").raise_for_status()
    shown = org.api.data("GET", f"/runs/{answer['id']}/tasks/{permit['id']}")
    assert (shown["status"], shown["deadline"]) == ("not-started", permit["deadline"]), "the clock does not start again"


def test_l_3_3_the_same_launch_twice_makes_two_processes_of_one_name(org: Organization) -> None:
    """L-3.5, L-5.7, L-5.10: the template stays as it was, and a name is only changed by hand."""
    template = org.template(
        "Visit", steps=["Call"], kickoff=[{"label": "Farm", "required": True}], guidance="<p>Go</p>", auto_naming=True
    )
    farm, path = template["prerun"][0], f"/checklists/{template['id']}"
    org.api.data("PUT", path, {"title": "Visit", "default_process_name_format": f"At {{{{{farm['alias']}}}}}"})
    before = org.api.data("GET", f"{path}?with=steps,stages,permissions")

    first, second = (org.process(template, prerun={farm["id"]: "Alto"}) for _ in range(2))

    assert first["id"] != second["id"] and first["name"] == second["name"] == "At Alto"
    after = org.api.data("GET", f"{path}?with=steps,stages,permissions")
    assert after == {**before, "started_processes": 2}
    changed = org.api.data("PUT", f"/runs/{first['id']}", {"prerun": {farm["id"]: "Baixo"}})
    assert (changed["prerun"], changed["name"]) == ({farm["id"]: "Baixo"}, "At Alto")
    assert org.api.data("PUT", f"/runs/{first['id']}", {"name": "By hand"})["name"] == "By hand"


def test_l_4_9_a_fields_rules_hold_on_every_way_in(org: Organization, nobody: Api) -> None:
    """T-11.41: and so does what is required."""
    field = {"label": "Age", "required": True, "field_validation": ["numeric", "min:18"]}
    template = org.template(steps=["Call"], kickoff=[field], is_public_kickoff=True)
    age, path = template["prerun"][0]["id"], f"/checklists/{template['id']}"
    form = f"//public/kickoff/{org.api.data('GET', path + '/public-kickoff')['code']}"
    run = org.process(template, prerun={age: "18"})

    for sent, message in (("17", "Age must be at least 18"), ("x", "Age must be a number"), (" ", "Age is required")):
        prerun = {age: sent}
        job = {"checklist_id": template["id"], "frequency": "daily", "times": ["08:00"], "prerun": prerun}
        for refused in (
            org.api.post("/runs", {"checklist_id": template["id"], "prerun": prerun}),
            org.api.put(f"/runs/{run['id']}", {"prerun": prerun}),
            org.api.post("/recurring-jobs", job),
            nobody.post(form, {"email": "n@x.test", "prerun": prerun}),
        ):
            assert refused.status_code == 422 and message in str(refused.json()["errors"]["prerun"]), refused.text
    assert [each["id"] for each in org.api.data("GET", "/runs")] == [run["id"]]


def test_l_6_6_tags_and_folder_of_the_template_fill_in_where_it_asks_for_some(org: Organization) -> None:
    """T-3.7, L-7.10: tags of templates, steps and processes are each their own, and a task gets those of its step."""
    other, own, of_step = (org.tag()["id"] for _ in range(3))
    home, elsewhere = (org.folder(kind="run")["id"] for _ in range(2))
    template = org.template(steps=[{"title": "Call", "tags": [of_step]}])
    link = {"subject_id": template["id"], "subject_type": "Checklist", "tag_id": own, "tag_type": "private"}
    org.api.data("POST", "/checklists/tags", link)
    path = f"/checklists/{template['id']}"

    def filed(**body: Any) -> tuple[list[str], list[str]]:
        made = org.api.data("POST", "/runs?with=tags,folders", {"checklist_id": template["id"], **body})
        [task] = org.api.data("GET", f"/runs/{made['id']}/tasks?with=tags")
        assert [each["tag_id"] for each in task["tags"]["data"]] == [of_step]
        return [each["tag_id"] for each in made["tags"]["data"]], [each["id"] for each in made["folders"]["data"]]

    org.api.data("PUT", path, {"title": "x", "default_folder": home})
    assert filed() == ([], [])
    org.api.data("PUT", path, {"title": "x", "tag_process": True, "folderize_process": True})
    assert filed() == ([own], [home])
    assert filed(tags=[other], folders=[elsewhere]) == ([other], [elsewhere])
    org.api.delete(f"/folders/{home}").raise_for_status()
    assert filed() == ([own], []), "never a refusal"
    assert [each["tag_id"] for each in org.api.data("GET", f"{path}?with=tags")["tags"]["data"]] == [own]


def test_l_7_12_a_title_is_shown_cut_where_answers_make_it_too_long(org: Organization) -> None:
    template = org.template(steps=["Call"], kickoff=[{"label": "Farm"}])
    farm, [step] = template["prerun"][0], template["steps"]
    title = f"{{{{{farm['alias']}}}}} {'y' * 580}"
    org.api.data("PUT", f"/checklists/{template['id']}/steps/{step['id']}", {"title": title})

    [task] = Run(org, template, prerun={farm["id"]: "x" * 200}).tasks().values()

    assert task["title"] == f"{'x' * 200} {'y' * 399}" and len(task["title"]) == 600
    assert task["original_title"] == title


def test_l_9_18_a_start_counts_only_where_the_step_starts_on_time(org: Organization) -> None:
    """From the launch, in working time; else two hours before the deadline. L-9.11: that counts from the launch, too."""
    org.server.clock.freeze(NOW)
    org.admin.api.token = org.token(org.admin.id)
    days = {**WEEK, "Saturday": {"working": False}, "Sunday": {"working": False}}
    org.api.data("PUT", "", {"name": "Fernwood", "working_days": days})
    start = {"start_date": {"value": 4, "unit": "hours"}}
    due = {"deadline": {"value": 2, "unit": "days", "option": "from", "step": "start_run"}}
    steps = [{"title": "On time", **start, **due, "is_soft_start_date": False}, {"title": "Any time", **start, **due}]

    tasks = Run(org, org.template(steps=steps)).tasks()

    assert {title: (task["started_at"], task["deadline"]) for title, task in tasks.items()} == {
        "On time": ("2026-09-22T09:00:00.000Z", "2026-09-23T14:13:20.000Z"),
        "Any time": ("2026-09-23T12:13:20.000Z", "2026-09-23T14:13:20.000Z"),
    }


def test_l_9_18_a_soft_start_keeps_its_distance_to_the_deadline(org: Organization) -> None:
    """However the deadline moves; one that somebody set stays. D11: which may then be after the deadline."""
    org.server.clock.freeze(NOW)
    org.admin.api.token = org.token(org.admin.id)
    run = chain(org)
    starts = {title: task["started_at"] for title, task in run.tasks().items()}
    assert starts["Second"] == "2026-09-27T12:13:20.000Z", "provisional"
    run.change("Free", started_at="2026-09-22").raise_for_status()

    run.change("First", deadline="2026-09-30 10:00").raise_for_status()
    run.change("Free", deadline="2026-09-21").raise_for_status()
    assert {title: task["started_at"] for title, task in run.tasks().items()} == {
        "First": "2026-09-30T08:00:00.000Z",
        "Second": "2026-10-01T08:00:00.000Z",
        "Before": "2026-09-28T08:00:00.000Z",
        "Free": "2026-09-22T00:00:00.000Z",
    }
    run.complete("First").raise_for_status()
    second = run.tasks()["Second"]
    assert (second["started_at"], second["deadline"]) == ("2026-09-22T12:13:20.000Z", "2026-09-22T14:13:20.000Z")


def test_a_task_that_is_due_as_soon_as_there_is_time_can_be_read(org: Organization) -> None:
    template = org.template(steps=["Call"])
    early = {template["steps"][0]["id"]: {"deadline": "0001-01-01T00:30:00Z"}}

    [task] = Run(org, template, tasks=early).tasks().values()

    assert (task["started_at"], task["deadline"]) == ("0001-01-01T00:00:00.000Z", "0001-01-01T00:30:00.000Z")
    assert org.api.get("/tasks").status_code == 200


def test_l_9_3_another_calendar_leaves_deadlines_alone(org: Organization) -> None:
    """L-9.2: nothing but the working week matters where nobody names holidays and closures."""
    org.server.clock.freeze(NOW + 4 * 86_400_000)  # a Friday
    org.admin.api.token = org.token(org.admin.id)
    due = {"value": 1, "unit": "days", "option": "from", "step": "start_run"}
    template = org.template(steps=[{"title": "Call", "deadline": due}])
    first = Run(org, template)
    assert first.tasks()["Call"]["deadline"] == "2026-09-26T14:13:20.000Z"

    org.api.data("PUT", "", {"name": "Fernwood", "working_days": {**WEEK, "Saturday": {"working": False}}})

    assert first.tasks()["Call"]["deadline"] == "2026-09-26T14:13:20.000Z"
    assert Run(org, template).tasks()["Call"]["deadline"] == "2026-09-27T00:00:00.000Z"


@pytest.mark.parametrize("kind", ["form", "document"])
def test_t_1_2_a_form_is_complete_once_it_is_submitted(org: Organization, kind: str) -> None:
    """T-16.4: a document just so, for both are a form and no tasks."""
    template = org.template(type=kind, kickoff=[{"label": "Name", "required": True}])
    name, path = template["prerun"][0]["id"], "/runs"
    missing = org.api.post(path, {"checklist_id": template["id"]})
    assert missing.status_code == 422 and missing.json()["errors"]["prerun"] == [{name: ["Name is required"]}]

    run = org.process(template, prerun={name: "Ana"})
    handed_on = org.process(template, assign_someone_else=True, users=[org.admin.id])

    assert (run["type"], run["status"], run["prerun"]) == (kind, "complete", {name: "Ana"})
    assert org.api.data("GET", f"/runs/{run['id']}/tasks") == []
    assert handed_on["status"] == "active"
    org.api.data("PUT", f"/runs/{handed_on['id']}", {"prerun": {name: "Bo"}})
    assert org.api.data("POST", f"/runs/{handed_on['id']}/complete-prerun", status=200)["status"] == "complete"


def test_l_1_4_without_steps_there_are_no_tasks(org: Organization) -> None:
    run = org.process(org.template())

    assert (run["status"], run["progress"]["total"]) == ("active", 0)
    assert org.api.data("GET", f"/runs/{run['id']}/tasks") == []


def test_tt_5_what_becomes_of_a_template_never_reaches_its_processes(org: Organization) -> None:
    """T-10.4: answers stay, even those to fields and on steps that are gone."""
    captures = [{"label": "Kilos"}, {"label": "Note"}]
    template = org.template("Scales", steps=[{"title": "S1", "captures": captures}, {"title": "S2"}])
    path, [s1, s2] = f"/checklists/{template['id']}", template["steps"]
    kilos, note = (field["id"] for field in s1["captures"])
    run = Run(org, template)
    run.change("S1", taskdata={kilos: "7", note: "wet"}).raise_for_status()
    run.complete("S2").raise_for_status()

    org.api.data("POST", f"{path}/steps", {"title": "S3"})
    org.api.delete(f"{path}/steps/{s2['id']}").raise_for_status()
    org.api.delete(f"{path}/steps/{s1['id']}/captures/{note}").raise_for_status()
    must = text_field(label="Who", required=True)
    who = org.api.data("POST", f"{path}/steps/{s1['id']}/captures", must)["id"]
    org.api.data("PUT", path, {"title": "Balance"})

    shown = org.api.data("GET", f"/runs/{run.id}?with=checklist,tasks")
    assert [each["title"] for each in shown["tasks"]["data"]] == ["S1", "S2"]
    assert shown["checklist"]["data"]["title"] == "Scales"
    assert run.complete("S1").status_code == 200, "what is required since is not asked of it"
    assert run.tasks()["S1"]["taskdata"] == {kilos: "7", note: "wet"}
    later = Run(org, template)
    assert list(later.tasks()) == ["S1", "S3"]
    assert list(later.complete("S1").json()["errors"]) == [who]
    org.api.delete(path).raise_for_status()
    assert run.reopen("S1").status_code == run.complete("S1").status_code == 200
    assert org.api.post("/runs", {"checklist_id": template["id"]}).status_code == 422


def test_l_5_5_dates_in_a_name_are_by_the_clocks_and_in_the_format_of_the_launcher(org: Organization) -> None:
    """L-10.6: also in the name of what a rule launches; the day of the launch is the organization's."""
    org.server.clock.freeze(NOW)
    org.admin.api.token = org.token(org.admin.id)
    org.api.data("PUT", "", {"name": "Fernwood", "timezone": "America/New_York"})
    fields = [{"label": "On", "field_type": "date", "required": True}]
    fields += [{"label": "At", "field_type": "date", "collect_time": True, "required": True}]
    template = org.template(steps=["Go"], kickoff=fields)
    on, at = template["prerun"]
    pattern = f"{{{{{on['alias']}}}}}, {{{{{at['alias']}}}}}, {{{{DATE}}}}"
    body = {"title": "Trip", "auto_naming": True, "default_process_name_format": pattern}
    org.api.data("PUT", f"/checklists/{template['id']}", body)
    target = org.template(steps=["Then"], auto_naming=False)
    launch = {"checklist_id": target["id"], "name_format": f"After {pattern}", "prerun": []}
    step = template["steps"][0]["id"]
    action = {"action_type": "launch", "action_verb": "launch_process", "target_step_id": step, "launch": launch}
    asked = {"conditionable_type": "Step", "conditionable_id": step, "operation": "completed", "statement": None}
    rule = {"automated_alias": "r", "conditions": [{**asked, "logic": "and"}], "then_actions": [action]}
    org.api.data("POST", f"/checklists/{template['id']}/automated-actions", rule)
    sent = {on["id"]: "2026-10-01", at["id"]: "2026-10-02T03:30:00Z"}
    mine = org.process(template, prerun=sent)["name"]

    profile = {"first_name": "Aya", "last_name": "Ito", "timezone": "Asia/Tokyo", "date_format": "dd/mm/yyyy"}
    org.api.data("PUT", f"/users/{org.admin.id}", profile)
    run = Run(org, template, prerun=sent)
    run.complete("Go").raise_for_status()
    rehearsed = org.api.data("POST", f"/checklists/{template['id']}/simulate", {"prerun": sent}, status=200)["name"]

    assert mine == "2026-10-01, 2026-10-02 03:30, 2026-09-21"
    assert run.now()["name"] == rehearsed == "01/10/2026, 02/10/2026 12:30, 21/09/2026"
    [child] = [each["name"] for each in org.api.data("GET", "/runs") if each["parent_id"] == run.id]
    assert child == f"After {rehearsed}"
