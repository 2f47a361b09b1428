"""Who may do what with a template. Spec: behaviour-people 2.2 (T1-T8), 3.1; DEC-11, DEC-12, DEC-20, DEC-21."""

from collections.abc import Iterable
from typing import Literal, get_args

import msgspec

from procession.domain.actors import Actor
from procession.domain.errors import NotAllowed, NotFound
from procession.domain.templates import Settings, TemplateHead

Permission = Literal["READ", "EDIT", "LAUNCH", "DUPLICATE", "PROCESS_READ"]

PERMISSIONS: tuple[Permission, ...] = get_args(Permission)
OPENING: frozenset[Permission] = frozenset({"READ", "EDIT", "LAUNCH"})
FOR_LIGHT: frozenset[Permission] = frozenset({"READ", "LAUNCH", "PROCESS_READ"})
LISTING_LIGHT: frozenset[Permission] = frozenset({"READ", "LAUNCH"})

EVERYONE = "everyone"
LAUNCH_REFUSED = "Permission denied: cannot launch process from this template."
LAUNCH_ARCHIVED = "This template is archived. Restore it before launching a process from it."
LAUNCH_UNPUBLISHED = "This template has not been published yet. Publish it before launching a process from it."


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How the caller stands to one template: `granted` are the lists that contain them, groups and everyone resolved.

    Light members are not part of everyone (DEC-12); whoever fills `granted` has left that out.
    """

    actor: Actor
    is_owner: bool
    granted: frozenset[Permission]

    @property
    def lists(self) -> frozenset[Permission]:
        """The lists that count for the caller's role. Spec: behaviour-people T8."""
        return self.granted & FOR_LIGHT if self.actor.is_light else self.granted

    @property
    def bypasses(self) -> bool:
        """Administrators and owners need no list. Spec: T-2.1."""
        return self.actor.is_admin or self.is_owner


def may_read(standing: Standing) -> bool:
    return standing.bypasses or bool(standing.lists & OPENING)


def may_edit(standing: Standing) -> bool:
    """A light member never edits, not even as owner. Spec: behaviour-people 2.1."""
    return not standing.actor.is_light and (standing.bypasses or "EDIT" in standing.lists)


def may_launch(standing: Standing) -> bool:
    return standing.bypasses or "LAUNCH" in standing.lists


def launch_obstacle(standing: Standing, head: TemplateHead, settings: Settings) -> str | None:
    """Why a launch by the caller would be refused; None when it would not. Spec: L-1.1, L-1.3, L-1.6."""
    if not may_launch(standing):
        return LAUNCH_REFUSED
    if head.is_archived:
        return LAUNCH_ARCHIVED
    is_published = not settings.dual_version_enabled or head.published_version is not None
    return None if is_published else LAUNCH_UNPUBLISHED


def may_duplicate(standing: Standing) -> bool:
    """DUPLICATE is of use only with READ. Spec: T-2.2."""
    return not standing.actor.is_light and (standing.bypasses or ("DUPLICATE" in standing.lists and may_read(standing)))


def is_listed(standing: Standing) -> bool:
    """Whether the caller knows of the template at all. Spec: T-2.3, T-2.4."""
    shows = LISTING_LIGHT if standing.actor.is_light else frozenset(PERMISSIONS)
    return standing.bypasses or bool(standing.lists & shows)


def may_relabel(standing: Standing, *, label_needs_edit: bool) -> bool:
    """Spec: T-1.22."""
    return may_edit(standing) if label_needs_edit else is_listed(standing)


def may_archive(standing: Standing, *, allow_archive: bool) -> bool:
    return may_edit(standing) and (standing.actor.is_admin or allow_archive)


def may_create(actor: Actor, *, allow_creation: bool) -> bool:
    """Spec: T-1.3."""
    return actor.is_admin or (actor.role == "standard" and allow_creation)


def require_listed(standing: Standing) -> None:
    if not is_listed(standing):
        raise NotFound


def require_read(standing: Standing) -> None:
    """Raises NotFound for a hidden template, NotAllowed for one that is only listed. Spec: DEC-21."""
    require_listed(standing)
    if not may_read(standing):
        raise NotAllowed("You may not open this template.")


def require_edit(standing: Standing) -> None:
    require_listed(standing)
    if not may_edit(standing):
        raise NotAllowed("You may not edit this template.")


def default_grants(*, restricted: bool) -> frozenset[tuple[Permission, str]]:
    """The lists of a new template: (permission, principal). Spec: T-2.5, DEC-11."""
    return frozenset() if restricted else frozenset({("READ", EVERYONE)})


def principals_of(users: Iterable[int], groups: Iterable[str]) -> frozenset[str]:
    return frozenset([f"m:{user}" for user in users] + [f"g:{group}" for group in groups])
