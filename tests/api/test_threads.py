"""Comments and problems on tasks. Spec: api-tasks 14, 16; behaviour-work 7."""

from typing import Any

import pytest

from procession.api.present.threads import present_threads
from procession.domain.processes import Owners
from procession.storage import threads
from procession.storage.tx import ReadTx
from tests.api.refusals import assert_refused, unchanged
from tests.api.thread_places import Places, at_once, comment, owned_by
from tests.builders import Organization


def test_a_comment_has_everything_clients_read(org: Organization, places: Places) -> None:
    org.server.clock.freeze(1_790_000_000_000)
    task = places.task()

    made = comment(org.admin, task, "<p>Called <b>twice</b></p>", state="collapsed", label="advice")

    assert made == {
        "id": made["id"],
        "content": "<p>Called <b>twice</b></p>",
        "author_id": org.admin.id,
        "author_type": "user",
        "author": {"id": org.admin.id, "full_name": "Mira Okoye", "email": org.admin.email, "profile_pic": None},
        "task_id": task.id,
        "label": "advice",
        "state": "collapsed",
        "created_at": "2026-09-21T14:13:20.000Z",
        "updated_at": "2026-09-21T14:13:20.000Z",
        "archived_at": None,
        "resolve_id": None,
        "sent_to": [],
        "reactions": [],
        "selected_text": None,
        "assets": [],
    }
    [stored] = places.threads(task)
    assert (stored.thread.id, stored.task_id) == (made["id"], task.id)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param({}, "content", id="K1 no content"),
        pytest.param({"content": None}, "content", id="null"),
        pytest.param({"content": " <p>&nbsp;</p>"}, "content", id="K1 blank once the tags are gone"),
        pytest.param({"content": "<script>alert(1)</script>"}, "content", id="nothing but a script"),
        pytest.param({"content": 12}, "content", id="not text"),
        pytest.param({"content": "x" * 65_536}, "content", id="65536 characters"),
        pytest.param({"content": "x", "state": "hidden"}, "state", id="K1 unknown state"),
        pytest.param({"content": "x", "label": "blocker"}, "label", id="K1 unknown label"),
        pytest.param({"content": "x", "label": ["problem"]}, "label", id="a list of labels"),
    ],
)
def test_a_bad_comment_is_refused_naming_the_field(places: Places, body: dict[str, Any], field: str) -> None:
    task = places.task()

    with unchanged(places.org):
        refused = places.org.api.post(f"/tasks/{task.id}/comment", body)

    assert_refused(refused, 422)
    assert refused.json()["errors"][field]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        pytest.param("5 < 6 & 7", "5 &lt; 6 &amp; 7", id="text with an angle bracket"),
        pytest.param("R&D", "R&D", id="text without"),
        pytest.param('<img src="/x" onerror="alert(1)">!', '<img src="/x">!', id="handlers"),
        pytest.param('<a href="javascript:alert(1)">x</a>', '<a rel="noopener noreferrer">x</a>', id="script links"),
        pytest.param("ok<iframe src='//x'></iframe>", "ok", id="frames"),
        pytest.param(
            '<video src="a/b.mp4" controls="" autoplay onplay="x()" poster="javascript:x()"></video>',
            '<video src="a/b.mp4" controls=""></video>',
            id="F2 videos, which play when somebody wants",
        ),
        pytest.param(
            '<span class="m" data-id="4">@A</span>', '<span class="m" data-id="4">@A</span>', id="mention span"
        ),
        pytest.param("<img src=x onerror=alert(1) @[1]", None, id="a tag left open, which a mention would close"),
    ],
)
def test_markup_is_made_safe(places: Places, sent: str, kept: str | None) -> None:
    task = places.task()

    answer = places.org.api.post(f"/tasks/{task.id}/comment", {"content": sent})

    if kept is None:
        assert answer.status_code == 422
    else:
        assert answer.json()["data"]["content"] == kept


