"""Which processes should have a timer for their rules, worked out from the rows themselves."""

from collections.abc import Mapping

import msgspec
from sqlalchemy import and_, bindparam, exists, or_, select

from procession.domain.automations.rules import TIME_OPERATORS
from procession.domain.automations.state import FRESH, RuleState
from procession.domain.automations.timing import first_moment
from procession.domain.calendar import WorkingWeek
from procession.domain.processes import Process
from procession.domain.templates import Template
from procession.storage import organizations
from procession.storage.query import Query
from procession.storage.tables.injections import injections
from procession.storage.tables.processes import processes, rule_states
from procession.storage.tables.templates import template_versions
from procession.storage.tx import ReadTx

_P = processes.c
_V = template_versions.c
_timed_versions = Query(
    select(_V.template_id, _V.version, _V.document).where(
        _V.org == bindparam("org"), or_(*(_V.document.like(bindparam(each)) for each in TIME_OPERATORS))
    )
)
_states_of = Query(
    select(rule_states.c.process, rule_states.c.state)
    .join(processes, and_(_P.org == rule_states.c.org, _P.seq == rule_states.c.process))
    .where(
        rule_states.c.org == bindparam("org"),
        or_(
            and_(_P.template_id == bindparam("template_id"), _P.template_version == bindparam("version")),
            exists().where(
                injections.c.org == bindparam("org"),
                injections.c.process == _P.seq,
                injections.c.template_id == bindparam("template_id"),
                injections.c.version == bindparam("version"),
            ),
        ),
    )
)


class Clocks(msgspec.Struct, frozen=True):
    """What the timers of rules follow from: the versions with rules on time, what processes remember, the calendar."""

    documents: Mapping[tuple[str, int], Template]
    states: Mapping[int, RuleState]
    week: WorkingWeek

    def is_planned(self, process: Process) -> bool:
        runs = [(process.template_id, process.template_version)]
        runs += [(each.template_id, each.version) for each in process.injections]
        documents = [self.documents[each] for each in runs if each in self.documents]
        state = self.states.get(process.seq, FRESH)
        return first_moment(process, documents, state, self.week) is not None


async def clocks_of(tx: ReadTx) -> Clocks:
    named = {each: f'%"{each}"%' for each in TIME_OPERATORS}
    found = [
        (row[0], row[1], msgspec.json.decode(row[2], type=Template))
        for row in await tx.tuples(_timed_versions, **named)
    ]
    documents = {(row[0], row[1]): row[2] for row in found if any(rule.is_on_time for rule in row[2].rules)}
    states: dict[int, RuleState] = {}
    for template_id, version in documents:
        rows = await tx.tuples(_states_of, template_id=template_id, version=version)
        states |= {row[0]: msgspec.json.decode(row[1], type=RuleState) for row in rows}
    return Clocks(documents, states, (await organizations.settings_of(tx, tx.org)).working_week())
