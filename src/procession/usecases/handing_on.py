"""Handing tasks on: taken over, given to others several at once, shared by a guest with a colleague.

Spec: behaviour-work C14, N9, D17, U3.
"""

from collections.abc import Mapping
from typing import Any

from procession.adapters.text import stored_markup
from procession.domain.errors import Invalid, NotFound, WrongState
from procession.domain.guests import normal_email
from procession.domain.loose import as_bool, as_list, as_object, strangers
from procession.domain.permissions import may_edit_task, require
from procession.domain.processes import Owners, Task
from procession.domain.task_input import read_comment, read_object, required
from procession.domain.tasks import require_editable
from procession.storage.tx import WriteTx
from procession.usecases import guards, threads
from procession.usecases.reactions import Means
from procession.usecases.tasks import Changed, How, change
from procession.usecases.thread_writing import Draft

MOST_TASKS = 100
CHANGED_TOGETHER = ("owners", "deadline", "started_at")
NO_TASK = "There is no task with this id in this process."
NOTHING_SAID = "Say what changes: owners, deadline or started_at."
NAMED_TWICE = "This task is listed twice."
NOT_A_LIST = "The tasks must be a list of objects with an id and what changes."


async def take_over(tx: WriteTx, task_id: str, means: Means) -> Changed:
    """Become the only assignee. Raises NotFound, NotAllowed, ProcessArchived, ProcessLocked, WrongState. Spec: C14."""
    seen = await guards.locked_task(tx, task_id)
    require(not tx.actor.is_light and may_edit_task(tx.actor, seen.named, seen.task), to="take over this task")
    return await change(tx, seen, {"owners": {"users": [tx.actor.id]}}, means=means)


async def change_together(tx: WriteTx, process_id: str, body: object, means: Means) -> list[Task]:
    """Give several tasks of a process other people or dates, all of them or none; returns them as they now are.

    Raises NotFound, NotAllowed, ProcessArchived, ProcessLocked, Invalid with what is wrong with each task. Spec: N9.
    """
    process = (await guards.locked_process(tx, process_id)).process
    require(not tx.actor.is_light, to="change several tasks at once")
    guards.require_changeable(process)
    wanted, is_silent = _read(body)
    errors: list[dict[str, list[Any]]] = []
    for task_id, said in wanted.items():
        try:
            seen = await guards.locked_task(tx, task_id, process_id=process_id)
            await change(tx, seen, said, means=means, how=How(is_undoable=False, is_silent=is_silent))
        except NotFound:
            errors.append({task_id: [NO_TASK]})
        except WrongState as refusal:
            errors.append({task_id: [refusal.message]})
        except Invalid as invalid:
            errors.append({task_id: [message for messages in invalid.errors.values() for message in messages]})
    if errors:
        raise Invalid({"tasks": errors})
    process = (await guards.locked_process(tx, process_id)).process
    return [process.task(each) for each in wanted]


def _read(body: object) -> tuple[dict[str, dict[str, Any]], bool]:
    """What changes, by the task's id, and whether nobody is to be told. Raises Invalid."""
    sent = read_object(body)
    errors: dict[str, list[Any]] = {}
    notify = as_bool(sent.get("notify", True))
    if notify is None:
        errors["notify"] = ["The notify field must be true or false."]
    entries = as_list(sent.get("tasks"))
    if entries is None:
        raise Invalid(errors | {"tasks": [required("tasks") if "tasks" not in sent else NOT_A_LIST]})
    if not 1 <= len(entries) <= MOST_TASKS:
        raise Invalid(errors | {"tasks": [f"Name 1 to {MOST_TASKS} tasks at a time."]})
    wanted: dict[str, dict[str, Any]] = {}
    for index, entry in enumerate(entries):
        whole: Mapping[str, Any] = as_object(entry) or {}
        task_id = whole.get("id")
        if not isinstance(task_id, str):
            errors[f"tasks.{index}.id"] = [required("id")]
        elif task_id in wanted:
            errors[f"tasks.{index}.id"] = [NAMED_TWICE]
        else:
            wanted[task_id] = {key: whole[key] for key in CHANGED_TOGETHER if key in whole}
            misspelt = strangers(whole, CHANGED_TOGETHER, also=("id",))
            errors |= {f"tasks.{index}.{key}": [said] for key, said in misspelt.items()}
            if not wanted[task_id]:
                errors[f"tasks.{index}"] = [NOTHING_SAID]
    if errors:
        raise Invalid(errors)
    return wanted, notify is False


async def share_as_guest(
    tx: WriteTx, guest: frozenset[str], task_id: str, body: object, *, means: Means, hourly_limit: int
) -> Changed:
    """Put another guest on the guest's task, whoever has it already stays; `comment` says why.

    Raises NotFound, NotAllowed, ProcessArchived, ProcessLocked, WrongState, Invalid, TooManyRequests. Spec: U3.
    """
    seen = await guards.guests_locked_task(tx, guest, task_id)
    is_guest = tx.actor.kind == "guest"
    require(
        is_guest or (not tx.actor.is_light and may_edit_task(tx.actor, seen.named, seen.task)), to="hand on this task"
    )
    guards.require_changeable(seen.process)
    require_editable(seen.task)
    sent = read_object(body)
    address, comment = sent.get("email"), read_comment(body)
    if not isinstance(address, str) or not address.strip():
        raise Invalid({"email": [required("email")]})
    owners = _with_guest(seen.task.owners, normal_email(address))
    try:
        changed = await change(tx, seen, {"owners": owners}, means=means, how=How(may_edit=True))
    except Invalid as invalid:
        raise Invalid({"email": [message for messages in invalid.errors.values() for message in messages]}) from None
    if comment is not None and comment.strip():
        said = Draft(content=stored_markup(comment))
        await threads.comment_on_task(tx, task_id, said, means=means, hourly_limit=hourly_limit)
        return Changed(await guards.locked_task(tx, task_id), changed.ignored)
    return changed


def _with_guest(owners: Owners, email: str) -> dict[str, Any]:
    """As a client would send it."""
    guests = list(dict.fromkeys((*owners.guests, email)))
    return {"users": list(owners.users), "guests": guests, "groups": list(owners.groups)}
