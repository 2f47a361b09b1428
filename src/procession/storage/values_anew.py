"""What lists find processes by their answers with, written for what is there: after upgrades that changed it."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, and_, bindparam, delete, exists, insert, select, union, update

from procession.domain.listing import Facet
from procession.domain.process_values import Form, Name, Values, names_in, values_in
from procession.domain.tasks import fields_in
from procession.domain.templates import Template
from procession.domain.value_keys import Kind
from procession.storage import row_statements
from procession.storage.process_values import counted_in, rows_of
from procession.storage.search import INDEX_OF_ANSWERS, enter_answers
from procession.storage.tables import lists
from procession.storage.tables.control import organizations
from procession.storage.tables.events import sequences
from procession.storage.tables.injections import injections
from procession.storage.tables.processes import processes, tasks
from procession.storage.tables.templates import template_versions, templates

BROUGHT, WITHOUT_HIDDEN, WITH_BLANKS, SEARCHED = "0016", "0029", "0030", "0031"
"""The revisions after which answers are entered, those of hidden fields left out, fields without any marked, and parts
of answers found.
"""
BATCH = 5_000
# At once, as one value on PostgreSQL.
MOST_ROWS = 50_000

# As JSON of a template, and of a task's own form, has it.
SOME_FORM_RULE = '%"form_rules":[{%'

_P, _T, _V, _S = processes.c, tasks.c, template_versions.c, sequences.c
_F, _A = lists.value_fields.c, lists.process_values.c
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
        _T.process.in_(bindparam("processes", expanding=True)),
        _T.taskdata != "{}",
        _T.status != "auto-skipped",
        _T.archived_at.is_(None),
        _T.top_secret == 0,
        ~exists().where(
            injections.c.org == bindparam("org_is"),
            injections.c.process == _T.process,
            _T.seq >= injections.c.first_task,
            _T.seq < injections.c.first_task + injections.c.tasks,
        ),
    )
    .order_by(_T.process, _T.position, _T.seq)
)
_fields = select(_A.seq, _A.field).where(
    _A.org == bindparam("org_is"), _A.seq >= bindparam("first"), _A.seq <= bindparam("last")
)
_with_rules = union(
    select(_V.template_id).where(_V.org == bindparam("org_is"), _V.document.like(SOME_FORM_RULE)),
    select(_P.template_id)
    .join(tasks, and_(_T.org == _P.org, _T.process == _P.seq))
    .where(_T.org == bindparam("org_is"), _T.fields.is_not(None), _T.fields.like(SOME_FORM_RULE)),
)
_numbers = select(_F.id, _F.template_id, _F.alias, _F.kind).where(_F.org == bindparam("org_is"))
_last = select(_S.last).where(_S.org == bindparam("org_is"), _S.kind == "value_field")
_go_on = (
    update(sequences).where(_S.org == bindparam("org_is"), _S.kind == "value_field").values(last=bindparam("last_is"))
)
_forget = [
    delete(table).where(table.c.org == bindparam("org_is"), table.c.field.in_(bindparam("fields", expanding=True)))
    for table in (lists.process_values, lists.value_counters)
]


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


def leave_hidden_out(connection: Connection) -> None:
    """In the transaction of the upgrade. Only processes of templates with form rules are looked at."""
    for org in connection.execute(_organizations).scalars().all():
        found = connection.execute(_with_rules, {"org_is": org}).scalars().all()
        if found:
            _Filling(connection, org).fill_again(found)


def mark_blanks(connection: Connection) -> None:
    """In the transaction of the upgrade, when the rows of answers are right."""
    for org in connection.execute(_organizations).scalars().all():
        _Filling(connection, org).mark_blanks()


def index_answers(connection: Connection) -> None:
    """In the transaction of the upgrade, when the rows of answers are right."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(INDEX_OF_ANSWERS)
    else:
        connection.execute(enter_answers())


