"""Job titles: labels on steps that each launch fills with people. Spec: T-8.2, L-8.1 to L-8.5, behaviour-people GR6."""

from collections.abc import Mapping

import msgspec

from procession.domain.processes import Owners
from procession.domain.templates import Template
from procession.domain.times import Millis

MAX_NAME = 200


class JobTitle(msgspec.Struct, frozen=True, kw_only=True):
    """Column names and fields agree (storage.rows)."""

    id: str
    name: str
    folded_name: str
    # Who usually holds it, and whom a launch chose last: what the next one may be offered.
    users: tuple[int, ...] = ()
    last_holders: Owners = Owners()
    created_at: Millis
    updated_at: Millis


def holders_to_remember(template: Template, chosen: Mapping[str, Owners]) -> dict[str, Owners]:
    """Whom this launch chose for titles that do not ask anew every time. Spec: T-8.2."""
    remembering = {role for step in template.steps if not step.role_changes_every_time for role in step.roles}
    return {role: owners for role, owners in chosen.items() if role in remembering and not owners.is_empty}
