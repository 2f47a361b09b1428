"""No statement on tenant data that is not held to the caller's organization.

The statements of the modules are looked at here; those that are made for a request's shape are looked at when the
tests that made them are over (`every_statement_stays_in_its_organization` in the suite's conftest).
"""

import ast
import importlib
import pkgutil
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import and_, bindparam, delete, exists, func, insert, or_, select, union_all, update

from procession import storage
from procession.storage.dialect import DIALECTS, is_in
from procession.storage.query import ExpandingParameter, Query, compile_statement
from procession.storage.tables.content import folders, tag_links, tags
from procession.storage.tables.control import accounts, memberships
from procession.storage.tables.people import members
from tests.architecture.source import dotted, modules
from tests.architecture.statements import describe, faults, is_mixed

# Statements that read several organizations, each with the reason why it has to.
ACROSS_ORGANIZATIONS: Mapping[str, str] = {}
# Statements in which shared and tenant tables meet; on Citus they cost a step more.
MIXED: Mapping[str, str] = {
    "storage.identity._credential": "a token and the membership it is used for, in one round trip for each request",
}


def module_queries() -> dict[str, Query]:
    """The statements that stand at the top of a storage module, by their names."""
    found: dict[str, Query] = {}
    for each in pkgutil.walk_packages(storage.__path__, "procession.storage."):
        if ".migrations" in each.name:
            continue
        module = importlib.import_module(each.name)
        name = each.name.removeprefix("procession.")
        found |= {f"{name}.{key}": value for key, value in vars(module).items() if type(value) is Query}
    return found


QUERIES = module_queries()


def test_there_are_statements_to_look_at() -> None:
    assert len(QUERIES) > 50


@pytest.mark.parametrize("name", QUERIES)
def test_a_statement_stays_in_the_callers_organization(name: str) -> None:
    if name not in ACROSS_ORGANIZATIONS:
        assert not faults(QUERIES[name].statement), describe(QUERIES[name])


@pytest.mark.parametrize("name", QUERIES)
def test_a_statement_is_the_same_for_every_value(name: str) -> None:
    """A list is one bound value; a parameter that expands would make the statement depend on its length."""
    for dialect in DIALECTS:
        QUERIES[name].on(dialect)


def test_shared_and_tenant_tables_meet_only_where_it_is_said() -> None:
    assert {name for name, query in QUERIES.items() if is_mixed(query.statement)} == set(MIXED)


def test_every_exception_is_still_needed() -> None:
    assert set(ACROSS_ORGANIZATIONS) == {name for name, query in QUERIES.items() if faults(query.statement)}


T, L, F, M = tags.c, tag_links.c, folders.c, members.c
ours = T.org == bindparam("org")
links = tag_links.alias()


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(select(T.id).where(ours), id="one table"),
        pytest.param(update(tags).where(T.org == bindparam("org_is")).values(title="x"), id="update"),
        pytest.param(delete(tags).where(ours, T.id == bindparam("id")), id="delete"),
        pytest.param(insert(tags).values(org=bindparam("org"), id=bindparam("id")), id="insert"),
        pytest.param(insert(tags).from_select(["org", "id"], select(T.org, T.id).where(ours)), id="insert of a select"),
        pytest.param(
            select(T.id).select_from(tags.join(tag_links, and_(L.org == T.org, L.tag_id == T.id))).where(ours),
            id="join",
        ),
        pytest.param(
            select(T.id)
            .select_from(tags.outerjoin(tag_links, and_(L.org == bindparam("org"), L.tag_id == T.id)))
            .where(ours),
            id="outer join",
        ),
        pytest.param(
            select(T.id).where(ours, exists().where(L.org == T.org, L.tag_id == T.id)), id="a correlated condition"
        ),
        pytest.param(
            select(T.id).where(ours, T.id.in_(select(links.c.tag_id).where(links.c.org == bindparam("org")))),
            id="a condition on an alias",
        ),
        pytest.param(union_all(select(T.id).where(ours), select(F.id).where(F.org == bindparam("org"))), id="union"),
        pytest.param(
            select(func.count()).select_from(select(T.id).where(ours).subquery()), id="a statement in the FROM"
        ),
        pytest.param(select(accounts.c.id).where(accounts.c.id == bindparam("id")), id="a shared table"),
    ],
)
def test_what_stays_in_an_organization_is_let_through(statement: Any) -> None:
    assert faults(statement) == []


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(select(T.id), id="no condition at all"),
        pytest.param(select(T.id).where(T.id == bindparam("id")), id="by id alone"),
        pytest.param(select(T.id).where(T.org == bindparam("organization")), id="another value than the bound one"),
        pytest.param(select(T.id).where(or_(ours, T.id == bindparam("id"))), id="one way of several"),
        pytest.param(select(T.id).where(T.org >= bindparam("org")), id="not equal"),
        pytest.param(update(tags).where(T.id == bindparam("id_is")).values(title="x"), id="update"),
        pytest.param(update(tags).where(ours).values(org=bindparam("other")), id="update of the organization"),
        pytest.param(update(tags).where(ours, T.id == L.tag_id).values(title="x"), id="update from another table"),
        pytest.param(delete(tags).where(T.id == bindparam("id")), id="delete"),
        pytest.param(insert(tags).values(id=bindparam("id")), id="insert"),
        pytest.param(insert(tags).values(org=bindparam("other"), id=bindparam("id")), id="insert elsewhere"),
        pytest.param(insert(tags).from_select(["org", "id"], select(T.org, T.id)), id="insert of a select"),
        pytest.param(select(T.id).select_from(tags.join(tag_links, L.tag_id == T.id)).where(ours), id="join"),
        pytest.param(
            select(T.id).select_from(tags.outerjoin(tag_links, and_(L.org == bindparam("org"), L.org == T.org))),
            id="the kept side of an outer join",
        ),
        pytest.param(select(T.id).where(ours, exists().where(L.tag_id == T.id)), id="a correlated condition"),
        pytest.param(select(T.id).where(ours, T.id.in_(select(L.tag_id))), id="a list of keys"),
        pytest.param(select(T.id, select(func.count(L.id)).scalar_subquery()).where(ours), id="a computed column"),
        pytest.param(select(tags.alias().c.id), id="an alias"),
        pytest.param(union_all(select(T.id).where(ours), select(F.id)), id="a part of a union"),
        pytest.param(select(func.count()).select_from(select(T.id).subquery()), id="a statement in the FROM"),
        pytest.param(
            select(memberships.c.org).join(members, M.account == memberships.c.account), id="over a shared table"
        ),
    ],
)
def test_what_leaves_its_organization_is_seen(statement: Any) -> None:
    assert faults(statement)


