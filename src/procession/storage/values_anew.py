"""What lists find processes by their answers with, written for all that is there: after the upgrade that brought it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, bindparam, insert, select

from procession.domain.process_values import Form, Name, Values, names_in, values_in
from procession.domain.tasks import fields_in
from procession.domain.templates import Template
from procession.storage import row_statements
from procession.storage.process_values import counted_in, rows_of
from procession.storage.tables import lists
from procession.storage.tables.control import organizations
from procession.storage.tables.events import sequences
from procession.storage.tables.processes import processes, tasks
from procession.storage.tables.templates import template_versions, templates

REVISION = "0016"
BATCH = 5_000
# At once, as one value on PostgreSQL.
MOST_ROWS = 50_000

_P, _T, _V = processes.c, tasks.c, template_versions.c
_organizations = select(organizations.c.org).order_by(organizations.c.org)
_templates = select(templates.c.id, templates.c.document).where(templates.c.org == bindparam("org_is"))
_version = select(_V.document).where(
    _V.org == bindparam("org_is"), _V.template_id == bindparam("id_is"), _V.version == bindparam("version_is")
)
_after = (
    select(_P.seq, _P.template_id, _P.template_version, _P.state, _P.prerun)
    .where(_P.org == bindparam("org_is"), _P.seq > bindparam("after"))
    .order_by(_P.seq)
    .limit(BATCH)
)
_answered = (
    select(_T.process, _T.step_id, _T.taskdata, _T.fields)
    .where(
        _T.org == bindparam("org_is"),
        _T.process >= bindparam("first"),
        _T.process <= bindparam("last"),
        _T.taskdata != "{}",
        _T.status != "auto-skipped",
        _T.archived_at.is_(None),
        _T.top_secret == 0,
    )
    .order_by(_T.process, _T.position, _T.seq)
)


def fill_values(connection: Connection) -> None:
    """In the transaction of the upgrade."""
    found = list(connection.execute(_organizations).scalars())
    if not found:
        return
    # Entered in the order of the processes, an index in another order is made faster afterwards.
    [index] = lists.process_values.indexes
    index.drop(connection)
    for org in found:
        _Filling(connection, org).fill()
    index.create(connection)


class _Filling:
    """One organization."""

    def __init__(self, connection: Connection, org: int) -> None:
        self._connection = connection
        self._org = org
        self._versions: dict[tuple[str, int], Template | None] = {}
        self._ids: dict[str, dict[Name, int]] = defaultdict(dict)
        self._many = 0
        self._counts: Counter[tuple[int, int, str]] = Counter()

    def fill(self) -> None:
        for template_id, text in self._connection.execute(_templates, {"org_is": self._org}).all():
            self._number(template_id, names_in(msgspec.json.decode(text, type=Template)))
        after = 0
        while rows := self._connection.execute(_after, {"org_is": self._org, "after": after}).all():
            self._enter(rows)
            after = rows[-1].seq
        self._insert(
            lists.value_fields,
            [
                {"id": number, "template_id": template_id, "alias": alias, "kind": kind.value}
                for template_id, names in self._ids.items()
                for (alias, kind), number in names.items()
            ],
        )
        self._insert(
            lists.value_counters,
            [{"field": f, "state": state, "bucket": bucket, "n": n} for (f, state, bucket), n in self._counts.items()],
        )
        if self._many:
            self._insert(sequences, [{"kind": "value_field", "last": self._many, "last_at": 0}])

    def _enter(self, found: Any) -> None:
        span = {"org_is": self._org, "first": found[0].seq, "last": found[-1].seq}
        answered: dict[int, list[Any]] = defaultdict(list)
        for row in self._connection.execute(_answered, span).all():
            answered[row.process].append(row)
        entered: list[dict[str, Any]] = []
        for seq, template_id, version, state, prerun in found:
            values = self._values(template_id, version, prerun, answered[seq])
            ids = self._number(template_id, values)
            for field, key in sorted(rows_of(values, ids)):
                entered.append({"seq": seq, "field": field, "key": key, "state": state})
            self._counts.update((f, state, bucket) for f, bucket in counted_in(values, ids))
        self._insert(lists.process_values, entered)

    def _values(self, template_id: str, version: int, prerun: str, answered: Iterable[Any]) -> Values:
        document = self._version(template_id, version)
        steps = {} if document is None else {step.id: step.fields for step in document.steps}
        forms = [Form(msgspec.json.decode(prerun), () if document is None else document.kickoff)]
        for _, step_id, taskdata, own in answered:
            fields = steps.get(step_id, ()) if own is None else fields_in(msgspec.json.decode(own))
            forms.append(Form(msgspec.json.decode(taskdata), fields))
        return values_in(forms)

    def _version(self, template_id: str, version: int) -> Template | None:
        key = template_id, version
        if key not in self._versions:
            values = {"org_is": self._org, "id_is": template_id, "version_is": version}
            text = self._connection.execute(_version, values).scalar()
            self._versions[key] = None if text is None else msgspec.json.decode(text, type=Template)
        return self._versions[key]

    def _number(self, template_id: str, names: Iterable[Name]) -> Mapping[Name, int]:
        known = self._ids[template_id]
        for name in sorted(set(names) - known.keys(), key=lambda name: (name[0], name[1].value)):
            self._many += 1
            known[name] = self._many
        return known

    def _insert(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        for start in range(0, len(rows), MOST_ROWS):
            part: list[dict[str, Any]] = [{"org": self._org, **row} for row in rows[start : start + MOST_ROWS]]
            if self._connection.dialect.name == "postgresql":
                text = row_statements.insert(table, tuple(part[0]))
                self._connection.exec_driver_sql(text, {"rows": msgspec.json.encode(part).decode()})
            else:
                self._connection.execute(insert(table), part)
