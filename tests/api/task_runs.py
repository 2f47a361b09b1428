"""Processes whose tasks are known by their titles, for tests of tasks."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from tests.builders import Organization, Person

# For tables of input that no database ever sees.
on_one_database = pytest.mark.parametrize("server", ["sqlite"], indirect=True)
NOW = 1_790_000_000_000  # 2026-09-21T14:13:20Z, a Monday


class Run:
    """A process and its tasks by title, as the administrator changes them."""

    def __init__(self, org: Organization, template: Mapping[str, Any], **launch: Any) -> None:
        self.org = org
        self.template = template
        self.id: str = org.process(template, **launch)["id"]

    def tasks(self, query: str = "") -> dict[str, dict[str, Any]]:
        return {
            each["title"]: each
            for each in self.org.api.data("GET", f"/runs/{self.id}/tasks?without_pagination=1{query}")
        }

    def now(self) -> dict[str, Any]:
        return self.org.api.data("GET", f"/runs/{self.id}")

    def task_id(self, task: str) -> str:
        return self.tasks()[task]["id"]

    def path(self, task: str) -> str:
        return f"/runs/{self.id}/tasks/{self.task_id(task)}"

    def field(self, step: int = 0, field: int = 0) -> str:
        """The id of a form field."""
        return self.template["steps"][step]["captures"][field]["id"]

    def change(self, task: str, /, **body: Any) -> httpx.Response:
        return self.org.api.put(self.path(task), body)

    def assign(self, task: str, /, *people: Person, **more: Any) -> None:
        self.change(task, owners={"users": [each.id for each in people]}, **more).raise_for_status()

    def complete(self, task: str, /, by: Person | None = None, **body: Any) -> httpx.Response:
        api = (by or self.org.admin).api
        return api.post(f"/runs/{self.id}/completed-tasks", {"task_id": self.task_id(task), **body})

    def reopen(self, task: str, /, by: Person | None = None) -> httpx.Response:
        return (by or self.org.admin).api.delete(f"/runs/{self.id}/completed-tasks/{self.task_id(task)}")


def run_of(org: Organization, *steps: str | dict[str, Any], **launch: Any) -> Run:
    return Run(org, org.template(steps=steps), **launch)


def after(step: str, days: int = 1, option: str = "from") -> dict[str, Any]:
    return {"value": days, "unit": "days", "option": option, "step": step}


def chain(org: Organization) -> Run:
    """ "Second" is due a day after "First" is completed, "Before" two days before "First" is due."""
    template = org.template(steps=["First", "Second", "Before", "Free"])
    first, second, before, _ = template["steps"]
    path = f"/checklists/{template['id']}/steps"
    for step, deadline in ((second, after(first["id"])), (before, after(first["id"], 2, "prior_to"))):
        org.api.put(f"{path}/{step['id']}", {"title": step["title"], "deadline": deadline}).raise_for_status()
    return Run(org, template)
