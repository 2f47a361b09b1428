"""Public holidays of countries and their parts, as the library `holidays` knows them."""

from collections.abc import Mapping
from datetime import date
from functools import cache, lru_cache

# How many years of calendars are kept.
YEARS_KEPT = 4096


@cache
def countries() -> Mapping[str, frozenset[str]]:
    """ISO code of each country that is known -> the codes of its parts that have holidays of their own."""
    import holidays  # it looks at hundreds of countries: only for organizations that ask for one

    return {code: frozenset(parts) for code, parts in holidays.list_supported_countries().items()}


@lru_cache(YEARS_KEPT)
def holidays_of(country: str, subdivision: str | None, year: int) -> Mapping[date, str]:
    """The holidays of a year with their names, those on non-working days too."""
    import holidays  # as above

    return dict(holidays.country_holidays(country, subdiv=subdivision, years=year))
