"""Generated for every operation: organizations do not reach into each other, and nobody without a credential gets in.

Each request here is one that succeeds in the organization it was made for, so none is refused for the wrong reason.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

import pytest

from procession.api.catalogue import all_operations
from procession.api.operations import Operation
from procession.api.uploads import Upload
from tests.api.world import COMMENTS_OF_GUESTS, Form, Supply, World, as_sent, send, succeed
from tests.contents import untouched
from tests.harness import Api, Server, plain
from tests.mail.delivering import SETTINGS

OPERATIONS = all_operations()
IN_AN_ORGANIZATION = [each for each in OPERATIONS if "{org_id}" in each.path]
NOT_PUBLIC = [each for each in OPERATIONS if each.auth != "public"]
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

# Path parameters that name no thing of an organization.
PLAIN = {"org_id", "emoji", "field_key", "version", "public_id"}


def each_of(operations: list[Operation]) -> Any:
    return pytest.mark.parametrize("operation", operations, ids=lambda each: each.id)


class Worlds:
    """Two organizations of the same making; `theirs` is where nobody of `ours` has any business."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.ours, self.theirs = World(server), World(server, ahead=True)

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """Whatever is asked for inside leaves no trace in either organization."""
        with untouched(self.server, self.ours.org.number, self.theirs.org.number):
            yield


@pytest.fixture(scope="module")
def sqlite_worlds(sqlite_server: Server) -> Worlds:
    return Worlds(sqlite_server)


@pytest.fixture(scope="module")
def postgresql_worlds(postgresql_server: Server) -> Worlds:
    return Worlds(postgresql_server)


@pytest.fixture(params=["sqlite", "postgresql"])
def worlds(request: pytest.FixtureRequest) -> Iterator[Worlds]:
    """Both organizations are afterwards as they were before."""
    worlds: Worlds = request.getfixturevalue(f"{request.param}_worlds")
    with worlds.unchanged():
        yield worlds


@pytest.fixture(scope="module")
def supply(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supply]:
    """On a server that is set up to send and take mail."""
    folder = tmp_path_factory.mktemp("supply")
    with closing(Server("", folder, **SETTINGS)) as server:
        yield Supply(server)


@each_of(OPERATIONS)
def test_the_request_succeeds_where_it_belongs(operation: Operation, supply: Supply) -> None:
    """What else a body says is passed over, and named. Spec: api-conventions 13."""
    world = supply.world()
    answer = succeed(world, operation, besides={"whatever": 1})
    if not answer.is_success:  # what was done there before may stand in its way
        world = supply.fresh()
        answer = succeed(world, operation, besides={"whatever": 1})

    assert answer.status_code in (200, 201, 204), answer.text
    if operation.wants_body and isinstance(world.body(operation), dict):
        assert "body:whatever" in answer.headers["X-Ignored-Params"]


@each_of(IN_AN_ORGANIZATION)
def test_people_of_another_organization_are_refused(operation: Operation, worlds: Worlds) -> None:
    theirs = worlds.theirs
    for person in (worlds.ours.org.admin, worlds.ours.member, worlds.ours.light):
        answer = send(person.api, operation, theirs.url(operation), theirs.body(operation))

        assert answer.status_code == 403, answer.text
        assert answer.json()["message"] == "You are not a member of this organization."


@each_of([each for each in IN_AN_ORGANIZATION if each.auth == "guest"])
def test_guests_of_another_organization_are_refused(operation: Operation, worlds: Worlds) -> None:
    code = worlds.ours.guest_api.code
    url = worlds.theirs.url(operation).replace(worlds.theirs.guest, code)

    answer = send(Api(worlds.server, None), operation, url, worlds.theirs.body(operation))

    assert answer.status_code == 404, answer.text


def names_things(operation: Operation) -> bool:
    return bool(set(operation.path_parameters) - PLAIN)


# What is answered where there is no such thing, if not 404.
UNKNOWN_THING = {
    "deleteGuest": 422,  # Spec: api-people G6
    "deleteTag": 204,  # Spec: api-content A5
    **dict.fromkeys(COMMENTS_OF_GUESTS, 403),  # for members, whoever the guest is
}
# Operations that pass over what they do not know in a body. Spec: api-conventions 18, unknown keys of answers.
PASSES_OVER = {"answerTask"}


