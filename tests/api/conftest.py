"""Fixtures for tests of single requests."""

import pytest

from tests.api.ground import Ground
from tests.api.thread_places import Places
from tests.builders import Organization
from tests.harness import Server


@pytest.fixture(scope="session")
def grounds() -> dict[str, Ground]:
    return {}


@pytest.fixture
def ground(server: Server, grounds: dict[str, Ground]) -> Ground:
    """One for each database, for refusals only."""
    if server.dialect not in grounds:
        grounds[server.dialect] = Ground(server)
    return grounds[server.dialect]


@pytest.fixture
def places(org: Organization) -> Places:
    """Where comments may be written."""
    return Places(org)
