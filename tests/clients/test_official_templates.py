"""Templates through the official Python client: template, steps, kick-off fields, form fields."""

from typing import Any

import pytest

from .official import Office, assert_all_filled, assert_filled, assert_refused, every_page, ids

OPTIONS = [{"id": 1, "text": "Goods"}, {"id": 2, "text": "Services"}]
# One field of each type with what it cannot do without.
FIELDS: dict[str, dict[str, Any]] = {
    "text": {"prefix": "No.", "suffix": "EU", "field_validation": ["numeric"]},
    "textarea": {"use_wysiwyg_editor": False},
    "radio": {"options": OPTIONS},
    "dropdown": {"options": OPTIONS},
    "multiselect": {"options": OPTIONS, "settings": {"all_must_be_checked": True}},
    "date": {"collect_time": True},
    "email": {},
    "file": {},
    "table": {"columns": [{"id": 1, "label": "Item"}, {"id": 2, "label": "Price"}]},
    "assignees_form": {},
}


def with_a_step(office: Office, title: str = "Check papers") -> tuple[str, str]:
    """A template with one step; their ids."""
    template = office.sdk.create_template(office.id, "Vendor intake")
    step = office.sdk.add_step_to_template(office.id, template.id, {"title": title})
    return template.id, step["id"]


@pytest.mark.parametrize("kind", ["procedure", "form", "document"])
def test_a_template_is_created_as_it_was_described(office: Office, kind: str) -> None:
    owner = office.organization.person("standard")

    made = office.sdk.create_template(
        office.id,
        "Vendor intake",
        type=kind,
        summary="<p>Bring a vendor on board</p>",
        owner_id=owner.id,
        guidance="Once per vendor",
        icon="fa-truck",
        starred=True,
        is_public=True,
    )

    assert_filled(made, office.sdk.answer["data"])
    assert (made.title, made.type, made.summary) == ("Vendor intake", kind, "<p>Bring a vendor on board</p>")
    assert (made.owner_id, made.created_by, made.guidance, made.icon) == (
        owner.id,
        office.admin,
        "Once per vendor",
        "fa-truck",
    )
    assert (made.starred, made.is_public, made.archived_at) == (True, True, None)
    assert made.prerun == made.automated_actions == made.steps == made.tags == []


def test_a_template_is_read_with_steps_fields_and_tags(office: Office) -> None:
    sdk, org = office.sdk, office.id
    template_id, step_id = with_a_step(office)
    sdk.add_form_field_to_step(org, template_id, step_id, {"field_type": "text", "label": "IBAN", "required": False})
    sdk.update_template_metadata(
        org,
        template_id,
        title="Vendor intake",
        prerun=[{"label": "Vendor", "field_type": "text", "required": True, "guidance": "As registered"}],
    )
    tag = sdk.create_tag(org, "Finance", "#3366ff")
    sdk.tag_template(org, template_id, tag.id)

    read = sdk.get_template(org, template_id)

    assert_filled(read, sdk.answer["data"])
    [field] = read.prerun
    assert (field.alias.rsplit("-", 1)[0], field.field_type, field.required, field.position) == (
        "vendor",
        "text",
        True,
        1,
    )
    assert (field.guidance, field.checklist_id, field.extra["label"]) == ("As registered", template_id, "Vendor")
    [step] = read.steps
    assert (step.id, step.title, step.step_type, step.position) == (step_id, "Check papers", "task", 1)
    assert (step.assignees, step.guests, step.groups, step.assign_run_starter) == ([], [], [], True)
    assert (step.deadline.value, step.deadline.unit, step.deadline.option, step.deadline.step) == (
        5,
        "days",
        "from",
        "start_run",
    )
    assert [(each.label, each.step_id) for each in step.captures] == [("IBAN", step_id)]
    assert [(each.title, each.color, each.extra["tag_id"]) for each in read.tags] == [("Finance", "#3366ff", tag.id)]


def test_template_and_steps_come_together(office: Office) -> None:
    template_id, step_id = with_a_step(office)

    whole = office.sdk.get_template_with_steps(office.id, template_id)

    assert whole["template"].id == template_id
    assert [step.id for step in whole["template"].steps] == [step_id]
    assert whole["raw_data"]["steps_count"] == 1
    assert (whole["automation_count"], whole["prerun_field_count"]) == (0, 0)


