"""The service itself. Spec: api-content 13, api-conventions 2."""

import re
from collections.abc import Callable

import pytest

from procession.api import docs_page
from procession.api.catalogue import all_operations
from tests.builders import Organization
from tests.harness import Api, Server


def test_health_needs_no_token(nobody: Api) -> None:
    assert nobody.get("//health").json() == {"status": "ok"}


@pytest.mark.parametrize("path", ["//docs/index", "//openapi.json", "//api/openapi.json"])
def test_the_api_document_names_every_operation(nobody: Api, path: str) -> None:
    document = nobody.get(path).json()

    assert document["openapi"].startswith("3.1")
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert described == {(each.method, each.path) for each in all_operations()}


@pytest.mark.parametrize("prefix", ["", "/api"])
def test_the_interactive_page_loads_nothing_from_elsewhere(nobody: Api, prefix: str) -> None:
    page = nobody.get(f"/{prefix}/docs")

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    addresses = re.findall(r'(?:src|href|data-document)="([^"]*)"', page.text)
    assert len(addresses) >= 5
    for address in addresses:
        assert address.startswith(f"{prefix}/")
        answer = nobody.get(f"/{address}")
        assert answer.status_code == 200
        assert answer.content


def test_the_page_has_a_trailing_slash_or_none(nobody: Api) -> None:
    assert nobody.get("//docs/").text == nobody.get("//docs").text


@pytest.mark.parametrize("name", sorted(docs_page.FILES))
def test_every_file_of_the_page_is_there(nobody: Api, name: str) -> None:
    assert nobody.get(f"//docs/assets/{name}").status_code == 200


@pytest.mark.parametrize("name", ["LICENSE", "%2e%2e%2fcore.py", "..%2f..%2fcore.py", "swagger-editor.js"])
def test_no_other_file_is_served(nobody: Api, name: str) -> None:
    assert nobody.get(f"//docs/assets/{name}").status_code == 404


def test_the_page_can_be_switched_off(new_server: Callable[..., Server]) -> None:
    org = Organization(new_server(docs_enabled=False))

    assert org.api.get("//docs").status_code == 404
    assert org.api.get("//docs/assets/swagger-ui.css").status_code == 404
    assert org.api.get("//openapi.json").status_code == 200
