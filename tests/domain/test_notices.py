"""What operations tell whom. Spec: behaviour-people 10.2 to 10.4, behaviour-work Y9."""

from collections.abc import Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from procession.domain.actors import Actor
from procession.domain.events import Logged
from procession.domain.listing import EVERYONE
from procession.domain.notices.happenings import happenings
from procession.domain.notices.notice import Things, things
from procession.domain.notices.operations import Operation, Read, operations, whole_operations
from procession.domain.notices.preferences import Preferences
from procession.domain.notices.telling import Person, Told, told
from procession.domain.notices.wording import Words, body, subject
from procession.domain.processes import Owners, Process, Task
from procession.domain.summary import settle
from procession.domain.threads import Thread
from procession.domain.times import DAY, wire

NOW = 1_790_000_000_000
ACTOR, OWNER, MEMBER, COLLEAGUE, LIGHT = 1, 2, 3, 4, 5
GUEST = "guest@partner.test"
ZONE = "Europe/Berlin"


def task(seq: int, title: str, *users: int, **more: Any) -> Task:
    owners = more.pop("owners", Owners(users=users))
    times: Any = {"created_at": NOW, "updated_at": NOW}
    return Task(seq=seq, id=f"t{seq}", process=7, title=title, position=seq, owners=owners, **times, **more)


def process(*tasks: Task, **more: Any) -> Process:
    names: Any = {
        "name": "Iris",
        "folded_name": "iris",
        "sort_name": "iris",
        "template_title": "T",
        "type": "procedure",
    }
    times: Any = {"created_at": NOW, "started_at": NOW, "updated_at": NOW}
    plain = Process(
        seq=7, id="p", template_id="x", template_version=1, owner=OWNER, starter=ACTOR, tasks=tasks, **names, **times
    )
    return replace(settle(plain, NOW), **more)


def thread(no: int, content: str = "Text", **more: Any) -> Thread:
    plain: Any = {
        "task": 1,
        "label": "comment",
        "state": "open",
        "author_kind": "user",
        "author": ACTOR,
        "content": content,
    }
    return Thread(no=no, id=f"c{no}", created_at=NOW, updated_at=NOW, **{**plain, **more})


def happened(kind: str, subject_id: str = "t1", *, cause: str | None = None, at: int = NOW, **payload: Any) -> Read:
    noun = kind.partition(".")[0]
    return Read(1, 7, Logged(at, "member", str(ACTOR), cause, noun, subject_id, kind, payload))


def people(
    *, light_groups: frozenset[str] = frozenset(), wants: Mapping[int, Preferences] | None = None
) -> list[Person]:
    chosen = wants or {}
    found = [
        Person(
            actor=Actor(kind="member", id=each, role="standard"),
            named=frozenset({f"m:{each}", EVERYONE, *(["g:both"] if each in (MEMBER, COLLEAGUE) else [])}),
            wants=chosen.get(each, Preferences()),
        )
        for each in (ACTOR, OWNER, MEMBER, COLLEAGUE)
    ]
    found.append(Person(actor=Actor(kind="member", id=LIGHT, role="light"), named=light_groups | {f"m:{LIGHT}"}))
    return [*found, Person(actor=Actor(kind="guest", guest_email=GUEST), named=frozenset({f"e:{GUEST}", "g:both"}))]


def tell(read: list[Read], there: Things, who: list[Person] | None = None) -> list[Told]:
    [operation] = operations(read, NOW) or [Operation("", ())]
    return told(happenings(operation, there), who or people(), there, actor=operation.actor)


def kinds(found: list[Told]) -> dict[str, list[str]]:
    return {each.person.principal: [notice.kind for notice in each.notices] for each in found}


def moved(**more: Any) -> Read:
    dates = {"before": wire(NOW), "after": wire(NOW + DAY)}
    return happened("task.updated", deadline=dates, **more)


BOTH = Owners(users=(MEMBER,), guests=(GUEST,), groups=("both",))
COMPLETE = {"status": "completed", "completed_at": NOW, "completer": ACTOR}


