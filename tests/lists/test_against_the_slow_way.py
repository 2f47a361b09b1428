"""Every filter, sort and page of the list gives what working through all processes gives. Spec: api-processes 6."""

import random
from itertools import product
from typing import Any

import pytest

from procession.storage.listing import drivers
from tests.builders import Person
from tests.harness import Server
from tests.lists.slow_way import KINDS, encoded
from tests.lists.world import World

COMBINATIONS = 120
REMEMBERED = 50
SORTS_BY_ANSWER = [
    "fields.amount", "-fields.amount", "fields.word", "-fields.when", "-fields.mail", "fields.pick",
    "status,fields.amount", "-fields.pick,fields.amount,name",
]  # fmt: skip
CONDITIONS_ON_ANSWERS = {
    "fields[amount][eq]": ["25", "25.30", "9"],
    "fields[amount][ne]": ["25", "251.5"],
    "fields[amount][gt]": ["25", "25.3", "-37.25", "-1200", "0"],
    "fields[amount][lte]": ["25.3", "26", "-37", "250.01"],
    "fields[amount][empty]": ["1"],
    "fields[word][eq]": ["ALPHA", "alpha beta gamma", "unal"],
    "fields[word][lt]": ["alpha beta epsilon", "b"],
    "fields[word][contains]": ["a b", "_", "本", "BETA", "gamma", "ta g", "a%b", "nowhere"],
    "fields[word][starts]": ["alpha", "alpha beta g", "1"],
    "fields[word][not_empty]": ["true"],
    "fields[mail][eq]": ["iris@one.example"],
    "fields[mail][contains]": ["@two", "beta"],
    "fields[mail][empty]": ["1"],
    "fields[pick][in]": ["red,blue", "celik"],
    "fields[pick][ne]": ["Green"],
    "fields[pick][contains]": ["gre"],
    "fields[when][gte]": ["2026-03-04", "2026-03-04T15:00:00Z"],
    "fields[when][lt]": ["2026-03-06T12:00:00Z"],
    "fields[marks][eq]": ["red"],
    "fields[marks][in]": ["Red,Blue,none"],
    "fields[marks][ne]": ["green"],
    "fields[marks][empty]": ["1"],
    "fields[marks][not_empty]": ["1"],
}


@pytest.fixture(scope="module")
def worlds() -> dict[str, World]:
    return {}


@pytest.fixture
def world(server: Server, worlds: dict[str, World]) -> World:
    """One world for each database, with the clock stopped just after it was made."""
    if server.dialect not in worlds:
        server.clock.freeze()
        worlds[server.dialect] = World(server)
        server.clock.advance(hours=7)
        worlds[server.dialect].seen_at = server.clock()
    made = worlds[server.dialect]
    server.clock.freeze(made.seen_at)
    return made


def choices(world: World) -> dict[str, list[str]]:
    people = [str(p.id) for p in [world.org.admin, *world.people]]
    several = [",".join(people[:3]), ",".join([*people, "999999"])]
    return {
        "status": [
            "active", "complete", "problem", "issue", "improvement", "delayed", "starred", "archived",
            "active,archived", "problem,complete", "delayed,starred", "improvement,issue,complete",
            "delayed,problem", "delayed,complete", "active,delayed,improvement", "improvement,problem,delayed,archived",
        ],
        "archived": ["true", "only"],
        "owners": [*people, *several],
        "me": ["true", "false"],
        "task_status": ["in-progress", "completed"],
        "groups": [*world.groups, ",".join(world.groups[:2])],
        "guests": ["g1@out.example", "g1@out.example,g2@out.example"],
        "checklist_id": [*world.templates, ",".join(world.templates[:2])],
        "folder": [*world.folders, ",".join(world.folders)],
        "tag": world.tags,
        "tag_ids": [world.tags[0], ",".join(world.tags[:2]), ",".join(world.tags)],
        "untagged": ["true"],
        "starred": ["true", "false"],
        "type": ["procedure", "form", "document", "procedure,form"],
        "q": ["cafe", "CELIK", "100%", "_", "%", "re", "a", "o'neil", "日本", "audit", "x x x", "nothing here", "3"],
        "sort": [
            "name", "-name", "due_date", "-due_date", "last_updated", "-created_at", "created_at", "status",
            "-progress", "started_at", "completed_at", "-completed_at", "status,-name", "-due_date,name", "next_deadline",
            *SORTS_BY_ANSWER,
        ],
        **CONDITIONS_ON_ANSWERS,
    }  # fmt: skip


