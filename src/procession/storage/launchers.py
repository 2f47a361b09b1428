"""Who launched processes: in whose name, and by whose hand, as members or as guests. Spec: behaviour-work FE2."""

from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import bindparam, literal, select

from procession.domain.people import undeleted_email
from procession.domain.processes import Process, Task
from procession.domain.tasks import needs_approvals
from procession.storage import members
from procession.storage.dialect import is_in
from procession.storage.query import Query
from procession.storage.tables.events import events
from procession.storage.tables.people import members as member_table
from procession.storage.tx import ReadTx

_E, _M = events.c, member_table.c

_hands = Query(
    select(_E.process, _E.actor_kind, _E.actor_id).where(
        _E.org == bindparam("org"),
        is_in(_E.process, "seqs"),
        _E.kind == literal("process.launched"),
        _E.actor_id.is_not(None),
    )
)
_emails = Query(select(_M.account, _M.folded_email).where(_M.org == bindparam("org"), is_in(_M.account, "accounts")))


async def barred(tx: ReadTx, tasks: Iterable[Task], starters: Mapping[int, int]) -> dict[int, frozenset[str]]:
    """Who launched ("m:<id>", "e:<address>") the processes of those tasks that are approvals by several, by number.

    `starters` are in whose name. No statement when none of the tasks is such an approval.
    """
    seqs = sorted({task.process for task in tasks if task.process is not None and needs_approvals(task)})
    found = {seq: {f"m:{starters[seq]}"} for seq in seqs}
    for seq, kind, key in await tx.tuples(_hands, seqs=seqs) if seqs else []:
        found[seq].add(f"{'e' if kind == 'guest' else 'm'}:{key}")
    people = await _people(tx, {each for launchers in found.values() for each in launchers})
    return {seq: frozenset[str]().union(*(people[each] for each in launchers)) for seq, launchers in found.items()}


async def _people(tx: ReadTx, principals: Collection[str]) -> dict[str, set[str]]:
    """What each of these is called as a member and as a guest, by the address that they have or had."""
    addresses = {each: each.removeprefix("e:") for each in principals if each.startswith("e:")}
    accounts = sorted(int(each.removeprefix("m:")) for each in principals if each.startswith("m:"))
    for account, email in await tx.tuples(_emails, accounts=accounts) if accounts else []:
        addresses[f"m:{account}"] = undeleted_email(email, account)
    here = await members.with_addresses(tx, addresses.values())
    people = {each: {each} for each in principals}
    for each, address in addresses.items():
        people[each] |= {f"e:{address}", *([f"m:{here[address]}"] if address in here else [])}
    return people


async def barred_from(tx: ReadTx, task: Task, process: Process | None) -> frozenset[str]:
    """Who launched the process, where its task is an approval by several; else nobody."""
    if process is None:
        return frozenset()
    return (await barred(tx, [task], {process.seq: process.starter})).get(process.seq, frozenset())
