"""Launching by mail. Spec: behaviour-launching 7.5, LT-5."""

import asyncio
import base64
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from procession.adapters.smtp import Transport
from procession.usecases.noticing import tell_people
from procession.worker.mail import look_after
from tests.api.task_runs import NOW
from tests.builders import Organization
from tests.harness import Api, Server
from tests.mail.delivering import DOMAIN, SECRET_WORD, SETTINGS, Mailbox, launch_address, mail, with_files
from tests.post import SENDER, PostOffice

BODY, FILES = "Inbound Email Trigger - Email Body", "Inbound Email Trigger - Email Attachments"
CAPTURE = [{"label": BODY, "field_type": "textarea"}, {"label": FILES, "field_type": "file"}]
TWO_FILES = (("plan.pdf", b"%PDF a plan"), ("Überblick.txt", b"an overview"))


def comments(org: Organization, run: str) -> list[dict[str, Any]]:
    return org.api.data("GET", f"/runs/{run}?with=threads")["threads"]["data"]


@pytest.mark.parametrize(
    ("sender", "kickoff", "effect", "told"),
    [
        pytest.param("launcher", CAPTURE, "launched", None, id="LT-5 a member with LAUNCH, capture fields"),
        pytest.param("launcher", [{"label": "Note"}], "launched", None, id="LT-5 the same, no capture fields"),
        pytest.param(
            "launcher", [{"label": "Farm", "required": True}], "refused", "answers", id="LT-5 L-7.42 required"
        ),
        pytest.param(
            "launcher",
            [{**CAPTURE[0], "required": True}],
            "refused",
            "answers",
            id="L-7.42 the capture field is required",
        ),
        pytest.param("stranger", CAPTURE, "refused", "active members", id="LT-5 L-7.41 an unknown address"),
        pytest.param("former", CAPTURE, "refused", "active members", id="LT-5 L-7.41 a deactivated member"),
        pytest.param("reader", CAPTURE, "refused", "Permission denied", id="L-7.41 a member without LAUNCH"),
        pytest.param("elsewhere", CAPTURE, "refused", "active members", id="L-7.41 a member of another organization"),
    ],
)
def test_who_launches_by_mail(
    org: Organization,
    other_org: Organization,
    mailbox: Mailbox,
    sender: str,
    kickoff: list[dict[str, Any]],
    effect: str,
    told: str | None,
) -> None:
    """LT-5, L-7.40 to L-7.43: nothing is created for anybody else, and they are told."""
    launcher, former, reader = (org.person() for _ in range(3))
    template = org.template("Leak", steps=["Look"], kickoff=kickoff)
    org.allow(template, "LAUNCH", launcher.id, former.id)
    org.api.request("DELETE", f"/users/{former.id}/disable").raise_for_status()
    addresses = {
        "launcher": launcher.email,
        "stranger": "nobody@elsewhere.test",
        "former": former.email,
        "reader": reader.email,
        "elsewhere": other_org.admin.email,
    }
    message = with_files(mail(addresses[sender].upper(), launch_address(template)), *TWO_FILES)

    found, run = mailbox.deliver(message)

    assert found == effect
    answers = mailbox.answers_to(addresses[sender])
    if told is not None:
        assert org.api.data("GET", "/runs") == []
        [answer] = answers
        assert told in answer, answer
        assert mailbox.deliver(message) == ("repeated", None)
        assert mailbox.answers_to(addresses[sender]) == [answer], "told once"
        return
    assert answers == []
    shown = org.api.data("GET", f"/runs/{run}?with=threads")
    assert (shown["name"], shown["started_by"], shown["owner_id"]) == ("Leak 7", launcher.id, launcher.id)
    if kickoff is CAPTURE:
        fields = {field["label"]: field["id"] for field in template["prerun"]}
        assert shown["prerun"][fields[BODY]] == "It drips."
        files = shown["prerun"][fields[FILES]]
        assert [each["filename"] for each in files] == ["plan.pdf", "Überblick.txt"]
        read = org.api.request("GET", f"/file/{files[0]['id']}")
        assert read.content == b"%PDF a plan"
        assert shown["threads"]["data"] == []
    else:
        [thread] = shown["threads"]["data"]
        assert (thread["state"], thread["author"]["id"]) == ("hide-for-guests", launcher.id)
        assert "It drips." in thread["content"]
        assert sorted(each["filename"] for each in thread["assets"]) == ["plan.pdf", "Überblick.txt"]
    assert org.differences() == []


