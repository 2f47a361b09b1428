"""Who does what in seeded processes: few people do much of the work."""

from bisect import bisect
from collections.abc import Sequence
from itertools import accumulate
from random import Random
from typing import TypeVar

from procession.domain.processes import Owners
from procession.seed.ground import Ground

T = TypeVar("T")

# The busiest member's share of all processes; the others follow in a long tail.
BUSIEST = 0.12
TAIL = 8
CREW = 4


class Weighted:
    """Draws by fixed weights, with one random number each."""

    def __init__(self, weights: Sequence[float]) -> None:
        self._sums = list(accumulate(weights))

    def draw(self, random: Random) -> int:
        """The place of what was drawn."""
        return bisect(self._sums, random.random() * self._sums[-1], hi=len(self._sums) - 1)


def tail(many: int) -> list[float]:
    return [1 / (place + TAIL) for place in range(many)]


def shares(many: int) -> list[float]:
    """The busiest, then the tail."""
    rest = tail(many - 1)
    return [BUSIEST, *[each * (1 - BUSIEST) / sum(rest) for each in rest]]


class Crews:
    """Draws the people of one process after another."""

    def __init__(self, ground: Ground, random: Random) -> None:
        self._ground = ground
        self._random = random
        self._owners = Weighted(shares(len(ground.owners)))
        self._helpers = Weighted(tail(len(ground.helpers)))

    def owner(self) -> int:
        return self._ground.owners[self._owners.draw(self._random)]

    def helper(self) -> int:
        return self._ground.helpers[self._helpers.draw(self._random)]

    def crew(self, owner: int) -> list[int]:
        return [owner, *[self.helper() for _ in range(CREW - 1)]]

    def assignees(self, crew: Sequence[int], starter: int) -> Owners:
        """Mostly one of the crew; sometimes two, a group, or a guest, whom the starter then answers for (U1)."""
        random, roll = self._random, self._random.random()
        first = crew[int(roll * 1000) % len(crew)]
        if roll < 0.82:
            return Owners(users=(first,))
        if roll < 0.89:
            return Owners(users=tuple(dict.fromkeys((first, crew[0]))))
        if roll < 0.96:
            return Owners(groups=(random.choice(self._ground.groups),))
        return Owners(users=(starter,), guests=(random.choice(self._ground.guests),))

    def completer(self, owners: Owners) -> tuple[int | None, str | None]:
        """The member, or else the guest, who completes a task of these assignees."""
        if owners.guests:
            return None, owners.guests[0]
        if owners.users:
            return owners.users[0], None
        return self._random.choice(self._ground.people_of_groups[owners.groups[0]]), None