def test_all_templates_are_listed_page_by_page(office: Office) -> None:
    made = {office.sdk.create_template(office.id, f"Template {number}").id for number in range(7)}

    listed = every_page(lambda page: office.sdk.templates.get_all_templates(office.id, per_page=3, page=page))

    assert len(listed) == len(made) and {each.id for each in listed} == made
    assert office.sdk.get_all_templates(office.id).count == 7
    assert_all_filled(office.sdk.get_all_templates(office.id).data, office.sdk.answer["data"])


def test_templates_are_listed_by_folder(office: Office) -> None:
    sdk, org = office.sdk, office.id
    inside, outside = sdk.create_template(org, "Inside"), sdk.create_template(org, "Outside")
    folder = sdk.create_folder(org, "Purchasing")

    assert sdk.add_object_to_folder(org, folder.id, inside.id, "checklist") is True

    assert ids(sdk.get_all_templates(org, folder=folder.id).data) == [inside.id]
    assert set(ids(sdk.get_all_templates(org).data)) == {inside.id, outside.id}


def test_template_settings_are_changed_and_the_rest_stays(office: Office) -> None:
    sdk, org = office.sdk, office.id
    colleague = office.organization.person("standard")
    group = sdk.create_group(org, "Buyers")
    template = sdk.create_template(org, "Vendor intake", summary="Before")
    sdk.update_template_metadata(org, template.id, title="Vendor intake", users=[colleague.id], groups=[group.id])

    changed = sdk.update_template_metadata(
        org,
        template.id,
        title="Vendor intake 2",
        default_process_name_format="Vendor {{run_date}}",
        auto_naming=True,
        is_pinned=True,
        kickoff_title="Tell us",
        webhook="https://hooks.example.com/vendor",
    )

    assert_filled(changed, sdk.answer["data"])
    assert (changed.title, changed.summary, changed.kickoff_title) == ("Vendor intake 2", "Before", "Tell us")
    assert (changed.auto_naming, changed.is_pinned, changed.webhook) == (True, True, "https://hooks.example.com/vendor")
    assert (changed.users, changed.groups) == ([colleague.id], [group.id])
    assert changed.default_process_name_format == "Vendor {{run_date}}"


def test_a_template_is_duplicated_with_its_steps(office: Office) -> None:
    template_id, step_id = with_a_step(office)

    copy = office.sdk.duplicate_template(office.id, template_id, "Vendor intake, north", tenant=office.id)

    assert_filled(copy, office.sdk.answer["data"])
    assert copy.id != template_id and copy.title == "Vendor intake, north"
    [step] = office.sdk.get_template_steps(office.id, copy.id)
    assert step.id != step_id and step.title == "Check papers"


def test_archiving_a_template_names_the_texts_that_showed_it(office: Office) -> None:
    sdk, org = office.sdk, office.id
    template_id, _ = with_a_step(office)

    assert sdk.delete_template_with_references(org, template_id)["deleted_references"] == []

    assert_refused(404, lambda: sdk.get_template(org, template_id))
    assert sdk.get_all_templates(org).data == []
    assert sdk.delete_template(org, sdk.create_template(org, "Another").id) is True


def test_every_page_of_a_long_template_is_walked(office: Office) -> None:
    titles = [f"Step {number}" for number in range(1, 104)]
    template = office.organization.template("Long", steps=titles)

    steps = office.sdk.get_template_steps(office.id, template["id"])

    assert [step.title for step in steps] == titles
    assert [step.position for step in steps] == list(range(1, 104))


