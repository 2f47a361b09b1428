"""What SQLite's planner is told of the tables. Spec: decision 13."""

from pathlib import Path

import apsw

from procession.storage.database import SQLITE_FILE
from procession.storage.migrate import upgrade
from procession.storage.sqlite_statistics import UNTOLD


def test_every_index_of_an_organizations_rows_has_its_figures_after_an_upgrade(tmp_path: Path) -> None:
    """In a new file and in one that had others."""
    upgrade("", tmp_path)
    file = apsw.Connection(str(tmp_path / SQLITE_FILE))
    new = figures(file)
    assert {table for table, _ in indexes(file)} - {table for table, _ in new} == UNTOLD
    assert {key for key in indexes(file) if key[0] not in UNTOLD} == set(new)
    # An organization's rows by the thousand, those of one process a few.
    assert new["event", "ix_event_process"].split()[1:] == ["100000", "2", "2"]
    assert new["process", "sqlite_autoindex_process_1"].split()[1:] == ["1000000", "1"]

    file.execute("DELETE FROM sqlite_stat1; INSERT INTO sqlite_stat1 VALUES ('event', 'event', '7 7 1')")
    file.execute("UPDATE alembic_version SET version_num = '0030'; DROP TABLE answer_search")
    for name in ("template_name", "started", "completed", "status", "progress", "next"):
        file.execute(f"DROP INDEX ix_process_{name}")
    file.execute("CREATE INDEX ix_process_late ON process (org)")
    file.close()
    upgrade("", tmp_path)
    assert figures(apsw.Connection(str(tmp_path / SQLITE_FILE))) == new


def figures(file: apsw.Connection) -> dict[tuple[str, str], str]:
    return {(str(table), str(index)): str(stat) for table, index, stat in file.execute("SELECT * FROM sqlite_stat1")}


def indexes(file: apsw.Connection) -> set[tuple[str, str]]:
    """Table and index, or the table where it is the index, of all that begin with the organization."""
    found = file.execute(
        "SELECT t.name, CASE WHEN t.wr AND l.origin = 'pk' THEN t.name ELSE l.name END"
        " FROM pragma_table_list t JOIN pragma_index_list(t.name) l JOIN pragma_index_info(l.name) i"
        " WHERE t.schema = 'main' AND i.seqno = 0 AND i.name = 'org'"
    )
    return {(str(table), str(index)) for table, index in found}
