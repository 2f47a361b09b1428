"""Parts of templates for tests of what is decided about them."""

from typing import Any

from procession.domain.automations.rules import Action, Condition, Rule
from procession.domain.deadlines import StepDeadline
from procession.domain.fields import Field, Option
from procession.domain.templates import Step

LAUNCH = StepDeadline(5, "days", "from", "start_run")


def field(field_id: str, label: str | None = None, *options: str, **more: Any) -> Field:
    """A short text, or a dropdown with these options."""
    kind: dict[str, Any] = {"field_type": "dropdown" if options else "text"}
    kind["options"] = tuple(Option(place, text) for place, text in enumerate(options, 1))
    plain: dict[str, Any] = {"label": label or field_id, "alias": f"{field_id}-1", "required": False, "position": 1}
    return Field(id=field_id, created_at=0, last_updated=0, **{**plain, **kind, **more})


def step(step_id: str, *fields: Field, **more: Any) -> Step:
    """Titled as its id says, in upper case first."""
    plain: dict[str, Any] = {"title": step_id.capitalize(), "alias": f"{step_id}-1", "deadline": LAUNCH}
    return Step(id=step_id, fields=fields, created_by=1, created_at=0, updated_at=0, **{**plain, **more})


def done(step_id: str, operator: Any = "completed", statement: Any = None, logic: Any = "and") -> Condition:
    return Condition(
        id=f"{step_id}-{operator}", subject="Step", subject_id=step_id, operator=operator, statement=statement,
        logic=logic,
    )  # fmt: skip


def asks(subject: Any, field_id: str, operator: Any, statement: Any = None, logic: Any = "and") -> Condition:
    return Condition(
        id=f"{field_id}-{operator}-{statement}", subject=subject, subject_id=field_id, operator=operator,
        statement=statement, logic=logic,
    )  # fmt: skip


def act(verb: Any, target: str, **more: Any) -> Action:
    return Action(id=f"{verb}-{target}", verb=verb, target=target, **more)


def rule(name: str, conditions: list[Condition], actions: list[Action]) -> Rule:
    return Rule(id=name, name=name, conditions=tuple(conditions), actions=tuple(actions), created_at=0, updated_at=0)
