"""A mail server on loopback that keeps what it is given, and refuses what it is told to."""

import asyncio
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTPUTF8

from aiosmtpd.smtp import SMTP, Envelope, Session

from procession.adapters.smtp import Transport
from procession.usecases.sending import Outcome, give_up_old, send_due
from tests.harness import Server

SENDER = "flow@procession.test"


class PostOffice:
    """`answers`: by recipient, what the server says to the next mails for them instead of taking them."""

    def __init__(self, server: Server, transport: Transport) -> None:
        self.server = server
        self.transport = transport
        self.taken: list[tuple[str, EmailMessage]] = []
        self.answers: dict[str, list[str]] = {}
        # Not set: mail is taken, but nobody is told.
        self.tells = asyncio.Event()
        self.tells.set()
        self.has_taken = asyncio.Event()

    async def handle_RCPT(  # noqa: N802  # the library's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        waiting = self.answers.get(address.lower())
        if waiting:
            return waiting.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  # as above
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=SMTPUTF8)
        assert isinstance(message, EmailMessage)
        self.taken += [(address, message) for address in envelope.rcpt_tos]
        self.has_taken.set()
        await self.tells.wait()
        return "250 taken"

    def send(self, *, servers: int = 1) -> Outcome:
        """What is due leaves, from so many servers at once; what the first of them says."""

        async def work() -> list[Outcome]:
            return await asyncio.gather(*[self.sending() for _ in range(servers)])

        return self.server.run(work())[0]

    async def sending(self) -> Outcome:
        edge = self.server.edge
        return await send_due(edge.database, edge.clock, edge.secrets, self.transport)

    def give_up_old(self, *, is_set_up: bool = True) -> int:
        return self.server.run(give_up_old(self.server.database, self.server.clock(), is_set_up=is_set_up))

    def to(self, address: str) -> list[EmailMessage]:
        """What was taken for this address, in order."""
        return [message for recipient, message in self.taken if recipient.lower() == address.lower()]


async def open_at(post: PostOffice) -> asyncio.Server:
    """The server, listening; closed when the test is over."""

    def connection() -> SMTP:
        return SMTP(post, hostname="post.test", enable_SMTPUTF8=True)

    return await asyncio.get_running_loop().create_server(connection, "127.0.0.1", 0)


async def closed(listening: asyncio.Server) -> None:
    listening.close()
    await listening.wait_closed()


def text_of(message: EmailMessage, kind: str = "html") -> str:
    part = message.get_body((kind,))
    assert part is not None
    return part.get_content()
