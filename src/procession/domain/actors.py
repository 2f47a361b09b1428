"""Who is acting, and in which role."""

from typing import Literal

import msgspec

Role = Literal["admin", "standard", "light"]


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """The person or machine behind a request or job."""

    kind: Literal["member", "guest", "bot", "account", "nobody"]
    # Member or account id; 0 for everybody else.
    id: int = 0
    role: Role | None = None
    guest_email: str | None = None
    channel: str = "api"
    address: str | None = None
    client: str | None = None

    @property
    def key(self) -> str | None:
        """How the event log names the actor."""
        return self.guest_email if self.kind == "guest" else str(self.id) if self.id else None

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"

    @property
    def is_light(self) -> bool:
        return self.role == "light"

    @property
    def principal(self) -> str:
        return f"e:{self.guest_email}" if self.kind == "guest" else f"m:{self.id}"


BOT = Actor(kind="bot", channel="worker")
NOBODY = Actor(kind="nobody")
