"""What trusted proxies say about a request: who asked, over which scheme and host. Spec: api-conventions 4."""

from collections.abc import Iterable, MutableMapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

Network = IPv4Network | IPv6Network

MAX_REQUEST_ID = 64
REMEMBERED_ADDRESSES = 4096
FORWARDED_FOR, FORWARDED_PROTO, FORWARDED_HOST = b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host"
CLIENT_IP, REQUEST_ID = b"x-tallyfy-client-ip", b"x-request-id"


class Proxies:
    """The networks whose word is taken; empty takes nobody's."""

    def __init__(self, networks: tuple[Network, ...]) -> None:
        self.networks = networks
        self.are_trusted = lru_cache(REMEMBERED_ADDRESSES)(self._are_trusted)

    def apply(self, scope: MutableMapping[str, Any], headers: dict[bytes, bytes]) -> str | None:
        """Set the caller's address, scheme and host in the scope; returns the request id the proxy gave.

        `headers` are the scope's by name, the last of a repeated one.
        """
        peer = scope.get("client")
        address: str | None = peer[0] if peer else None
        if not self.networks or address is None or not self.are_trusted(address):
            scope["procession.address"] = address
            return None
        if FORWARDED_FOR in headers:
            address = self._first_stranger(scope["headers"], address)
        # A proxy may pass on what a browser made up, so the sender itself has to be a configured one.
        if CLIENT_IP in headers and self.are_trusted(address):
            address = address_in(headers[CLIENT_IP].decode("latin-1")) or address
        scope["procession.address"] = address
        scheme = headers.get(FORWARDED_PROTO, b"").partition(b",")[0].strip().lower()
        if scheme in (b"http", b"https"):
            scope["scheme"] = scheme.decode()
        if FORWARDED_HOST in headers:
            host = headers[FORWARDED_HOST].partition(b",")[0].strip()
            scope["headers"] = [(b"host", host), *(pair for pair in scope["headers"] if pair[0] != b"host")]
            headers[b"host"] = host
        return sane_request_id(headers.get(REQUEST_ID))

    def _first_stranger(self, headers: Iterable[tuple[bytes, bytes]], peer: str) -> str:
        """Walk back from the peer as long as proxies we trust vouch for the address before them."""
        texts = [value.decode("latin-1") for name, value in headers if name == FORWARDED_FOR]
        address = peer
        for part in reversed(",".join(texts).split(",")):
            found = address_in(part)
            if found is None:
                return address
            address = found
            if not self.are_trusted(address):
                return address
        return address

    def _are_trusted(self, address: str) -> bool:
        parsed = parsed_address(address)
        return parsed is not None and any(parsed in network for network in self.networks)


def address_in(text: str) -> str | None:
    """The address of one forwarded entry, which may have a port: `1.2.3.4:5678`, `[::1]:443`."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    parsed = parsed_address(text)
    return str(parsed) if parsed is not None else None


def parsed_address(text: str) -> IPv4Address | IPv6Address | None:
    """The address; an IPv4 one written as IPv6 counts as IPv4."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def sane_request_id(given: bytes | None) -> str | None:
    """The id when it is short and made of letters, digits, `-`, `_` and `.`, so that it is safe in headers and logs."""
    if given is None or len(given) > MAX_REQUEST_ID or not given.isascii():
        return None
    text = given.decode()
    return text if text.replace("-", "").replace("_", "").replace(".", "").isalnum() else None