def test_a_parameter_that_expands_is_refused() -> None:
    with pytest.raises(ExpandingParameter):
        compile_statement(select(T.id).where(ours, T.id.in_(bindparam("ids", expanding=True))), "sqlite")
    compile_statement(select(T.id).where(ours, is_in(T.id, "ids")), "sqlite")


# Where SQL is written as text.
WRITES_SQL: Mapping[str, str] = {
    "storage.sqlite": "pragmas, BEGIN and COMMIT",
    "storage.sqlite_writer": "savepoints, BEGIN and COMMIT",
    "storage.bulk_loading": "pragmas and COPY for loading, BEGIN and COMMIT",
    "storage.postgres": "reads in one statement, settings, BEGIN and COMMIT",
    "storage.row_statements": "statements over many rows, bound as one JSON value",
    "storage.search": "the trigram indexes",
    "storage.migrate": "pragmas of the migrating connection",
    "storage.sqlite_statistics": "the planner's own tables",
    "storage.tables.events": "the condition of a partial index",
    "storage.tables.processes": "conditions of partial indexes",
    "storage.values_anew": "rows as one JSON value (storage.row_statements), by SQLAlchemy's connection",
}
STATEMENT_WORDS = (
    "SELECT ", "INSERT INTO", "UPDATE ", "DELETE FROM", "CREATE TABLE", "CREATE INDEX", "DROP ", "ALTER ", "PRAGMA ",
    "BEGIN", "SAVEPOINT", "TRUNCATE ",
)  # fmt: skip
TEXT_MAKERS = {"text", "sql", "sa.text", "sqlalchemy.text"}


def written_sql(tree: ast.Module) -> bool:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith(STATEMENT_WORDS):
            return True
        if isinstance(node, ast.ImportFrom) and node.module == "sqlalchemy" and "text" in {n.name for n in node.names}:
            return True
        if isinstance(node, ast.Call) and dotted(node.func).endswith(("sa.text", "sqlalchemy.text", "exec_driver_sql")):
            return True
    return False


def test_sql_is_written_as_text_in_few_places() -> None:
    found = {
        module.name
        for module in modules()
        if written_sql(module.tree) and not module.name.startswith("storage.migrations.versions.")
    }

    assert found == set(WRITES_SQL)


def test_a_column_written_as_text_holds_no_value() -> None:
    """`literal_column` writes into the statement what it is given: a constant of the source, or a whole number."""
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] == "literal_column":
                [first, *_] = node.args
                is_number = module.name == "storage.dialect" and ast.unparse(first) == "str(int(value))"
                assert is_number or isinstance(first, ast.Constant), f"{module.name} line {node.lineno}"


# What may be handed over as the organization of a statement.
OWN_ORGANIZATION = {"tx.org", "self.org", "self._org", "org"}


def test_the_organization_of_a_statement_is_the_callers() -> None:
    """Statements that cannot bind `org` by itself (UPDATE) get it from the transaction, never from elsewhere."""
    for module in modules():
        if module.layer not in {"storage", "usecases", "api", "worker"}:
            continue
        for node in ast.walk(module.tree):
            if isinstance(node, ast.keyword) and node.arg == "org_is":
                assert dotted(node.value) in OWN_ORGANIZATION, f"{module.name} line {node.value.lineno}"
            if isinstance(node, ast.Dict):
                for key, value in zip(node.keys, node.values, strict=True):
                    if isinstance(key, ast.Constant) and key.value == "org_is":
                        assert dotted(value) in OWN_ORGANIZATION, f"{module.name} line {value.lineno}"
