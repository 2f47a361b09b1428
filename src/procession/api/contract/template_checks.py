"""What a check of a template found, on the wire. Spec: api-templates 8.7."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from procession.domain.checking.findings import Code, Level


class CheckedPlace(msgspec.Struct):
    """A part of the template; `id` is null for the template itself."""

    type: Literal["template", "step", "field", "kickoff_field", "rule"]
    id: str | None
    name: str


class CheckFinding(msgspec.Struct):
    code: Code
    level: Level
    place: CheckedPlace
    related: Annotated[list[CheckedPlace], Meta(description="The other parts it is about.")]
    sentence: Annotated[str, Meta(description="What is wrong, and what to do.")]


class TemplateCheck(msgspec.Struct):
    """The worst first. Nothing here forbids saving or launching."""

    findings: list[CheckFinding]
    is_complete: Annotated[
        bool,
        Meta(description="False when of some rules it cannot be told whether they can hold; nothing is said of them."),
    ]
