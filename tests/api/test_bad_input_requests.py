"""Requests that reach nothing: no such path, method or id, and nobody entitled to ask. Each changes nothing."""

from base64 import b64encode
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from procession.api.catalogue import all_operations
from procession.api.operations import Operation
from tests.api.raw import exchange, scope
from tests.api.refusals import assert_refused, unchanged
from tests.api.task_runs import on_one_database, run_of
from tests.api.world import COMMENTS_OF_GUESTS, World, as_sent
from tests.builders import Organization
from tests.contract import check_response
from tests.harness import Api, Server

OPERATIONS = all_operations()
WITH_IDS = [each for each in OPERATIONS if set(each.path_parameters) - {"org_id", "emoji", "file", "key"}]
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest) -> World:
    return World(request.getfixturevalue(f"{request.param}_server"))


def as_anybody(server: Server, method: str, path: str, token: str | None, **options: Any) -> httpx.Response:
    """The answer, held against the API document."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    answer = server.request(method, path, headers=headers, **options)
    check_response(method, answer)
    return answer


# Who is asking. tests/api/test_tenancy.py asks every operation without a credential and from another organization.


def test_a_credential_is_a_header_and_nothing_else(org: Organization) -> None:
    token = org.admin.api.token
    path = f"/organizations/{org.id}/tags"
    with unchanged(org):
        for options in (
            {"params": {"access_token": token}},
            {"params": {"token": token}},
            {"params": {"api_token": token}},
            {"headers": {"X-Api-Key": token or ""}},
            {"headers": {"Cookie": f"token={token}"}},
            {"headers": {"Authorization": "Basic " + b64encode(f"admin:{token}".encode()).decode()}},
        ):
            assert_refused(org.server.request("POST", path, json={"title": "New"}, **options), 401)


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="empty"),
        pytest.param("0" * 40, id="never issued"),
        pytest.param("' OR 1=1 --", id="blanks and quotes"),
        pytest.param("x" * 8_000, id="long"),
        pytest.param("%00", id="NUL as it stands in an address"),
        pytest.param("null", id="null"),
        pytest.param("{token}\t", id="tabulator at the end"),
        pytest.param("{token}.", id="something added"),
        pytest.param("{TOKEN}", id="upper case"),
        pytest.param('"{token}"', id="in quotes"),
    ],
)
def test_a_malformed_token_is_nobodys(org: Organization, token: str) -> None:
    good = org.admin.api.token or ""
    sent = token.replace("{token}", good).replace("{TOKEN}", good.swapcase())
    headers = [(b"authorization", f"Bearer {sent}".encode()), (b"accept", b"application/json")]
    with unchanged(org):
        answer = raw(org.server, "DELETE", f"/organizations/{org.id}/tags/{'0' * 32}", *headers)
        assert_refused(answer, 401)


def test_bytes_that_are_no_text_are_no_token(org: Organization) -> None:
    with unchanged(org):
        path = f"/organizations/{org.id}/tags"
        assert_refused(raw(org.server, "GET", path, (b"authorization", b"Bearer \xff\xfe\x80")), 401)


def raw(server: Server, method: str, path: str, *headers: tuple[bytes, bytes], body: bytes = b"") -> httpx.Response:
    """As a client would that checks nothing of what it sends; `path` is what the server makes of the address.

    The answer is held against the API document.
    """
    received = [{"type": "http.request", "body": body, "more_body": False}]
    start, *pieces = server.run(exchange(server, scope(method, path, *headers), list(received)))
    content = b"".join(piece.get("body", b"") for piece in pieces)
    answer = httpx.Response(start["status"], headers=start["headers"], content=content)
    check_response(method, answer, path)
    return answer


# Where they ask.

MISTAKES = [
    ("GET", "/organization/{org}"),
    ("GET", "/organizations/{org}/templates"),
    ("GET", "/organizations/{org}/processes"),
    ("GET", "/organizations/{org}/members"),
    ("GET", "/organizations/{org}/comments/{id}"),
    ("POST", "/organizations/{org}/tasks/{id}/complete"),
    ("POST", "/organizations/{org}/tasks/{id}/approve"),
    ("POST", "/organizations/{org}/tasks/{id}/reject"),
    ("POST", "/organizations/{org}/runs/{id}/complete"),
    ("PUT", "/organizations/{org}/runs/{id}/archive"),
    ("GET", "/organizations/{org}/runs/{id}/tasks/{id}/files"),
    ("GET", "/"),
    ("GET", "/api"),
    ("GET", "/api/"),
    ("GET", "/v1/organizations/{org}/runs"),
    ("GET", "/api/v2/organizations/{org}/runs"),
    ("GET", "/api/api/organizations/{org}/runs"),
    ("GET", "/Organizations/{org}/runs"),
    ("GET", "/organizations/{org}/Runs"),
    ("GET", "/organizations/{org}//runs"),
    ("GET", "/organizations/{org}/runs/{id}/nothing"),
    ("GET", "/organizations/{org}/runs/{id}/tasks/{id}/nothing/at/all"),
    ("GET", "/organizations/{org}/runs.json"),
    ("GET", "/.env"),
    ("GET", "/favicon.ico"),
    ("GET", "/docs/../openapi.json"),
    ("GET", "/organizations/{org}/runs/../tags"),
    ("GET", "/organizations/{org}/runs\x00"),
    ("GET", "/organizations/{org}/" + "runs/" * 2_000),
    ("GET", "/" + "x" * 60_000),
]


@pytest.mark.parametrize(("method", "path"), MISTAKES, ids=[f"{method} {path[:60]!r}" for method, path in MISTAKES])
def test_an_unknown_path_is_told_from_an_unknown_thing(
    org: Organization, method: str, path: str, server: Server
) -> None:
    """Spec: api-conventions 2, C4."""
    run = run_of(org, "Call")
    address = path.format(org=org.id, id=run.id)
    token = (b"authorization", f"Bearer {org.api.token}".encode())
    with unchanged(org):
        for prefix in ("", "/api") if not path.startswith("/api") else ("",):
            answer = raw(server, method, prefix + address, token)
            # HTML is what a browser would like, and no error is that.
            for_a_browser = raw(server, method, prefix + address, token, (b"accept", b"text/html"))
            assert_refused(answer, 404, "ENDPOINT_NOT_FOUND")
            assert answer.json()["message"] == "API endpoint not found"
            assert for_a_browser.json() == answer.json()


def test_the_organization_is_not_asked_for_an_unknown_path(org: Organization) -> None:
    """Nobody in particular learns no more than somebody does."""
    with unchanged(org):
        answers = [
            as_anybody(org.server, "GET", f"/organizations/{org.id}/processes", token)
            for token in (None, "x" * 40, org.api.token)
        ]
    assert len({answer.text for answer in answers}) == 1
    assert_refused(answers[0], 404, "ENDPOINT_NOT_FOUND")


def wrong_methods() -> Iterator[tuple[str, str, set[str]]]:
    known: dict[str, set[str]] = {}
    for each in OPERATIONS:
        known.setdefault(each.path, set()).add(each.method)
    for path, allowed in known.items():
        yield from ((method, path, allowed) for method in (*METHODS, "TRACE", "PROPFIND") if method not in allowed)


def test_a_wrong_method_is_told_the_right_ones(world: World) -> None:
    """Every path with every method it does not have."""
    org = world.org
    with unchanged(org):
        for method, path, allowed in wrong_methods():
            address = path.format_map(dict.fromkeys(names_in(path), "1") | {"org_id": org.id})
            answer = raw(org.server, method, address, (b"authorization", f"Bearer {org.api.token}".encode()))

            assert_refused(answer, 405, because=(method, path))
            assert {each.strip() for each in answer.headers["allow"].split(",")} >= allowed


def names_in(path: str) -> list[str]:
    return [segment[1:-1] for segment in path.split("/") if segment.startswith("{")]


# What they ask for.

BAD_IDS = {
    "short": "0123456789abcdef",
    "one digit short": "0" * 31,
    "one digit long": "0" * 33,
    "long": "a" * 10_000,
    "not hexadecimal": "g" * 32,
    "with hyphens": "01234567-89ab-7def-8123-456789abcdef",
    "in braces": "{" + "0" * 30 + "}",
    "letters of other scripts": "é" * 32,
    "digits of other scripts": "٣" * 32,
    "emoji": "😀" * 32,
    "NUL": "\x00" * 32,
    "ending in NUL": "0" * 32 + "\x00",
    "bytes that are no text": "\ufffd" * 32,
    "line break": "0" * 31 + "\n",
    "blanks around": f" {'0' * 32} ",
    "zero": "0",
    "negative": "-1",
    "float": "1.5",
    "exponent": "1e3",
    "beyond 64 bits": str(2**63),
    "beyond any": "9" * 400,
    "null": "null",
    "undefined": "undefined",
    "object": "[object Object]",
    "quote": "' OR '1'='1",
    "wildcard": "%",
    "dots": "..",
    "dots and slashes as they are": "..%2f..%2fetc%2fpasswd",
    "backslashes": "..\\..\\etc\\passwd",
    "template": "{run_id}",
}

# What is answered where there is no such thing, if not 404.
OTHERWISE = {
    "deleteGuest": 422,  # Spec: api-people G6
    "deleteTag": 204,  # Spec: api-content A5
    **dict.fromkeys(COMMENTS_OF_GUESTS, 403),  # members are refused, whoever the guest is
    "createBulkLaunch": 422,  # the file is read before anything is looked up
}


@pytest.mark.parametrize("operation", WITH_IDS, ids=lambda each: each.id)
def test_a_malformed_id_in_a_path_is_unknown(operation: Operation, world: World) -> None:
    """Each of the path's ids in turn, with everything else as it should be. Spec: api-conventions 11."""
    org = world.org
    usual = {**world.path(operation), "org_id": org.id}
    sent = httpx.Request("POST", "http://x", **as_sent(world.body(operation)))
    kind_of_body = sent.headers.get("content-type", "application/json").encode()
    headers = [(b"authorization", f"Bearer {org.api.token}".encode()), (b"content-type", kind_of_body)]
    body = sent.read()
    with unchanged(org):
        for name in sorted(set(operation.path_parameters) - {"org_id", "emoji"}):
            for kind, bad in BAD_IDS.items():
                path = operation.path.format_map({**usual, name: bad})

                answer = raw(org.server, operation.method, path, *headers, body=body)

                expected = {404, OTHERWISE.get(operation.id, 404)}
                assert answer.status_code in expected, f"{name} {kind}: {answer.status_code} {answer.text[:300]}"
                if answer.content:
                    assert_refused(answer, answer.status_code, because=kind)


