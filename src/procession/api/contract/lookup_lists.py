"""Lookup lists on the wire. Spec: api-templates 11."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from procession.api.contract.template_fields import FieldColumn
from procession.api.params import PageParams

Cell = str | int | float | None


class ListRow(msgspec.Struct):
    """One row; its id is that of the option it makes."""

    id: int
    cells: list[str]


class LookupList(msgspec.Struct):
    """A table that choice fields take their options from: a field's `list` is its id, or `{id, column}`."""

    id: str
    name: str
    columns: list[FieldColumn]
    rows: list[ListRow]
    created_at: str
    last_updated: str


class LookupListParams(PageParams, frozen=True, kw_only=True):
    q: Annotated[str | None, Meta(description="Part of the name.")] = None


class ListColumnBody(msgspec.Struct):
    label: str
    id: int | None = None


class ListRowBody(msgspec.Struct):
    cells: list[Cell]
    id: int | None = None


Columns = list[str | ListColumnBody]
Rows = list[list[Cell] | ListRowBody]


class LookupListBody(msgspec.Struct):
    """A new list. Columns are labels or objects, rows lists of cells or objects."""

    name: str
    columns: Columns
    rows: Rows = []


class LookupListChange(msgspec.Struct):
    """What is not mentioned stays; a list replaces the whole list."""

    name: str | UnsetType = UNSET
    columns: Columns | UnsetType = UNSET
    rows: Rows | UnsetType = UNSET
