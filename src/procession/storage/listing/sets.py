"""Sets of processes that are remembered, so that what many conditions leave together need not be counted (decision 16).

A set is read when it is asked for again, and afterwards brought up to date with what has changed (storage.changes).
Whatever is worked out of sets is what the asking transaction sees: one that sees an older state gets nothing.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from pyroaring import BitMap
from sqlalchemy import bindparam, select, union_all

from procession.domain.filters import Keyed, ProcessFilter, StatusPart
from procession.domain.listing import HOUR_MS, Facet
from procession.storage.access import Sight
from procession.storage.changes import UNLIMITED, Kind
from procession.storage.dialect import constant, is_in
from procession.storage.listing.bound_filter import Plan
from procession.storage.listing.lateness import late_this_hour
from procession.storage.listing.set_parts import (
    Answered,
    Called,
    InState,
    LateBefore,
    Part,
    SeenBy,
    Under,
    members_read,
    numbers_in,
)
from procession.storage.query import Query
from procession.storage.tables.changes import changes, departures
from procession.storage.tables.events import organization_states
from procession.storage.tx import ReadTx

# Where so few are under the narrowest condition, they are looked at one by one.
WORTH_IT = 1_000
# A list is made of so many sets at most, and so many are known as asked for once.
MOST_PARTS, ASKED_KEPT = 100, 2_000
# A set is read anew where more has changed.
MOST_CHANGED = 2_000
NEVER = 1 << 62
# What the rows of `_anything` tell.
POSITION, START, CHANGED = 0, 1, 2
# What a set takes besides its numbers.
BYTES_BESIDES = 500

Of = Callable[[Part], BitMap]


class Known(NamedTuple):
    """A set as it is at a position of the organization's event log."""

    position: int
    numbers: BitMap
    size: int


class KnownSets:
    """The sets that one server process remembers, up to so many bytes: the longest unused are forgotten first."""

    def __init__(self, most_bytes: int, *, worth: int = WORTH_IT) -> None:
        self._most_bytes = most_bytes
        self.worth = worth
        self.size = 0
        self._known: OrderedDict[tuple[int, Part], Known] = OrderedDict()
        self._asked: OrderedDict[tuple[int, Part], None] = OrderedDict()

    def get(self, org: int, part: Part) -> Known | None:
        known = self._known.get((org, part))
        if known is not None:
            self._known.move_to_end((org, part))
        return known

    def put(self, org: int, part: Part, position: int, numbers: BitMap) -> None:
        """Remember this, unless a newer state is known."""
        former = self._known.get((org, part))
        if former is not None and former.position > position:
            return
        known = Known(position, numbers, _bytes_of(numbers))
        self.forget(org, part)
        self._known[org, part] = known
        self.size += known.size
        while self.size > self._most_bytes:
            oldest = next(iter(self._known))
            self.forget(*oldest)

    def forget(self, org: int, part: Part) -> None:
        former = self._known.pop((org, part), None)
        self.size -= 0 if former is None else former.size

    def were_asked(self, org: int, parts: Iterable[Part]) -> bool:
        """Whether each of these was asked for before; now they are."""
        wanted = [(org, part) for part in parts]
        were = all(each in self._asked for each in wanted)
        for each in wanted:
            self._asked[each] = None
            self._asked.move_to_end(each)
        while len(self._asked) > ASKED_KEPT:
            self._asked.popitem(last=False)
        return were


def _bytes_of(numbers: BitMap) -> int:
    found = numbers.get_statistics()
    return BYTES_BESIDES + sum(found[f"n_bytes_{kind}_containers"] for kind in ("array", "run", "bitset"))


async def meeting(tx: ReadTx, plan: Plan, *, may_read: bool) -> BitMap | None:
    """The numbers of all processes of the list; None where they are not known. Sets that were asked for before are read
    if they may be.
    """
    sets = tx.sets
    is_late = any(part.delayed for part in plan.where.parts)
    # Who is no administrator need not see what is late in a process.
    if sets is None or (is_late and not plan.sight.is_unlimited):
        return None
    hour = tx.now // HOUR_MS * HOUR_MS
    wanted = _parts_of(plan.where, plan.sight, hour)
    if len(wanted) > MOST_PARTS:
        return None
    known = {part: found for part in wanted if (found := sets.get(tx.org, part)) is not None}
    missing = [part for part in wanted if part not in known]
    if missing and not (may_read and sets.were_asked(tx.org, missing)):
        return None
    state = await _changed(tx, known, wanted)
    if state is None:
        # Too much to go through: what is asked for again is read anew.
        for part in known:
            sets.forget(tx.org, part)
        return None
    position, changed = state
    if any(each.position > position for each in known.values()):
        return None
    behind = [part for part in known if changed and known[part].position < position]
    found = {part: each.numbers for part, each in known.items()}
    found |= await _read(tx, plan, missing, behind, found, changed)
    for part in wanted:
        sets.put(tx.org, part, position, found[part])
    if is_late:
        since = await tx.tuples(late_this_hour, since=hour, now=tx.now)
        late = LateBefore(hour)
        found[late] = found[late] | BitMap([seq for (seq,) in since])
    return _meeting(plan.where, plan.sight, hour, found.__getitem__)


