"""Comments. Spec: behaviour-work 7, api-tasks 14."""

from typing import Any

import pytest
from msgspec.structs import replace

from procession.domain.actors import Actor
from procession.domain.errors import Invalid
from procession.domain.processes import Task
from procession.domain.threads import (
    Thread,
    check_content,
    check_emoji,
    default_state,
    invited,
    may_change,
    mentioned,
    with_names,
    with_thread,
)

NAMES = {12: "Mira Okoye", 40: "<b>Al</b> & co"}
TASK = Task(seq=1, id="t", title="Call", created_at=0, updated_at=0)


def thread(label: Any = "comment", **fields: Any) -> Thread:
    plain = {"no": 1, "id": "c", "task": 1, "state": "open", "author_kind": "user", "author": 12, "content": "x"}
    times = {"created_at": 0, "updated_at": 0}
    return Thread(label=label, is_issue=label == "problem", **{**plain, **times, **fields})


@pytest.mark.parametrize(
    ("content", "members", "shown"),
    [
        pytest.param("see @[12]!", (12,), "see <strong>Mira Okoye</strong>!", id="M5 the literal markup"),
        pytest.param("@[40]", (40,), "<strong>&lt;b&gt;Al&lt;/b&gt; &amp; co</strong>", id="a name is no markup"),
        pytest.param("@[12] @[40] @[12]", (12, 40), None, id="each once, in order"),
        pytest.param("@[7]", (7,), "@[7]", id="nobody's number stays as typed"),
        pytest.param("@Mira @12 mira@x.test @[ 12 ] @[x] @[]", (), None, id="M5 typed names are plain text"),
        pytest.param(
            '<a href="/@[12]">@[12]</a>', (12,), '<a href="/@[12]"><strong>Mira Okoye</strong></a>', id="tags"
        ),
        pytest.param('<i title="@[40] > @[40]">x</i>', (), None, id="no mention inside an attribute"),
        pytest.param('<span class="m" data-id="12">Mira</span>', (), None, id="spans with a data id are left alone"),
        pytest.param("@[" + "9" * 40 + "]", (), None, id="a number no member can have"),
    ],
)
def test_mentions_are_read_and_shown_by_name(content: str, members: tuple[int, ...], shown: str | None) -> None:
    assert mentioned(content) == members
    if shown is not None:
        assert with_names(content, NAMES) == shown
    elif not members:
        assert with_names(content, NAMES) == content


@pytest.mark.parametrize(
    ("content", "addresses"),
    [
        pytest.param("<p>+Rosa@Bakery.test, please look</p>", ("rosa@bakery.test",), id="M7 at the start of a text"),
        pytest.param("Ask +r@x.test. And (+s@y.test)!", ("r@x.test", "s@y.test"), id="M7 punctuation around it"),
        pytest.param("+r@x.test<br>+R@X.test", ("r@x.test",), id="each once"),
        pytest.param("r@x.test, 2+r@x.test, +r@x, +@x.test, + r@x.test", (), id="not without the sign, or no address"),
        pytest.param('<a href="x +r@x.test">x</a>', (), id="nothing inside a tag"),
    ],
)
def test_addresses_after_a_plus_sign_are_invited(content: str, addresses: tuple[str, ...]) -> None:
    assert invited(content) == addresses


def test_looking_for_mentions_takes_time_in_proportion_to_the_text() -> None:
    for hostile in ("<" * 60_000, '<"' * 30_000, "@[" * 30_000, "<a " * 20_000, '<a x="' * 10_000, " +a@" * 15_000):
        assert mentioned(hostile) == () == invited(hostile)


