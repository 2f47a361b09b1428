"""Uploaded files (assets). Spec: api-tasks 15."""

from procession.api.call import Call, Pieces
from procession.api.contract.envelope import Item
from procession.api.contract.files import Asset
from procession.api.operations import operation
from procession.api.present.files import content_of, present_file
from procession.api.uploads import Upload
from procession.domain.files import BYTES, File
from procession.storage.tx import ReadTx, WriteTx, reading, writing
from procession.usecases import file_access, files, uploading

ORG = "/organizations/{org_id}"
GUEST = ORG + "/guests/{guest}"
FILE, ASSET = "/file/{asset_id}", "/assets/{asset_id}"
ANY = ("*/*",)


@operation("POST", ORG + "/file", tag="files", errors=(415, 423, 503))
async def upload_file(tx: WriteTx, body: Upload) -> Item[Asset]:
    """Upload a file. It is attached by writing the answered object, in a list, to a file field.

    With `uploaded_from` "attachment" it belongs to its subject itself. What nothing refers to for 30 days is erased.
    """
    return Item(present_file(await uploading.keep(tx, body.received), tx.organization_id))


@operation("POST", ORG + "/assets", tag="files", errors=(415, 423, 503))
async def upload_asset(tx: WriteTx, body: Upload) -> Item[Asset]:
    """Upload a file: another name of `POST /file`."""
    return await upload_file(tx, body)


@operation("POST", ORG + "/upload", tag="files", errors=(415, 423, 503))
async def upload(tx: WriteTx, body: Upload) -> Item[Asset]:
    """Upload a file: another name of `POST /file`."""
    return await upload_file(tx, body)


@operation("POST", ORG + "/files", tag="files", errors=(415, 423, 503))
async def upload_files(tx: WriteTx, body: Upload) -> Item[Asset]:
    """Upload a file: another name of `POST /file`."""
    return await upload_file(tx, body)


@operation("GET", ORG + ASSET, tag="files", etag=True)
async def get_asset(tx: ReadTx, asset_id: str) -> Item[Asset]:
    """Read what is known of a file."""
    return Item(present_file(await file_access.readable(tx, asset_id), tx.organization_id))


@operation("GET", ORG + FILE, tag="files", also=(206,), errors=(416, 503), media_types=ANY)
async def show_file(call: Call, asset_id: str) -> str | Pieces:
    """Read a file to show it. What a browser could run in it (HTML, SVG, XML) is sent as a download."""
    return await _shown(call, asset_id)


@operation("GET", ORG + FILE + "/dl", tag="files", also=(206,), errors=(416, 503), media_types=(BYTES,))
async def download_file(call: Call, asset_id: str) -> str | Pieces:
    """Download a file, or a part of it (`Range`). Activity tells of it."""
    return await _downloaded(call, asset_id)


@operation("GET", ORG + "/download-files/{asset_id}", tag="files", also=(206,), errors=(416, 503), media_types=(BYTES,))
async def download_asset(call: Call, asset_id: str) -> str | Pieces:
    """Download a file: another name of `GET /file/{asset_id}/dl`."""
    return await _downloaded(call, asset_id)


@operation("DELETE", ORG + FILE, tag="files", errors=(422, 423))
async def delete_file(tx: WriteTx, call: Call, asset_id: str) -> None:
    """Erase a file for good, and take it out of the answers that name it."""
    await files.delete(tx, asset_id, call.means)


@operation("DELETE", ORG + ASSET, tag="files")
async def archive_asset(tx: WriteTx, asset_id: str) -> Item[Asset]:
    """Archive what is known of a file: out of lists and of no use to new answers. Its bytes stay."""
    return Item(present_file(await files.archive(tx, asset_id), tx.organization_id))


@operation("POST", GUEST + "/file", tag="guest tasks", auth="guest", errors=(415, 423, 503))
async def upload_file_as_guest(tx: WriteTx, body: Upload) -> Item[Asset]:
    """Upload a file to one of the guest's tasks."""
    file_access.require_guest(tx.actor)
    return await upload_file(tx, body)


@operation("GET", GUEST + ASSET, tag="guest tasks", auth="guest", etag=True)
async def get_asset_of_guest(tx: ReadTx, asset_id: str) -> Item[Asset]:
    """Read what is known of a file of the guest's tasks."""
    file_access.require_guest(tx.actor)
    return await get_asset(tx, asset_id)


@operation("GET", GUEST + FILE, tag="guest tasks", auth="guest", also=(206,), errors=(416, 503), media_types=ANY)
async def show_file_of_guest(call: Call, asset_id: str) -> str | Pieces:
    """Read a file of the guest's tasks to show it."""
    file_access.require_guest(call.actor)
    return await _shown(call, asset_id)


@operation(
    "GET", GUEST + FILE + "/dl", tag="guest tasks", auth="guest", also=(206,), errors=(416, 503), media_types=(BYTES,)
)
async def download_file_of_guest(call: Call, asset_id: str) -> str | Pieces:
    """Download a file of the guest's tasks."""
    file_access.require_guest(call.actor)
    return await _downloaded(call, asset_id)


@operation("DELETE", GUEST + FILE, tag="guest tasks", auth="guest", errors=(422, 423))
async def delete_file_of_guest(tx: WriteTx, call: Call, asset_id: str) -> None:
    """Erase a file of the guest's open tasks for good, and take it out of their answers."""
    file_access.require_guest(tx.actor)
    await files.delete(tx, asset_id, call.means)


async def _shown(call: Call, asset_id: str) -> Pieces:
    async with reading(call.edge.database, call.org, call.organization_id, call.actor, call.now) as tx:
        file = await file_access.readable(tx, asset_id)
    return await content_of(call, file, organization_id=call.organization_id, shown=True)


async def _downloaded(call: Call, asset_id: str) -> Pieces:
    """The file is opened first: what cannot be had is no download."""
    bound = (call.edge.database, call.org, call.organization_id, call.actor, call.now)
    async with reading(*bound) as tx:
        file = await file_access.readable(tx, asset_id)
    answer = await content_of(call, file, organization_id=call.organization_id, shown=False)

    async def note(tx: WriteTx, file: File = file) -> None:
        await files.note_download(tx, file)

    # Those who fetch it in parts are told of once, by the first.
    if not answer.headers.get("Content-Range", "bytes 0-").startswith("bytes 0-"):
        return answer
    if call.request.method == "GET":
        await writing(*bound, note)
    return answer