@each_of([each for each in IN_AN_ORGANIZATION if names_things(each)])
def test_another_organizations_things_are_unknown(operation: Operation, worlds: Worlds) -> None:
    """Each of the path's ids in turn is one of theirs, and then all of them are."""
    ours, theirs = worlds.ours.path(operation), worlds.theirs.path(operation)
    names = sorted(set(operation.path_parameters) - PLAIN)
    for foreign in [[name] for name in names] + [names]:
        values = {**ours, **{name: theirs[name] for name in foreign}, "org_id": worlds.ours.org.id}

        answer = send(worlds.ours.org.api, operation, operation.path.format_map(values), worlds.ours.body(operation))

        assert answer.status_code == UNKNOWN_THING.get(operation.id, 404), f"{foreign}: {answer.text}"


@each_of([each for each in IN_AN_ORGANIZATION if each.auth == "guest" and "task_id" in each.path_parameters])
def test_another_organizations_tasks_are_unknown_to_guests(operation: Operation, worlds: Worlds) -> None:
    ours, code = worlds.ours, worlds.ours.guest_api.code
    values = {**ours.path(operation), "org_id": ours.org.id, "guest": code, "task_id": worlds.theirs.one_off}

    answer = send(Api(worlds.server, None), operation, operation.path.format_map(values), ours.body(operation))

    assert answer.status_code == 404, answer.text


# Maps of answers: unknown keys in them are passed over, too.
ANSWERS = {"prerun", "taskdata"}


def with_one_foreign(ours: Any, theirs: Any) -> Iterator[Any]:
    """`ours` with one reference replaced by theirs, in every way there is: values, and keys of maps."""
    if isinstance(ours, Mapping):
        for mine, other in zip(ours, theirs, strict=True):
            if mine in ANSWERS:
                continue
            if mine != other:
                yield {(other if key == mine else key): value for key, value in ours.items()}
            yield from ({**ours, mine: each} for each in with_one_foreign(ours[mine], theirs[other]))
    elif isinstance(ours, list):
        for place, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from ([*ours[:place], each, *ours[place + 1 :]] for each in with_one_foreign(mine, other))
    elif ours != theirs and "@" not in str(theirs):
        yield theirs


@each_of([each for each in IN_AN_ORGANIZATION if each.wants_body])
def test_another_organizations_things_are_unknown_in_bodies(operation: Operation, worlds: Worlds) -> None:
    """Each id in the body in turn is one of theirs."""
    for body in with_one_foreign(*(plain(each.body(operation)) for each in (worlds.ours, worlds.theirs))):
        sent = Form(body["fields"]) if operation.body is Upload else body
        answer = send(worlds.ours.org.api, operation, worlds.ours.url(operation), sent)

        if operation.id not in PASSES_OVER:
            assert answer.status_code in (404, 422), f"{body}: {answer.text}"


def test_ids_in_bodies_are_tried() -> None:
    ours = {"a": 1, "b": [2, 3], "c": {"x": {"d": 4}}, "e": "s", "prerun": {"x": 5}}
    theirs = {"a": 7, "b": [8, 9], "c": {"y": {"d": 6}}, "e": "s", "prerun": {"y": 5}}

    assert list(with_one_foreign(ours, theirs)) == [
        {**ours, "a": 7}, {**ours, "b": [8, 3]}, {**ours, "b": [2, 9]}, {**ours, "c": {"y": {"d": 4}}},
        {**ours, "c": {"x": {"d": 6}}},
    ]  # fmt: skip


CREDENTIALS = [
    "none", "empty", "no blank", "two blanks", "blank at the end", "lower case", "another scheme", "never issued",
    "cut short", "revoked", "expired", "disabled member",
]  # fmt: skip


@pytest.fixture(scope="module")
def bad_headers(request: pytest.FixtureRequest) -> dict[str, dict[str, str | None]]:
    """By database: what is wrong with a credential, and the header it makes."""
    return {name: headers_in(request.getfixturevalue(f"{name}_worlds")) for name in ("sqlite", "postgresql")}


def headers_in(worlds: Worlds) -> dict[str, str | None]:
    world, api = worlds.ours, worlds.ours.admin.api
    good = api.token
    revoked = api.data("POST", "/tokens", {"name": "revoked"})
    api.request("DELETE", f"/tokens/{revoked['id']}").raise_for_status()
    clock = worlds.server.clock
    clock.freeze(clock() - 2 * 86_400_000)
    expired = world.org.token(world.admin.id)
    clock.release()
    return {
        "none": None,
        "empty": "",
        "no blank": f"Bearer{good}",
        "two blanks": f"Bearer  {good}",
        "blank at the end": f"Bearer {good} x",
        "lower case": f"bearer {good}",
        "another scheme": f"Basic {good}",
        "never issued": "Bearer " + "0" * 40,
        "cut short": f"Bearer {good[:-1]}" if good else None,
        "revoked": f"Bearer {revoked['token']}",
        "expired": f"Bearer {expired}",
        "disabled member": f"Bearer {world.disabled.api.token}",
    }


