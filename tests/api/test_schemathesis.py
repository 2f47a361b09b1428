"""Requests made up from the API document: whatever is sent, the answer is one that the document describes.

Most requests name things that exist, so that they get past the first refusal.
"""

import copy
import json
import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode

from procession.api.catalogue import all_operations
from procession.api.document import document
from procession.api.operations import Operation
from procession.domain.sheets import Sheet
from tests.api.world import Form, Mail, Supply, World
from tests.harness import Server

SOAK = os.environ.get("SOAK") == "1"
# On each of the two databases.
CASES = 10_000 if SOAK else 1_000
SEEDS = {"sqlite": 20_260_302, "postgresql": 20_260_303}
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
BASE = "http://flow.example"

# What a field may get that nobody thought of.
ODD: list[Any] = [
    None, True, False, 0, -1, 1.5, 2**31, 2**63, 10**30, [], {}, [None], [[]], [{}], {"": None}, {"id": []}, [0] * 300,
    "", " ", "x", "\x00", "\ud800", "😀", "%_'\"\\;--", "<b>", "a" * 70_000, "0" * 32, "1e400", "0001-01-01",
    "2026-13-45", "2026-02-30T25:00:00Z", "9999-12-31T23:59:59+14:00", {"users": [0], "guests": [""], "groups": ["x"]},
]  # fmt: skip

OPERATIONS = {each.id: each for each in all_operations()}


class Prober:
    """Sends made-up requests of one operation to a server and holds the answers against the document."""

    def __init__(self, server: Server, world: World, described: Any) -> None:
        self.server = server
        self.world = world
        self.described = described
        self.operation: Operation = OPERATIONS[described.definition.raw["operationId"]]
        self.statuses: Counter[int] = Counter()

    def cases(self) -> st.SearchStrategy[Any]:
        """What the document allows, and what it does not."""
        kinds = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
        return st.one_of([self.described.as_strategy(generation_mode=kind) for kind in kinds])

    def probe(self, case: Any, *, real_path: bool, real_body: str, spoiled: int, odd: Any) -> None:
        if "org_id" in self.operation.path_parameters:
            case.path_parameters["org_id"] = self.world.org.id
        if real_path:
            real = {**self.world.path(self.operation), "key": self.world.public_template, "file": "index.css"}
            for name in case.path_parameters.keys() & real.keys():
                case.path_parameters[name] = real[name]
        body = self.world.body(self.operation)
        if body is not None and real_body != "none":
            if real_body == "mixed" and isinstance(body, dict) and isinstance(case.body, dict):
                body = {**case.body, **body}
            body = with_one_spoiled(body, spoiled, odd) if real_body == "spoiled" else body
            self._send(case, encoded(body, self.operation))
        else:
            self._send(case, None)

    def _send(self, case: Any, real_body: bytes | None) -> None:
        """`real_body` in place of the case's own: it may hold what no well-behaved client can write."""
        if real_body is not None:
            case.body, case.media_type = {}, "application/json"
        sent = requests.Request(**without_session(case.as_transport_kwargs(base_url=BASE))).prepare()
        headers = {**sent.headers, "X-Tallyfy-Client": "APIClient"}
        if self.operation.auth != "public":
            headers["Authorization"] = f"Bearer {self.world.admin.api.token}"
        body = sent.body.encode() if isinstance(sent.body, str) else sent.body
        if real_body is not None:
            body = real_body
            headers.pop("Content-Length", None)
        # Header fields are bytes; what is not ASCII goes as it would from a careless client.
        fields = {name: str(value).encode("latin-1", "replace") for name, value in headers.items()}
        answer = self.server.request(str(sent.method), str(sent.url), headers=fields, content=body)
        self.statuses[answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS)


def encoded(body: Any, operation: Operation) -> bytes:
    """As JSON, but for tables and mails."""
    if isinstance(body, Mail):
        return body.text.encode()
    if operation.body is Sheet and isinstance(body, str):
        return body.encode(errors="surrogatepass")
    return json.dumps(msgspec.to_builtins(body) if isinstance(body, Form) else body).encode()


def with_one_spoiled(body: Any, place: int, odd: Any) -> Any:
    """The body with one of its values, the whole of it among them, replaced."""
    places = list(places_in(body))
    way = places[place % len(places)]
    spoiled = copy.deepcopy(body)
    if not way:
        return odd
    node = spoiled
    for key in way[:-1]:
        node = node[key]
    node[way[-1]] = odd
    return spoiled


def places_in(body: Any) -> Iterator[tuple[Any, ...]]:
    yield ()
    children = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for key, value in children:
        yield from ((key, *rest) for rest in places_in(value))


def without_session(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name not in ("session", "timeout", "verify", "cert")}


def run(prober: Prober, *, cases: int, start: int) -> str | None:
    """What is wrong with the operation, None when nothing is."""

    @seed(start)
    @settings(
        max_examples=cases,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
        print_blob=False,
    )
    @given(
        case=prober.cases(),
        made_up_path=st.integers(0, 3),
        real_body=st.sampled_from(["none", "whole", "mixed", "spoiled", "spoiled"]),
        spoiled=st.integers(0, 500),
        odd=st.sampled_from(ODD),
    )
    def probe(case: Any, made_up_path: int, real_body: str, spoiled: int, odd: Any) -> None:
        prober.probe(case, real_path=made_up_path != 3, real_body=real_body, spoiled=spoiled, odd=odd)

    try:
        probe()
    except Unsatisfiable:
        return None
    except Exception as error:  # noqa: BLE001  # whatever it is, the other operations are looked at, too
        return f"{type(error).__name__}: {error}"
    return None


@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_every_answer_is_one_that_the_document_describes(
    database: str, request: pytest.FixtureRequest, record_property: Any
) -> None:
    server: Server = request.getfixturevalue(f"{database}_server")
    described = json.loads(msgspec.json.encode(document(all_operations(), BASE)))
    schema = schemathesis.openapi.from_dict(described)
    wrong: dict[str, str] = {}
    supply = Supply(server, thorough=SOAK)
    statuses: Counter[int] = Counter()
    operations = [each for result in schema.get_all_operations() if isinstance(result, Ok) for each in [result.ok()]]
    assert len(operations) == len(OPERATIONS)
    for number, operation in enumerate(operations):
        prober = Prober(server, supply.world(), operation)
        # Some have fewer different requests than their share: the others make up for it.
        share = -(-(CASES - statuses.total()) // (len(operations) - number))
        fault = run(prober, cases=share, start=SEEDS[database])
        statuses += prober.statuses
        supply.note(prober.operation, *prober.statuses)
        if fault is not None:
            wrong[operation.label] = fault
    record_property("cases", str(statuses.total()))

    assert not wrong, "\n\n".join(f"{label}\n{fault}" for label, fault in wrong.items())
    assert statuses.total() >= CASES
    # They get somewhere: not all of them are turned away.
    assert sum(n for status, n in statuses.items() if status < 300) > statuses.total() / 10
