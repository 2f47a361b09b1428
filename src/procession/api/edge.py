"""The edge of the system: who is calling, in which organization, inside which transaction."""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from starlette.requests import Request

from procession.adapters.files import FileStore
from procession.adapters.secrets import Secrets
from procession.api.call import Call
from procession.config import MEBIBYTE, Settings
from procession.domain.actors import Actor
from procession.domain.errors import NotAllowed, NotFound, Unauthenticated
from procession.domain.tokens import token_hash
from procession.storage import identity
from procession.storage.connection import Connection, NotAsAssumed, Reader, Row
from procession.storage.database import Database
from procession.storage.listing.sets import KnownSets
from procession.storage.tx import Remembered, RememberedFields
from procession.usecases.reactions import Means

TOUCH_EVERY_MS = 60_000
BEARER = re.compile(r"Bearer (\S+)")
HEX_ID = re.compile("[0-9a-f]{32}")
MAX_CALLERS = 10_000
FOREIGN = "You are not a member of this organization."


def bearer_token(header: str | None) -> str | None:
    """The token of `Authorization: Bearer <token>`, exactly one blank. Spec: api-conventions 3."""
    found = BEARER.fullmatch(header) if header is not None else None
    return found[1] if found is not None else None


def is_hex_id(text: str) -> bool:
    return HEX_ID.fullmatch(text) is not None


class Edge:
    """Opens what requests need; one per server process."""

    def __init__(
        self, settings: Settings, database: Database, secrets: Secrets, files: FileStore, clock: Callable[[], int]
    ) -> None:
        self.settings = settings
        self.database = database
        self.secrets = secrets
        self.files = files
        self.clock = clock
        self.means = Means(
            secrets,
            settings.automation_fire_once,
            mail="sent" if settings.smtp_host else "waits",
            base_url=settings.base_url.rstrip("/"),
            inbound_domain=settings.inbound_mail_domain,
        )
        # What ties a cursor to this server.
        self.cursor_key = secrets.keyed_hash("cursor")[:32].encode()
        # An organization's number never changes, so it may be remembered for good.
        self._numbers: dict[str, int] = {}
        self._touched: dict[int, int] = {}
        # Credentials that were good lately, the longest unused first.
        self._callers: OrderedDict[tuple[int, str], identity.Credential] = OrderedDict()
        self.rights = Remembered()
        self.fields = RememberedFields()
        self.sets = KnownSets(settings.list_memory_mib * MEBIBYTE) if settings.list_memory_mib else None
        self._background: set[asyncio.Task[Any]] = set()

    async def authenticate(self, call: Call, connection: Reader, *, may_assume: bool = False) -> None:
        """Set the calling member (or account, where no organization is named).

        With `may_assume`, a token that was good before is taken to be so, and looked up together with what is read
        next: that raises NotAsAssumed where it is not (decision 7).
        """
        token = bearer_token(call.header(b"authorization"))
        if token is None:
            raise Unauthenticated()
        principal = (call.org, token_hash(token))
        read = identity.credential_read(*principal)
        assumed = self._callers.get(principal) if may_assume and connection.waits_to_join else None
        if assumed is not None:
            self._admit(call, assumed)
            actor, rights_epoch = call.actor, assumed.rights_epoch
            self._callers.move_to_end(principal)

            def check(rows: list[Row]) -> None:
                found = identity.credential_in(rows)
                try:
                    self._admit(call, found)
                except (Unauthenticated, NotAllowed) as error:
                    self._callers.pop(principal, None)
                    raise NotAsAssumed from error
                if found is None or call.actor != actor or found.rights_epoch != rights_epoch:
                    self._callers.pop(principal, None)
                    raise NotAsAssumed

            connection.before(read, check)
            return
        [rows] = await connection.at_once([read])
        credential = identity.credential_in(rows)
        self._admit(call, credential)
        if connection.waits_to_join and credential is not None and call.organization_id:
            self._callers[principal] = credential
            if len(self._callers) > MAX_CALLERS:
                self._callers.popitem(last=False)

    def _admit(self, call: Call, credential: identity.Credential | None) -> None:
        """Set who calls by what is known of their token."""
        if credential is None:
            raise Unauthenticated()
        if credential.revoked_at is not None or (credential.expires_at or call.now + 1) <= call.now:
            raise Unauthenticated()
        self._touch(credential, call.now)
        client, address = call.header(b"x-tallyfy-client"), self.client_address(call.request)
        if not call.organization_id:
            call.actor = Actor(kind="account", id=credential.account, address=address, client=client)
            return
        if not is_hex_id(call.organization_id):
            raise NotFound()
        if credential.role is None or credential.status == "deleted":
            raise NotAllowed(FOREIGN)
        if credential.status != "active":
            raise Unauthenticated()
        call.version = (credential.position or 0, credential.rights_epoch or 0)
        call.actor = Actor(kind="member", id=credential.account, role=credential.role, address=address, client=client)

    async def identify_guest(self, call: Call, connection: Connection, code: str) -> None:
        """Set the guest whose link code this is; raises NotFound."""
        email = await identity.guest_email(connection, call.org, self.secrets.keyed_hash(code))
        if email is None:
            raise NotFound()
        call.actor = Actor(kind="guest", guest_email=email, address=self.client_address(call.request))

    async def find_organization(self, call: Call, organization_id: str, connection: Connection) -> None:
        """Bind the call to the organization in its path; number 0 when there is none."""
        organization_id = organization_id.lower()
        number = self._numbers.get(organization_id) if is_hex_id(organization_id) else 0
        if number is None:
            number = await identity.organization_number(connection, organization_id)
            if number:
                self._numbers[organization_id] = number
        call.org, call.organization_id = number, organization_id

    def _touch(self, credential: identity.Credential, now: int) -> None:
        """Note the last use of a token at most once a minute, after and outside the request."""
        last = max(credential.last_used_at or 0, self._touched.get(credential.token_id, 0))
        if now - last < TOUCH_EVERY_MS:
            return
        self._touched[credential.token_id] = now

        async def touch(connection: Connection) -> None:
            await identity.touch_token(connection, credential.token_id, now)

        self.later(self.database.write(touch))

    def later(self, work: Any) -> None:
        """Run a coroutine after the request without waiting for it."""
        task = asyncio.ensure_future(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def settle(self) -> None:
        """Wait for what was put off."""
        while self._background:
            await asyncio.gather(*self._background, return_exceptions=True)

    def client_address(self, request: Request) -> str | None:
        return request.scope.get("procession.address") or (request.client.host if request.client else None)
