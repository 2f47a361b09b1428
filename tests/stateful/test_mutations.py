"""The faults that `make mutations` puts into the engine are still faults of the engine as it stands."""

import pytest

from tests.mutations.__main__ import put_in
from tests.mutations.faults import FAULTS, Fault


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_what_a_fault_changes_is_there(fault: Fault) -> None:
    with put_in(fault):
        pass