def test_what_no_database_can_store_is_refused_or_dropped(places: Places) -> None:
    task = places.task()
    path = f"/tasks/{task.id}/comment"

    assert places.org.api.data("POST", path, {"content": "a\0b 😀 'q' %_"})["content"] == "ab 😀 'q' %_"
    lone = places.org.api.request(
        "POST", path, content=b'{"content": "\\ud800"}', headers={"Content-Type": "application/json"}
    )
    assert lone.status_code in (400, 422)


@pytest.mark.parametrize("label", ["comment", "resolve", "improvement", "advice", "problem"])
def test_every_label_is_kept(places: Places, label: str) -> None:
    """Spec: behaviour-work M2."""
    task = places.task()

    assert comment(places.org.admin, task, label=label)["label"] == label


def test_members_write_for_members_and_guests_for_everybody(org: Organization, places: Places) -> None:
    """Spec: behaviour-work M3."""
    guest = places.guest(first_name="Rosa", last_name="Diaz")
    other = places.guest("otto@bakery.test")
    task = places.task(owners=owned_by(org.admin, guest, other))

    hidden = comment(org.admin, task, "for us")
    open_ = comment(org.admin, task, "for all", state="open")
    comment(org.admin, task, "folded", state="collapsed")
    own = guest.comment(task, {"content": "from me", "state": "hide-for-guests"})
    comment(org.admin, task, "an issue of ours", label="problem")

    assert hidden["state"] == "hide-for-guests"
    assert own.status_code == 201
    assert own.json()["data"]["state"] == "open"
    assert own.headers["X-Ignored-Params"] == "body:state"
    assert own.json()["data"]["author_id"] is None
    assert own.json()["data"]["author"]["full_name"] == "Rosa Diaz"
    assert own.json()["data"]["author"]["email"] == "rosa@bakery.test"
    assert len(places.threads(task)) == 5
    for reader in (guest, other):
        assert [each.thread.id for each in places.threads(task, reader.actor)] == [
            open_["id"],
            own.json()["data"]["id"],
        ]


def test_a_guest_keeps_seeing_an_own_comment_that_was_hidden(org: Organization, places: Places) -> None:
    """Spec: behaviour-work M3."""
    guest, other = places.guest(), places.guest("otto@bakery.test")
    task = places.task(owners=owned_by(org.admin, guest, other))
    own = guest.comment(task, {"content": "from me"}).json()["data"]
    org.api.data("PUT", f"/tasks/{task.id}/comment/{own['id']}", {"state": "hide-for-guests"})

    assert [each.thread.id for each in places.threads(task, guest.actor)] == [own["id"]]
    assert places.threads(task, other.actor) == []


def test_where_guests_may_not_comment_they_see_nothing_either(org: Organization, places: Places) -> None:
    """T-8.10. Spec: behaviour-work M4."""
    guest = places.guest()
    task = places.task(owners=owned_by(org.admin, guest), prevent_guest_comment=True)
    comment(org.admin, task, state="open")

    assert guest.comment(task, {"content": "hello"}).status_code == 403
    assert guest.comment(task, {"content": "hello", "label": "problem"}).status_code == 403
    assert places.threads(task, guest.actor) == []
    assert len(places.threads(task)) == 1
    done = guest.api.post(f"/guests/{guest.code}/completed-tasks", {"task_id": task.id})
    assert done.json()["data"]["status"] == "completed", "T-8.10: but the task is theirs to complete"


def test_a_guest_comments_on_own_tasks_by_own_link_only(org: Organization, places: Places) -> None:
    guest = places.guest()
    mine, other = places.task(owners=owned_by(org.admin, guest)), places.task()
    path = f"/guests/{guest.code}/tasks/{mine.id}/comment"

    assert guest.comment(other, {"content": "x"}).status_code == 404
    assert guest.api.post(f"/guests/{'x' * 44}/tasks/{mine.id}/comment", {"content": "x"}).status_code == 404
    assert guest.api.post(f"/tasks/{mine.id}/comment", {"content": "x"}).status_code == 401
    assert org.api.post(path, {"content": "x"}).status_code == 403
    assert guest.comment(mine, {"content": "  "}).status_code == 422
    org.api.delete(f"/guests/{guest.email}/disable")
    assert guest.comment(mine, {"content": "x"}).status_code == 404
    assert places.threads(mine) == []


