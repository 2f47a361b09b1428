"""Comments on steps, and improvements that come from running tasks. Spec: behaviour-work 7, api-templates T13a."""

from typing import Any

from tests.api.refusals import assert_refused, unchanged
from tests.api.task_runs import Run
from tests.builders import Organization


class Suggested:
    """A process of two steps that somebody has comments on."""

    def __init__(self, org: Organization) -> None:
        self.org, self.api = org, org.api
        self.run = Run(org, org.template(steps=["Call", "Sign"]))
        self.path = f"/checklists/{self.run.template['id']}"
        self.call, self.sign = (each["id"] for each in self.run.template["steps"])

    def suggest(self, task: str, content: str, **more: Any) -> dict[str, Any]:
        body = {"content": content, "label": "improvement", **more}
        return self.api.data("POST", f"/tasks/{self.run.task_id(task)}/comment", body)

    def said(self, query: str = "") -> list[str]:
        return [each["content"] for each in self.api.data("GET", f"{self.path}/comments{query}")]


def test_v1_an_improvement_on_a_task_is_one_of_its_step(org: Organization) -> None:
    """Its copy stays as it was written; the process goes on as before (V3)."""
    suggested = Suggested(org)
    member = org.person(first_name="Iris")
    made = suggested.suggest("Call", f"Ask @[{member.id}] first")
    suggested.suggest("Call", "Good as it is", label="advice")

    [copy] = org.api.data("GET", f"{suggested.path}/comments")

    assert copy["id"] != made["id"]
    assert (copy["source_id"], copy["step_id"], copy["task_id"]) == (made["id"], suggested.call, None)
    assert copy["content"] == made["content"] == "Ask <strong>Iris Okoye</strong> first"
    assert (copy["author_id"], copy["label"], copy["is_read"], copy["is_hidden"]) == (
        org.admin.id, "improvement", False, False,
    )  # fmt: skip
    comment = f"/tasks/{suggested.run.task_id('Call')}/comment/{made['id']}"
    for change in ({"content": "Ask nobody"}, {"label": "comment"}, {"label": "improvement"}):
        org.api.data("PUT", comment, change)
    assert suggested.said() == [copy["content"]], "once, and as it was"
    [row] = org.api.data("GET", f"/activity-feeds?entity_type=step&entity_id={suggested.call}&verb=commented")
    assert row["parentable_id"] == suggested.run.template["id"]
    assert [each["id"] for each in org.api.data("GET", "/runs?status=improvement")] == [suggested.run.id]
    assert suggested.run.now()["status"] == "active"


def test_v1_where_the_step_is_gone_nothing_is_copied(org: Organization) -> None:
    suggested = Suggested(org)
    org.api.delete(f"{suggested.path}/steps/{suggested.call}").raise_for_status()
    suggested.suggest("Call", "Too late")
    assert suggested.said() == []
    org.api.delete(suggested.path).raise_for_status()
    suggested.suggest("Sign", "Archived")
    org.api.delete(f"{suggested.path}/delete").raise_for_status()
    suggested.suggest("Sign", "Erased")
    assert suggested.run.now()["status"] == "active"


