"""The bin as clients read it. Spec: api-content 11."""

from collections.abc import Mapping, Sequence

from procession.api.contract.bin_items import BinItemOut, BinType, LeftOutOut, Restored
from procession.domain.bin_items import BinItem, BinKind, LeftOut
from procession.domain.times import wire
from procession.storage import people
from procession.storage.tx import ReadTx

TYPES: Mapping[BinKind, BinType] = {
    "process": "run",
    "template": "checklist",
    "task": "task",
    "tag": "tag",
    "folder": "folder",
    "snippet": "snippet",
    "lookup_list": "list",
}
KINDS: Mapping[str, BinKind] = {word: kind for kind, word in TYPES.items()}
WORDS: Mapping[str, str] = {**TYPES, "job_title": "role"}


async def present_bin_items(tx: ReadTx, items: Sequence[BinItem]) -> list[BinItemOut]:
    names = await people.names(tx, {each.deleted_by for each in items})
    return [
        BinItemOut(
            id=each.no,
            type=TYPES[each.kind],
            subject_id=each.subject_id,
            name=each.name,
            deleted_by=each.deleted_by,
            deleted_by_name=names[each.deleted_by].full_name if each.deleted_by in names else "",
            deleted_at=wire(each.deleted_at),
            expires_at=wire(each.expires_at),
        )
        for each in items
    ]


def present_restored(item: BinItem, left: Sequence[LeftOut]) -> Restored:
    left_out = [LeftOutOut(WORDS.get(each.kind, each.kind), each.id) for each in left]
    return Restored(TYPES[item.kind], item.subject_id, item.name, left_out)
