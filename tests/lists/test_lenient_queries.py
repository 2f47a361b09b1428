"""A query string is never an error: what cannot be used is left out and named. Spec: api-conventions 6, 8-10; issue 6."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.builders import Organization
from tests.harness import Api
from tests.lists.making import assign, ids, ignored, launch, listed, names, tasks_of

HUGE = 10**30


@pytest.fixture
def three(org: Organization) -> Organization:
    """An organization with three processes, the last of them archived."""
    template = org.template(steps=["One"])
    runs = [launch(org, template, name=name) for name in ("first", "second", "third")]
    assert org.api.delete(f"/runs/{runs[2]['id']}").status_code == 200
    return org


DEFAULT = ["second", "first"]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        pytest.param("page=0", "page", id="page 0"),
        pytest.param("page=-1", "page", id="page -1"),
        pytest.param("page=abc", "page", id="page abc"),
        pytest.param("page=1.5", "page", id="page 1.5"),
        pytest.param("page=%D9%A3", "page", id="a page in other digits"),
        pytest.param("per_page=0", "per_page", id="per_page 0"),
        pytest.param("per_page=-5", "per_page", id="per_page -5"),
        pytest.param("per_page=all", "per_page", id="per_page all"),
        pytest.param("per_page=100000", "per_page", id="per_page 100000"),
        pytest.param(f"per_page={HUGE}", "per_page", id="per_page 10^30"),
        pytest.param("limit=100000", "limit", id="limit 100000"),
        pytest.param("with=nonsense", "with:nonsense", id="unknown with"),
        pytest.param("with=tasks.captures.x.y,prerun", "with:prerun", id="what clients send that does not exist"),
        pytest.param("sort=bogus", "sort", id="C9 unknown sort"),
        pytest.param("sort_by=-bogus", "sort_by", id="unknown sort_by"),
        pytest.param("sort=-", "sort", id="a sort that is only a sign"),
        pytest.param("status=draft", "status:draft", id="6.1 draft"),
        pytest.param("status=nonsense", "status:nonsense", id="unknown status"),
        pytest.param("archived=maybe", "archived", id="bad archived"),
        pytest.param("starred=maybe", "starred", id="bad boolean starred"),
        pytest.param("starred=2", "starred", id="2 is no boolean"),
        pytest.param("untagged=perhaps", "untagged", id="bad boolean untagged"),
        pytest.param("me=yes", "me", id="bad boolean me"),
        pytest.param("without_pagination=sure", "without_pagination", id="bad boolean without_pagination"),
        pytest.param("form_fields_values=x", "form_fields_values", id="bad boolean form_fields_values"),
        pytest.param("type=novel", "type:novel", id="unknown type"),
        pytest.param("task_status=later", "task_status", id="unknown task_status"),
        pytest.param("owners=abc", "owners", id="owners that are no numbers"),
        pytest.param("tag_id=x", "tag_id", id="the singular of tag_ids"),
        pytest.param("type=procedure,novel", "type:novel", id="one unknown type among others"),
        pytest.param("created_since=2026-13-45", "created_since", id="a date filter there is none of"),
        pytest.param("deadline=2026-99-99", "deadline", id="a bad date"),
        pytest.param("nonsense=1", "nonsense", id="unknown parameter"),
        pytest.param("cursor=", "", id="empty cursor"),
        pytest.param("status=", "", id="empty status is as if absent"),
        pytest.param("q=&owners=&tag=&sort=&with=", "", id="empty values are as if absent"),
        pytest.param("&&=&=x&", "", id="empty parameters"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_left_out_and_named(three: Organization, query: str, named: str) -> None:
    response = three.api.get(f"/runs?{query}")

    assert response.status_code == 200
    assert [run["name"] for run in response.json()["data"]] == DEFAULT
    assert (named in ignored(response)) if named else ignored(response) == []


def test_a_word_of_a_list_that_cannot_be_read_is_named(three: Organization) -> None:
    response = three.api.get(f"/runs?owners={three.admin.id},abc&owners[]=1.5")

    assert ignored(response) == ["owners:abc", "owners:1.5"]
    assert [run["name"] for run in response.json()["data"]] == DEFAULT


def test_operations_without_parameters_name_what_they_are_sent(three: Organization) -> None:
    for path in ("/users-list", f"/checklists/{listed(three.api)['data'][0]['checklist_id']}/check"):
        assert ignored(three.api.get(f"{path}?tag_id=x")) == ["tag_id"]


def test_a_page_beyond_all_numbers_is_past_the_end(three: Organization) -> None:
    response = three.api.get(f"/runs?page={HUGE}")

    assert response.status_code == 200 and response.json()["data"] == []
    assert response.json()["meta"]["pagination"]["total"] == 2
    assert ignored(response) == ["page"]


def test_what_can_be_used_is_used_beside_it(three: Organization) -> None:
    response = three.api.get("/runs?status=archived,draft&with=nonsense,tags&sort=bogus,name&owners=x")

    assert [run["name"] for run in response.json()["data"]] == ["third"]
    assert response.json()["data"][0]["tags"] == {"data": []}
    assert set(ignored(response)) == {"status:draft", "with:nonsense", "sort", "owners"}


def test_part_of_a_list_that_cannot_be_read_is_left_out(three: Organization) -> None:
    assert names(three.api, f"owners=x,{three.admin.id},,%20") == DEFAULT
    assert names(three.api, "owners=999999999") == []


def test_what_is_named_fits_in_a_header(api: Api) -> None:
    query = "&".join(f"{quote('schön, ' + str(n))}{'x' * 150}=1" for n in range(300))

    response = api.get(f"/runs?{query}")

    assert response.status_code == 200 and len(response.headers["x-ignored-params"]) < 8_000


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("true", ["tagless"], id="true"),
        pytest.param("1", ["tagless"], id="1"),
        pytest.param("TRUE", ["tagless"], id="TRUE"),
        pytest.param(None, ["tagless"], id="bare: when set"),
        pytest.param("", ["tagless", "tagged"], id="empty is as if absent"),
        pytest.param("false", ["tagless", "tagged"], id="false"),
        pytest.param("0", ["tagless", "tagged"], id="0"),
    ],
)
def test_booleans(org: Organization, value: str | None, expected: list[str]) -> None:
    template, tag = org.template(), org.tag()
    launch(org, template, name="tagged", tags=[tag["id"]])
    launch(org, template, name="tagless")

    assert names(org.api, "untagged" if value is None else f"untagged={value}") == expected


NAMES = [
    "100% Café", "under_score", "back\\slash", "O'Neil \"quoted\"", "semi; DROP TABLE process --", "rocket 🚀 launch",
    "Ünal & Çelik", "日本語の名前", "a*b (c) [d] {e} ^f", "plain name", "Straße", "İstanbul", "fi lled", "\u202eright to left",
]  # fmt: skip


@pytest.fixture
def named_processes(org: Organization) -> Organization:
    template = org.template()
    for name in NAMES:
        launch(org, template, name=name)
    return org


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("%", ["100% Café"], id="percent"),
        pytest.param("%%", [], id="two percents"),
        pytest.param("_", ["under_score"], id="underscore"),
        pytest.param("r_s", ["under_score"], id="underscore in a trigram"),
        pytest.param("\\", ["back\\slash"], id="backslash"),
        pytest.param("k\\s", ["back\\slash"], id="backslash in a trigram"),
        pytest.param("\\%", [], id="an escape character is a character"),
        pytest.param("'", ['O\'Neil "quoted"'], id="single quote"),
        pytest.param('"', ['O\'Neil "quoted"'], id="double quote"),
        pytest.param('"quoted"', ['O\'Neil "quoted"'], id="a quoted word"),
        pytest.param("'; DROP TABLE process --", [], id="an injection"),
        pytest.param("semi; DROP TABLE", ["semi; DROP TABLE process --"], id="a name that looks like one"),
        pytest.param("🚀", ["rocket 🚀 launch"], id="emoji alone"),
        pytest.param("t 🚀 l", ["rocket 🚀 launch"], id="emoji in a trigram"),
        pytest.param("cafe", ["100% Café"], id="accents folded"),
        pytest.param("CAFÉ", ["100% Café"], id="case folded"),
        pytest.param("CELIK", ["Ünal & Çelik"], id="case and accents"),
        pytest.param("& ç", ["Ünal & Çelik"], id="ampersand"),
        pytest.param("日本", ["日本語の名前"], id="two ideographs"),
        pytest.param("日本語", ["日本語の名前"], id="three ideographs"),
        pytest.param("STRASSE", ["Straße"], id="sharp s"),
        pytest.param("istanbul", ["İstanbul"], id="dotted capital i"),
        pytest.param("filled", [], id="a blank counts"),
        pytest.param("*", ["a*b (c) [d] {e} ^f"], id="star"),
        pytest.param("b (c) [", ["a*b (c) [d] {e} ^f"], id="brackets"),
        pytest.param("^f", ["a*b (c) [d] {e} ^f"], id="caret"),
        pytest.param("na*", [], id="no prefix search"),
        pytest.param("plain OR name", [], id="no words of a search language"),
        pytest.param("pl\x00ain", ["plain name"], id="NUL is passed over"),
        pytest.param("\ufeffplain\u200b", ["plain name"], id="L-5.11 zero-width characters are passed over"),
        pytest.param("x" * 10_000, [], id="10 kB"),
        pytest.param("é🚀%_'\"\\" * 1500, [], id="10 kB of the worst"),
    ],
)
def test_a_text_is_searched_as_it_is(named_processes: Organization, text: str, expected: list[str]) -> None:
    response = named_processes.api.get("/runs", params={"q": text, "per_page": "100"})

    assert response.status_code == 200
    assert [run["name"] for run in response.json()["data"]] == expected
    assert response.json()["meta"]["pagination"]["total"] == len(expected)


@pytest.mark.parametrize("text", ["\x00", "\x00\x00\x00", "\u200b", "\ufeff"])
def test_a_text_of_nothing_asks_for_nothing(named_processes: Organization, text: str) -> None:
    assert len(ids(named_processes.api, f"q={quote(text)}&per_page=100")) == len(NAMES)


@pytest.mark.parametrize("bad", ["%", "%zz", "%ff%fe", "%c3", "%00", "%ed%a0%80", "\ud83d"])
def test_broken_encodings_are_no_error(api: Api, bad: str) -> None:
    for name in ("q", "status", "owners", "tag", "cursor", "sort", "with", "page"):
        assert api.get(f"/runs?{name}={bad}".encode("utf-8", "surrogatepass").decode("latin-1")).status_code == 200


def test_a_long_text_does_not_find_what_only_begins_like_it(org: Organization) -> None:
    template = org.template()
    launch(org, template, name="x" * 550)

    assert len(ids(org.api, "q=" + "x" * 550)) == 1
    assert ids(org.api, "q=" + "x" * 551) == [] == ids(org.api, "q=" + "x" * 10_000)
    assert ids(org.api, "q=" + "x" * 550 + "y") == []


def test_text_beyond_the_sort_key_is_found(org: Organization) -> None:
    """Names are sorted by their first 200 characters, and searched whole."""
    template = org.template()
    made = launch(org, template, name="y" * 210 + " zq end")
    launch(org, template, name="y" * 210)

    for text in ("zq end", "zq", "y zq"):
        assert ids(org.api, f"q={quote(text)}") == [made["id"]]


def test_the_number_of_a_process_is_found_exactly(org: Organization) -> None:
    template = org.template()
    runs = [launch(org, template, name=f"process of {n} parts") for n in (100, 200)]

    number = runs[0]["increment_id"]
    assert number == 1
    assert ids(org.api, f"q={number}") == [runs[0]["id"]]
    assert ids(org.api, "q=200") == [runs[1]["id"]]
    assert ids(org.api, "q=2") == [runs[1]["id"]], "the second process, by its number and by its name"
    assert ids(org.api, "q=99999999999999999999") == []


@pytest.mark.parametrize("number", ["9223372036854775808", "-1", "1e3", "0x1", "١", "1.0", "²"])
def test_what_only_looks_like_a_number_is_text(org: Organization, number: str) -> None:
    launch(org, org.template(), name=f"has {number} inside")

    assert len(ids(org.api, f"q={quote(number)}")) == 1


def test_ten_thousand_ids_in_owners(org: Organization) -> None:
    person = org.person()
    mine = launch(org, org.template(), owner_id=person.id)
    many = ",".join(str(n) for n in {*range(1, 10_000), person.id} - {org.admin.id})

    for api in (org.api, person.api):
        assert ids(api, f"owners={many}") == [mine["id"]]


@pytest.mark.parametrize(
    "name", ["tag_ids", "tag", "groups", "folder", "checklist_id", "guests", "status", "type", "with", "sort"]
)
def test_sixty_kilobytes_of_values_in_any_list(org: Organization, name: str) -> None:
    launch(org, org.template())

    assert org.api.get(f"/runs?{name}=" + ",".join(f"{n:032x}" for n in range(1_900))).status_code == 200


def test_a_great_many_titles_in_tag(org: Organization) -> None:
    tag = org.tag("wanted")
    run = launch(org, org.template(), tags=[tag["id"]])

    assert ids(org.api, "tag=" + ",".join([*(f"title {n}" for n in range(3_000)), "Wanted"])) == [run["id"]]


def test_a_tag_is_named_by_its_title_too(org: Organization) -> None:
    """A title of 32 characters is no id."""
    template = org.template()
    titles = ["Ünal & Co", "exactly thirty characters, so l"[:30]]
    runs = [launch(org, template, tags=[org.tag(title)["id"]]) for title in titles]

    for title, run in zip(titles, runs, strict=True):
        assert ids(org.api, f"tag={quote(title.replace(',', ''))}") in ([run["id"]], [])
    assert ids(org.api, "tag=unal%20%26%20CO") == [runs[0]["id"]]
    assert ids(org.api, "tag=unal+%26+CO") == [runs[0]["id"]]
    assert ids(org.api, "tag=no%20such%20tag") == []


class TestLists:
    """Commas, repeated keys and `key[]` all make lists. Spec: api-conventions 6."""

    @pytest.fixture
    def people(self, org: Organization) -> list[int]:
        template = org.template()
        made = [org.person() for _ in range(3)]
        for person in made:
            launch(org, template, owner_id=person.id, name=str(person.id))
        return [person.id for person in made]

    @pytest.mark.parametrize(
        "write",
        [
            pytest.param("owners={0},{1}", id="commas"),
            pytest.param("owners=%20{0}%20,,+{1},{0}", id="blanks, empty parts and repeats"),
            pytest.param("owners={0}&owners={1}", id="repeated keys"),
            pytest.param("owners[]={0}&owners[]={1}", id="brackets"),
            pytest.param("owners%5B%5D={0}&owners%5B%5D={1}", id="encoded brackets"),
            pytest.param("owners={0}%2C{1}", id="an encoded comma"),
        ],
    )
    def test_they_mean_the_same(self, org: Organization, people: list[int], write: str) -> None:
        expected = [str(people[1]), str(people[0])]

        assert names(org.api, write.format(*people)) == expected

    def test_links_keep_repeated_keys_and_brackets(self, org: Organization, people: list[int]) -> None:
        query = f"owners[]={people[0]}&owners[]={people[1]}&per_page=1"
        link = listed(org.api, query)["meta"]["pagination"]["links"]["next"]

        assert f"?{query}&cursor=" in link


def test_a_plus_is_a_blank_except_in_addresses(org: Organization) -> None:
    """Spec: api-conventions 6."""
    run = launch(org, org.template(steps=["One"]), name="a plus b")
    assign(org, run, tasks_of(org, run)[0], org.admin, guests=["ana+test@partner.example"])

    for query in ("q=a+plus", "q=a%20plus", "guests=ana+test@partner.example", "guests=ANA%2Btest@partner.example"):
        assert ids(org.api, query) == [run["id"]], query
    assert ids(org.api, "guests=ana%20test@partner.example") == []


def test_ids_are_found_in_any_case(org: Organization) -> None:
    template, tag, folder = org.template(), org.tag(), org.folder(kind="run")
    run = launch(org, template, tags=[tag["id"]], folders=[folder["id"]])
    values = {"checklist_id": template["id"], "tag": tag["id"], "tag_ids": tag["id"], "folder": folder["id"]}

    for name, value in values.items():
        assert ids(org.api, f"{name}={value.upper()}") == [run["id"]], name


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("status=ACTIVE", DEFAULT, id="status"),
        pytest.param("archived=ONLY", ["third"], id="archived"),
        pytest.param("type=Procedure", DEFAULT, id="type"),
        pytest.param("sort=NAME", ["first", "second"], id="sort"),
        pytest.param("task_status=In_Progress", DEFAULT, id="task_status"),
    ],
)
def test_words_are_read_in_any_case(three: Organization, query: str, expected: list[str]) -> None:
    response = three.api.get(f"/runs?{query}")

    assert [run["name"] for run in response.json()["data"]] == expected and ignored(response) == []


def test_includes_are_found_with_hyphens_blanks_and_repeats(three: Organization) -> None:
    row: dict[str, Any] = listed(three.api, "with=ko-form-fields,%20Tags%20,tags,next-task")["data"][0]

    assert {"ko_form_fields", "tags", "next_task"} <= set(row)
