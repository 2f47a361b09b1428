"""Whether a statement stays inside one organization: every tenant table in it has its `org` tied to the bound one."""

import gc
from collections.abc import Iterator
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Table
from sqlalchemy.sql import operators
from sqlalchemy.sql.dml import Delete, Insert, Update
from sqlalchemy.sql.elements import BinaryExpression, BooleanClauseList, ColumnClause, Grouping
from sqlalchemy.sql.selectable import (
    AliasedReturnsRows,
    CompoundSelect,
    FromClause,
    Join,
    Select,
    SelectBase,
    TableClause,
)
from sqlalchemy.sql.visitors import HasTraverseInternals

from procession.storage.dialect import DIALECTS
from procession.storage.query import Query
from procession.storage.schema import CONTROL_TABLES, TENANT_TABLES
from procession.storage.search import process_search

# What a statement calls the caller's organization; `tx` binds the first, the modules bind the second to `tx.org`.
ORG_NAMES = frozenset({"org", "org_is"})


def all_queries() -> list[Query]:
    """Every statement that is alive in this process: those of modules, and those made and kept since."""
    gc.unfreeze()  # or it passes over what was there before the first test
    return [each for each in gc.get_objects() if type(each) is Query]


def describe(query: Query) -> str:
    """The statement's text on the database it was made for."""
    [dialect, *_] = query._compiled or ("postgresql",)
    return query.on(dialect).sql


def faults(statement: Any) -> list[str]:
    """The tenant tables of the statement that are not held to the caller's organization; empty when all are."""
    return list(_faults(statement, None))


def tables_of(statement: Any) -> set[str]:
    """The names of all tables that a statement reads or writes."""
    found: set[str] = set()
    pending, seen = [statement], set[int]()
    while pending:
        each = pending.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, TableClause):
            found.add(each.name)
            continue
        if isinstance(each, ColumnClause) and each.table is not None:
            pending.append(each.table)
        pending.extend(_children(each))
    return found


def is_mixed(statement: Any) -> bool:
    """Whether control tables and tenant tables meet in the statement."""
    names = tables_of(statement)
    return bool(names & CONTROL_TABLES and names & TENANT_TABLES)


class Scope:
    """One SELECT, UPDATE or DELETE: the tables in its FROM, and what it says about their organizations."""

    def __init__(self, outer: "Scope | None") -> None:
        self.outer = outer
        self.tables: list[FromClause] = []
        # What is known about a table (by identity) once another is known: True stands for the bound organization.
        self.follows: list[tuple[int, int | bool]] = []

    def holds(self, table: FromClause) -> bool:
        """Whether the table's rows are all of the bound organization."""
        known = {id(each) for each in self._outside()}
        while True:
            more = {one for one, other in self.follows if other is True or other in known} - known
            if not more:
                return id(table) in known
            known |= more

    def _outside(self) -> Iterator[FromClause]:
        scope = self.outer
        while scope is not None:
            yield from (table for table in scope.tables if scope.holds(table))
            scope = scope.outer

    def names_outside(self) -> set[int]:
        scope, found = self.outer, set[int]()
        while scope is not None:
            found |= {id(table) for table in scope.tables}
            scope = scope.outer
        return found

    def learn(self, condition: Any, *, only: set[int] | None = None) -> None:
        """Take in the equalities that hold for every row. `only`: the tables that the condition can narrow."""
        for one, other in _equal_organizations(condition):
            for this, that in ((one, other), (other, one)):
                if not isinstance(this, bool) and (only is None or this in only):
                    self.follows.append((this, that))


def _faults(element: Any, outer: Scope | None) -> Iterator[str]:
    if isinstance(element, CompoundSelect):
        for each in element.selects:
            yield from _faults(each, outer)
        return
    if isinstance(element, Insert):
        yield from _insert_faults(element)
        return
    scope = Scope(outer)
    if isinstance(element, Select):
        _enter_select(element, scope)
    elif isinstance(element, Update | Delete):
        _enter_change(element, scope)
    for table in scope.tables:
        name = _tenant_name(table)
        if name is not None and not scope.holds(table):
            yield f"{name} is not held to the bound organization"
        if _is_search(table) and not _bounds_search(element):
            yield "process_search is not held to the range of the bound organization"
    if isinstance(element, Update) and any(_name(column) == "org" for column in _assigned(element)):
        yield f"{_name(element.table)}: a row never changes its organization"
    for inner, sees_outside in _inner_statements(element):
        yield from _faults(inner, scope if sees_outside else None)


