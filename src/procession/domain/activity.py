"""Events of the log as rows of the activity feed: which are shown, and what they say.

Spec: behaviour-work 14 (K-A1 to K-A4), behaviour-templates 14, api-content 7.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from procession.domain.activity_kinds import EXECUTION, KINDS, Kind
from procession.domain.bot_comments import in_full
from procession.domain.events import follower_of
from procession.domain.loose import as_list
from procession.domain.rule_rows import Subjects, audit_state
from procession.domain.templates import Settings
from procession.domain.told_changes import read_out, told_in
from procession.domain.wording import joined, quoted

MODELS: Mapping[str, str] = {
    "process": "Run",
    "task": "Task",
    "template": "Checklist",
    "step": "Step",
    "field": "Capture",
    "stage": "Stage",
    "rule": "AutomatedAction",
    "thread": "Thread",
    "member": "User",
    "guest": "Guest",
    "group": "Group",
    "tag": "Tag",
    "organization": "Organization",
}
_WRITTEN = {
    "commented": "Comment added to",
    "issue-reported": "Issue reported on",
    "issue-resolved": "Issue resolved on",
}
_NOUNS = {"stage": "milestone", "thread": "comment"}


class Happening(msgspec.Struct, frozen=True, kw_only=True):
    """An event with its place in the log."""

    position: int
    at: int
    actor_kind: str
    actor_id: str | None
    cause: str | None
    subject_kind: str
    subject_id: str
    process: int | None
    kind: str
    payload: dict[str, Any]


# Of templates.
_PARTS = frozenset({"step", "field", "rule", "stage"})
_OF_VERSIONS = frozenset(Settings.__struct_fields__)


def edited_template(row: Happening) -> str | None:
    """The template, when it is one of the changes that a draft keeps to itself until it is published. Spec: T-10.7."""
    if row.kind == "template.updated" and _OF_VERSIONS.isdisjoint(row.payload.get("changed") or ()):
        return None
    if row.kind in ("template.updated", "template.version_restored"):
        return row.subject_id
    return row.payload.get("template") if row.subject_kind in _PARTS else None


class Origin(msgspec.Struct, frozen=True):
    """What launched a process by itself: the task whose completion did, and what that is part of. Spec: K-A2."""

    checklist: str
    run: str
    step: str | None
    task: str

    @property
    def ids(self) -> Mapping[str, str | None]:
        return {"checklist": self.checklist, "run": self.run, "step": self.step, "task": self.task}


def origin_of(event: Happening) -> Origin | None:
    """None of what people did."""
    found = event.payload.get("origin") if event.kind == "process.launched" else None
    return None if found is None else msgspec.convert(found, Origin)


class Called(msgspec.Struct, frozen=True):
    """What a thing is and is called, for ids that are still there."""

    kind: str
    id: str
    name: str


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What a page of happenings mentions: names now, by id; processes and tasks by number too; what comments say.

    `subjects` are what rules ask about, by the number of the process.
    """

    processes: Mapping[int, Called] = {}
    tasks: Mapping[str, Called] = {}
    tasks_by_number: Mapping[int, Called] = {}
    templates: Mapping[str, Called] = {}
    comments: Mapping[str, str] = {}
    members: Mapping[int, str] = {}
    subjects: Mapping[int, Subjects] = {}
    acted_on: Mapping[str, str] = {}
    # Processes and templates that followed tasks, those that the reader knows of.
    followers: frozenset[str] = frozenset()
    # What templates and processes that sentences and comments name are called now, those that the reader knows of.
    known: Mapping[str, str] = {}


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the feed. `parent` is what the thing belongs to, `audit_state` what a rule asked and did."""

    verb: str
    type: str
    parent: Called
    description: str
    fields: Sequence[str] | None = None
    old_value: str | None = None
    text: str | None = None
    audit_state: dict[str, Any] | None = None


def tell(event: Happening, context: Context, organization: Called) -> Told:
    how = KINDS[event.kind]
    verb = verb_of(event)
    payload = event.payload
    parent = _parent(event, context) or organization
    text = context.comments.get(event.subject_id) if event.subject_kind == "thread" else None
    if text is not None and is_said_by_system(event):
        text = in_full(text, context.known)
    old = payload.get("before", payload.get("old"))
    return Told(
        verb=verb,
        type=how.type,
        parent=parent,
        description=_description(event, how, verb, parent, context),
        fields=_fields(payload),
        old_value=None if old is None else str(old),
        text=text,
        audit_state=_audit_state(event, context) if how.type == EXECUTION else None,
    )


def is_said_by_system(event: Happening) -> bool:
    return event.subject_kind == "thread" and event.payload.get("author_kind") == "bot"


def verb_of(event: Happening) -> str:
    if event.kind == "thread.added" and event.payload.get("is_issue") is True:
        return "issue-reported"
    return KINDS[event.kind].verb


def _parent(event: Happening, context: Context) -> Called | None:
    payload, of_process = event.payload, context.processes.get(event.process) if event.process is not None else None
    if event.subject_kind == "thread" and payload.get("task") is not None:
        return context.tasks_by_number.get(payload["task"], of_process)
    if event.subject_kind == "process":
        return context.templates.get(str(payload.get("template")), of_process)
    if event.subject_kind == "template":
        return None
    if isinstance(payload.get("template"), str):
        return context.templates.get(payload["template"], Called("template", payload["template"], ""))
    return of_process


def _name(event: Happening, context: Context) -> str | None:
    for key in ("title", "name", "label", "email"):
        if isinstance(event.payload.get(key), str) and event.subject_kind != "thread":
            return event.payload[key]
    match event.subject_kind:
        case "process":
            known = context.processes.get(event.process or 0)
        case "task":
            known = context.tasks.get(event.subject_id)
        case "template":
            known = context.templates.get(event.subject_id)
        case "member":
            return context.members.get(int(event.subject_id)) if event.subject_id.isdigit() else None
        case _:
            return None
    return None if known is None else known.name


def _description(event: Happening, how: Kind, verb: str, parent: Called, context: Context) -> str:
    """ "Task "Weigh" was completed." with what is known of the change."""
    if event.subject_kind == "thread":
        what = _WRITTEN.get(verb, f"Comment {how.says}")
        return f"{what} {parent.kind} {quoted(parent.name)}."
    changes = _changes(event.payload, context)
    if changes and event.subject_kind != "template":
        return changes  # they name the part themselves
    noun = _NOUNS.get(event.subject_kind, event.subject_kind)
    name = _name(event, context)
    sentence = f"{noun.capitalize()}{'' if name is None else f' {quoted(name)}'} was {how.says}"
    details = changes or _details(event, context)
    return f"{sentence}: {details}" if details else f"{sentence}."


def _changes(payload: Mapping[str, Any], context: Context) -> str:
    return " ".join(read_out(each, context.known) for each in told_in(payload))


def _details(event: Happening, context: Context) -> str:
    payload = event.payload
    if event.kind == "task.assigned":
        added, removed = (_people(payload.get(key), context) for key in ("added", "removed"))
        parts = [f"{added} added"] if added else []
        return f"{joined([*parts, *([f'{removed} removed'] if removed else [])])}."
    if event.kind == "process.moved":
        return f"from version {payload.get('from_version')} to {payload.get('version')}."
    if event.kind in ("process.put_on_hold", "task.launch_refused", "task.injection_refused"):
        return str(payload.get("reason", ""))
    if isinstance(payload.get("filename"), str):
        return f"{quoted(payload['filename'])}."
    if event.kind in ("task.mail_sent", "task.reminded"):
        return f"to {joined(str(each) for each in as_list(payload.get('recipients')) or ())}."
    if event.kind == "template.mail_refused":
        return f"from {payload.get('sender')}. {payload.get('reason')}"
    if event.kind == "task.mail_failed":
        return f"to {payload.get('recipient')}, {payload.get('reason')}."
    if event.kind.startswith("process.stage_"):
        return f"{quoted(str(payload.get('stage', '')))}."
    follower = follower_of(event.kind, payload)
    if follower is not None:
        return f"{quoted(str(payload.get('called', '')))}." if follower in context.followers else ""
    fields = _fields(payload)
    return f"{joined(each.replace('_', ' ') for each in fields)}." if fields and event.kind != "task.answered" else ""


def _people(principals: object, context: Context) -> str:
    names: list[str] = []
    for each in as_list(principals) or ():
        kind, _, key = str(each).partition(":")
        if kind == "m" and key.isdigit():
            names.append(context.members.get(int(key), f"member {key}"))
        else:
            names.append("a group" if kind == "g" else key)
    return ", ".join(names)


def _fields(payload: Mapping[str, Any]) -> Sequence[str] | None:
    named = payload.get("changed", payload.get("fields"))
    if isinstance(named, str):
        return [named]
    return [str(each) for each in as_list(named) or ()] or None


def _audit_state(event: Happening, context: Context) -> dict[str, Any]:
    """Spec: A-12.1."""
    subjects = context.subjects.get(event.process or 0, Subjects())
    return audit_state(event.subject_id, event.payload, subjects, context.acted_on)
