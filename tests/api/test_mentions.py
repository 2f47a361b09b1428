"""Mentions in comments. Spec: api-tasks 14; behaviour-work 7."""

from tests.api.thread_places import Places, comment, owned_by
from tests.builders import Organization


def test_a_mention_is_shown_by_name_and_sent_to_is_not_read(org: Organization, places: Places) -> None:
    iris = org.person(first_name="Iris <3", last_name="Ng")
    task = places.task()

    made = comment(org.admin, task, f"Ask @[{iris.id}], @[{iris.id}] or @[999999]")
    answer = org.api.post(f"/tasks/{task.id}/comment", {"content": "Ask Iris", "sent_to": [iris.id]})

    name = "<strong>Iris &lt;3 Ng</strong>"
    assert made["content"] == f"Ask {name}, {name} or @[999999]"
    assert made["sent_to"] == [iris.id]
    assert answer.json()["data"]["sent_to"] == []
    assert answer.headers["X-Ignored-Params"] == "body:sent_to"


def test_a_mention_gives_sight_of_the_process_for_good(org: Organization, places: Places) -> None:
    """Spec: behaviour-work M6."""
    outsiders = [org.person("light"), org.person("standard"), org.person("light")]
    process = places.process()
    [task] = process.tasks
    reads = [lambda each=each: each.api.get(f"/runs/{process.id}").status_code for each in outsiders]
    assert [read() for read in reads] == [404, 404, 404]

    made = comment(org.admin, task, f"@[{outsiders[0].id}] see this")
    org.api.data("PUT", f"/tasks/{task.id}/comment/{made['id']}", {"content": f"@[{outsiders[1].id}] rather you"})

    assert [read() for read in reads] == [200, 200, 404]
    assert [len(each.api.data("GET", "/runs")) for each in outsiders] == [1, 1, 0]
    comment(outsiders[0], task, "thanks")
    assert places.differences() == []


def test_guests_the_bot_and_former_members_mention_nobody(org: Organization, places: Places) -> None:
    guest, outsider, former = places.guest(), org.person("light"), org.person()
    process = places.process({"owners": owned_by(org.admin, guest)})
    [task] = process.tasks
    org.api.delete(f"/users/{former.id}/disable")
    text = f"@[{outsider.id}] @[{former.id}]"

    by_guest = guest.comment(task, {"content": text}).json()["data"]
    by_bot = org.api.data("POST", f"/tasks/{task.id}/bot-comment", {"content": text})
    of_former = comment(org.admin, task, f"@[{former.id}]")

    assert (by_guest["content"], by_guest["sent_to"]) == (text, [])
    assert (by_bot["content"], by_bot["sent_to"]) == (text, [])
    assert (of_former["content"], of_former["sent_to"]) == (f"@[{former.id}]", [])
    assert outsider.api.get(f"/runs/{process.id}").status_code == 404


def test_who_was_mentioned_before_leaving_stays_named(org: Organization, places: Places) -> None:
    leaver = org.person(first_name="Lea", last_name="Ver")
    task = places.task()
    made = comment(org.admin, task, f"@[{leaver.id}]")
    org.api.delete(f"/users/{leaver.id}/disable")

    changed = org.api.data("PUT", f"/tasks/{task.id}/comment/{made['id']}", {"content": f"@[{leaver.id}] said so"})

    assert changed["content"] == "<strong>Lea Ver</strong> said so"
