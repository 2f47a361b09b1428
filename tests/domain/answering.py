"""Fields, and answers to them, as forms have them."""

from datetime import date
from typing import Any

import pytest

from procession.domain.answers import (
    Accepted,
    accept,
)
from procession.domain.errors import Invalid
from procession.domain.fields import Column, Field, FieldType, Option
from procession.domain.values import People

ORG = "0a" * 16


GROUP = "9f" * 16


ASSET = "9e" * 16


TODAY = date(2026, 3, 5)


PEOPLE = People(members={12, 40}, groups={GROUP}, addresses_in_use={"boss@our.example"})


DOWNLOAD = f"organizations/{ORG}/file/{ASSET}/dl"
TABLE, WIDTH = "Invalid table field", "Number of columns does not match required columns"
CHOICE = "Invalid dropdown choice selected."
SOIL, WATER = {"id": 1, "text": "Soil"}, {"id": 2, "text": "Water"}
SAND, GRAVEL = Option(1, "Sand"), Option(2, "Gravel")


def field(field_type: FieldType, **keys: Any) -> Field:
    """A field whose id is its label in lower case."""
    label = keys.pop("label", "Answer")
    defaults: dict[str, Any] = {"id": label.lower(), "alias": f"{label.lower()}-1", "required": False, "position": 1}
    if field_type in ("radio", "dropdown", "multiselect"):
        defaults["options"] = (Option(1, "Red"), Option(2, "Blue"), Option(3, "0"))
    if field_type == "table":
        defaults["columns"] = (Column(1, "Item"), Column(2, "Qty"))
    if field_type == "currency":
        defaults |= {"currency": "EUR", "decimals": 2}
    return Field(field_type=field_type, label=label, created_at=0, last_updated=0, **defaults | keys)


def answer(asked: Field, sent: object, **current: object) -> Accepted:
    return accept(
        [asked], {asked.id: sent}, current, key="taskdata", people=PEOPLE, org_id=ORG, may_clear_required=True
    )


def complaints(asked: Field, sent: object) -> list[str]:
    with pytest.raises(Invalid) as refusal:
        answer(asked, sent)
    [entry] = refusal.value.errors["taskdata"]
    assert list(entry) == [asked.id]
    return entry[asked.id]
