"""Steps of another template that become tasks of a running process. Spec: behaviour-launching 10, A-10.2."""

from msgspec.structs import replace

from procession.domain.processes import Injection, Process, Task
from procession.domain.templates import Template


def is_injected(template: Template, process: Process) -> bool:
    """Whether the template is one that was injected into the process, not the one that it runs."""
    if not process.injections:
        return False
    steps = {step.id for step in template.steps}
    return any(task.step_id in steps and process.injection_of(task) is not None for task in process.tasks)


def is_there(template_id: str, process: Process) -> bool:
    """Whether tasks of the template are part of the process already. Spec: L-10.8, L-10.13."""
    return template_id in (process.template_id, *(each.template_id for each in process.injections))


def injected(process: Process, injection: Injection, made: tuple[Task, ...]) -> Process:
    """The process with these tasks right behind the one that brought them, in its milestone. Spec: L-10.8, L-10.9."""
    ordered = sorted(process.tasks, key=lambda task: (task.position, task.seq))
    place = next(n for n, task in enumerate(ordered, start=1) if task.seq == injection.trigger_task)
    trigger = ordered[place - 1]
    joined = [replace(task, stage_id=trigger.stage_id, position=trigger.position) for task in made]
    later = [replace(task, position=task.position + len(made)) for task in ordered[place:]]
    behind = [replace(task, position=task.position + n) for n, task in enumerate(joined, start=1)]
    return replace(process, tasks=(*ordered[:place], *behind, *later), injections=(*process.injections, injection))
