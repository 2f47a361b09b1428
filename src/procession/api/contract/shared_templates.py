"""Templates as guests read them. Spec: api-templates 9.1."""

from typing import Annotated

import msgspec
from msgspec import Meta

from procession.api.contract.envelope import Many
from procession.api.contract.public_kickoff import PublicField
from procession.api.contract.templates import PublicStep, TemplateTypeName
from procession.api.params import PageParams


class SharedTemplate(msgspec.Struct, kw_only=True):
    """A template that a guest may read; nobody of the organization is named in it."""

    id: str
    title: str
    type: TemplateTypeName
    summary: str | None
    icon: str | None
    public_cover: str | None
    is_public: bool
    steps_count: int
    last_updated: str


class SharedStep(PublicStep, kw_only=True):
    captures: list[PublicField]


class SharedTemplateDetail(SharedTemplate, kw_only=True):
    """With its steps and fields."""

    guidance: str | None
    body: str | None
    explanation_video: str | None
    kickoff_title: str | None
    kickoff_description: str | None
    prerun: list[PublicField]
    steps: Many[SharedStep]


class SharedTemplateListParams(PageParams, frozen=True, kw_only=True):
    q: Annotated[str | None, Meta(description="Part of the title.")] = None
