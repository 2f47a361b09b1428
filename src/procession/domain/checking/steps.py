"""What is wrong with steps, fields and texts of a template. Spec: A-12.2, behaviour-templates 7, 12."""

from collections.abc import Iterator

from procession.domain.automations.rules import Rule
from procession.domain.calculating.checking import typed_template
from procession.domain.checking.findings import TEMPLATE, Finding, Surroundings, of_field, of_rule, of_step
from procession.domain.checking.locks import findings_of_locks
from procession.domain.checking.reaching import Reach
from procession.domain.checking.values import is_choice, what_is_wrong
from procession.domain.checking.variables import findings_of_variables
from procession.domain.deadlines import START_RUN, circular_steps
from procession.domain.fields import Field
from procession.domain.form_rules import as_condition
from procession.domain.tasks import EMAIL_TYPES
from procession.domain.templates import DEFAULT_START, Step, Template
from procession.domain.wording import condition_text, quoted


def findings_of_steps(reach: Reach, around: Surroundings) -> Iterator[Finding]:
    template = reach.template
    circular = frozenset(circular_steps({step.id: step.deadline for step in template.steps}))
    for step in template.steps:
        if not reach.can_see(step.id):
            yield _unreachable(step, reach)
        else:
            yield from _people(step, reach, around)
        yield from _left(step, around)
        yield from _deadline(step, reach, circular)
        yield from _follow_up(step, around)
    yield from findings_of_locks(reach, frozenset(_uncompletable(reach, around)))
    for field in (*template.kickoff, *template.fields()):
        yield from _options(field, template)
    yield from _fields(template)
    yield from _start_dates(template)
    yield from findings_of_variables(template, around)


def _unreachable(step: Step, reach: Reach) -> Finding:
    rules = reach.by("show", step.id)
    why = "no answer makes a rule show it" if rules else "it begins hidden and no rule shows it"
    sentence = (
        f"Step {quoted(step.title)} is never seen: {why}. Change or add a rule that shows it, or delete the step."
    )
    related = tuple(of_rule(rule) for rule in rules)
    return Finding(code="unreachable_step", level="high", place=of_step(step), related=related, sentence=sentence)


def _people(step: Step, reach: Reach, around: Surroundings) -> Iterator[Finding]:
    """Steps that nobody is given to, by themselves or by a rule."""
    if step.assign_run_starter or step.guests or any(each in around.roles for each in step.roles):
        return
    if any(each in around.members for each in step.assignees) or any(each in around.groups for each in step.groups):
        return
    if reach.by("assign", step.id) or reach.by("assign_only", step.id):
        return
    title = quoted(step.title)
    if step.can_complete_only_assignees:
        sentence = f"Nobody can complete step {title}: only assignees may, and it has none. Assign somebody."
        yield Finding(code="no_completable_path", level="high", place=of_step(step), sentence=sentence)
    elif step.step_type in EMAIL_TYPES:
        sentence = f"The mail of step {title} goes to nobody: assign the people it is for."
        yield Finding(code="unassigned_visible_step", level="high", place=of_step(step), sentence=sentence)
    else:
        sentence = f"Step {title} is nobody's: assign somebody, or let it fall to whoever launches."
        yield Finding(code="unassigned_visible_step", level="high", place=of_step(step), sentence=sentence)


def _uncompletable(reach: Reach, around: Surroundings) -> Iterator[str]:
    """Steps that nobody can complete."""
    for step in reach.template.steps:
        if any(found.code == "no_completable_path" for found in _people(step, reach, around)):
            yield step.id


def _left(step: Step, around: Surroundings) -> Iterator[Finding]:
    gone = [each for each in step.assignees if each not in around.members]
    lost = [each for each in step.groups if each not in around.groups]
    if not gone and not lost:
        return
    what = "somebody who has left the organization" if gone else "a group that is gone"
    is_alone = len(gone) == len(step.assignees) and len(lost) == len(step.groups) and not (step.guests or step.roles)
    sentence = f"Step {quoted(step.title)} is assigned to {what}: assign somebody else" + (
        ", nobody else has it." if is_alone else "."
    )
    yield Finding(code="assignee_left", level="high" if is_alone else "medium", place=of_step(step), sentence=sentence)


def _deadline(step: Step, reach: Reach, circular: frozenset[str]) -> Iterator[Finding]:
    rule, title = step.deadline, quoted(step.title)
    if rule.step == START_RUN:
        return
    anchor = reach.world.steps.get(rule.step)
    if anchor is None:
        sentence = f"The deadline of step {title} counts from a step that is gone: choose another one."
        yield Finding(code="dangling_reference", level="high", place=of_step(step), sentence=sentence)
        return
    if step.id in circular:
        sentence = f"The deadline of step {title} leads back to itself: let one of these steps count from the launch."
        yield Finding(
            code="circular_deadlines", level="high", place=of_step(step), related=(of_step(anchor),), sentence=sentence
        )
        return
    yield from _expiring(step, anchor, reach)
    if not reach.can_see(step.id) or _is_seen_with(step, anchor, reach):
        return
    always = not reach.can_see(anchor.id)
    may = "is never seen" if always else "may stay hidden"
    sentence = (
        f"The deadline of step {title} waits for step {quoted(anchor.title)}, which {may}: "
        "count from the launch, or from a step that is always there."
    )
    yield Finding(
        code="orphaned_deadline_anchor",
        level="high" if always else "medium",
        place=of_step(step),
        related=(of_step(anchor),),
        sentence=sentence,
    )


