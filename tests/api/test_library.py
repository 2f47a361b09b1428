"""The library of public templates. Spec: behaviour-templates T-9.4, api-templates 2.4."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.refusals import unchanged
from tests.builders import Organization


@pytest.fixture
def word(org: Organization) -> str:
    """In the titles of one test's templates: the library is the whole server's."""
    return f"w{org.number}"


def listed(org: Organization, word: str, query: str = "") -> list[dict[str, Any]]:
    return org.api.data("GET", f"/library?q={word}{query}")


def titles(org: Organization, word: str, query: str = "") -> list[str]:
    return [each["title"] for each in listed(org, word, query)]


def test_public_templates_of_the_server_are_listed(org: Organization, other_org: Organization, word: str) -> None:
    """T-9.4: whoever's they are, as long as they are public, live and published."""
    light = other_org.person("light")
    ours = org.template(f"B {word}", is_public=True)
    org.template(f"Hidden {word}")
    draft = org.template(f"Draft {word}", is_public=True, dual_version_enabled=True)
    theirs = other_org.template(f"A {word}", is_public=True)

    [first, second] = listed(other_org, word)

    assert (first["title"], first["is_own"], second["title"], second["is_own"]) == (
        f"A {word}",
        True,
        f"B {word}",
        False,
    )
    assert (second["id"], second["organization_id"], second["organization_name"]) == (ours["id"], org.id, "Fernwood")
    assert titles(org, word, "&sort=-title&per_page=1") == [f"B {word}"]
    assert light.api.data("GET", f"/library/{ours['id']}") == second
    org.api.put(f"/checklists/{draft['id']}/publish").raise_for_status()
    org.api.data("PUT", f"/checklists/{ours['id']}", {"title": f"C {word}"})
    assert titles(org, word) == [f"A {word}", f"C {word}", f"Draft {word}"]

    org.api.data("PUT", f"/checklists/{ours['id']}", {"title": f"C {word}", "is_public": False})
    other_org.api.delete(f"/checklists/{theirs['id']}").raise_for_status()

    assert titles(org, word) == [f"Draft {word}"]
    for gone in (ours["id"], theirs["id"], "f" * 32):
        assert org.api.get(f"/library/{gone}").status_code == 404
        assert org.api.post(f"/library/{gone}/import").status_code == 404


def test_one_is_imported_and_counted(org: Organization, other_org: Organization, word: str) -> None:
    """T-9.4, T-9.3, T-9.1: steps, fields and rules; no people, no addresses it calls, no snippets of the house."""
    contents = [
        org.api.data("POST", "/text-templates", {"title": text, "content": text, "visible_in_public_templates": seen})
        for text, seen in (("said", True), ("unsaid", False))
    ]
    other_org.api.data("POST", "/text-templates", {"title": "theirs", "content": "theirs"})
    quoted = "".join(f'<span class="insert-snippet-tag" data-snippet-id="{each["id"]}"></span>' for each in contents)
    hook = "https://hooks.fernwood.test/x"
    weigh = {"title": "Weigh", "summary": f"<p>Mind: {quoted}</p>", "assignees": [org.admin.id], "webhook": hook}
    template = org.template(
        f"Lab {word}", steps=[weigh, "Pack"], kickoff=[{"label": "Farm"}], is_public=True, webhook=hook
    )
    step = {"title": "Pack", "blocked_by": [template["steps"][0]["id"]]}
    org.api.data("PUT", f"/checklists/{template['id']}/steps/{template['steps'][1]['id']}", step)
    path = f"/library/{template['id']}"

    made = other_org.api.data("POST", f"{path}/import")

    copy = other_org.api.data("GET", f"/checklists/{made['id']}?with=steps")
    weigh, pack = copy["steps"]["data"]
    assert (copy["title"], copy["owner_id"], copy["is_public"]) == (f"Lab {word}", other_org.admin.id, False)
    assert [each["label"] for each in copy["prerun"]] == ["Farm"] and pack["blocked_by"] == [weigh["id"]]
    assert weigh["summary"] == "<p>Mind: said</p>"
    assert (weigh["assignees"], weigh["webhook"], copy["webhook"]) == ([], None, None)
    assert "import_count" not in copy and template["id"] not in str(copy)
    named = other_org.api.data("POST", f"{path}/import", {"title": "Ours"})
    assert named["title"] == "Ours"
    other_org.api.data("POST", f"/checklists/{template['id']}/clone", {"tenant": org.id})
    assert org.api.data("GET", f"/checklists/{template['id']}")["import_count"] == 3
    assert other_org.api.data("GET", path)["import_count"] == 3


def test_the_count_outlives_a_pause(org: Organization, other_org: Organization, word: str) -> None:
    """T-9.4"""
    template, other = (org.template(f"{name} {word}", is_public=True) for name in ("A", "B"))
    other_org.api.data("POST", f"/library/{template['id']}/import")

    for is_public in (False, True):
        org.api.data("PUT", f"/checklists/{template['id']}", {"title": f"A {word}", "is_public": is_public})

    assert [each["import_count"] for each in listed(org, word, "&sort=-import_count")] == [1, 0]
    assert titles(org, word, "&sort=made_public_at") == [f"B {word}", f"A {word}"], other["id"]


@pytest.fixture
def template(org: Organization, word: str) -> Iterator[dict[str, Any]]:
    template = org.template(f"Lab {word}", is_public=True)
    with unchanged(org):
        yield template


def test_who_may_not_create_templates_imports_none(
    org: Organization, other_org: Organization, template: dict[str, Any]
) -> None:
    """T-9.4, T-1.3"""
    path, light = f"/library/{template['id']}/import", other_org.person("light")
    with unchanged(other_org):
        assert light.api.post(path).status_code == 403
        assert other_org.api.post(path, {"title": " "}).status_code == 422
        assert other_org.api.post(path, {"title": "x" * 251}).status_code == 422
        own = org.api.post(path)
    assert (own.status_code, "Duplicate" in own.json()["message"]) == (422, True)
