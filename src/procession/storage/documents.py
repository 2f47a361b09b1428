"""Documents of processes that have none: after an upgrade that changed what they contain."""

from sqlalchemy import Connection, bindparam, select, tuple_, update

from procession.domain.run_document import run_document
from procession.storage.processes import process_rows
from procession.storage.tables.processes import processes

BATCH = 1_000

_P = processes.c
_after = (
    select(_P.org, *process_rows.columns)
    .where(tuple_(_P.org, _P.seq) > tuple_(bindparam("org_after"), bindparam("seq_after")), _P.document.is_(None))
    .order_by(_P.org, _P.seq)
    .limit(BATCH)
)
_write = (
    update(processes)
    .where(_P.org == bindparam("org_is"), _P.seq == bindparam("seq_is"))
    .values(document=bindparam("new_document"))
)


def fill_documents(connection: Connection) -> None:
    """Write every missing document, in the transaction of the upgrade."""
    org, seq = 0, 0
    while rows := connection.execute(_after, {"org_after": org, "seq_after": seq}).all():
        written: list[dict[str, object]] = []
        for org, *columns in rows:  # the last one is where the next batch begins
            process = process_rows.read(columns)
            seq = process.seq
            written.append({"org_is": org, "seq_is": seq, "new_document": run_document(process)})
        connection.execute(_write, written)