def test_a_step_is_created_with_its_settings(office: Office) -> None:
    sdk, org = office.sdk, office.id
    person = office.organization.person("light")
    group = sdk.create_group(org, "Buyers", members=[office.admin])
    tag = sdk.create_tag(org, "Slow")
    template_id, first = with_a_step(office)

    sdk.add_step_to_template(
        org,
        template_id,
        {
            "title": "Approve",
            "summary": "<p>Look twice</p>",
            "step_type": "approval",
            "assignees": [person.id],
            "guests": ["ana@partner.example"],
            "groups": [group.id],
            "tags": [tag.id],
            "max_assignable": 9,
            "everyone_must_complete": True,
            "can_complete_only_assignees": True,
            "prevent_guest_comment": True,
            "assign_run_starter": False,
            "top_secret": True,
            "webhook": "https://hooks.example.com/approve",
            "deadline": {"value": 2, "unit": "weeks", "option": "from", "step": first},
            "start_date": {"value": 3, "unit": "days"},
            "is_soft_start_date": False,
        },
    )

    step = sdk.get_template_steps(org, template_id)[1]
    assert_filled(step, sdk.answer["data"][1])
    assert (step.title, step.summary, step.step_type, step.position) == ("Approve", "<p>Look twice</p>", "approval", 2)
    assert (step.assignees, step.guests, step.groups) == ([person.id], ["ana@partner.example"], [group.id])
    assert (step.max_assignable, step.everyone_must_complete, step.can_complete_only_assignees) == (9, True, True)
    assert (step.prevent_guest_comment, step.assign_run_starter, step.is_soft_start_date) == (True, False, False)
    assert (step.deadline.value, step.deadline.unit, step.deadline.step) == (2, "weeks", first)
    assert (step.start_date.value, step.start_date.unit) == (3, "days")
    assert (step.webhook, step.extra["top_secret"]) == ("https://hooks.example.com/approve", True)


def test_a_step_keeps_its_people_when_its_text_changes(office: Office) -> None:
    sdk, org = office.sdk, office.id
    group = sdk.create_group(org, "Buyers")
    template_id, step_id = with_a_step(office)
    person = office.organization.person("standard")
    step = f"/checklists/{template_id}/steps/{step_id}"
    office.organization.api.put(step, {"title": "Check papers", "groups": [group.id]}).raise_for_status()

    added = sdk.add_assignees_to_step(org, template_id, step_id, [person.id], guests=["ana@partner.example"])
    described = sdk.edit_description_on_step(org, template_id, step_id, "By phone")

    assert (added["assignees"], added["guests"], added["groups"]) == (
        [person.id],
        ["ana@partner.example"],
        [group.id],
    )
    assert {**described, "last_updated": ""} == {**added, "summary": "By phone", "last_updated": ""}


def test_steps_are_copied_moved_and_deleted(office: Office) -> None:
    sdk, org = office.sdk, office.id
    template_id, first = with_a_step(office, "First")
    second = sdk.add_step_to_template(org, template_id, {"title": "Second"})["id"]

    copy = sdk.clone_step(org, template_id, first)
    assert ids(sdk.get_template_steps(org, template_id)) == [first, copy["id"], second]

    assert sdk.reorder_step(org, template_id, second, 1)["position"] == 1
    assert ids(sdk.get_template_steps(org, template_id)) == [second, first, copy["id"]]

    assert sdk.delete_step(org, template_id, first) is True
    assert [(step.id, step.position) for step in sdk.get_template_steps(org, template_id)] == [
        (second, 1),
        (copy["id"], 2),
    ]


def test_a_step_that_another_deadline_waits_for_is_not_deleted(office: Office) -> None:
    sdk, org = office.sdk, office.id
    template_id, first = with_a_step(office)
    deadline = {"value": 1, "unit": "days", "option": "from", "step": first}
    sdk.add_step_to_template(org, template_id, {"title": "Later", "deadline": deadline})

    assert_refused(403, lambda: sdk.delete_step(org, template_id, first), saying="deadline")


@pytest.mark.parametrize("kind", list(FIELDS))
def test_a_form_field_of_every_type_is_added_and_read(office: Office, kind: str) -> None:
    sdk, org = office.sdk, office.id
    template_id, step_id = with_a_step(office)
    wanted = {"field_type": kind, "label": "Answer", "required": True, "guidance": "Briefly", **FIELDS[kind]}

    made = sdk.add_form_field_to_step(org, template_id, step_id, wanted)

    assert_filled(made, sdk.answer["data"])
    assert (made.step_id, made.field_type, made.label, made.required) == (step_id, kind, "Answer", True)
    assert [each["text"] for each in made.options] == [each["text"] for each in FIELDS[kind].get("options", [])]
    assert made.columns == FIELDS[kind].get("columns", [])
    assert {key: sdk.answer["data"][key] for key in wanted if key not in ("options", "columns")} == {
        key: value for key, value in wanted.items() if key not in ("options", "columns")
    }
    read = sdk.form_fields.get_step(org, template_id, step_id)
    assert read.captures == [made]


