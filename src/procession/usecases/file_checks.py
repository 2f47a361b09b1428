"""Whether every file has its bytes, and all bytes their file. Spec: api-tasks 15.4."""

from collections import defaultdict

from procession.adapters.files import FileStore
from procession.domain.actors import BOT
from procession.storage import file_recount, organizations
from procession.storage.database import Database
from procession.storage.tx import reading


async def differences(database: Database, store: FileStore, now: int) -> dict[str, list[str]]:
    """What is wrong, by organization id. An upload that ends meanwhile may seem to be. Raises FileStoreFailed."""
    async with database.reading() as connection:
        everywhere = await organizations.directory(connection)
    found = {key: size async for key, size in store.sizes()}
    problems: dict[str, list[str]] = defaultdict(list)
    for org, organization_id in everywhere:
        async with reading(database, org, organization_id, BOT, now) as tx:
            known = await file_recount.bytes_of(tx)
        here = {key.file_id: found.pop(key) for key in list(found) if key.organization_id == organization_id}
        for file_id, (name, size) in sorted(known.items()):
            if size >= 0 and here.get(file_id) != size:
                has = f"has {here[file_id]} bytes instead of {size}" if file_id in here else "has lost its bytes"
                problems[organization_id].append(f"file {file_id} ({name}) {has}")
        problems[organization_id] += [f"bytes {each}: no file has them" for each in sorted(here.keys() - known.keys())]
    for key in sorted(found):
        problems[key.organization_id].append(f"bytes {key.file_id}: no organization has them")
    return {organization_id: each for organization_id, each in problems.items() if each}
