"""What every write to a process or task reads is found by its subject, however much else the organization has."""

from pathlib import Path

import apsw
import pytest

from procession.storage import processes, tasks
from procession.storage.database import SQLITE_FILE
from procession.storage.migrate import upgrade
from procession.storage.query import Query

READS = {
    "tags of a process": (processes._tags_of, "process"),
    "folder of a process": (processes._folder_of, "process"),
    "stars of a process": (processes._stars_of, "process"),
    "tasks of a process": (processes._tasks_of, "process"),
    "tags of a task": (tasks._tags, "task"),
}


@pytest.mark.parametrize("name", READS)
def test_sqlite_looks_for_the_subject(tmp_path: Path, name: str) -> None:
    """Without statistics, as in every file: the planner must not prefer an index that begins with something else."""
    query, subject = READS[name]
    upgrade("", tmp_path)
    connection = apsw.Connection(str(tmp_path / SQLITE_FILE))

    plan = explained(connection, query)

    assert f"(org=? AND {subject}=?" in plan, plan


def explained(connection: apsw.Connection, query: Query) -> str:
    compiled = query.on("sqlite")
    values = dict.fromkeys(compiled.names, 1) | dict(compiled.constants)
    return "; ".join(str(row[3]) for row in connection.execute(f"EXPLAIN QUERY PLAN {compiled.sql}", values))