@pytest.mark.parametrize(
    ("subject", "naming", "expected"),
    [
        pytest.param("=?utf-8?B?TGVjayBuw7ZyZGxpY2g=?=", {}, "Leck nördlich", id="L-5.9 the subject"),
        pytest.param(None, {}, "Leak - 2026-09-21", id="L-5.9 no subject: L-5.3"),
        pytest.param(" \u200b ", {}, "Leak - 2026-09-21", id="L-5.9 a blank one"),
        pytest.param("x" * 700, {}, "x" * 550, id="one that is too long is cut"),
        pytest.param(
            "Leak 7",
            {"auto_naming": True, "default_process_name_format": "{{TEMPLATE_NAME}} by mail"},
            "Leak by mail",
            id="L-5.9 locked auto-naming wins",
        ),
    ],
)
def test_l_5_9_a_process_is_called_as_the_mail(
    org: Organization, mailbox: Mailbox, subject: str | None, naming: dict[str, Any], expected: str
) -> None:
    org.server.clock.freeze(NOW)
    template = org.template("Leak", steps=["Look"])
    if naming:
        org.api.put(f"/checklists/{template['id']}", {"title": "Leak", **naming}).raise_for_status()
    message = mail(org.admin.email, launch_address(template), None, None)
    raw = message.as_bytes() if subject is None else f"Subject: {subject}\n".encode() + message.as_bytes()

    _, run = mailbox.deliver(raw)

    assert org.api.data("GET", f"/runs/{run}")["name"] == expected


def test_assignees_are_told_as_usual_and_the_log_says_how_it_was_launched(org: Organization, mailbox: Mailbox) -> None:
    """L-7.44: by a mail that can be answered, if it is about one task; the sender of the mail is not told."""
    edge, member = org.server.edge, org.person()
    template = org.template("Leak", steps=[{"title": "Look", "assignees": [member.id, org.admin.id]}])
    tell = lambda: tell_people(edge.database, org.number, org.id, edge.clock, edge.means)  # noqa: E731  # read twice
    org.server.run(tell())

    mailbox.deliver(mail(org.admin.email, launch_address(template)))

    assert org.server.run(tell()) == 1
    mailbox.post.send()
    [told] = mailbox.post.to(member.email)
    assert told["Subject"] == "Your task: Look"
    assert "-comment-task-" in told["Reply-To"].addresses[0].addr_spec
    assert mailbox.post.to(org.admin.email) == []


def test_what_is_too_much_for_a_field_is_in_a_comment_and_a_file(org: Organization, mailbox: Mailbox) -> None:
    """L-7.43: 30,000 characters in the field, all of it in the comment; kinds of files that are not taken are named."""
    template = org.template("Leak", kickoff=CAPTURE)
    fields = {field["label"]: field["id"] for field in template["prerun"]}
    long, longer = "line of twenty chars\n" * 2000, "line of twenty chars\n" * 5000
    virus = ("setup.exe", b"MZ\x00\x00")
    disguised = ("plan.pdf", bytes.fromhex("7f454c46") + b"\x00" * 80)

    _, first = mailbox.deliver(with_files(mail(org.admin.email, launch_address(template), "A", long), virus, disguised))
    _, second = mailbox.deliver(mail(org.admin.email, launch_address(template), "B", longer))

    run = org.api.data("GET", f"/runs/{first}")
    assert len(run["prerun"][fields[BODY]]) == 30_000 and FILES not in run["prerun"]
    [comment] = comments(org, first or "")
    assert comment["content"].count("line of twenty chars") == 2000
    assert "setup.exe was left out" in comment["content"] and "plan.pdf was left out: Programs" in comment["content"]
    [comment] = comments(org, second or "")
    assert "message.txt" in comment["content"] and len(comment["content"]) <= 65_535
    [whole] = org.api.data("GET", f"/runs/{second}")["prerun"][fields[FILES]]
    assert org.api.request("GET", f"/file/{whole['id']}").text == longer.strip()


