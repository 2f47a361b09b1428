"""Uploaded files. Spec: api-tasks 15.1."""

from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta


class AssetSubject(msgspec.Struct):
    """What the file belongs to: a process's, template's, task's, organization's or member's id."""

    id: str
    type: Literal["Run", "Checklist", "Task", "Organization", "User"]


class AssetName(msgspec.Struct):
    """A file that is named by its id; the rest of what the upload answered may be there."""

    IS_A_NAME: ClassVar[bool] = True

    id: str


class Asset(msgspec.Struct):
    id: str
    filename: str
    version: int
    uploaded_from: Annotated[
        str, Meta(description="A field's id, `ko_field`, `attachment`, `description` or `comment`.")
    ]
    uploaded_at: str
    step_id: str | None
    source: Literal["local", "url"]
    system: str | None
    uploaded_to_s3: Annotated[bool, Meta(description="That it is stored; always true.")]
    subject: AssetSubject
    url: Annotated[str, Meta(description="Where it is downloaded from, below the API's address.")]
    full_url: Annotated[str, Meta(description="As `url`.")]
    size: Annotated[int, Meta(description="In bytes.")]
    mime_type: str
    sha256: str
    archived_at: str | None
