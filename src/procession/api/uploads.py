"""Uploads: a form with one file, whose bytes go to where files are kept while they come. Spec: api-tasks 15.3.

Memory stays flat whatever the size. A file that is refused is read to its end all the same, because most clients do
not look at an answer before they have sent everything; what is beyond the hard limit is cut off.
"""

import hashlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from procession.adapters.files import FileKey, FileStoreFailed
from procession.adapters.multipart import FormReader, Unreadable
from procession.api.bodies import required
from procession.api.call import Call
from procession.api.errors import HttpRefusal
from procession.domain.errors import DomainError, Malformed, TooLarge
from procession.domain.files import File, clean_filename, refused, require_allowed, require_harmless
from procession.storage.tx import writing
from procession.usecases import files, uploading
from procession.usecases.uploading import Received

PARTS = ("name", "file")
# So many bytes are written at once.
WRITE_BYTES = 1024 * 1024
CUT_OFF = "The form ends before its last part does."
NOT_KEPT = "The file could not be stored. Try again in a moment."


class UploadForm(msgspec.Struct):
    """The form, for the API document; `name` may also be called `file`."""

    name: bytes
    subject_type: str
    subject_id: str
    uploaded_from: str
    step_id: str | None = None
    checklist_id: str | None = None
    source: str | None = None
    system: str | None = None


class Place(msgspec.Struct, frozen=True):
    """The organization that a file is for."""

    org: int
    organization_id: str


class Upload:
    """An upload on its way to being kept."""

    def __init__(self, received: Received) -> None:
        self.received = received
        # Until the transaction that keeps it has been gone through, its bytes are nobody's.
        self.is_kept = False

    @property
    def fingerprint(self) -> bytes:
        """What makes it the same request when it is sent again."""
        sent = self.received
        return msgspec.json.encode([sent.filename, sent.sha256, sorted(sent.fields.items())])


def unavailable(error: FileStoreFailed) -> HttpRefusal:
    return HttpRefusal(503, "FILE_STORE_UNAVAILABLE", f"{NOT_KEPT} ({error})", {"Retry-After": "5"})


@asynccontextmanager
async def receiving(call: Call, place: Place | None = None) -> AsyncGenerator[Upload]:
    """The upload of this request, written; erased again unless it is kept.

    Raises Invalid (on `name`), Malformed, TooLarge, HttpRefusal (415, 503).
    """
    where = place or Place(call.org, call.organization_id)
    try:
        form = FormReader(call.header(b"content-type") or "")
    except Unreadable as fault:
        raise HttpRefusal(415, "UNSUPPORTED_MEDIA_TYPE", str(fault)) from fault
    bound = (call.edge.database, where.org, where.organization_id, call.actor, call.now)
    announced = await writing(*bound, uploading.announce)
    upload: Upload | None = None
    try:
        upload = Upload(await _Receiving(call, form).into(where, announced))
        yield upload
    finally:
        if upload is None or not upload.is_kept:
            edge = call.edge
            await files.discard(edge.database, where.org, where.organization_id, announced.no, edge.clock, edge.files)


class _Receiving:
    """Reads the request: what is in front of the file, the file, what follows it."""

    def __init__(self, call: Call, form: FormReader) -> None:
        self.call = call
        self.form = form
        self.settings = call.settings
        # What is wrong with the file; it is read on, but not written.
        self.refusal: DomainError | None = None
        self.size = 0
        self._digest = hashlib.sha256()
        self._read = 0

    async def into(self, place: Place, announced: File) -> Received:
        body = self._body()
        first: list[bytes] = []
        async for pieces in body:
            first += pieces
            if self.form.part is not None:
                break
        if self.form.part is None and not self.form.is_complete:
            raise Malformed(CUT_OFF)
        if self.form.part is None or self.form.part not in PARTS:
            self.refusal = refused(required("name"))
        filename = clean_filename(self.form.filename)
        if self.refusal is None:
            try:
                require_allowed(filename, self.settings.files_extensions)
                await self._write(place, announced, first, body)
            except DomainError as refusal:
                self.refusal = self.refusal or refusal
        async for _ in body:  # the rest of what is refused
            pass
        if self.refusal is not None:
            raise self.refusal
        if not self.form.is_complete:
            raise Malformed(CUT_OFF)
        return Received(
            no=announced.no,
            filename=filename,
            size=self.size,
            sha256=self._digest.hexdigest(),
            fields=dict(self.form.fields),
        )

    async def _write(self, place: Place, announced: File, first: list[bytes], rest: AsyncIterator[list[bytes]]) -> None:
        key = FileKey(place.organization_id, announced.id)
        try:
            await self.call.edge.files.write(key, self._checked(first, rest))
        except FileStoreFailed as error:
            # A store of others' wraps what its source raised.
            raise self.refusal or unavailable(error) from error

    async def _checked(self, first: list[bytes], rest: AsyncIterator[list[bytes]]) -> AsyncGenerator[bytes]:
        """The bytes of the file, many at a time; raises Invalid, and what reading raises."""
        try:
            held = bytearray()
            begun = False
            async for pieces in _chained(first, rest):
                for piece in pieces:
                    held += piece
                if not begun and len(held) >= 64:
                    begun = True
                    require_harmless(bytes(held[:64]))
                self._require_room(len(held))
                if len(held) >= WRITE_BYTES:
                    yield self._counted(held)
                    held = bytearray()
            if not begun:
                require_harmless(bytes(held))
            yield self._counted(held)
        except DomainError as refusal:
            self.refusal = refusal
            raise

    def _counted(self, held: bytearray) -> bytes:
        piece = bytes(held)
        self.size += len(piece)
        self._digest.update(piece)
        return piece

    def _require_room(self, more: int) -> None:
        most = self.settings.files_max_bytes
        if self.size + more > most:
            raise refused(f"The name may not be greater than {most // 1024} kilobytes.")

    async def _body(self) -> AsyncGenerator[list[bytes]]:
        """The bytes of the file in each part of the request as it comes."""
        most = self.settings.files_hard_limit_bytes
        declared = self.call.header(b"content-length") or ""
        if declared.isascii() and declared.isdigit() and (len(declared) > 18 or int(declared) > most):
            raise TooLarge(f"The body is larger than {most} bytes.")
        async for data in self.call.request.stream():
            self._read += len(data)
            if self._read > most:
                raise TooLarge(f"The body is larger than {most} bytes.")
            try:
                yield self.form.feed(data)
            except Unreadable as fault:
                raise Malformed(str(fault)) from fault


async def _chained(first: list[bytes], rest: AsyncIterator[list[bytes]]) -> AsyncGenerator[list[bytes]]:
    yield first
    async for pieces in rest:
        yield pieces
