"""Every difference between SQLite and PostgreSQL that a statement can see."""

from collections.abc import Callable
from typing import Any, Literal

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Select, Text, bindparam, literal, literal_column
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Boolean

DialectName = Literal["sqlite", "postgresql"]

DIALECTS: dict[DialectName, Dialect] = {
    "sqlite": sqlite.dialect(paramstyle="named"),
    "postgresql": PGDialect_psycopg(paramstyle="pyformat"),
}


class IsIn(ColumnElement[bool]):
    """`column IN (a list bound as one value)`: the statement is the same for any number of values.

    Bind a Python list under `name`. PostgreSQL gets `= ANY(array)`, SQLite a subselect over the list as JSON.
    """

    inherit_cache = False
    type = Boolean()

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        self.column = column
        kind = BigInteger() if isinstance(column.type, BigInteger) else Text()
        self.array = bindparam(name, type_=ARRAY(kind))
        self.json = bindparam(name, type_=Text())

    def self_group(self, against: Any = None) -> "IsIn":  # noqa: ARG002  # SQLAlchemy's own hook
        """As it is: SQLAlchemy would compare it with 1 on SQLite, which then no longer sees that an index serves."""
        return self

    @property
    def _from_objects(self) -> list[Any]:
        return list(self.column._from_objects)  # noqa: SLF001  # SQLAlchemy's own hook


def is_in(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    return IsIn(column, name)


@compiles(IsIn, "postgresql")
def _any(element: IsIn, compiler: SQLCompiler, **options: Any) -> str:
    return f"{compiler.process(element.column, **options)} = ANY ({compiler.process(element.array, **options)})"


@compiles(IsIn, "sqlite")
def _json_each(element: IsIn, compiler: SQLCompiler, **options: Any) -> str:
    column, values = compiler.process(element.column, **options), compiler.process(element.json, **options)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608  # compiled parts


class Holds(ColumnElement[bool]):
    """Whether a text column holds the bound text, letter for letter (LIKE does not mind case on SQLite)."""

    inherit_cache = False
    type = Boolean()

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        self.column = column
        self.text = bindparam(name, type_=Text())

    @property
    def _from_objects(self) -> list[Any]:
        return list(self.column._from_objects)  # noqa: SLF001  # SQLAlchemy's own hook


@compiles(Holds, "postgresql")
def _strpos(element: Holds, compiler: SQLCompiler, **options: Any) -> str:
    return f"strpos({compiler.process(element.column, **options)}, {compiler.process(element.text, **options)}) > 0"


@compiles(Holds, "sqlite")
def _instr(element: Holds, compiler: SQLCompiler, **options: Any) -> str:
    return f"instr({compiler.process(element.column, **options)}, {compiler.process(element.text, **options)}) > 0"


class JsonText(ColumnElement[str]):
    """The text (a number's digits) under a key of a JSON object in a text column; null when there is none."""

    inherit_cache = False
    type = Text()

    def __init__(self, column: ColumnElement[Any], key: str) -> None:
        self.column = column
        self.name = literal(key, Text())

    @property
    def _from_objects(self) -> list[Any]:
        return list(self.column._from_objects)  # noqa: SLF001  # SQLAlchemy's own hook


@compiles(JsonText, "postgresql")
def _json_text(element: JsonText, compiler: SQLCompiler, **options: Any) -> str:
    column, key = compiler.process(element.column, **options), compiler.process(element.name, **options)
    return f"(CAST({column} AS json) ->> CAST({key} AS text))"


@compiles(JsonText, "sqlite")
def _json_extract(element: JsonText, compiler: SQLCompiler, **options: Any) -> str:
    column, key = compiler.process(element.column, **options), compiler.process(element.name, **options)
    return f"CAST({column} ->> {key} AS TEXT)"


class ListRows(FunctionElement[Any]):
    """A list bound as one value, as a table: `ListRows(...).table_valued("value")`."""

    inherit_cache = False
    name = "list_rows"

    def __init__(self, name: str, kind: BigInteger | Text) -> None:
        super().__init__()
        self.array = bindparam(name, type_=ARRAY(kind))
        self.json = bindparam(name, type_=Text())


@compiles(ListRows, "postgresql")
def _unnest(element: ListRows, compiler: SQLCompiler, **options: Any) -> str:
    return f"(SELECT unnest({compiler.process(element.array, **options)}) AS value)"  # a compiled part


@compiles(ListRows, "sqlite")
def _each(element: ListRows, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_each({compiler.process(element.json, **options)})"


def constant(value: int) -> ColumnElement[int]:
    """A number written into the statement: what the planner should see (states, facets, limits)."""
    return literal_column(str(int(value)), BigInteger)


def apart(query: Select[Any]) -> Select[Any]:
    """With an offset, if only of nothing, a statement inside another stays what it is: no planner makes a join of it
    that begins at its other end. Estimates of how many rows are under a key are far too low for that.
    """
    return query.offset(constant(0))


def escape_like(text: str) -> str:
    r"""User text as a literal inside a LIKE pattern whose escape character is `\`."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def insert(dialect: DialectName) -> Callable[..., Any]:
    """The dialect's INSERT, which knows ON CONFLICT."""
    return sqlite.insert if dialect == "sqlite" else postgresql.insert
