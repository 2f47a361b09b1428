"""Organizations: found one, change its settings. Spec: api-people 3."""

from collections.abc import Mapping
from typing import Any

from procession.domain.calendar import is_zone
from procession.domain.errors import Invalid, Unauthenticated
from procession.domain.events import happened
from procession.domain.files import Holder, told
from procession.domain.names import clean_name
from procession.domain.organizations import OrganizationSettings, check_name, checked_settings
from procession.domain.people import require_admin
from procession.domain.timers import TimerKind
from procession.storage import accounts, files, organizations, timers
from procession.storage.database import Database
from procession.storage.members import NewMember
from procession.storage.tx import WriteTx
from procession.usecases import public_logos, schedules
from procession.usecases.calendars import checked_holidays
from procession.usecases.members import enter
from procession.usecases.onboarding import template_fault
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
    if "holiday_calendar" in changes:
        stored["holiday_calendar"] = checked_holidays(changes["holiday_calendar"])
    template_id = stored.get("onboarding_template_id")
    if template_id is not None and (fault := await template_fault(tx, template_id)) is not None:
        raise Invalid({"onboarding_template_id": [fault]})
    kept = organizations.plain_settings(known.settings)
    changed = {**kept, **stored}
    after = organizations.settings_from(changed)
    called = known.name if name is None else clean_name(name)
    names = [name for name in sorted(stored) if _told(after, name) != _told(settings, name)]
    if not names and called == known.name:
        return
    await organizations.save(tx.connection, tx.org, name=called, settings=changed, now=tx.now)
    await _follow_daily_work(tx, settings, after)
    if stored.get("timezone", settings.timezone) != settings.timezone:
        await schedules.follow_zone(tx)
    tx.record(happened("organization.updated", tx.organization_id, changed=names))


def _told(settings: OrganizationSettings, name: str) -> object:
    """A setting as it is shown: a week that nobody has set is one of seven days."""
    return settings.working_week().days if name == "working_days" else getattr(settings, name)


async def erase_logo(tx: WriteTx) -> None:
    """Erase the logo; without one nothing happens. Raises NotAllowed. Spec: api-people 3."""
    require_admin(tx.actor, "remove the logo of the organization")
    await organizations.lock(tx.connection, tx.org)
    logo = await public_logos.current(tx)
    if logo is not None:
        await files.erase_held(tx, Holder("organization"))
        tx.record(told("deleted", logo, None))


async def _follow_daily_work(tx: WriteTx, before: OrganizationSettings, after: OrganizationSettings) -> None:
    """What is switched on is done at once, then every day. Spec: behaviour-work Y6 to Y8."""
    kinds: dict[TimerKind, tuple[bool, bool]] = {
        "auto_archive": (before.auto_archive, after.auto_archive),
        "auto_complete": (before.auto_complete_tasks, after.auto_complete_tasks),
    }
    for kind, (was_on, is_on) in kinds.items():
        if is_on and not was_on:
            await timers.put(tx, kind, {0: tx.now})
        if was_on and not is_on:
            await timers.remove(tx, kind, [0])
