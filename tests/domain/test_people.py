"""Members. Spec: api-people 4, behaviour-people 4."""

import pytest

from procession.domain.people import name_faults, parse_role, utc_offset


@pytest.mark.parametrize("name", ["Mira", "Anne-Marie", "O'Neil", "J. R.", "Ünal", "王", "a" * 32, "Dr. med. wurst"])
def test_ordinary_names_are_fine(name: str) -> None:
    assert name_faults(name, name) == {}


@pytest.mark.parametrize("name", ["", "  ", "x" * 33, "http://x", "see HTTPS:x", "www.x.test", "x.com/a", "a://b"])
def test_blank_long_and_linking_names_are_refused(name: str) -> None:
    assert set(name_faults(name, "Okoye")) == {"first_name"}
    assert set(name_faults("Mira", name)) == {"last_name"}


@pytest.mark.parametrize(
    ("text", "role"), [("admin", "admin"), (" Light ", "light"), ("STANDARD", "standard"), ("owner", None), ("", None)]
)
def test_roles_are_read_in_any_case(text: str, role: str | None) -> None:
    assert parse_role(text) == role


@pytest.mark.parametrize(
    ("zone", "offset"),
    [
        ("UTC", "+00:00"),
        ("Europe/Oslo", "+01:00"),
        ("Asia/Kolkata", "+05:30"),
        ("America/St_Johns", "-03:30"),
        ("Pacific/Kiritimati", "+14:00"),
    ],
)
def test_offsets_are_written_with_hours_and_minutes(zone: str, offset: str) -> None:
    assert utc_offset(zone, 1_767_225_600_000) == offset  # 2026-01-01
