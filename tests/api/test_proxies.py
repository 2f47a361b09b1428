"""Who calls, and from where: proxies that are trusted, and pages of other sites. Spec: api-conventions 4, 19."""

from collections.abc import Callable

import pytest

from tests.api.raw import exchange, scope
from tests.builders import Organization
from tests.harness import Server

NewServer = Callable[..., Server]

ORIGIN = "https://flow.example"
FOREIGN = "https://elsewhere.example"


@pytest.mark.parametrize(
    ("trusted", "headers", "address"),
    [
        pytest.param("", {"X-Forwarded-For": "9.9.9.9"}, "127.0.0.1", id="nobody is trusted"),
        pytest.param("10.0.0.0/8", {"X-Forwarded-For": "9.9.9.9"}, "127.0.0.1", id="the peer is not trusted"),
        pytest.param("127.0.0.1", {}, "127.0.0.1", id="a trusted peer without the header"),
        pytest.param("127.0.0.1", {"X-Forwarded-For": "9.9.9.9"}, "9.9.9.9", id="one proxy"),
        pytest.param("127.0.0.1", {"X-Forwarded-For": "6.6.6.6, 9.9.9.9"}, "9.9.9.9", id="what a client made up"),
        pytest.param(
            "127.0.0.1,10.0.0.0/8", {"X-Forwarded-For": "6.6.6.6, 9.9.9.9, 10.1.2.3"}, "9.9.9.9", id="two proxies"
        ),
        pytest.param("127.0.0.1", {"X-Forwarded-For": "9.9.9.9:4711"}, "9.9.9.9", id="with a port"),
        pytest.param("127.0.0.1", {"X-Forwarded-For": "[2001:db8::1]:4711"}, "2001:db8::1", id="IPv6 with a port"),
        pytest.param("127.0.0.1", {"X-Forwarded-For": "::ffff:9.9.9.9"}, "9.9.9.9", id="IPv4 written as IPv6"),
        pytest.param("127.0.0.1", {"X-Forwarded-For": "unknown"}, "127.0.0.1", id="no address"),
        pytest.param("127.0.0.1", {"X-Tallyfy-Client-IP": "9.9.9.9"}, "9.9.9.9", id="the product's own header"),
        pytest.param("", {"X-Tallyfy-Client-IP": "9.9.9.9"}, "127.0.0.1", id="the product's own header, not trusted"),
        pytest.param(
            "127.0.0.1",
            {"X-Forwarded-For": "9.9.9.9", "X-Tallyfy-Client-IP": "6.6.6.6"},
            "9.9.9.9",
            id="the product's own header from behind a proxy",
        ),
        pytest.param(
            "127.0.0.1,9.9.9.9",
            {"X-Forwarded-For": "9.9.9.9", "X-Tallyfy-Client-IP": "8.8.8.8"},
            "8.8.8.8",
            id="the product's own header from a trusted program behind a proxy",
        ),
        pytest.param(
            "127.0.0.1", {"X-Tallyfy-Client-IP": "me"}, "127.0.0.1", id="the product's own header, no address"
        ),
    ],
)
def test_the_callers_address_is_what_trusted_proxies_say(
    new_server: NewServer, trusted: str, headers: dict[str, str], address: str
) -> None:
    server = new_server(trusted_proxies=trusted)
    pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    asked = scope("GET", "/health", *pairs)

    server.run(exchange(server, asked, []))

    assert asked["procession.address"] == address


@pytest.mark.parametrize(
    ("trusted", "link"),
    [
        pytest.param("127.0.0.1", "https://flow.example.org/api/", id="trusted"),
        pytest.param("", "http://flow.example/api/", id="not trusted"),
    ],
)
def test_links_carry_the_scheme_and_host_a_trusted_proxy_names(new_server: NewServer, trusted: str, link: str) -> None:
    org = Organization(new_server(trusted_proxies=trusted))
    for _ in range(2):
        org.tag()
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "flow.example.org"}

    answer = org.api.get(f"//api/organizations/{org.id}/tags?per_page=1", headers=headers)

    assert answer.json()["meta"]["pagination"]["links"]["next"].startswith(link)


@pytest.mark.parametrize(
    ("origins", "origin", "allowed"),
    [
        pytest.param("", FOREIGN, None, id="nobody by default"),
        pytest.param(ORIGIN, ORIGIN, ORIGIN, id="a listed site"),
        pytest.param(f"{ORIGIN},{FOREIGN}", FOREIGN, FOREIGN, id="one of several"),
        pytest.param(ORIGIN, FOREIGN, None, id="another site"),
        pytest.param(ORIGIN, None, None, id="no browser"),
        pytest.param("*", FOREIGN, "*", id="any site"),
    ],
)
def test_other_sites_may_call_when_they_are_listed(
    new_server: NewServer, origins: str, origin: str | None, allowed: str | None
) -> None:
    server = new_server(cors_origins=origins)
    headers = {"Origin": origin} if origin else {}

    answer = server.request("GET", "/me", headers=headers)
    preflight = server.request("OPTIONS", "/api/me", headers={**headers, "Access-Control-Request-Method": "GET"})

    assert answer.status_code == 401
    assert (preflight.status_code, preflight.content) == (204, b"")
    for each in (answer, preflight):
        assert each.headers.get("Access-Control-Allow-Origin") == allowed
        assert "Access-Control-Allow-Credentials" not in each.headers
        # A cache must keep the answers to several sites apart.
        assert ("Origin" in each.headers.get("Vary", "")) == (origins not in ("", "*"))
    assert ("X-RateLimit-Remaining" in answer.headers.get("Access-Control-Expose-Headers", "")) == (allowed is not None)
    assert ("Authorization" in preflight.headers.get("Access-Control-Allow-Headers", "")) == (allowed is not None)


def test_c16_a_preflight_needs_no_token_and_reaches_no_operation(org: Organization) -> None:
    answer = org.server.request("OPTIONS", f"/organizations/{org.id}/tags")

    assert (answer.status_code, answer.content) == (204, b"")
