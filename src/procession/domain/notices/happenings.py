"""What there is to tell of an operation, and whom it concerns. Spec: behaviour-people 10.4."""

from collections.abc import Iterator

from procession.domain.loose import as_list, as_object
from procession.domain.notices import task_happenings, thread_happenings, watched
from procession.domain.notices.notice import Notice, Things, participants
from procession.domain.notices.operations import Operation, Read
from procession.domain.notices.task_happenings import AUTO_COMPLETED
from procession.domain.processes import Process

# What of a process's settings concerns everybody who takes part in it. Spec: Z10.
TOLD_SETTINGS = ("name", "summary", "prerun", "is_public")


def happenings(operation: Operation, there: Things) -> list[Notice]:
    """Of processes that it launched only whose the tasks are: everything else of them is new to everybody."""
    return [
        *task_happenings.happenings(operation, there),
        *thread_happenings.happenings(operation, there),
        *_of_processes(operation, there),
        *_of_templates(operation, there),
        *_of_members(operation),
        *watched.happenings(operation.read, there, new=operation.launched),
    ]


def _of_processes(operation: Operation, there: Things) -> Iterator[Notice]:
    updates: dict[int, list[Read]] = {}
    finished: dict[int, Process] = {}
    for each in operation.of_kind("process.updated", "process.completed"):
        process = there.processes.get(each.process or 0)
        if process is None or process.seq in operation.launched:
            continue
        if each.event.kind == "process.updated":
            updates.setdefault(process.seq, []).append(each)
        elif process.completed_at is not None:
            finished[process.seq] = process
    for seq, read in updates.items():
        yield from _updated(there.processes[seq], read)
    for process in finished.values():
        by_age = any(
            each.process == process.seq and each.event.cause == AUTO_COMPLETED
            for each in operation.of_kind("task.completed")
        )
        accountable = frozenset({f"m:{process.owner}", f"m:{process.starter}"})
        yield Notice(
            kind="process_finished", to=accountable if by_age else accountable | participants(process), process=process
        )


def _updated(process: Process, read: list[Read]) -> Iterator[Notice]:
    former: dict[str, object] = {}
    for each in read:
        for name, value in (as_object(each.event.payload.get("former")) or {}).items():
            former.setdefault(name, value)
    changed = tuple(name for name in TOLD_SETTINGS if name in former and former[name] != getattr(process, name))
    if "owner" in former and former["owner"] != process.owner:
        yield Notice(kind="process_owned", to=frozenset({f"m:{process.owner}"}), process=process, former=former)
        changed = ("owner", *changed)
    if changed:
        yield Notice(kind="process_updated", to=participants(process), process=process, changed=changed, former=former)


def _of_templates(operation: Operation, there: Things) -> Iterator[Notice]:
    published: dict[str, list[str]] = {}
    for each in operation.of_kind("template.made_public", "template.kickoff_made_public"):
        template = there.templates.get(each.event.subject_id)
        what = "template" if each.event.kind == "template.made_public" else "kickoff"
        if template is not None and _is_public(template.document, what):
            published.setdefault(template.id, []).append(what)
    for template_id, which in published.items():
        yield Notice(
            kind="template_public",
            to=frozenset(f"m:{each}" for each in there.admins),
            template=there.templates[template_id],
            changed=tuple(dict.fromkeys(which)),
        )
    for each in operation.of_kind("template.permissions_changed"):
        template = there.templates.get(each.event.subject_id)
        added = frozenset(str(one) for one in as_list(each.event.payload.get("added")) or ())
        if template is not None and added:
            yield Notice(kind="template_shared", to=added, template=template)


def _is_public(document: object, what: str) -> bool:
    return bool(getattr(document, "is_public" if what == "template" else "is_public_kickoff"))


def _of_members(operation: Operation) -> Iterator[Notice]:
    for each in operation.of_kind("member.role_changed"):
        payload = each.event.payload
        yield Notice(
            kind="role_changed",
            to=frozenset({f"m:{each.event.subject_id}"}),
            former={"role": payload.get("before"), "now": payload.get("after")},
        )
