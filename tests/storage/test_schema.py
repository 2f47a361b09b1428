"""The rules that let the schema be distributed by organization. Why each: docs/scaling.md."""

from pathlib import Path

import pytest
from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, Integer, Table, Text, UniqueConstraint

from procession.storage.schema import CONTROL_TABLES, TENANT_TABLES, metadata

ROOT = Path(__file__).resolve().parents[2]
# PostgreSQL cuts longer names off, and two may then be the same.
LONGEST_NAME = 63

TENANT = [table for table in metadata.sorted_tables if table.name in TENANT_TABLES]
CONTROL = [table for table in metadata.sorted_tables if table.name in CONTROL_TABLES]

tenant_tables = pytest.mark.parametrize("table", TENANT, ids=lambda table: table.name)
all_tables = pytest.mark.parametrize("table", metadata.sorted_tables, ids=lambda table: table.name)


def first_column(constraint: UniqueConstraint | Index) -> str:
    return next(iter(constraint.columns)).name


def foreign_keys(table: Table) -> list[ForeignKeyConstraint]:
    return [each for each in table.constraints if isinstance(each, ForeignKeyConstraint)]


def test_every_table_is_either_shared_or_an_organizations_own() -> None:
    """`org` in the primary key's first place is what makes a table an organization's own."""
    by_key = {table.name for table in metadata.sorted_tables if next(iter(table.primary_key.columns)).name == "org"}

    assert by_key - {"organization"} == TENANT_TABLES


@tenant_tables
def test_every_key_begins_with_the_organization(table: Table) -> None:
    assert next(iter(table.primary_key.columns)).name == "org"
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            assert first_column(constraint) == "org", constraint
    for index in table.indexes:
        assert first_column(index) == "org", index.name


@tenant_tables
def test_foreign_keys_stay_inside_one_organization(table: Table) -> None:
    for constraint in foreign_keys(table):
        [first, *_] = constraint.elements
        assert constraint.referred_table.name in TENANT_TABLES
        assert (first.parent.name, first.column.name) == ("org", "org")
        assert constraint.ondelete in (None, "CASCADE"), "SET NULL and SET DEFAULT would set the organization, too"
        assert constraint.onupdate is None


@pytest.mark.parametrize("table", CONTROL, ids=lambda table: table.name)
def test_shared_tables_refer_to_no_organizations_rows(table: Table) -> None:
    assert not {each.referred_table.name for each in foreign_keys(table)} & TENANT_TABLES


@tenant_tables
def test_numbers_of_an_organization_are_handed_out_by_the_program(table: Table) -> None:
    """Identity columns draw from ranges of their own on every machine of a cluster: neither ordered nor dense."""
    assert table.autoincrement_column is None
    for column in table.columns:
        assert column.identity is None
        assert column.default is None
        assert column.server_default is None


@all_tables
def test_columns_are_numbers_and_text_only(table: Table) -> None:
    """Flags are 0 and 1, instants milliseconds, documents text: no driver converts anything."""
    for column in table.columns:
        assert type(column.type) in (BigInteger, Text) or isinstance(column.type, Integer), column
        assert column.computed is None


@all_tables
def test_names_fit_into_postgresql(table: Table) -> None:
    named = [table.name, *(str(each.name) for each in (*table.constraints, *table.indexes) if each.name)]
    assert max(map(len, named)) <= LONGEST_NAME, named


@all_tables
def test_partial_indexes_hold_the_same_rows_on_both_databases(table: Table) -> None:
    for index in table.indexes:
        conditions = {name: index.dialect_options[name]["where"] for name in ("sqlite", "postgresql")}
        assert str(conditions["sqlite"]) == str(conditions["postgresql"]), index.name


def listed(name: str) -> list[str]:
    """The statements in the block of docs/scaling.md that begins with this comment."""
    page = (ROOT / "docs" / "scaling.md").read_text(encoding="utf-8")
    block = page.partition(f"-- {name}\n")[2].partition("```")[0]
    return [line for line in block.splitlines() if line.startswith("SELECT create_")]


def test_the_page_on_scaling_distributes_every_table_of_an_organization() -> None:
    """In an order in which what a foreign key refers to comes first."""
    [first, *rest] = TENANT
    expected = [f"SELECT create_distributed_table('{first.name}', 'org');"]
    expected += [f"SELECT create_distributed_table('{t.name}', 'org', colocate_with => '{first.name}');" for t in rest]

    assert listed("tables of an organization") == expected


def test_the_page_on_scaling_names_every_shared_table() -> None:
    page = (ROOT / "docs" / "scaling.md").read_text(encoding="utf-8")
    local = page.partition("Stay local: ")[2].partition("\n")[0]
    copied = {line.partition("'")[2].partition("'")[0] for line in listed("shared tables, read everywhere")}
    kept = {name for name in CONTROL_TABLES if f"`{name}`" in local}

    assert copied | kept == CONTROL_TABLES
    assert not copied & kept
