"""Watchers: who is told what happens to something. Spec: api-content 5."""

from typing import Any

from procession.api.call import Answer, Call
from procession.api.contract.envelope import Item, Paginated
from procession.api.contract.watchers import Watcher, WatcherBody, WatcherListParams
from procession.api.lists import answered, asked_page
from procession.api.operations import operation
from procession.api.present.watchers import present_watchers
from procession.domain.task_input import read_object
from procession.domain.watchers import NOTIFICATION_TYPES
from procession.domain.watching import ADDRESSES, read_watch
from procession.storage import watchers
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import watchers as usecases

ORG = "/organizations/{org_id}"
KNOWN = {*WatcherBody.__struct_fields__, *ADDRESSES}


@operation("GET", ORG + "/watchers", tag="watchers", etag=True)
async def list_watchers(tx: ReadTx, call: Call, params: WatcherListParams) -> Paginated[Watcher]:
    """List what the caller watches; administrators see what watches the organization, too."""
    asked, page = asked_page(call, params, sorts=watchers.SORTS, default_sort="id")
    where: dict[str, object] = {"account_or_organization" if tx.actor.is_admin else "account": tx.actor.id}
    if params.notification in NOTIFICATION_TYPES:
        where["notification"] = params.notification
    elif params.notification is not None:
        call.ignore("notification")
    found, total = await watchers.list_page(tx, where, asked)
    return answered(call, await present_watchers(tx, found), total, page)


@operation(
    "POST",
    ORG + "/users/{user_id}/add-watcher",
    tag="watchers",
    status=201,
    also=(200,),
    documented_body=WatcherBody,
    first=usecases.to_watch,
)
async def add_watcher(tx: WriteTx, call: Call, user_id: int, body: Any) -> Item[Watcher] | Answer:
    """Let a member watch something they see; oneself, and others unless one is a light member.

    Watching again changes how often they are told, 200.
    """
    given = read_object(body)
    call.ignore(*(f"body:{key}" for key in given if key not in KNOWN))
    kind, object_id, notice = read_watch(given, organization_id=tx.organization_id)
    found, is_new = await usecases.watch(tx, user_id, kind, object_id, notice)
    [shown] = await present_watchers(tx, [found])
    return Answer(Item(shown), status=201 if is_new else 200)


@operation("DELETE", ORG + "/remove-watcher/{watcher_id}", tag="watchers", status=204)
async def remove_watcher(tx: WriteTx, watcher_id: int) -> None:
    """Stop watching: one's own, administrators anybody's."""
    await usecases.unwatch(tx, watcher_id)
