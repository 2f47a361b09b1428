"""Copies and imports of templates. Spec: api-templates 2.2, 2.4; behaviour-templates 15."""

from typing import Any

import pytest

from tests.api.refusals import assert_refused, unchanged
from tests.builders import Organization, text_field


def rich_template(org: Organization) -> dict[str, Any]:
    """A template in which everything refers to something."""
    folder, tag = org.folder(), org.tag("Urgent")
    template = org.template(
        "Boat hire",
        steps=[
            {"title": "Weigh", "assignees": [org.admin.id], "guests": ["a@b.test"], "tags": [tag["id"]]},
            {"title": "Label"},
        ],
        kickoff=[{"label": "Boat", "required": True}],
        folder_id=folder["id"],
        users=[org.admin.id],
        webhook="https://hooks.test/x",
        is_public=True,
        starred=True,
    )
    path = f"/checklists/{template['id']}"
    weigh, label = (step["id"] for step in template["steps"])
    boat = template["prerun"][0]
    org.api.data("PUT", path, {"title": "Boat hire", "default_process_name_format": f"Hire {{{{{boat['alias']}}}}}"})
    stage = org.api.data("POST", f"{path}/stages", {"name": "First"})
    deadline = {"value": 1, "unit": "days", "option": "from", "step": weigh}
    summary = f'<p>{{{{{boat["alias"]}}}}} <editor-form-field data-field-id="{boat["id"]}"></editor-form-field></p>'
    body = {"title": "Label", "deadline": deadline, "stage_id": stage["id"], "summary": summary}
    org.api.data("PUT", f"{path}/steps/{label}", body)
    org.api.data("POST", f"{path}/steps/{label}/captures", text_field(label="Kilos"))
    link = {"subject_id": template["id"], "subject_type": "Checklist", "tag_id": tag["id"], "tag_type": "private"}
    org.api.data("POST", "/checklists/tags", link)
    return org.api.data("GET", f"{path}?with=steps,stages,tags")


def ids_in(template: dict[str, Any]) -> set[str]:
    steps = template["steps"]["data"]
    fields = [field for step in steps for field in step["captures"]]
    parts = [template, *steps, *fields, *template["prerun"], *template["stages"]["data"]]
    return {part["id"] for part in parts}


def check_references(template: dict[str, Any]) -> None:
    """Everything inside points inside."""
    weigh, label = template["steps"]["data"]
    [boat], [stage] = template["prerun"], template["stages"]["data"]
    assert label["deadline"]["step"] == weigh["id"] and label["stage_id"] == stage["id"]
    assert stage["steps"] == [label["id"]]
    assert boat["id"] in label["summary"] and f"{{{{{boat['alias']}}}}}" in label["summary"]
    assert template["default_process_name_format"] == f"Hire {{{{{boat['alias']}}}}}"


def test_12_copies_have_new_ids_and_point_inside_themselves(org: Organization) -> None:
    """T-15.1. T-5.22"""
    original = rich_template(org)
    # The label changes, the alias does not: the copy's fresh alias differs and variables must follow (T-15.3).
    boat = {**original["prerun"][0], "label": "Ship"}
    original = org.api.data("PUT", f"/checklists/{original['id']}", {"title": "Boat hire", "prerun": [boat]})
    original = org.api.data("GET", f"/checklists/{original['id']}?with=steps,stages,tags")

    copies = [org.api.data("POST", f"/checklists/{original['id']}/clone") for _ in range(2)]

    whole = [org.api.data("GET", f"/checklists/{each['id']}?with=steps,stages,tags") for each in copies]
    for copy in whole:
        check_references(copy)
        assert copy["title"] == "COPY OF - Boat hire" and copy["prerun"][0]["alias"] == "ship-1"
        for kept in ("folder_id", "users", "webhook", "can_add_oot", "type"):
            assert copy[kept] == original[kept]
        for reset, value in (("is_public", False), ("starred", False), ("started_processes", 0), ("is_pinned", False)):
            assert copy[reset] == value
        assert copy["steps"]["data"][0]["assignees"] == [org.admin.id]
        assert copy["steps"]["data"][0]["guests"] == ["a@b.test"]
        assert [tag["title"] for tag in copy["tags"]["data"]] == ["Urgent"]
        step = org.api.data("GET", f"/checklists/{copy['id']}/steps/{copy['steps']['data'][0]['id']}?with=tags")
        assert [tag["title"] for tag in step["tags"]["data"]] == ["Urgent"]
    everything = [ids_in(each) for each in (original, *whole)]
    assert len(set.union(*everything)) == sum(len(each) for each in everything)
    assert len({each["alias"] for each in (original, *whole)}) == 3


def test_a_copy_keeps_the_permission_lists(org: Organization) -> None:
    template, ines = org.template(), org.person()
    org.allow(template, "LAUNCH", ines.id)

    copy = org.api.data("POST", f"/checklists/{template['id']}/clone", {"title": "Mine"})

    assert copy["title"] == "Mine"
    assert ines.api.get(f"/checklists/{copy['id']}").status_code == 200


