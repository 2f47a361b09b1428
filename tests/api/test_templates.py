"""Templates: create, read, list, change, archive, delete. Spec: api-templates 2, 3, 12; behaviour-templates 1-4."""

from typing import Any

import pytest

from procession.domain.times import DAY, wire
from tests.api.refusals import assert_refused, unchanged
from tests.api.test_template_lists import titles
from tests.builders import Organization, Person, text_field
from tests.harness import Api


def test_1_a_template_is_created_and_read(api: Api) -> None:
    made = api.data("POST", "/checklists", {"title": "Supplier setup", "type": "procedure"})

    assert api.data("GET", f"/checklists/{made['id']}") == made
    assert made["status"] is None and made["can_add_oot"] is True and made["steps_count"] == 0
    assert made["alias"].startswith("supplier-setup-")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param({"type": "procedure"}, "title", id="T3 no title"),
        pytest.param({"title": "", "type": "procedure"}, "title", id="T3 empty title"),
        pytest.param({"title": " \u200b ", "type": "procedure"}, "title", id="T3 blank title"),
        pytest.param({"title": "x" * 251, "type": "procedure"}, "title", id="T3 251 characters"),
        pytest.param({"title": "x"}, "type", id="T-1.1 no type"),
        pytest.param({"title": "x", "type": "recipe"}, "type", id="T-1.1 unknown type"),
        pytest.param({"title": "x", "type": "form", "summary": "y" * 2001}, "summary", id="T3 long summary"),
        pytest.param({"title": "x", "type": "form", "webhook": "ftp://a"}, "webhook", id="T3 webhook is no URL"),
        pytest.param({"title": "x", "type": "form", "owner_id": 999999999}, "owner_id", id="T-1.4 foreign owner"),
        pytest.param({"title": "x", "type": "form", "users": [999999999]}, "users.0", id="T3 foreign user"),
        pytest.param({"title": "x", "type": "form", "groups": ["f" * 32]}, "groups.0", id="T3 unknown group"),
        pytest.param({"title": "x", "type": "form", "folder_id": "f" * 32}, "folder_id", id="T3 unknown folder"),
        pytest.param({"title": "x", "type": "form", "starred": "perhaps"}, "starred", id="T3 flag is no flag"),
        pytest.param(
            {"title": "x", "type": "form", "default_process_name_format": "y" * 551},
            "default_process_name_format",
            id="T3 long name format",
        ),
        pytest.param(
            {"title": "x", "type": "form", "prerun": [{"field_type": "text"}]},
            "prerun.0.label",
            id="T3 field without label",
        ),
        pytest.param(
            {"title": "x", "type": "form", "prerun": [text_field(), text_field(field_type="radio")]},
            "prerun.1.options",
            id="T3 radio without options",
        ),
    ],
)
def test_a_bad_template_is_refused_naming_the_field(org: Organization, body: dict[str, Any], field: str) -> None:
    with unchanged(org):
        refused = org.api.post("/checklists", body)

    assert_refused(refused, 422)
    assert field in refused.json()["errors"]


def test_bodies_are_read_leniently(org: Organization) -> None:
    """Spec: api-templates 1: numeric strings, word booleans, empty texts, unknown keys, forms."""
    body = {"title": "x", "type": "form", "users": [str(org.admin.id)], "auto_naming": "1", "summary": "", "id": "7"}

    answer = org.api.post("/checklists", body)
    form = org.api.request("POST", "/checklists", data={"title": "y", "type": "form", "is_public": "true"})

    assert answer.json()["data"]["users"] == [org.admin.id]
    assert answer.json()["data"]["auto_naming"] is True and answer.json()["data"]["summary"] is None
    assert answer.headers["X-Ignored-Params"] == "body:id"
    assert form.json()["data"]["is_public"] is True


def test_1_every_update_needs_the_title(org: Organization) -> None:
    """T-1.5"""
    template = org.template()

    refused = org.api.put(f"/checklists/{template['id']}", {"summary": "lost?"})

    assert refused.status_code == 422 and "title" in refused.json()["errors"]
    assert org.api.data("GET", f"/checklists/{template['id']}")["summary"] is None