def queries(world: World, seed: int, count: int) -> list[dict[str, str]]:
    """Every single choice once, then random combinations."""
    offered = choices(world)
    found = [{}, *({name: value} for name, values in offered.items() for value in values)]
    pick = random.Random(seed)
    for _ in range(count):
        names = pick.sample(sorted(offered), pick.randrange(2, 5))
        found.append({name: pick.choice(offered[name]) for name in names})
    return found


people = pytest.mark.parametrize(
    "who", [pytest.param(n, id=name) for n, name in enumerate(["admin", "standard", "light"])]
)


@people
def test_filters_sorts_and_totals_are_exact(world: World, who: int) -> None:
    """Spec: behaviour-work H18, P13, P14, P16, P17."""
    person = [world.org.admin, world.people[0], world.people[3]][who]
    slow = world.slow(person)
    for query in queries(world, seed=who, count=COMBINATIONS):
        expected = slow.ids(query)
        answer = person.api.get(f"/runs?{encoded(query)}&per_page=100").json()
        assert answer["meta"]["pagination"]["total"] == len(expected), query
        assert [run["id"] for run in answer["data"]] == expected[:100], query


@people
@pytest.mark.usefixtures("remembered_lists")
def test_what_is_remembered_gives_the_same(world: World, who: int) -> None:
    """Each is asked for the third time: counted, remembered, and then made of what is remembered."""
    person = [world.org.admin, world.people[0], world.people[3]][who]
    slow = world.slow(person)
    for query in queries(world, seed=10 + who, count=REMEMBERED)[-REMEMBERED:]:
        expected = slow.ids(query)
        for page in (1, 2, 1):
            answer = person.api.get(f"/runs?{encoded(query)}&per_page=15&page={page}").json()
            assert answer["meta"]["pagination"]["total"] == len(expected), query
            assert [run["id"] for run in answer["data"]] == expected[15 * page - 15 : 15 * page], query


@pytest.mark.usefixtures("remembered_lists")
@pytest.mark.parametrize("per_page", [1, 7])
def test_following_links_forwards_and_backwards_gives_each_row_once(world: World, per_page: int) -> None:
    person = world.people[1] if per_page == 7 else world.org.admin
    slow = world.slow(person)
    for query in [*queries(world, seed=per_page, count=8)[:: 6 if per_page == 1 else 4]]:
        expected = slow.ids(query)[:60] if per_page == 1 else slow.ids(query)
        forwards, backwards = walk(person, f"{encoded(query)}&per_page={per_page}", limit=len(expected))
        assert forwards[: len(expected)] == expected, query
        assert backwards == list(reversed(forwards)), query


def walk(person: Person, query: str, *, limit: int) -> tuple[list[str], list[str]]:
    """Ids met going forwards along `next`, then going back along `previous`."""
    forwards: list[str] = []
    backwards: list[str] = []
    answer = person.api.get(f"/runs?{query}").json()
    while True:
        forwards += [run["id"] for run in answer["data"]]
        link = answer["meta"]["pagination"]["links"].get("next")
        if link is None or len(forwards) >= limit:
            break
        answer = follow(person, link)
    while True:
        backwards += [run["id"] for run in reversed(answer["data"])]
        link = answer["meta"]["pagination"]["links"].get("previous")
        if link is None:
            return forwards, backwards
        answer = follow(person, link)


def follow(person: Person, link: str) -> Any:
    assert link.startswith("http://flow.example/organizations/")
    return person.api.get("//" + link.removeprefix("http://flow.example/")).json()


def test_page_numbers_without_cursors_give_the_same_rows(world: World) -> None:
    slow = world.slow(world.org.admin)
    for query in queries(world, seed=5, count=6)[::5]:
        expected = slow.ids(query)
        for page in (1, 2, 5, 9999):
            rows = world.org.api.get(f"/runs?{encoded(query)}&per_page=9&page={page}").json()["data"]
            assert [run["id"] for run in rows] == expected[(page - 1) * 9 : page * 9], (query, page)