def test_a_form_field_is_changed_moved_and_deleted(office: Office) -> None:
    sdk, org = office.sdk, office.id
    template_id, first = with_a_step(office)
    second = sdk.add_step_to_template(org, template_id, {"title": "Second"})["id"]
    field = sdk.add_form_field_to_step(org, template_id, first, {"field_type": "text", "label": "IBAN"})

    changed = sdk.update_form_field(
        org, template_id, first, field.id, field_type="text", label="Account", required=False, guidance="22 characters"
    )
    assert (changed.id, changed.label, changed.required, changed.guidance) == (
        field.id,
        "Account",
        False,
        "22 characters",
    )

    assert sdk.move_form_field(org, template_id, first, field.id, second) is True
    assert [ids(step.captures) for step in sdk.get_template_steps(org, template_id)] == [[], [field.id]]

    assert sdk.delete_form_field(org, template_id, second, field.id) is True
    assert sdk.form_fields.get_step(org, template_id, second).captures == []


def test_form_fields_are_put_in_another_order(office: Office) -> None:
    sdk, org = office.sdk, office.id
    template_id, step_id = with_a_step(office)
    made = [
        sdk.add_form_field_to_step(
            org, template_id, step_id, {"field_type": "text", "label": label, "position": place}
        ).id
        for place, label in enumerate("abc", start=1)
    ]

    order = [{"id": made[2], "position": 1}, {"id": made[0], "position": 2}, {"id": made[1], "position": 3}]
    assert sdk.reorder_form_fields(org, template_id, step_id, order) is True

    assert ids(sdk.form_fields.get_step(org, template_id, step_id).captures) == [made[2], made[0], made[1]]


def test_the_options_of_a_dropdown_are_kept_up(office: Office) -> None:
    sdk, org = office.sdk, office.id
    template_id, step_id = with_a_step(office)
    field = sdk.add_form_field_to_step(
        org, template_id, step_id, {"field_type": "dropdown", "label": "Kind", "options": OPTIONS}
    )
    place = (org, template_id, step_id, field.id)

    assert sdk.get_dropdown_options(*place) == ["Goods", "Services"]
    assert sdk.form_fields.add_dropdown_option(*place, "Works", position=0)
    assert sdk.form_fields.remove_dropdown_option(*place, "Goods")
    assert sdk.form_fields.reorder_dropdown_options(*place, ["Services", "Works"])
    assert sdk.get_dropdown_options(*place) == ["Services", "Works"]

    assert sdk.update_dropdown_options(*place, ["One", "Two"])
    [read] = sdk.form_fields.get_step(org, template_id, step_id).captures
    assert [(each["id"], each["text"]) for each in read.options] == [(1, "One"), (2, "Two")]
    assert (read.id, read.label) == (field.id, "Kind")


def test_kick_off_fields_are_read_apart_from_those_of_steps(office: Office) -> None:
    sdk, org = office.sdk, office.id
    template_id, step_id = with_a_step(office)
    sdk.add_form_field_to_step(org, template_id, step_id, {"field_type": "text", "label": "IBAN"})
    kickoff = [
        {"label": "Vendor", "field_type": "text", "required": True},
        {"label": "Kind", "field_type": "radio", "required": False, "options": OPTIONS},
    ]
    changed = sdk.update_template_metadata(org, template_id, title="Vendor intake", prerun=kickoff)

    fields = sdk.get_kickoff_form_fields(org, template_id)

    assert [(each["label"], each["required"]) for each in fields] == [("Vendor", True), ("Kind", False)]
    assert [each["id"] for each in fields] == ids(changed.prerun)


def test_a_template_without_rules_has_no_step_dependencies(office: Office) -> None:
    template_id, step_id = with_a_step(office)

    found = office.sdk.get_step_dependencies(office.id, template_id, step_id)

    assert found["step_info"] == {"id": step_id, "title": "Check papers", "position": 1, "summary": None}
    assert found["complexity_analysis"]["total_dependencies"] == 0


def test_refusals_about_templates_carry_their_status(office: Office) -> None:
    sdk, org = office.sdk, office.id
    template_id, _ = with_a_step(office)
    light = office.organization.person("light")

    assert_refused(404, lambda: sdk.get_template(org, "f" * 32))
    assert_refused(422, lambda: sdk.create_template(org, "x" * 251), saying="invalid")
    assert_refused(422, lambda: sdk.update_template_metadata(org, template_id, summary="No title"))
    with office.client(office.organization.token(light.id)) as theirs:
        assert_refused(403, lambda: theirs.create_template(org, "Not mine to make"))
        assert_refused(404, lambda: theirs.get_template(org, template_id))
