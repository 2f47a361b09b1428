"""Statements: built once with SQLAlchemy Core, compiled once per dialect, executed by the driver."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.selectable import SelectBase

from procession.storage.dialect import DIALECTS, DialectName


class ExpandingParameter(TypeError):
    """A cached statement may not contain a parameter whose SQL depends on its value."""


class Compiled:
    """SQL text of one statement on one dialect, with the values written into the statement itself."""

    __slots__ = ("constants", "names", "sql")

    def __init__(self, sql: str, names: tuple[str, ...], constants: Mapping[str, Any]) -> None:
        self.sql = sql
        self.names = names
        self.constants = dict(constants)

    def bind(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**self.constants, **values} if self.constants else values


class Query:
    """One statement. Give each a place at module level or behind `functools.cache`, never inside a request.

    `prepare=False`: PostgreSQL plans it anew each time, because the best plan depends on the values.
    """

    __slots__ = ("_compiled", "prepare", "statement")

    def __init__(self, statement: ClauseElement, *, prepare: bool = True) -> None:
        self.statement = statement
        self.prepare = prepare
        self._compiled: dict[DialectName, Compiled] = {}

    @property
    def width(self) -> int:
        """How many columns its rows have."""
        assert isinstance(self.statement, SelectBase)
        return len(self.statement.selected_columns)

    def on(self, dialect: DialectName) -> Compiled:
        compiled = self._compiled.get(dialect)
        if compiled is None:
            compiled = self._compiled[dialect] = compile_statement(self.statement, dialect)
        return compiled


def compile_statement(statement: ClauseElement, dialect: DialectName) -> Compiled:
    result = statement.compile(dialect=DIALECTS[dialect])
    assert isinstance(result, SQLCompiler)
    if result.post_compile_params:
        raise ExpandingParameter(f"bind a list as one value (dialect.is_in): {result.string}")
    names = tuple(result.bind_names.values())
    constants = {name: value for name, value in result.params.items() if value is not None}
    return Compiled(result.string, names, constants)
