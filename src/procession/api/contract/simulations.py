"""Rehearsals of templates on the wire. Spec: api-templates 8.6."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from procession.api.contract.rules import ActionVerbName, RulePeople
from procession.domain.run_document import Progress

EventName = Literal["complete", "reopen", "answer", "hide", "show", "submit_form", "wait"]


class SimulatedEvent(msgspec.Struct, kw_only=True):
    """One thing somebody does. `taskdata` are answers saved before; `prerun` is for `submit_form`.

    `wait` only lets time pass until `at`, as everything else does, too: rules with conditions on time react.
    """

    event: EventName
    step_id: str | None = None
    taskdata: Any = None
    prerun: Any = None
    is_approved: Annotated[
        bool | None, Meta(description="The decision; false on expiring steps: nobody acknowledged in time.")
    ] = None
    at: Annotated[str | None, Meta(description="When; the same instant as before it when absent.")] = None


class SimulationBody(msgspec.Struct, kw_only=True):
    """A launch as `POST /runs` takes it, and what happens then."""

    prerun: Any = None
    tasks: Any = None
    roles: Any = None
    user_id: int | None = None
    assign_someone_else: Annotated[bool, Meta(description="The kick-off form stays open.")] = False
    at: Annotated[str | None, Meta(description="When it is launched; now when absent.")] = None
    events: Annotated[list[SimulatedEvent], Meta(max_length=200)] = []


class SimulatedTask(msgspec.Struct):
    step_id: str | None
    title: str
    task_type: str
    status: str
    status_label: str
    owners: RulePeople
    deadline: str | None
    deadline_is_held: Annotated[bool, Meta(description="It waits for another step and counts for nothing yet.")]
    blocked_by: Annotated[list[str], Meta(description="Steps whose tasks must still be completed before it can be.")]
    completed_at: str | None
    taskdata: Annotated[dict[str, Any], Meta(description="Answers by field, those included that its form begins with.")]


class SimulatedLaunch(msgspec.Struct):
    """`prerun` has the answers of this process by the kick-off field that would take them."""

    checklist_id: str
    prerun: dict[str, Any]


class SimulatedFollowUp(msgspec.Struct):
    """What the step of a task that was completed would launch, or add to the process."""

    step_id: str
    checklist_id: str
    tasks_within_process: Annotated[bool, Meta(description="Its tasks join this process.")]
    outcome: Literal["done", "done_before", "refused"]
    reason: Annotated[str | None, Meta(description="Of `refused`.")]


class RuleOutcome(msgspec.Struct):
    """What became of one action: `done`, or why it did nothing."""

    action_verb: ActionVerbName
    target_step_id: str
    outcome: str
    launch: Annotated[
        SimulatedLaunch | None, Meta(description="Of `launch_process`: what would be launched, with which answers.")
    ]


class RuleEvaluation(msgspec.Struct):
    """A rule that was looked at; `conditions` says of each condition, by its id, whether it was met."""

    id: str
    automated_alias: str
    because: Annotated[
        str, Meta(description="launched, injected, kickoff_submitted, completed, reopened, time_passed.")
    ]
    because_of_step_id: str | None
    executed: bool
    only_follows: Annotated[
        bool, Meta(description="What it shows and hides followed its conditions; nothing else of it was done.")
    ]
    conditions: dict[str, bool]
    actions: list[RuleOutcome]


class SimulatedMoment(msgspec.Struct):
    """The process after one event; the first one is the launch."""

    event: EventName | Literal["launch"]
    step_id: str | None
    at: str
    status: str
    progress: Progress
    tasks: list[SimulatedTask]
    follow_ups: list[SimulatedFollowUp]
    rules: list[RuleEvaluation]


class Simulation(msgspec.Struct):
    name: str
    moments: list[SimulatedMoment]
