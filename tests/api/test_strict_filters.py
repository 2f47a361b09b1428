"""A server set to strict filters refuses what it would ignore. Spec: api-conventions 6."""

from collections.abc import Callable

import pytest

from tests.builders import Organization
from tests.harness import Server


@pytest.mark.parametrize("query", ["status=bogus", "sort=bogus", "nonsense=1", "with=nonsense", "page=abc"])
def test_an_unknown_parameter_or_value_is_refused(new_server: Callable[..., Server], query: str) -> None:
    api = Organization(new_server(strict_filters="true")).api

    refused = api.get(f"/runs?{query}")

    assert refused.status_code == 422
    assert refused.json()["errors"][query.partition("=")[0]]
    assert api.get("/runs?status=active&sort=name").status_code == 200