@pytest.mark.parametrize(
    ("role", "named", "secret", "allowed"),
    [
        pytest.param("admin", False, True, True, id="3.3 administrator"),
        pytest.param("standard", False, False, True, id="3.3 standard, on a stand-alone task"),
        pytest.param("standard", False, True, False, id="3.3 standard, on a secret task"),
        pytest.param("standard", True, True, True, id="3.3 standard, assigned to it"),
        pytest.param("light", False, False, False, id="3.3 light, not involved"),
        pytest.param("light", True, False, True, id="3.3 light, assigned"),
    ],
)
def test_whoever_sees_a_task_comments_reports_resolves_and_reacts(
    org: Organization, places: Places, role: Any, named: bool, secret: bool, allowed: bool
) -> None:
    person = org.person(role)
    task = places.task(owners=owned_by(person if named else org.admin), top_secret=secret)
    problem = comment(org.admin, task, label="problem")

    answers = [
        person.api.post(f"/tasks/{task.id}/comment", {"content": "x"}),
        person.api.post(f"/tasks/{task.id}/problem", {"content": "x"}),
        person.api.post(f"/tasks/{task.id}/bot-comment", {"content": "x"}),
        person.api.put(f"/tasks/{task.id}/comment/{problem['id']}/reactions/👍"),
        person.api.delete(f"/tasks/{task.id}/comment/{problem['id']}/reactions/👍"),
        person.api.post(f"/tasks/{task.id}/resolved-threads", {"thread_id": problem["id"], "content": "x"}),
    ]

    expected = [201, 201, 201, 200, 200, 200] if allowed else [404] * 6
    assert [answer.status_code for answer in answers] == expected
    assert places.task_now(task).open_problems == 1


def test_another_organizations_tasks_and_comments_are_not_found(org: Organization, other_org: Organization) -> None:
    ours, theirs = Places(org).task(), Places(other_org).task()
    foreign = comment(other_org.admin, theirs, label="problem")
    mine = comment(org.admin, ours)

    for task, thread in ((theirs, foreign), (ours, foreign), (theirs, mine)):
        path = f"/tasks/{task.id}/comment/{thread['id']}"
        assert org.api.put(path, {"content": "x"}).status_code == 404
        assert org.api.delete(path).status_code == 404
        assert org.api.put(f"{path}/reactions/x").status_code == 404
    for route in ("comment", "problem", "bot-comment"):
        assert org.api.post(f"/tasks/{theirs.id}/{route}", {"content": "x"}).status_code == 404
        assert (
            org.api.post(f"//organizations/{other_org.id}/tasks/{theirs.id}/{route}", {"content": "x"}).status_code
            == 403
        )
    resolution = {"thread_id": foreign["id"], "content": "x"}
    assert org.api.post(f"/tasks/{theirs.id}/resolved-threads", resolution).status_code == 404
    assert org.api.post(f"/tasks/{ours.id}/resolved-threads", resolution).status_code == 422
    assert Places(other_org).task_now(theirs).open_problems == 1


@pytest.mark.parametrize("task_id", ["0" * 32, "nonsense", "1", "%00"])
def test_a_task_nobody_has_is_not_found(org: Organization, task_id: str) -> None:
    for route in ("comment", "problem", "bot-comment"):
        assert org.api.post(f"/tasks/{task_id}/{route}", {"content": "x"}).status_code == 404


def test_a_comment_is_changed_by_its_author_and_administrators(org: Organization, places: Places) -> None:
    author, other = org.person("light"), org.person("standard")
    task = places.task(owners=owned_by(author, other))
    path = f"/tasks/{task.id}/comment/{comment(author, task, state='open')['id']}"

    assert author.api.data("PUT", path, {"content": "better"})["content"] == "better"
    assert author.api.request("PATCH", path, json={"label": "advice"}).json()["data"]["content"] == "better"
    assert other.api.put(path, {"content": "worse"}).status_code == 403
    assert other.api.delete(path).status_code == 403
    changed = org.api.data("PUT", path, {"state": "collapsed"})
    assert (changed["content"], changed["label"], changed["state"]) == ("better", "advice", "collapsed")
    assert (changed["author_id"], changed["author"]["email"]) == (author.id, author.email)
    deleted = author.api.delete(path)
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert org.api.delete(path).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param({"content": ""}, "content", id="blank"),
        pytest.param({"content": None}, "content", id="null content"),
        pytest.param({"state": None}, "state", id="null state"),
        pytest.param({"label": "x"}, "label", id="unknown label"),
    ],
)
def test_a_bad_change_is_refused(places: Places, body: dict[str, Any], field: str) -> None:
    task = places.task()
    made = comment(places.org.admin, task)

    with unchanged(places.org):
        refused = places.org.api.put(f"/tasks/{task.id}/comment/{made['id']}", body)

    assert_refused(refused, 422)
    assert refused.json()["errors"][field]