def test_a_clone_body_may_be_a_form(org: Organization) -> None:
    template = org.template()
    answer = org.api.request("POST", f"/checklists/{template['id']}/clone", data={"tenant": org.id, "title": "Form"})
    assert answer.status_code == 201 and answer.json()["data"]["title"] == "Form"


def test_long_titles_are_cut_and_bad_ones_refused(org: Organization) -> None:
    """T-15.1"""
    template = org.template("x" * 250)
    path = f"/checklists/{template['id']}/clone"
    assert len(org.api.data("POST", path)["title"]) == 250
    assert org.api.post(path, {"title": "y" * 251}).status_code == 422
    assert org.api.post(path, {"tenant": "somewhere"}).status_code == 422


@pytest.mark.parametrize(
    ("public", "member", "lists", "status"),
    [
        pytest.param(True, False, (), 201, id="DEC-57 public, a stranger"),
        pytest.param(False, False, (), 404, id="DEC-57 not public, a stranger"),
        pytest.param(False, True, (), 404, id="DEC-57 a member in no list"),
        pytest.param(False, True, ("READ",), 403, id="DEC-57 a member without DUPLICATE"),
        pytest.param(False, True, ("READ", "DUPLICATE"), 201, id="DEC-57 a member with DUPLICATE"),
        pytest.param(True, True, (), 201, id="DEC-57 public, a member in no list"),
    ],
)
def test_copying_from_another_organization(
    org: Organization, other_org: Organization, public: bool, member: bool, lists: tuple[str, ...], status: int
) -> None:
    theirs = rich_template(other_org)
    other_org.api.data("PUT", f"/checklists/{theirs['id']}", {"title": "Boat hire", "is_public": public})
    caller = org.person("standard")
    if member:
        other_org.join(caller)
    for permission in lists:
        other_org.allow(theirs, permission, caller.id)
    org.tag("urgent")

    answer = caller.api.post(f"/checklists/{theirs['id']}/clone", {"tenant": other_org.id})

    assert answer.status_code == status
    if status == 201:
        copy = org.api.data("GET", f"/checklists/{answer.json()['data']['id']}?with=steps,stages,tags")
        check_references(copy)
        assert copy["users"] == [] and copy["folder_id"] is None and copy["owner_id"] == caller.id
        assert copy["steps"]["data"][0]["assignees"] == copy["steps"]["data"][0]["guests"] == []
        assert [tag["title"] for tag in copy["tags"]["data"]] == ["urgent"], "the tag of that name is used"


def test_who_may_not_create_here_does_not_copy(org: Organization, other_org: Organization) -> None:
    theirs = other_org.template(is_public=True)
    body = {"tenant": other_org.id}
    assert org.person("light").api.post(f"/checklists/{theirs['id']}/clone", body).status_code == 403
    assert org.api.post(f"/checklists/{theirs['id']}/clone", {"tenant": "f" * 32}).status_code == 404
    assert org.api.post(f"/checklists/{theirs['id']}/clone").status_code == 404


EXPORT_LEAVES_OUT = (
    "id", "owner_id", "created_by", "alias", "steps_count", "industry_tags", "topic_tags", "folder_id",
    "kickoff_title", "kickoff_description", "started_processes", "created_at", "last_updated", "archived_at",
)  # fmt: skip


@pytest.mark.parametrize("wrapped", [True, False], ids=["steps wrapped", "steps bare"])
def test_14_an_export_is_imported_with_new_ids(org: Organization, other_org: Organization, wrapped: bool) -> None:
    original = rich_template(org)
    exported = {name: value for name, value in original.items() if name not in EXPORT_LEAVES_OUT}
    if not wrapped:
        exported["steps"] = exported["steps"]["data"]

    plain = org.api.post("/checklists", exported)
    made = other_org.api.data("POST", "/checklists?import=1", exported)

    assert plain.status_code == 201 and plain.json()["data"]["steps_count"] == 0
    assert {"body:steps", "body:automated_actions"} <= set(plain.headers["X-Ignored-Params"].split(", "))
    imported = other_org.api.data("GET", f"/checklists/{made['id']}?with=steps,stages,tags")
    check_references(imported)
    assert ids_in(imported).isdisjoint(ids_in(original))
    weigh, label = imported["steps"]["data"]
    assert weigh["guests"] == ["a@b.test"] and weigh["assignees"] == [], "strangers stay behind"
    assert [field["label"] for field in label["captures"]] == ["Kilos"]
    assert imported["is_public"] is True and imported["webhook"] == original["webhook"]
    back = org.api.data("POST", "/checklists?import=1", exported)
    assert back["users"] == [org.admin.id]