def test_v2_editors_read_hide_and_answer_what_is_suggested(org: Organization) -> None:
    """By step, with counts for the badges."""
    suggested, reader = Suggested(org), org.person()
    org.allow(suggested.run.template, "CHECKLIST_READ", reader.id)
    first, second = suggested.suggest("Call", "Shorter"), suggested.suggest("Sign", "Longer")
    org.api.data("POST", f"{suggested.path}/comment", {"content": "Fine"})
    direct = reader.api.data("POST", f"{suggested.path}/steps/{suggested.sign}/comment", {"content": "Why?"})
    by_source = {each["source_id"]: each["id"] for each in org.api.data("GET", f"{suggested.path}/comments")}

    def counts() -> list[tuple[Any, ...]]:
        found = org.api.data("GET", f"{suggested.path}/comments/counts")
        return [(each["title"], each["comments"], each["improvements"], each["unread_improvements"]) for each in found]

    assert counts() == [(None, 1, 0, 0), ("Call", 1, 1, 1), ("Sign", 2, 1, 1)]
    copy = f"{suggested.path}/comments/{by_source[second['id']]}"
    body = {"content": "Done", "reply_to": by_source[second["id"]]}
    answer = org.api.data("POST", f"{suggested.path}/steps/{suggested.call}/comment", body)
    assert (answer["step_id"], answer["reply_to"]) == (suggested.sign, by_source[second["id"]])
    assert org.api.data("PUT", copy, {"is_read": True})["is_read"] is True
    org.api.data("PATCH", f"{suggested.path}/comments/{direct['id']}", {"is_hidden": True})

    assert counts() == [(None, 1, 0, 0), ("Call", 1, 1, 1), ("Sign", 2, 1, 0)]
    assert suggested.said(f"?step_id={suggested.sign}") == ["Longer", "Done"]
    assert suggested.said(f"?step_id={suggested.sign}&hidden=true") == ["Longer", "Why?", "Done"]
    assert suggested.said("?step_id=none") == ["Fine"]
    assert suggested.said("?label=improvement&unread=true") == ["Shorter"]
    page = org.api.get(f"{suggested.path}/comments?per_page=1&page=2").json()
    assert ([each["content"] for each in page["data"]], page["meta"]["pagination"]["total"]) == (["Longer"], 4)
    seen = reader.api.get(f"{suggested.path}/comments?hidden=true")
    assert len(seen.json()["data"]) == 4 and "hidden" in seen.headers["X-Ignored-Params"]
    with unchanged(org):
        assert_refused(reader.api.put(copy, {"is_read": False}), 403)
        assert_refused(org.api.put(f"{suggested.path}/comments/{first['id']}", {"is_read": True}), 404)
        refused = org.api.post(f"{suggested.path}/steps/{suggested.call}/comment", {**body, "reply_to": first["id"]})
        assert list(refused.json()["errors"]) == ["reply_to"]
        assert_refused(org.api.post(f"{suggested.path}/steps/{'0' * 32}/comment", {"content": "x"}), 404)
    stranger = org.person()
    assert_refused(stranger.api.get(f"{suggested.path}/comments"), 404)
    assert_refused(stranger.api.post(f"{suggested.path}/steps/{suggested.call}/comment", {"content": "x"}), 404)


def test_comments_on_steps_come_back_with_their_template(org: Organization) -> None:
    """Spec: BI4."""
    suggested = Suggested(org)
    suggested.suggest("Call", "Shorter")
    before = org.api.data("GET", f"{suggested.path}/comments")
    org.api.delete(suggested.path).raise_for_status()
    org.api.delete(f"{suggested.path}/delete").raise_for_status()
    [item] = org.api.data("GET", "/bin")
    org.api.data("POST", f"/bin/{item['id']}/restore", status=200)
    org.api.request("PUT", f"{suggested.path}/restore").raise_for_status()
    assert org.api.data("GET", f"{suggested.path}/comments") == before


def test_m1_comments_stay_where_they_are_written(org: Organization) -> None:
    suggested = Suggested(org)
    task = suggested.run.task_id("Call")
    places = (
        f"/tasks/{task}/comment",
        f"/runs/{suggested.run.id}/comment",
        f"{suggested.path}/comment",
        f"{suggested.path}/steps/{suggested.call}/comment",
    )
    for place in places:
        org.api.data("POST", place, {"content": place})

    of_task = org.api.data("GET", f"/tasks/{task}?with=threads")["threads"]["data"]
    of_run = org.api.data("GET", f"/runs/{suggested.run.id}?with=threads")["threads"]["data"]
    assert [[each["content"] for each in found] for found in (of_task, of_run)] == [[places[0]], [places[1]]]
    assert suggested.said() == [*places[2:]]
    second = Run(org, suggested.run.template)
    assert org.api.data("GET", second.path("Call") + "?with=threads")["threads"]["data"] == []


def test_m16_a_comment_is_about_a_piece_of_the_description(org: Organization) -> None:
    suggested = Suggested(org)
    task = suggested.run.task_id("Call")
    for place, include in ((f"/tasks/{task}", f"/tasks/{task}"), (f"/runs/{suggested.run.id}",) * 2):
        made = org.api.data("POST", f"{place}/comment", {"content": "Whom?", "selected_text": "<b>Call</b>  them "})
        org.api.data("POST", f"{place}/comment", {"content": "And else?"})

        shown = org.api.data("GET", f"{include}?with=threads,selected_text_comment")

        assert made["selected_text"] == "Call them"
        assert shown["selected_text_comment"]["data"] == [made]
        assert [each["selected_text"] for each in shown["threads"]["data"]] == ["Call them", None]
        with unchanged(org):
            for wrong in (" <p></p>", "x" * 2001, 5):
                refused = org.api.post(f"{place}/comment", {"content": "x", "selected_text": wrong})
                assert_refused(refused, 422)
                assert list(refused.json()["errors"]) == ["selected_text"]
    [listed] = [each for each in org.api.data("GET", "/tasks?with=selected_text_comment") if each["id"] == task]
    assert len(listed["selected_text_comment"]["data"]) == 1
