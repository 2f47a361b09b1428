"""Copies of templates and steps: new ids and aliases, and everything that referred to the old ones re-pointed.

Spec: api-templates 2.4, behaviour-templates 15, T-5.5.
"""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from procession.domain.automations.rules import Action
from procession.domain.fields import Field
from procession.domain.form_rules import renamed_rules
from procession.domain.lookup_lists import without_list
from procession.domain.names import Variable, fill_variables, numbered_alias
from procession.domain.processes import Owners
from procession.domain.templates import MAX_STEP_TITLE, MAX_TITLE, Step, Template

COPY_PREFIX = "COPY OF - "
STEP_SUFFIX = " - Copy"

_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")


class Copy(msgspec.Struct, frozen=True):
    """A copied document, and the id that each step, field, stage and rule of the original has in it."""

    document: Template
    ids: Mapping[str, str]


def copied_title(title: str) -> str:
    """Spec: T-15.1."""
    return f"{COPY_PREFIX}{title}"[:MAX_TITLE]


def copy_template(template: Template, *, new_id: Callable[[], str], now: int) -> Copy:
    """The whole document under new ids, not public. Spec: T-15.2, T-15.3."""
    parts = [*template.kickoff, *template.steps, *template.stages, *template.fields(), *template.rules]
    parts += [each for rule in template.rules for each in (*rule.conditions, *rule.actions)]
    ids = {each.id: new_id() for each in parts}
    text = _ID.sub(lambda found: ids.get(found[0], found[0]), msgspec.json.encode(template).decode())
    document = _launching_as_before(msgspec.json.decode(text, type=Template), template)
    document = _freshly_dated(document, now)
    aliases = _fresh_aliases([*document.kickoff, *document.fields()])
    text = _with_renamed_variables(document, {old: new for old, new in aliases.values() if old != new})
    document = msgspec.json.decode(text, type=Template)

    def renamed(fields: Collection[Field]) -> tuple[Field, ...]:
        return tuple(replace(field, alias=aliases[field.id][1]) for field in fields)

    taken: set[str] = set()
    steps: list[Step] = []
    for step in document.steps:
        alias = numbered_alias(step.title, taken, "step")
        taken.add(alias)
        steps.append(replace(step, alias=alias, fields=renamed(step.fields)))
    document = replace(
        document,
        steps=tuple(steps),
        kickoff=renamed(document.kickoff),
        is_public=False,
        is_public_kickoff=False,
        is_featured=False,
        kickoff_sharing_user_id=None,
    )
    return Copy(document, ids)


def without_people(template: Template) -> Template:
    """What may go to another organization: no people, and nothing that only the old one has. Spec: T-15.4."""
    template = without_list(template)

    def bare(fields: Collection[Field]) -> tuple[Field, ...]:
        return tuple(replace(field, custom_fields={}) for field in fields)

    nobody: dict[str, Any] = {"assignees": (), "guests": (), "groups": (), "roles": (), "follow_up": None}
    steps = (replace(step, **nobody, custom_fields={}, fields=bare(step.fields)) for step in template.steps)
    rules = (
        replace(
            rule,
            actions=tuple(replace(action, assignees=Owners()) for action in rule.actions if action.launch is None),
        )
        for rule in template.rules
    )
    return replace(
        template,
        steps=tuple(steps),
        rules=tuple(rules),
        kickoff=bare(template.kickoff),
        users=(),
        groups=(),
        default_watchers=(),
        default_folder=None,
        kickoff_sharing_user_id=None,
        custom_fields={},
    )


def without_webhooks(template: Template) -> Template:
    """What strangers may have of a public template: they get no addresses that it calls. Spec: T-9.1, T-9.4."""
    steps = (replace(step, webhook=None) for step in template.steps)
    rules = (
        replace(rule, actions=tuple(action for action in rule.actions if action.webhook_url is None))
        for rule in template.rules
    )
    return replace(template, webhook=None, steps=tuple(steps), rules=tuple(rules))


def _launching_as_before(copy: Template, original: Template) -> Template:
    """A template that launches itself is launched by its copy, too: that hands on to the original's fields."""

    def back(action: Action, former: Action) -> Action:
        if action.launch is None or former.launch is None:
            return action
        pairs = zip(action.launch.answers, former.launch.answers, strict=True)
        answers = tuple(replace(each, field=old.field) for each, old in pairs)
        return replace(action, launch=replace(action.launch, answers=answers))

    rules = (
        replace(rule, actions=tuple(back(*each) for each in zip(rule.actions, former.actions, strict=True)))
        for rule, former in zip(copy.rules, original.rules, strict=True)
    )
    return replace(copy, rules=tuple(rules))


def copy_step(template: Template, step: Step, *, title: str | None, new_id: Callable[[], str], now: int) -> Step:
    """A copy of a step of this template; its fields get ids and aliases of their own. Spec: T-5.5."""
    taken = field_aliases(template)
    aliases: dict[str, str] = {}
    for field in step.fields:
        aliases[field.alias] = numbered_alias(field.label, taken, "field")
        taken.add(aliases[field.alias])
    ids = {field.id: new_id() for field in step.fields}
    new_names = {old: Variable((f"{{{{{new}}}}}",)) for old, new in aliases.items()}
    fields = [
        replace(
            field,
            id=ids[field.id],
            form_rules=renamed_rules(field.form_rules, ids),
            alias=aliases[field.alias],
            expression=None if field.expression is None else fill_variables(field.expression, new_names),
            default_value=_renamed_default(field, new_names),
            created_at=now,
            last_updated=now,
        )
        for field in step.fields
    ]
    title = (title or f"{step.title}{STEP_SUFFIX}")[:MAX_STEP_TITLE]
    alias = numbered_alias(title, {each.alias for each in template.steps}, "step")
    return replace(step, id=new_id(), alias=alias, title=title, fields=tuple(fields), created_at=now, updated_at=now)


def _renamed_default(field: Field, new_names: Mapping[str, Variable]) -> object:
    default: object = field.default_value
    return fill_variables(default, new_names) if isinstance(default, str) and field.field_type != "radio" else default


def field_aliases(template: Template) -> set[str]:
    """The aliases in use; a new field needs another. Spec: api-templates 6.1."""
    return {field.alias for field in (*template.kickoff, *template.fields())}


def _freshly_dated(template: Template, now: int) -> Template:
    def dated(fields: Collection[Field]) -> tuple[Field, ...]:
        return tuple(replace(field, created_at=now, last_updated=now) for field in fields)

    steps = (replace(step, created_at=now, updated_at=now, fields=dated(step.fields)) for step in template.steps)
    rules = (replace(rule, created_at=now, updated_at=now) for rule in template.rules)
    return replace(template, kickoff=dated(template.kickoff), steps=tuple(steps), rules=tuple(rules))


def _fresh_aliases(fields: Collection[Field]) -> dict[str, tuple[str, str]]:
    """Field id to (old alias, new alias)."""
    taken: set[str] = set()
    aliases: dict[str, tuple[str, str]] = {}
    for field in fields:
        alias = numbered_alias(field.label, taken, "field")
        taken.add(alias)
        aliases[field.id] = (field.alias, alias)
    return aliases


def _with_renamed_variables(template: Template, aliases: Mapping[str, str]) -> str:
    """The document as JSON, every `{{old alias}}` in its texts replaced."""
    text = msgspec.json.encode(template).decode()
    return fill_variables(text, {old: Variable((f"{{{{{new}}}}}",)) for old, new in aliases.items()})