def test_2_what_an_update_does_not_mention_stays(org: Organization) -> None:
    """T-2.10: omitted lists stay, `[]` clears them."""
    template = org.template(
        users=[org.admin.id], kickoff=[{"label": "Supplier"}], steps=["Call"], guidance="<p>Hi</p>", auto_naming=True
    )
    path = f"/checklists/{template['id']}"

    changed = org.api.data("PUT", path, {"title": "New", "summary": "Short"})
    cleared = org.api.data("PUT", path, {"title": "New", "users": [], "guidance": None})

    assert changed["title"] == "New" and changed["summary"] == "Short"
    for kept in ("users", "prerun", "steps_count", "guidance", "auto_naming", "alias"):
        assert changed[kept] == template[kept]
    assert cleared["users"] == [] and cleared["guidance"] is None and cleared["summary"] == "Short"


def test_a_whole_template_can_be_sent_back(org: Organization) -> None:
    """Whoever was in it before is not asked about again, even when they have left since."""
    template = org.template(kickoff=[{"label": "Supplier"}], steps=["Call"], summary="<b>x</b>", status="Published")
    path = f"/checklists/{template['id']}"
    before = org.api.data("GET", path)

    after = org.api.data("PUT", path, before)

    moving = {"last_updated", "prerun"}
    assert {k: v for k, v in after.items() if k not in moving} == {k: v for k, v in before.items() if k not in moving}
    assert [field["id"] for field in after["prerun"]] == [field["id"] for field in before["prerun"]]


def test_7_kickoff_fields_are_changed_by_id_added_and_kept(org: Organization) -> None:
    template = org.template(kickoff=[{"label": "A"}, {"label": "B"}])
    path, title = f"/checklists/{template['id']}", template["title"]
    a, b = template["prerun"]

    first = org.api.data("PUT", path, {"title": title, "prerun": [{**a, "label": "AA"}, text_field(label="C")]})
    again = org.api.data("PUT", path, {"title": title, "prerun": first["prerun"]})

    assert sorted(field["label"] for field in first["prerun"]) == ["AA", "B", "C"]
    assert first["prerun"][0]["id"] == a["id"] and first["prerun"][0]["alias"] == a["alias"]
    assert b["id"] in [field["id"] for field in first["prerun"]]
    assert [field["id"] for field in again["prerun"]] == [field["id"] for field in first["prerun"]]
    assert [field["position"] for field in again["prerun"]] == [1, 2, 3]


def test_kickoff_fields_are_reordered_by_position(org: Organization) -> None:
    template = org.template(kickoff=[{"label": "A"}, {"label": "B"}, {"label": "C"}])
    a, b, c = template["prerun"]
    sent = [{**a, "position": 3}, {**b, "position": 1}, {**c, "position": 2}]

    answer = org.api.data("PUT", f"/checklists/{template['id']}", {"title": "x", "prerun": sent})

    assert [field["label"] for field in answer["prerun"]] == ["B", "C", "A"]


def test_a_kickoff_field_is_deleted_by_its_own_route(org: Organization) -> None:
    template = org.template(kickoff=[{"label": "A"}, {"label": "B"}])
    path = f"/checklists/{template['id']}"

    assert org.api.delete(f"{path}/preruns/{template['prerun'][0]['id']}").status_code == 200
    assert [f["label"] for f in org.api.data("GET", path)["prerun"]] == ["B"]
    assert org.api.delete(f"{path}/preruns/{template['prerun'][0]['id']}").status_code == 404


def test_t_11_31_a_field_in_the_process_name_stays_required(org: Organization) -> None:
    template = org.template(kickoff=[{"label": "Boat", "required": True}])
    field = template["prerun"][0]
    path = f"/checklists/{template['id']}"
    org.api.put(path, {"title": "x", "default_process_name_format": f"Trip {{{{{field['alias']}}}}}"})

    refused = org.api.put(path, {"title": "x", "prerun": [{**field, "required": False}]})

    assert refused.status_code == 422 and "prerun.0.required" in refused.json()["errors"]


