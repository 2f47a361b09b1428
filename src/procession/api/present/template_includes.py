"""Templates with what `with=` adds, for a whole page at once. Spec: api-templates 1, 3."""

from collections.abc import Mapping, Sequence

from msgspec import UNSET

from procession.api.call import Call
from procession.api.contract.envelope import Many, One
from procession.api.contract.templates import Checklist, Launchability
from procession.api.present.files import present_files
from procession.api.present.steps import present_stages, present_steps, present_tags
from procession.api.present.templates import present_folder, present_permissions, present_template
from procession.api.present.watchers import WATCHERS, add_watchers
from procession.domain.template_permissions import (
    PERMISSIONS,
    Permission,
    Standing,
    launch_obstacle,
    may_edit,
    may_read,
)
from procession.domain.templates import TemplateOutline, TemplateRow
from procession.storage import files, folders, public_templates, template_grants, template_links
from procession.storage.template_lists import ListedTemplate
from procession.storage.tx import ReadTx
from procession.usecases.template_access import Opened, as_seen

OFFERED = frozenset({"steps", "tags", "folder", "permissions", "launch", "stages", "assets", *WATCHERS})
# Printed always: asking for them is no mistake.
INLINE = frozenset({"prerun", "automated_actions", "users", "groups", "industry_tags", "topic_tags"})
# These read the whole document.
FROM_STEPS = frozenset({"steps", "stages"})


def wanted(call: Call, names: Sequence[str], offered: frozenset[str] = OFFERED | INLINE) -> frozenset[str]:
    """The includes asked for; unknown names are reported, not refused. Spec: api-conventions 9."""
    found: set[str] = set()
    for name in names:
        first = name.lower().replace("-", "_").partition(".")[0]
        if first in offered:
            found.add(first)
        else:
            call.ignore(f"with:{name}")
    return frozenset(found)


async def present_listed(
    tx: ReadTx, rows: Sequence[ListedTemplate], names: frozenset[str], *, with_body: bool = False
) -> list[Checklist]:
    """As much of each as the caller may read; the number of statements does not depend on that of the rows."""
    seen, standings = await as_seen(tx, [each.template for each in rows])
    shown = [present_template(row, starred=each.starred) for row, each in zip(seen, rows, strict=True)]
    if not with_body:
        for each in shown:
            each.body = UNSET
    await _add_includes(tx, seen, shown, names, standings, ancestors=False)
    return shown


async def present_opened(
    tx: ReadTx, opened: Opened, *, starred: bool, names: frozenset[str] = frozenset(), ancestors: bool = False
) -> Checklist:
    """One template that the caller may read."""
    row = opened.template
    shown = present_template(row, starred=starred)
    if row.document.is_public:
        shown.import_count = await public_templates.imports(tx, row.id)
    await _add_includes(tx, [row], [shown], names, {row.id: opened.standing}, ancestors=ancestors)
    return shown


async def _add_includes(
    tx: ReadTx,
    rows: Sequence[TemplateRow | TemplateOutline],
    shown: Sequence[Checklist],
    names: frozenset[str],
    standings: Mapping[str, Standing],
    *,
    ancestors: bool,
) -> None:
    ids = [row.id for row in rows]
    for row, checklist in zip(rows, shown, strict=True):
        _add_without_asking(row, checklist, names, standings[row.id])
    if "tags" in names:
        await _add_tags(tx, shown)
    await add_watchers(tx, "template_id", ids, shown, names)
    if "folder" in names:
        await _add_folders(tx, rows, shown, ancestors=ancestors)
    if "assets" in names:
        found = await files.of_templates(tx, [each for each in ids if may_read(standings[each])])
        for row, checklist in zip(rows, shown, strict=True):
            checklist.assets = present_files([each.file for each in found.get(row.id, ())], tx.organization_id)
    if "permissions" in names:
        grants = await template_grants.lists_of(tx, ids)
        for row, checklist in zip(rows, shown, strict=True):
            lists = shown_lists(standings[row.id])
            checklist.permissions = Many(present_permissions(grants[row.id], lists))


def _add_without_asking(
    row: TemplateRow | TemplateOutline, checklist: Checklist, names: frozenset[str], standing: Standing
) -> None:
    """What follows from the template and the caller alone."""
    if isinstance(row, TemplateRow):
        if "steps" in names:
            checklist.steps = Many(present_steps(row.id, row.document))
        if "stages" in names:
            checklist.stages = Many(present_stages(row.document))
    if "launch" in names:
        obstacle = launch_obstacle(standing, row, row.document)
        checklist.launch = One(Launchability(allowed=obstacle is None, reason=obstacle))


async def _add_tags(tx: ReadTx, shown: Sequence[Checklist]) -> None:
    """To their steps, too, where these are shown."""
    tags = await template_links.tags_of_templates(tx, [each.id for each in shown])
    for each in shown:
        each.tags = Many(present_tags(tags[each.id]))
    steps = [step for each in shown if each.steps is not UNSET for step in each.steps.data]
    if steps:
        of_steps = await template_links.tags_of_steps(tx, [step.id for step in steps])
        for step in steps:
            step.tags = Many(present_tags(of_steps[step.id]))


async def _add_folders(
    tx: ReadTx, rows: Sequence[TemplateRow | TemplateOutline], shown: Sequence[Checklist], *, ancestors: bool
) -> None:
    tree = await folders.of_kind(tx, "checklist")
    totals = await folders.totals(tx, "checklist")
    for row, checklist in zip(rows, shown, strict=True):
        folder = None if row.folder_id is None else present_folder(row.folder_id, tree, totals, ancestors=ancestors)
        checklist.folder = One(folder)


def shown_lists(standing: Standing) -> Sequence[Permission]:
    """Editors see all five lists, readers who edits, others none. Spec: api-templates T14, T-2.7."""
    if may_edit(standing):
        return PERMISSIONS
    return ("EDIT",) if may_read(standing) else ()
