"""How many statements a request costs."""

from collections.abc import Mapping
from typing import Any

import pytest

from procession.storage.postgres import PostgresConnection
from procession.storage.query import Query
from procession.storage.sqlite import SqliteConnection
from tests.harness import Api


class Statements:
    """Counts what is read while it is in place."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.executed = 0
        for kind in (SqliteConnection, PostgresConnection):
            monkeypatch.setattr(kind, "rows", self._counting(kind.rows))
        # What is read at once is one statement on PostgreSQL.
        monkeypatch.setattr(SqliteConnection, "at_once", self._counting_all(SqliteConnection.at_once, together=False))
        monkeypatch.setattr(
            PostgresConnection, "at_once", self._counting_all(PostgresConnection.at_once, together=True)
        )

    def _counting(self, rows: Any) -> Any:
        async def counted(connection: Any, query: Query, values: Mapping[str, Any]) -> Any:
            self.executed += 1
            return await rows(connection, query, values)

        return counted

    def _counting_all(self, at_once: Any, *, together: bool) -> Any:
        async def counted(connection: Any, reads: Any) -> Any:
            self.executed += 1 if together else len(reads)
            return await at_once(connection, reads)

        return counted

    def of(self, api: Api, path: str) -> int:
        """Statements of one GET by somebody who has asked before."""
        assert api.get(path).status_code == 200
        before = self.executed
        assert api.get(path).status_code == 200
        return self.executed - before
