"""`make bench-smoke`: every measured request on a small data set; fails when a statement or its plan has changed.

Nothing is timed. What each request costs is written in smoke.json: statements, and the indexes each of them uses.
`python -m benchmarks.smoke --accept` writes it anew, for a change that is meant.
"""

import asyncio
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import msgspec

from benchmarks import sets
from benchmarks.parts.lists import requests
from procession import config
from procession.storage import sqlite
from procession.storage.connection import Read
from procession.storage.sqlite import SqliteConnection, _bindings
from procession.wiring.application import make_application

EXPECTED = Path(__file__).with_name("smoke.json")
# Nothing takes long: a read that is begun again elsewhere would be seen twice.
ENOUGH_STEPS = 1 << 30
Costs = dict[str, list[list[str]]]


class Recorder:
    """Every statement that is read, with its values."""

    def __init__(self) -> None:
        self.reads: list[Read] = []
        execute = SqliteConnection._execute  # noqa: SLF001  # where all of them pass

        def recording(connection: SqliteConnection, query: Any, values: Mapping[str, Any]) -> Any:
            self.reads.append((query, values))
            return execute(connection, query, values)

        setattr(SqliteConnection, "_execute", recording)  # noqa: B010  # a method that is private, for once


def plan_of(connection: SqliteConnection, read: Read) -> list[str]:
    """What SQLite does for a statement, without the numbers that differ between runs."""
    query, values = read
    compiled = query.on("sqlite")
    rows = connection.raw.execute(f"EXPLAIN QUERY PLAN {compiled.sql}", _bindings(compiled.bind(values))).fetchall()
    return [re.sub(r"SUBQUERY \d+", "SUBQUERY", str(row[3])) for row in rows]


async def costs(folder: Path) -> Costs:
    """The plans of each request's statements. Raises SystemExit where one is not answered."""
    settings = config.load({}, data_dir=folder, requests_per_minute=0, access_log=False, log_level="error")
    access = await sets.describe_folder(folder, "")
    data = sets.DataSet("10k", "sqlite", folder, "", access)
    sqlite.BRIEF_STEPS = ENOUGH_STEPS
    application = make_application(settings)
    await application.start()
    recorder, found = Recorder(), Costs()
    connection = SqliteConnection(folder / "procession.db", writable=False)
    headers = dict(header.split(": ", 1) for header in data.headers())
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=application), base_url="http://bench", headers=headers
    ) as client:

        async def ask(path: str) -> httpx.Response:
            answer = await client.get(data.path(path))
            if answer.status_code != 200:
                raise SystemExit(f"make bench-smoke: {path} answered {answer.status_code} {answer.text[:300]}")
            return answer

        following = (await ask("/runs?status=active&page=40")).json()["meta"]["pagination"]["links"]["next"]
        for name, path in requests(access, httpx.URL(following).query.decode(), 300).items():
            # What is asked for again is remembered from the second time on.
            for _ in range(2):
                await ask(path)
            recorder.reads.clear()
            await ask(path)
            found[name] = [plan_of(connection, read) for read in recorder.reads]
    connection.close()
    await application.stop()
    return found


def main(words: Sequence[str]) -> int:
    with tempfile.TemporaryDirectory(prefix="procession-bench-") as folder:
        sets.fill(Path(folder), "", sets.SIZES["10k"])
        found = asyncio.run(costs(Path(folder)))
    if "--accept" in words:
        EXPECTED.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
        return 0
    expected = msgspec.json.decode(EXPECTED.read_bytes(), type=Costs)
    differing = [name for name in sorted({*expected, *found}) if expected.get(name) != found.get(name)]
    for name in differing:
        print(f"{name}:", *("  was " + str(each) for each in expected.get(name, [])), sep="\n")
        print(*("  is  " + str(each) for each in found.get(name, [])), sep="\n")
    print(f"make bench-smoke: {len(found)} requests, statements or plans of {len(differing)} have changed.")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
