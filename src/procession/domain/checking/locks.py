"""What is wrong with steps that wait for others. Spec: behaviour-work OL7.

That steps wait for each other in a circle is refused when they are written.
"""

from collections.abc import Collection, Iterator

from procession.domain.checking.findings import Finding, of_step
from procession.domain.checking.reaching import Reach
from procession.domain.order_lock import everything_before
from procession.domain.tasks import TIMED_TYPES
from procession.domain.templates import Step
from procession.domain.wording import quoted


def findings_of_locks(reach: Reach, uncompletable: Collection[str]) -> Iterator[Finding]:
    """`uncompletable` are the steps that nobody can complete."""
    for step in reach.template.steps:
        for each in step.blocked_by or ():
            first = reach.world.steps.get(each)
            if first is not None:
                yield from _lock(step, first, reach, uncompletable)
        yield from _deadline(step, reach)


def _lock(step: Step, first: Step, reach: Reach, uncompletable: Collection[str]) -> Iterator[Finding]:
    title, before, related = quoted(step.title), quoted(first.title), (of_step(first),)
    if not reach.can_see(first.id):
        sentence = f"Step {title} waits for step {before}, which is never seen: what is hidden blocks nothing."
        yield Finding(
            code="lock_without_effect", level="medium", place=of_step(step), related=related, sentence=sentence
        )
    elif first.id in uncompletable:
        sentence = f"Step {title} waits for step {before}, which nobody can complete: assign somebody to that."
        yield Finding(code="lock_for_good", level="high", place=of_step(step), related=related, sentence=sentence)
    is_after = step.deadline.option == "from" and step.deadline.step == first.id
    if step.step_type in TIMED_TYPES and not is_after:
        does = "is sent" if step.step_type == "expiring_email" else "closes"
        sentence = (
            f"Step {title} {does} by itself at its deadline, even while it waits for step {before}: "
            "let its deadline count from that step."
        )
        yield Finding(
            code="lock_passed_by_clock", level="medium", place=of_step(step), related=related, sentence=sentence
        )


def _deadline(step: Step, reach: Reach) -> Iterator[Finding]:
    """A deadline that begins with the completion of what comes after the step."""
    waiting = {each.id: each.blocked_by for each in reach.template.steps}
    anchor = reach.world.steps.get(step.deadline.step)
    if anchor is None or step.deadline.option != "from" or step.id not in everything_before([anchor.id], waiting):
        return
    if step.id == anchor.id:
        return
    sentence = (
        f"The deadline of step {quoted(step.title)} counts from step {quoted(anchor.title)}, which can only be done "
        "after it: count from the launch, or from an earlier step."
    )
    related = (of_step(anchor),)
    yield Finding(code="lock_against_deadline", level="high", place=of_step(step), related=related, sentence=sentence)
