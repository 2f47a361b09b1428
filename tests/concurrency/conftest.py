"""What every test of this folder ends with."""

import pytest

from tests.builders import Organization
from tests.concurrency.afterwards import Afterwards


@pytest.fixture
def afterwards(org: Organization) -> Afterwards:
    return Afterwards(org)
