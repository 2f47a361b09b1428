"""Snippets. Spec: api-templates 11, behaviour-templates 13."""

from typing import Any

import pytest

from tests.builders import Organization
from tests.counting import Statements
from tests.harness import Api

HELMET = {"title": "Safety", "content": "<p>Wear a <b>helmet</b>.</p>"}


def reference(snippet: dict[str, Any]) -> str:
    return f'<span class="insert-snippet-tag" data-snippet-id="{snippet["id"]}"></span>'


def quoting(snippet: dict[str, Any]) -> str:
    return f"<p>Before {reference(snippet)} after</p>"


def shown(snippet: dict[str, Any], content: str) -> str:
    return quoting(snippet).replace("></span>", f">{content}</span>")


def test_a_snippet_is_created_read_changed_deleted(api: Api) -> None:
    made = api.data("POST", "/text-templates", HELMET)
    assert (made["title"], made["content"]) == ("Safety", HELMET["content"])
    assert (made["visible_in_public_templates"], made["visible_to_guests"]) == (False, False)
    assert isinstance(made["id"], int) and made["id"] > 0 and made["increment_id"] == made["id"]
    assert api.data("GET", f"/text-templates/{made['id']}") == made

    changed = api.data("PUT", f"/text-templates/{made['id']}", {"visible_to_guests": True})
    assert (changed["title"], changed["content"], changed["visible_to_guests"]) == ("Safety", HELMET["content"], True)

    assert api.request("DELETE", f"/text-templates/{made['id']}").status_code == 204
    assert api.get(f"/text-templates/{made['id']}").status_code == 404
    assert api.put(f"/text-templates/{made['id']}", {"title": "x"}).status_code == 404
    assert api.request("DELETE", f"/text-templates/{made['id']}").status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param({"content": "x"}, "title", id="no title"),
        pytest.param({"title": " ", "content": "x"}, "title", id="blank title"),
        pytest.param({"title": "x" * 251, "content": "x"}, "title", id="long title"),
        pytest.param({"title": "x"}, "content", id="no content"),
        pytest.param({"title": "x", "content": "<p> </p>"}, "content", id="nothing but tags"),
        pytest.param({"title": "x", "content": "x" * 65_536}, "content", id="long content"),
        pytest.param({"title": "x", "content": 7}, "content", id="not a text"),
        pytest.param({"title": "x", "content": "x", "visible_to_guests": "often"}, "visible_to_guests", id="no flag"),
    ],
)
def test_a_bad_snippet_is_refused_naming_the_field(api: Api, body: dict[str, object], field: str) -> None:
    refused = api.post("/text-templates", body)

    assert refused.status_code == 422 and refused.json()["errors"][field]
    assert api.data("GET", "/text-templates") == []


def test_markup_is_made_safe(api: Api) -> None:
    made = api.data("POST", "/text-templates", {"title": "x", "content": "<b onclick='x'>b</b><script>x</script>"})

    assert made["content"] == "<b>b</b>"


def test_every_member_reads_and_administrators_write(org: Organization) -> None:
    """T-13.1"""
    made = org.api.data("POST", "/text-templates", HELMET)
    for role in ("standard", "light"):
        api = org.person(role).api
        assert api.data("GET", "/text-templates") == [made]
        assert api.data("GET", f"/text-templates/{made['id']}") == made
        assert api.post("/text-templates", HELMET).status_code == 403
        assert api.put(f"/text-templates/{made['id']}", {"title": "x"}).status_code == 403
        assert api.request("DELETE", f"/text-templates/{made['id']}").status_code == 403
    assert org.api.data("GET", "/text-templates") == [made]


def test_snippets_are_listed_by_title_searched_and_paged(api: Api, statements: Statements) -> None:
    api.post("/text-templates", {"title": "b", "content": "<p>Blue <i>paint</i></p>"})
    few = statements.of(api, "/text-templates")
    for title in ("Ä", "C"):
        api.post("/text-templates", {"title": title, "content": "x"})

    assert [each["title"] for each in api.data("GET", "/text-templates")] == ["Ä", "b", "C"]
    assert [each["title"] for each in api.data("GET", "/text-templates?sort=-created_at")] == ["C", "Ä", "b"]
    assert [each["title"] for each in api.data("GET", "/text-templates?q=blue%20PAINT")] == ["b"]
    first = api.get("/text-templates?per_page=2").json()
    assert (len(first["data"]), first["meta"]["pagination"]["total"]) == (2, 3)
    assert statements.of(api, "/text-templates") == few


