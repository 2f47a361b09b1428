"""Templates: the row and its working copy, locked for editing and saved as a whole; stars; launches counted."""

from collections.abc import Collection

from msgspec.structs import replace
from sqlalchemy import ColumnElement, Select, bindparam, delete, select, update

from procession.domain.errors import WrongState
from procession.domain.names import fold
from procession.domain.process_values import Name, names_in
from procession.domain.template_references import mentions
from procession.domain.templates import MAX_DOCUMENT_BYTES, Template, TemplateRow
from procession.storage import value_fields
from procession.storage.changes import Kind, Touch
from procession.storage.dialect import is_in
from procession.storage.query import Query
from procession.storage.rows import Mapper
from procession.storage.tables.templates import template_references, template_stars, templates
from procession.storage.tx import ReadTx, WriteTx

SYSTEM_TITLE = "MISC"
SYSTEM_ALIAS = "misc"
# No member: what the system template makes belongs to whoever made it.
NOBODY = 0

template_rows = Mapper(TemplateRow, templates)

_T, _S, _R = templates.c, template_stars.c, template_references.c


def _where(condition: ColumnElement[bool]) -> Select[tuple[object, ...]]:
    return select(*template_rows.columns).where(_T.org == bindparam("org"), condition)


_by_id = Query(_where(_T.id == bindparam("id")))
_lock = Query(_where(_T.id == bindparam("id")).with_for_update())
_hold = Query(_where(_T.id == bindparam("id")).with_for_update(read=True, key_share=True))
_lock_many = Query(_where(is_in(_T.id, "ids")).order_by(_T.id).with_for_update())
_by_alias = Query(_where(_T.alias == bindparam("alias")))
_many = Query(_where(is_in(_T.id, "ids")).order_by(_T.id))
_save = Query(
    update(templates)
    .where(_T.org == bindparam("org_is"), _T.id == bindparam("id_is"))
    .values({name: bindparam(f"new_{name}") for name in template_rows.names if name != "id"})
)
_count_launch = Query(
    update(templates)
    .where(_T.org == bindparam("org_is"), _T.id == bindparam("id_is"), _T.archived_at.is_(None))
    .values(started_processes=_T.started_processes + 1)
)
_is_starred = Query(
    select(_S.account).where(
        _S.org == bindparam("org"), _S.account == bindparam("account"), _S.template_id == bindparam("id")
    )
)
_starred_among = Query(
    select(_S.template_id).where(
        _S.org == bindparam("org"), _S.account == bindparam("account"), is_in(_S.template_id, "ids")
    )
)
_unstar = Query(
    delete(template_stars).where(
        _S.org == bindparam("org"), _S.account == bindparam("account"), _S.template_id == bindparam("id")
    )
)
_starred_by = Query(
    select(_S.account).where(
        _S.org == bindparam("org"), is_in(_S.account, "accounts"), _S.template_id == bindparam("id")
    )
)
_unstar_all = Query(delete(template_stars).where(_S.org == bindparam("org"), _S.account == bindparam("account")))
_mentioning = Query(
    select(_R.template_id)
    .where(_R.org == bindparam("org"), _R.kind == bindparam("kind"), _R.key == bindparam("key"))
    .order_by(_R.template_id)
)


async def find(tx: ReadTx, template_id: str) -> TemplateRow | None:
    """The template, archived or not; never the system template."""
    found = await _one(tx, _by_id, id=template_id)
    return None if found is None or found.is_system else found


async def lock(tx: WriteTx, template_id: str) -> TemplateRow | None:
    """The template, locked until the commit: whoever changes it takes this first."""
    found = await _one(tx, _lock, id=template_id)
    return None if found is None or found.is_system else found


async def hold(tx: WriteTx, template_id: str) -> TemplateRow | None:
    """The template, which stays there until the commit; others may change it meanwhile."""
    return await _one(tx, _hold, id=template_id)


async def lock_many(tx: WriteTx, ids: list[str]) -> list[TemplateRow]:
    """Locked in the order of their ids, the order everybody locks several in."""
    return [template_rows.read(row) for row in await tx.tuples(_lock_many, ids=ids)]


async def many(tx: ReadTx, ids: list[str]) -> list[TemplateRow]:
    return [template_rows.read(row) for row in await tx.tuples(_many, ids=ids)]


async def with_alias(tx: ReadTx, alias: str) -> TemplateRow | None:
    return await _one(tx, _by_alias, alias=alias)


async def mentioning(tx: ReadTx, kind: str, key: str) -> list[str]:
    """Ids of the templates whose working copy names this member, guest, group or template."""
    return [row[0] for row in await tx.tuples(_mentioning, kind=kind, key=key)]


async def _one(tx: ReadTx, query: Query, **values: object) -> TemplateRow | None:
    rows = await tx.tuples(query, **values)
    return template_rows.read(rows[0]) if rows else None