def test_3_archive_restore_and_delete(org: Organization) -> None:
    """T-1.6"""
    template = org.template("Old")
    path = f"/checklists/{template['id']}"
    assert org.api.delete(f"{path}/delete").status_code == 422

    assert org.api.delete(path).json()["deleted_references"] == []
    assert org.api.delete(path).status_code == 200
    assert org.api.get(path).status_code == 404
    assert titles(org.api) == []
    assert titles(org.api, "?archived=only") == titles(org.api, "?archived=true") == ["Old"]
    assert org.api.put(path, {"title": "x"}).status_code == 422

    assert org.api.data("PUT", f"{path}/restore")["archived_at"] is None
    assert org.api.get(path).status_code == 200

    org.api.delete(path)
    assert org.api.delete(f"{path}/delete").status_code == 200
    assert org.api.delete(f"{path}/delete").status_code == 404
    assert titles(org.api, "?archived=true") == []


def test_t_1_8_a_restored_template_is_where_it_was(org: Organization) -> None:
    """Back in its folder while there is one; its recurring launches wait for somebody to resume them."""
    kept, lost = org.folder()["id"], org.folder()["id"]
    there, homeless = org.template(folder_id=kept), org.template(folder_id=lost)
    job = org.api.data(
        "POST", "/recurring-jobs", {"checklist_id": there["id"], "frequency": "daily", "times": ["08:00"]}
    )
    paths = [f"/checklists/{each['id']}" for each in (there, homeless)]
    for path in paths:
        org.api.delete(path).raise_for_status()
    org.api.delete(f"/folders/{lost}").raise_for_status()

    assert [org.api.data("PUT", f"{path}/restore")["folder_id"] for path in paths] == [kept, None]

    assert org.api.data("GET", f"/recurring-jobs/{job['id']}")["is_active"] is False
    org.process(there)


def test_archiving_reports_where_a_template_is_embedded_and_deleting_cuts_it_out(org: Organization) -> None:
    """T-1.7, DEC-63: archived references become inert, only permanent deletion removes them."""
    part = org.template("Part")
    block = f'<span class="insert-blueprint-tag" data-blueprint-id="{part["id"]}">Part</span>'
    holder = org.template("Holder", summary=f"<p>See {block}!</p>", steps=[{"title": "Do", "summary": f"{block} now"}])
    path = f"/checklists/{part['id']}"

    reported = org.api.delete(path).json()["deleted_references"]

    step = holder["steps"][0]
    assert reported == [
        {"type": "Blueprint", "title": "Holder", "id": holder["id"]},
        {"type": "Step", "title": "Do", "id": step["id"]},
    ]
    assert block in org.api.data("GET", f"/checklists/{holder['id']}")["summary"]
    org.api.delete(f"{path}/delete")
    after = org.api.data("GET", f"/checklists/{holder['id']}?with=steps")
    assert after["summary"] == "<p>See !</p>" and after["steps"]["data"][0]["summary"] == " now"


def test_t_3_8_tags_of_the_public_library_are_no_tags_of_the_organization(org: Organization) -> None:
    sent = {"title": "Press", "type": "procedure", "industry_tags": ["Print"], "topic_tags": [{"title": "Books"}]}
    made = org.api.post("/checklists", sent)

    template = made.json()["data"]
    assert (template["industry_tags"], template["topic_tags"]) == ([], [])
    assert made.headers["X-Ignored-Params"] == "body:industry_tags, body:topic_tags"
    link = {"tag_id": org.tag("Print")["id"], "tag_type": "public", "subject_type": "checklist"}
    org.api.data("POST", "/checklists/tags", {**link, "subject_id": template["id"]})
    shown = org.api.data("GET", f"/checklists/{template['id']}?with=tags")
    assert [each["title"] for each in shown["tags"]["data"]] == ["Print"]
    assert (shown["industry_tags"], shown["topic_tags"]) == ([], [])


