"""What is remembered of lists is what the database says, for whoever asks. Spec: api-processes 6; decision 16."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from pyroaring import BitMap

from procession.domain.actors import Actor
from procession.domain.filters import DEFAULT_STATES, Keyed, Order, ProcessFilter, StatusPart, Window
from procession.domain.listing import HOUR_MS, Facet
from procession.domain.processes import State
from procession.storage import access
from procession.storage.listing import plan
from procession.storage.listing.set_parts import InState, Part, SeenBy
from procession.storage.listing.sets import MOST_CHANGED, KnownSets
from procession.storage.tx import ReadTx, reading
from tests.api.raw import figure
from tests.api.thread_places import at_once
from tests.builders import Organization
from tests.counting import Statements
from tests.harness import Api, Server
from tests.lists.making import complete, launch, launch_due, listed, tasks_of

pytestmark = pytest.mark.usefixtures("remembered_lists")


class Place:
    """Processes under two keys that have nothing in common, and the lists of them."""

    def __init__(self, org: Organization) -> None:
        self.org = org
        self.template, self.other = (org.template(steps=["Call"], kickoff=[{"label": "Farm"}]) for _ in range(2))
        self.tag = org.tag()["id"]
        self.wanted = [self.launch() for _ in range(3)]
        launch(org, self.template)
        launch(org, self.other, tags=[self.tag])

    def launch(self, farm: str = "North Hill") -> str:
        prerun = {self.template["prerun"][0]["id"]: farm}
        return launch(self.org, self.template, tags=[self.tag], prerun=prerun)["id"]

    @property
    def query(self) -> str:
        return f"checklist_id={self.template['id']}&tag={self.tag}"

    def ids(self, query: str | None = None, api: Api | None = None) -> list[str]:
        body = listed(api or self.org.api, query or self.query)
        assert body["meta"]["pagination"]["total"] == len(body["data"])
        return [run["id"] for run in body["data"]]

    def remember(self, query: str | None = None, api: Api | None = None) -> list[str]:
        """The list after it has been counted and read."""
        for _ in range(2):
            self.ids(query, api)
        return self.ids(query, api)


MINUTE = 60_000


@pytest.fixture
def own_hour(server: Server) -> Iterator[None]:
    """The clock stands a little after a full hour."""
    server.clock.freeze(server.clock() // HOUR_MS * HOUR_MS + HOUR_MS + 5 * MINUTE)
    yield
    server.clock.release()


@pytest.fixture
def place(org: Organization) -> Place:
    return Place(org)


def test_what_happens_to_processes_shows_at_once(place: Place) -> None:
    org, wanted = place.org, list(place.wanted)
    orders = ("", "&sort=created_at", "&sort=name", "&sort=-progress")
    wordy = f"&fields[{place.template['prerun'][0]['alias']}][contains]=hill"
    assert sorted(place.remember()) == sorted(wanted)
    for query in (f"{place.query}{wordy}", f"{place.query}&starred=false", f"{place.query}&q=a&status=active,complete"):
        place.remember(query)

    def expect(*ids: str) -> None:
        for order in orders:
            assert sorted(place.ids(place.query + order)) == sorted(ids), order
        assert sorted(place.ids(place.query + wordy)) == sorted(ids)

    one, two, three = wanted
    four = place.launch()
    expect(*wanted, four)
    org.api.delete(f"/runs/{one}").raise_for_status()
    expect(two, three, four)
    org.api.put(f"/runs/{one}/activate").raise_for_status()
    expect(*wanted, four)
    org.api.delete(f"/runs/{two}").raise_for_status()
    org.api.delete(f"/runs/{two}/delete").raise_for_status()
    expect(one, three, four)
    [item] = org.api.data("GET", "/bin")
    org.api.post(f"/bin/{item['id']}/restore").raise_for_status()
    org.api.put(f"/runs/{two}/activate")
    expect(one, two, three, four)
    org.api.put(f"/runs/{three}", {"starred": True}).raise_for_status()
    assert sorted(place.ids(f"{place.query}&starred=false")) == sorted([one, two, four])
    org.api.put(f"/runs/{three}", {"starred": False}).raise_for_status()
    assert sorted(place.ids(f"{place.query}&starred=false")) == sorted([one, two, three, four])
    org.api.delete(f"/tags/{place.tag}").raise_for_status()
    assert place.ids() == []
    untagged = f"checklist_id={place.template['id']}&untagged=true"
    assert len(place.remember(untagged)) == 5


@pytest.mark.usefixtures("own_hour")
def test_what_becomes_late_shows_at_the_second(place: Place, server: Server) -> None:
    """With the clock alone, whatever was remembered before, within the hour and beyond it; and is late no more."""
    now = server.clock()
    due = [launch_due(place.org, place.template, now + minutes * MINUTE)["id"] for minutes in (1, 20, 50, 70, 200)]
    query = f"checklist_id={place.template['id']}&status=delayed,problem"
    for minutes in (0, 1, 2, 19, 21, 51, 69, 71, 140, 201):
        server.clock.freeze(now + minutes * MINUTE)
        late = [run for run, at in zip(due, (1, 20, 50, 70, 200), strict=True) if at < minutes]
        assert sorted(place.remember(query)) == sorted(late), minutes
    [task] = tasks_of(place.org, {"id": due[0]})
    complete(place.org, {"id": due[0]}, task)
    assert sorted(place.ids(query)) == sorted(due[1:])


def test_who_sees_less_is_shown_less(place: Place) -> None:
    org = place.org
    person = org.person("light")
    assert place.remember(api=person.api) == []
    org.api.put(f"/runs/{place.wanted[0]}", {"users": [person.id]}).raise_for_status()
    assert place.ids(api=person.api) == [place.wanted[0]]
    group = org.api.data("POST", "/groups", {"name": "Crew", "members": [person.id]})["id"]
    org.api.put(f"/runs/{place.wanted[1]}", {"groups": [group]}).raise_for_status()
    assert sorted(place.ids(api=person.api)) == sorted(place.wanted[:2])
    org.api.put(f"/runs/{place.wanted[0]}", {"users": []}).raise_for_status()
    assert place.ids(api=person.api) == [place.wanted[1]]


def where(place: Place) -> ProcessFilter:
    keyed = Keyed(Facet.TEMPLATE, (place.template["id"],)), Keyed(Facet.TAG, (place.tag,))
    return ProcessFilter(parts=(StatusPart(DEFAULT_STATES),), keyed=keyed)


class Readers:
    """Transactions of an administrator that share what is remembered."""

    def __init__(self, place: Place, sets: KnownSets) -> None:
        self.place = place
        self.server = place.org.server
        self.sets = sets

    def within(self, work: Callable[[Callable[[], Awaitable[plan.ListPage]], ReadTx], Awaitable[Any]]) -> Any:
        org, now = self.place.org, self.server.clock()
        admin = Actor(kind="member", id=org.admin.id, role="admin")

        async def run() -> Any:
            async with reading(self.server.database, org.number, org.id, admin, now) as tx:
                tx.sets = self.sets

                async def page() -> plan.ListPage:
                    return await plan.list_page(tx, where(self.place), Order(), Window(size=10), access.EVERYTHING)

                return await work(page, tx)

        return self.server.run(run())

    def total(self) -> int:
        async def work(page: Callable[[], Awaitable[plan.ListPage]], _: ReadTx) -> int:
            return (await page()).total

        return self.within(work)


@pytest.mark.one_application
def test_an_older_snapshot_keeps_seeing_what_it_saw(place: Place, server: Server) -> None:
    readers = Readers(place, KnownSets(1 << 20, worth=0))
    assert [readers.total() for _ in range(3)] == [3, 3, 3]
    now = server.clock()
    admin = Actor(kind="member", id=place.org.admin.id, role="admin")
    older = reading(server.database, place.org.number, place.org.id, admin, now)
    tx = server.run(older.__aenter__())
    tx.sets = readers.sets
    # Its snapshot begins with what it reads first.
    server.run(access.principals_of_member(tx, admin))
    place.launch()
    assert readers.total() == 4

    async def seen_by_it() -> int:
        found = await plan.list_page(tx, where(place), Order(), Window(size=10), access.EVERYTHING)
        return found.total if found.total == len(found.rows) else -1

    assert server.run(seen_by_it()) == 3
    assert readers.total() == 4
    server.run(older.__aexit__(None, None, None))


def test_what_takes_too_much_is_forgotten_the_longest_unused_first() -> None:
    def part(number: int) -> Part:
        return SeenBy(f"m:{number}")

    many = BitMap(range(0, 100_000, 7))
    sets = KnownSets(100_000)
    sets.put(1, part(0), 5, many)
    for number in range(1, 20):
        sets.put(1, part(number), 5, many)
        assert sets.get(1, part(0)) is not None
        assert sets.size <= 100_000
    assert sets.get(1, part(1)) is None
    assert sets.get(2, part(0)) is None
    sets.put(1, part(0), 4, BitMap())
    newest = sets.get(1, part(0))
    assert newest is not None and newest.numbers == many
    sets.put(1, InState(State.OPEN), 5, BitMap(range(1, 10_000_000, 100)))
    assert (sets.size, sets.get(1, part(0))) == (0, None)


@pytest.mark.one_application
def test_after_more_changes_than_are_gone_through_it_is_counted_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MOST_CHANGED > 100
    readers = Readers(place, KnownSets(1 << 20, worth=0))
    assert [readers.total() for _ in range(3)] == [3, 3, 3]
    for _ in range(4):
        place.launch()
    monkeypatch.setattr("procession.storage.listing.sets.MOST_CHANGED", 3)
    assert [readers.total() for _ in range(3)] == [7, 7, 7]


@pytest.mark.one_application
def test_how_much_is_remembered_is_told(place: Place, server: Server) -> None:
    assert figure(server, "procession_list_memory_bytes") == 0
    place.remember()
    assert figure(server, "procession_list_memory_bytes") > 1_000


@pytest.mark.one_application
def test_what_is_remembered_costs_the_same_however_much_there_is(place: Place, statements: Statements) -> None:
    """Who is calling, what has changed since, the rows: nothing is counted."""
    place.remember()
    first = statements.of(place.org.api, f"/runs?{place.query}")
    for _ in range(20):
        place.launch()
    assert len(place.ids(f"{place.query}&per_page=100")) == 23
    costs = {"sqlite": 3, "postgresql": 2}[place.org.server.dialect]
    assert statements.of(place.org.api, f"/runs?{place.query}") == first == costs


def test_while_others_write_the_total_is_of_the_rows(place: Place) -> None:
    place.remember()
    launched: list[str] = []

    def write() -> None:
        for _ in range(6):
            run = place.launch()
            launched.append(run)
            place.org.api.delete(f"/runs/{run}").raise_for_status()
            place.org.api.put(f"/runs/{run}/activate").raise_for_status()

    def read() -> None:
        for _ in range(25):
            assert set(place.ids(f"{place.query}&per_page=100")) >= set(place.wanted)

    at_once([write, read, write, read, read])
    assert sorted(place.ids(f"{place.query}&per_page=100")) == sorted([*place.wanted, *launched])