@each_of(NOT_PUBLIC)
def test_nobody_gets_in_without_a_good_credential(
    operation: Operation, worlds: Worlds, bad_headers: dict[str, dict[str, str | None]]
) -> None:
    world = worlds.ours
    for kind, header in bad_headers[worlds.server.dialect].items():
        if kind == "none" and operation.auth == "guest":
            continue  # whoever has no token may have a guest's link
        headers = {} if header is None else {"Authorization": header}

        answer = Api(worlds.server, None).request(
            operation.method, "/" + world.url(operation), headers=headers, **as_sent(world.body(operation))
        )

        assert answer.status_code == 401, f"{kind}: {answer.text}"
        assert answer.json() == {"error": True, "message": "Unauthenticated.", "code": "UNAUTHENTICATED"}


@each_of([each for each in NOT_PUBLIC if "{org_id}" in each.path])
def test_who_may_not_ask_does_not_learn_what_exists(operation: Operation, worlds: Worlds) -> None:
    """An organization that does not exist answers as one that does: neither is the caller's."""
    values = dict.fromkeys(operation.path_parameters, "1" * 32 if operation.auth != "guest" else "x@y.test")
    theirs = operation.path.format_map({**values, "org_id": worlds.theirs.org.id})
    nowhere = operation.path.format_map({**values, "org_id": "1" * 32})

    for api, status in ((Api(worlds.server, "x" * 40), 401), (worlds.ours.org.api, 403)):
        answers = [send(api, operation, path, None) for path in (theirs, nowhere)]

        assert [each.status_code for each in answers] == [status] * 2
        assert answers[0].json() == answers[1].json()


PATHS = sorted({each.path for each in OPERATIONS})


@pytest.mark.parametrize("path", PATHS)
def test_a_wrong_method_is_told_the_right_ones(path: str, sqlite_worlds: Worlds) -> None:
    """Spec: api-conventions 2."""
    operation = next(each for each in OPERATIONS if each.path == path)
    known = {each.method for each in OPERATIONS if each.path == path}
    # Another path may have the same shape, with a word where this one has a parameter.
    url = sqlite_worlds.ours.url(operation)
    with sqlite_worlds.unchanged():
        for method in set(METHODS) - known:
            answer = sqlite_worlds.ours.org.api.request(method, "/" + url)

            assert answer.status_code == 405, f"{method}: {answer.text}"
            assert answer.json()["code"] == "METHOD_NOT_ALLOWED"
            assert known <= set(re.findall(r"[A-Z]+", answer.headers["Allow"]))


@pytest.mark.parametrize("prefix", ["", "/api"])
@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/nowhere",
        "/organization/{org}",
        "/organizations",
        "/organizations/{org}/templates",
        "/organizations/{org}/processes",
        "/organizations/{org}/members",
        "/organizations/{org}/comments/{id}",
        "/organizations/{org}/tasks/{id}/complete",
        "/organizations/{org}/tasks/{id}/approve",
        "/organizations/{org}/tasks/{id}/reject",
        "/organizations/{org}/runs/{id}/complete",
        "/organizations/{org}/runs/{id}/archive",
        "/organizations/{org}/runs/{id}/tasks/{id}/files",
        "/organizations/{org}/Runs",
        "/organizations/{org}/runs/{id}/nothing",
        "/organizations//runs",
        "/{org}/process/{id}",
    ],
)
def test_an_unknown_path_is_told_so(path: str, prefix: str, sqlite_worlds: Worlds) -> None:
    """The mistakes that clients make, among them. Spec: api-conventions 2."""
    world = sqlite_worlds.ours
    url = prefix + path.replace("{org}", world.org.id).replace("{id}", world.run)
    for method in METHODS if path != "/organizations" else ("GET",):
        answer = world.org.api.request(method, "/" + url)

        assert answer.status_code == (404 if path != "/organizations" else 405), answer.text
        if path != "/organizations":
            assert answer.json()["code"] == "ENDPOINT_NOT_FOUND"


@pytest.mark.parametrize(
    "organization_id",
    ["0" * 32, "f" * 32, "x", "0" * 31, "0" * 33, "%00", "g" * 32],
    ids=["unknown", "unknown too", "too short", "one digit short", "one digit long", "NUL", "no hex"],
)
def test_an_unknown_organization_is_refused(organization_id: str, sqlite_worlds: Worlds) -> None:
    answer = sqlite_worlds.ours.org.api.get(f"//organizations/{organization_id}/runs")

    assert answer.status_code in (403, 404)
