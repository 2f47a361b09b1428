"""Other sites' pages calling the API from a browser. Spec: api-conventions 19."""

from starlette.responses import Response

Headers = list[tuple[bytes, bytes]]

ALLOWED_HEADERS = (
    b"Authorization, Content-Type, Accept, X-Tallyfy-Client, X-Requested-With, Idempotency-Key, If-Match, If-None-Match"
)
PREFLIGHT: Headers = [
    (b"access-control-allow-methods", b"GET, POST, PUT, PATCH, DELETE, OPTIONS"),
    (b"access-control-allow-headers", ALLOWED_HEADERS),
    (b"access-control-max-age", b"600"),
]
EXPOSED_HEADERS = (
    b"X-Request-Id, Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, Content-Disposition, ETag, "
    b"X-Ignored-Params, Idempotency-Replayed"
)
EXPOSED = (b"access-control-expose-headers", EXPOSED_HEADERS)
VARY = (b"vary", b"Origin")


class Cors:
    """The sites that may; empty allows only pages of this server itself. There is no credentials mode: Bearer only."""

    def __init__(self, origins: tuple[str, ...]) -> None:
        self.any = "*" in origins
        self.origins = frozenset(origin.encode() for origin in origins)

    def headers(self, origin: bytes | None) -> Headers:
        """What every answer says to a page of this origin."""
        if not self.origins:
            return []
        if self.any:
            return [(b"access-control-allow-origin", b"*"), EXPOSED]
        if origin in self.origins:
            return [(b"access-control-allow-origin", origin), EXPOSED, VARY]
        return [VARY]

    def preflight(self, origin: bytes | None) -> Response:
        """The answer to any OPTIONS request: 204, needing no token."""
        response = Response(status_code=204)
        if self.any or origin in self.origins:
            response.raw_headers.extend(PREFLIGHT)
        return response
