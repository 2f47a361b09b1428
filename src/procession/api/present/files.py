"""Uploaded files as clients see them, and their bytes."""

import re
from collections.abc import Sequence

from procession.adapters.files import FileKey, FileStoreFailed
from procession.api.call import Call, Pieces
from procession.api.contract.envelope import Many
from procession.api.contract.files import Asset, AssetSubject
from procession.api.errors import HttpRefusal
from procession.api.uploads import unavailable
from procession.domain.errors import NotFound
from procession.domain.file_references import path_of
from procession.domain.files import BYTES, File, disposition
from procession.domain.times import wire, wire_or_none

RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})", re.ASCII)
# A page that shows the file in a frame runs nothing of it; browsers' own PDF viewers need to.
SANDBOX = "default-src 'none'; style-src 'unsafe-inline'; media-src 'self'; img-src 'self'; sandbox"


def present_file(file: File, organization_id: str) -> Asset:
    path = path_of(file.id, organization_id)
    return Asset(
        id=file.id,
        filename=file.filename,
        version=1,
        uploaded_from=file.uploaded_from,
        uploaded_at=wire(file.uploaded_at),
        step_id=file.step_id,
        source=file.source,
        system=file.system,
        uploaded_to_s3=True,
        subject=AssetSubject(file.subject_id, file.subject_type),
        url=path,
        full_url=path,
        size=file.size,
        mime_type=file.media_type,
        sha256=file.sha256,
        archived_at=wire_or_none(file.archived_at),
    )


def present_files(files: Sequence[File], organization_id: str) -> Many[Asset]:
    """Newest first. Spec: behaviour-work F4."""
    found = sorted(files, key=lambda file: file.no, reverse=True)
    return Many([present_file(file, organization_id) for file in found])


async def content_of(call: Call, file: File, *, organization_id: str, shown: bool) -> Pieces:
    """The file's bytes, or the part of them that the request asks for. Raises NotFound, HttpRefusal (416, 503)."""
    shown = shown and file.may_be_shown
    start, end = _wanted(call.header(b"range"), file.size)
    try:
        pieces = await call.edge.files.opened(FileKey(organization_id, file.id), start, end)
    except FileStoreFailed as error:
        raise unavailable(error) from error
    if pieces is None:
        raise NotFound("The content of this file is missing.")
    headers = {
        "Content-Disposition": disposition(file.filename, shown=shown),
        "Content-Length": str(end - start),
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
        "Vary": "Authorization",
        "X-Content-Type-Options": "nosniff",
    }
    if file.media_type != "application/pdf":
        headers["Content-Security-Policy"] = SANDBOX
    is_whole = (start, end) == (0, file.size)
    if not is_whole:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{file.size}"
    return Pieces(pieces, file.media_type if shown else BYTES, 200 if is_whole else 206, headers)


def _wanted(header: str | None, size: int) -> tuple[int, int]:
    """From where up to where; all of it unless one range is asked for. Raises HttpRefusal."""
    found = RANGE.fullmatch(header.strip()) if header is not None else None
    if found is None or found.group() == "bytes=-":
        return 0, size
    first, last = found.groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
    if start >= end:
        message = f"The file has {size} bytes; the range lies outside of them."
        raise HttpRefusal(416, "RANGE_NOT_SATISFIABLE", message, {"Content-Range": f"bytes */{size}"})
    return start, end
