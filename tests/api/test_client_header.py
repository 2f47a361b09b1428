"""`X-Tallyfy-Client`: nobody needs it, unless the server insists. Spec: api-conventions 4."""

from typing import Any

import httpx
import pytest

from procession.api.catalogue import all_operations
from tests.api.refusals import assert_refused, unchanged
from tests.api.world import World
from tests.builders import Organization
from tests.contract import check_response
from tests.harness import Server

REQUIRED = "CLIENT_HEADER_REQUIRED"


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Any:
    server = Server("", tmp_path_factory.mktemp("strict"), require_client_header=True)
    yield World(server)
    server.close()


def ask(org: Organization, method: str, url: str, *, token: str | None, **headers: str) -> httpx.Response:
    """A request with a credential and these headers, no other."""
    credential = {} if token is None else {"Authorization": f"Bearer {token}"}
    answer = org.server.request(method, url, headers={**credential, **headers})
    check_response(method, answer)
    return answer


@pytest.mark.parametrize("prefix", ["", "/api"])
def test_every_operation_asks_for_it_where_it_is_required(strict: World, prefix: str) -> None:
    """Before it looks at the credential, and whatever the credential is worth."""
    org = strict.org
    with unchanged(org):
        for operation in all_operations():
            url = prefix + strict.url(operation)
            for token in (org.api.token, None, "x" * 40):
                if operation.auth != "public":
                    answer = ask(org, operation.method, url, token=token)
                    assert_refused(answer, 401, REQUIRED, because=operation.id)
                    assert answer.json()["message"] == "X-Tallyfy-Client header is required"
            empty = {"X-Tallyfy-Client": ""}
            if operation.auth != "public":
                assert_refused(ask(org, operation.method, url, token=org.api.token, **empty), 401, REQUIRED)


@pytest.mark.parametrize("value", ["APIClient", "TallyfySDK", "n8n", "anything", "x" * 500])
def test_any_value_will_do(strict: World, value: str) -> None:
    org, url = strict.org, f"/organizations/{strict.org.id}/runs"
    answer = ask(org, "GET", url, token=org.api.token, **{"X-Tallyfy-Client": value})

    assert (answer.status_code, answer.json()["data"] != []) == (200, True)
    assert_refused(ask(org, "GET", url, token=None, **{"X-Tallyfy-Client": value}), 401, "UNAUTHENTICATED")


def test_what_is_public_needs_none(strict: World) -> None:
    """Signing in, health, the documents."""
    for path in ("/health", "/health/live", "/openapi.json", "/docs", "/metrics"):
        assert strict.server.request("GET", path).status_code == 200, path
    body = {"email": strict.admin.email, "password": "wrong"}
    assert strict.server.request("POST", "/auth/login", json=body).json().get("code") != REQUIRED


def test_nobody_needs_it_otherwise(org: Organization) -> None:
    url = f"/organizations/{org.id}/runs"
    for headers in ({}, {"X-Tallyfy-Client": ""}, {"X-Tallyfy-Client": "APIClient"}):
        assert ask(org, "GET", url, token=org.api.token, **headers).json()["data"] == []
