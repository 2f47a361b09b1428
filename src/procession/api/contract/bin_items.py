"""The bin on the wire. Spec: api-content 11."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from procession.api.params import PageParams

BinType = Literal["run", "checklist", "task", "tag", "folder", "snippet", "list"]


class BinItemOut(msgspec.Struct):
    """Something that was deleted and can be brought back."""

    id: int
    type: BinType
    subject_id: Annotated[str, Meta(description="The id that it had and will have again.")]
    name: str
    deleted_by: Annotated[int, Meta(description="The member who deleted it.")]
    deleted_by_name: str
    deleted_at: str
    expires_at: Annotated[str, Meta(description="When it is erased for good.")]


class LeftOutOut(msgspec.Struct):
    """Something that it was connected with, and is no longer."""

    type: str
    id: str


class Restored(msgspec.Struct):
    type: BinType
    subject_id: str
    name: str
    left_out: Annotated[
        list[LeftOutOut], Meta(description="What is not there any more, or is connected with something else.")
    ]


class BinListParams(PageParams, frozen=True, kw_only=True):
    type: Annotated[str | None, Meta(description="run, checklist, task, tag, folder, snippet or list.")] = None