@pytest.mark.parametrize(
    ("read", "first", "expected"),
    [
        pytest.param([moved()], {}, ["m:3", "m:4", "e:guest@partner.test"], id="D17 groups and guests"),
        pytest.param([moved(notify=False)], {}, [], id="D17 notify is off"),
        pytest.param([moved(cause="rule:r")], {"task_type": "approval"}, ["m:3", "m:4", "e:guest@partner.test"], id="A-4.45 by a rule"),
        pytest.param([moved()], {"status": "auto-skipped"}, [], id="A-4.45 hidden"),
        pytest.param([moved()], {"is_held": True}, [], id="a deadline that waits is none"),
        pytest.param([moved()], {"task_type": "email"}, [], id="N3a a message"),
        pytest.param([moved()], COMPLETE, [], id="N3 completed by then"),
        pytest.param([moved()], {"owners": Owners(users=(ACTOR,))}, [], id="N1 by oneself"),
        pytest.param([moved()], {"archived_at": NOW}, [], id="N5 archived"),
        pytest.param(
            [moved(), happened("task.updated", deadline={"before": wire(NOW + DAY), "after": wire(NOW)})], {}, [],
            id="there and back",
        ),
        pytest.param([happened("task.updated", deadline=wire(NOW + DAY))], {}, [], id="an older event, without the old date"),
    ],
)  # fmt: skip
def test_who_is_told_of_a_moved_deadline(read: list[Read], first: dict[str, Any], expected: list[str]) -> None:
    """behaviour-work D17, behaviour-automations A-4.45."""
    there = things([process(task(1, "Weigh", **{"owners": BOTH, **first}), task(2, "Pack", OWNER))])

    found = tell(read, there)

    assert kinds(found) == {each: ["deadline_moved"] for each in expected}


def test_one_person_gets_one_list_with_the_most_important_first() -> None:
    """N4, N11: whatever another thing says is left out, per task and per comment."""
    tasks = [task(1, "Weigh", MEMBER, COLLEAGUE, deadline=NOW + DAY), task(2, "Pack", MEMBER)]
    comment, issue = thread(1, mentions=(MEMBER,)), thread(2, task=2, is_issue=True, label="problem")
    there = things([process(*tasks)], threads=[comment, issue])
    read = [
        moved(),
        happened("task.assigned", added=[f"m:{COLLEAGUE}"], removed=[]),
        happened("task.updated", former={"title": "Wey"}),
        happened("thread.added", "c1", mentions=[MEMBER]),
        happened("thread.added", "c2", mentions=[]),
        happened("task.reopened", "t2"),
        happened("process.updated", "p", former={"owner": COLLEAGUE}),
    ]

    found = tell(read, there)

    edits = ["deadline_moved", "task_edited", "assignees_changed"]
    assert kinds(found) == {
        "m:2": ["issue_reported", "process_owned"],
        "m:3": ["issue_reported", "mentioned", *edits, "process_updated"],
        "m:4": ["issue_reported", "assigned", "commented", "process_updated"],
    }
    words = Words(titles={"t1": "Weigh!"}, people={"m:4": "Nora Ng"}, actor="Otto", zone=ZONE)
    owner, member, _ = found
    assert [subject(each, words) for each in found] == ["Issue reported: Pack"] * 3
    assert "Weigh! (Iris) is due" in body(member, words) and "added: Nora Ng." in body(member, words)
    assert "Iris is yours now, before it was owned by Nora Ng." in body(owner, words)


def test_preferences_are_asked_before_one_thing_says_another() -> None:
    """N6: who wants no mail on mentions still hears of a comment on their task."""
    there = things([process(task(1, "Weigh", MEMBER))], threads=[thread(1, mentions=(MEMBER,))])
    read = [happened("thread.added", "c1", mentions=[MEMBER])]

    assert kinds(tell(read, there)) == {"m:3": ["mentioned"]}
    for wants, expected in [
        (Preferences(mentions=False), {"m:3": ["commented"]}),
        (Preferences(mentions=False, comments=False), {}),
        (Preferences(stop_all=True), {}),
    ]:
        assert kinds(tell(read, there, people(wants={MEMBER: wants}))) == expected