@pytest.mark.parametrize(
    "content", ["", "   ", "<p></p>", "<p>&nbsp;</p><br>", "\u200b", "<b> \n </b>", "\u2060\ufeff"]
)
def test_a_comment_of_tags_and_blanks_says_nothing(content: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_content(content)
    assert refused.value.errors == {"content": ["The content field is required."]}


@pytest.mark.parametrize("content", ["0", "<p>x</p>", '<img src="/a.png">', "👍", "a < b"])
def test_a_comment_that_says_something_is_fine(content: str) -> None:
    check_content(content)


@pytest.mark.parametrize("emoji", ["👍", "❤️", "👩‍👩‍👧‍👦", "thumbsup", ":+1:", "🏴󠁧󠁢󠁳󠁣󠁴󠁿"])
def test_symbols_and_their_names_are_reactions(emoji: str) -> None:
    check_emoji(emoji)


@pytest.mark.parametrize("emoji", ["two words", "x" * 33, "a\nb", "\x07", ""])
def test_anything_else_is_no_reaction(emoji: str) -> None:
    with pytest.raises(Invalid):
        check_emoji(emoji)


@pytest.mark.parametrize(
    ("before", "after", "problems", "improvements"),
    [
        pytest.param(None, thread(), 0, 0, id="a comment counts nowhere"),
        pytest.param(None, thread("problem"), 1, 0, id="I1 a problem"),
        pytest.param(None, thread("improvement"), 0, 1, id="P15 an improvement"),
        pytest.param(None, thread("resolve"), 0, 0, id="I3 the label alone resolves nothing"),
        pytest.param(thread("problem"), thread("problem", resolve_id="r"), -1, 0, id="I3 resolved"),
        pytest.param(thread("problem"), None, -1, 0, id="an open problem deleted"),
        pytest.param(thread("problem", resolve_id="r"), None, 0, 0, id="a resolved problem deleted"),
        pytest.param(thread("problem"), thread("improvement"), -1, 1, id="a problem becomes an improvement"),
        pytest.param(thread("problem", resolve_id="r"), thread(resolve_id="r"), 0, 0, id="a resolved one relabelled"),
        pytest.param(thread(resolve_id="r"), thread("problem", resolve_id="r"), 0, 0, id="it stays resolved"),
        pytest.param(thread("improvement"), None, 0, -1, id="an improvement deleted"),
        pytest.param(thread(), thread("problem"), 1, 0, id="a comment becomes a problem"),
    ],
)
def test_a_task_counts_its_open_problems_and_improvements(
    before: Thread | None, after: Thread | None, problems: int, improvements: int
) -> None:
    task = replace(TASK, open_problems=2, improvements=3)

    assert with_thread(task, before, after) == replace(task, open_problems=2 + problems, improvements=3 + improvements)


def test_a_problem_reopens_a_completed_task_as_by_hand() -> None:
    completed = replace(
        TASK, status="completed", completed_at=5, completer=12, is_approved=True, parts={"m:12": 5}, taskdata={"f": "x"}
    )

    reopened = with_thread(completed, None, thread("problem"))

    assert reopened == replace(TASK, status="in-progress", taskdata={"f": "x"}, open_problems=1)
    assert with_thread(completed, None, thread()) == completed
    assert with_thread(completed, thread("problem"), None).is_completed


@pytest.mark.parametrize(
    ("actor", "of_user", "of_guest", "of_bot"),
    [
        pytest.param(Actor(kind="member", id=12, role="light"), True, False, False, id="M9 the author"),
        pytest.param(Actor(kind="member", id=40, role="standard"), False, False, False, id="M9 somebody else"),
        pytest.param(Actor(kind="member", id=40, role="admin"), True, True, True, id="M9 an administrator"),
        pytest.param(Actor(kind="guest", guest_email="r@x.test"), False, True, False, id="3.3 the guest who wrote it"),
        pytest.param(Actor(kind="guest", guest_email="q@x.test"), False, False, False, id="3.3 another guest"),
    ],
)
def test_authors_and_administrators_change_comments(actor: Actor, of_user: bool, of_guest: bool, of_bot: bool) -> None:
    by_guest = thread(author_kind="guest", author=None, author_guest="r@x.test")
    by_bot = thread(author_kind="bot", author=None)

    assert [may_change(actor, each) for each in (thread(), by_guest, by_bot)] == [of_user, of_guest, of_bot]


def test_members_write_for_members_and_guests_for_all() -> None:
    assert default_state(Actor(kind="member", id=1, role="admin")) == "hide-for-guests"
    assert default_state(Actor(kind="guest", guest_email="r@x.test")) == "open"
