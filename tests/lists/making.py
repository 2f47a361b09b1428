"""Processes made through the API, and the list read back."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx

from procession.domain.times import wire
from tests.builders import Organization, Person
from tests.harness import Api

HOUR = 3_600_000
DAY = 24 * HOUR
Run = dict[str, Any]


def launch(org: Organization, template: Mapping[str, Any], by: Api | None = None, **body: Any) -> Run:
    return (by or org.api).data("POST", "/runs", {"checklist_id": template["id"], **body})


def launch_due(
    org: Organization, template: Mapping[str, Any], *deadlines: int | None, by: Api | None = None, **body: Any
) -> Run:
    """A process whose tasks, in the order of the steps, are due then (milliseconds; None: as the step says)."""
    tasks = {
        step["id"]: {"deadline": wire(at)}
        for step, at in zip(template["steps"], deadlines, strict=False)
        if at is not None
    }
    return launch(org, template, by, tasks=tasks, **body)


def tasks_of(org: Organization, run: Run) -> list[dict[str, Any]]:
    """Every task of the process by position, hidden ones too."""
    return org.api.data("GET", f"/runs/{run['id']}/tasks?without_pagination=1")


def complete(org: Organization, run: Run, task: Mapping[str, Any], by: Api | None = None) -> None:
    response = (by or org.api).post(f"/runs/{run['id']}/completed-tasks", {"task_id": task["id"]})
    assert response.status_code == 200, response.text


def hide(org: Organization, run: Run, task: Mapping[str, Any]) -> None:
    response = org.api.put(f"/runs/{run['id']}/tasks/{task['id']}/hide")
    assert response.status_code == 200, response.text


def assign(org: Organization, run: Run, task: Mapping[str, Any], *people: Person, **others: list[str]) -> None:
    owners = {"users": [each.id for each in people], "guests": [], "groups": [], **others}
    response = org.api.put(f"/runs/{run['id']}/tasks/{task['id']}", {"owners": owners})
    assert response.status_code == 200, response.text


def listed(api: Api, query: str = "") -> dict[str, Any]:
    """The whole answer of the list."""
    response = api.get(f"/runs?{query}")
    assert response.status_code == 200, response.text
    return response.json()


def ids(api: Api, query: str = "") -> list[str]:
    return [run["id"] for run in listed(api, query)["data"]]


def names(api: Api, query: str = "") -> list[str]:
    return [run["name"] for run in listed(api, query)["data"]]


def one(api: Api, run: Run, query: str = "") -> Run:
    """The row of this process in the list."""
    [found] = [each for each in listed(api, f"per_page=100&{query}")["data"] if each["id"] == run["id"]]
    return found


def follow(api: Api, link: str) -> httpx.Response:
    """What stands behind an absolute link."""
    place = urlsplit(link)
    return api.get(f"/{place.path}?{place.query}")


def pages(api: Api, query: str) -> Iterable[dict[str, Any]]:
    """Every page along `links.next`."""
    answer = listed(api, query)
    yield answer
    while link := answer["meta"]["pagination"]["links"].get("next"):
        response = follow(api, link)
        assert "cursor" not in ignored(response), link
        answer = response.json()
        yield answer


def ids_along(answers: Iterable[Mapping[str, Any]]) -> list[str]:
    return [run["id"] for answer in answers for run in answer["data"]]


def ignored(response: httpx.Response) -> Sequence[str]:
    """What `X-Ignored-Params` names."""
    header = response.headers.get("x-ignored-params", "")
    return header.split(", ") if header else []
