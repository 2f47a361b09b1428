"""How answers refer to uploaded files. Spec: api-conventions 18.4, api-tasks 15.1."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from procession.domain.loose import as_list, as_object

MAX_ADDRESS = 2_000
_ID = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)
_OWN_PATH = re.compile(r"(?:.*/)?organizations/([0-9a-f]{32})/file/([0-9a-f]{32})(?:/dl)?", re.IGNORECASE)


def path_of(file_id: str, organization_id: str) -> str:
    """Where it is downloaded from."""
    return f"organizations/{organization_id}/file/{file_id}/dl"


def shown_at(file_id: str, organization_id: str) -> str:
    """Where it is read to be shown."""
    return f"organizations/{organization_id}/file/{file_id}"


def file_named_by(entry: Mapping[str, Any], organization_id: str) -> str | None:
    """The id of the stored file that an entry of a file answer stands for; None: it is an address elsewhere.

    By its id, or by its own address, with or without the server's in front.
    """
    addresses = [str(entry[key]) for key in ("url", "full_url") if entry.get(key)]
    named = entry.get("id")
    if isinstance(named, str) and named and not (entry.get("source") == "url" and addresses):
        return named.lower() if _ID.fullmatch(named) else named
    return next((own for each in addresses if (own := _own_file(each, organization_id)) is not None), None)


def _own_file(address: str, organization_id: str) -> str | None:
    try:
        path = urlsplit(address[:MAX_ADDRESS]).path.lstrip("/")
    except ValueError:  # what follows :// is no host
        return None
    own = _OWN_PATH.fullmatch(path)
    return own[2].lower() if own is not None and own[1].lower() == organization_id else None


def files_in_answers(answers: Mapping[str, Any], organization_id: str) -> frozenset[str]:
    """The stored files that these answers refer to, as they are kept: no other answer's parts have a full_url."""
    found = (
        file_named_by(entry, organization_id)
        for value in answers.values()
        for each in as_list(value) or ()
        if (entry := as_object(each)) is not None and "full_url" in entry
    )
    return frozenset(named for named in found if named is not None)


def named_files(sent: object, organization_id: str) -> frozenset[str]:
    """The files that a value names as it was sent."""
    entries = (as_object(each) for each in as_list(sent) or [])
    return frozenset(
        named for entry in entries if entry and (named := file_named_by(entry, organization_id)) is not None
    )
