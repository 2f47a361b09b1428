"""Handing mail to a server, as a mail server does, and reading what it writes back."""

from email.message import EmailMessage
from email.policy import SMTP
from itertools import count
from typing import Any

import httpx

from tests.builders import Organization
from tests.harness import Api
from tests.post import SENDER, PostOffice

DOMAIN = "bot.procession.test"
SECRET = "a secret of the mail server"  # of the tests
SECRET_WORD = SECRET.replace(" ", "-")
SETTINGS: dict[str, Any] = {
    "smtp_host": "127.0.0.1",
    "smtp_from": SENDER,
    "base_url": "https://flow.example",
    "inbound_mail_domain": DOMAIN,
    "inbound_mail_secret": SECRET_WORD,
}
_numbers = count(1)


def mail(
    sender: str, to: str, subject: str | None = "Leak 7", text: str | None = "It drips.", **headers: str
) -> EmailMessage:
    """A mail as a person writes one; in names of headers an underscore stands for a hyphen."""
    message = EmailMessage(policy=SMTP.clone(max_line_length=2000))
    message["From"] = f"Somebody <{sender}>"
    message["To"] = to
    if subject is not None:
        message["Subject"] = subject
    message["Message-ID"] = f"<{next(_numbers)}@mail.test>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    if text is not None:
        message.set_content(text)
    return message


def with_files(message: EmailMessage, *files: tuple[str, bytes]) -> EmailMessage:
    for filename, content in files:
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=filename)
    return message


class Mailbox:
    """The server's door for mail."""

    def __init__(self, org: Organization, post: PostOffice) -> None:
        self.org = org
        self.post = post
        self.api = Api(org.server, None)

    def send(self, message: EmailMessage | bytes, **envelope: str) -> httpx.Response:
        content = message if isinstance(message, bytes) else message.as_bytes()
        headers = {"Content-Type": "message/rfc822", "Authorization": f"Bearer {SECRET_WORD}"}
        return self.api.request("POST", "//inbound-email", content=content, headers=headers, params=envelope)

    def deliver(self, message: EmailMessage | bytes, **envelope: str) -> tuple[str, str | None]:
        """The effect of a mail at its one address, and the id of what came of it."""
        answer = self.send(message, **envelope)
        assert answer.status_code == 200, answer.text
        [delivery] = answer.json()["data"]["deliveries"]
        return delivery["effect"], delivery["id"]

    def answers_to(self, address: str) -> list[str]:
        """What the server wrote back to somebody: the texts."""
        self.post.send()
        bodies = [each.get_body(("plain",)) for each in self.post.to(address)]
        return [each.get_content() for each in bodies if each is not None]


def launch_address(template: dict[str, Any]) -> str:
    return f"bot+{template['id']}-launch@{DOMAIN}"