def test_a_mail_has_one_effect_however_often_it_is_delivered(org: Organization, mailbox: Mailbox) -> None:
    """L-7.40: at once or one after the other; without a Message-ID the same bytes are the same mail."""
    template = org.template("Leak")
    message = mail(org.admin.email, launch_address(template)).as_bytes()
    nameless = mail(org.admin.email, launch_address(template))
    del nameless["Message-ID"]

    async def work() -> list[str]:
        sending = [_delivery(mailbox, message) for _ in range(6)]
        return [await each for each in [asyncio.ensure_future(each) for each in sending]]

    effects = sorted(org.server.run(work()))

    assert effects == ["launched", *["repeated"] * 5]
    assert [mailbox.deliver(nameless)[0] for _ in range(2)] == ["launched", "repeated"]
    assert len(org.api.data("GET", "/runs")) == 2


async def _delivery(mailbox: Mailbox, message: bytes) -> str:
    server = mailbox.org.server
    headers = {"Content-Type": "message/rfc822", "Authorization": f"Bearer {SECRET_WORD}"}
    request = httpx.Request("POST", "http://flow.example/inbound-email", content=message, headers=headers)
    answer = await server._answer(request)
    return answer.json()["data"]["deliveries"][0]["effect"]


@pytest.mark.parametrize(
    ("headers", "envelope"),
    [
        pytest.param({"Auto_Submitted": "auto-replied"}, {}, id="an answering machine"),
        pytest.param({"Precedence": "bulk"}, {}, id="bulk"),
        pytest.param({"Return_Path": "<>"}, {}, id="a delivery notice by its header"),
        pytest.param({}, {"sender": "<>"}, id="a delivery notice by its envelope"),
        pytest.param({"Authentication_Results": "mx.test; dmarc=fail header.from=fernwood.test"}, {}, id="forged"),
        pytest.param({"Authentication_Results": "mx.test; spf=fail smtp.mailfrom=fernwood.test"}, {}, id="forged, SPF"),
    ],
)
def test_mail_of_machines_and_forgers_has_no_effect_and_gets_no_answer(
    org: Organization, mailbox: Mailbox, headers: dict[str, str], envelope: dict[str, str]
) -> None:
    """L-7.41: no mail goes in circles. The same without these marks launches."""
    template = org.template("Leak")
    refused = org.template("Leak", kickoff=[{"label": "Farm", "required": True}])
    for each in (template, refused):
        message = mail(org.admin.email, launch_address(each), **headers)
        assert mailbox.deliver(message, **envelope)[0] == "ignored"

    assert mailbox.answers_to(org.admin.email) == []
    assert mailbox.deliver(mail(org.admin.email, launch_address(template)))[0] == "launched"


def test_mail_that_this_server_sent_comes_back_without_effect(org: Organization, mailbox: Mailbox) -> None:
    """L-7.41: known by its Message-ID, also where it was sent on under another address."""
    template = org.template("Leak")
    mailbox.deliver(mail("stranger@elsewhere.test", launch_address(template)))
    mailbox.post.send()
    [own] = mailbox.post.to("stranger@elsewhere.test")[-1:]
    assert own["Auto-Submitted"] == "auto-generated"
    returned = mail(org.admin.email, launch_address(template))
    del returned["Message-ID"]
    returned["Message-ID"] = own["Message-ID"]

    assert mailbox.deliver(returned)[0] == "ignored"
    assert mailbox.deliver(mail("bot+x-launch@bot.procession.test", launch_address(template)))[0] == "ignored"
    assert org.api.data("GET", "/runs") == []


