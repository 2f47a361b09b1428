"""Whatever an administrator does to a process that they launched, a rehearsal of it comes to the same at every step.

Spec: api-templates 8.6. Tables of single cases: tests/scenarios/automations.
"""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from procession.domain.times import wire
from tests.api.task_runs import NOW, on_one_database
from tests.builders import Organization
from tests.stateful.drawn import DECISIONS, ROUTE, WAITS
from tests.stateful.drawn_rules import RULES
from tests.stateful.parts import ADMIN, EVERYONE, FIELDS, KICKOFF, OK, STEPS, VALUES, Act, Rule
from tests.stateful.real import RealProcess

SEQUENCES, SHORTEST, LONGEST = 12, 6, 10
SHOWN = ("status", "status_label", "deadline", "deadline_is_held", "completed_at", "taskdata")


# A rehearsal completes at once what everybody has to do; in life each does their part.
_steps = st.sampled_from([step for step in STEPS if step != EVERYONE])
_complete = st.builds(lambda step, decision: Act("complete", ADMIN, (step, decision)), _steps, DECISIONS)
_units = st.one_of(
    *[_complete.map(lambda act: [act])] * 3,
    # What re-arms rules is seldom drawn by chance.
    *[_complete.map(lambda act: [act, Act("reopen", ADMIN, act.what[:1]), act])] * 3,
    st.builds(lambda verb, step: [Act(verb, ADMIN, (step,))], st.sampled_from(["hide", "show", "reopen"]), _steps),
    st.builds(
        lambda name, place: [Act("answer", ADMIN, (name, VALUES[name][place]))],
        st.sampled_from([*FIELDS]),
        st.sampled_from([0, 1]),
    ),
    ROUTE.map(lambda route: [Act("change_form", ADMIN, (route,))]),
    WAITS.map(lambda act: [act]),
)
_acts = st.lists(_units, min_size=SHORTEST, max_size=LONGEST).map(lambda units: [*chain(*units)])


@on_one_database
def test_a_rehearsal_comes_to_what_life_comes_to(org: Organization) -> None:
    org.server.clock.freeze(NOW)
    real = RealProcess(org, strict=False)

    @seed(1)
    @settings(
        max_examples=SEQUENCES,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )
    @given(rules=RULES, route=ROUTE, acts=_acts)
    def play(rules: tuple[Rule, ...], route: str | None, acts: Sequence[Act]) -> None:
        real.begin(rules, route=route, form_stays_open=False)
        lived = [_seen(real.tasks())]
        done: list[dict[str, Any]] = []
        for act in acts:
            if real.outcome(act) == OK and act.verb != "wait":
                done.append({**_event(real, act), "at": wire(org.server.clock())})
                lived.append(_seen(real.tasks()))

        moments = real.launcher.api.data("POST", f"{real.path}/simulate", {**real.launch, "events": done}, status=200)[
            "moments"
        ]

        assert [_seen({task["title"]: task for task in each["tasks"]}) for each in moments] == lived

    play()


def _event(real: RealProcess, act: Act) -> dict[str, Any]:
    match act.verb, *act.what:
        case "complete", step, decision:
            said = {} if decision is None else {"is_approved": decision}
            return {"event": "complete", "step_id": real.steps[step], **said}
        case "answer", name, value:
            given = real.answers(real.fields, {name: value or "(blank)"})
            return {"event": "answer", "step_id": real.steps[FIELDS[name]], "taskdata": given}
        case "change_form", route:
            return {"event": "submit_form", "prerun": real.answers(real.kickoff, {KICKOFF: route or "(blank)"})}
        case verb, step:
            return {"event": verb, "step_id": real.steps[step]}
    raise AssertionError(act)


def _seen(tasks: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    def owners(task: Mapping[str, Any]) -> list[list[Any]]:
        return [sorted(task["owners"][kind]) for kind in ("users", "guests", "groups")]

    return {title: (*(task[key] for key in SHOWN), owners(task)) for title, task in tasks.items()}
