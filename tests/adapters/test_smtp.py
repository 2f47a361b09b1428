"""Letters as messages: nothing that people write becomes a header of its own."""

from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest

from procession.adapters.smtp import ASCII, Refused, composed, wire_address
from procession.domain.mails import Letter

PLAIN = Letter(recipient="ada@fern.test", subject="Hello", html="<p>Hello</p>", text="Hello")


def received(**changes: Any) -> Any:
    letter = Letter(**{name: getattr(PLAIN, name) for name in PLAIN.__struct_fields__} | changes)
    message = composed(
        letter, sender="flow@a-rather-long-name-of-a-domain.of-an-organization.example", key="k" * 32, at=0
    )
    raw = message.as_bytes(policy=ASCII)
    assert raw.isascii()
    return message_from_bytes(raw, policy=default)


@pytest.mark.parametrize(
    "smuggled", ["\r\nBcc: eve@evil.test", "\nBcc: eve@evil.test\n\nbody", "\u2028Bcc: x", "\x00\rBcc:x"]
)
def test_headers_cannot_be_smuggled_in(smuggled: str) -> None:
    """ML6: by titles, names of people or answers."""
    message = received(
        subject="Hello" + smuggled,
        sender_name="Ada" + smuggled,
        recipient_name="Bob" + smuggled,
        reply_to="x@fern.test",
    )

    assert message["Bcc"] is None
    assert sorted(message.keys()) == sorted(
        ["From", "To", "Reply-To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"]
    )
    assert message["Subject"].startswith("Hello")


@pytest.mark.parametrize(
    "address", ["a@b.test\r\nBcc: c@d.test", "a@b", "a b@c.test", "<a@b.test>", "a@b.test, c@d.test", ""]
)
def test_what_is_no_address_gets_no_mail(address: str) -> None:
    with pytest.raises(Refused) as refusal:
        received(recipient=address)
    assert refusal.value.is_final


def test_texts_of_any_script_arrive_as_they_were_written() -> None:
    """Long lines, quotes and commas in names, domains of other scripts."""
    long = "Größe " * 400
    message = received(
        recipient="ada@münchen.test", recipient_name='Ada "Countess", Lovelace', sender_name="李雷, GmbH", reply_to="ü@x.test",
        subject="Ωραία " * 20, html=f"<p>{long}</p>", text=long,
    )  # fmt: skip

    [to] = message["To"].addresses
    assert (to.addr_spec, to.display_name) == ("ada@xn--mnchen-3ya.test", 'Ada "Countess", Lovelace')
    assert message["From"].addresses[0].display_name == "李雷, GmbH"
    assert message["Reply-To"] is None, "a server that knows ASCII only would refuse the mail"
    assert message["Subject"] == ("Ωραία " * 20).strip()
    assert message["Message-ID"] == f"<{'k' * 32}@a-rather-long-name-of-a-domain.of-an-organization.example>"
    assert message.get_body(("plain",)).get_content().strip() == long.strip()
    assert message.get_body(("html",)).get_content().strip() == f"<p>{long}</p>"
    assert wire_address("ü@münchen.test") == "ü@xn--mnchen-3ya.test"
