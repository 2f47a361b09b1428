"""Bodies that cannot be read, are not what they should be, or are too long. Each changes nothing."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from procession.api.catalogue import all_operations
from procession.api.document import FORMS
from procession.api.operations import Operation
from tests.api.raw import exchange, scope
from tests.api.refusals import assert_refused, unchanged
from tests.api.task_runs import Run, on_one_database, run_of
from tests.api.world import COMMENTS_OF_GUESTS, World
from tests.builders import Organization
from tests.contract import check_response
from tests.harness import Server

WITH_BODY = [
    each
    for each in all_operations()
    if each.wants_body and each.body not in FORMS and "{org_id}" in each.path and each.auth == "member"
]

DEEP = 10_000


def nested(opening: str, closing: str, inside: str = "") -> bytes:
    return (opening * DEEP + inside + closing * DEEP).encode()


MALFORMED: dict[str, bytes] = {
    "cut off": b'{"name": "New", "checklist_id": "',
    "cut off after a key": b'{"name"',
    "cut off after an object": b'{"owners": {"users": [1]}',
    "two values": b'{"name": "New"} {"name": "Other"}',
    "comma at the end": b'{"name": "New",}',
    "single quotes": b"{'name': 'New'}",
    "bare key": b'{name: "New"}',
    "comment": b'{"name": "New" /* new */}',
    "NaN": b'{"position": NaN}',
    "infinity": b'{"position": Infinity}',
    "negative infinity": b'{"position": -Infinity}',
    "hexadecimal number": b'{"position": 0x10}',
    "leading zero": b'{"position": 007}',
    "plus sign": b'{"position": +1}',
    "point without digits": b'{"position": 1.}',
    "True as in Python": b'{"starred": True}',
    "undefined": b'{"name": undefined}',
    "line break in a text": b'{"name": "two\nlines"}',
    "NUL in a text": b'{"name": "a\x00b"}',
    "NUL alone": b"\x00",
    "unknown escape": b'{"name": "\\x41"}',
    "half an escape": b'{"name": "\\u00"}',
    "half a surrogate pair": b'{"name": "\\ud800"}',
    "surrogates the wrong way round": b'{"name": "\\ude00\\ud83d"}',
    "no UTF-8": b'{"name": "\xff\xfe"}',
    "UTF-8 cut in the middle": b'{"name": "\xe2\x82"}',
    "overlong UTF-8": b'{"name": "\xc0\xaf"}',
    "UTF-16": '{"name": "New"}'.encode("utf-16"),
    "Latin-1": '{"name": "Müller"}'.encode("latin-1"),
    "byte order mark": b"\xef\xbb\xbf" + b'{"name": "New"}',
    "lists without end": b"[" * DEEP,
    "objects without end": b'{"a":' * DEEP,
    "deep lists": nested("[", "]"),
    "deep objects": nested('{"a":', "}", "1"),
    "deep in a field": b'{"prerun": ' + nested("[", "]") + b"}",
    "HTML": b"<html></html>",
    "XML": b"<?xml version='1.0'?><run/>",
    "a form": b"name=New&checklist_id=1",
    "a bare word": b"New",
    "base64": b"eyJuYW1lIjogIk5ldyJ9",
}


def call(org: Organization, method: str, path: str, content: bytes, media_type: str | None = "application/json") -> Any:
    """Send bytes as they are; the answer is held against the API document."""
    headers = {} if media_type is None else {"Content-Type": media_type}
    return org.api.request(method, path, content=content, headers=headers)


@pytest.mark.parametrize("kind", MALFORMED)
def test_malformed_json_is_refused(org: Organization, kind: str) -> None:
    """Wherever the body is read as a whole, and where it is read piece by piece. Spec: api-conventions 13."""
    run = run_of(org, "Call")
    places = [
        ("POST", "/runs"),
        ("PUT", f"/runs/{run.id}"),
        ("PUT", run.path("Call")),
        ("POST", f"/runs/{run.id}/completed-tasks"),
        ("POST", "/checklists"),
        ("POST", "/tags"),
        ("POST", "/guests"),
    ]
    with unchanged(org):
        for method, path in places:
            for media_type in ("application/json", "application/json; charset=utf-16", "text/plain", None):
                assert_refused(call(org, method, path, MALFORMED[kind], media_type), 400, because=path)


@pytest.fixture(scope="module")
def world(sqlite_server: Server) -> World:
    return World(sqlite_server)


@pytest.mark.parametrize("operation", WITH_BODY, ids=lambda each: each.id)
def test_every_operation_refuses_what_it_cannot_read(operation: Operation, world: World) -> None:
    path = world.url(operation).partition(world.org.id)[2]
    with unchanged(world.org):
        for content in (b'{"a": ', b"\xff", nested("[", "]")):
            answer = call(world.org, operation.method, path, content)
            assert_refused(answer, 400)


NO_OBJECTS: dict[str, bytes] = {
    "list": b"[1, 2, 3]",
    "list of objects": b'[{"name": "New"}]',
    "text": b'"New"',
    "number": b"12",
    "zero": b"0",
    "float": b"1.5",
    "true": b"true",
    "false": b"false",
    "null": b"null",
    "huge number": b"1" * 400,
    "huge exponent": b"1e400",
}
# Bodies of these are lists, too.
TAKES_LISTS = {"answerTask", "updateTemplatePermissions"}
# Nothing in their bodies is needed, and a body that is not even read is no reason to refuse.
NEEDS_NOTHING = {"hideTask", "showTask"}


@pytest.mark.parametrize("operation", WITH_BODY, ids=lambda each: each.id)
def test_a_body_that_is_no_object_is_refused(operation: Operation, world: World) -> None:
    path = world.url(operation).partition(world.org.id)[2]
    with unchanged(world.org):
        for kind, content in NO_OBJECTS.items():
            answer = call(world.org, operation.method, path, content)
            if operation.id in COMMENTS_OF_GUESTS and answer.status_code == 403:
                continue
            assert answer.status_code in (400, 422), f"{kind}: {answer.status_code} {answer.text}"
            assert_refused(answer, answer.status_code, because=kind)


NOTHING: dict[str, bytes] = {"no bytes": b"", "blanks": b" \r\n\t ", "an empty object": b"{}", "an empty list": b"[]"}


@pytest.mark.parametrize("kind", NOTHING)
def test_an_empty_body_is_an_empty_object(org: Organization, kind: str) -> None:
    """It lacks what is needed, and asks for no change where nothing is. Spec: api-conventions 7."""
    run = run_of(org, "Call")
    empty = NOTHING[kind]
    before = run.now()
    with unchanged(org):
        assert list(call(org, "POST", "/runs", empty).json()["errors"]) == ["checklist_id"]
        assert list(call(org, "POST", "/tags", empty).json()["errors"]) == ["title"]
        assert list(call(org, "POST", f"/runs/{run.id}/completed-tasks", empty).json()["errors"]) == ["task_id"]
        assert "title" in call(org, "POST", "/tasks", empty).json()["errors"]
        assert "title" in call(org, "POST", "/checklists", empty).json()["errors"]
    assert call(org, "PUT", f"/runs/{run.id}", empty).status_code == 200
    assert {**run.now(), "last_updated": ""} == {**before, "last_updated": ""}


def test_of_a_key_that_comes_twice_the_last_one_counts(org: Organization) -> None:
    made = call(org, "POST", "/tags", b'{"title": "First", "title": "Last"}').json()["data"]
    refused = call(org, "POST", "/tags", b'{"title": "Good", "title": 5}')

    assert made["title"] == "Last"
    assert_refused(refused, 422)
    assert list(refused.json()["errors"]) == ["title"]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        pytest.param('"a\\u0000b"', "ab", id="NUL is dropped"),
        pytest.param('"\\ud83d\\ude00"', "😀", id="a surrogate pair is one letter"),
        pytest.param('"\\uffff"', "\uffff", id="what is no letter"),
        pytest.param('"\\u202etxt"', "\u202etxt", id="letters from right to left"),
        pytest.param('"' + "\\u0301" * 20 + '"', "\u0301" * 20, id="accents on nothing"),
        pytest.param('"\'; DROP TABLE tag; --"', "'; DROP TABLE tag; --", id="quotes"),
        pytest.param('"${7*7}{{7*7}}%s"', "${7*7}{{7*7}}%s", id="templates"),
        pytest.param('"<script>"', "<script>", id="markup"),
        pytest.param('"../../etc/passwd"', "../../etc/passwd", id="a path"),
    ],
)
def test_any_text_is_a_name(org: Organization, sent: str, kept: str) -> None:
    """Spec: api-conventions 13, DEC-72."""
    made = call(org, "POST", "/tags", f'{{"title": {sent}}}'.encode()).json()["data"]

    assert made["title"] == kept
    assert [each["title"] for each in org.api.data("GET", "/tags")] == [kept]


# Forms. Spec: api-conventions 5.

FORM = "application/x-www-form-urlencoded"
BAD_FORMS: dict[str, bytes] = {
    "no UTF-8": b"name=\xff\xfe",
    "a list where a text should be": b"name[]=a&name[]=b",
    "an object where a text should be": b"name[first]=a",
    "a text where a number should be": b"owner_id=mira",
    "a number too large": b"owner_id=" + b"9" * 30,
    "a text where a list should be": b"users=mira",
    "an unknown member in a list": b"users[]=999999999",
    "brackets that do not close": b"users[=1&users[0=2&users]=3&owner_id=x",
    "brackets without end": b"users" + b"[" * 1_000_000 + b"=1&owner_id=x",
    "too many": b"&".join([b"users[]=1"] * 100_001),
    "deep": b"users" + b"[0]" * DEEP + b"=1",
    "first a text, then a list": b"users=1&users[]=x",
    "first a list, then a text": b"users[]=1&users=x",
    "no boolean": b"starred=maybe&name=",
}


@pytest.mark.parametrize("kind", BAD_FORMS)
def test_a_bad_form_is_refused(org: Organization, kind: str) -> None:
    run = run_of(org, "Call")
    with unchanged(org):
        answer = call(org, "PUT", f"/runs/{run.id}", BAD_FORMS[kind], FORM)

        assert answer.status_code in (400, 422), answer.text
        assert_refused(answer, answer.status_code)


def test_a_form_says_what_json_says(org: Organization) -> None:
    run, member = run_of(org, "Call"), org.person()
    form = f"name=a%00b+c%C3%BC&starred=true&users[]={member.id}&unknown[deep][]=1"

    answer = call(org, "PUT", f"/runs/{run.id}", form.encode(), FORM)

    changed = answer.json()["data"]
    assert (changed["name"], changed["starred"], changed["users"]) == ("ab cü", True, [member.id])
    assert answer.headers["x-ignored-params"] == "body:unknown"


PART = b'--x\r\nContent-Disposition: form-data; name="title"%s\r\n\r\n%s\r\n--x--\r\n'
MULTIPART = "multipart/form-data; boundary=x"
BAD_MULTIPARTS = {
    "no boundary": (PART % (b"", b"New"), "multipart/form-data"),
    "another boundary": (PART % (b"", b"New"), "multipart/form-data; boundary=y"),
    "nothing": (b"", MULTIPART),
    "no form": (b'{"title": "New"}', MULTIPART),
    "it breaks off": ((PART % (b"", b"New"))[:-8], MULTIPART),
    "a file": (PART % (b'; filename="a.txt"', b"New"), MULTIPART),
    "brackets without end": (PART.replace(b"title", b"title" + b"[" * 1_000_000) % (b"", b"New"), MULTIPART),
    "a list where a text should be": (PART.replace(b"title", b"title[]") % (b"", b"New"), MULTIPART),
    "too much for a name": (PART % (b"", b"x" * 1_000_000), MULTIPART),
}


@pytest.mark.parametrize("kind", BAD_MULTIPARTS)
def test_a_bad_multipart_form_is_refused(org: Organization, kind: str) -> None:
    content, media_type = BAD_MULTIPARTS[kind]
    with unchanged(org):
        answer = call(org, "POST", "/tags", content, media_type)

        assert answer.status_code in (400, 422), answer.text
        assert_refused(answer, answer.status_code)


def test_a_multipart_form_says_what_json_says(org: Organization) -> None:
    """And is the same request with any boundary. Spec: api-conventions 5, 16.1."""
    key = {"Idempotency-Key": "once"}
    first, again = (org.api.request("POST", "/tags", files={"title": (None, "Neu ü")}, headers=key) for _ in range(2))

    assert (first.status_code, first.json()["data"]["title"]) == (201, "Neu ü")
    assert (again.headers["idempotency-replayed"], again.json()) == ("true", first.json())
    other = org.api.request("POST", "/tags", files={"title": (None, "Other")}, headers=key)
    assert other.json()["code"] == "IDEMPOTENCY_KEY_REUSED"


@pytest.mark.parametrize("media_type", ["application/xml", "image/png", "nonsense", ";"])
def test_other_kinds_of_bodies_are_read_as_json(org: Organization, media_type: str) -> None:
    with unchanged(org):
        assert_refused(call(org, "POST", "/tags", PART % (b"", b"New"), media_type), 400)

    assert call(org, "POST", "/tags", b'{"title": "New"}', media_type).status_code == 201


# Too much of a body.

LIMIT = 4_000


@pytest.fixture
def narrow(new_server: Callable[..., Server]) -> Organization:
    """Where a body may have 4,000 bytes."""
    return Organization(new_server(max_body_bytes=LIMIT))


def in_pieces(body: bytes, size: int) -> Iterator[dict[str, Any]]:
    """As a server hands over a body whose length nobody told."""
    for start in range(0, len(body), size):
        more = start + size < len(body)
        yield {"type": "http.request", "body": body[start : start + size], "more_body": more}


def post(org: Organization, messages: list[dict[str, Any]], *headers: tuple[bytes, bytes]) -> httpx.Response:
    """A tag, sent as these messages; what the server did not ask for is left in the list.

    The answer is held against the API document.
    """
    token = (b"authorization", f"Bearer {org.api.token}".encode())
    path = f"/organizations/{org.id}/tags"
    start, *pieces = org.server.run(exchange(org.server, scope("POST", path, token, *headers), messages))  # type: ignore[arg-type]
    content = b"".join(piece.get("body", b"") for piece in pieces)
    answer = httpx.Response(start["status"], headers=start["headers"], content=content)
    check_response("POST", answer, path)
    return answer


def tag_of(size: int) -> bytes:
    body = b'{"title": "New"}'
    return body + b" " * (size - len(body))


def test_a_body_of_the_largest_size_is_read(narrow: Organization) -> None:
    assert post(narrow, list(in_pieces(tag_of(LIMIT), 100))).status_code == 201


@pytest.mark.parametrize("declared", [b"4001", b"99999999999999999999999", b"1" * 5_000], ids=len)
def test_a_body_that_says_it_is_too_long_is_not_even_awaited(narrow: Organization, declared: bytes) -> None:
    messages = list(in_pieces(tag_of(LIMIT + 1), LIMIT))
    with unchanged(narrow):
        assert_refused(post(narrow, messages, (b"content-length", declared)), 413)
    assert len(messages) == 2


@pytest.mark.parametrize("declared", [None, b"16", b"0", b"-1", b"many", b"", b"4000", b"\xb2"])
def test_a_body_that_becomes_too_long_is_not_read_to_its_end(narrow: Organization, declared: bytes | None) -> None:
    """With a length that is not true, and without one."""
    messages = list(in_pieces(tag_of(100 * LIMIT), 1_000))
    length = [] if declared is None else [(b"content-length", declared)]
    with unchanged(narrow):
        assert_refused(post(narrow, messages, *length), 413)
    assert len(messages) == 400 - 5


def test_every_operation_has_the_same_limit(world: World) -> None:
    """Spec: api-conventions 13: 10 MiB."""
    org = world.org
    largest = org.server.settings.max_body_bytes
    assert largest == 10 * 1024 * 1024
    with unchanged(org):
        for operation in WITH_BODY:
            path = world.url(operation).partition(org.id)[2]
            headers = {"Content-Length": str(largest + 1)}
            assert_refused(org.api.request(operation.method, path, content=b"{}", headers=headers), 413)


def test_a_body_nobody_wants_is_ignored(org: Organization) -> None:
    """Spec: api-conventions 13."""
    run = run_of(org, "Call")
    for content in (b'{"a": ', b"\xff" * 100, b"[" * DEEP):
        assert call(org, "GET", f"/runs/{run.id}", content).status_code == 200
        assert call(org, "DELETE", f"/runs/{run.id}", content).status_code == 200
        assert call(org, "PUT", f"/runs/{run.id}/activate", content).status_code == 200


@on_one_database
def test_ten_megabytes_of_one_value_are_no_trouble(org: Organization) -> None:
    """Each just below the limit of a body."""
    template = org.template(steps=["Call"], kickoff=[{"label": "Reason"}])
    run = Run(org, template)
    field = template["prerun"][0]["id"]
    size = 10 * 1024 * 1024 - 200
    with unchanged(org):
        for body in (
            {"name": "x" * size},
            {"prerun": {field: "x" * size}},
            {"users": [10**9] * (size // 12)},
            {"tags": ["0" * 32] * (size // 36)},
            {"prerun": [{field: {}}] * (size // 43)},
        ):
            answer = call(org, "PUT", f"/runs/{run.id}", json.dumps(body).encode())
            assert_refused(answer, 422, because=list(body))
            assert len(answer.content) < 20_000_000
