"""Why a task is as it is. Spec: api-tasks 22, behaviour-automations A-9.5, A-12.1, A-12.3, A-12.4."""

from typing import Any

from tests.api.template_rules import Rules
from tests.builders import Organization, Person


class Explained:
    """A process of a template with rules, and what it says about its tasks."""

    def __init__(self, org: Organization, rules: Rules, **launch: Any) -> None:
        self.org, self.rules = org, rules
        self.run: str = org.process(rules.template, **launch)["id"]
        tasks = org.api.data("GET", f"/runs/{self.run}/tasks")
        self.tasks: dict[str, str] = {task["title"]: task["id"] for task in tasks}

    def why(self, task: str, by: Person | None = None) -> dict[str, Any]:
        api = (by or self.org.admin).api
        return api.data("GET", f"/runs/{self.run}/tasks/{self.tasks[task]}/explain")

    def complete(self, task: str, by: Person | None = None) -> None:
        body = {"task_id": self.tasks[task]}
        (by or self.org.admin).api.data("POST", f"/runs/{self.run}/completed-tasks", body, status=200)


def shown_when_briefed(rules: Rules) -> dict[str, Any]:
    step = {"conditionable_id": rules.brief, "conditionable_type": "Step", "operation": "completed", "statement": None}
    return rules.add(automated_alias="Briefed", conditions=[rules.condition(**step)])


def test_a_hidden_task_names_the_rule_it_waits_for(org: Organization) -> None:
    rules = Rules(org)
    made = rules.add(automated_alias="By sea")
    told = Explained(org, rules, prerun={rules.trip: {"id": 1, "text": "River"}})

    why = told.why("Permit")

    assert (why["status"], why["starts_hidden"], why["hidden_by_hand"]) == ("auto-skipped", True, False)
    assert [each["event"] for each in why["history"]] == ["process.launched"], "A-6.1b: hiding at the start is silent"
    [rule] = why["rules"]
    assert (rule["id"], rule["automated_alias"], rule["action_verbs"]) == (made["id"], "By sea", ["show"])
    assert (rule["is_spent"], rule["executed"], rule["last_evaluated_because"]) == (False, False, "process.launched")
    [condition] = rule["conditions"]
    assert (condition["title"], condition["operation"], condition["statement"]) == ("Trip", "equals", "Sea")
    assert condition["met"] is False
    assert why["history"][0]["actor_id"] == str(org.admin.id)


def test_a_shown_task_names_who_completed_what(org: Organization) -> None:
    """The chain leads from the change over the rule to the person."""
    rules, mira = Rules(org), org.person("admin")
    made = shown_when_briefed(rules)
    told = Explained(org, rules)
    assert told.why("Permit")["rules"][0]["conditions"][0]["met"] is None, "nobody has looked at it yet"

    told.complete("Brief", by=mira)

    why = told.why("Permit")
    [_, shown] = why["history"]
    assert (shown["event"], shown["actor_id"]) == ("task.shown", str(mira.id))
    assert shown["because"] == [
        {"event": "rule", "subject_id": made["id"], "title": "Briefed", "actor_kind": None, "actor_id": None},
        {
            "event": "task.completed",
            "subject_id": told.tasks["Brief"],
            "title": "Brief",
            "actor_kind": "member",
            "actor_id": str(mira.id),
        },
    ]
    [rule] = why["rules"]
    assert (rule["is_spent"], rule["executed"], rule["conditions"][0]["met"]) == (True, True, True)


def test_a_cascade_is_followed_to_its_beginning(org: Organization) -> None:
    rules = Rules(org)
    template = org.template(steps=["Draft", {"title": "Review", "step_type": "approval"}, "Print"])
    draft, review, last = (step["id"] for step in template["steps"])
    path = f"/checklists/{template['id']}/automated-actions"

    def rule(name: str, asked: str, operation: str, verb: str, target: str) -> None:
        kind = "status" if verb == "reopen" else "visibility"
        step = {"conditionable_id": asked, "conditionable_type": "Step", "operation": operation, "statement": None}
        action = {"action_type": kind, "action_verb": verb, "target_step_id": target}
        body = {"automated_alias": name, "conditions": [{**step, "logic": "and"}], "then_actions": [action]}
        org.api.data("POST", path, body)

    rule("Again", review, "rejected", "reopen", draft)
    rule("Not yet", draft, "reopened", "hide", last)
    rules.template = template
    told = Explained(org, rules)
    told.complete("Draft")
    body = {"task_id": told.tasks["Review"], "is_approved": False}
    done = org.api.data("POST", f"/runs/{told.run}/completed-tasks", body, status=200)

    hidden = told.why("Print")["history"][-1]

    assert hidden["event"] == "task.hidden"
    assert [(each["event"], each["title"]) for each in hidden["because"]] == [
        ("rule", "Not yet"), ("task.reopened", "Draft"), ("rule", "Again"), ("task.completed", "Review"),
    ]  # fmt: skip
    assert done["tasks_changed_by_rules"] == {
        told.tasks["Draft"]: {"status": "in-progress", "title": "Draft", "actions": ["reopen"]},
        told.tasks["Print"]: {"status": "auto-skipped", "title": "Print", "actions": ["hide"]},
    }