def test_t_15_5_tags_travel_by_id_or_title(org: Organization, other_org: Organization) -> None:
    """Of the template and of its steps; what is missing is made by administrators, others are told of it."""
    exported, member = rich_template(org), org.person()
    [of_template], [of_step] = (each["tags"]["data"] for each in (exported, exported["steps"]["data"][0]))
    assert of_template["title"] == of_step["title"] == "Urgent" and exported["steps"]["data"][1]["tags"] == {"data": []}
    org.api.data("PUT", f"/tags/{of_step['tag_id']}", {"title": "Very urgent"})
    others = [{"title": "a", "tags": ["very URGENT", of_step["tag_id"]]}, {"title": "b", "tags": ["Gone", 7, {}]}]

    def imported(into: Organization, body: dict[str, Any]) -> list[list[str]]:
        made = into.api.data("POST", "/checklists?import=1", {**body, "owner_id": None, "folder_id": None})
        whole = into.api.data("GET", f"/checklists/{made['id']}?with=tags,steps")
        return [[tag["title"] for tag in each["tags"]["data"]] for each in (whole, *whole["steps"]["data"])]

    assert imported(org, exported) == [["Very urgent"], ["Very urgent"], []]
    assert imported(other_org, exported) == [["Urgent"], ["Urgent"], []]
    answer = member.api.post("/checklists?import=1", {"title": "x", "type": "procedure", "steps": others})
    assert answer.headers["X-Ignored-Params"] == "body:steps.1.tags.0, body:steps.1.tags.1, body:steps.1.tags.2"
    made = member.api.data("GET", f"/checklists/{answer.json()['data']['id']}?with=tags,steps")
    assert [len(each["tags"]["data"]) for each in (made, *made["steps"]["data"])] == [0, 1, 0]
    assert imported(org, {"title": "x", "type": "procedure", "tags": ["Gone", "x" * 31], "steps": others}) == [
        ["Gone"], ["Very urgent"], ["Gone"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("steps", "field"),
    [
        pytest.param([{"summary": "x"}], "steps.0.title", id="step without title"),
        pytest.param([{"title": "x"}, {"title": "y", "deadline": 3}], "steps.1.deadline", id="bad deadline"),
        pytest.param([{"title": "x", "captures": [{"label": "L"}]}], "steps.0.captures.0.field_type", id="bad field"),
        pytest.param("all of them", "steps", id="steps are no list"),
        pytest.param(
            [{"title": "x", "deadline": {"value": 1, "unit": "days", "option": "from", "step": "f" * 32}}],
            "steps.0.deadline.step",
            id="a deadline that counts from nothing",
        ),
    ],
)
def test_a_bad_import_makes_nothing(org: Organization, steps: Any, field: str) -> None:
    with unchanged(org):
        refused = org.api.post("/checklists?import=1", {"title": "x", "type": "procedure", "steps": steps})

    assert_refused(refused, 422)
    assert field in refused.json()["errors"]


def test_t_15_5_what_rules_do_not_fit_any_more_is_no_reason_to_refuse_an_import(org: Organization) -> None:
    """A-2.26: a step that has come to close by itself, dates and people that are short texts by now."""
    kinds = (("Day", "date"), ("Who", "assignees_form"))
    captures = [text_field(label=label, field_type=kind) for label, kind in kinds]
    template = org.template("Ferry", steps=[{"title": "Load", "captures": captures}, "Sail"])
    load, sail = (step["id"] for step in template["steps"])
    day, who = (field["id"] for field in template["steps"][0]["captures"])
    path, due = f"/checklists/{template['id']}", {"value": 1, "unit": "days", "option": "from"}
    asked = {"conditionable_type": "Step", "conditionable_id": load, "operation": "overdue", "statement": None}
    actions = [
        {"action_type": "deadline", "action_verb": "deadline", "deadline": due, "actionable_id": day},
        {"action_type": "assignment", "action_verb": "assign", "actionable_id": who},
    ]
    told = [{**each, "target_step_id": sail, "actionable_type": "Capture"} for each in actions]
    rule = {"automated_alias": "Late", "conditions": [{**asked, "logic": "and"}], "then_actions": told}
    org.api.data("POST", f"{path}/automated-actions", rule)
    org.api.data("PUT", f"{path}/steps/{load}", {"title": "Load", "step_type": "expiring"})
    for field, (label, _) in zip((day, who), kinds, strict=True):
        org.api.data("PUT", f"{path}/steps/{load}/captures/{field}", text_field(label=label))

    made = org.api.data("POST", "/checklists?import=1", org.api.data("GET", f"{path}?with=steps"))

    [kept] = made["automated_actions"]
    assert [each["operation"] for each in kept["conditions"]] == ["overdue"]
    fields = [each["id"] for each in org.api.data("GET", f"/checklists/{made['id']}/steps")[0]["captures"]]
    assert [each["actionable_id"] for each in kept["then_actions"]] == fields
    org.process(made)
