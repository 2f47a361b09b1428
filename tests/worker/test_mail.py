"""Mail that waits: sent once, whatever happens to servers, and never lost without a word. Spec: behaviour-people ML1-ML6."""

import asyncio
from collections.abc import Iterator

import pytest

from procession.domain.mails import MAX_AGE
from procession.domain.times import DAY, HOUR, MINUTE
from procession.storage.mails import CLAIMED_FOR
from tests.api.task_runs import NOW, Run, run_of
from tests.builders import Organization
from tests.post import PostOffice
from tests.worker.test_timers import World, after


@pytest.fixture
def world(org: Organization) -> Iterator[World]:
    world = World(org)
    world.at(NOW)
    yield world
    assert org.differences() == []


def sent_to(world: World, *addresses: str) -> Run:
    """A process whose one mail has been completed: it waits to be sent to these guests."""
    run = run_of(world.org, {"title": "Mail", "step_type": "email"})
    run.change("Mail", owners={"users": [world.org.admin.id], "guests": list(addresses)}).raise_for_status()
    run.complete("Mail").raise_for_status()
    return run


def timed_mail(world: World, *people: int) -> Run:
    """A mail that the clock sends after a day."""
    run = run_of(world.org, {"title": "Mail", "step_type": "expiring_email", "deadline": after(1)})
    run.change("Mail", owners={"users": list(people)}).raise_for_status()
    return run


def test_the_clock_sends_a_mail_once_at_its_deadline(world: World, post: PostOffice) -> None:
    """T-6.3, T-6.7, E2: whatever number of servers looks, also when the clock has jumped; from the process's owner."""
    member = world.org.person()
    run, unassigned = timed_mail(world, member.id), timed_mail(world)
    world.at(NOW + DAY - 1)
    world.fire()
    post.send()
    assert post.to(member.email) == []

    world.at(NOW + 5 * DAY)
    world.fire(servers=4)
    post.send(servers=4)
    world.fire()
    post.send()

    [mail] = post.to(member.email)
    assert mail["Reply-To"].addresses[0].addr_spec == world.org.admin.email
    assert run.tasks()["Mail"]["is_approved"] is True
    assert world.comments(run, "Mail") == ["This e-mail was due and has been sent by itself."]
    [told] = world.comments(unassigned, "Mail")
    assert "was not sent" in told


def test_what_the_server_refuses_for_now_is_sent_later_and_what_it_refuses_for_good_is_told(
    world: World, post: PostOffice
) -> None:
    """ML2 to ML4: other mails go their way meanwhile; guests do not see why."""
    busy, wrong = "busy@partner.test", "wrong@partner.test"
    post.answers = {busy: ["451 greylisted"] * 2, wrong: ["550 <no> such user"]}
    run = sent_to(world, busy, wrong)

    outcome = post.send()
    assert (outcome.sent, outcome.failed, outcome.put_off) == (1, 1, 1)
    assert len(post.to(world.org.admin.email)) == 1
    [told] = world.comments(run, "Mail")
    assert told == f"The e-mail to {wrong} was not sent: 550 &lt;no&gt; such user."
    feed = world.org.api.data("GET", f"/activity-feeds?entity_type=run&entity_id={run.id}")
    assert any(f"was not sent by e-mail: to {wrong}, 550" in each["description"][0] for each in feed)
    guest = world.org.guest_api(busy)
    assert guest.get(f"/tasks/{run.task_id('Mail')}?with=threads").json()["data"]["threads"]["data"] == []

    world.at(NOW + MINUTE - 1)
    assert post.send().sent == 0
    world.at(NOW + MINUTE)
    assert post.send().put_off == 1
    world.at(NOW + 2 * MINUTE)
    assert post.send().sent == 0
    world.at(NOW + 3 * MINUTE)
    assert post.send().sent == 1
    assert len(post.to(busy)) == 1


def test_a_mail_whose_server_was_killed_after_handing_it_over_keeps_its_message_id(
    world: World, post: PostOffice
) -> None:
    """ML3: at least once, so that receivers can tell; not before the claim has lapsed."""
    [address] = addresses = ["killed@partner.test"]
    sent_to(world, *addresses)
    post.send()  # the copy of whoever sent it
    post.taken.clear()
    sent_to(world, *addresses)

    async def cut_off() -> None:
        post.has_taken.clear()
        post.tells.clear()
        sending = asyncio.ensure_future(post.sending())
        await post.has_taken.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        post.tells.set()

    world.server.run(cut_off())
    world.at(NOW + CLAIMED_FOR - 1)
    post.send()
    world.at(NOW + CLAIMED_FOR)
    post.send(servers=3)

    everything = [(recipient, message["Message-ID"]) for recipient, message in post.taken]
    assert len(everything) == 3
    assert len(set(everything)) == 2
    assert address in {recipient for recipient, _ in everything}


def test_mail_waits_for_a_server_that_is_away_but_not_for_ever(world: World, post: PostOffice) -> None:
    """ML2, ML5: nobody gets what was written weeks ago, and whoever looks at the task learns of it."""
    away = post.transport
    address = "waiting@partner.test"
    run = sent_to(world, address)
    post.transport = type(away)(host="127.0.0.1", port=1, tls="none", sender=away.sender, timeout_seconds=1)
    assert post.send().problem is not None
    assert post.send().problem is None, "not tried again before its time"

    world.at(NOW + MAX_AGE)
    post.transport = away
    post.send()
    assert post.to(address) == []
    assert post.give_up_old(is_set_up=False) >= 2
    assert any("PROCESSION_SMTP_HOST" in each for each in world.comments(run, "Mail"))

    run.reopen("Mail").raise_for_status()
    run.complete("Mail").raise_for_status()
    world.at(NOW + MAX_AGE + HOUR)
    post.send()
    assert len(post.to(address)) == 1


def test_a_mail_about_a_task_that_is_gone_is_given_up_quietly(world: World, post: PostOffice) -> None:
    """ML4."""
    address = "gone@partner.test"
    post.answers = {address: ["550 no"]}
    run = sent_to(world, address)
    world.org.api.request("DELETE", f"/runs/{run.id}").raise_for_status()
    world.org.api.request("DELETE", f"/runs/{run.id}/delete").raise_for_status()

    assert post.send().failed == 1
