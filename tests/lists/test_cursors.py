"""Following links: neither a repeat nor a gap while others write. Spec: api-conventions 8, design 4 (Pages); issue 3."""

import base64
import random
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from tests.builders import Organization
from tests.harness import Api
from tests.lists.making import complete, follow, ids, ids_along, ignored, launch, launch_due, listed, pages, tasks_of

D = 1_900_000_000_000
HOUR = 3_600_000
SORTS = [
    "created_at", "-created_at", "name", "-name", "due_date", "-due_date", "completed_at", "-completed_at",
    "next_deadline", "-next_deadline", "last_updated", "-last_updated", "started_at", "status", "-status", "progress", "-progress", "increment_id",
    "status,-name", "-due_date,name", "completed_at,-due_date", "-progress,status,due_date",
]  # fmt: skip


class Many:
    """Processes that differ in everything that can be sorted by, with ties and nulls."""

    def __init__(self, org: Organization, count: int = 17) -> None:
        self.org = org
        self.template = org.template(steps=["One", "Two"])
        self.bare = org.template()
        self.runs = [self._run(n) for n in range(count)]

    def _run(self, n: int) -> dict[str, Any]:
        name = f"{'aAbÄ'[n % 4]} {n % 3}"
        if n % 4 == 3:
            return launch(self.org, self.bare, name=name)
        run = launch_due(self.org, self.template, *[D + n % 5 * HOUR] * 2, name=name)
        for task in tasks_of(self.org, run)[: n % 3]:
            complete(self.org, run, task)
        return run


@pytest.fixture(scope="module")
def known() -> dict[str, Many]:
    return {}


@pytest.fixture
def many(server: Any, known: dict[str, Many]) -> Many:
    """The same processes for every test that only reads."""
    if server.dialect not in known:
        known[server.dialect] = Many(Organization(server))
    return known[server.dialect]


def cursor_of(link: str) -> str:
    return dict(parse_qsl(urlsplit(link).query))["cursor"]


def links(answer: dict[str, Any]) -> dict[str, str]:
    return answer["meta"]["pagination"]["links"]


def backwards(api: Api, answer: dict[str, Any]) -> list[dict[str, Any]]:
    """This page and all before it, along `links.previous`, nearest first."""
    met = [answer]
    while link := links(met[-1]).get("previous"):
        met.append(follow(api, link).json())
    return met


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("per_page", [1, 4])
def test_links_give_every_row_once_in_every_order(many: Many, sort: str, per_page: int) -> None:
    """Nulls come last both ways; equal values are told apart by the number."""
    api = many.org.api
    expected = ids(api, f"sort={sort}&per_page=100")

    met = list(pages(api, f"sort={sort}&per_page={per_page}"))

    assert ids_along(met) == expected and len(expected) == len(many.runs)
    assert all(each["meta"]["pagination"]["total"] == len(expected) for each in met)
    assert ids_along(reversed(backwards(api, met[-1]))) == expected


@pytest.mark.parametrize("field", ["due_date", "completed_at"])
def test_nulls_come_last_both_ways(many: Many, field: str) -> None:
    for sign in ("", "-"):
        values = [run[field] for run in listed(many.org.api, f"sort={sign}{field}&per_page=100")["data"]]
        filled = [value for value in values if value is not None]
        assert filled == sorted(filled, reverse=sign == "-") and values == filled + [None] * (len(values) - len(filled))
        assert 0 < len(filled) < len(values)


@pytest.mark.parametrize("sort", ["-created_at", "created_at", "name", "-due_date", "-last_updated", "status"])
def test_page_numbers_and_cursors_lead_to_the_same_rows(many: Many, sort: str) -> None:
    api, query = many.org.api, f"sort={sort}&per_page=5"

    for number, page in enumerate(pages(api, query), start=1):
        assert page["meta"]["pagination"]["current_page"] == number
        assert ids(api, f"{query}&page={number}") == ids_along([page])


def test_the_cursor_wins_over_the_page(many: Many) -> None:
    api = many.org.api
    first, second = list(pages(api, "per_page=4"))[:2]
    cursor = cursor_of(links(first)["next"])

    for page in ("1", "3", "99"):
        assert ids(api, f"per_page=4&cursor={cursor}&page={page}") == ids_along([second])
    assert ids(api, f"per_page=4&cursor={cursor}") == ids_along([second])


@pytest.mark.parametrize("sizes", [(3, 5, 2), (1, 10, 1), (10, 1, 3)])
def test_another_page_size_on_the_way_neither_repeats_nor_skips(many: Many, sizes: tuple[int, ...]) -> None:
    api = many.org.api
    answer = listed(api, f"sort=name&per_page={sizes[0]}")
    met = [answer]
    for turn in range(1, 40):
        link = links(answer).get("next")
        if link is None:
            break
        size = sizes[turn % len(sizes)]
        query = [(k, str(size) if k == "per_page" else v) for k, v in parse_qsl(urlsplit(link).query)]
        answer = api.get("/runs", params=query).json()
        met.append(answer)

    assert ids_along(met) == ids(api, "sort=name&per_page=100")


