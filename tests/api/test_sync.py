"""`updated_since`: a client keeps a copy of what its caller sees. Spec: api-conventions 8.1."""

import random
import threading
from collections.abc import Callable
from typing import Any

import pytest

from procession.domain.times import wire
from tests.api.task_runs import Run, run_of
from tests.api.thread_places import at_once
from tests.builders import Organization
from tests.harness import Api


class Copy:
    """What the recipe in the documentation makes: begun with the whole list, kept by asking for what changed."""

    def __init__(self, api: Api, path: str) -> None:
        self.api = api
        self.path = path
        self.things: dict[str, dict[str, Any]] = {}
        self.since = "now"
        self.pages = 0
        self.ask()
        for thing in self.whole():
            self.things[thing["id"]] = thing

    def whole(self) -> list[dict[str, Any]]:
        return self.api.get(f"{self.path}?archived=true&without_pagination=true").json()["data"]

    def ask(self, per_page: int = 100) -> dict[str, Any]:
        answer = self.api.get(f"{self.path}?updated_since={self.since}&per_page={per_page}")
        assert answer.status_code == 200, answer.text
        body = answer.json()
        for thing in body["data"]:
            self.things[thing["id"]] = thing
        for thing_id in body["sync"]["deleted"]:
            self.things.pop(thing_id, None)
        self.since = body["sync"]["next"]
        self.pages += 1
        return body

    def follow(self, per_page: int = 100) -> None:
        while self.ask(per_page)["sync"]["has_more"]:
            pass

    def assert_equal(self) -> None:
        now = {thing["id"]: thing for thing in self.whole()}
        assert self.things.keys() == now.keys()
        for thing_id, thing in now.items():
            assert self.things[thing_id] == thing


paths = pytest.mark.parametrize("path", ["/runs", "/tasks", "/checklists"])


@paths
def test_a_copy_follows_changes_and_deletions(org: Organization, path: str) -> None:
    run, erased = run_of(org, "Call", "Sign"), run_of(org, "Other")
    alone, gone = org.one_off(), org.one_off()
    template, old = org.template(steps=["Call"]), org.template()
    copy = Copy(org.api, path)

    run.complete("Call").raise_for_status()
    org.api.put(f"/tasks/{alone['id']}", {**alone, "title": "New"}).raise_for_status()
    org.api.put(f"/checklists/{template['id']}", {"title": "New"}).raise_for_status()
    org.api.delete(f"/runs/{erased.id}").raise_for_status()
    copy.follow(per_page=1)
    copy.assert_equal()

    org.api.delete(f"/runs/{erased.id}/delete").raise_for_status()
    org.api.delete(f"/tasks/{gone['id']}").raise_for_status()
    org.api.delete(f"/tasks/{gone['id']}/delete")
    org.api.delete(f"/checklists/{old['id']}").raise_for_status()
    org.api.delete(f"/checklists/{old['id']}/delete")
    run_of(org, "Fresh")
    copy.follow(per_page=2)
    copy.assert_equal()
    assert copy.ask()["data"] == []


@pytest.mark.parametrize("role", ["admin", "standard", "light"])
def test_a_star_reaches_the_copies_of_who_sees_it(org: Organization, role: Any) -> None:
    """And nobody else's: it is no change of the thing, whose tags and undo go on."""
    person, run, template = org.person(role), run_of(org, "Call"), org.template()
    org.api.put(f"/runs/{run.id}", {"users": [person.id]}).raise_for_status()
    org.allow(template, "READ", person.id)
    tag = org.api.get(f"/runs/{run.id}").headers["ETag"]
    mine = [Copy(person.api, path) for path in ("/runs", "/checklists", "/tasks")]
    others = [Copy(org.api, copy.path) for copy in mine]

    for starred in (True, False):
        person.api.data("PUT", f"/runs/{run.id}", {"starred": starred})
        person.api.data("PUT", f"/checklists/{template['id']}", {"title": template["title"], "starred": starred})
        asked = [copy.ask() for copy in mine]
        assert [[(each["id"], each["starred"]) for each in body["data"]] for body in asked[:2]] == [
            [(run.id, starred)],
            [(template["id"], starred)],
        ]
        assert [body["data"] for body in (asked[2], *(copy.ask() for copy in others))] == [[]] * 4
    assert [body["sync"]["deleted"] for body in asked] == [[]] * 3
    org.api.put(f"/runs/{run.id}", {"name": "New"}, headers={"If-Match": tag}).raise_for_status()


def test_a_favourite_that_somebody_was_given_reaches_their_copy(org: Organization) -> None:
    person, template = org.person(), org.template()
    org.allow(template, "READ", person.id)
    copy = Copy(person.api, "/checklists")

    org.api.post(f"/checklists/{template['id']}/favourites", {"users": [person.id]}).raise_for_status()

    copy.follow()
    copy.assert_equal()
    assert copy.things[template["id"]]["starred"] is True


