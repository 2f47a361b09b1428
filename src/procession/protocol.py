"""HTTP/1.1 on a connection: uvicorn's httptools protocol, with what it loses put right.

- A request that offers an upgrade (Java's standard client offers h2c with every one) is an ordinary request that keeps
  its body: the parser stops after the head of such a request, so it is given the head again without the offer.
- An address may be longer than the 65,535 bytes httptools' own address parser reads.
- A head has an end, and what is not HTTP is refused in the shape of all errors, after the answers already owed.
"""

from typing import Any

import httptools
import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

MAX_HEAD_BYTES = 1024 * 1024
NOT_HTTP = "The request is not valid HTTP."


class Protocol(HttpToolsProtocol):
    """One connection. Nothing is ever upgraded: we serve no websockets, and HTTP/2 ends at the proxy."""

    def __init__(self, *arguments: Any, **options: Any) -> None:  # Any: uvicorn's own arguments
        super().__init__(*arguments, **options)
        # Received of a head that has not ended; None inside a body.
        self._head_bytes: int | None = 0

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        received = len(data)
        while data:
            try:
                self.parser.feed_data(data)
                data = b""
            except httptools.HttpParserUpgrade as stopped:
                if self.parser.get_method() == b"CONNECT":
                    self.send_400_response(NOT_HTTP)
                    return
                data = self._head_without_upgrade() + data[stopped.args[0] :]
                self._begin_parsing()
            except httptools.HttpParserError:
                self.send_400_response(NOT_HTTP)
                return
        if self._head_bytes is not None:
            self._head_bytes += received
            if self._head_bytes > MAX_HEAD_BYTES:
                self.send_400_response("The head of the request is too long.")

    def _head_without_upgrade(self) -> bytes:
        version = self.parser.get_http_version().encode()
        lines = [b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, version)]
        lines += [b"%s: %s" % (name, value) for name, value in self.headers if name != b"upgrade"]
        return b"\r\n".join([*lines, b"", b""])

    def _begin_parsing(self) -> None:
        self.parser = httptools.HttpRequestParser(self)
        # As uvicorn sets it: what follows a request that closes the connection is not an error.
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_bytes = 0

    def on_headers_complete(self) -> None:
        if self.parser.should_upgrade():
            return  # it comes again, without the offer
        self._head_bytes = None
        self.url, _, query = self.url.partition(b"?")
        super().on_headers_complete()
        self.scope["query_string"] = query.partition(b"#")[0]

    def on_message_complete(self) -> None:
        if not self.parser.should_upgrade():
            super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be read, and close. Answers owed to requests before it come first."""
        cycle = self.cycle
        if self.transport.is_closing():
            return
        if cycle is not None and not cycle.response_complete:  # pyright: ignore[reportUnnecessaryComparison]  # None until the first request
            if not cycle.more_body:
                cycle.keep_alive = False
                self.flow.pause_reading()
                return
            # Its body can never be completed now.
            cycle.disconnected = True
            cycle.message_event.set()
            if cycle.response_started or self.pipeline:
                self.transport.close()
                return
        body = msgspec.json.encode({"error": True, "message": msg, "code": "BAD_REQUEST"})
        fields = [*self.server_state.default_headers, (b"content-type", b"application/json")]
        fields += [(b"content-length", b"%d" % len(body)), (b"connection", b"close")]
        head = STATUS_LINE[400] + b"".join(b"%s: %s\r\n" % field for field in fields)
        self.transport.write(head + b"\r\n" + body)
        self.transport.close()