def test_a_client_that_writes_the_link_anew_stays_on_its_way(many: Many) -> None:
    """HTTP libraries order, encode and decode addresses as they like."""
    api = many.org.api
    sent = "q=%20&status=active%2Ccomplete&owners[]=" + str(many.org.admin.id) + "&sort=name&per_page=4"
    first = listed(api, sent)
    expected = ids_along([follow(api, links(first)["next"]).json()])
    pairs = parse_qsl(urlsplit(links(first)["next"]).query)

    for rewritten in (
        urlencode(pairs),
        urlencode(pairs[::-1]),
        urlencode(pairs, safe="[],"),
        urlencode(pairs, safe="%"),
    ):
        response = api.get(f"/runs?{rewritten.replace('page=2', 'page=1')}")
        assert ignored(response) == [] and ids_along([response.json()]) == expected, rewritten


class TestCursorsThatDoNotFit:
    """Ignored and named; then `page` counts. Spec: issue 6."""

    @pytest.fixture
    def cursor(self, many: Many) -> str:
        return cursor_of(links(listed(many.org.api, "status=active&sort=name&per_page=3"))["next"])

    def first_page(self, many: Many, query: str, cursor: str) -> bool:
        """Whether the cursor was ignored, and said to be."""
        response = many.org.api.get(f"/runs?{query}&cursor={cursor}")
        plain = many.org.api.get(f"/runs?{query}")
        assert response.status_code == 200
        was_ignored = ignored(response) == ["cursor"]
        assert not was_ignored or response.json()["data"] == plain.json()["data"]
        return was_ignored

    def test_it_fits_its_own_query(self, many: Many, cursor: str) -> None:
        assert not self.first_page(many, "status=active&sort=name&per_page=3", cursor)

    @pytest.mark.parametrize(
        "query",
        [
            "status=active&per_page=3", "sort=name&per_page=3", "status=complete&sort=name&per_page=3",
            "status=active&sort=-name&per_page=3", "status=active&sort=due_date&per_page=3",
            "status=active&sort=name&per_page=3&q=a", "status=active&sort=name,status&per_page=3", "",
        ],
    )  # fmt: skip
    def test_it_does_not_fit_another_query(self, many: Many, cursor: str, query: str) -> None:
        assert self.first_page(many, query, cursor)

    @pytest.mark.parametrize("seed", range(25))
    def test_it_does_not_hold_when_it_was_edited_by_hand(self, many: Many, cursor: str, seed: int) -> None:
        pick = random.Random(seed)
        place = pick.randrange(len(cursor))
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        edited = [
            cursor[:place] + pick.choice([each for each in letters if each != cursor[place]]) + cursor[place + 1 :],
            cursor[:place],
            cursor + pick.choice(letters) * 4,
        ][seed % 3]

        assert edited == "" or self.first_page(many, "status=active&sort=name&per_page=3", edited)

    @pytest.mark.parametrize("garbage", ["x", "%00", "....", "🚀", "A" * 5000, "null", "[]", "-1", "1"])
    def test_garbage_does_not_fit(self, many: Many, garbage: str) -> None:
        assert self.first_page(many, "sort=name", garbage)

    def test_a_place_of_ones_own_making_does_not_fit(self, many: Many, cursor: str) -> None:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        for payload in (b'[["zzz"],99,false]', b"[[],1,false]", b"[[null],1,true]", b"{}"):
            made = base64.urlsafe_b64encode(raw[:9] + payload).decode().rstrip("=")
            assert self.first_page(many, "status=active&sort=name&per_page=3", made)

    def test_it_does_not_fit_another_organization(self, many: Many, cursor: str, other_org: Organization) -> None:
        launch(other_org, other_org.template())

        response = other_org.api.get(f"/runs?status=active&sort=name&per_page=3&cursor={cursor}")

        assert ignored(response) == ["cursor"] and len(response.json()["data"]) == 1

    def test_it_fits_another_caller_who_sees_what_they_may(self, many: Many, cursor: str) -> None:
        """A cursor is a place between rows, not a right to see them."""
        stranger = many.org.person()

        response = stranger.api.get(f"/runs?status=active&sort=name&per_page=3&cursor={cursor}")

        assert response.json()["data"] == [] and response.json()["meta"]["pagination"]["total"] == 0


