"""The activity feed on the wire. Spec: api-processes 12, api-content 7."""

from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from procession.api.contract.envelope import One
from procession.api.params import PageParams


class ActivityActor(msgspec.Struct):
    id: int | None
    email: str
    username: str
    first_name: str | None
    last_name: str | None
    full_name: str
    profile_pic: str | None
    resize_profile_pic: str | None


class ActivityOrigin(msgspec.Struct):
    """The task whose completion launched the process, with its process and the step and template it was made from."""

    checklist_id: str
    run_id: str
    step_id: str | None
    task_id: str


class ActivityRow(msgspec.Struct, kw_only=True):
    """One thing that happened; lists hold one value each, but for `field`, which names all that changed."""

    id: int
    organization_id: str
    verb: list[str]
    source: list[str]
    actor_type: list[str]
    actor_id: Annotated[list[int | None], Meta(description="A member's or a guest's id; null: the system.")]
    actor: list[ActivityActor]
    type: list[str]
    description: list[str]
    auditable_type: str
    auditable_id: str
    parentable_type: str
    parentable_id: str
    field: list[str] | None
    old_value: list[str] | None
    text: Annotated[list[str] | None, Meta(description="What a comment says.")]
    references: list[Any] | None
    audit_state: Annotated[dict[str, Any] | None, Meta(description="Of a rule: what it asked and did.")]
    origin: Annotated[One[ActivityOrigin] | None, Meta(description="Of a process that another one launched.")]
    created_at: str
    undoable: bool


class ActivityParams(PageParams, frozen=True, kw_only=True):
    entity_type: Annotated[str | None, Meta(description="checklist, run, step, task or thread.")] = None
    entity_id: Annotated[str | None, Meta(description="Id of that; needs `entity_type`.")] = None
    type: Annotated[tuple[str, ...], Meta(description="Kinds of things, any of them.")] = ()
    verb: Annotated[tuple[str, ...], Meta(description="What was done, any of them.")] = ()
    actor_type: Annotated[str | None, Meta(description="user or guest.")] = None
    actor_id: Annotated[int | None, Meta(description="A member, or with `actor_type=guest` a guest.")] = None
    actor_email: Annotated[str | None, Meta(description="Sets `actor_type` and `actor_id`.")] = None
    source: Annotated[str | None, Meta(description="Member, Guest or Webhook.")] = None
    created_after: Annotated[str | None, Meta(description="First day, YYYY-MM-DD.")] = None
    created_before: Annotated[str | None, Meta(description="Last day, YYYY-MM-DD.")] = None
    search: Annotated[str | None, Meta(description="Part of the description, 2 to 100 characters.")] = None
    field: Annotated[str | None, Meta(description="Name of a changed field.")] = None
    origin_type: Annotated[str | None, Meta(description="checklist, run, step or task.")] = None
    origin_id: Annotated[str | None, Meta(description="Needs `origin_type`.")] = None

    ALIASES: ClassVar[dict[str, str]] = {**PageParams.ALIASES}