def test_strangers_are_answered_three_times_an_hour(org: Organization, mailbox: Mailbox) -> None:
    """L-7.41: whoever writes under another's address does not make the server flood them."""
    org.server.clock.freeze(NOW)
    template, stranger = org.template("Leak"), f"victim{org.number}@{org.server.dialect}.test"

    def write(times: int) -> int:
        for _ in range(times):
            assert mailbox.deliver(mail(stranger, launch_address(template), "Buy this"))[0] == "refused"
        return len(mailbox.answers_to(stranger))

    assert write(5) == 3
    assert "Buy this" not in mailbox.answers_to(stranger)[0], "no way to write to others through this server"
    org.server.clock.advance(hours=2)
    assert write(1) == 4


@pytest.mark.parametrize(
    "form",
    [
        pytest.param({"From": "A <a@x.test>, B <b@x.test>"}, id="two senders"),
        pytest.param({"From": "nobody"}, id="no address"),
        pytest.param({"From": None}, id="no sender"),
    ],
)
def test_mail_of_nobody_is_left_alone(org: Organization, mailbox: Mailbox, form: dict[str, str | None]) -> None:
    """L-7.41."""
    message = mail(org.admin.email, launch_address(org.template("Leak")))
    for name, value in form.items():
        del message[name]
        if value is not None:
            message[name] = value

    assert mailbox.deliver(message)[0] == "ignored"


def test_who_may_hand_mail_over_and_what_is_a_mail(org: Organization, mailbox: Mailbox) -> None:
    """Spec: api-content 11."""
    message = mail(org.admin.email, launch_address(org.template("Leak"))).as_bytes()
    mime, basic = {"Content-Type": "message/rfc822"}, base64.b64encode(f"relay:{SECRET_WORD}".encode()).decode()

    def status(content: bytes, **headers: str) -> int:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return mailbox.api.request("POST", "//inbound-email", content=content, headers=sent).status_code

    assert status(message, **mime) == 401
    assert status(message, **mime, Authorization="Bearer wrong") == 401
    assert status(message, **mime, Authorization="Basic ???") == 401
    assert status(message, Content_Type="application/json", Authorization=f"Bearer {SECRET_WORD}") == 415
    assert status(b" ", **mime, Authorization=f"Basic {basic}") == 400
    assert status(b"no headers at all", **mime, Authorization=f"Basic {basic}") == 400
    assert status(message, **mime, Authorization=f"Basic {basic}") == 200
    elsewhere = mailbox.send(mail(org.admin.email, f"bot+launch@{DOMAIN}, bot+{'0' * 32}-launch@other.test"))
    assert elsewhere.json()["data"] == {"deliveries": []}
    form = {"email": ("mail.eml", message.replace(b"Message-ID: <", b"Message-ID: <again"), "message/rfc822")}
    by_form = mailbox.api.request(
        "POST", "//inbound-email", files=form, headers={"Authorization": f"Bearer {SECRET_WORD}"}
    )
    assert by_form.json()["data"]["deliveries"][0]["effect"] == "launched"


def test_a_server_that_is_not_set_up_takes_no_mail(new_server: Callable[..., Server]) -> None:
    """Spec: api-content 11. One with a limit takes none that is larger."""
    off = Api(new_server(), None)
    assert off.post("//inbound-email").json()["code"] == "ENDPOINT_NOT_FOUND"
    small = Api(new_server(**SETTINGS, inbound_mail_max_bytes=1024), None)
    headers = {"Content-Type": "message/rfc822", "Authorization": f"Bearer {SECRET_WORD}"}
    assert small.request("POST", "//inbound-email", content=b"a: b\n" * 300, headers=headers).status_code == 413


