"""How many comments an organization may write in an hour. Spec: behaviour-work M8, api-conventions 15."""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from tests.api.thread_places import Places, at_once, owned_by
from tests.builders import Organization
from tests.harness import Server

pytestmark = pytest.mark.one_application


@pytest.fixture
def limited(server: Server) -> Iterator[Organization]:
    """An organization on a server that allows 3 comments an hour."""
    settings = server.edge.settings
    server.edge.settings = replace(settings, comments_per_hour=3)
    server.clock.freeze()
    yield Organization(server)
    server.edge.settings = settings


def test_the_fourth_comment_of_an_hour_waits_for_the_first_to_age(limited: Organization) -> None:
    places = Places(limited)
    guest = places.guest()
    process = places.process({"owners": owned_by(limited.admin, guest)})
    [task] = process.tasks
    limited.api.data("POST", f"/tasks/{task.id}/comment", {"content": "1"})
    limited.server.clock.advance(seconds=600)
    problem = limited.api.data("POST", f"/runs/{process.id}/problem", {"content": "2"})
    assert guest.comment(task, {"content": "3"}).status_code == 201

    refused = [
        limited.api.post(f"/tasks/{task.id}/comment", {"content": "4"}),
        limited.api.post(f"/tasks/{task.id}/problem", {"content": "4"}),
        limited.api.post(f"/runs/{process.id}/comment", {"content": "4"}),
        limited.api.post(f"/runs/{process.id}/resolved-threads", {"thread_id": problem["id"], "content": "4"}),
        guest.comment(task, {"content": "4"}),
    ]

    for answer in refused:
        assert answer.status_code == 429
        assert answer.headers["Retry-After"] == "3000"
        assert answer.json() == {
            "error": True,
            "message": "You've reached the hourly limit for comments (3 per hour per organization). "
            "Please try again later.",
            "code": "RATE_LIMIT_EXCEEDED",
        }
    assert len(places.threads(task)) == 2
    assert places.now(process).open_issues == 1
    limited.server.clock.advance(seconds=3000)
    assert limited.api.post(f"/tasks/{task.id}/comment", {"content": "4"}).status_code == 201
    assert limited.api.post(f"/tasks/{task.id}/comment", {"content": "5"}).status_code == 429


def test_the_bot_and_other_organizations_are_not_counted(limited: Organization) -> None:
    task = Places(limited).task()
    for _ in range(5):
        limited.api.data("POST", f"/tasks/{task.id}/bot-comment", {"content": "x"})
    for _ in range(3):
        limited.api.data("POST", f"/tasks/{task.id}/comment", {"content": "x"})

    assert limited.api.post(f"/tasks/{task.id}/comment", {"content": "x"}).status_code == 429
    assert limited.api.post(f"/tasks/{task.id}/bot-comment", {"content": "x"}).status_code == 201
    other = Organization(limited.server)
    elsewhere = Places(other).task()
    assert other.api.post(f"/tasks/{elsewhere.id}/comment", {"content": "x"}).status_code == 201


def test_comments_at_the_same_time_do_not_slip_past_the_limit(limited: Organization) -> None:
    places = Places(limited)
    tasks = [places.task() for _ in range(8)]

    answers = at_once(
        [
            lambda task=task: limited.api.post(f"/tasks/{task.id}/comment", {"content": "x"}).status_code
            for task in tasks
        ]
    )

    assert sorted(answers) == [201] * 3 + [429] * 5
