from tests.api.thread_places import Places
from tests.builders import Organization

def test_x(org: Organization) -> None:
    places = Places(org)
    task = places.task()
    made = org.api.data("POST", f"/tasks/{task.id}/comment", {"content": "hi"})
    print(made)
    process = places.process()
    print(org.api.data("POST", f"/runs/{process.id}/problem", {"content": "hi"}))
    assert places.differences() == []