def test_who_loses_sight_of_a_process_is_told_that_it_is_gone(org: Organization) -> None:
    person, stranger = org.person("light"), org.person("light")
    run = run_of(org, "Call", "Sign")
    org.api.put(f"/runs/{run.id}", {"users": [person.id]}).raise_for_status()
    copies = [Copy(person.api, path) for path in ("/runs", "/tasks")]
    others = [Copy(stranger.api, path) for path in ("/runs", "/tasks")]
    assert [len(copy.things) for copy in copies] == [1, 2]

    org.api.put(f"/runs/{run.id}", {"users": []}).raise_for_status()

    assert [sorted(copy.ask()["sync"]["deleted"]) for copy in copies] == [
        [run.id],
        sorted(task["id"] for task in run.tasks().values()),
    ]
    # Who never saw them is told nothing, not even an id.
    assert [(body["data"], body["sync"]["deleted"]) for body in (copy.ask() for copy in others)] == [([], [])] * 2


def test_nothing_is_missed_of_what_was_seen_for_several_reasons(org: Organization) -> None:
    """Each page is whole, however many times something on it is known to be gone."""
    person = org.person("light")
    seen = {"users": [person.id], "groups": [org.group(members=[person])["id"] for _ in range(2)]}
    lost, kept = ([run_of(org, "Call", **seen) for _ in range(2)] for _ in range(2))
    copy = Copy(person.api, "/runs")

    for run in lost:
        org.api.put(f"/runs/{run.id}", {"users": [], "groups": []}).raise_for_status()
    for run in kept:
        org.api.put(f"/runs/{run.id}", {"name": "New"}).raise_for_status()

    copy.follow(per_page=2)
    copy.assert_equal()


def test_who_gains_sight_of_a_process_gets_all_of_its_tasks(org: Organization) -> None:
    person = org.person("light")
    run = run_of(org, "Call", "Sign")
    copy = Copy(person.api, "/tasks")
    assert copy.things == {}

    org.api.put(f"/runs/{run.id}/tasks/{run.task_id('Call')}", {"owners": {"users": [person.id]}}).raise_for_status()

    copy.follow()
    assert len(copy.things) == 2
    copy.assert_equal()


def test_what_tasks_show_of_their_process_and_quote_of_others_follows(org: Organization) -> None:
    template = org.template(steps=[{"title": "Ask", "captures": [{"label": "City"}]}, "Visit", "Report"])
    alias = template_field(org, template)["alias"]
    visit = template["steps"][1]["id"]
    org.api.put(f"/checklists/{template['id']}/steps/{visit}", {"title": f"Visit {{{{{alias}}}}}"}).raise_for_status()
    run = Run(org, template)
    copy = Copy(org.api, "/tasks")

    run.change("Ask", taskdata={run.field(): "Lisbon"}).raise_for_status()
    body = copy.ask()
    copy.assert_equal()
    assert [task["title"] for task in body["data"]] == ["Ask", "Visit Lisbon"]

    org.api.post(f"/runs/{run.id}/problem", {"content": "stop"}).raise_for_status()
    copy.follow()
    copy.assert_equal()


def template_field(org: Organization, template: dict[str, Any]) -> dict[str, Any]:
    """The first form field of the first step, with its alias."""
    return org.api.data("GET", f"/checklists/{template['id']}/form-fields")["form_fields"][0]


def test_what_a_process_loses_with_a_tag_a_folder_or_a_task_follows(org: Organization) -> None:
    """And what it gets again out of the bin: rows of the list show progress, and tags and folder where they are to."""
    run, tag, folder = run_of(org, "Call"), org.tag()["id"], org.folder(kind="run")["id"]
    task = org.one_off()["id"]
    subject = {"subject_type": "Run", "subject_id": run.id}
    org.api.post("/checklists/tags", {"tag_id": tag, "tag_type": "private", **subject}).raise_for_status()
    org.api.post("/folders/add-object", {"folder_id": folder, **subject}).raise_for_status()
    copy = Copy(org.api, "/runs")

    org.api.post(f"/tasks/{task}/link", {"run_id": run.id}).raise_for_status()
    copy.follow()
    for path in (f"/tasks/{task}/link", f"/tags/{tag}", f"/folders/{folder}"):
        org.api.delete(path).raise_for_status()
        assert [each["id"] for each in copy.ask()["data"]] == [run.id], path
        copy.assert_equal()
    for item in org.api.data("GET", "/bin"):
        org.api.post(f"/bin/{item['id']}/restore").raise_for_status()
        assert [each["id"] for each in copy.ask()["data"]] == [run.id], item


def test_a_task_that_becomes_secret_is_gone_for_others(org: Organization) -> None:
    person = org.person()
    task = org.one_off()
    copy = Copy(person.api, "/tasks")
    assert task["id"] in copy.things

    org.api.put(f"/tasks/{task['id']}", {**task, "top_secret": True}).raise_for_status()

    assert copy.ask()["sync"]["deleted"] == [task["id"]]


