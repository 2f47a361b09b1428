"""What happened: the facts that decisions produce and the log keeps."""

from collections.abc import Mapping
from typing import Any

import msgspec

from procession.domain.processes import Task


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One fact. `kind` is "<noun>.<past participle>", such as "task.completed"."""

    kind: str
    subject_kind: str
    subject_id: str
    # Number of the process it belongs to, if any.
    process: int | None = None
    payload: dict[str, Any] = {}
    # The rule, timer or event that led to it; None when a person did it directly.
    cause: str | None = None


class Logged(msgspec.Struct, frozen=True):
    """An event as the log has it: when, by whom, because of what."""

    at: int
    actor_kind: str
    actor_id: str | None
    cause: str | None
    subject_kind: str
    subject_id: str
    kind: str
    payload: dict[str, Any] = {}


def happened(kind: str, subject_id: str | int, *, process: int | None = None, **payload: Any) -> Event:
    """An event about the noun that `kind` begins with."""
    noun = kind.partition(".")[0]
    return Event(kind=kind, subject_kind=noun, subject_id=str(subject_id), process=process, payload=payload)


PARTINGS = frozenset({"task.detached", "task.deleted", "task.withdrawn"})
"""Kinds of events by which a task leaves its process, or goes for good."""


def parting(kind: str, task: Task, *, process: int | None, **payload: Any) -> Event:
    """One of `PARTINGS`, with what is asked of the task once nothing else says it. Spec: api-content 7."""
    return happened(kind, task.id, process=process, number=task.seq, top_secret=task.top_secret, **payload)


def follower_of(kind: str, payload: Mapping[str, Any]) -> str | None:
    """The process or template that followed the task, which the payload has the name of as `called`."""
    key = {"task.launched_process": "launched", "task.injected": "injected"}.get(kind)
    return None if key is None else str(payload.get(key))


def topics_of(event: Event) -> frozenset[str]:
    """Besides processes, what the event is found by: a template, a task that stands alone (by id or by number)."""
    if event.process is not None:
        return frozenset()
    found: set[str] = set()
    if event.subject_kind in ("template", "task"):
        found.add(f"{event.subject_kind}:{event.subject_id}")
    if isinstance(event.payload.get("template"), str):
        found.add(f"template:{event.payload['template']}")
    if event.subject_kind == "thread" and isinstance(event.payload.get("task"), int):
        found.add(f"task:{event.payload['task']}")
    return frozenset(found)
