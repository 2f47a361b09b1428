"""Ids: RFC 9562, in the order in which one server makes them."""

from uuid import UUID

from procession.storage.numbers import new_uuid

NOW = 1_772_000_000_000


def test_ids_of_one_instant_rise() -> None:
    made = [new_uuid(NOW + n // 500) for n in range(1000)]

    assert made == sorted(set(made))
    assert {(UUID(each).version, UUID(each).variant) for each in made} == {(7, UUID(made[0]).variant)}
    assert all(int(each[:12], 16) == NOW + n // 500 for n, each in enumerate(made))


def test_an_earlier_instant_has_earlier_ids() -> None:
    later = new_uuid(NOW + 1)

    assert new_uuid(NOW) < later
