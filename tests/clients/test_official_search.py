"""Searching through the official Python client: words, filters, and names looked up."""

import pytest
from tallyfy import TallyfyError

from .official import Office, assert_refused, every_page, ids


@pytest.fixture
def names(office: Office) -> dict[str, str]:
    """Ids by name: two templates, three processes, a one-off task and a snippet."""
    sdk, org = office.sdk, office.id
    made = {title: sdk.create_template(org, title).id for title in ("Vendor intake", "Vendor exit")}
    for template in made.values():
        sdk.add_step_to_template(org, template, {"title": "Check papers"})
    for name in ("Vendor Brightwater", "Vendor Brightwater North", "Audit"):
        made[name] = sdk.launch_process(org, made["Vendor intake"], name).id
    made["Call the vendor"] = sdk.create_task(
        org, "Call the vendor", "2030-01-01T09:00:00Z", user_ids=[office.admin]
    ).id
    snippet = office.organization.api.post("/text-templates", {"title": "Vendor greeting", "content": "Dear vendor"})
    made["Vendor greeting"] = snippet.json()["data"]["id"]
    return made


def test_each_kind_is_found_by_its_words(office: Office, names: dict[str, str]) -> None:
    sdk, org = office.sdk, office.id

    templates = sdk.search_templates(org, "vendor")
    assert {found.title: found.id for found in templates.data} == {
        title: names[title] for title in ("Vendor intake", "Vendor exit")
    }
    assert {found.steps_count for found in templates.data} == {1}
    assert (templates.count, templates.meta.total) == (2, 2)
    processes = sdk.search_processes(org, "brightwater")
    assert {found.name for found in processes.data} == {"Vendor Brightwater", "Vendor Brightwater North"}
    assert {(found.status, found.due_soon) for found in processes.data} == {("active", False)}
    [task] = sdk.search_tasks(org, "call").data
    assert (task.id, task.is_oneoff_task, task.owners.users) == (names["Call the vendor"], True, [office.admin])
    [snippet] = sdk.search_snippets(org, "greeting").data
    assert (snippet.id, snippet.title, snippet.content) == (names["Vendor greeting"], "Vendor greeting", "Dear vendor")
    assert sdk.search_processes(org, "nobody").data == []


def test_all_kinds_are_searched_at_once(office: Office, names: dict[str, str]) -> None:
    found = office.sdk.search_all(office.id, "vendor")

    assert {kind: results.count for kind, results in found.items()} == {
        "blueprint": 2, "process": 2, "task": 1, "snippet": 1
    }  # fmt: skip
    assert ids(found["task"].data) == [names["Call the vendor"]]
    both = office.sdk.search_all(office.id, "check", types=["step", "process"])
    assert (both["step"].count, both["process"].count) == (2, 0)


def test_results_come_in_pages(office: Office, names: dict[str, str]) -> None:
    found = every_page(lambda page: office.sdk.search_processes(office.id, "vendor", page=page, per_page=1))

    assert sorted(ids(found)) == sorted([names["Vendor Brightwater"], names["Vendor Brightwater North"]])


def test_filters_narrow_a_search(office: Office, names: dict[str, str]) -> None:
    sdk, org = office.sdk, office.id
    exact = {"field": "title", "value": "Vendor Brightwater"}
    mine = {"field": "starter", "value": office.admin}

    assert ids(sdk.searches.search(org, "vendor", filter_=exact).data) == [names["Vendor Brightwater"]]
    assert ids(sdk.searches.search(org, "vendor", filter_={**exact, "operation": "<>"}).data) == [
        names["Vendor Brightwater North"]
    ]
    both = [{"type": "boolean", "value": "AND"}, exact, mine]
    assert ids(sdk.searches.search(org, "vendor", filter_=both).data) == [names["Vendor Brightwater"]]
    either = [{"type": "boolean", "value": "OR"}, exact, {"field": "title", "value": "Vendor Brightwater North"}]
    assert sdk.searches.search(org, "vendor", filter_=either).count == 2
    nobodys = [{"type": "boolean", "value": "AND"}, either, {"field": "starter", "value": office.admin + 1_000_000}]
    assert sdk.searches.search(org, "vendor", filter_=nobodys).data == []
    assert_refused(422, lambda: sdk.searches.search(org, "vendor", filter_={"field": "colour", "value": "red"}))


def test_names_are_looked_up(office: Office, names: dict[str, str]) -> None:
    sdk, org = office.sdk, office.id

    assert sdk.search_templates_by_name(org, "vendor INTAKE") == names["Vendor intake"]
    assert sdk.templates.search_templates_by_name(org, "Vendor exit") == names["Vendor exit"]
    assert sdk.search_processes_by_name(org, "vendor brightwater") == names["Vendor Brightwater"]
    assert sdk.tasks.search_processes_by_name(org, "audit") == names["Audit"]
    assert ids(sdk.searches.find_process_by_name(org, "vendor brightwater")) == [names["Vendor Brightwater"]]
    assert len(sdk.searches.find_process_by_name(org, "brightwater", exact_match=False)) == 2
    with pytest.raises(TallyfyError, match="Multiple processes"):
        sdk.search_processes_by_name(org, "brightwater")
    with pytest.raises(TallyfyError, match="No process found"):
        sdk.search_processes_by_name(org, "nobody")
    assert sdk.get_tasks_for_process(org, process_name="Audit").data[0].title == "Check papers"
