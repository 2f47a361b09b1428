"""A process as a table. Spec: api-processes 13 (PR19), behaviour-work 14."""

import csv
import io
import re
from pathlib import Path

from tests.api.task_runs import Run
from tests.builders import Organization

SPEC = Path(__file__).parents[2] / "docs" / "spec" / "api-processes.md"
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


def test_a_process_is_a_table_with_a_row_for_each_thing(org: Organization) -> None:
    """PR19. Spec: behaviour-work G6, G10, I8, K-A5, K-A6, K-A7, S5; behaviour-automations A-7.6."""
    light, group = org.person("light"), org.group("Buyers")
    steps = [{"title": "Done", "captures": [{"label": "City"}]}, {"title": "Open", "captures": [{"label": "Size"}]}]
    template = org.template(steps=[*steps, "Hidden"], kickoff=[{"label": "Client"}])
    stages = f"/checklists/{template['id']}/stages"
    stage = org.api.data("POST", stages, {"name": "Prepare"})["id"]
    org.api.data("PUT", f"{stages}/{stage}", {"name": "Prepare", "steps": [template["steps"][0]["id"]]})
    run = Run(org, template, prerun={template["prerun"][0]["id"]: "Ana"}, users=[light.id])
    run.change("Done", taskdata={run.field(0): "Lisbon"}).raise_for_status()
    run.change("Open", taskdata={run.field(1): "large"}, owners={"groups": [group["id"]]}).raise_for_status()
    run.complete("Done").raise_for_status()
    org.api.put(run.path("Hidden") + "/hide").raise_for_status()
    task = f"/tasks/{run.task_id('Open')}"
    first, _ = (org.api.data("POST", f"{task}/problem", {"content": each})["id"] for each in ("No key", "No light"))
    org.api.post(f"{task}/resolved-threads", {"thread_id": first, "content": "Found it"}).raise_for_status()

    rows = org.api.data("POST", f"/runs/{run.id}/export", status=200)

    documented = re.search("Columns in order: `([^`]*)`", SPEC.read_text(encoding="utf-8"))
    assert documented is not None and [list(row) for row in rows] == [documented[1].split(", ")] * len(rows)
    assert len(rows[0]) == 49
    assert [row["type"].removeprefix("process_") for row in rows] == [
        "kick_off_task", "task", "task_data", "task", "task_data", *["task_comment"] * 3, "task",
    ]  # fmt: skip
    assert (rows[0]["kick_off_task_name"], rows[0]["answer_in_form_field"]) == ("Client", "Ana")
    done, open_, hidden = tasks = [row for row in rows if row["type"] == "process_task"]
    assert [row["process_task_status"] for row in tasks] == ["shown", "shown", "hidden"]
    assert [row["completed_by"] for row in tasks] == [org.admin.id, 0, 0]
    assert [row["milestone_id"] for row in tasks] == [stage, "", ""]
    assert (done["milestone_name"], done["milestone_position"]) == ("Prepare", 1)
    assert all(TIME.fullmatch(cell) for cell in (done["assigned_or_shown_on"], done["completed_on"], done["due_by"]))
    assert (hidden["assigned_or_shown_on"], open_["completed_on"]) == ("", "")
    assert (open_["user_assigned"], open_["total_assignees"]) == (f"GROUP_{group['id']}_Buyers", 1)
    answers = [row["answer_in_form_field"] for row in rows if row["type"] == "process_task_data"]
    assert answers == ["Lisbon", ""], "only what is completed tells its answers"
    assert {row["has_form_fields"] for row in rows} == {"Yes"}
    now = run.now()
    assert [now[each]["total"] for each in ("progress", "whole_progress")] == [2, 2]
    assert (done["tasks_completed"], done["total_tasks_in_process"]) == (1, 3)
    issues = ("issue_reported", "no_of_issue_reported", "issue_resolved", "no_of_issue_resolved", "total_comments")
    assert [open_[each] for each in issues] == ["Yes", 2, "Yes", 1, 3]
    assert [done[each] for each in issues] == ["No", 0, "No", 0, 0]
    assert [
        (row["comment"], row["issue_reported"], row["issue_resolved"])
        for row in rows
        if row["type"] == "process_task_comment"
    ] == [("No key", "Yes", "Yes"), ("No light", "Yes", "No"), ("Found it", "No", "No")]

    text = org.api.request("POST", f"/runs/{run.id}/export", headers={"Accept": "text/csv"}).text
    assert list(csv.DictReader(io.StringIO(text))) == [{name: str(cell) for name, cell in row.items()} for row in rows]
    assert not {"NaN", "None", "null"} & set(re.split("[,\r\n]", text))
    assert light.api.post(f"/runs/{run.id}/export").status_code == 403