def _parts_of(where: ProcessFilter, sight: Sight, hour: int) -> list[Part]:
    """The sets that a list is made of."""
    asked = dict[Part, None]()

    def ask(part: Part) -> BitMap:
        asked[part] = None
        return BitMap()

    _meeting(where, sight, hour, ask)
    return list(asked)


def _meeting(where: ProcessFilter, sight: Sight, hour: int, of: Of) -> BitMap:
    """What the list has, made of its sets; what is late, of what was so at the last full hour."""
    words = BitMap.union(*(_in_part(part, hour, of) for part in where.parts))
    found = [words, *(_under(each, of) for each in where.keyed)]
    found += [of(Answered(valued)) for valued in where.valued if valued.operator != "empty"]
    if sight.principals is not None:
        found.append(BitMap.union(*(of(SeenBy(principal)) for principal in sight.principals)))
    if where.text is not None or where.number is not None:
        found.append(of(Called(where.text, where.number)))
    others = [
        of(Answered(msgspec.structs.replace(valued, operator="not_empty", keys=())))
        for valued in where.valued
        if valued.operator == "empty"
    ]
    if where.unstarred_by is not None:
        others.append(of(Under(Facet.STAR, str(where.unstarred_by))))
    left = BitMap.intersection(*sorted(found, key=len))
    return BitMap.difference(left, *others) if others else left


def _in_part(part: StatusPart, hour: int, of: Of) -> BitMap:
    asked = [BitMap.union(*(of(InState(state)) for state in sorted(part.states)))]
    asked += [_under(part.keyed, of)] if part.keyed is not None else []
    asked += [of(LateBefore(hour))] if part.delayed else []
    return BitMap.intersection(*asked)


def _under(keyed: Keyed, of: Of) -> BitMap:
    combined = BitMap.intersection if keyed.every else BitMap.union
    return combined(*(of(Under(keyed.facet, key)) for key in keyed.keys))


def _some(position: Any, *conditions: Any) -> Any:
    """The numbers behind a position, not all of very many."""
    table = position.table.c
    here = (table.org == bindparam("org"), table.kind == constant(Kind.PROCESS), position > bindparam("after"))
    some = select(table.seq).where(*here, *conditions).limit(constant(MOST_CHANGED + 1)).subquery()
    return select(constant(CHANGED), some.c.seq)


_anything = Query(
    union_all(
        select(constant(POSITION), organization_states.c.position).where(organization_states.c.org == bindparam("org")),
        select(constant(START), changes.c.position).where(
            changes.c.org == bindparam("org"),
            changes.c.kind == constant(Kind.START),
            changes.c.seq == constant(0),
            changes.c.position > bindparam("after"),
        ),
        _some(changes.c.position),
        # Those that are gone, and those of which nothing changed but a star.
        _some(departures.c.position, is_in(departures.c.principal, "principals")),
    )
)


async def _changed(tx: ReadTx, known: Mapping[Part, Known], wanted: Iterable[Part]) -> tuple[int, list[int]] | None:
    """The position that this transaction sees, and what has changed since the oldest of the sets; None: too much, or
    nobody kept what.
    """
    after = min((each.position for each in known.values()), default=NEVER)
    starrers = [f"m:{part.key}" for part in wanted if isinstance(part, Under) and part.facet is Facet.STAR]
    rows = await tx.tuples(_anything, after=after, principals=[UNLIMITED, *starrers])
    position = next((value for what, value in rows if what == POSITION), 0)
    changed = sorted({value for what, value in rows if what == CHANGED})
    if len(changed) > MOST_CHANGED or any(what == START for what, _ in rows):
        return None
    return position, changed


async def _read(
    tx: ReadTx,
    plan: Plan,
    missing: Sequence[Part],
    behind: Sequence[Part],
    former: Mapping[Part, BitMap],
    changed: list[int],
) -> dict[Part, BitMap]:
    """The sets that are missing, and those that are behind as they are now."""
    if not missing and not behind:
        return {}
    dialect = plan.caller.dialect
    asked = [(part, None) for part in missing] + [(part, changed) for part in behind]
    reads = [members_read(part, slot, tx.org, dialect, among) for slot, (part, among) in enumerate(asked)]
    rows = await tx.at_once(*reads)
    gone = BitMap(changed)
    found = dict[Part, BitMap]()
    for (part, among), [(text,)] in zip(asked, rows, strict=True):
        numbers = BitMap(numbers_in(text))
        found[part] = numbers if among is None else (former[part] - gone) | numbers
        found[part].shrink_to_fit()
    return found
