"""Watchers on the wire. Spec: api-content 5."""

from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from procession.api.contract.envelope import One
from procession.api.params import PageParams
from procession.domain.watchers import Frequency, NotificationType, ObjectType


class WatchingMember(msgspec.Struct):
    """Who watches."""

    id: int
    email: str
    username: str
    first_name: str
    last_name: str
    full_name: str


class Watcher(msgspec.Struct, kw_only=True):
    """A member who is told what happens to something. Nothing is sent yet."""

    id: int
    object_type: ObjectType
    object_id: str
    notification_type: NotificationType
    frequency: Frequency
    webhook: str | None
    watcher: One[WatchingMember]
    created_at: str


class MemberWatcher(msgspec.Struct, kw_only=True):
    """A watcher beside what is watched; where they are told is their own affair."""

    id: int
    watcher: One[WatchingMember]
    frequency: Frequency
    notification_type: NotificationType


class GuestWatcher(msgspec.Struct, kw_only=True):
    """A guest who watches."""

    id: int
    watcher: One[dict[str, Any]]
    frequency: Frequency
    notification_type: NotificationType


class WatcherListParams(PageParams, frozen=True, kw_only=True):
    notification: Annotated[str | None, Meta(description="webhook or email: only these.")] = None

    ALIASES: ClassVar[dict[str, str]] = {**PageParams.ALIASES, "notification_type": "notification"}


class WatcherBody(msgspec.Struct, kw_only=True):
    """What is watched, and how its watcher is told."""

    object_type: Annotated[str, Meta(description="organization, checklist, run, task or user.")]
    object_id: Annotated[Any, Meta(description="Its id.")]
    notification_type: Annotated[str | None, Meta(description="email, or webhook with its address.")] = None
    frequency: Annotated[str | None, Meta(description="electric, mindful, chilled or daily.")] = None
    webhook: Annotated[str | None, Meta(description="Also `webhook_url` or `url`.")] = None
