"""What sequences are drawn from, and the same acts through the API."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import httpx
from hypothesis import strategies as st

from tests.builders import Organization
from tests.scenarios.stage import Stage
from tests.stateful.parts import (
    ADMIN,
    APPROVAL,
    DRAFT,
    DUE,
    EVERYONE,
    FIELDS,
    FILE,
    GIVEN_TO,
    KICKOFF,
    LIGHT,
    OK,
    PRINT,
    REVIEW,
    ROLES,
    STANDARD,
    STEPS,
    Act,
    Action,
    Condition,
    Evaluation,
    Rule,
)

# In one rule. Spec: A-4.2.
ONCE_A_STEP = ("show", "hide", "deadline")
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
            **({"due": f"{DUE[step][2]} hours {DUE[step][0]} {DUE[step][1]}"} if step in DUE else {}),
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


_nothing, _zero, _nobody = st.none(), st.just(0), st.just(())
_bare = st.sampled_from(["show", "hide", "reopen", "clear_assignees"])
_giving = st.sampled_from(["assign", "assign_only", "unassign"])
_anchors = st.sampled_from([None, REVIEW, PRINT])
_actions = st.one_of(
    st.builds(Action, _bare, _steps, _nobody, _zero, _nothing),
    st.builds(Action, _giving, _steps, _people, _zero, _nothing),
    st.builds(Action, st.just("deadline"), _steps, _nobody, st.sampled_from([-5, 3]), _anchors),
)


def _is_accepted(rule: Rule) -> bool:
    once = [(action.verb == "deadline", action.step) for action in rule.actions if action.verb in ONCE_A_STEP]
    asked = {FIELDS.get(each.subject, each.subject) for each in rule.conditions}
    reopened = {action.step for action in rule.actions if action.verb == "reopen"}
    anchored = all(action.anchor != action.step for action in rule.actions)
    return len(set(once)) == len(once) and anchored and asked.isdisjoint(reopened)


_rule = st.builds(
    Rule,
    st.lists(st.one_of(_on_steps, _on_decisions, _on_answers), min_size=1, max_size=3).map(tuple),
    st.lists(_actions, min_size=1, max_size=2).map(tuple),
).filter(_is_accepted)


def _when(step: str, word: str, *actions: Action) -> Rule:
    return Rule((Condition("and", step, word),), actions)


# What people make rules for, and what goes round: a rejection sends the work back, its end calls for another review.
_usual = st.sampled_from(
    [
        _when(REVIEW, "rejected", Action("reopen", DRAFT), Action("assign_only", DRAFT, (STANDARD,))),
        _when(REVIEW, "approved", Action("show", PRINT), Action("deadline", PRINT, (), 3, None)),
        _when(DRAFT, "completed", Action("reopen", REVIEW), Action("hide", PRINT)),
        _when(DRAFT, "reopened", Action("assign", PRINT, (STANDARD,)), Action("deadline", FILE, (), -5, REVIEW)),
        Rule(
            (Condition("and", DRAFT, "completed"), Condition("or", DRAFT, "reopened")),
            (Action("unassign", PRINT, (STANDARD,)),),
        ),
        _when(PRINT, "completed", Action("deadline", REVIEW, (), 3, None)),
        _when(PRINT, "not_assigned", Action("assign", PRINT, (LIGHT,))),
        Rule((Condition("and", KICKOFF, "equals", ROUTES[0]),), (Action("show", FILE), Action("reopen", PRINT))),
        Rule((Condition("and", KICKOFF, "not_equals", ROUTES[0]),), (Action("hide", FILE),)),
    ]
)
RULES = st.lists(st.one_of(_rule, _rule, _usual), min_size=1, max_size=5).map(tuple)
ROUTE = st.sampled_from([None, *ROUTES])

# Most of them by the administrator, so that most of them happen.
_who = st.sampled_from([ADMIN, ADMIN, ADMIN, STANDARD, LIGHT])
# Those that most rules are about, most often.
STEPS_DONE = st.sampled_from([DRAFT, DRAFT, REVIEW, REVIEW, *STEPS])
_steps_hidden = st.sampled_from([PRINT, FILE, *STEPS])
_anybody = st.frozensets(st.sampled_from([*ROLES]), max_size=3)
DECISIONS = st.booleans()
_decision = st.one_of(DECISIONS, DECISIONS, st.none())


def _acts(verb: str, *what: st.SearchStrategy[Any]) -> st.SearchStrategy[Act]:
    return st.builds(Act, st.just(verb), _who, st.tuples(*what))


_complete, _reopen = _acts("complete", STEPS_DONE, _decision), _acts("reopen", STEPS_DONE)
ACTS: st.SearchStrategy[Act] = st.one_of(
    *[_complete] * 4,
    *[_reopen] * 4,
    st.sampled_from([*FIELDS]).flatmap(
        lambda name: _acts("answer", st.just(name), st.sampled_from([None, *VALUES[name]]))
    ),
    _acts("assign", _steps, _anybody),
    _acts("hide", _steps_hidden),
    *[_acts("show", _steps_hidden)] * 2,
    *[_acts("change_form", ROUTE)] * 3,
    _acts("submit_form"),
    _acts("reopen_form"),
    # So that it does not lie archived for long.
    *[_acts("activate")] * 3,
    _acts("archive"),
    # Nor on hold.
    *[_acts("resume")] * 3,
    _acts("hold"),
    _acts("undo", st.sampled_from([*STEPS, "process"])),
)

# What rules are mostly about.
COMPLETIONS = st.builds(Act, st.just("complete"), st.just(ADMIN), st.tuples(STEPS_DONE, DECISIONS))
# Minutes: something can still be undone after the one, not after the other.
WAITS = st.builds(Act, st.just("wait"), st.just(ADMIN), st.sampled_from([(1,), (30,)]))


class RealProcess(Stage):
    """The process of the server, by the names of the model."""

    def __init__(self, org: Organization, *, strict: bool) -> None:
        super().__init__(org, TEMPLATE, strict=strict)
        org.allow({"id": self.template}, "PROCESS_READ", self.people[LIGHT].id, everyone=True)

    def begin(self, rules: Sequence[Rule], *, route: str | None, form_stays_open: bool) -> None:
        """Launch a process with these rules instead of those of the one before."""
        # Access tokens last a day.
        self.at(datetime.fromtimestamp(self.org.server.clock() / 1000, self.zone).replace(tzinfo=None).isoformat())
        for name in [*self.rules]:
            self.do_delete_rule(name, {})
            del self.rules[name]
        for number, rule in enumerate(rules):
            conditions = [list(each) for each in rule.conditions]
            said = {"name": f"R{number}", "if": conditions, "then": [words(each) for each in rule.actions]}
            self.add_rule(said, self.path)
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

    def _evaluations(self) -> tuple[Evaluation, ...]:
        """Of all rules, as the activity feed tells them, which has the newest first. Spec: A-12.1."""
        path = f"/activity-feeds?entity_type=run&entity_id={self.run}&per_page=100"
        new = [row for row in self.api.get(path).json()["data"] if row["id"] > self.last_row]
        assert len(new) < 100, "no more than a page since the last look"
        self.last_row = max([self.last_row, *(row["id"] for row in new)])
        self.evaluations += tuple(evaluation(row) for row in reversed(new) if row["type"] == ["execution"])
        return self.evaluations


def evaluation(row: Mapping[str, Any]) -> Evaluation:
    told = row["audit_state"]
    number = int(told["automated_alias"].removeprefix("R"))
    return Evaluation(number, row["verb"] == ["executed"], tuple(each["met"] for each in told["conditions"]))


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