def test_a_relay_that_checks_senders_vouches_for_them(new_server: Callable[..., Server]) -> None:
    """L-7.41: with its name set, only what it found to be proved launches; others' headers are not believed."""
    server = new_server(**SETTINGS, inbound_mail_relay="mx.fernwood.test")
    org = Organization(server)
    office = PostOffice(server, Transport(host="127.0.0.1", port=1, tls="none", sender=SENDER))
    mailbox, template = Mailbox(org, office), org.template("Leak")

    def deliver(verdict: str | None) -> str:
        headers = {} if verdict is None else {"Authentication_Results": verdict}
        return mailbox.deliver(mail(org.admin.email, launch_address(template), **headers))[0]

    assert deliver("mx.fernwood.test (ours); dkim=pass header.d=fernwood.test; spf=none") == "launched"
    assert deliver("mx.fernwood.test; dmarc=pass header.from=fernwood.test") == "launched"
    assert deliver("mx.fernwood.test; dkim=pass header.d=evil.test; spf=pass smtp.mailfrom=x@evil.test") == "refused"
    assert deliver("mx.evil.test; dmarc=pass header.from=fernwood.test") == "refused"
    assert deliver(None) == "refused"
    assert deliver("mx.fernwood.test; dmarc=fail header.from=fernwood.test") == "ignored"


def test_t_11_44_the_capture_fields_are_created_on_request(org: Organization, mailbox: Mailbox) -> None:
    """T-11.44, L-7.40, L-7.42: at the end of the form, once; for editors."""
    template = org.template("Leak", kickoff=[{"label": "Where"}])
    path = f"/checklists/{template['id']}/inbound-email"
    before = org.api.data("GET", path)
    assert before == {
        "address": launch_address(template),
        "body_field_id": None,
        "attachments_field_id": None,
        "obstacle": None,
    }
    reader = org.person()
    org.allow(template, "READ", reader.id)
    assert reader.api.post(path).status_code == 403

    made = org.api.data("POST", path, status=200)

    assert org.api.data("POST", path, status=200) == made == org.api.data("GET", path)
    fields = org.api.data("GET", f"/checklists/{template['id']}")["prerun"]
    assert [(each["label"], each["field_type"], each["required"]) for each in fields[1:]] == [
        (BODY, "textarea", False),
        (FILES, "file", False),
    ]
    assert [each["id"] for each in fields[1:]] == [made["body_field_id"], made["attachments_field_id"]]
    _, run = mailbox.deliver(with_files(mail(org.admin.email, made["address"]), *TWO_FILES))
    assert len(org.api.data("GET", f"/runs/{run}")["prerun"]) == 2
    org.api.put(f"/checklists/{template['id']}", {"title": "Leak", "prerun": [{**fields[0], "required": True}]})
    assert "by hand" in org.api.data("GET", path)["obstacle"]


def test_a_server_that_takes_no_mail_shows_no_address(new_server: Callable[..., Server]) -> None:
    """T-11.44."""
    org = Organization(new_server())
    path = f"/checklists/{org.template('Leak')['id']}/inbound-email"

    assert org.api.data("GET", path)["address"] is None
    assert org.api.data("POST", path, status=200)["body_field_id"] is not None


def test_what_came_in_is_remembered_for_a_month(org: Organization, mailbox: Mailbox) -> None:
    """L-7.46."""
    server, message = org.server, mail(org.admin.email, launch_address(org.template("Leak")))
    server.clock.freeze(NOW)

    def delivered_after(days: int) -> str:
        server.clock.advance(days=days)
        server.run(look_after(server.database, server.clock(), None))
        return mailbox.deliver(message)[0]

    assert [delivered_after(days) for days in (0, 29, 2)] == ["launched", "repeated", "launched"]
