"""Public processes on the wire. Spec: behaviour-work 10, api-processes 17."""

from typing import Annotated

import msgspec
from msgspec import Meta

from procession.domain.run_document import Progress


class PublicLink(msgspec.Struct):
    """The link of a public process; null while it is not public."""

    is_public: bool
    code: str | None
    url: str | None
    made_at: str | None


class PublicAnswer(msgspec.Struct):
    """A form field with its answer as plain text; blank where there is none."""

    label: str
    field_type: str
    answer: str


class PublicComment(msgspec.Struct):
    """A comment; a guest is named by what stands before the @ of the address."""

    author: str
    content: str
    label: str
    created_at: str


class PublicTaskOut(msgspec.Struct):
    """A task that is neither hidden nor secret; `assignees` null: they are not shown."""

    title: str
    task_type: str
    status: str
    milestone: str | None
    deadline: str | None
    completed_at: str | None
    assignees: list[str] | None
    form_fields: list[PublicAnswer]
    comments: list[PublicComment]


class PublicProcess(msgspec.Struct):
    """What anybody with the link sees of a process: no ids, addresses or people's numbers."""

    name: str
    summary: str
    organization: str
    org_logo: Annotated[str | None, Meta(description="Where the reader loads the organization's logo; null: none.")]
    status: str
    progress: Progress
    started_at: str
    due_date: str | None
    completed_at: str | None
    prerun: list[PublicAnswer]
    tasks: list[PublicTaskOut]