def test_taking_a_template_out_of_its_folder_unpins_it(org: Organization) -> None:
    """T-1.10."""
    folder = org.api.data("POST", "/folders", {"name": "F"})
    template = org.template(folder_id=folder["id"])
    path = f"/checklists/{template['id']}"
    org.api.put(path, {"title": "x", "is_pinned": True})

    assert org.api.data("PUT", path, {"title": "x", "folder_id": None})["is_pinned"] is False


@pytest.mark.parametrize("wrong", [[{"id": 2}], [[]], [{}], [2], 7, "x"])
def test_default_watchers_of_another_shape_are_refused(org: Organization, wrong: Any) -> None:
    template = org.template()

    for refused in (
        org.api.put(f"/checklists/{template['id']}", {"title": "x", "default_watchers": wrong}),
        org.api.post("/checklists", {"title": "y", "type": "procedure", "default_watchers": wrong}),
    ):
        assert refused.status_code == 422
        assert {name.partition(".")[0] for name in refused.json()["errors"]} == {"default_watchers"}


def test_deleting_its_folder_unpins_a_template(org: Organization) -> None:
    """T-1.10, T-3.4."""
    folder = org.api.data("POST", "/folders", {"name": "F"})
    path = f"/checklists/{org.template(folder_id=folder['id'])['id']}"
    org.api.put(path, {"title": "x", "is_pinned": True}).raise_for_status()

    org.api.delete(f"/folders/{folder['id']}").raise_for_status()

    shown = org.api.data("GET", path)
    assert (shown["folder_id"], shown["is_pinned"]) == (None, False)


def test_the_alias_can_be_set_and_is_unique(org: Organization) -> None:
    first, second = org.template(), org.template()
    path = f"/checklists/{second['id']}"

    assert org.api.data("PUT", path, {"title": "x", "alias": "Boat Hire"})["alias"] == "boat-hire"
    assert org.api.data("PUT", path, {"title": "Retitled"})["alias"] == "boat-hire"
    for taken in (first["alias"], "misc"):
        assert org.api.put(path, {"title": "x", "alias": taken}).status_code == 422


def test_fields_of_all_steps_are_read_at_once(org: Organization) -> None:
    """T10."""
    template = org.template(
        steps=[
            {"title": "One", "captures": [{"label": "A"}, {"label": "B"}]},
            {"title": "Two", "captures": [{"label": "C"}]},
        ],
        kickoff=[{"label": "K"}],
    )

    shown = org.api.data("GET", f"/checklists/{template['id']}/form-fields")

    assert [field["label"] for field in shown["form_fields"]] == ["A", "B", "C"]
    assert shown["form_fields"][2]["step_id"] == template["steps"][1]["id"]
    assert [field["label"] for field in shown["ko_form_fields"]] == ["K"] and shown["title"] == template["title"]


def test_step_deadlines_as_if_launched_now(org: Organization) -> None:
    """T11."""
    now = org.server.clock.freeze()
    template = org.template(
        steps=[{"title": "One", "deadline": {"value": 2, "unit": "days", "option": "from", "step": "start_run"}}]
    )

    [due] = org.api.data("GET", f"/checklists/{template['id']}/steps-deadlines")

    assert due == {"step_id": template["steps"][0]["id"], "deadline_time": wire(now + 2 * DAY)}


