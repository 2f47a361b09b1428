"""Comments and problems on templates: notes for their editors, which hold nothing up. Spec: api-templates T13."""

from msgspec.structs import replace

from procession.domain.errors import NotAllowed
from procession.domain.template_permissions import require_read
from procession.domain.templates import is_draft
from procession.storage.threads import PlacedThread
from procession.storage.tx import WriteTx
from procession.usecases.template_access import UNPUBLISHED, found, require_live
from procession.usecases.thread_writing import Draft, Place, resolve, write


async def comment_on_template(tx: WriteTx, template_id: str, draft: Draft, *, hourly_limit: int) -> PlacedThread:
    """Write a comment; one labelled "problem" reports a problem.

    Raises NotFound, NotAllowed (without READ), WrongState (archived), Invalid, TooManyRequests.
    """
    place = await _writable(tx, template_id)
    thread = await write(tx, draft, place, is_issue=draft.label == "problem", hourly_limit=hourly_limit)
    return place.shown(thread)


async def report_problem(tx: WriteTx, template_id: str, draft: Draft, *, hourly_limit: int) -> PlacedThread:
    """Raises as `comment_on_template`."""
    return await comment_on_template(tx, template_id, replace(draft, label="problem"), hourly_limit=hourly_limit)


async def resolve_problem(
    tx: WriteTx, template_id: str, thread_id: str, draft: Draft, *, hourly_limit: int
) -> PlacedThread:
    """Resolve one open problem of the template; returns the explanation. Raises as `comment_on_template`."""
    place = await _writable(tx, template_id)
    explanation, _, _ = await resolve(tx, draft, place, thread_id, hourly_limit=hourly_limit)
    return place.shown(explanation)


async def _writable(tx: WriteTx, template_id: str) -> Place:
    """The locked template as a place, for those who may read it; a draft nobody published is for its editors."""
    opened = await found(tx, template_id)
    require_read(opened.standing)
    row = opened.template
    if row.published_version is None and is_draft(row, row.document) and not opened.may_edit:
        raise NotAllowed(UNPUBLISHED)
    require_live(row)
    return Place(template_id=row.id)