def test_what_people_did_has_no_rule_behind_it(org: Organization) -> None:
    rules = Rules(org)
    told = Explained(org, rules)
    path = f"/runs/{told.run}/tasks/{told.tasks['Permit']}"
    org.api.put(path, {"deadline": "2031-02-06T16:00:00Z"}).raise_for_status()
    org.api.put(path + "/hide", {}).raise_for_status()

    why = told.why("Permit")

    assert (why["starts_hidden"], why["hidden_by_hand"], why["deadline_is_set"], why["rules"]) == (
        False,
        True,
        True,
        [],
    )
    assert [(each["event"], each["because"]) for each in why["history"]] == [
        ("process.launched", []), ("task.updated", []), ("task.hidden", []),
    ]  # fmt: skip


def test_secret_tasks_are_causes_without_a_name(org: Organization) -> None:
    rules, reader = Rules(org), org.person()
    org.api.data("PUT", f"/checklists/{rules.id}/steps/{rules.brief}", {"title": "Brief", "top_secret": True})
    shown_when_briefed(rules)
    org.allow(rules.template, "PROCESS_READ", everyone=True)
    told = Explained(org, rules)
    told.complete("Brief")

    def cause(by: Person) -> str | None:
        return told.why("Permit", by=by)["history"][-1]["because"][-1]["title"]

    assert (cause(org.admin), cause(reader)) == ("Brief", None)
    assert reader.api.get(f"/runs/{told.run}/tasks/{told.tasks['Brief']}/explain").status_code == 404


def test_a_secret_step_is_not_named_to_others(org: Organization) -> None:
    """Spec: T-8.11, api-tasks 22: neither the step that a condition asks about, nor its field."""
    rules, reader = Rules(org), org.person()
    org.api.data("PUT", f"/checklists/{rules.id}/steps/{rules.brief}", {"title": "Brief", "top_secret": True})
    org.allow(rules.template, "PROCESS_READ", reader.id)
    step = {"conditionable_id": rules.brief, "conditionable_type": "Step", "operation": "completed", "statement": None}
    field = {"conditionable_id": rules.note, "conditionable_type": "Capture", "operation": "is_empty"}
    rules.add(conditions=[rules.condition(**step), rules.condition(**field, position=2)])
    told = Explained(org, rules)

    told.complete("Brief")

    def asked(by: Person) -> list[tuple[Any, ...]]:
        conditions = told.why("Permit", by)["rules"][0]["conditions"]
        return [(each["title"], each["statement"], each["met"]) for each in conditions]

    assert asked(org.admin) == [("Brief", "any_time", True), ("Note", None, True)]
    assert asked(reader) == [("", None, None), ("", None, None)], "whether it is met amounts to the answer"


def test_a_task_made_secret_by_hand_is_not_named_to_others(org: Organization) -> None:
    """Spec: T-8.11: the task decides, not its step."""
    rules, reader = Rules(org), org.person()
    org.allow(rules.template, "PROCESS_READ", reader.id)
    field = {"conditionable_id": rules.note, "conditionable_type": "Capture", "operation": "equals", "statement": "x"}
    rules.add(conditions=[rules.condition(**field)])
    told = Explained(org, rules)
    org.api.data("PUT", f"/runs/{told.run}/tasks/{told.tasks['Brief']}", {"title": "Brief", "top_secret": True})

    [asked] = told.why("Permit", reader)["rules"][0]["conditions"]

    assert (asked["title"], asked["statement"], asked["met"]) == ("", None, None)


def test_rules_that_give_work_and_move_deadlines_are_told(org: Organization) -> None:
    org.server.clock.freeze(1_790_000_000_000)
    rules = Rules(org)
    rules.add(
        conditions=[rules.condition(operation="is_empty", statement=None)],
        then_actions=[
            rules.assignment(assignees={"guests": ["g@x.test"]}),
            rules.deadline(position=2),
        ],
    )
    told = Explained(org, rules)

    _, assigned, moved = told.why("Permit")["history"]

    assert (assigned["event"], assigned["details"]["added"]) == ("task.assigned", ["e:g@x.test"])
    assert (
        moved["details"]["deadline"]["before"] < moved["details"]["deadline"]["after"] == told.why("Permit")["deadline"]
    )
    assert [each["because"][-1]["event"] for each in (assigned, moved)] == ["process.launched"] * 2


def test_a_task_alone_has_nothing_to_explain(org: Organization) -> None:
    task = org.one_off()["id"]
    run = org.process(org.template(steps=["Call"]))["id"]

    assert org.api.get(f"/runs/{run}/tasks/{task}/explain").status_code == 404


