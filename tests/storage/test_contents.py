"""The tests' own look at a database: what it must not miss."""

import pytest

from tests.api.refusals import unchanged
from tests.builders import Organization


def test_whatever_is_written_is_noticed(org: Organization) -> None:
    with pytest.raises(AssertionError, match="'event'"), unchanged(org):
        org.tag()


def test_what_others_write_is_no_change(org: Organization, other_org: Organization) -> None:
    with unchanged(org):
        other_org.tag()
        with unchanged(other_org):
            org.server.request("GET", "/health").raise_for_status()