@pytest.mark.parametrize(
    ("cause", "more", "expected"),
    [
        pytest.param(None, {}, {"m:2", "m:3", "m:4"}, id="owner and who had a task, guests not"),
        pytest.param("timer:auto_complete", {}, {"m:2"}, id="Y9 completed by age: no assignees"),
        pytest.param("timer:close_task", {}, {"m:2", "m:3", "m:4"}, id="expired"),
        pytest.param(None, {"archived_at": NOW}, set(), id="N5 archived by then"),
    ],
)
def test_who_is_told_that_a_process_is_finished(cause: str | None, more: dict[str, Any], expected: set[str]) -> None:
    done = task(1, "Weigh", owners=BOTH, **COMPLETE)
    there = things([process(done, **{"status": "complete", **more})])
    read = [
        happened("task.completed", cause=cause),
        happened("process.completed", "p"),
        happened("process.completed", "p"),
    ]

    assert kinds(tell(read, there)) == {each: ["process_finished"] for each in expected}


def test_nobody_is_told_of_a_finished_process_that_is_open_again_by_then() -> None:
    there = things([process(task(1, "Weigh", owners=BOTH))])

    assert tell([happened("task.completed"), happened("process.completed", "p")], there) == []


def test_of_a_new_process_only_whose_the_tasks_are_is_told() -> None:
    """N3, N4: whatever rules did to it at once."""
    there = things(
        [process(task(1, "Weigh", MEMBER), task(2, "Pack", MEMBER, status="auto-skipped"), task(3, "Seal", MEMBER))]
    )
    read = [
        happened("process.launched", "p"),
        moved(cause="rule:r"),
        happened("process.updated", "p", former={"name": "I"}),
    ]

    [only] = tell(read, there)

    assert [notice.task and notice.task.id for notice in only.notices] == ["t1", "t3"]
    words = Words(titles={}, people={}, actor="", zone=ZONE)
    assert subject(only, words) == "2 tasks for you"


@pytest.mark.parametrize(
    ("state", "prevents", "hears"),
    [
        pytest.param("open", False, True, id="M3 open"),
        pytest.param("hide-for-guests", False, False, id="M3 hidden from guests"),
        pytest.param("collapsed", False, False, id="M3 collapsed"),
        pytest.param("open", True, False, id="M4 no comments for guests"),
    ],
)
def test_guests_hear_of_comments_they_see(state: Any, prevents: bool, hears: bool) -> None:
    """behaviour-work M3, M4."""
    there = things(
        [process(task(1, "Weigh", owners=Owners(guests=(GUEST,)), prevent_guest_comment=prevents))],
        threads=[thread(1, state=state)],
    )

    assert bool(tell([happened("thread.added", "c1")], there)) is hears


def test_nobody_is_told_of_what_they_do_not_see() -> None:
    """behaviour-people 2.3, 3.3: by a mention of a secret task, or of a process that is not theirs to see."""
    secret, comment = task(1, "Weigh", MEMBER, top_secret=True), thread(1, mentions=(MEMBER, COLLEAGUE, LIGHT))
    everywhere = thread(2, task=None, process=7, mentions=(LIGHT,))
    there = things([process(secret)], threads=[comment, everywhere])
    read = [
        happened("thread.added", "c1", mentions=[MEMBER, COLLEAGUE, LIGHT]),
        happened("thread.added", "c2", mentions=[LIGHT]),
    ]

    [only] = tell(read, there)

    assert only.person.principal == "m:3"
    assert subject(only, Words(titles={}, people={}, actor="", zone=ZONE)) == "You were mentioned"


def test_operations_are_whole_and_not_too_old() -> None:
    """N4, ML7."""
    early, now = happened("task.shown", at=NOW - 2 * DAY), happened("task.shown")
    later = happened("task.hidden", at=NOW + 1)

    assert [each.read for each in operations([early, now, now], NOW)] == [(now, now)]
    assert whole_operations([now, now, later]) == [now, now]
    assert whole_operations([later, later]) == [later, later]
