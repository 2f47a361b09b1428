"""The process of the server, and the same acts through the API."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import count
from typing import Any

import httpx

from tests.builders import Organization
from tests.scenarios.stage import Stage
from tests.stateful.parts import (
    APPROVAL,
    COLOURS,
    DRAFT,
    DUE,
    EVERYONE,
    FIELDS,
    FILE,
    GIVEN_TO,
    KICKOFF,
    LIGHT,
    OK,
    ROUTES,
    STANDARD,
    STEPS,
    Act,
    Action,
    Evaluation,
    Rule,
)

# A page of the activity feed: mostly there is less to see.
ROWS = 20
TEMPLATE: dict[str, Any] = {
    "title": "Order",
    "people": [STANDARD],
    "light": [LIGHT],
    "kickoff": [{"label": KICKOFF, "field_type": "radio", "options": ROUTES}],
    "steps": [
        {
            "title": step,
            "people": sorted(GIVEN_TO.get(step, ())),
            "step_type": "approval" if step == APPROVAL else "task",
            "everyone_must_complete": step == EVERYONE,
            **({"due": f"{DUE[step][2]} hours {DUE[step][0]} {DUE[step][1]}"} if step in DUE else {}),
            "fields": {
                DRAFT: [{"label": "Colour", "field_type": "radio", "options": COLOURS}],
                FILE: [{"label": "Number", "required": True}],
            }.get(step, []),
        }
        for step in STEPS
    ],
}


class RealProcess(Stage):
    """The process of the server, by the names of the model."""

    def __init__(self, org: Organization, *, strict: bool) -> None:
        super().__init__(org, TEMPLATE, strict=strict)
        org.allow({"id": self.template}, "PROCESS_READ", self.people[LIGHT].id, everyone=True)

    def begin(self, rules: Sequence[Rule], *, route: str | None, form_stays_open: bool) -> None:
        """Launch a process with these rules instead of those of the one before."""
        # Access tokens last a day.
        self.at(datetime.fromtimestamp(self.org.server.clock() / 1000, self.zone).replace(tzinfo=None).isoformat())
        for name in [*self.rules][len(rules) :]:
            self.do_delete_rule(name, {})
            del self.rules[name]
        for number, rule in enumerate(rules):
            conditions = [list(each) for each in rule.conditions]
            body = {"name": f"R{number}", "if": conditions, "then": [words(each) for each in rule.actions]}
            if body["name"] in self.rules:
                self.api.data("PUT", f"{self.path}/automated-actions/{self.rules[body['name']]}", self.rule_body(body))
            else:
                self.add_rule(body, self.path)
        self.do_launch({KICKOFF: route} if route else {}, {"form_stays_open": form_stays_open})
        self.id_of(DRAFT)  # before anybody is in a hurry
        self.names = {person.id: name for name, person in self.people.items()}
        self.evaluations: tuple[Evaluation, ...] = ()
        self.last_row = 0

    def outcome(self, act: Act) -> int:
        """The status code of the answer."""
        if act.verb == "wait":
            self.org.server.clock.advance(seconds=60 * act.what[0])
            return OK
        return self.ask(act).status_code

    def do_together(self, acts: Sequence[Act]) -> list[int]:
        """The status codes, of acts that begin at the same time."""
        with ThreadPoolExecutor(len(acts)) as pool:
            return [*pool.map(self.outcome, acts)]

    def ask(self, act: Act) -> httpx.Response:
        api, run = self.people[act.who].api, f"/runs/{self.run}"
        match act.verb, *act.what:
            case "complete", step, decision:
                said = {} if decision is None else {"is_approved": decision}
                return api.post(f"{run}/completed-tasks", {"task_id": self.id_of(step), **said})
            case "reopen", step:
                return api.delete(f"{run}/completed-tasks/{self.id_of(step)}")
            case "answer", name, value:
                given = self.answers(self.fields, {name: value or "(blank)"})
                return api.put(f"{run}/tasks/{self.id_of(FIELDS[name])}", {"taskdata": given})
            case "assign", step, people:
                return api.put(f"{run}/tasks/{self.id_of(step)}", {"owners": self.owners(sorted(people))})
            case ("hide" | "show") as verb, step:
                return api.put(f"{run}/tasks/{self.id_of(step)}/{verb}", {})
            case "change_form", route:
                return api.put(run, {"prerun": self.answers(self.kickoff, {KICKOFF: route or "(blank)"})})
            case "hold", *_:
                return api.post(f"{run}/hold", {"reason": "Strike"})
            case "undo", what:
                return api.post(f"{run}/undo" if what == "process" else f"/tasks/{self.id_of(what)}/undo")
            case _:
                method, path = ON_PROCESS[act.verb]
                return api.request(method, run + path)

    def seen(self) -> dict[str, object]:
        """What is there of what the model has."""
        run, tasks = self.api.data("GET", f"/runs/{self.run}"), self.tasks()
        answers = {name: tasks[step]["taskdata"].get(self.fields[name]["id"]) for name, step in FIELDS.items()}
        return {
            "status": run["status"],
            "progress": (run["progress"]["complete"], run["progress"]["total"]),
            "on_hold": instant(run["on_hold"]["since"]) if "on_hold" in run else None,
            "answers": {KICKOFF: run["prerun"].get(self.kickoff[KICKOFF]["id"]), **answers},
            "tasks": {
                title: (
                    task["status"],
                    task["is_approved"],
                    sorted(self.names[each] for each in task["owners"]["users"]),
                    instant(task["deadline"]),
                )
                for title, task in tasks.items()
            },
            "evaluations": self._evaluations(),
        }

    def _new_rows(self) -> Iterator[Mapping[str, Any]]:
        """Of the activity feed since the last look, the newest first."""
        for page in count(1):
            path = f"/activity-feeds?entity_type=run&entity_id={self.run}&per_page={ROWS}&page={page}"
            rows = [row for row in self.api.get(path).json()["data"] if row["id"] > self.last_row]
            yield from rows
            if len(rows) < ROWS:
                return

    def _evaluations(self) -> tuple[Evaluation, ...]:
        """Of all rules, as the activity feed tells them, which has the newest first. Spec: A-12.1."""
        new = [*self._new_rows()]
        self.last_row = max([self.last_row, *(row["id"] for row in new)])
        self.evaluations += tuple(evaluation(row) for row in reversed(new) if row["type"] == ["execution"])
        return self.evaluations


def evaluation(row: Mapping[str, Any]) -> Evaluation:
    told = row["audit_state"]
    number = int(told["alias"].removeprefix("R"))
    return Evaluation(number, row["verb"] == ["executed"], tuple(each["isMet"] for each in told["rules"]))


# What takes nothing but the process.
ON_PROCESS = {
    "submit_form": ("POST", "/complete-prerun"),
    "reopen_form": ("DELETE", "/complete-prerun"),
    "archive": ("DELETE", ""),
    "activate": ("PUT", "/activate"),
    "resume": ("DELETE", "/hold"),
}


def words(action: Action) -> list[Any]:
    """As the scenario files have it."""
    if action.verb == "deadline":
        shift = f"{abs(action.hours)} hours {'from' if action.hours > 0 else 'before'}"
        return [action.verb, action.step, shift, *([action.anchor] if action.anchor else [])]
    return [action.verb, action.step, *([action.people] if action.people else [])]


def instant(shown: str) -> int:
    return int(datetime.fromisoformat(shown).timestamp() * 1000)
