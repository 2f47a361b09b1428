"""Guests: people outside, known by their e-mail address. Spec: api-people 5, behaviour-people 5."""

import re
from urllib.parse import urlsplit

import msgspec

from procession.domain.calendar import is_zone
from procession.domain.errors import Invalid
from procession.domain.times import parse_instant

MAX_NAME = 200
MAX_PHONE = 20
MAX_URL = 2000
SYNC_SOURCES = ("salesforce",)
MEMBERS_ADDRESS = "This e-mail address belongs to a member of the organization."

_LENGTHS = {
    "first_name": MAX_NAME, "last_name": MAX_NAME, "phone_1": MAX_PHONE, "phone_2": MAX_PHONE,
    "company_name": MAX_NAME, "opportunity_name": MAX_NAME, "status": MAX_NAME,
}  # fmt: skip
_URLS = ("company_url", "contact_url", "image_url", "opportunity_url")
_CREATION = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII)


class GuestDetails(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The guest's record beside name and address."""

    status: str | None = None
    phone_1: str | None = None
    phone_2: str | None = None
    timezone: str | None = None
    image_url: str | None = None
    contact_url: str | None = None
    company_url: str | None = None
    opportunity_url: str | None = None
    company_name: str | None = None
    opportunity_name: str | None = None
    external_sync_source: str | None = None
    # Milliseconds.
    external_date_creation: int | None = None
    associated_members: tuple[int, ...] = ()


class GuestKey(msgspec.Struct, frozen=True):
    """How a path names a guest: by id, by lower-case address, or by the keyed hash of their code."""

    id: int | None = None
    email: str | None = None
    code_hash: str = ""


def normal_email(text: str) -> str:
    """The form that guests are told apart by."""
    return text.strip().lower()


def checked_details(changes: dict[str, object]) -> dict[str, object]:
    """Profile keys as they are stored, blank texts as null; raises Invalid with every fault. Spec: api-people 5.1."""
    errors: dict[str, list[str]] = {}
    stored: dict[str, object] = {}
    for name, value in changes.items():
        try:
            stored[name] = _checked(name, value)
        except ValueError as error:
            errors[name] = [str(error)]
    if errors:
        raise Invalid(errors)
    return stored


def _checked(name: str, value: object) -> object:
    if not isinstance(value, str):
        return value
    text = value.strip()
    if not text:
        return None
    words = name.replace("_", " ")
    if name in _LENGTHS and len(text) > _LENGTHS[name]:
        raise ValueError(f"The {words} may not be greater than {_LENGTHS[name]} characters.")
    if name in _URLS and not _is_url(text):
        raise ValueError(f"The {words} must be a URL that begins with http:// or https://.")
    if name == "timezone" and not is_zone(text):
        raise ValueError("The timezone must be the name of an IANA time zone.")
    if name == "external_sync_source" and text not in SYNC_SOURCES:
        raise ValueError(f"The {words} must be {' or '.join(SYNC_SOURCES)}.")
    if name == "external_date_creation":
        return _creation(text)
    return text


def _is_url(text: str) -> bool:
    try:
        address = urlsplit(text)
        return len(text) <= MAX_URL and address.scheme in ("http", "https") and bool(address.hostname)
    except ValueError:
        return False


def _creation(text: str) -> int:
    if not _CREATION.fullmatch(text):
        raise ValueError("The external date creation must be in the form YYYY-MM-DD HH:MM:SS.")
    return parse_instant(text)
