"""Tasks are sent back whole: what says nothing new is no change. Spec: api-conventions 13."""

from tests.api.task_runs import Run, on_one_database
from tests.builders import Organization


def quoting(org: Organization) -> tuple[Run, str]:
    """A process whose second task quotes the first one's answer and a snippet; and the field."""
    snippet = org.api.data("POST", "/text-templates", {"title": "Safety", "content": "Wear a helmet"})
    summary = f'<p>For {{{{name-1}}}}</p><span class="insert-snippet-tag" data-snippet-id="{snippet["id"]}"></span>'
    steps = [
        {"title": "Ask", "captures": [{"label": "Name"}]},
        {"title": "Greet {{name-1}}", "summary": summary, "step_type": "expiring", "everyone_must_complete": True},
    ]
    run = Run(org, org.template(steps=steps))
    run.change("Ask", taskdata={run.field(): "Iris"}).raise_for_status()
    return run, run.field()


def test_a_task_sent_back_goes_on_quoting_what_it_quotes(org: Organization) -> None:
    """Spec: T-12.10, api-tasks 10."""
    run, field = quoting(org)
    path = run.path("Greet Iris")
    read = org.api.data("GET", path)
    assert "For Iris" in read["summary"] and "Wear a helmet" in read["summary"]
    org.server.clock.freeze()
    org.server.clock.advance(seconds=60)
    line = org.api.data("GET", "/activity-feeds?per_page=1")

    answer = org.api.put(path, read)

    assert answer.status_code == 200, answer.text
    assert org.api.data("GET", path) == read
    assert org.api.data("GET", "/activity-feeds?per_page=1") == line, "nothing is different, so nothing is told"
    moved = org.api.put(path, {**read, "deadline": "2031-02-06T16:00:00Z"})
    assert moved.status_code == 200, moved.text
    run.change("Ask", taskdata={field: "Otto"}).raise_for_status()
    now = org.api.data("GET", path)
    assert (now["title"], now["original_title"]) == ("Greet Otto", "Greet {{name-1}}")
    assert "For Otto" in now["summary"]


def test_other_words_are_the_tasks_own(org: Organization) -> None:
    """Spec: T-12.10, api-tasks 10."""
    run, _ = quoting(org)
    path = run.path("Greet Iris")

    org.api.data("PUT", path, {"title": "Greet Iris warmly", "summary": "For Iris"})

    now = org.api.data("GET", path)
    assert (now["original_title"], now["original_summary"]) == ("Greet Iris warmly", "For Iris")


@on_one_database
def test_a_task_of_another_type_is_not_made_one_for_everybody(org: Organization) -> None:
    """Spec: behaviour-work A1; what a step said and its task ignores is no fault when it is sent back."""
    run = Run(org, org.template(steps=[{"title": "Notice", "step_type": "expiring"}]))
    refused = run.change("Notice", everyone_must_complete=True)
    assert list(refused.json()["errors"]) == ["everyone_must_complete"], refused.text
