"""Templates made from an export, under new ids. Spec: api-templates 2.2, T-15.5, DEC-56."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from procession.domain.automations.reading import read_rule
from procession.domain.automations.rules import Rule
from procession.domain.calculating.checking import with_result_types
from procession.domain.deadlines import circular_steps
from procession.domain.definitions import read_definition
from procession.domain.document_text import stored_body
from procession.domain.emails import is_email
from procession.domain.errors import Invalid
from procession.domain.fields import Field
from procession.domain.guests import normal_email
from procession.domain.loose import as_object
from procession.domain.names import clean_name
from procession.domain.stages import MAX_STAGE_NAME, Stage
from procession.domain.template_copying import copy_template
from procession.domain.template_steps import lock_faults, numbered, require_anchor, require_room, with_kickoff
from procession.domain.templates import MAX_STEP_TITLE, Settings, Step, Template, TemplateRow
from procession.domain.watchers import known_watchers
from procession.storage import job_titles, people, references, template_links, templates
from procession.storage.tx import WriteTx
from procession.usecases import lookup_lists, tags_of_imports
from procession.usecases import template_checks as checks
from procession.usecases.launch_targets import target_of
from procession.usecases.rules import require_room as require_room_for_rules
from procession.usecases.rules import without_strangers
from procession.usecases.steps import StepInput, default_deadline
from procession.usecases.tags_of_imports import SentTag
from procession.usecases.templates import TemplateInput, create_template

HEX = frozenset("0123456789abcdef")
# What copying resets and an import has just set.
SET_BY_CALLER = ("is_public", "is_public_kickoff", "is_featured", "kickoff_sharing_user_id")


class ImportedStep(msgspec.Struct, frozen=True):
    """A step of an export: what it says, and id and fields as they were sent."""

    given: StepInput
    old_id: object
    fields: Sequence[Any]
    tags: Sequence[SentTag]


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """A template with its parts, milestones and rules as they were sent."""

    template: TemplateInput
    steps: Sequence[ImportedStep]
    stages: Sequence[Any]
    rules: Sequence[Any]
    tags: Sequence[SentTag]


async def import_template(tx: WriteTx, export: Export) -> tuple[TemplateRow, list[str]]:
    """A new template with everything the export holds; what refers to the old ids and aliases follows to the new.

    People, job titles, folders and templates that are not here for the caller are left out, so are tags, whose places
    in the export are returned; anything else wrong raises Invalid.
    """
    given, steps = export.template, export.steps
    require_room(len(steps))
    require_room_for_rules(len(export.rules))
    settings = {name: value for name, value in given.settings.items() if name != "body"}
    row = await create_template(tx, replace(await _with_known(tx, replace(given, settings=settings)), kickoff=UNSET))
    parts = _Parts(tx)
    kickoff = parts.kickoff(await _fed(tx, "prerun", [] if given.kickoff is UNSET else given.kickoff))
    milestones = parts.stages(export.stages)
    imported = [await parts.step(index, each) for index, each in enumerate(steps)]
    parts.check_order(imported)
    if parts.errors:
        raise Invalid(parts.errors)
    known = {stage.id for stage in milestones}
    placed = (step if step.stage_id in known else replace(step, stage_id=None) for step in imported)
    body = stored_body(given.settings.get("body") or "", {}) or None
    whole = replace(row.document, kickoff=kickoff, steps=tuple(placed), stages=milestones, body=body)
    whole = with_result_types(whole)
    checks.require_text(row.type, whole, parts.places)
    checks.require_sound(whole, parts.places)
    whole = replace(whole, rules=await without_strangers(tx, parts.rules(export.rules, whole)))
    copy = copy_template(whole, new_id=tx.new_id, now=tx.now).document
    copy = replace(copy, **{name: getattr(whole, name) for name in SET_BY_CALLER})
    row = await templates.save(tx, row, replace(row, document=copy))
    return row, await _tag(tx, row, export)


async def _tag(tx: WriteTx, row: TemplateRow, export: Export) -> list[str]:
    """Tag the template and its steps; returns where tags stand that are left out."""
    sent = [*export.tags, *(tag for step in export.steps for tag in step.tags)]
    known = await tags_of_imports.here(tx, sent)

    def wanted(tags: Sequence[SentTag]) -> list[str]:
        return list(dict.fromkeys(known[each.path] for each in tags if each.path in known))

    await template_links.tag_template(tx, row.id, wanted(export.tags))
    pairs = zip(row.document.steps, export.steps, strict=True)
    await template_links.tag_steps(tx, row.id, {step.id: wanted(imported.tags) for step, imported in pairs})
    return [each.path for each in sent if each.path not in known]


async def _with_known(tx: WriteTx, given: TemplateInput) -> TemplateInput:
    settings = {**msgspec.structs.asdict(Settings()), **given.settings}
    default_watchers = settings["default_watchers"]
    known = await people.assignable(
        tx,
        [*settings["users"], *(each.member for each in default_watchers if each.member is not None)],
        [*settings["groups"], *(each.group for each in default_watchers if each.group is not None)],
    )
    folder = settings["default_folder"]
    if folder is not None and await references.folder_kind(tx, folder) != "run":
        settings["default_folder"] = None
    settings["users"] = tuple(each for each in settings["users"] if each in known.members)
    settings["groups"] = tuple(each for each in settings["groups"] if each in known.groups)
    settings["default_watchers"] = known_watchers(default_watchers, known.members, known.groups)
    settings["kickoff_sharing_user_id"] = None
    return replace(given, settings=settings)


async def _fed(tx: WriteTx, path: str, sent: Sequence[Any]) -> list[Any]:
    """Fields with the options of lookup lists that are here. Spec: T-11.5."""
    return await lookup_lists.fed(tx, lookup_lists.definitions_at(path, sent), {}, is_import=True)


class _Parts:
    """Reads the parts of an export under the ids and aliases they had, so that copying can follow references."""

    def __init__(self, tx: WriteTx) -> None:
        self.tx = tx
        self.errors: checks.Errors = {}
        self.places: dict[str, str] = {}
        self._ids: set[str] = set()
        self._aliases: set[str] = set()

    def kickoff(self, sent: Sequence[Any]) -> tuple[Field, ...]:
        return with_kickoff((), self._fields(sent, "prerun"))

    def stages(self, sent: Sequence[Any]) -> tuple[Stage, ...]:
        read: list[Stage] = []
        for index, raw in enumerate(sent):
            entry = as_object(raw) or {}
            name = clean_name(str(entry.get("name") or ""))
            if not 0 < len(name) <= MAX_STAGE_NAME:
                self.errors[f"stages.{index}.name"] = [checks.required("name")]
            read.append(Stage(self._old_id(entry.get("id")), name))
        return tuple(read)

    async def step(self, index: int, sent: ImportedStep) -> Step:
        tx, found = self.tx, checks.Errors()
        title = checks.checked_title(sent.given.title, MAX_STEP_TITLE, found)
        values = dict(sent.given.values)
        checks.check_urls(values, ("webhook",), found)
        known = await people.assignable(tx, values.get("assignees", ()), values.get("groups", ()))
        guests = [normal_email(each) for each in values.get("guests", ())]
        members = await references.member_addresses(tx, guests)
        values |= {
            "assignees": tuple(each for each in values.get("assignees", ()) if each in known.members),
            "groups": tuple(each for each in values.get("groups", ()) if each in known.groups),
            "guests": tuple(dict.fromkeys(each for each in guests if is_email(each) and each not in members)),
        }
        titles = await job_titles.known(tx, values.get("roles", ()))
        values["roles"] = tuple(each for each in values.get("roles", ()) if each in titles)
        follow_up = values.get("follow_up")
        if follow_up is not None and (await target_of(tx, follow_up.template_id))[0] is None:
            values["follow_up"] = None
        if values.get("deadline") is None:
            values["deadline"] = await default_deadline(tx)
        definitions = await _fed(tx, f"steps.{index}.captures", sent.fields)
        fields = sorted(self._fields(definitions, f"steps.{index}.captures"), key=lambda field: field.position)
        self.errors |= {f"steps.{index}.{path}": messages for path, messages in found.items()}
        return Step(
            id=self._old_id(sent.old_id),
            alias=tx.new_id(),
            title=title,
            fields=numbered(fields),
            created_by=tx.actor.id,
            created_at=tx.now,
            updated_at=tx.now,
            **values,
        )

    def rules(self, sent: Sequence[Any], whole: Template) -> list[Rule]:
        """Read against the steps and fields under their old ids. Raises Invalid with the faults of all of them."""
        read: list[Rule] = []
        for index, raw in enumerate(sent):
            try:
                read.append(read_rule(raw, whole, new_id=self.tx.new_id, now=self.tx.now, is_import=True))
            except Invalid as invalid:
                path = f"automated_actions.{index}"
                self.errors |= {f"{path}.{at}": messages for at, messages in invalid.errors.items()}
        if self.errors:
            raise Invalid(self.errors)
        return read

    def check_order(self, steps: Sequence[Step]) -> None:
        """Deadlines and order locks, between the steps."""
        known = {step.id for step in steps}
        circular = set(circular_steps({step.id: step.deadline for step in steps}))
        for index, step in enumerate(steps):
            path = f"steps.{index}.deadline"
            if step.id in circular:
                self.errors[f"{path}.step"] = ["The deadlines of these steps would wait for each other."]
            try:
                require_anchor(step, known, path)
            except Invalid as invalid:
                self.errors |= invalid.errors
            self.errors |= lock_faults(step, steps, f"steps.{index}.blocked_by")

    def _fields(self, sent: Sequence[Any], path: str) -> list[Field]:
        read: list[Field] = []
        for index, raw in enumerate(sent):
            try:
                field = read_definition(
                    raw,
                    path=f"{path}.{index}",
                    new_id=self.tx.new_id,
                    now=self.tx.now,
                    taken_aliases=self._aliases,
                    next_position=index + 1,
                )
            except Invalid as invalid:
                self.errors |= invalid.errors
                continue
            field = self._as_it_was(field, as_object(raw) or {})
            self._aliases.add(field.alias)
            self.places[f"{path}.{index}"] = field.id
            read.append(field)
        return read

    def _as_it_was(self, field: Field, entry: Mapping[str, object]) -> Field:
        alias = entry.get("alias")
        old = alias if isinstance(alias, str) and alias and alias not in self._aliases else field.alias
        return replace(field, id=self._old_id(entry.get("id")), alias=old)

    def _old_id(self, sent: object) -> str:
        """The id by which other parts of the export may name this one; a fresh one when it is no id, or taken."""
        old = sent.lower() if isinstance(sent, str) else ""
        if len(old) != 32 or not set(old) <= HEX or old in self._ids:
            old = self.tx.new_id()
        self._ids.add(old)
        return old
