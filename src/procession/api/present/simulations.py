"""Rehearsals of templates. Spec: api-templates 8.6."""

from collections.abc import Sequence

from procession.api.contract.rules import RulePeople
from procession.api.contract.simulations import (
    RuleEvaluation,
    RuleOutcome,
    SimulatedFollowUp,
    SimulatedLaunch,
    SimulatedMoment,
    SimulatedTask,
    Simulation,
)
from procession.domain.automations.handing_on import handed_on
from procession.domain.automations.reacting import Acted, Evaluation, Followed
from procession.domain.order_lock import blockers_of
from procession.domain.processes import Process, Task
from procession.domain.run_document import progress
from procession.domain.tasks import status_label
from procession.domain.times import wire, wire_or_none
from procession.usecases.simulating import Moment, Outcome


def present_simulation(moments: Sequence[Moment]) -> Simulation:
    return Simulation(moments[0].process.name, [_moment(each) for each in moments])


def _moment(moment: Moment) -> SimulatedMoment:
    process, event = moment.process, moment.event
    return SimulatedMoment(
        event="launch" if event is None else event.word,
        step_id=None if event is None else event.step,
        at=wire(moment.at),
        status=process.status,
        progress=progress(process.tasks_done, process.tasks_visible),
        tasks=[
            _task(task, moment.titles[task.id], process)
            for task in sorted(process.tasks, key=lambda task: (task.position, task.seq))
        ],
        follow_ups=[_follow_up(each) for each in moment.follow_ups],
        rules=[_evaluation(entry, moment) for entry in moment.log if isinstance(entry, Evaluation | Followed)],
    )


def _task(task: Task, title: str, process: Process) -> SimulatedTask:
    owners = task.owners
    return SimulatedTask(
        step_id=task.step_id,
        title=title,
        task_type=task.task_type,
        status=task.status,
        status_label=status_label(task),
        owners=RulePeople(list(owners.users), list(owners.guests), list(owners.groups)),
        deadline=wire_or_none(task.deadline),
        deadline_is_held=task.is_held,
        blocked_by=[each.step_id for each in blockers_of(task, process) if each.step_id is not None],
        completed_at=wire_or_none(task.completed_at),
        taskdata=task.taskdata,
    )


def _follow_up(each: Outcome) -> SimulatedFollowUp:
    follow_up = each.follow_up
    return SimulatedFollowUp(
        each.step, follow_up.template_id, follow_up.tasks_within_process, each.outcome, each.reason
    )


def _evaluation(entry: Evaluation | Followed, moment: Moment) -> RuleEvaluation:
    conditions = {each.id: met for each, met in zip(entry.rule.conditions, entry.met, strict=True)}
    return RuleEvaluation(
        id=entry.rule.id,
        automated_alias=entry.rule.name,
        because=entry.occurrence.kind,
        because_of_step_id=entry.occurrence.step,
        executed=entry.holds if isinstance(entry, Followed) else entry.fired,
        only_follows=isinstance(entry, Followed),
        conditions=conditions,
        actions=[
            RuleOutcome(each.action.verb, each.action.target, each.done.outcome, _launch(each, entry.rule.id, moment))
            for each in entry.acted
        ],
    )


def _launch(acted: Acted, rule_id: str, moment: Moment) -> SimulatedLaunch | None:
    launch = acted.action.launch
    if launch is None or acted.done.outcome != "done":
        return None
    document = moment.document_of_rule(rule_id)
    return SimulatedLaunch(launch.template_id, handed_on(launch, moment.process, document, moment.zone))
