"""Guests that a comment on a task gives the task to. Spec: behaviour-work M7."""

from procession.domain.errors import Invalid
from procession.domain.permissions import may_edit_task, require
from procession.domain.threads import invited
from procession.storage.tx import WriteTx
from procession.usecases import tasks
from procession.usecases.guards import SeenTask
from procession.usecases.reactions import Means


async def invite(tx: WriteTx, seen: SeenTask, content: str, means: Means, *, former: str = "") -> SeenTask:
    """The locked task, given to the addresses of a member's comment that `former` did not have, too.

    Raises NotAllowed, ProcessArchived, ProcessLocked, ProcessOnHold, WrongState, Invalid (`content`) as changing its
    assignees does.
    """
    owners = seen.task.owners
    known = {*invited(former), *owners.guests}
    new = [address for address in invited(content) if address not in known]
    if not new or tx.actor.kind != "member":
        return seen
    require(may_edit_task(tx.actor, seen.named, seen.task), to="invite guests to this task")
    wanted = {"users": list(owners.users), "groups": list(owners.groups), "guests": [*owners.guests, *new]}
    try:
        return (await tasks.change(tx, seen, {"owners": wanted}, required=(), means=means)).seen
    except Invalid as refused:
        raise Invalid({"content": [each for messages in refused.errors.values() for each in messages]}) from None
