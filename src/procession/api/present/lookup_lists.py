"""Lookup lists from rows. Spec: api-templates 11."""

from procession.api.contract.lookup_lists import ListRow, LookupList
from procession.api.contract.template_fields import FieldColumn
from procession.domain import lookup_lists as domain
from procession.domain.times import wire


def present_lookup_list(row: domain.LookupList) -> LookupList:
    return LookupList(
        id=row.id,
        name=row.name,
        columns=[FieldColumn(each.id, each.label) for each in row.columns],
        rows=[ListRow(each.id, list(each.cells)) for each in row.rows],
        created_at=wire(row.created_at),
        last_updated=wire(row.updated_at),
    )
