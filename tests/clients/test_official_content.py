"""Tags and folders through the official Python client."""

import pytest

from .official import Office, assert_filled, assert_refused, ids


def test_a_tag_is_created_read_changed_and_deleted(office: Office) -> None:
    sdk, org = office.sdk, office.id

    made = sdk.create_tag(org, "EMEA", "#3366ff")
    assert_filled(made, sdk.answer["data"])
    assert (made.title, made.color, made.auto_generated, made.deleted_at) == ("EMEA", "#3366ff", False, None)
    assert sdk.get_tag(org, made.id) == made

    assert sdk.update_tag(org, made.id, color="#112233").color == "#112233"
    renamed = sdk.update_tag(org, made.id, title="Europe")
    assert_filled(renamed, sdk.answer["data"])
    assert (renamed.title, renamed.color) == ("Europe", "#112233")

    assert sdk.delete_tag(org, made.id) is True
    assert_refused(404, lambda: sdk.get_tag(org, made.id))


def test_every_tag_is_listed(office: Office) -> None:
    sdk, org = office.sdk, office.id
    titles = ["Alpha", "Beta", "from:Vendor intake", "Gamma"]
    made = {title: sdk.create_tag(org, title).id for title in titles}

    assert [tag.title for tag in sdk.get_tags(org)] == ["Alpha", "Beta", "Gamma"]
    assert [tag.title for tag in sdk.get_tags(org, per_page=1)] == ["Alpha", "Beta", "Gamma"]
    assert [tag.title for tag in sdk.get_tags(org, page=2, per_page=2)] == ["Gamma"]
    assert ids(sdk.get_tags(org, q="BET")) == [made["Beta"]]
    assert [tag.title for tag in sdk.get_tags(org, sort="-created_at")] == ["Gamma", "Beta", "Alpha"]
    assert ids(sdk.get_tags(org, status="active", auto_generated=False)) == [
        made[t] for t in ("Alpha", "Beta", "Gamma")
    ]
    [automatic] = sdk.get_tags(org, auto_generated=True)
    assert (automatic.title, automatic.auto_generated) == ("from:Vendor intake", True)


def test_a_process_is_tagged_and_untagged(office: Office) -> None:
    sdk, org = office.sdk, office.id
    run = sdk.launch_process(org, office.organization.template(steps=["One"])["id"], "Brightwater")
    tag = sdk.create_tag(org, "EMEA")

    assert sdk.tag_process(org, run.id, tag.id) is True
    assert sdk.tag_process(org, run.id, tag.id, tag_type="public") is True
    assert ids(sdk.get_organization_runs(org, tag=tag.id).data) == [run.id]

    assert sdk.untag_process(org, run.id, tag.id) is True
    assert sdk.get_organization_runs(org, tag=tag.id).data == []
    with pytest.raises(ValueError, match="not found on process"):
        sdk.untag_process(org, run.id, tag.id)


def test_a_template_is_tagged_and_untagged(office: Office) -> None:
    sdk, org = office.sdk, office.id
    template = sdk.create_template(org, "Vendor intake")
    tag = sdk.create_tag(org, "EMEA")

    assert sdk.tag_template(org, template.id, tag.id) is True
    [attached] = sdk.get_template(org, template.id).tags
    assert (attached.title, attached.extra["tag_id"]) == ("EMEA", tag.id) and type(attached.id) is int

    assert sdk.untag_template(org, tag.id, template_id=template.id) is True
    assert sdk.get_template(org, template.id).tags == []


def test_a_folder_is_created_read_moved_and_deleted(office: Office) -> None:
    sdk, org = office.sdk, office.id
    top = sdk.create_folder(org, "Purchasing")
    assert_filled(top, sdk.answer["data"])
    assert (top.name, top.parent_id, top.parent, top.total) == ("Purchasing", None, None, 0)
    assert (top.folder_type, top.children) == ("checklist", None)

    inner = sdk.create_folder(org, "North", parent_id=top.id)
    assert (inner.parent_id, sdk.get_folder(org, inner.id)) == (top.id, inner)
    renamed = sdk.update_folder(org, inner.id, name="South")
    assert_filled(renamed, sdk.answer["data"])
    assert (renamed.name, renamed.parent_id) == ("South", top.id)
    other = sdk.create_folder(org, "Sales")
    assert (sdk.update_folder(org, inner.id, parent_id=other.id).name, inner.parent_id) == ("South", top.id)

    assert sdk.delete_folder(org, other.id) is True
    assert_refused(404, lambda: sdk.get_folder(org, other.id))
    assert sdk.get_folder(org, inner.id).parent_id is None


def test_folders_are_listed_as_a_tree(office: Office) -> None:
    sdk, org = office.sdk, office.id
    top = sdk.create_folder(org, "Purchasing")
    inner = sdk.create_folder(org, "North", parent_id=top.id)
    deepest = sdk.create_folder(org, "Harbour", parent_id=inner.id)
    last = sdk.create_folder(org, "Sales")
    office.organization.folder("Running", kind="run")

    first, second = sdk.get_folders(org)

    assert_filled(first, sdk.answer["data"][0])
    assert (first.id, second.id, second.children or []) == (top.id, last.id, [])
    [child] = first.children
    assert (child.id, ids(child.children)) == (inner.id, [deepest.id])
    assert [folder.name for folder in sdk.get_folders(org, folder_type="run")] == ["Running"]


def test_a_process_is_filed_and_taken_out_by_the_relation(office: Office) -> None:
    sdk, org = office.sdk, office.id
    run = sdk.launch_process(org, office.organization.template(steps=["One"])["id"], "Brightwater")
    folder = office.organization.folder("Running", kind="run")

    relation = sdk.add_object_to_folder(org, folder["id"], run.id, "run")

    assert (relation["folder_id"], relation["subject_id"], relation["subject_type"]) == (folder["id"], run.id, "Run")
    assert type(relation["id"]) is int
    assert ids(sdk.get_organization_runs(org, folder=folder["id"]).data) == [run.id]
    assert sdk.get_folder(org, folder["id"]).total == 1
    assert sdk.remove_object_from_folder(org, relation["id"]) is True
    assert sdk.get_organization_runs(org, folder=folder["id"]).data == []
    assert_refused(404, lambda: sdk.remove_object_from_folder(org, relation["id"]))


def test_refusals_about_tags_and_folders_carry_their_status(office: Office) -> None:
    sdk, org, organization = office.sdk, office.id, office.organization
    sdk.create_tag(org, "EMEA")
    run = sdk.launch_process(org, organization.template(steps=["One"])["id"], "Brightwater")
    templates_only = sdk.create_folder(org, "Purchasing")

    assert_refused(422, lambda: sdk.create_tag(org, "emea"))
    assert_refused(422, lambda: sdk.create_tag(org, "Blue", "blue"))
    assert_refused(422, lambda: sdk.tag_process(org, run.id, "f" * 32))
    assert_refused(422, lambda: sdk.add_object_to_folder(org, templates_only.id, run.id, "run"))
    assert_refused(422, lambda: sdk.update_folder(org, templates_only.id, parent_id=templates_only.id))
    with office.client(organization.token(organization.person("standard").id)) as theirs:
        assert_refused(403, lambda: theirs.create_tag(org, "Mine"))
