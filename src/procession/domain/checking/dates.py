"""Dates that meet conditions on when they are, and on how they are written. Spec: behaviour-automations 2.3, 12.2."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import islice, product
from math import prod

from procession.domain.automations.comparing import asked_texts, written_day, written_instant
from procession.domain.automations.rules import Condition
from procession.domain.calendar import instant_at, local_day, local_time
from procession.domain.fields import Field
from procession.domain.times import DAY, EARLIEST, LATEST, SECOND, Millis, parse_day, wire

MOST_PLACED = 100
_FORM = "0000-00-00 00:00"
_SOME_DAY = date(2001, 1, 1)
_VARIED = ("2001-01-01 00:00", "2024-02-29 12:34", "1999-11-30 23:59", "2038-10-25 18:47", "2026-07-16 06:05")
"""What stands where conditions leave it open, when nothing that is named fits."""


def dates_to_try(field: Field, asked: Sequence[Condition], zone: str) -> tuple[list[str], bool]:
    """Answers, and whether where none of them meets all conditions no other does."""
    where = zone if field.collect_time else "UTC"
    found = [at for at in _by_time(field, asked, where) if EARLIEST <= at <= LATEST]
    pieces = [text for each in asked if each.operator == "contains" for text in asked_texts(each) if text]
    is_all = not pieces and all(each.operator != "not_contains" for each in asked)
    if not is_all:
        form = _FORM if field.collect_time else _FORM[:10]
        places = [[at for at in range(len(form) - len(each) + 1) if _fits(each, form[at:])] for each in pieces]
        placed = list(_placed(pieces, places))
        texts = [f"{local_time(at, where):%Y-%m-%d %H:%M}" for at in found]
        is_all = not placed and prod(map(len, places)) <= MOST_PLACED
        found += islice(_filled(placed, [text[: len(form)] for text in (*texts, *_VARIED)], where), MOST_PLACED)
    return [wire(at) for at in dict.fromkeys(found)], is_all


def _by_time(field: Field, asked: Sequence[Condition], where: str) -> Iterator[Millis]:
    """The first and last instant between the bounds, where each day that is named begins, and where days begin after
    the first (before the last), one more than are ruled out.
    """
    tick = SECOND if field.collect_time else DAY
    first = max((at + tick for at in _stated(field, asked, "greater_than", where)), default=None)
    last = min((at - tick for at in _stated(field, asked, "less_than", where)), default=None)
    yield from (at for at in (first, last) if at is not None)
    named = [day for each in asked for text in asked_texts(each) if (day := written_day(text)) is not None]
    anchor = first if first is not None else last
    start = _SOME_DAY if anchor is None else local_day(anchor, where)
    sign = -1 if first is None and last is not None else 1
    denied = sum(each.operator == "not_equals" for each in asked)
    near = (start.toordinal() + sign * place for place in range(denied + 2))
    days = [*named, *(date.fromordinal(each) for each in near if 1 <= each <= date.max.toordinal())]
    yield from (instant_at(datetime(day.year, day.month, day.day), where) for day in days)  # noqa: DTZ001


def _stated(field: Field, asked: Iterable[Condition], operator: str, where: str) -> list[Millis]:
    """The instants that conditions with this operator state; of a field without a time, the days."""
    texts = [text for each in asked if each.operator == operator for text in asked_texts(each)]
    if field.collect_time:
        found = [written_instant(text, where) for text in texts]
    else:
        days = [written_day(text) for text in texts]
        found = [None if day is None else parse_day(day.isoformat()) for day in days]
    return [at for at in found if at is not None]


def _placed(pieces: Sequence[str], places: Sequence[Sequence[int]]) -> Iterator[Mapping[int, str]]:
    """Each way in which all pieces can stand in a date together: the characters by their place."""
    for chosen in islice(product(*places), MOST_PLACED):
        letters = [(at + place, letter) for at, each in zip(chosen, pieces, strict=True)
                   for place, letter in enumerate(each)]  # fmt: skip
        standing = dict(letters)
        if all(standing[place] == letter for place, letter in letters):
            yield standing


def _fits(piece: str, form: str) -> bool:
    return all(
        letter in "0123456789" if slot == "0" else letter == slot for letter, slot in zip(piece, form, strict=False)
    )


def _filled(placed: Iterable[Mapping[int, str]], others: Sequence[str], where: str) -> Iterator[Millis]:
    """The dates that there are with these characters, and what others have in the other places."""
    for standing in placed:
        for other in others:
            text = "".join(standing.get(place, letter) for place, letter in enumerate(other))
            try:
                at = instant_at(datetime.fromisoformat(text), where)
            except ValueError:
                continue
            if EARLIEST <= at <= LATEST:
                yield at
