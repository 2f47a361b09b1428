"""Whether what refers to files, and the timers of files, are what a recount finds. Nothing here is needed to serve."""

from sqlalchemy import bindparam, select

from procession.domain.files import ATTACHMENT, DESCRIPTION, Uses
from procession.storage.query import Query
from procession.storage.tables.control import timers
from procession.storage.tables.files import file_uses, files
from procession.storage.tx import ReadTx

_F, _U = files.c, file_uses.c
_files = Query(select(_F.no, _F.id, _F.state, _F.uploaded_from, _F.size, _F.filename).where(_F.org == bindparam("org")))
_uses = Query(select(_U.file, _U.holder).where(_U.org == bindparam("org")))
_timers = Query(select(timers.c.subject).where(timers.c.kind == bindparam("kind"), timers.c.org == bindparam("org")))

ANSWERED = ("process:", "task:")


async def differences(tx: ReadTx, answered: Uses) -> list[str]:
    """What is wrong, in words; `answered` are the files that answers refer to."""
    rows = await tx.tuples(_files)
    stored = {row[1]: row[0] for row in rows if row[2] == "stored"}
    attached = {row[0] for row in rows if row[3] in (ATTACHMENT, DESCRIPTION)}
    uses = {(row[0], row[1]) for row in await tx.tuples(_uses)}
    problems = [
        f"{holder.text} refers to the file {each}, which is not there"
        for holder, ids in sorted(answered.items())
        for each in sorted(ids - stored.keys())
    ]
    wanted = {(stored[each], holder.text) for holder, ids in answered.items() for each in ids & stored.keys()}
    found = {use for use in uses if use[1].startswith(ANSWERED) and use[0] not in attached}
    problems += [
        f"file_use {file} of {holder}: not where a recount finds it" for file, holder in sorted(wanted ^ found)
    ]
    used = {file for file, _ in uses}
    for kind, expected in (
        ("unused_file", {no for no in stored.values() if no not in used}),
        ("erase_file", {row[0] for row in rows if row[2] != "stored"}),
    ):
        there = {row[0] for row in await tx.tuples(_timers, kind=kind)}
        problems += [f"timer {kind}: of file {no} where a recount finds otherwise" for no in sorted(expected ^ there)]
    return problems


async def bytes_of(tx: ReadTx) -> dict[str, tuple[str, int]]:
    """By id, what each file is called and its size; -1 where it does not matter whether its bytes are there."""
    return {row[1]: (row[5], row[4] if row[2] == "stored" else -1) for row in await tx.tuples(_files)}
