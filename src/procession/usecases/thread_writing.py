"""What writing a comment is wherever it is written: on a task, a process or a template. Spec: api-tasks 14."""

from collections.abc import Collection
from typing import Any

import msgspec
from msgspec.structs import replace

from procession.domain.errors import Invalid, TooManyRequests
from procession.domain.processes import ThreadLabel
from procession.domain.threads import (
    Thread,
    ThreadState,
    check_content,
    default_state,
    groups_mentioned,
    mentioned,
    selected,
    thread_event,
)
from procession.storage import groups, people, thread_selections, threads
from procession.storage.tx import WriteTx
from procession.usecases import thread_files
from procession.usecases.thread_places import Place

HOUR_MS = 3_600_000
NO_ISSUE = "There is no such issue here."
RESOLVED = "This issue is already resolved."


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A comment as it was sent, its markup made safe. Without a state it gets its author's default."""

    content: str
    state: ThreadState | None = None
    label: ThreadLabel = "comment"
    # A piece of the description that it is about.
    selected_text: str | None = None
    # The ids of files that it carries.
    files: tuple[str, ...] = ()


class Mentioned(msgspec.Struct, frozen=True):
    """Members, those of the groups among them, and the groups."""

    members: tuple[int, ...] = ()
    groups: tuple[str, ...] = ()


NOBODY = Mentioned()


async def write(tx: WriteTx, draft: Draft, place: Place, *, is_issue: bool, hourly_limit: int) -> Thread:
    """Enter a comment on its locked place; what the place counts is up to the caller.

    `hourly_limit` is what the organization may write in an hour, 0 for any number. Raises Invalid, TooManyRequests.
    """
    check_content(draft.content)
    selected_text = selected(draft.selected_text)
    no = await threads.next_number(tx)
    await _require_allowance(tx, hourly_limit)
    by_guest = tx.actor.kind == "guest"
    # Guests cannot mention members. Spec: behaviour-people 3.3.
    found = NOBODY if by_guest else await people_mentioned(tx, draft.content)
    thread = Thread(
        no=no,
        id=tx.new_id(),
        process=place.process if place.task is None else None,
        task=place.task,
        template_id=place.template_id,
        label=draft.label,
        state=draft.state or default_state(tx.actor),
        is_issue=is_issue,
        author_kind="guest" if by_guest else "user",
        author=None if by_guest else tx.actor.id,
        author_guest=tx.actor.guest_email if by_guest else None,
        content=draft.content,
        mentions=found.members,
        created_at=tx.now,
        updated_at=tx.now,
    )
    await threads.add(tx, thread)
    if selected_text is not None:
        await thread_selections.add(tx, no, selected_text)
    if draft.files:
        await thread_files.carry(tx, thread, place, draft.files)
    groups_named = {"groups": list(found.groups)} if found.groups else {}
    tx.record(thread_event("thread.added", thread, process=place.process, **place.named, **groups_named))
    return thread


async def people_mentioned(tx: WriteTx, content: str, *, former: Collection[int] = ()) -> Mentioned:
    """Whom the content mentions, members in its order, then those of its groups; what names nobody is plain text.

    Of those mentioned before (`former`), who has left since still counts. Spec: behaviour-work M5.
    """
    wanted, wanted_groups = mentioned(content), groups_mentioned(content)
    if not (wanted or wanted_groups):
        return NOBODY
    known = await people.assignable(tx, wanted, wanted_groups)
    named = tuple(each for each in wanted_groups if each in known.groups)
    inside = {member for each in (await groups.members_of(tx, named)).values() for member in each.members}
    by_group = (await people.assignable(tx, inside - known.members, ())).members if inside else frozenset[int]()
    members = [each for each in wanted if each in known.members or each in former]
    return Mentioned(tuple(dict.fromkeys([*members, *sorted((inside & known.members) | by_group)])), named)


async def resolve(
    tx: WriteTx, draft: Draft, place: Place, thread_id: str, *, hourly_limit: int
) -> tuple[Thread, Thread, Thread]:
    """Resolve an open issue of a locked place: (the explanation, the issue as it was, the issue as it is).

    Raises Invalid, TooManyRequests. Spec: api-tasks 14.3, behaviour-work I3, I4.
    """
    errors: dict[str, list[Any]] = {}
    try:
        check_content(draft.content)
    except Invalid as invalid:
        errors |= invalid.errors
    issue = await threads.find(tx, thread_id.lower())
    if issue is None or not issue.is_issue or not place.holds(issue):
        raise Invalid({**errors, "thread_id": [NO_ISSUE]})
    if not issue.is_open_issue:
        errors["thread_id"] = [RESOLVED]
    if errors:
        raise Invalid(errors)
    explanation = await write(tx, replace(draft, label="resolve"), place, is_issue=False, hourly_limit=hourly_limit)
    resolved = replace(issue, resolve_id=explanation.id, updated_at=tx.now)
    await threads.save(tx, resolved)
    tx.record(thread_event("thread.resolved", resolved, process=place.process, resolve_id=explanation.id))
    return explanation, issue, resolved


async def _require_allowance(tx: WriteTx, hourly_limit: int) -> None:
    """Whoever asks holds the next number, so that nobody else writes meanwhile. Spec: behaviour-work M8."""
    if not hourly_limit:
        return
    oldest = await threads.nth_newest_at(tx, hourly_limit)
    if oldest is not None and oldest > tx.now - HOUR_MS:
        wait = max(1, -(-(oldest + HOUR_MS - tx.now) // 1000))
        raise TooManyRequests.hourly("comments", hourly_limit, retry_after_seconds=wait)