class Others:
    """People who write while somebody follows links."""

    def __init__(self, many: Many, seed: int) -> None:
        self.many = many
        self.org = many.org
        self.pick = random.Random(seed)
        self.gone: set[str] = set()
        self.moved: set[str] = set()

    def act(self) -> None:
        self.pick.choice([self.insert, self.archive, self.erase, self.rename, self.finish, self.star])()

    def insert(self) -> None:
        self.many._run(self.pick.randrange(20))

    def some(self) -> dict[str, Any]:
        return self.pick.choice([run for run in self.many.runs if run["id"] not in self.gone])

    def archive(self) -> None:
        run = self.some()
        assert self.org.api.delete(f"/runs/{run['id']}").is_success
        self.gone.add(run["id"])

    def erase(self) -> None:
        run = self.some()
        assert self.org.api.delete(f"/runs/{run['id']}").is_success
        assert self.org.api.delete(f"/runs/{run['id']}/delete").is_success
        self.gone.add(run["id"])

    def rename(self) -> None:
        run = self.some()
        assert self.org.api.put(f"/runs/{run['id']}", {"name": self.pick.choice("aAbz")}).is_success
        self.moved.add(run["id"])

    def finish(self) -> None:
        run = self.some()
        for task in tasks_of(self.org, run):
            if task["status"] != "completed":
                complete(self.org, run, task)
        self.moved.add(run["id"])

    def star(self) -> None:
        assert self.org.api.put(f"/runs/{self.some()['id']}", {"starred": True}).is_success


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("sort", ["-created_at", "created_at", "name", "-due_date", "completed_at", "status,-name"])
def test_what_stays_is_met_once_while_others_write(org: Organization, sort: str, seed: int) -> None:
    """Rows that are neither removed nor changed in what they are sorted by, each exactly once, forwards and back."""
    many = Many(org, 12)
    query = f"sort={sort}&per_page=3"
    there = Others(many, seed)
    answer = listed(org.api, query)
    met = ids_along([answer])
    while link := links(answer).get("next"):
        there.act()
        answer = follow(org.api, link).json()
        met += ids_along([answer])
    assert_each_once(met, moves(sort, there), many)

    *_, answer = pages(org.api, query)
    back = Others(many, seed + 100)
    back.gone |= there.gone
    met = ids_along([answer])
    while link := links(answer).get("previous"):
        back.act()
        answer = follow(org.api, link).json()
        met += ids_along([answer])
    assert_each_once(met, moves(sort, back), many)


def moves(sort: str, others: Others) -> set[str]:
    """Rows that may be met twice or not at all."""
    return others.gone | (set() if sort.endswith("created_at") else others.moved)


def assert_each_once(met: list[str], besides: set[str], many: Many) -> None:
    for run in many.runs:
        if run["id"] not in besides:
            assert met.count(run["id"]) == 1, run["name"]


def test_rows_that_come_in_between_do_not_end_the_way_back(org: Organization) -> None:
    """Page numbers run out at 1 before the rows do: the cursor knows better."""
    template = org.template()
    runs = [launch(org, template)["id"] for _ in range(9)]
    for run in runs[3:6]:
        org.api.delete(f"/runs/{run}")
    *_, last = pages(org.api, "per_page=3")
    for run in runs[3:6]:
        assert org.api.put(f"/runs/{run}/activate").is_success

    assert ids_along(reversed(backwards(org.api, last))) == runs[::-1]


def test_rows_that_vanish_in_front_end_the_way_back_earlier(org: Organization) -> None:
    template = org.template()
    runs = [launch(org, template)["id"] for _ in range(9)]
    *_, last = pages(org.api, "per_page=3")
    for run in runs[3:]:
        org.api.delete(f"/runs/{run}")

    met = backwards(org.api, last)

    assert ids_along(reversed(met)) == runs[2::-1]
    assert "previous" not in links(met[-1])


def test_new_rows_do_not_shift_what_comes_next(org: Organization) -> None:
    template = org.template()
    runs = [launch(org, template)["id"] for _ in range(6)]
    first = listed(org.api, "per_page=2")
    for _ in range(5):
        launch(org, template)

    assert ids_along([follow(org.api, links(first)["next"]).json()]) == runs[3:1:-1]


def test_a_page_from_which_everything_vanished_still_leads_back(org: Organization) -> None:
    template = org.template()
    runs = [launch(org, template)["id"] for _ in range(4)]
    first = listed(org.api, "per_page=2")
    for run in runs[:2]:
        org.api.delete(f"/runs/{run}")

    empty = follow(org.api, links(first)["next"]).json()

    assert empty["data"] == [] and "next" not in links(empty)
    assert ids_along([follow(org.api, links(empty)["previous"]).json()]) == runs[:1:-1]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda api, run: api.put(f"/runs/{run}", {"name": "zz"}), id="renamed"),
        pytest.param(lambda api, run: api.delete(f"/runs/{run}"), id="archived"),
    ],
)
def test_the_row_beside_the_cursor_may_change_or_vanish(org: Organization, change: Callable[[Api, str], Any]) -> None:
    """The cursor holds the values of its row as they were."""
    template = org.template()
    runs = {name: launch(org, template, name=name)["id"] for name in "abcdef"}
    first = listed(org.api, "sort=name&per_page=2")

    assert change(org.api, runs["b"]).is_success

    assert ids_along([follow(org.api, links(first)["next"]).json()]) == [runs["c"], runs["d"]]
