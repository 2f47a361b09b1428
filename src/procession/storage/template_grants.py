"""The five permission lists of templates. Spec: behaviour-people 2.2."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from sqlalchemy import bindparam, select

from procession.domain.actors import Actor
from procession.domain.template_permissions import Permission, Standing
from procession.domain.templates import TemplateHead
from procession.storage import access
from procession.storage.changes import Kind, Touch
from procession.storage.dialect import is_in
from procession.storage.query import Query
from procession.storage.tables.templates import template_grants
from procession.storage.tx import ReadTx, WriteTx

Grant = tuple[Permission, str]

_G = template_grants.c

_held = Query(
    select(_G.template_id, _G.permission).where(
        _G.org == bindparam("org"), is_in(_G.template_id, "ids"), is_in(_G.principal, "principals")
    )
)
_all = Query(
    select(_G.template_id, _G.permission, _G.principal)
    .where(_G.org == bindparam("org"), is_in(_G.template_id, "ids"))
    .order_by(_G.template_id, _G.permission, _G.principal)
)
_process_readers = Query(
    select(_G.principal)
    .where(_G.org == bindparam("org"), _G.template_id == bindparam("id"), _G.permission == "PROCESS_READ")
    .order_by(_G.principal)
)


async def standings(tx: ReadTx, heads: Sequence[TemplateHead]) -> dict[str, Standing]:
    """How the calling member stands to each of these templates, by template id; at most two statements."""
    is_asked = bool(heads) and not tx.actor.is_admin
    named = await access.principals_of_caller(tx) if is_asked else frozenset[str]()
    return await _standings(tx, heads, tx.actor, named)


async def _standings(
    tx: ReadTx, heads: Sequence[TemplateHead], member: Actor, named: frozenset[str]
) -> dict[str, Standing]:
    granted: dict[str, set[Permission]] = defaultdict(set)
    if named:
        ids = [head.id for head in heads]
        for template_id, permission in await tx.tuples(_held, ids=ids, principals=sorted(named)):
            granted[template_id].add(permission)
    return {
        head.id: Standing(actor=member, is_owner=head.owner == member.id, granted=frozenset(granted[head.id]))
        for head in heads
    }


async def standing(tx: ReadTx, head: TemplateHead) -> Standing:
    return (await standings(tx, [head]))[head.id]


async def standing_of(tx: ReadTx, head: TemplateHead, member: Actor) -> Standing:
    """How somebody else than the caller stands to the template."""
    return (await _standings(tx, [head], member, await access.principals_of_member(tx, member)))[head.id]


async def lists_of(tx: ReadTx, template_ids: Sequence[str]) -> dict[str, list[Grant]]:
    """Every entry of every list of these templates, by template id."""
    found: dict[str, list[Grant]] = defaultdict(list)
    for template_id, permission, principal in await tx.tuples(_all, ids=list(template_ids)):
        found[template_id].append((permission, principal))
    return found


def principals(grants: Iterable[Grant]) -> frozenset[str]:
    """Everybody who is on any of the lists."""
    return frozenset(principal for _, principal in grants)


async def process_readers(tx: ReadTx, template_id: str) -> list[str]:
    """Who a launch lets see its process: "everyone", "m:<member>", "g:<group>". Spec: T-2.8, DEC-46."""
    return [row[0] for row in await tx.tuples(_process_readers, id=template_id)]


async def add(tx: WriteTx, template_id: str, grants: Iterable[Grant]) -> None:
    await tx.insert(template_grants, _rows(template_id, grants))


async def replace(tx: WriteTx, head: TemplateHead, old: frozenset[Grant], new: frozenset[Grant]) -> None:
    """Change the lists of the locked template."""
    template_id = head.id
    tx.touch(Touch(Kind.TEMPLATE, head.no, head.id, principals(old) - principals(new)))
    await tx.delete(template_grants, _rows(template_id, old - new))
    await tx.insert(template_grants, _rows(template_id, new - old))


def _rows(template_id: str, grants: Iterable[Grant]) -> list[dict[str, object]]:
    return [
        {"template_id": template_id, "permission": permission, "principal": principal}
        for permission, principal in sorted(grants)
    ]
