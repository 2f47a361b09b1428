"""What sequences are drawn from, and the same acts through the API."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
from hypothesis import strategies as st

from tests.builders import Organization
from tests.scenarios.stage import Stage
from tests.stateful.model import (
    ADMIN,
    APPROVAL,
    DRAFT,
    EVERYONE,
    FIELDS,
    FILE,
    GIVEN_TO,
    KICKOFF,
    LIGHT,
    ROLES,
    STANDARD,
    STEPS,
    Act,
    Action,
    Condition,
    Rule,
)

ROUTES, COLOURS = ("North", "South"), ("Red", "Blue")
VALUES: dict[str, Sequence[str]] = {KICKOFF: ROUTES, "Colour": COLOURS, "Number": ("7", "8")}
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
            "fields": {
                DRAFT: [{"label": "Colour", "field_type": "radio", "options": COLOURS}],
                FILE: [{"label": "Number", "required": True}],
            }.get(step, []),
        }
        for step in STEPS
    ],
}

# Rules that the API accepts (A-4.2, A-4.3).
_steps = st.sampled_from(STEPS)
_people = st.lists(st.sampled_from([*ROLES]), min_size=1, max_size=2, unique=True).map(tuple)
_logic = st.sampled_from(["and", "or"])
_on_steps = st.builds(Condition, _logic, _steps, st.sampled_from(["completed", "reopened", "not_assigned"]), st.none())
_on_decisions = st.builds(Condition, _logic, st.just(APPROVAL), st.sampled_from(["approved", "rejected"]), st.none())
_on_answers = st.sampled_from([*VALUES]).flatmap(
    lambda name: st.one_of(
        st.builds(
            Condition,
            _logic,
            st.just(name),
            st.sampled_from(["equals", "not_equals"]),
            st.sampled_from([*VALUES[name]]),
        ),
        st.builds(Condition, _logic, st.just(name), st.sampled_from(["is_empty", "is_not_empty"]), st.none()),
    )
)
_actions = st.one_of(
    st.builds(Action, st.sampled_from(["show", "hide", "reopen"]), _steps, st.just(())),
    st.builds(Action, st.sampled_from(["assign", "assign_only", "unassign"]), _steps, _people),
    st.builds(Action, st.just("clear_assignees"), _steps, st.just(())),
)


def _is_accepted(rule: Rule) -> bool:
    shown = [action.step for action in rule.actions if action.verb in ("show", "hide")]
    asked = {FIELDS.get(each.subject, each.subject) for each in rule.conditions}
    reopened = {action.step for action in rule.actions if action.verb == "reopen"}
    return len(set(shown)) == len(shown) and asked.isdisjoint(reopened)


_rule = st.builds(
    Rule,
    st.lists(st.one_of(_on_steps, _on_decisions, _on_answers), min_size=1, max_size=3).map(tuple),
    st.lists(_actions, min_size=1, max_size=2).map(tuple),
).filter(_is_accepted)
RULES = st.lists(_rule, max_size=4).map(tuple)
ROUTE = st.sampled_from([None, *ROUTES])

# Most of them by the administrator, so that most of them happen.
_who = st.sampled_from([ADMIN, ADMIN, ADMIN, STANDARD, LIGHT])
_anybody = st.frozensets(st.sampled_from([*ROLES]), max_size=3)
_decision = st.sampled_from([True, True, False, False, None])


def _acts(verb: str, *what: st.SearchStrategy[Any]) -> st.SearchStrategy[Act]:
    return st.builds(Act, st.just(verb), _who, st.tuples(*what))


_complete, _reopen = _acts("complete", _steps, _decision), _acts("reopen", _steps)
ACTS: st.SearchStrategy[Act] = st.one_of(
    *[_complete] * 4,
    *[_reopen] * 4,
    st.sampled_from([*FIELDS]).flatmap(
        lambda name: _acts("answer", st.just(name), st.sampled_from([None, *VALUES[name]]))
    ),
    _acts("assign", _steps, _anybody),
    _acts("hide", _steps),
    _acts("show", _steps),
    _acts("change_form", ROUTE),
    _acts("submit_form"),
    _acts("reopen_form"),
    # So that it does not lie archived for long.
    *[_acts("activate")] * 4,
    _acts("archive"),
)


class RealProcess(Stage):
    """The process of the server, by the names of the model."""

    def __init__(self, org: Organization, *, strict: bool) -> None:
        super().__init__(org, TEMPLATE, strict=strict)
        org.allow({"id": self.template}, "PROCESS_READ", self.people[LIGHT].id, everyone=True)

    def begin(self, rules: Sequence[Rule], *, route: str | None, form_stays_open: bool) -> None:
        """Launch a process with these rules instead of those of the one before."""
        for name in [*self.rules]:
            self.do_delete_rule(name, {})
            del self.rules[name]
        for number, rule in enumerate(rules):
            conditions = [list(each) for each in rule.conditions]
            actions = [[each.verb, each.step, *([each.people] if each.people else [])] for each in rule.actions]
            self.add_rule({"name": f"R{number}", "if": conditions, "then": actions})
        self.do_launch({KICKOFF: route} if route else {}, {"form_stays_open": form_stays_open})
        self.ids = {step: task["id"] for step, task in self.tasks().items()}
        self.names = {person.id: name for name, person in self.people.items()}

    def do_together(self, acts: Sequence[Act]) -> list[int]:
        """The status codes, of acts that begin at the same time."""
        if len(acts) == 1:
            return [self.ask(acts[0]).status_code]
        with ThreadPoolExecutor(len(acts)) as pool:
            return [answer.status_code for answer in pool.map(self.ask, acts)]

    def ask(self, act: Act) -> httpx.Response:
        api, run = self.people[act.who].api, f"/runs/{self.run}"
        match act.verb, *act.what:
            case "complete", step, decision:
                said = {} if decision is None else {"is_approved": decision}
                return api.post(f"{run}/completed-tasks", {"task_id": self.ids[step], **said})
            case "reopen", step:
                return api.delete(f"{run}/completed-tasks/{self.ids[step]}")
            case "answer", name, value:
                given = self.answers(self.fields, {name: value or "(blank)"})
                return api.put(f"{run}/tasks/{self.ids[FIELDS[name]]}", {"taskdata": given})
            case "assign", step, people:
                return api.put(f"{run}/tasks/{self.ids[step]}", {"owners": self.owners(sorted(people))})
            case ("hide" | "show") as verb, step:
                return api.put(f"{run}/tasks/{self.ids[step]}/{verb}", {})
            case "change_form", route:
                return api.put(run, {"prerun": self.answers(self.kickoff, {KICKOFF: route or "(blank)"})})
            case "submit_form", *_:
                return api.post(f"{run}/complete-prerun")
            case "reopen_form", *_:
                return api.delete(f"{run}/complete-prerun")
            case "archive", *_:
                return api.delete(run)
            case _:
                return api.put(f"{run}/activate")

    def seen(self) -> dict[str, object]:
        """What is there of what the model has."""
        run, tasks = self.api.data("GET", f"/runs/{self.run}"), self.tasks()
        answers = {name: tasks[step]["taskdata"].get(self.fields[name]["id"]) for name, step in FIELDS.items()}
        return {
            "status": run["status"],
            "progress": (run["progress"]["complete"], run["progress"]["total"]),
            "answers": {KICKOFF: run["prerun"].get(self.kickoff[KICKOFF]["id"]), **answers},
            "tasks": {
                title: (
                    task["status"],
                    task["is_approved"],
                    sorted(self.names[each] for each in task["owners"]["users"]),
                )
                for title, task in tasks.items()
            },
        }