def _is_seen_with(step: Step, anchor: Step, reach: Reach) -> bool:
    """Whether wherever the step is seen its anchor is, too: shown by the same rules, or the step waits for it."""
    if anchor.id not in reach.hidden and not reach.by("hide", anchor.id):
        return True
    rules = reach.by("show", step.id)
    return step.id in reach.hidden and bool(rules) and all(_shows_or_needs(rule, anchor) for rule in rules)


def _shows_or_needs(rule: Rule, anchor: Step) -> bool:
    shows = any(action.verb == "show" and action.target == anchor.id for action in rule.actions)
    is_joined = all(condition.logic == "and" for condition in rule.conditions[1:])
    needs = any(
        condition.subject_id == anchor.id and condition.operator != "not_assigned" for condition in rule.conditions
    )
    return shows or (needs and is_joined)


def _expiring(step: Step, anchor: Step, reach: Reach) -> Iterator[Finding]:
    """An alarm that waits for what it should watch never goes off. Spec: AT-18."""
    if step.step_type not in ("expiring", "expiring_email") or step.deadline.option != "from":
        return
    watching = [
        rule
        for rule in reach.asking([step.id])
        if any(each.subject_id == step.id and each.operator == "expired" for each in rule.conditions)
        and any(action.target == anchor.id for action in rule.actions)
    ]
    for rule in watching[:1]:
        sentence = (
            f"Step {quoted(step.title)} expires only after step {quoted(anchor.title)} is done, so it never warns that "
            "it is late: let its deadline count from the launch."
        )
        related = (of_step(anchor), of_rule(rule))
        yield Finding(code="expiring_anchor", level="high", place=of_step(step), related=related, sentence=sentence)


def _follow_up(step: Step, around: Surroundings) -> Iterator[Finding]:
    """Templates that are launched, or whose tasks are added. Spec: L-10.1, L-10.13."""
    if step.follow_up is None:
        return
    target, title = step.follow_up.template_id, quoted(step.title)
    verb = "adds" if step.follow_up.tasks_within_process else "launches"
    if target not in around.templates:
        sentence = f"The template that step {title} {verb} is archived or gone: choose another one, or none."
        yield Finding(code="follow_up_gone", level="high", place=of_step(step), sentence=sentence)
        return
    problem: str | None = None
    if target in around.with_required_fields:
        problem = "has a required kick-off field, which nobody answers"
    elif step.follow_up.tasks_within_process and target == around.own:
        problem = "is this one, whose tasks are there already"
    elif step.follow_up.tasks_within_process and target in around.without_steps:
        problem = "has no steps"
    if problem is not None:
        sentence = f"The template that step {title} {verb} {problem}: choose another one, or none."
        yield Finding(code="follow_up_unfit", level="high", place=of_step(step), sentence=sentence)


def _options(field: Field, template: Template) -> Iterator[Finding]:
    if is_choice(field) and not field.options:
        what = "must be answered, but there is nothing" if field.required else "has nothing"
        sentence = f"Field {quoted(field.label)} {what} to choose from: give it options, or rows in its list."
        level = "high" if field.required else "medium"
        yield Finding(code="empty_options", level=level, place=of_field(field, template), sentence=sentence)


def _fields(template: Template) -> Iterator[Finding]:
    """Calculations and form rules that do not fit. Spec: T-11.68, T-11.74."""
    found = typed_template(template)
    for form in found.forms:
        known = {field.id: field for field in form}
        for field in form:
            label, place = quoted(field.label), of_field(field, template)
            if field.id in found.calculations:
                fault = found.calculations[field.id]
                sentence = f"Field {label} cannot be calculated: {fault} Change its expression."
                yield Finding(code="broken_calculation", level="high", place=place, sentence=sentence)
            if field.id in found.rules:
                sentence = f"A form rule of field {label} is broken: {found.rules[field.id]} Change that rule."
                yield Finding(code="broken_form_rule", level="high", place=place, sentence=sentence)
            for asked in (each for rule in field.form_rules for each in rule.conditions if each.field_id in known):
                subject = known[asked.field_id]
                wrong = what_is_wrong(as_condition(asked), subject)
                if wrong is not None:
                    text = condition_text(as_condition(asked), template)
                    sentence = f"In the form rules of field {label} the condition {text} {wrong[1]}"
                    related = (of_field(subject, template),)
                    yield Finding(code=wrong[0], level="medium", place=place, related=related, sentence=sentence)


def _start_dates(template: Template) -> Iterator[Finding]:
    inert = [step for step in template.steps if step.is_soft_start_date and step.start_date != DEFAULT_START]
    if inert:
        names = ", ".join(quoted(step.title) for step in inert[:3])
        sentence = f"The start date of {names} has no effect while it may be started at any time: switch that off."
        related = tuple(of_step(step) for step in inert)
        yield Finding(code="inert_start_date", level="medium", place=TEMPLATE, related=related, sentence=sentence)