def _enter_select(select: Select[Any], scope: Scope) -> None:
    found: list[FromClause] = []
    for each in select._from_obj:  # SQLAlchemy's public way to the FROM compiles, which needs a dialect
        found.extend(_flattened(each, scope))
    for target, condition, _, flags in select._setup_joins:
        assert isinstance(target, FromClause)
        right = list(_flattened(target, scope))
        found.extend(right)
        scope.learn(condition, only={id(each) for each in right} if flags["isouter"] or flags["full"] else None)
    named = [each for each in select._raw_columns if isinstance(each, FromClause)]
    parts = [*select._raw_columns, *select._where_criteria]
    named += [column.table for part in parts for column in _columns(part) if isinstance(column.table, FromClause)]
    found = list({id(each): each for each in (*found, *named)}.values())
    outside = scope.names_outside()
    own = [each for each in found if id(each) not in outside]
    # Tables of the enclosing statement are meant, not read again, as long as something else is read.
    scope.tables = own or found
    scope.learn(select.whereclause)


def _enter_change(statement: Update | Delete, scope: Scope) -> None:
    scope.tables = [statement.table]
    for condition in statement._where_criteria:
        scope.learn(condition)
        for column in _columns(condition):
            table = column.table
            if isinstance(table, FromClause) and all(table is not each for each in scope.tables):
                scope.tables.append(table)


def _flattened(source: FromClause, scope: Scope) -> Iterator[FromClause]:
    if not isinstance(source, Join):
        yield source
        return
    left, right = list(_flattened(source.left, scope)), list(_flattened(source.right, scope))
    yield from (*left, *right)
    # An outer join keeps the rows of its left side whatever its condition says.
    scope.learn(source.onclause, only={id(each) for each in right} if source.isouter or source.full else None)


def _insert_faults(insert: Insert) -> Iterator[str]:
    if insert.table.name in TENANT_TABLES:
        given = {_name(column): value for column, value in (insert._values or {}).items()}
        names = {*given, *(_name(each) for each in insert._select_names or ())}
        if "org" not in names:
            yield f"{insert.table.name}: a row without an organization"
        elif "org" in given and not _is_bound_org(given["org"]):
            yield f"{insert.table.name}: a row of an organization that is not the bound one"
    if insert.select is not None:
        yield from _faults(insert.select, None)


def _inner_statements(element: Any) -> Iterator[tuple[Any, bool]]:
    """Statements directly inside, and whether they see the tables around them (those in a FROM do not)."""
    pending: list[tuple[Any, bool]] = [(each, True) for each in _children(element)]
    seen: set[int] = set()
    while pending:
        each, sees = pending.pop()
        if id(each) in seen or isinstance(each, TableClause):
            continue
        seen.add(id(each))
        if isinstance(each, Select | CompoundSelect):
            yield each, sees
            continue
        if isinstance(each, ColumnClause) and each.table is not None:
            pending.append((each.table, False))
        is_source = isinstance(each, AliasedReturnsRows)
        pending.extend((child, sees and not is_source) for child in _children(each))


def _children(element: Any) -> list[Any]:
    return list(element.get_children()) if isinstance(element, HasTraverseInternals) else []


def _columns(condition: Any) -> Iterator[ColumnClause[Any]]:
    """The columns that a condition names itself, those of statements inside it left out."""
    pending = [condition]
    while pending:
        each = pending.pop()
        if isinstance(each, ColumnClause):
            yield each
        elif not isinstance(each, SelectBase):
            pending.extend(_children(each))


def _equal_organizations(condition: Any) -> Iterator[tuple[int | bool, int | bool]]:
    if isinstance(condition, Grouping):
        yield from _equal_organizations(condition.element)
    elif isinstance(condition, BooleanClauseList) and condition.operator is operators.and_:
        for each in condition.clauses:
            yield from _equal_organizations(each)
    elif isinstance(condition, BinaryExpression) and condition.operator is operators.eq:
        one, other = _organization(condition.left), _organization(condition.right)
        if one is not None and other is not None:
            yield one, other


def _organization(element: ColumnElement[Any]) -> int | bool | None:
    """The table whose `org` this is, True for the bound organization, None for anything else."""
    if _is_bound_org(element):
        return True
    if isinstance(element, ColumnClause) and element.name == "org" and element.table is not None:
        return id(element.table)
    return None


def _is_bound_org(element: Any) -> bool:
    return isinstance(element, BindParameter) and element.key in ORG_NAMES


def _tenant_name(source: FromClause) -> str | None:
    while isinstance(source, AliasedReturnsRows):
        source = source.element  # pyright: ignore[reportAssignmentType]  # an alias of a statement ends the loop
    return source.name if isinstance(source, Table) and source.name in TENANT_TABLES else None


def _is_search(source: FromClause) -> bool:
    return isinstance(source, TableClause) and source.name == process_search.name


def _bounds_search(statement: Any) -> bool:
    """SQLite's search index has no organization column: its rowid packs organization and number."""
    words = str(statement.compile(dialect=DIALECTS["sqlite"]))
    return "rowid BETWEEN :" in words or "rowid = :" in words


def _assigned(update: Update) -> list[Any]:
    return list(update._values or {})


def _name(column: Any) -> str:
    return column if isinstance(column, str) else column.name