def test_titles_read_as_they_do_elsewhere(org: Organization) -> None:
    """Spec: T-12.11, in explanations, in what rules changed and in exports."""
    template = org.template(steps=["Call", "Sign"], kickoff=[{"label": "Farm"}])
    (call, sign), [farm] = (step["id"] for step in template["steps"]), template["prerun"]
    steps = f"/checklists/{template['id']}/steps"
    org.api.data("PUT", f"{steps}/{call}", {"title": f"Call {{{{{farm['alias']}}}}}"}, status=200)
    org.api.data("PUT", f"{steps}/{sign}", {"title": f"Sign {{{{{farm['alias']}}}}}"}, status=200)
    condition = {"conditionable_id": call, "conditionable_type": "Step", "operation": "completed", "statement": None}
    action = {"action_type": "visibility", "action_verb": "show", "target_step_id": sign}
    rule = {"automated_alias": "R1", "conditions": [{**condition, "logic": "and"}], "then_actions": [action]}
    org.api.data("POST", f"/checklists/{template['id']}/automated-actions", rule)
    run = org.process(template, prerun={farm["id"]: "Alto"})["id"]
    call_task, sign_task = (task["id"] for task in org.api.data("GET", f"/runs/{run}/tasks?status=all"))

    done = org.api.data("POST", f"/runs/{run}/completed-tasks", {"task_id": call_task}, status=200)
    why = org.api.data("GET", f"/runs/{run}/tasks/{sign_task}/explain")
    exported = org.api.post(f"/runs/{run}/export").json()["data"]

    assert done["tasks_changed_by_rules"][sign_task]["title"] == "Sign Alto"
    assert why["title"] == "Sign Alto"
    assert [each["title"] for each in why["history"][-1]["because"]] == ["R1", "Call Alto"]
    assert why["rules"][0]["conditions"][0]["title"] == "Call Alto"
    assert {row["process_task_name"] for row in exported} >= {"Call Alto", "Sign Alto"}


def test_an_action_that_changed_nothing_says_why(org: Organization) -> None:
    """Spec: A-4.36, api-tasks 22: the rule fired, and yet its people are not on the task."""
    rules, one, two = Rules(org), org.person(), org.person()
    org.api.data(
        "PUT", f"/checklists/{rules.id}/steps/{rules.permit}", {"title": "Permit", "max_assignable": 1}, status=200
    )
    assign = rules.assignment(assignees={"users": [one.id, two.id]}, position=2)
    rules.add(then_actions=[rules.action(), assign])

    told = Explained(org, rules, prerun={rules.trip: {"id": 1, "text": "River"}})
    assert told.why("Permit")["rules"][0]["actions"] == [], "it has not fired"
    told = Explained(org, rules, prerun={rules.trip: {"id": 2, "text": "Sea"}})

    [rule] = told.why("Permit")["rules"]
    assert rule["actions"] == [
        {"action_verb": "show", "outcome": "done"},
        {"action_verb": "assign", "outcome": "too_many"},
    ]


def test_d17_a_deadline_that_follows_one_that_a_rule_moved_says_so(org: Organization) -> None:
    """ "Proof" is due two days before "Print", which the rule moves when "Quote" is completed, and back when it is open
    again (A-4.46, A-9.4).
    """
    rules = Rules(org)
    template = org.template(steps=[{"title": "Quote", "reverse_rules_on_reopen": True}, "Print", "Proof"])
    quote, to_print, proof = (step["id"] for step in template["steps"])
    before = {"value": 2, "unit": "days", "option": "prior_to", "step": to_print}
    org.api.data("PUT", f"/checklists/{template['id']}/steps/{proof}", {"title": "Proof", "deadline": before})
    condition = {"conditionable_id": quote, "conditionable_type": "Step", "operation": "completed", "statement": None}
    shift = {"value": 3, "unit": "days", "option": "from"}
    action = {"action_type": "deadline", "action_verb": "deadline", "target_step_id": to_print, "deadline": shift}
    body = {"automated_alias": "Later", "conditions": [{**condition, "logic": "and"}], "then_actions": [action]}
    org.api.data("POST", f"/checklists/{template['id']}/automated-actions", body)
    rules.template = template
    told = Explained(org, rules)
    at_first = told.why("Proof")["deadline"]

    told.complete("Quote")

    why = told.why("Proof")
    moved = why["history"][-1]
    assert (moved["event"], moved["details"]["deadline"]) == (
        "task.updated", {"before": at_first, "after": why["deadline"]},
    )  # fmt: skip
    assert [(each["event"], each["title"]) for each in moved["because"]] == [
        ("task.updated", "Print"), ("rule", "Later"), ("task.completed", "Quote"),
    ]  # fmt: skip

    org.api.delete(f"/runs/{told.run}/completed-tasks/{told.tasks['Quote']}").raise_for_status()

    back = told.why("Proof")["history"][-1]
    assert back["details"]["deadline"] == {"before": why["deadline"], "after": at_first}
    assert [(each["event"], each["title"]) for each in back["because"]] == [
        ("task.updated", "Print"), ("task.rule_effect_reversed", "Print"), ("task.reopened", "Quote"),
    ]  # fmt: skip
