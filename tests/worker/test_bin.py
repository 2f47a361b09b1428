"""What has been in the bin for thirty days is erased by itself, once. Spec: behaviour-work 11.1."""

from collections.abc import Iterator

import pytest

from procession.domain.times import DAY
from procession.usecases.viewers import differences
from tests.api.task_runs import NOW
from tests.builders import Organization
from tests.worker.test_timers import World


@pytest.fixture
def world(org: Organization) -> Iterator[World]:
    world = World(org)
    world.at(NOW)
    yield world
    assert org.server.run(differences(org.server.database, NOW)).get(org.id) is None


def test_things_are_erased_after_thirty_days_once(world: World) -> None:
    """BI6: whatever number of servers looks, and when the clock went forward and back; what was restored stays."""
    org = world.org
    first, kept = org.tag(), org.tag()
    for tag in (first, kept):
        org.api.request("DELETE", f"/tags/{tag['id']}").raise_for_status()
    [back, gone] = org.api.data("GET", "/bin")
    assert gone["subject_id"] == first["id"]
    org.api.post(f"/bin/{back['id']}/restore").raise_for_status()
    world.at(NOW + 30 * DAY - 1)
    world.fire()
    assert [each["id"] for each in org.api.data("GET", "/bin")] == [gone["id"]]

    world.at(NOW + 30 * DAY)
    world.fire(servers=4)
    world.fire()

    assert org.api.data("GET", "/bin") == []
    assert org.api.post(f"/bin/{gone['id']}/restore").status_code == 404
    assert [each["id"] for each in org.api.data("GET", "/tags?all=true")] == [kept["id"]]
    told = [each["description"][0] for each in org.api.data("GET", "/activity-feeds?per_page=100")]
    assert len([each for each in told if "erased from the bin" in each]) == 1, told
