"""A process is found and sorted by the name it has now. Spec: api-processes 6, `q` and `sort`."""

import pytest

from tests.builders import Organization
from tests.lists.making import Run, ids, launch, names


def rename(org: Organization, run: Run, name: str) -> None:
    answer = org.api.put(f"/runs/{run['id']}", {"name": name})
    assert (answer.status_code, answer.json()["data"]["name"]) == (200, name)


@pytest.mark.parametrize(
    ("before", "after", "lost", "found"),
    [
        pytest.param("Onboard Iris", "Lease for Otto", ["onboard", "Iris", "d I"], ["lease", "OTTO", "r o"], id="words"),
        pytest.param("Café Ünal", "Kahve Çelik", ["cafe", "ünal", "unal"], ["celik", "Çelik", "KAHVE"], id="accents"),
        pytest.param("Audit 100%", "Audit 50_50", ["100%", "%", "00"], ["50_50", "_", "audit"], id="signs"),
        pytest.param("日本語 one", "中文 two", ["日本", "語", "one"], ["中文", "two"], id="other scripts"),
        pytest.param("ab", "xy", ["ab", "a", "b"], ["xy", "x", "y"], id="too short for three letters"),
        pytest.param("x " * 270 + "end", "y " * 270 + "fin", ["end", "x x x"], ["fin", "y y y"], id="long"),
        pytest.param("Onboard Iris", "ONBOARD IRIS", [], ["onboard iris", "Iris"], id="another case"),
    ],
)  # fmt: skip
def test_the_old_name_is_not_found_any_more(
    org: Organization, before: str, after: str, lost: list[str], found: list[str]
) -> None:
    template = org.template("Plain")
    run = launch(org, template, name=before)
    other = launch(org, template, name="Untouched")
    assert all(ids(org.api, f"q={word.replace('%', '%25')}") == [run["id"]] for word in lost)

    rename(org, run, after)

    for word in lost:
        assert run["id"] not in ids(org.api, f"q={word.replace('%', '%25')}"), word
    for word in found:
        assert ids(org.api, f"q={word}") == [run["id"]], word
    assert ids(org.api, "q=untouched") == [other["id"]]


def test_a_name_may_come_back_and_go_to_another(org: Organization) -> None:
    template = org.template("Plain")
    first, second = launch(org, template, name="Alpha"), launch(org, template, name="Beta")

    rename(org, first, "Gamma")
    rename(org, second, "Alpha")
    assert ids(org.api, "q=alpha") == [second["id"]]
    rename(org, second, "Beta")
    rename(org, first, "Alpha")

    assert (ids(org.api, "q=alpha"), ids(org.api, "q=beta"), ids(org.api, "q=gamma")) == (
        [first["id"]], [second["id"]], [],
    )  # fmt: skip


def test_the_list_is_sorted_by_the_new_name(org: Organization) -> None:
    template = org.template("Plain")
    runs = [launch(org, template, name=name) for name in ("Alpha", "Beta", "Gamma")]

    rename(org, runs[0], "Zeta")

    assert names(org.api, "sort=name") == ["Beta", "Gamma", "Zeta"]
    assert names(org.api, "sort=-name") == ["Zeta", "Gamma", "Beta"]


def test_archived_processes_are_found_by_their_new_name(org: Organization) -> None:
    run = launch(org, org.template("Plain"), name="Alpha")
    rename(org, run, "Beta")
    org.api.delete(f"/runs/{run['id']}").raise_for_status()

    assert ids(org.api, "q=beta") == []
    assert ids(org.api, "q=beta&archived=only") == [run["id"]]
    assert ids(org.api, "q=alpha&archived=only") == []


def test_members_find_what_they_see_under_its_new_name(org: Organization) -> None:
    member, stranger = org.person(), org.person()
    run = launch(org, org.template("Plain"), name="Alpha", users=[member.id])

    rename(org, run, "Beta")

    assert (ids(member.api, "q=alpha"), ids(member.api, "q=beta")) == ([], [run["id"]])
    assert ids(stranger.api, "q=beta") == []