async def add(tx: WriteTx, row: TemplateRow) -> None:
    tx.touch(Touch(Kind.TEMPLATE, row.no, row.id))
    await tx.insert(templates, [_stored(row)])
    await tx.insert(template_references, _reference_rows(row, mentions(row.document)))
    await _enter_fields(tx, row.id, names_in(row.document))


async def save(tx: WriteTx, before: TemplateRow, after: TemplateRow) -> TemplateRow:
    """Write the locked template's successor and return it as stored.

    A changed document that was frozen becomes the next version. Raises WrongState when it grew too large.
    Spec: T-10.2.
    """
    if after.document != before.document:
        if before.is_frozen:
            after = replace(after, version=before.version + 1)
        old, new = mentions(before.document), mentions(after.document)
        await tx.delete(template_references, _reference_rows(after, old - new))
        await tx.insert(template_references, _reference_rows(after, new - old))
        await _enter_fields(tx, after.id, names_in(after.document) - names_in(before.document))
    lost = frozenset({f"m:{before.owner}"}) if after.owner != before.owner else frozenset[str]()
    tx.touch(Touch(Kind.TEMPLATE, after.no, after.id, lost))
    values = {f"new_{name}": value for name, value in _stored(after).items() if name != "id"}
    await tx.run(_save, org_is=tx.org, id_is=after.id, **values)
    return after


async def _enter_fields(tx: WriteTx, template_id: str, added: frozenset[Name]) -> None:
    """Lists may be asked for a field before anybody has answered it."""
    if added:
        await value_fields.numbered(tx, template_id, added)


async def remove(tx: WriteTx, row: TemplateRow, seen_by: frozenset[str]) -> None:
    """Erase the template with its grants, stars and links; frozen versions are `template_versions`' business.

    `seen_by` are the principals on its lists.
    """
    tx.touch(Touch(Kind.TEMPLATE, row.no, row.id, seen_by | {f"m:{row.owner}"}, is_gone=True))
    await tx.delete(templates, [{"id": row.id}])


def _stored(row: TemplateRow) -> dict[str, object]:
    values = template_rows.write(row)
    if len(values["document"].encode()) > MAX_DOCUMENT_BYTES:
        raise WrongState(f"A template may not be larger than {MAX_DOCUMENT_BYTES // 1024**2} MiB.")
    return values


def _reference_rows(row: TemplateRow, found: frozenset[tuple[str, str]]) -> list[dict[str, object]]:
    return [{"template_id": row.id, "kind": kind, "key": key} for kind, key in sorted(found)]


async def is_starred(tx: ReadTx, template_id: str) -> bool:
    """Whether the template is one of the caller's favourites."""
    return await tx.value(_is_starred, account=tx.actor.id, id=template_id) is not None


async def starred_among(tx: ReadTx, ids: list[str]) -> set[str]:
    """Those of these templates that are the caller's favourites."""
    return {row[0] for row in await tx.tuples(_starred_among, account=tx.actor.id, ids=ids)}


async def star(tx: WriteTx, row: TemplateRow, *, starred: bool) -> bool:
    """Set or take away the caller's star; the template's row is locked. Returns whether that is another than before."""
    if starred:
        return bool(await star_for(tx, row, [tx.actor.id]))
    if not await tx.run(_unstar, account=tx.actor.id, id=row.id):
        return False
    tx.touch(Touch(Kind.TEMPLATE, row.no, row.id, only_for=frozenset({tx.actor.principal})))
    return True


async def star_for(tx: WriteTx, row: TemplateRow, accounts: Collection[int]) -> list[int]:
    """Make the locked template a favourite of these members; returns those of whom it was none."""
    has = {found[0] for found in await tx.tuples(_starred_by, accounts=sorted(accounts), id=row.id)}
    added = sorted(set(accounts) - has)
    await tx.insert(template_stars, [{"account": each, "template_id": row.id} for each in added])
    if added:
        tx.touch(Touch(Kind.TEMPLATE, row.no, row.id, only_for=frozenset(f"m:{each}" for each in added)))
    return added


async def unstar_all(tx: WriteTx, account: int) -> None:
    """Somebody who leaves has no favourites any more. Spec: T-1.11."""
    await tx.run(_unstar_all, account=account)


async def count_launch(tx: WriteTx, template_id: str) -> bool:
    """One more process was launched from the template; False when that is archived or erased by now."""
    return await tx.run(_count_launch, org_is=tx.org, id_is=template_id) == 1


async def system_template(tx: WriteTx) -> TemplateRow:
    """The hidden template of processes without one, made on first use. Spec: behaviour-launching L-14.1."""
    found = await with_alias(tx, SYSTEM_ALIAS)
    if found is not None:
        return found
    row = TemplateRow(
        id=tx.new_id(),
        no=await tx.next_number("template"),
        title=SYSTEM_TITLE,
        folded_title=fold(SYSTEM_TITLE),
        alias=SYSTEM_ALIAS,
        type="procedure",
        owner=NOBODY,
        created_by=NOBODY,
        is_system=True,
        created_at=tx.now,
        updated_at=tx.now,
        document=Template(),
    )
    await add(tx, row)
    return row
