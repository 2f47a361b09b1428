"""An address after a plus sign in a comment is given the task. Spec: behaviour-work M7."""

from tests.api.refusals import assert_refused, unchanged
from tests.api.thread_places import Places
from tests.builders import Organization

ROSA = "rosa@bakery.test"


def test_m7_a_comment_gives_the_task_to_a_new_guest(org: Organization, places: Places) -> None:
    run = places.process({"title": "Taste"}, {"title": "Pack"})
    taste = run.tasks[0]
    path = f"/tasks/{taste.id}/comment"

    made = org.api.data("POST", path, {"content": f"<p>+{ROSA.title()}, is it good?</p>", "state": "open"})

    task = places.task_now(taste)
    assert (task.owners.users, task.owners.guests) == (taste.owners.users, (ROSA,))
    shown = org.guest_api(ROSA).get(f"/tasks/{taste.id}?with=threads").json()["data"]
    assert shown["threads"]["data"][0]["content"] == made["content"] == f"<p>+{ROSA.title()}, is it good?</p>"
    feed = org.api.data("GET", f"/activity-feeds?entity_type=task&entity_id={taste.id}&verb=owners-updated")
    assert feed[0]["description"] == [f'Task "Taste" was assigned: {ROSA} added.']

    org.api.data("PUT", f"{path}/{made['id']}", {"content": f"+{ROSA} +tom@bakery.test"})
    assert places.task_now(taste).owners.guests == (ROSA, "tom@bakery.test")
    assert org.differences() == []


def test_m7_whoever_may_not_give_it_to_that_address_is_refused_and_nothing_is_stored(
    org: Organization, places: Places
) -> None:
    light, colleague = org.person("light"), org.person()
    [task] = places.process({"title": "Taste"}).tasks
    org.api.data("PUT", f"/tasks/{task.id}", {"owners": {"users": [light.id, org.admin.id]}})
    alone = places.task(max_assignable=1)
    done = places.task(completed=True)

    with unchanged(org):
        assert_refused(light.api.post(f"/tasks/{task.id}/comment", {"content": f"+{ROSA}"}), 403)
        for place, address in ((task, colleague.email), (alone, ROSA), (done, ROSA)):
            refused = org.api.post(f"/tasks/{place.id}/comment", {"content": f"+{address} come"})
            assert_refused(refused, 422)
    assert list(org.api.post(f"/tasks/{alone.id}/comment", {"content": f"+{ROSA}"}).json()["errors"]) == ["content"]


def test_m7_guests_and_processes_invite_nobody(org: Organization, places: Places) -> None:
    guest = places.guest()
    task = places.task()
    org.api.data("POST", f"/tasks/{task.id}/comment", {"content": f"+{ROSA}"})
    run = places.process()

    guest.comment(task, {"content": "+tom@bakery.test knows"}).raise_for_status()
    org.api.data("POST", f"/runs/{run.id}/comment", {"content": "+tom@bakery.test"})

    assert places.task_now(task).owners.guests == (ROSA,)
    assert places.now(run).tasks == run.tasks
