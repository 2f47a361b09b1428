"""How much is seeded, and how it is spread."""

import msgspec

USERS = 200
GUESTS = 30
GROUPS = 8
TAGS = 12
TEMPLATES = 10
MONTHS = 18


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Volumes; the first organization holds `largest_share` of all processes, the others the same number each."""

    organizations: int = 20
    runs: int = 100_000
    tasks_per_run: int = 12
    largest_share: float = 0.6
    users: int = USERS
    random_seed: int = 1

    def __post_init__(self) -> None:
        if self.organizations < 1 or self.runs < 0 or self.users < 2:
            raise ValueError("a seed needs an organization, two people in it, and no negative number of processes")
        if not 1 <= self.tasks_per_run <= 100 or not 0 < self.largest_share <= 1:
            raise ValueError("a process has 1 to 100 tasks, and the largest share is above 0 and at most 1")

    def runs_of_each(self) -> list[int]:
        """Processes of each organization, the largest first."""
        if self.organizations == 1:
            return [self.runs]
        largest = round(self.runs * max(self.largest_share, 1 / self.organizations))
        others, left = divmod(self.runs - largest, self.organizations - 1)
        return [largest, *[others + (index < left) for index in range(self.organizations - 1)]]
