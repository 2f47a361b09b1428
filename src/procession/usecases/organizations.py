"""Organizations: found one, change its settings. Spec: api-people 3."""

from collections.abc import Mapping
from typing import Any

from procession.domain.calendar import is_zone
from procession.domain.errors import Invalid, Unauthenticated
from procession.domain.events import happened
from procession.domain.names import clean_name
from procession.domain.organizations import check_name, checked_settings
from procession.domain.people import require_admin
from procession.storage import accounts, organizations
from procession.storage.database import Database
from procession.storage.members import NewMember
from procession.storage.tx import WriteTx
from procession.usecases.members import enter
from procession.usecases.setup import found


async def found_organization(outside: WriteTx, database: Database, *, name: str, timezone: str | None) -> WriteTx:
    """A new organization whose default administrator is the caller; the finished transaction in it.

    The time zone is the caller's unless they name one. Raises Invalid.
    """
    check_name(name)
    if timezone is not None and not is_zone(timezone):
        raise Invalid({"timezone": ["The timezone must be the name of an IANA time zone."]})
    account = await accounts.find(outside.connection, outside.actor.id)
    if account is None:
        raise Unauthenticated
    tx = await found(
        database,
        outside.connection,
        outside.new_id(),
        name=clean_name(name),
        timezone=timezone or account.timezone,
        actor=outside.actor,
        now=outside.now,
    )
    await enter(
        tx,
        NewMember(
            account=account.id,
            email=account.email,
            first_name=account.first_name,
            last_name=account.last_name,
            role="admin",
            status="active",
            timezone=account.timezone,
            invited_by=None,
            profile=account.profile,
        ),
    )
    tx.record(happened("organization.created", tx.organization_id, name=clean_name(name)))
    await tx.finish()
    return tx


async def update(tx: WriteTx, *, name: str | None, changes: Mapping[str, Any]) -> None:
    """Change the name and the settings mentioned. Raises NotAllowed, Invalid."""
    require_admin(tx.actor, "change the organization")
    if name is not None:
        check_name(name)
    known = await organizations.lock(tx.connection, tx.org)
    settings = organizations.decode_settings(known.settings)
    stored = checked_settings(changes, timezone=changes.get("timezone", settings.timezone))
    template_id = stored.get("onboarding_template_id")
    if template_id is not None and not await organizations.has_template(tx, template_id):
        raise Invalid({"onboarding_template_id": ["The selected onboarding template id is invalid."]})
    await organizations.save(
        tx.connection,
        tx.org,
        name=known.name if name is None else clean_name(name),
        settings={**organizations.plain_settings(known.settings), **stored},
        now=tx.now,
    )
    tx.record(happened("organization.updated", tx.organization_id, changed=sorted(stored)))
