"""Public kick-off forms on the wire. Spec: api-templates 10.1."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from procession.api.contract.template_fields import (
    Bound,
    CurrencyCode,
    Decimals,
    Expression,
    FieldColumn,
    FieldOption,
    FieldTypeName,
    FormRule,
    ResultType,
    Unit,
)
from procession.domain.run_document import Progress


class KickoffLink(msgspec.Struct):
    """The link of a template's public kick-off form; null while that is not public."""

    is_public_kickoff: bool
    kickoff_sharing_user_id: int | None
    code: str | None
    url: str | None
    made_at: str | None


class PublicField(msgspec.Struct):
    """A field as visitors get it."""

    id: str
    alias: str
    field_type: FieldTypeName
    label: str
    guidance: str | None
    position: int
    required: bool
    options: list[FieldOption]
    columns: list[FieldColumn]
    default_value: Annotated[Any, Meta(description="What the form begins with; null: nothing.")]
    collect_time: bool
    use_wysiwyg_editor: bool
    field_validation: list[str]
    prefix: str | None
    suffix: str | None
    minimum: Bound
    maximum: Bound
    decimals: Decimals
    unit: Unit
    currency: CurrencyCode
    expression: Expression
    result_type: ResultType
    form_rules: list[FormRule]


class PublicKickoffForm(msgspec.Struct):
    """What anybody with the link sees: the form, and of the organization its logo and nothing else."""

    title: str
    summary: str | None
    guidance: str | None
    icon: str | None
    public_cover: str | None
    kickoff_title: str | None
    kickoff_description: str | None
    org_logo: Annotated[str | None, Meta(description="Where anybody loads the organization's logo; null: it has none.")]
    prerun: list[PublicField]


class KickoffSubmission(msgspec.Struct, kw_only=True):
    email: Annotated[str, Meta(max_length=254, description="The visitor's own; they are a guest from then on.")]
    name: Annotated[str | None, Meta(description="Name of the process, where the template leaves that open.")] = None
    prerun: Annotated[Any, Meta(description="The answers by field id, as for a launch.")] = None


class KickoffReceipt(msgspec.Struct):
    """The process that a visitor has started."""

    id: str
    name: str
    started_at: str


class LinkRequest(msgspec.Struct):
    email: Annotated[str, Meta(max_length=254, description="The asker's own: the link is mailed there.")]


class VisitSubmission(msgspec.Struct, kw_only=True):
    name: Annotated[str | None, Meta(description="Name of the process, where the template leaves that open.")] = None
    prerun: Annotated[Any, Meta(description="The answers by field id, as for a launch.")] = None


class OwnTaskOut(msgspec.Struct):
    """A task of the visitor's own; they work on it from their page."""

    title: str
    status: str
    deadline: str | None


class VisitProcess(msgspec.Struct):
    """How the process that the form has started stands: no tasks but the visitor's own."""

    name: str
    status: str
    progress: Progress
    started_at: str
    completed_at: str | None
    tasks: list[OwnTaskOut]


class KickoffVisit(msgspec.Struct):
    """What a private link leads to: the form until it is submitted, then the process."""

    email: str
    kickoff_code: Annotated[str | None, Meta(description="Of the public form, where files for answers are uploaded.")]
    form: PublicKickoffForm | None
    process: VisitProcess | None