@pytest.mark.parametrize("kind", BAD_IDS)
def test_what_is_public_is_found_by_its_name_alone(server: Server, kind: str) -> None:
    for folder in ("/docs/assets/", "/public/templates/"):
        assert_refused(raw(server, "GET", folder + BAD_IDS[kind]), 404, because=folder)


@pytest.mark.parametrize("kind", BAD_IDS)
def test_a_malformed_organization_is_unknown(org: Organization, kind: str) -> None:
    """Spec: DEC-73."""
    headers = [(b"authorization", f"Bearer {org.api.token}".encode())]
    with unchanged(org):
        for rest in ("", "/runs", f"/runs/{'0' * 32}", "/tags"):
            answer = raw(org.server, "GET", f"/organizations/{BAD_IDS[kind]}{rest}", *headers)
            assert answer.status_code == 404, answer.text


def test_ids_are_read_in_any_case(org: Organization) -> None:
    """Spec: api-conventions 2."""
    run = run_of(org, "Call")

    assert org.api.get(f"/runs/{run.id.upper()}").json() == org.api.get(f"/runs/{run.id}").json()
    assert Api(org.server, org.api.token, org.id.upper()).get("/runs").json()["data"][0]["id"] == run.id


@on_one_database
@pytest.mark.parametrize(
    "path",
    [
        "%2e%2e/{org}",
        "runs/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "runs/%00",
        "runs/%ff%fe",
        "runs/%",
        "runs/%zz",
        "runs/%C0%AF",
    ],
)
def test_escapes_in_an_address_lead_nowhere_else(org: Organization, path: str) -> None:
    with unchanged(org):
        answer = as_anybody(org.server, "GET", f"/organizations/{org.id}/{path.format(org=org.id)}", org.api.token)

    assert answer.status_code == 404, answer.text


def test_a_percent_sign_is_quoted_once(org: Organization) -> None:
    guest = org.guest("50%25@partner.test")["email"]

    assert org.api.data("GET", f"/guests/{quote(guest)}")["email"] == guest


SEARCHING = [
    (each, name)
    for each in OPERATIONS
    if each.method == "GET" and each.params is not None and each.media_types == ("application/json",)
    for name in ("q", "search")
    if name in each.params.__struct_fields__
]


def test_blanks_around_what_is_looked_for_make_no_difference(world: World) -> None:
    """Spec: api-conventions 6."""
    assert len(SEARCHING) > 15
    for each, name in SEARCHING:
        plain, blank, nothing = (
            world.org.api.get(f"/{world.url(each).partition('?')[0]}?{name}={text}")
            for text in ("gr", "%20%20gr+%C2%A0", "%20")
        )
        assert plain.status_code == blank.status_code == 200, (each.id, blank.text)
        found, expected = ({**answer.json(), "meta": None} for answer in (blank, plain))
        assert found == expected, each.id
        assert "X-Ignored-Params" not in blank.headers
        assert "X-Ignored-Params" not in nothing.headers, each.id