def test_the_whole_list_without_pagination(world: World) -> None:
    for person in (world.org.admin, world.people[2]):
        slow = world.slow(person)
        for query in queries(world, seed=6, count=10)[::4]:
            answer = person.api.get(f"/runs?{encoded(query)}&without_pagination=true").json()
            assert [run["id"] for run in answer["data"]] == slow.ids(query), query
            assert "meta" not in answer


@pytest.mark.parametrize("sort", ["created_at", "-created_at"])
def test_what_is_late_is_found_by_stretches_of_numbers(
    world: World, sort: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it is where too many are late to be sorted."""
    monkeypatch.setattr(drivers, "GATHER_UP_TO", 0)
    admin = world.org.admin
    query = {"status": "delayed", "sort": sort}
    expected = world.slow(admin).ids(query)
    assert expected

    forwards, backwards = walk(admin, f"{encoded(query)}&per_page=2", limit=len(expected))
    by_number = [admin.api.get(f"/runs?{encoded(query)}&per_page=3&page={page}").json()["data"] for page in (1, 2, 3)]
    whole = admin.api.get(f"/runs?{encoded(query)}&without_pagination=true").json()["data"]

    assert forwards == expected
    assert backwards == expected[::-1]
    assert [run["id"] for rows in by_number for run in rows] == expected[:9]
    assert [run["id"] for run in whole] == expected


@pytest.mark.parametrize("who", [pytest.param(0, id="admin"), pytest.param(1, id="standard")])
def test_answers_are_found_in_order_where_too_many_are_found_to_be_sorted(
    world: World, who: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drivers, "GATHER_UP_TO", 0)
    person = [world.org.admin, world.people[0]][who]
    slow, pick = world.slow(person), random.Random(who)
    sorts = [*SORTS_BY_ANSWER, "created_at", "-created_at", "name"]
    offered = {
        **CONDITIONS_ON_ANSWERS,
        "checklist_id": choices(world)["checklist_id"],
        "status": ["active", "complete"],
    }
    queries = [{"sort": sort} for sort in sorts]
    for _ in range(60):
        names = pick.sample(sorted(offered), pick.randrange(1, 4))
        queries.append({"sort": pick.choice(sorts), **{name: pick.choice(offered[name]) for name in names}})

    for number, query in enumerate(queries):
        expected = slow.ids(query)
        forwards, backwards = walk(person, f"{encoded(query)}&per_page=13", limit=len(expected) if number < 30 else 1)
        assert forwards == expected[: len(forwards)], query
        assert backwards == forwards[::-1], query
        whole = person.api.get(f"/runs?{encoded(query)}&without_pagination=true").json()["data"]
        assert [run["id"] for run in whole] == expected, query
        if number < 30:
            assert len(forwards) == len(expected), query


@pytest.mark.parametrize("who", [pytest.param(0, id="admin"), pytest.param(1, id="standard")])
@pytest.mark.parametrize("gathered", [0, 5_000])
def test_processes_without_an_answer_are_found_among_those_of_templates(
    world: World, who: int, gathered: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where each of them is listed as such, and where some run a version in which the field is of another type."""
    monkeypatch.setattr(drivers, "GATHER_UP_TO", gathered)
    person = [world.org.admin, world.people[0]][who]
    slow = world.slow(person)
    blank = [f"fields[{alias}][empty]" for alias in KINDS]
    others = [
        {},
        {"status": "active"},
        {"status": "problem,complete"},
        {"tag": world.tags[0]},
        {"fields[word][ne]": "7"},
    ]
    for templates, name, other in product(choices(world)["checklist_id"], blank, others):
        query = {"checklist_id": templates, name: "1", **other}
        expected = slow.ids(query)
        forwards, backwards = walk(person, f"{encoded(query)}&per_page=13", limit=len(expected))
        assert forwards == expected, query
        assert backwards == expected[::-1], query
        whole = person.api.get(f"/runs?{encoded(query)}&without_pagination=true&sort=name").json()["data"]
        assert [run["id"] for run in whole] == slow.ids({**query, "sort": "name"}), query


def test_every_side_table_and_counter_equals_a_recount(world: World) -> None:
    assert world.differences() == []
