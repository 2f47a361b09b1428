"""Who may do what with templates. Spec: api-templates 9, behaviour-people 2.2 and 3.1, behaviour-templates 2."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.builders import Organization, Person
from tests.harness import Api


def listed(api: Api) -> list[str]:
    return [each["id"] for each in api.data("GET", "/checklists")]


def does(person: Person, template: dict[str, Any]) -> dict[str, bool]:
    """What this person manages to do with the template (nothing here lasts, but for a copy)."""
    path = f"/checklists/{template['id']}"
    return {
        "sees": template["id"] in listed(person.api),
        "opens": person.api.get(path).status_code == 200,
        "edits": person.api.put(path, {"title": template["title"], "icon": "x"}).status_code == 200,
        "duplicates": person.api.post(f"{path}/clone").status_code == 201,
    }


@pytest.mark.parametrize(
    ("lists", "expected"),
    [
        pytest.param((), "", id="TT-6 none"),
        pytest.param(("READ",), "sees opens", id="TT-6 READ"),
        pytest.param(("LAUNCH",), "sees opens", id="TT-6 LAUNCH"),
        pytest.param(("EDIT",), "sees opens edits", id="TT-6 EDIT"),
        pytest.param(("PROCESS_READ",), "sees", id="TT-6 15 PROCESS READ"),
        pytest.param(("DUPLICATE",), "sees", id="T-2.2 DUPLICATE without READ"),
        pytest.param(("DUPLICATE", "READ"), "sees opens duplicates", id="T-2.2 DUPLICATE with READ"),
    ],
)
@pytest.mark.parametrize("how", ["named", "group", "everyone"])
def test_a_standard_members_rights_follow_the_lists(
    org: Organization, lists: tuple[str, ...], expected: str, how: str
) -> None:
    ines, template = org.person("standard"), org.template()
    group = org.group(members=[ines])
    for permission in lists:
        users = [ines.id] if how == "named" else []
        groups = [group["id"]] if how == "group" else []
        org.allow(template, permission, *users, groups=groups, everyone=how == "everyone")

    assert [name for name, done in does(ines, template).items() if done] == expected.split()


def test_an_owner_needs_no_list(org: Organization) -> None:
    ines = org.person("standard")
    assert all(does(ines, org.template(owner_id=ines.id)).values())


def test_an_administrator_needs_no_list(org: Organization) -> None:
    assert all(does(org.person("admin"), org.template()).values())


@pytest.mark.parametrize(
    ("lists", "expected"),
    [
        pytest.param(("READ", "LAUNCH", "EDIT", "DUPLICATE", "PROCESS_READ"), "", id="DEC-12 everyone gives nothing"),
        pytest.param(("LAUNCH named",), "sees opens", id="15 own name in LAUNCH"),
        pytest.param(("READ named",), "sees opens", id="T-2.4 named in READ"),
        pytest.param(("EDIT named", "DUPLICATE named"), "", id="T8 EDIT and DUPLICATE are ignored"),
        pytest.param(("PROCESS_READ named",), "", id="T-2.4 PROCESS READ shows its processes only"),
    ],
)
def test_a_light_member_counts_only_when_named(org: Organization, lists: tuple[str, ...], expected: str) -> None:
    light, template = org.person("light"), org.template()
    for entry in lists:
        permission, _, named = entry.partition(" ")
        org.allow(template, permission, *([light.id] if named else []), everyone=not named)

    assert [name for name, done in does(light, template).items() if done] == expected.split()


def test_a_light_owner_does_not_edit(org: Organization) -> None:
    light = org.person("light")
    assert does(light, org.template(owner_id=light.id)) == {
        "sees": True, "opens": True, "edits": False, "duplicates": False,
    }  # fmt: skip


def test_15_hidden_is_404_and_merely_listed_is_403(org: Organization) -> None:
    ines, hidden, shown = org.person(), org.template(), org.template(summary="About", kickoff=[{"label": "Secret"}])
    org.allow(shown, "PROCESS_READ", ines.id)

    assert ines.api.get(f"/checklists/{hidden['id']}").status_code == 404
    assert ines.api.get(f"/checklists/{shown['id']}").status_code == 403
    assert ines.api.get(f"/checklists/{shown['id']}/steps").status_code == 403
    [seen] = ines.api.data("GET", "/checklists?with=steps,permissions")
    assert (seen["title"], seen["summary"], seen["prerun"]) == (shown["title"], "About", [])
    assert seen["permissions"] == {"data": []}


@pytest.mark.parametrize(
    ("restricted", "sees"),
    [pytest.param(True, False, id="DEC-11 default"), pytest.param(False, True, id="DEC-11 opened")],
)
def test_who_sees_a_new_template(org: Organization, restricted: bool, sees: bool) -> None:
    """T-2.5"""
    if not restricted:
        org.api.data("PUT", "", {"name": "Fernwood", "restrict_blueprint_permissions": False})
    template, ines, light = org.template(), org.person("standard"), org.person("light")

    assert does(ines, template) == {"sees": sees, "opens": sees, "edits": False, "duplicates": False}
    assert listed(light.api) == []


@pytest.mark.parametrize(
    ("role", "switch", "status"),
    [
        pytest.param("admin", False, 201, id="T-1.3 admin"),
        pytest.param("standard", True, 201, id="T-1.3 standard"),
        pytest.param("standard", False, 403, id="T-1.3 standard, closed by the organization"),
        pytest.param("light", True, 403, id="T-1.3 light"),
    ],
)
def test_who_creates_templates(org: Organization, role: Any, switch: bool, status: int) -> None:
    org.api.data("PUT", "", {"name": "Fernwood", "allow_template_creation": switch})
    assert org.person(role).api.post("/checklists", {"title": "x", "type": "form"}).status_code == status


CHANGES: list[Any] = [
    pytest.param(lambda api, t: api.delete(f"/checklists/{t}"), "EDIT", id="T5 archive"),
    pytest.param(lambda api, t: api.put(f"/checklists/{t}/publish"), "EDIT", id="T9 publish"),
    pytest.param(lambda api, t: api.put(f"/checklists/{t}/permissions", []), "EDIT", id="T14 permissions"),
    pytest.param(lambda api, t: api.post(f"/checklists/{t}/steps", {"title": "x"}), "EDIT", id="S3 step"),
    pytest.param(lambda api, t: api.post(f"/checklists/{t}/stages", {"name": "x"}), "EDIT", id="stage"),
    pytest.param(lambda api, t: api.get(f"/checklists/{t}/steps"), "READ", id="S1 steps"),
    pytest.param(lambda api, t: api.get(f"/checklists/{t}/stages"), "READ", id="stages"),
    pytest.param(lambda api, t: api.get(f"/checklists/{t}/form-fields"), "READ", id="T10 fields"),
    pytest.param(lambda api, t: api.get(f"/checklists/{t}/steps-deadlines"), "READ", id="T11 deadlines"),
    pytest.param(lambda api, t: api.post(f"/checklists/{t}/comment", {"content": "Hm"}), "READ", id="T13 comment"),
]


@pytest.mark.parametrize(("call", "needs"), CHANGES)
def test_each_operation_needs_its_permission(org: Organization, call: Callable[[Api, str], Any], needs: str) -> None:
    template, ines, light = org.template(), org.person("standard"), org.person("light")
    assert call(ines.api, template["id"]).status_code == 404
    org.allow(template, "PROCESS_READ", ines.id)
    assert call(ines.api, template["id"]).status_code == 403
    org.allow(template, "READ", ines.id, light.id)
    assert (call(ines.api, template["id"]).status_code == 403) is (needs == "EDIT")
    assert (call(light.api, template["id"]).status_code == 403) is (needs == "EDIT")
    org.allow(template, needs, ines.id)
    assert call(ines.api, template["id"]).status_code in (200, 201)


def test_archiving_can_be_kept_for_administrators(org: Organization) -> None:
    org.api.data("PUT", "", {"name": "Fernwood", "allow_archive": False})
    ines, template = org.person(), org.template()
    org.allow(template, "EDIT", ines.id)
    path = f"/checklists/{template['id']}"

    assert ines.api.delete(path).status_code == 403
    assert org.api.delete(path).status_code == 200
    assert ines.api.put(f"{path}/restore").status_code == 403


def test_3_only_administrators_delete_for_good_and_pin(org: Organization) -> None:
    """T-1.6"""
    ines, template = org.person(), org.template()
    org.allow(template, "EDIT", ines.id)
    path, title = f"/checklists/{template['id']}", template["title"]

    assert ines.api.put(path, {"title": title, "is_pinned": True}).status_code == 403
    assert ines.api.put(path, {"title": title, "is_pinned": False}).status_code == 200
    ines.api.delete(path)
    assert ines.api.delete(f"{path}/delete").status_code == 403
    assert org.api.get("/checklists?archived=only").json()["meta"]["pagination"]["total"] == 1


def test_the_star_needs_read_and_the_label_only_sight(org: Organization) -> None:
    """T-1.22, api-templates T4."""
    light, ines, template = org.person("light"), org.person("standard"), org.template("Tea")
    org.allow(template, "LAUNCH", light.id)
    org.allow(template, "PROCESS_READ", ines.id)
    path = f"/checklists/{template['id']}"

    assert light.api.data("PUT", path, {"title": "Tea", "starred": True})["starred"] is True
    assert org.api.data("GET", path)["starred"] is False
    assert light.api.data("PUT", path, {"title": "Tea", "status": "Finishing"})["status"] == "Finishing"
    assert light.api.put(path, {"title": "Coffee", "starred": True}).status_code == 403
    assert light.api.put(path, {"title": "Tea", "status": "x", "summary": "x"}).status_code == 403
    assert ines.api.data("PUT", path, {"title": "Tea", "status": "Published"})["status"] == "Published"
    assert ines.api.put(path, {"title": "Tea", "starred": True}).status_code == 403

    org.api.data("PUT", "", {"name": "Fernwood", "label_needs_edit": True})
    assert light.api.put(path, {"title": "Tea", "status": "Started"}).status_code == 403


def test_permissions_are_replaced_list_by_list(org: Organization) -> None:
    """T-2.6: a group takes the place of its members."""
    ines, otto, template = org.person(), org.person(), org.template()
    group = org.group(members=[ines])
    path = f"/checklists/{template['id']}/permissions"
    org.allow(template, "EDIT", ines.id)

    answer = org.api.data(
        "PUT", path, {"data": [{"permission": "process_launch", "users": [ines.id, otto.id], "groups": [group["id"]]}]}
    )

    lists = {each["permission"]: each for each in answer}
    assert lists["CHECKLIST_EDIT"]["users"] == [ines.id]
    # T-2.6: a group takes the place of its members.
    assert lists["PROCESS_LAUNCH"] == {
        "permission": "PROCESS_LAUNCH", "all": False, "users": [otto.id], "groups": [group["id"]], "guests": [],
    }  # fmt: skip
    assert org.api.data("GET", path) == answer
    org.allow(template, "LAUNCH")
    assert [each for each in org.api.data("GET", path) if each["users"] or each["groups"]] == [lists["CHECKLIST_EDIT"]]


def test_readers_see_only_who_may_edit(org: Organization) -> None:
    """T-2.7."""
    ines, otto, template = org.person(), org.person(), org.template()
    org.allow(template, "READ", ines.id)
    org.allow(template, "EDIT", otto.id)

    [shown] = ines.api.data("GET", f"/checklists/{template['id']}/permissions")

    assert shown["permission"] == "CHECKLIST_EDIT" and shown["users"] == [otto.id]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param({"x": 1}, "permissions", id="no list"),
        pytest.param([{"permission": "FLY"}], "0.permission", id="unknown permission"),
        pytest.param([{"permission": "READ", "users": [999999999]}], "0.users.0", id="unknown member"),
        pytest.param([{"permission": "READ", "groups": ["f" * 32]}], "0.groups.0", id="unknown group"),
        pytest.param([{"permission": "READ", "users": "all"}], "0.users", id="users are no list"),
    ],
)
def test_bad_permissions_change_nothing(org: Organization, body: Any, field: str) -> None:
    template = org.template()
    org.allow(template, "READ", org.admin.id)
    path = f"/checklists/{template['id']}/permissions"
    before = org.api.data("GET", path)

    refused = org.api.put(path, body)

    assert refused.status_code == 422 and field in refused.json()["errors"]
    assert org.api.data("GET", path) == before


def test_a_list_that_was_cached_is_not_served_once_a_right_is_gone(org: Organization) -> None:
    ines, template = org.person(), org.template()
    org.allow(template, "READ", ines.id)
    tag = ines.api.get("/checklists").headers["etag"]
    org.allow(template, "READ")

    answer = ines.api.get("/checklists", headers={"If-None-Match": tag})

    assert answer.status_code == 200 and answer.json()["data"] == []