def test_an_empty_change_changes_nothing(org: Organization, places: Places) -> None:
    org.server.clock.freeze()
    task = places.task()
    made = comment(org.admin, task)
    org.server.clock.advance(hours=1)

    assert org.api.data("PUT", f"/tasks/{task.id}/comment/{made['id']}", {}) == made


def test_the_bot_writes_for_members(org: Organization, places: Places) -> None:
    light = org.person("light")
    task = places.task(owners=owned_by(light))

    made = light.api.data("POST", f"/tasks/{task.id}/bot-comment", {"content": "2 of 3 done"})

    assert (made["author_type"], made["author_id"], made["state"]) == ("bot", None, "hide-for-guests")
    assert made["author"] == {"id": None, "full_name": "Process Bot", "email": None, "profile_pic": None}
    path = f"/tasks/{task.id}/comment/{made['id']}"
    assert light.api.delete(path).status_code == 403
    assert org.api.delete(path).status_code == 204
    assert org.api.post(f"/tasks/{task.id}/bot-comment", {"content": "<br>"}).status_code == 422


def test_reactions_are_there_once_for_each_member_and_emoji(org: Organization, places: Places) -> None:
    """Spec: behaviour-work M10."""
    iris = org.person()
    task = places.task()
    path = f"/tasks/{task.id}/comment/{comment(org.admin, task)['id']}/reactions"

    org.api.data("PUT", f"{path}/👍", status=200)
    org.api.data("PUT", f"{path}/👍", status=200)
    iris.api.data("PUT", f"{path}/%F0%9F%91%8D", status=200)
    both = iris.api.data("PUT", f"{path}/🎉", status=200)["reactions"]

    assert both == [
        {"emoji": "🎉", "users": [iris.id]},
        {"emoji": "👍", "users": sorted([org.admin.id, iris.id])},
    ]
    assert org.api.data("DELETE", f"{path}/🎉")["reactions"] == both
    assert iris.api.data("DELETE", f"{path}/🎉")["reactions"] == both[1:]
    assert iris.api.put(f"{path}/two%20words").status_code == 422
    assert iris.api.put(f"{path}/{'x' * 33}").status_code == 422


def test_reactions_at_the_same_time_are_all_kept(org: Organization, places: Places) -> None:
    people = [org.person() for _ in range(4)]
    task = places.task()
    path = f"/tasks/{task.id}/comment/{comment(org.admin, task)['id']}/reactions/👍"

    answers = at_once([lambda each=each: each.api.put(path).status_code for each in people * 2])

    assert answers == [200] * 8
    assert org.api.data("PUT", path)["reactions"][0]["users"] == sorted([org.admin.id, *[each.id for each in people]])


def test_nothing_is_written_on_an_archived_task_or_process(org: Organization, places: Places) -> None:
    """Spec: behaviour-work M15."""
    process = places.process()
    in_process, alone = process.tasks[0], places.task()
    made = [comment(org.admin, in_process, label="problem"), comment(org.admin, alone, label="problem")]
    org.api.delete(f"/runs/{process.id}")
    archived = places.task(archived=True)

    for task, thread in ((in_process, made[0]), (archived, None)):
        for route in ("comment", "problem", "bot-comment"):
            assert org.api.post(f"/tasks/{task.id}/{route}", {"content": "x"}).status_code == 422
        if thread is not None:
            path = f"/tasks/{task.id}/comment/{thread['id']}"
            resolution = {"thread_id": thread["id"], "content": "x"}
            assert org.api.post(f"/tasks/{task.id}/resolved-threads", resolution).status_code == 422
            assert org.api.put(path, {"content": "x"}).status_code == 422
            assert org.api.delete(path).status_code == 422
            assert org.api.put(f"{path}/reactions/x").status_code == 422
            [kept] = places.threads(task)
            assert kept.archived_at is not None


