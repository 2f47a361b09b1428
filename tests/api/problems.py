"""Problems and issues, reported and resolved."""

from typing import Any

from procession.domain.processes import Process, Task
from tests.builders import Organization


def path_of(place: Task | Process) -> str:
    return f"/tasks/{place.id}" if isinstance(place, Task) else f"/runs/{place.id}"


def report(org: Organization, place: Task | Process, content: str = "The key is missing") -> str:
    return org.api.data("POST", f"{path_of(place)}/problem", {"content": content})["id"]


def resolve(org: Organization, place: Task | Process, thread_id: str) -> Any:
    return org.api.post(f"{path_of(place)}/resolved-threads", {"thread_id": thread_id, "content": "Found it"})


def run(org: Organization, process: Process) -> dict[str, Any]:
    return org.api.data("GET", f"/runs/{process.id}")


def listed(org: Organization, status: str) -> int:
    return len(org.api.data("GET", f"/runs?status={status}"))


def run_of(org: Organization, task: Task) -> str:
    return org.api.data("GET", f"/tasks/{task.id}")["run_id"]


def complete(org: Organization, task: Task) -> Any:
    where = "" if task.process is None else f"/runs/{run_of(org, task)}"
    return org.api.post(f"{where}/completed-tasks", {"task_id": task.id})