def test_a_public_template_is_read_without_signing_in(org: Organization, nobody: Api) -> None:
    """T-9.1: structure, no people; switched off, the link is dead at once."""
    template = org.template("Open", steps=[{"title": "Call", "assignees": [org.admin.id], "webhook": "https://a.test"}])
    path, public = f"/checklists/{template['id']}", f"//public/templates/{template['id']}"
    assert nobody.get(public).status_code == 404

    org.api.put(path, {"title": "Open", "is_public": True})
    shown = nobody.get(public)
    assert shown.json()["data"]["steps"]["data"][0]["title"] == "Call"
    assert "a.test" not in shown.text and "assignees" not in shown.text
    assert nobody.get(f"//public/templates/{template['alias']}").json() == shown.json()

    org.api.put(path, {"title": "Open", "alias": "fresh-name"})
    assert nobody.get(f"//public/templates/{template['alias']}").status_code == 404
    assert nobody.get("//public/templates/fresh-name").status_code == 200

    org.api.delete(path)
    assert nobody.get(public).status_code == 404
    org.api.put(f"{path}/restore")
    assert nobody.get(public).status_code == 200
    org.api.put(path, {"title": "Open", "is_public": False})
    assert nobody.get(public).status_code == 404


def test_another_organizations_template_is_not_found(org: Organization, other_org: Organization) -> None:
    theirs = other_org.template()

    assert org.api.get(f"/checklists/{theirs['id']}").status_code == 404
    assert org.api.put(f"/checklists/{theirs['id']}", {"title": "Mine"}).status_code == 404
    assert org.api.get(f"//organizations/{other_org.id}/checklists").status_code == 403
    assert other_org.api.data("GET", f"/checklists/{theirs['id']}")["title"] == theirs["title"]


@pytest.mark.parametrize("wrong", ["nope", "f" * 32, "%00", "1"])
def test_a_malformed_id_is_not_found(api: Api, wrong: str) -> None:
    assert api.get(f"/checklists/{wrong}").status_code == 404
    assert api.put(f"/checklists/{wrong}", {"title": "x"}).status_code == 404


def test_t_1_11_an_administrator_chooses_favourites_for_others_until_they_leave(org: Organization) -> None:
    ann, ben, left = org.person(), org.person(), org.person()
    template = org.template()
    org.allow(template, "READ", everyone=True)
    path = f"/checklists/{template['id']}"

    def starred(person: Person) -> list[str]:
        return [each["id"] for each in person.api.data("GET", "/checklists?starred=true")]

    assert org.api.data("POST", f"{path}/favourites", {"users": [ann.id, ben.id]}, status=200) == {
        "users": [ann.id, ben.id]
    }
    assert org.api.data("POST", f"{path}/favourites", {"users": [ann.id, left.id]}, status=200) == {"users": [left.id]}
    assert (starred(ann), starred(org.admin)) == ([template["id"]], [])
    ann.api.put(path, {"title": template["title"], "starred": False}).raise_for_status()
    assert (starred(ann), starred(ben)) == ([], [template["id"]])
    for act in ("disable", "enable"):
        org.api.request({"disable": "DELETE", "enable": "PUT"}[act], f"/users/{ben.id}/{act}").raise_for_status()
    assert starred(Person(ben.id, ben.email, "standard", Api(org.server, org.token(ben.id), org.id))) == []

    org.api.delete(f"/users/{left.id}/disable").raise_for_status()
    with unchanged(org):
        for body in ({"users": [left.id]}, {"users": []}, {"users": ["x"]}, {}):
            assert_refused(org.api.post(f"{path}/favourites", body), 422, because=body)
        assert_refused(ann.api.post(f"{path}/favourites", {"users": [ann.id]}), 403)
        assert_refused(org.api.post(f"/checklists/{'0' * 32}/favourites", {"users": [ann.id]}), 404)


def test_t_1_11_who_may_not_choose_favourites_is_told_so_first(org: Organization) -> None:
    """403 and 404 come before what is wrong with the body. Spec: api-templates T16."""
    member, template = org.person(), org.template()
    path = f"/checklists/{template['id']}"

    assert_refused(member.api.post(f"{path}/favourites", {}), 404)
    org.api.data("PUT", f"{path}/permissions", [{"permission": "CHECKLIST_READ", "all": True}], status=200)
    assert_refused(member.api.post(f"{path}/favourites", {}), 403)
    assert_refused(org.api.post(f"{path}/favourites", {}), 422)
