"""From a request to an answer: route, authenticate, open the transaction, call the handler, encode."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, aclosing
from functools import partial
from typing import Any

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from procession.adapters.workbooks import read_table
from procession.api.bodies import parse_form, parse_json, parse_multipart, read_body, read_limited
from procession.api.call import Answer, Call, Later, Pieces, Streamed
from procession.api.edge import Edge, is_hex_id
from procession.api.errors import HttpRefusal, body_of, headers_of, status_of
from procession.api.leaving import WhileClientStays
from procession.api.operations import Operation, reads_by_write
from procession.api.params import Params, read_params
from procession.api.preconditions import condition_of, guarded
from procession.api.replays import REPLAYED, Replayed, Work, named, once
from procession.api.router import Router
from procession.api.uploads import Upload, receiving
from procession.domain.errors import DomainError, Invalid, NotFound
from procession.domain.sheets import Sheet
from procession.storage.connection import NotAsAssumed, Reader, TakesLong
from procession.storage.tx import ReadTx, WriteTx, streaming, version_of, writing, writing_at

JSON, FORM, MULTIPART = "application/json", "application/x-www-form-urlencoded", "multipart/form-data"
IF_NONE_MATCH = b"if-none-match"
NO_CLOCK = 0
# A client that takes nothing of a stream for so long is given up.
LONGEST_PAUSE_SECONDS = 120


class Dispatcher:
    """Answers one request with one operation."""

    def __init__(self, edge: Edge, operations: list[Operation]) -> None:
        self.edge = edge
        self.router: Router[Operation] = Router()
        self._shown_by = reads_by_write(operations)
        for each in operations:
            self.router.add(each.method, each.path, each)

    async def answer(self, request: Request, headers: dict[bytes, bytes], prefix: str) -> Response:
        """The response, refusals included; only bugs raise."""
        call = Call(self.edge, request, headers, prefix=prefix, now=self.edge.clock())
        try:
            method = "GET" if request.method == "HEAD" else request.method
            operation, path_values = self.router.find(method, request.scope["path"])
            request.scope["procession.operation"] = operation.id
            database = self.edge.database
            try:
                if database.reads_in_line and operation.tx is ReadTx:
                    brief = database.reading_briefly()
                    response = await self._run(operation, call, path_values, brief, may_assume=False)
                else:
                    may_assume = _gains_from_assuming(operation, call)
                    response = await self._patiently(operation, call, path_values, may_assume=may_assume)
            except (NotAsAssumed, TakesLong):
                call = Call(self.edge, request, headers, prefix=prefix, now=call.now)
                response = await self._patiently(operation, call, path_values, may_assume=False)
        except (DomainError, HttpRefusal) as error:
            response = refusal(error)
        if call.ignored:
            names = ", ".join(dict.fromkeys(_header_safe(name) for name in call.ignored[:50]))
            response.headers["X-Ignored-Params"] = names
        request.scope["procession.actor"] = call.actor
        return response

    async def _patiently(
        self, operation: Operation, call: Call, path_values: dict[str, str], *, may_assume: bool
    ) -> Response:
        """Others are served while a read goes on; it is given up when its client goes away (decision 12)."""
        database = self.edge.database
        if operation.tx is not ReadTx:
            return await self._run(operation, call, path_values, database.reading(), may_assume=may_assume)
        async with WhileClientStays(call.request):
            return await self._run(operation, call, path_values, database.reading_long(), may_assume=may_assume)

    async def _run(
        self,
        operation: Operation,
        call: Call,
        path_values: dict[str, str],
        reading: AbstractAsyncContextManager[Reader],
        *,
        may_assume: bool,
    ) -> Response:
        values = _path_values(operation, path_values)
        found: Response | _Unfinished | None = None
        async with reading as connection:
            await self._admit(operation, call, path_values, connection, may_assume=may_assume)
            try:
                given = _given(operation, call, values)
                if operation.tx is ReadTx:
                    found = await self._read(operation, call, given, connection, may_assume=may_assume)
            except (DomainError, HttpRefusal):
                await connection.settle()
                raise
        if found is not None:
            return found if isinstance(found, Response) else found.respond(await found.later.produce())
        if operation.body is Upload:
            async with receiving(call) as upload:
                given["body"] = upload
                response = await self._write(operation, call, values, given, upload.fingerprint)
                upload.is_kept = REPLAYED not in response.headers
                return response
        raw = b""
        try:
            if operation.wants_body:
                raw = await read_limited(call.request, self.edge.settings.max_body_bytes)
                given["body"], raw = await _body(operation, call, raw, given)
            return await self._write(operation, call, values, given, raw)
        except Invalid as fault:
            await self._refuse_first(operation, call, values, fault)
            raise

    async def _refuse_first(self, operation: Operation, call: Call, values: Mapping[str, Any], fault: Invalid) -> None:
        """Raises what goes before the faults of a body: NotFound, NotAllowed and the like (api-conventions 3)."""
        first = operation.first
        if first is None:
            return
        wanted = [call if name == "call" else values[name] for name in operation.first_takes]

        async def ask(tx: WriteTx) -> None:
            await first(tx, *wanted)
            # Nothing of it is kept.
            raise fault

        await writing(self.edge.database, call.org, call.organization_id, call.actor, call.now, ask)

    async def _write(
        self, operation: Operation, call: Call, values: Mapping[str, Any], given: Mapping[str, Any], raw: bytes
    ) -> Response:
        """Answer what is no read; `raw` is the body, or what stands for it."""
        database = self.edge.database
        request = named(operation, call, raw)
        condition = condition_of(operation, call, values)
        if operation.tx is None:
            return self._respond(operation, call, await operation.handler(**given))

        async def handle(tx: WriteTx) -> Any:
            return await operation.handler(**given, tx=tx)

        async def work(tx: WriteTx) -> Any:
            return await (handle(tx) if condition is None else guarded(tx, condition, handle))

        bound = (database, call.org, call.organization_id, call.actor, call.now)
        if request is not None:
            respond = partial(self._respond, operation, call)

            async def work_once(tx: WriteTx) -> Response:
                return await once(tx, call, operation, request, Work(work, handle), respond)

            try:
                return await writing(*bound, work_once)
            except Replayed as replayed:
                return replayed.response
        shown = self._shown_by.get(operation.id)
        if shown is None or (call.raw_query and operation.params is not shown.params):
            return self._respond(operation, call, await writing(*bound, work))
        result, version = await writing_at(*bound, work)
        response = self._respond(operation, call, result)
        if call.may_be_cached:
            response.headers["ETag"] = _tag(version, call, _digest(call))
            # It is the tag of what stands in this answer, not of what was sent.
            response.headers["Content-Location"] = _address(call)
        return response

    async def _admit(
        self,
        operation: Operation,
        call: Call,
        path_values: dict[str, str],
        connection: Reader,
        *,
        may_assume: bool,
    ) -> None:
        """Find the organization and who is calling, in the order of api-conventions 3."""
        if operation.auth == "public":
            return
        if self.edge.settings.require_client_header and not call.header(b"x-tallyfy-client"):
            raise HttpRefusal(401, "CLIENT_HEADER_REQUIRED", "X-Tallyfy-Client header is required")
        organization_id = path_values.get("org_id")
        if organization_id is not None:
            await self.edge.find_organization(call, organization_id, connection)
        if operation.auth == "guest" and b"authorization" not in call.headers:
            await self.edge.identify_guest(call, connection, path_values["guest"])
        else:
            await self.edge.authenticate(call, connection, may_assume=may_assume)

    async def _read(
        self, operation: Operation, call: Call, given: dict[str, Any], connection: Reader, *, may_assume: bool
    ) -> "Response | _Unfinished":
        tx = ReadTx(connection, call.org, call.organization_id, call.actor, call.now)
        tx.sets = self.edge.sets
        if may_assume and connection.waits_to_join:
            tx.fields = connection, self.edge.fields
        if call.version is not None:
            tx.rights = (call.version[1], self.edge.rights)
        if not operation.etag:
            return self._respond(operation, call, await self._found(operation, call, given, tx))
        digest = _digest(call)
        sent = _sent_tags(call.header(IF_NONE_MATCH))
        if sent:
            position, epoch = call.version or await version_of(tx)
            for tag in sent:
                if _still_holds(tag, position, epoch, digest, call.now):
                    return Response(status_code=304, headers=_cache_headers(tag))
        found = await self._found(operation, call, given, tx)
        await connection.settle()
        if not call.may_be_cached or isinstance(found, Streamed | Answer):
            return self._respond(operation, call, found)
        tag = _tag(call.version or await version_of(tx), call, digest)

        def tagged(body: Any) -> Response:
            return Response(msgspec.json.encode(body), operation.status, _cache_headers(tag), JSON)

        return _Unfinished(found, tagged) if isinstance(found, Later) else tagged(found)

    async def _found(self, operation: Operation, call: Call, given: dict[str, Any], tx: ReadTx) -> Any:
        """What the handler finds; with `strict_filters` nothing when a parameter or value could not be used."""
        found = await operation.handler(**given, tx=tx)
        if self.edge.settings.strict_filters and call.ignored:
            raise Invalid({name.partition(":")[0]: [f"{name} is not known here."] for name in call.ignored})
        return found

    def _respond(self, operation: Operation, call: Call, result: Any) -> Response:
        if isinstance(result, Streamed):
            return Stream(Pieces(self._pieces(call, result), result.media_type, headers=result.headers))
        if isinstance(result, Pieces):
            return Stream(result)
        answer = result if isinstance(result, Answer) else Answer(result)
        status = answer.status or operation.status
        if answer.body is None:
            return Response(status_code=status, headers=answer.headers)
        if isinstance(answer.body, bytes):
            return Response(answer.body, status, answer.headers, answer.media_type or JSON)
        return Response(msgspec.json.encode(answer.body), status, answer.headers, answer.media_type or JSON)

    async def _pieces(self, call: Call, streamed: Streamed) -> AsyncGenerator[bytes]:
        async with (
            streaming(self.edge.database, call.org, call.organization_id, call.actor, call.now) as tx,
            aclosing(streamed.produce(tx)) as pieces,
        ):
            async for piece in pieces:
                yield piece
                # Others get their turn between the pieces of a long answer.
                await asyncio.sleep(0)


class _Unfinished(msgspec.Struct):
    """An answer whose body is still to be worked out, and what makes a response of that."""

    later: Later
    respond: Callable[[Any], Response]


class Stream(StreamingResponse):
    """A streamed answer. It lets go of what it reads however it ends: a client may go away, or stop reading."""

    def __init__(self, body: Pieces) -> None:
        super().__init__(body.pieces, body.status, body.headers or None, body.media_type)
        self._pieces = body.pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_in_time(message: Message) -> None:
            try:
                async with asyncio.timeout(LONGEST_PAUSE_SECONDS):
                    await send(message)
            except TimeoutError:
                raise ClientDisconnect from None

        try:
            await super().__call__(scope, receive, send_in_time)
        finally:
            await self._pieces.aclose()


def refusal(error: DomainError | HttpRefusal) -> Response:
    status = error.status if isinstance(error, HttpRefusal) else status_of(error)
    return Response(body_of(error), status, headers_of(error), JSON)


def _gains_from_assuming(operation: Operation, call: Call) -> bool:
    """Whether the caller may be looked up together with what is read: not where they decide whether to read at all."""
    return operation.etag and operation.auth == "member" and IF_NONE_MATCH not in call.headers


async def _body(operation: Operation, call: Call, raw: bytes, given: Mapping[str, Any]) -> tuple[Any, bytes]:
    """What the body says, and the bytes that tell whether another request says the same (api-conventions 16.1)."""
    if operation.body is Sheet:
        return await read_table(raw, given["params"].sheet), raw
    content_type = call.request.headers.get("content-type", "")
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type == FORM:
        sent = parse_form(raw)
    elif media_type == MULTIPART:
        sent = parse_multipart(raw, content_type)
        # The boundary is another one each time.
        raw = msgspec.json.encode(sent)
    else:
        sent = parse_json(raw)
    call.sent = sent
    return sent if operation.body is Any else read_body(operation.body, sent, call.ignored), raw


def _path_values(operation: Operation, found: dict[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, text in found.items():
        if operation.path_parameters[name] is int:
            if not (text.isascii() and text.isdigit() and len(text) < 19):
                values[name] = None
            else:
                values[name] = int(text)
        else:
            lowered = text.lower()
            values[name] = lowered if is_hex_id(lowered) else text
    return values


def _given(operation: Operation, call: Call, path_values: dict[str, Any]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for name in operation.wanted_path_parameters:
        if path_values[name] is None or "\x00" in str(path_values[name]):
            raise NotFound()
        given[name] = path_values[name]
    if operation.wants_call:
        given["call"] = call
    params = read_params(operation.params or Params, call.raw_query, call.ignored)
    if operation.params is not None:
        given["params"] = params
    return given


def _header_safe(name: str) -> str:
    return "".join(char for char in name[:80] if 32 < ord(char) < 127 and char != ",") or "?"


def _tag(version: tuple[int, int], call: Call, digest: str) -> str:
    position, epoch = version
    return f'"{position:x}-{epoch:x}-{call.until or NO_CLOCK:x}-{digest}"'


def _address(call: Call) -> str:
    return f"{call.path}?{call.raw_query}" if call.raw_query else call.path


def _digest(call: Call) -> str:
    """Whatever besides the data decides the answer: who asks, how, and through which address."""
    parts = (str(call.actor.key), call.actor.role or "", call.base_url, call.path, call.raw_query)
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=9).hexdigest()


def _sent_tags(header: str | None) -> list[str]:
    return [tag.strip().removeprefix("W/") for tag in header.split(",")] if header else []


def _still_holds(tag: str, position: int, epoch: int, digest: str, now: int) -> bool:
    parts = tag.strip('"').split("-")
    if len(parts) != 4 or parts[3] != digest or parts[0] != f"{position:x}" or parts[1] != f"{epoch:x}":
        return False
    try:
        until = int(parts[2], 16)
    except ValueError:
        return False
    return until == NO_CLOCK or now < until


def _cache_headers(tag: str) -> dict[str, str]:
    return {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Authorization"}
