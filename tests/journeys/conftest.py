from collections.abc import Iterator

import pytest

from tests.builders import Organization
from tests.journeys.callers import Town
from tests.live import Live


@pytest.fixture
def town(live: Live) -> Iterator[Town]:
    """An organization nobody else uses, on the server everybody shares."""
    town = Town(f"{live.base}/api", Organization(live.server))
    yield town
    town.close()