def test_a_template_keeps_the_reference_and_a_task_shows_the_text_of_its_launch(org: Organization) -> None:
    """T-13.2, T-13.3"""
    api = org.api
    snippet = api.data("POST", "/text-templates", HELMET)
    field = {"label": "Size", "guidance": quoting(snippet)}
    template = org.template(steps=[{"title": "Dress", "summary": quoting(snippet), "captures": [field]}])
    old = org.process(template)
    api.data("PUT", f"/text-templates/{snippet['id']}", {"content": "<p>Wear two.</p>"})
    new = org.process(template)

    assert template["steps"][0]["summary"] == quoting(snippet)
    for process, content in ((old, HELMET["content"]), (new, "<p>Wear two.</p>")):
        [task] = api.data("GET", f"/runs/{process['id']}/tasks?with=summary,form_fields")
        assert task["summary"] == shown(snippet, content)
        assert task["original_summary"] == quoting(snippet)
        assert task["form_fields"]["data"][0]["guidance"] == shown(snippet, content)


def test_a_summary_sent_back_as_it_was_shown_is_the_reference_again(org: Organization) -> None:
    api = org.api
    snippet = api.data("POST", "/text-templates", HELMET)
    task = org.one_off(summary=quoting(snippet))
    assert task["summary"] == shown(snippet, HELMET["content"])

    body = {name: task[name] for name in ("title", "summary", "deadline", "task_type", "owners")}
    changed = api.data("PUT", f"/tasks/{task['id']}", body)

    assert changed["original_summary"] == quoting(snippet)


def test_a_deleted_snippet_leaves_templates_and_stays_in_launched_processes(org: Organization) -> None:
    """T-13.3, T-13.4"""
    api = org.api
    snippet = api.data("POST", "/text-templates", HELMET)
    kept = api.data("POST", "/text-templates", HELMET)
    both = quoting(snippet) + quoting(kept)
    template = org.template(summary=both, guidance=both, steps=[{"title": "Dress", "summary": both}])
    process, alone = org.process(template), org.one_off(summary=both)
    comment = api.data("POST", f"/tasks/{alone['id']}/comment", {"content": quoting(snippet)})
    assert comment["content"] == shown(snippet, HELMET["content"])

    api.request("DELETE", f"/text-templates/{snippet['id']}").raise_for_status()

    rest = "<p>Before  after</p>" + quoting(kept)
    now = api.data("GET", f"/checklists/{template['id']}?with=steps")
    assert (now["summary"], now["guidance"], now["steps"]["data"][0]["summary"]) == (rest, rest, rest)
    [task] = api.data("GET", f"/runs/{process['id']}/tasks?with=summary")
    assert task["summary"] == shown(snippet, HELMET["content"]) + shown(kept, HELMET["content"])
    read = api.data("GET", f"/tasks/{alone['id']}?with=threads")
    assert read["summary"] == "<p>Before  after</p>" + shown(kept, HELMET["content"])
    assert read["threads"]["data"][0]["content"] == "<p>Before  after</p>"


@pytest.mark.parametrize("visible", [True, False])
def test_guests_and_the_public_see_only_what_is_meant_for_them(org: Organization, *, visible: bool) -> None:
    """T-13.5, T-9.3"""
    api = org.api
    flags = {"visible_to_guests": visible, "visible_in_public_templates": visible}
    snippet = api.data("POST", "/text-templates", {**HELMET, **flags})
    step = {"title": "Dress", "summary": quoting(snippet), "guests": [org.guest()["email"]]}
    template = org.template(is_public=True, summary=quoting(snippet), steps=[step])
    org.process(template)
    expected = shown(snippet, HELMET["content"]) if visible else "<p>Before  after</p>"

    [task] = org.guest_api(step["guests"][0]).get("/tasks?with=summary").json()["data"]
    public = api.get(f"//public/templates/{template['id']}").json()["data"]

    assert task["summary"] == expected
    assert (public["summary"], public["steps"]["data"][0]["summary"]) == (expected, expected)


def test_variables_inside_a_snippet_are_filled(org: Organization) -> None:
    api = org.api
    snippet = api.data("POST", "/text-templates", {"title": "x", "content": "For {{TEMPLATE_NAME}}"})
    process = org.process(org.template("Onboarding", steps=[{"title": "Dress", "summary": reference(snippet)}]))

    [task] = api.data("GET", f"/runs/{process['id']}/tasks?with=summary")

    assert task["summary"] == reference(snippet).replace("></span>", ">For Onboarding</span>")
