"""Plays a scenario file through the API: makes its template, then does and looks, event after event.

A file names people, steps, fields and rules by their titles; the words it may use are the methods below.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from sqlalchemy import bindparam, select

from procession.storage.query import Query
from procession.storage.tables.events import events
from procession.storage.tx import reading
from procession.worker.timers import fire_due
from tests.builders import Organization, Person, text_field

ALL_HOURS = {"working": True, "all_hours": True}
OFFICE_HOURS = {"working": True, "all_hours": False, "start": "09:00", "end": "18:00"}
CLOSED = {"working": False}
WEEK = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
CALENDARS: Mapping[str, Mapping[str, Any]] = {
    "always": dict.fromkeys(WEEK, ALL_HOURS),
    "office": {**dict.fromkeys(WEEK[:5], OFFICE_HOURS), **dict.fromkeys(WEEK[5:], CLOSED)},
}
TYPES = {
    "visibility": ("show", "hide"),
    "status": ("reopen",),
    "deadline": ("deadline",),
    "webhook": ("emit_webhook",),
    "launch": ("launch_process",),
}

_told = Query(
    select(events.c.kind, events.c.subject_id)
    .where(events.c.org == bindparam("org"), events.c.process.is_not(None))
    .order_by(events.c.position)
)


def load(file: Path) -> dict[str, Any]:
    return tomllib.loads(file.read_text(encoding="utf-8"))


class Stage:
    """One organization with the template of a scenario, and the process that a case launched from it."""

    def __init__(self, org: Organization, scenario: Mapping[str, Any], *, strict: bool) -> None:
        self.org, self.api = org, org.api
        self.scenario = scenario
        self.zone = ZoneInfo(scenario.get("zone", "UTC"))
        self.people: dict[str, Person] = {}
        self.at(scenario.get("now", "2026-03-02T09:00:00"))
        self.launcher = org.person("admin", first_name="Lena")
        self.people["Lena"] = self.launcher
        self.people |= {name: org.person(first_name=name) for name in scenario.get("people", ())}
        self.people |= {name: org.person("light", first_name=name) for name in scenario.get("light", ())}
        self.groups: dict[str, str] = {
            name: org.group(
                name,
                members=[self.people[each] for each in members if "@" not in each],
                guests=[each for each in members if "@" in each],
            )["id"]
            for name, members in scenario.get("groups", {}).items()
        }
        settings = {"working_days": CALENDARS[scenario.get("calendar", "always")], "timezone": str(self.zone)}
        self.api.data("PUT", "", {"name": "Fernwood", "automation_fire_once": strict or None, **settings})
        self.rules: dict[str, str] = {}
        self.run = ""
        # Of the process: its tasks' ids by title, and the tasks as they are looked at.
        self.ids: dict[str, str] = {}
        self.shown: dict[str, dict[str, Any]] = {}
        # The same launch and events for a rehearsal; None when the case does what cannot be rehearsed.
        self.launch: dict[str, Any] = {}
        self.rehearsal: list[dict[str, Any]] | None = []
        self.others: dict[str, dict[str, Any]] = {}
        self.kickoff: dict[str, dict[str, Any]] = {}
        # Of the template and of the others: fields and steps by their names.
        self.fields: dict[str, dict[str, Any]] = {}
        self.step_of: dict[str, str] = {}
        self.steps: dict[str, str] = {}
        for other in scenario.get("others", ()):
            self._make_other(other)
        self._make_template()

    # What a scenario is made of.

    def _make_template(self) -> None:
        made = self.api.data("POST", "/checklists", {"title": self.scenario["title"], "type": "procedure"})
        self.path = f"/checklists/{made['id']}"
        self.template: str = made["id"]
        if kickoff := self.scenario.get("kickoff"):
            body = {"title": self.scenario["title"], "prerun": [definition(each) for each in kickoff]}
            self.kickoff = {each["label"]: each for each in self.api.data("PUT", self.path, body)["prerun"]}
        if settings := self.scenario.get("settings"):
            self.api.data("PUT", self.path, {"title": self.scenario["title"], **settings})
        self.others[self.scenario["title"]] = {**made, "prerun": list(self.kickoff.values())}
        self._make_steps(self.path, self.scenario)

    def _make_steps(self, path: str, scenario: Mapping[str, Any]) -> None:
        """The steps and rules of the template or of another one."""
        steps = [{"title": each} if isinstance(each, str) else each for each in scenario.get("steps", ())]
        for each in steps:
            self._make_step(path, dict(each))
        for each in steps:
            for word in ("launches", "injects"):
                if word in each:
                    follow_up = {"id": self.others[each[word]]["id"], "tasks_within_process": word == "injects"}
                    body = {"title": each["title"], "bp_to_launch": follow_up}
                    self.api.data("PUT", f"{path}/steps/{self.steps[each['title']]}", body)
            if "due" in each:
                self._set_due(path, each["title"], each["due"])
        for rule in scenario.get("rules", ()):
            self.add_rule(rule, path)

    def _make_other(self, other: Mapping[str, Any]) -> None:
        """A template that rules and steps launch or inject; nobody but administrators may launch it by themselves."""
        made = self.api.data("POST", "/checklists", {"title": other["title"], "type": "procedure"})
        path = f"/checklists/{made['id']}"
        body = {"title": other["title"], "prerun": [definition(each) for each in other.get("kickoff", ())]}
        self.others[other["title"]] = self.api.data("PUT", path, body)
        self._make_steps(path, other)
        self.org.allow(made, "LAUNCH")

    def _launch(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """template (the scenario's own when none is named), name, hand_on: kick-off field there = field here."""
        there = {label: field["id"] for label, field in self.kickoff.items()}
        template_id = self.template
        if "template" in wanted:
            other = self.others[wanted["template"]]
            template_id, there = other["id"], {each["label"]: each["id"] for each in other["prerun"]}
        handed = [
            {"prerun_id": there[label], **self._named("actionable", source)}
            for label, source in wanted.get("hand_on", {}).items()
        ]
        name: str | None = wanted.get("name")
        for label, field in self.kickoff.items():
            name = name and name.replace(f"{{{{{label}}}}}", f"{{{{{field['alias']}}}}}")
        return {"checklist_id": template_id, "name_format": name, "prerun": handed}

    def _make_step(self, path: str, step: dict[str, Any]) -> None:
        fields = step.pop("fields", ())
        for later in ("due", "launches", "injects"):
            step.pop(later, None)
        owners = self.owners(step.pop("people", ()))
        body = {"assign_run_starter": False, **step}
        body |= {"assignees": owners["users"], "guests": owners["guests"], "groups": owners["groups"]}
        made = self.api.data("POST", f"{path}/steps", body)
        self.steps[step["title"]] = made["id"]
        for field in fields:
            capture = self.api.data("POST", f"{path}/steps/{made['id']}/captures", definition(field))
            self.fields[field["label"]] = capture
            self.step_of[field["label"]] = step["title"]

    def _set_due(self, path: str, title: str, words: str) -> None:
        """ "5 days" from launch, "1 days from Cut" (its completion), "2 days prior_to Cut" (its deadline)."""
        value, unit, option, anchor = [*words.split(" ", 3), "from", ""][:4] if " " in words else ["", "", "", ""]
        step = self.steps[anchor] if anchor else "start_run"
        deadline = {"value": int(value), "unit": unit, "option": option, "step": step}
        self.api.data("PUT", f"{path}/steps/{self.steps[title]}", {"title": title, "deadline": deadline})

    def add_rule(self, rule: Mapping[str, Any], path: str) -> None:
        made = self.api.data("POST", f"{path}/automated-actions", self.rule_body(rule))
        self.rules[rule["name"]] = made["id"]

    def rule_body(self, rule: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "automated_alias": rule["name"],
            "conditions": [self._condition(list(each)) for each in rule["if"]],
            "then_actions": [self._action(list(each)) for each in rule["then"]],
        }

    def _condition(self, words: list[Any]) -> dict[str, Any]:
        """[and/or,] subject, operation[, statement[, column]]."""
        logic = words.pop(0) if words[0] in ("and", "or") else "and"
        name, operation, statement, column = [*words, None, None][:4]
        if operation in ("overdue_by", "due_in"):
            value, unit = statement.split()
            statement = {"value": int(value), "unit": unit}
        found = {"operation": operation, "statement": statement, "logic": logic, "column_contains_name": column}
        return {**found, **self._named("conditionable", name)}

    def _named(self, key: str, name: str) -> dict[str, str]:
        if name == "(process)":
            return {f"{key}_type": "Run"}
        theirs = {field["label"]: field for other in self.others.values() for field in other["prerun"]}
        for kind, known in (("Prerun", theirs | self.kickoff), ("Capture", self.fields)):
            if name in known:
                return {f"{key}_id": known[name]["id"], f"{key}_type": kind}
        return {f"{key}_id": self.steps[name], f"{key}_type": "Step"}

    def _action(self, words: list[Any]) -> dict[str, Any]:
        """verb, step[, people or "3 days before"[, where people come from or the deadline counts from]]."""
        verb, target, what, source = [*words, None, None][:4]
        kind = next((kind for kind, verbs in TYPES.items() if verb in verbs), "assignment")
        action: dict[str, Any] = {"action_type": kind, "action_verb": verb, "target_step_id": self.steps[target]}
        if kind == "deadline":
            value, unit, option = what.split()
            action["deadline"] = {"value": int(value), "unit": unit, "option": option}
        elif kind == "assignment" and what is not None:
            action["assignees"] = self.owners(what)
        elif kind == "launch":
            action["launch"] = self._launch(what or {})
        elif kind == "webhook":
            action |= {"webhook_url": "https://hooks.example/in", "alias_name": "hook"}
        return action | (self._named("actionable", source) if source else {})

    def owners(self, names: Iterable[str]) -> dict[str, list[Any]]:
        names = list(names)
        return {
            "users": [self.people[name].id for name in names if name in self.people],
            "guests": [name for name in names if "@" in name],
            "groups": [self.groups[name] for name in names if name in self.groups],
        }

    # What happens.

    def do(self, event: Mapping[str, Any]) -> None:
        if "at" in event:
            self.at(event["at"])
        for word in WORDS:
            if word in event:
                if word not in REHEARSABLE:
                    self.rehearsal = None
                getattr(self, f"do_{word}")(event[word], event)

    def also(self, event: str, **details: Any) -> None:
        """Note what is done for the rehearsal."""
        now = datetime.fromtimestamp(self.org.server.clock() / 1000, ZoneInfo("UTC"))
        if self.rehearsal is not None:
            self.rehearsal.append({"event": event, "at": now.strftime("%Y-%m-%dT%H:%M:%SZ"), **details})

    def rehearse(self) -> dict[str, dict[str, Any]]:
        """The tasks by title, as the rehearsal ends."""
        body = {**self.launch, "events": self.rehearsal}
        made = self.launcher.api.data("POST", f"{self.path}/simulate", body, status=200)
        return {task["title"]: task for task in made["moments"][-1]["tasks"]}

    def at(self, local: str) -> None:
        """Set the clock, by the clocks of the organization; whoever signed in before signs in anew."""
        moment = datetime.fromisoformat(local).replace(tzinfo=self.zone)
        self.org.server.clock.freeze(int(moment.timestamp() * 1000))
        for person in (self.org.admin, *self.people.values()):
            person.api.token = self.org.token(person.id)

    def do_launch(self, answers: Mapping[str, Any], event: Mapping[str, Any]) -> None:
        body: dict[str, Any] = {"checklist_id": self.template, "prerun": self.answers(self.kickoff, answers)}
        if event.get("form_stays_open"):
            body["assign_someone_else"] = True
        if "owners" in event:
            body["tasks"] = {self.steps[step]: {"owners": self.owners(who)} for step, who in event["owners"].items()}
        self.run = self.launcher.api.data("POST", "/runs", body)["id"]
        self.ids = {}
        self.also("launch")
        [launched] = self.rehearsal or []
        self.launch = {**{key: body[key] for key in body if key != "checklist_id"}, "at": launched["at"]}
        self.rehearsal = []

    def do_answer(self, answers: Mapping[str, Any], event: Mapping[str, Any]) -> None:
        for label, value in answers.items():
            body = {"taskdata": self.answers(self.fields, {label: value})}
            self._ok(self.launcher.api.put(self._task(self.step_of[label]), body))
            self.also("answer", step_id=self.steps[self.step_of[label]], **body)

    def do_done(self, step: str, event: Mapping[str, Any]) -> None:
        who = self.people[event.get("by", "Lena")]
        decision = {key: event[key] for key in ("is_approved",) if key in event}
        body = {"task_id": self.id_of(step), **decision}
        self._ok(who.api.post(f"/runs/{self.run}/completed-tasks", body))
        self.also("complete", step_id=self.steps.get(step), **decision)

    def do_reopen(self, step: str, event: Mapping[str, Any]) -> None:
        self._ok(self.launcher.api.delete(f"/runs/{self.run}/completed-tasks/{self.id_of(step)}"))
        self.also("reopen", step_id=self.steps[step])

    def do_hide(self, step: str, event: Mapping[str, Any]) -> None:
        self._ok(self.launcher.api.put(self._task(step) + "/hide", {}))
        self.also("hide", step_id=self.steps[step])

    def do_show(self, step: str, event: Mapping[str, Any]) -> None:
        self._ok(self.launcher.api.put(self._task(step) + "/show", {}))
        self.also("show", step_id=self.steps[step])

    def do_assign(self, people: Mapping[str, list[str]], event: Mapping[str, Any]) -> None:
        for step, names in people.items():
            self._ok(self.launcher.api.put(self._task(step), {"owners": self.owners(names)}))

    def do_move(self, deadlines: Mapping[str, str], event: Mapping[str, Any]) -> None:
        for step, local in deadlines.items():
            self._ok(self.launcher.api.put(self._task(step), {"deadline": self._instant(local)}))

    def do_comment(self, step: str, event: Mapping[str, Any]) -> None:
        self._ok(self.launcher.api.post(f"/tasks/{self.id_of(step)}/comment", {"content": "hm"}))

    def do_one_off(self, title: str, event: Mapping[str, Any]) -> None:
        self.org.one_off(self.launcher, title=title, run_id=self.run)

    def do_form(self, answers: Mapping[str, Any], event: Mapping[str, Any]) -> None:
        body = {"prerun": self.answers(self.kickoff, answers)}
        self._ok(self.launcher.api.put(f"/runs/{self.run}", body))
        self.also("submit_form", **body)

    def do_reopen_form(self, _: Any, event: Mapping[str, Any]) -> None:
        self._ok(self.launcher.api.delete(f"/runs/{self.run}/complete-prerun"))

    def do_submit_form(self, _: Any, event: Mapping[str, Any]) -> None:
        self._ok(self.launcher.api.post(f"/runs/{self.run}/complete-prerun"))

    def do_delete_rule(self, name: str, event: Mapping[str, Any]) -> None:
        self._ok(self.api.delete(f"{self.path}/automated-actions/{self.rules[name]}"))

    def do_new_rule(self, rule: Mapping[str, Any], event: Mapping[str, Any]) -> None:
        self.add_rule(rule, self.path)

    def do_archive_other(self, title: str, event: Mapping[str, Any]) -> None:
        self._ok(self.api.delete(f"/checklists/{self.others[title]['id']}"))

    def do_require(self, title: str, event: Mapping[str, Any]) -> None:
        """The other template gets a required kick-off field."""
        body = {"title": title, "prerun": [*self.others[title]["prerun"], text_field(label="Must", required=True)]}
        self._ok(self.api.put(f"/checklists/{self.others[title]['id']}", body))

    def do_undo(self, step: str, event: Mapping[str, Any]) -> None:
        self._ok(self.launcher.api.post(f"/tasks/{self.tasks()[step]['id']}/undo"))

    def do_archive(self, _: Any, event: Mapping[str, Any]) -> None:
        self._ok(self.launcher.api.delete(f"/runs/{self.run}"))

    def do_clock(self, _: Any, event: Mapping[str, Any]) -> None:
        """The server does what is due by now."""
        edge = self.org.server.edge
        self.org.server.run(fire_due(edge.database, edge.clock, edge.means, edge.files))

    def do_pass(self, _: Any, event: Mapping[str, Any]) -> None:
        """Time passes; of what the clock does, only rules react."""
        self.do_clock(True, event)
        self.also("wait")

    def do_hold(self, reason: str, event: Mapping[str, Any]) -> None:
        self._ok(self.launcher.api.post(f"/runs/{self.run}/hold", {"reason": reason}))

    def do_resume(self, _: Any, event: Mapping[str, Any]) -> None:
        self._ok(self.launcher.api.delete(f"/runs/{self.run}/hold"))

    def do_restore(self, _: Any, event: Mapping[str, Any]) -> None:
        self._ok(self.launcher.api.put(f"/runs/{self.run}/activate"))

    def _ok(self, answer: httpx.Response) -> None:
        assert answer.status_code in (200, 201, 204), f"{answer.status_code}: {answer.text}"

    def _task(self, step: str) -> str:
        return f"/runs/{self.run}/tasks/{self.id_of(step)}"

    def id_of(self, step: str) -> str:
        if step not in self.ids:
            self.ids = {title: task["id"] for title, task in self.tasks().items()}
        return self.ids[step]

    def answers(self, fields: Mapping[str, dict[str, Any]], given: Mapping[str, Any]) -> dict[str, Any]:
        return {fields[label]["id"]: self._answer(fields[label], value) for label, value in given.items()}

    def _answer(self, field: Mapping[str, Any], value: Any) -> Any:
        """Options by their texts, people by their names; `"(blank)"` clears, `"(address of Tim)"` is an address."""
        if value == "(blank)":
            return None
        if isinstance(value, str) and value.startswith("(address of "):
            return self.people[value.removeprefix("(address of ").removesuffix(")")].email
        ids = {option["text"]: option["id"] for option in field["options"]}
        match field["field_type"]:
            case "dropdown":
                return {"id": ids[value], "text": value}
            case "multiselect":
                entries = [each if isinstance(each, dict) else {"text": each, "selected": True} for each in value]
                return [{"id": ids[each["text"]], **each} for each in entries]
            case "assignees_form":
                return self.owners(value)
            case _:
                return value

    def _instant(self, local: str) -> str:
        moment = datetime.fromisoformat(local).replace(tzinfo=self.zone).astimezone(ZoneInfo("UTC"))
        return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")

    # What there is to see.

    def tasks(self) -> dict[str, dict[str, Any]]:
        found = self.api.data("GET", f"/runs/{self.run}/tasks?per_page=100&with=step")
        return {task["title"]: task for task in found}

    def look(self, event: Mapping[str, Any], *, strict: bool) -> dict[str, Any]:
        """What is there of all that the event says should be; in strict mode what `strict` says instead."""
        expected = wanted_of(event, strict=strict)
        self.shown = self.tasks() if expected else {}
        return {word: getattr(self, f"see_{word}")(wanted) for word, wanted in expected.items()}

    def see_see(self, wanted: Mapping[str, str]) -> dict[str, str]:
        return {step: state_word(self.shown[step], word) for step, word in wanted.items()}

    def see_people(self, wanted: Mapping[str, list[str]]) -> dict[str, list[str]]:
        return {step: sorted(self._names(self.shown[step]["owners"])) for step in wanted}

    def _names(self, owners: Mapping[str, list[Any]]) -> list[str]:
        members = {person.id: name for name, person in self.people.items()}
        groups = {group: name for name, group in self.groups.items()}
        return (
            [members[each] for each in owners["users"]] + owners["guests"] + [groups[each] for each in owners["groups"]]
        )

    def see_due(self, wanted: Mapping[str, str]) -> dict[str, str]:
        return {step: self._local(self.shown[step]["deadline"]) for step in wanted}

    def _local(self, instant: str) -> str:
        return datetime.fromisoformat(instant).astimezone(self.zone).strftime("%Y-%m-%d %H:%M")

    def see_held(self, wanted: Mapping[str, bool]) -> dict[str, bool]:
        """Whether the deadline waits for another step."""
        return {step: self.shown[step]["deadline_is_held"] for step in wanted}

    def see_answers(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Options by their texts."""
        return {
            label: shown(self.shown[self.step_of[label]]["taskdata"].get(self.fields[label]["id"], "(nothing)"))
            for label in wanted
        }

    def see_completed(self, wanted: Mapping[str, bool]) -> dict[str, bool]:
        """Whether anything of a completion is left on the task: when, by whom, how decided."""
        traces = ("completed_at", "completer_id", "is_approved")
        return {step: any(self.shown[step][each] is not None for each in traces) for step in wanted}

    def see_refused(self, wanted: Mapping[str, str]) -> dict[str, str]:
        """What a person may not do now."""
        for word, step in wanted.items():
            task, run = self.id_of(step), f"/runs/{self.run}"
            if word == "done":
                answer = self.launcher.api.post(f"{run}/completed-tasks", {"task_id": task})
            else:
                answer = self.launcher.api.put(f"{run}/tasks/{task}/{word}", {})
            assert answer.status_code == 422, answer.text
        return dict(wanted)

    def see_order(self, _: list[str]) -> list[str]:
        found = sorted(self.shown.values(), key=lambda task: task["position"])
        assert [task["position"] for task in found] == list(range(1, len(found) + 1))
        return [task["title"] for task in found]

    def see_progress(self, _: str) -> str:
        shown = self.api.data("GET", f"/runs/{self.run}")["progress"]
        return f"{shown['complete']}/{shown['total']}"

    def see_status(self, _: str) -> str:
        return self.api.data("GET", f"/runs/{self.run}")["status"]

    def see_rows(self, _: list[str]) -> list[str]:
        """Every evaluation of the process so far: "R1 executed" or "R1 failed"."""
        names = {rule: name for name, rule in self.rules.items()}
        words = {"rule.executed": "executed", "rule.execution_failed": "failed"}
        return [f"{names[subject]} {words[kind]}" for kind, subject in self._events() if kind in words]

    def see_webhooks(self, _: int) -> int:
        return sum(kind == "task.webhook_due" for kind, _ in self._events())

    def see_launched(self, _: list[Any]) -> list[Any]:
        """What was launched under the process, in order: names, and answers by the labels of the kick-off form."""
        others = {each["id"]: each for each in self.others.values()}
        found: list[Any] = []
        for run in reversed(self.api.data("GET", "/runs?per_page=100")):
            if run["parent_id"] == self.run:
                fields = others.get(run["checklist_id"], {"prerun": self.kickoff.values()})["prerun"]
                labels = {each["id"]: each["label"] for each in fields}
                found.append([run["name"], {labels[key]: shown(value) for key, value in run["prerun"].items()}])
        return found

    def see_processes(self, _: int) -> int:
        return len(self.api.data("GET", "/runs?per_page=100"))

    def see_comments(self, wanted: Mapping[str, str]) -> dict[str, str]:
        """What the system said on the task, without the id of a process; nothing else when it said what is wanted."""
        tasks, found = self.tasks(), dict[str, str]()
        for step in wanted:
            threads = self.api.data("GET", f"/runs/{self.run}/tasks/{tasks[step]['id']}?with=threads")["threads"][
                "data"
            ]
            said = [re.sub(r" \([0-9a-f]{32}\)", "", each["content"]) for each in threads]
            found[step] = wanted[step] if wanted[step] in said else " ".join(said)
        return found

    def see_told(self, wanted: Mapping[str, int]) -> dict[str, int]:
        kinds = [kind for kind, _ in self._events()]
        return {kind: kinds.count(kind) for kind in wanted}

    def _events(self) -> list[tuple[str, str]]:
        server = self.org.server

        async def work() -> list[tuple[str, str]]:
            from procession.domain.actors import NOBODY

            async with reading(server.database, self.org.number, self.org.id, NOBODY, server.clock()) as tx:
                return [(row[0], row[1]) for row in await tx.tuples(_told)]

        return server.run(work())


WORDS = tuple(name.removeprefix("do_") for name in vars(Stage) if name.startswith("do_"))
REHEARSABLE = frozenset({"launch", "answer", "done", "reopen", "hide", "show", "form", "pass"})
SIGHTS = tuple(name.removeprefix("see_") for name in vars(Stage) if name.startswith("see_"))


def wanted_of(event: Mapping[str, Any], *, strict: bool) -> dict[str, Any]:
    wanted = {word: event[word] for word in SIGHTS if word in event}
    if not strict or "strict" not in event:
        return wanted
    instead: Mapping[str, Any] = event["strict"]
    return {
        word: {**expected, **instead.get(word, {})} if isinstance(expected, dict) else instead.get(word, expected)
        for word, expected in wanted.items()
    }


def shown(answer: Any) -> Any:
    """An option by its text."""
    return answer["text"] if isinstance(answer, dict) and "text" in answer else answer


def state_word(task: Mapping[str, Any], asked: str) -> str:
    """ "hidden", "open", "done", or how it was decided; "visible" for anything but hidden when that is asked."""
    if task["status"] == "auto-skipped":
        return "hidden"
    if asked == "visible":
        return "visible"
    if task["status"] != "completed":
        return "open"
    return "done" if asked == "done" else task["status_label"]


def definition(field: Mapping[str, Any]) -> dict[str, Any]:
    """A field as the file has it: options and columns as texts."""
    made = text_field(**field)
    for key, name in (("options", "text"), ("columns", "label")):
        if key in field:
            made[key] = [{"id": place, name: text} for place, text in enumerate(field[key], 1)]
    return made