def test_the_threads_of_many_tasks_take_one_statement(org: Organization, places: Places) -> None:
    guest = places.guest()
    tasks = [places.task(owners=owned_by(org.admin, guest)) for _ in range(3)]
    for task in tasks:
        made = comment(org.admin, task, f"@[{org.admin.id}]")
        org.api.put(f"/tasks/{task.id}/comment/{made['id']}/reactions/x")
        guest.comment(task, {"content": "x"})

    async def statements(tx: ReadTx, *, many: int) -> tuple[int, int, dict[int, int]]:
        before = tx.connection.statements
        rows = await threads.of_tasks(tx, [task.seq for task in tasks[:many]])
        shown = await present_threads(tx, rows)
        used = tx.connection.statements - before
        return len(shown), used, await threads.counts_of_tasks(tx, [task.seq for task in tasks])

    assert places.read(lambda tx: statements(tx, many=1))[:2] == (2, 6)
    shown, used, counts = places.read(lambda tx: statements(tx, many=3))
    assert (shown, used) == (6, 6)
    assert counts == {task.seq: 2 for task in tasks}
    assert places.read(lambda tx: threads.counts_of_tasks(tx, [tasks[0].seq]), guest.actor) == {tasks[0].seq: 1}


def test_tasks_are_read_with_their_threads(org: Organization, places: Places) -> None:
    guest = places.guest()
    process = places.process({"owners": owned_by(org.admin, guest)})
    [task] = process.tasks
    comment(org.admin, task, "hidden", label="problem")
    comment(org.admin, task, "open", state="open")

    def contents(data: dict[str, Any], name: str) -> list[str]:
        return [each["content"] for each in data[name]["data"]]

    wanted = "with=threads,issues,threads_count"
    for path in (f"/runs/{process.id}/tasks/{task.id}", f"/tasks/{task.id}"):
        shown = org.api.data("GET", f"{path}?{wanted}")
        assert (contents(shown, "threads"), contents(shown, "issues")) == (["hidden", "open"], ["hidden"])
        assert shown["threads_count"] == 2
    [listed] = org.api.data("GET", f"/runs/{process.id}/tasks?{wanted}")
    assert contents(listed, "threads") == ["hidden", "open"]
    shown = guest.api.data("GET", f"/guests/{guest.code}/tasks/{task.id}?{wanted}")
    assert (contents(shown, "threads"), contents(shown, "issues"), shown["threads_count"]) == (["open"], [], 1)


def test_guests_learn_no_addresses_from_comments(org: Organization, places: Places) -> None:
    guest, other = places.guest(), places.guest("otto@bakery.test")
    task = places.task(owners=owned_by(org.admin, guest, other))
    comment(org.admin, task, state="open")
    other.comment(task, {"content": "x"})
    guest.comment(task, {"content": "y"})

    async def authors(tx: ReadTx) -> list[tuple[str, str | None]]:
        shown = await present_threads(tx, await threads.of_tasks(tx, [task.seq]))
        return [(each.author.full_name, each.author.email) for each in shown]

    assert places.read(authors, guest.actor) == [
        ("Mira Okoye", None), ("Guest", None), ("rosa@bakery.test", "rosa@bakery.test")
    ]  # fmt: skip
    assert [email for _, email in places.read(authors)] == [org.admin.email, other.email, guest.email]


def test_a_light_member_of_a_group_comments_on_its_tasks(org: Organization, places: Places) -> None:
    light = org.person("light")
    group = org.api.data("POST", "/groups", {"name": "Drivers", "description": "", "members": [light.id]})
    task = places.task(owners=Owners(groups=(group["id"],)))

    assert comment(light, task)["author_id"] == light.id