class _Filling:
    """One organization."""

    def __init__(self, connection: Connection, org: int) -> None:
        self._connection = connection
        self._org = org
        self._versions: dict[tuple[str, int], Template | None] = {}
        self._asked: dict[tuple[str, int], frozenset[int]] = {}
        self._counts: Counter[tuple[int, int, str]] = Counter()
        self._ids: dict[str, dict[Name, int]] = defaultdict(dict)
        for number, template_id, alias, kind in connection.execute(_numbers, {"org_is": org}).all():
            self._ids[template_id][alias, Kind(kind)] = number
        self._last: int = connection.execute(_last, {"org_is": org}).scalar() or 0
        self._come: list[dict[str, Any]] = []

    def fill(self) -> None:
        for template_id, text in self._connection.execute(_templates, {"org_is": self._org}).all():
            self._number(template_id, names_in(msgspec.json.decode(text, type=Template)))
        for rows in self._batches():
            self._enter(rows)
        self._finish()

    def fill_again(self, template_ids: Collection[str]) -> None:
        """The processes of these templates; fields keep their numbers."""
        fields = [number for each in template_ids for number in self._ids[each].values()]
        for statement in _forget:
            for start in range(0, len(fields), BATCH):
                named = {"org_is": self._org, "fields": fields[start : start + BATCH]}
                self._connection.execute(statement, named)
        wanted = frozenset(template_ids)
        for rows in self._batches():
            if some := [row for row in rows if row.template_id in wanted]:
                self._enter(some)
        self._finish()

    def mark_blanks(self) -> None:
        counts: Counter[tuple[int, int]] = Counter()
        for found in self._batches():
            answered = self._fields_answered(found[0].seq, found[-1].seq)
            blank = [
                (field, row.state, row.seq)
                for row in found
                for field in self._fields_of(row.template_id, row.template_version) - answered[row.seq]
            ]
            counts.update((field, state) for field, state, _ in blank)
            self._insert(lists.process_facets, [{**_blank(field, s), "seq": seq} for field, s, seq in sorted(blank)])
        self._insert(lists.facet_counters, [{**_blank(*key), "n": n} for key, n in sorted(counts.items())])
        self._finish()

    def _fields_answered(self, first: int, last: int) -> dict[int, set[int]]:
        """By process, of those between the two."""
        found: dict[int, set[int]] = defaultdict(set)
        for seq, field in self._connection.execute(_fields, {"org_is": self._org, "first": first, "last": last}):
            found[seq].add(field)
        return found

    def _fields_of(self, template_id: str, version: int) -> frozenset[int]:
        key = template_id, version
        if key not in self._asked:
            document = self._version(template_id, version)
            names = frozenset[Name]() if document is None else names_in(document)
            ids = self._number(template_id, names)
            self._asked[key] = frozenset(ids[name] for name in names)
        return self._asked[key]

    def _batches(self) -> Iterator[Sequence[Any]]:
        after = 0
        while rows := self._connection.execute(_after, {"org_is": self._org, "after": after}).all():
            yield rows
            after = rows[-1].seq

    def _finish(self) -> None:
        self._insert(
            lists.value_counters,
            [{"field": f, "state": state, "bucket": bucket, "n": n} for (f, state, bucket), n in self._counts.items()],
        )
        if not self._come:
            return
        self._insert(lists.value_fields, self._come)
        if self._last > len(self._come):
            self._connection.execute(_go_on, {"org_is": self._org, "last_is": self._last})
        else:
            self._insert(sequences, [{"kind": "value_field", "last": self._last, "last_at": 0}])

    def _enter(self, found: Sequence[Any]) -> None:
        asked = {"org_is": self._org, "processes": [row.seq for row in found]}
        answered: dict[int, list[Any]] = defaultdict(list)
        for row in self._connection.execute(_answered, asked).all():
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
            self._last += 1
            known[name] = self._last
            self._come.append({"id": self._last, "template_id": template_id, "alias": name[0], "kind": name[1].value})
        return known

    def _insert(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        for start in range(0, len(rows), MOST_ROWS):
            part: list[dict[str, Any]] = [{"org": self._org, **row} for row in rows[start : start + MOST_ROWS]]
            if self._connection.dialect.name == "postgresql":
                text = row_statements.insert(table, tuple(part[0]))
                self._connection.exec_driver_sql(text, {"rows": msgspec.json.encode(part).decode()})
            else:
                self._connection.execute(insert(table), part)


def _blank(field: int, state: int) -> dict[str, int | str]:
    """Under which a process without an answer is listed and counted."""
    return {"facet": int(Facet.BLANK), "key": str(field), "state": state}
