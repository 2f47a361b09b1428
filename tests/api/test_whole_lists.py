"""Generated for every list: whole, and page by page, it says the same. Spec: api-conventions 8, C5, C7, DEC-53."""

import re
from itertools import count
from typing import Any

import pytest

from procession.api.catalogue import all_operations
from procession.api.operations import Operation
from tests.api.world import World
from tests.harness import Api, Server

PER_PAGE = 3
# What reads one thing, and a table, take the parameters of lists, too.
ONE = ("procession.api.contract.envelope.Item", "<class 'str'>")


def is_list(operation: Operation) -> bool:
    fields = () if operation.params is None else operation.params.__struct_fields__
    return "without_pagination" in fields and not str(operation.answer).startswith(ONE)


LISTS = [each for each in all_operations() if is_list(each)]


@pytest.fixture(scope="module")
def worlds() -> dict[str, World]:
    return {}


@pytest.fixture
def world(server: Server, worlds: dict[str, World]) -> World:
    """One with a few of everything, for reading only."""
    if server.dialect not in worlds:
        worlds[server.dialect] = World(server, ahead=True)
    return worlds[server.dialect]


def pages(api: Api, path: str) -> list[Any]:
    rows: list[Any] = []
    for number in count(1):
        answer = api.get(f"{path}per_page={PER_PAGE}&page={number}").json()
        rows += answer["data"]
        standing = answer["meta"]["pagination"]
        if not standing["has_more_pages"]:
            assert standing["total"] == len(rows)
            return rows
    raise AssertionError("there is no last page")


@pytest.mark.parametrize("operation", LISTS, ids=lambda each: each.id)
def test_a_list_is_the_same_whole_and_by_pages(operation: Operation, world: World) -> None:
    values = {"org_id": world.org.id, **world.path(operation)}
    path = "/" + re.sub(r"\{(\w+)\}", lambda found: str(values[found[1]]), operation.path)

    whole = world.org.api.get(f"{path}?without_pagination=true").json()

    assert "pagination" not in whole.get("meta", {})
    assert whole["data"] == pages(world.org.api, f"{path}?")
