"""How many statements a request costs."""

from typing import Any

import pytest

from procession.storage.postgres import PostgresConnection
from procession.storage.sqlite import SqliteConnection
from tests.harness import Api


class Statements:
    """Counts what is read while it is in place."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.executed = 0
        # What is read at once is one statement on PostgreSQL, together with what waited for it.
        monkeypatch.setattr(SqliteConnection, "rows", self._counting(SqliteConnection.rows))
        monkeypatch.setattr(SqliteConnection, "at_once", self._counting_all(SqliteConnection.at_once))
        monkeypatch.setattr(
            PostgresConnection, "_together", self._counting(PostgresConnection._together)
        )  # where all of them pass

    def _counting(self, read: Any) -> Any:
        async def counted(connection: Any, *asked: Any) -> Any:
            self.executed += 1
            return await read(connection, *asked)

        return counted

    def _counting_all(self, at_once: Any) -> Any:
        async def counted(connection: Any, reads: Any) -> Any:
            self.executed += len(reads)
            return await at_once(connection, reads)

        return counted

    def of(self, api: Api, path: str) -> int:
        """Statements of one GET by somebody who has asked before."""
        assert api.get(path).status_code == 200
        before = self.executed
        assert api.get(path).status_code == 200
        return self.executed - before