def test_what_a_task_shows_of_the_parts_of_a_group_follows_the_group(org: Organization) -> None:
    mira, otto, ines = org.person(), org.person(), org.person()
    group = org.group(members=[mira, otto, ines])["id"]
    run = run_of(org, {"title": "Read", "groups": [group], "everyone_must_complete": True})
    run.complete("Read", by=mira).raise_for_status()
    copy, path = Copy(org.api, "/tasks"), run.path("Read")
    tag = org.api.get(path).headers["ETag"]

    for members, progress in (([mira, otto], 50), ([mira, otto, ines], 33)):
        org.api.put(f"/groups/{group}", {"members": [each.id for each in members]}).raise_for_status()
        copy.follow()
        copy.assert_equal()
        assert [task["completion_progress"] for task in copy.things.values()] == [progress]
    assert org.api.put(path, {"title": "Reread"}, headers={"If-Match": tag}).status_code == 412


def test_what_a_guest_completed_follows_the_guest(org: Organization) -> None:
    guest = org.guest()["email"]
    group = org.group(guests=[guest])["id"]
    run = run_of(org, {"title": "Sign", "guests": [guest]}, {"title": "Read", "groups": [group]}, "File")
    for title in ("Sign", "Read"):
        org.guest_api(guest).post("/completed-tasks", {"task_id": run.task_id(title)}).raise_for_status()
    copy = Copy(org.api, "/tasks")

    org.api.delete(f"/guests/{guest}").raise_for_status()

    assert [task["title"] for task in copy.ask()["data"]] == ["Sign", "Read"]
    copy.assert_equal()


def test_a_template_taken_off_all_lists_is_gone(org: Organization) -> None:
    person = org.person("light")
    template = org.template()
    org.allow(template, "READ", person.id)
    copy = Copy(person.api, "/checklists")
    assert template["id"] in copy.things

    org.allow(template, "READ")

    assert copy.ask()["sync"]["deleted"] == [template["id"]]


def test_whoever_joins_a_group_or_changes_role_starts_over(org: Organization) -> None:
    person = org.person()
    copy = Copy(person.api, "/runs")
    org.group(members=[person])

    answer = person.api.get(f"/runs?updated_since={copy.since}")

    assert (answer.status_code, answer.json()["code"]) == (410, "SYNC_START_OVER")
    assert "updated_since=now" in answer.json()["message"]


def test_a_moment_gives_what_changed_since(org: Organization) -> None:
    clock = org.server.clock
    clock.advance(hours=-5)
    early = run_of(org, "Early")
    clock.advance(hours=2)
    since = clock.advance(hours=1)
    late = run_of(org, "Late")

    answer = org.api.get(f"/runs?updated_since={wire(since)}").json()

    assert [run["id"] for run in answer["data"]] == [late.id]
    everything = org.api.get("/runs?updated_since=2001-01-01").json()
    assert [run["id"] for run in everything["data"]] == [early.id, late.id]
    assert org.api.get("/runs?updated_since=2101-01-01").json()["data"] == []


@pytest.mark.parametrize("since", ["yesterday", "0.1", "1.1.0.0123456789abcdef", "2031-13-01"])
def test_what_is_no_place_is_refused(org: Organization, since: str) -> None:
    answer = org.api.get(f"/runs?updated_since={since}")

    assert answer.status_code == 422
    assert "now" in answer.json()["errors"]["updated_since"][0]


def test_filters_do_not_go_with_it(org: Organization) -> None:
    """A thing that no longer passes a filter would stay in the copy for good."""
    answer = org.api.get("/runs?updated_since=now&status=active&page=2")

    assert answer.headers["X-Ignored-Params"] == "status, page"


def writer(org: Organization, seed: int) -> Callable[[], None]:
    def work() -> None:
        order = random.Random(seed)
        for _ in range(6):
            run = run_of(org, "Call", "Sign")
            if order.random() < 0.7:
                run.complete("Call").raise_for_status()
            if order.random() < 0.4:
                org.api.delete(f"/runs/{run.id}").raise_for_status()
                if order.random() < 0.7:
                    org.api.delete(f"/runs/{run.id}/delete").raise_for_status()

    return work


def test_nothing_is_missed_while_eight_write(org: Organization) -> None:
    """The copies are kept all the while, in small pages; in the end they are what the lists say."""
    copies = [Copy(org.api, path) for path in ("/runs", "/tasks")]
    done = threading.Event()

    def keep(copy: Copy) -> Callable[[], None]:
        def work() -> None:
            while not done.is_set():
                copy.follow(per_page=3)

        return work

    keepers = [threading.Thread(target=keep(copy)) for copy in copies]
    for keeper in keepers:
        keeper.start()
    try:
        at_once([writer(org, seed) for seed in range(8)])
    finally:
        done.set()
        for keeper in keepers:
            keeper.join()
    for copy in copies:
        copy.follow(per_page=3)
        copy.assert_equal()
        assert copy.pages > 10
