"""What a search finds, on the wire. Spec: api-content 3.2."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from procession.api.contract.envelope import Many, Paginated
from procession.api.contract.shared import TagLink
from procession.api.contract.tasks import TaskOwners
from procession.api.params import Params


class FoundFolder(msgspec.Struct):
    id: str
    name: str


class FoundTemplate(msgspec.Struct, kw_only=True):
    id: str
    increment_id: int
    title: str
    type: str
    status: str | None
    steps_count: int
    icon: str | None
    is_public: bool
    is_featured: bool
    organization_id: str
    folders: list[FoundFolder]
    tags: Many[TagLink] | UnsetType = UNSET


class FoundProcess(msgspec.Struct, kw_only=True):
    id: str
    increment_id: int
    name: str
    status: str
    type: str
    due_date_passed: bool
    due_soon: bool
    tags: Many[TagLink] | UnsetType = UNSET


class FoundTask(msgspec.Struct, kw_only=True):
    id: str
    increment_id: int
    title: str
    status: str
    status_label: str
    type: str
    position: int
    deadline: str | None
    created_at: str
    starter_id: int | None
    is_oneoff_task: bool
    owners: TaskOwners
    run_id: str | None
    tags: Many[TagLink] | UnsetType = UNSET


class FoundSnippet(msgspec.Struct):
    id: int
    increment_id: int
    title: str
    content: str
    status: None
    type: None


class FoundField(msgspec.Struct):
    id: str
    increment_id: None
    label: str
    title: str
    step_id: str
    checklist_id: str
    status: None
    type: str


class FoundStep(msgspec.Struct):
    id: str
    increment_id: None
    title: str
    checklist_id: str
    status: None
    type: str


class SearchResults(msgspec.Struct, kw_only=True):
    """One page of each type that was asked for."""

    blueprint: Paginated[FoundTemplate] | UnsetType = UNSET
    process: Paginated[FoundProcess] | UnsetType = UNSET
    task: Paginated[FoundTask] | UnsetType = UNSET
    snippet: Paginated[FoundSnippet] | UnsetType = UNSET
    capture: Paginated[FoundField] | UnsetType = UNSET
    step: Paginated[FoundStep] | UnsetType = UNSET


class SearchParams(Params, frozen=True, kw_only=True):
    search: Annotated[str | None, Meta(description="Text to look for; required.")] = None
    on: Annotated[
        tuple[str, ...], Meta(description="blueprint, process, task, snippet, capture, step; the first four if absent.")
    ] = ()
    page: Annotated[int | None, Meta(description="Page number, from 1, of each type.")] = None
    per_page: Annotated[int | None, Meta(description="Rows per page of each type, 20 if absent.")] = None
    tags: Annotated[bool | None, Meta(description="Look in titles of tags too, and show tags.")] = None
    filter: Annotated[str | None, Meta(description="In brackets: `filter[type]`, `filter[field]` ...")] = None
