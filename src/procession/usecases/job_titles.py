"""Job titles: create, change, delete; administrators only. Spec: api-templates 11, behaviour-people 3.4."""

from collections.abc import Sequence

from msgspec.structs import replace

from procession.domain.errors import Invalid, NotFound
from procession.domain.events import happened
from procession.domain.job_titles import MAX_NAME, JobTitle
from procession.domain.names import clean_name, fold
from procession.domain.people import require_admin
from procession.storage import job_titles, people, templates
from procession.storage.tx import WriteTx

MANAGE = "create, change or delete job titles"


async def create(tx: WriteTx, *, name: str, users: Sequence[int]) -> JobTitle:
    """Raises NotAllowed, Invalid."""
    require_admin(tx.actor, MANAGE)
    title = JobTitle(
        id=tx.new_id(),
        name=clean_name(name),
        folded_name=fold(clean_name(name)),
        users=tuple(dict.fromkeys(users)),
        created_at=tx.now,
        updated_at=tx.now,
    )
    await _check(tx, title, already=())
    await job_titles.add(tx, title)
    tx.record(happened("job_title.created", title.id, name=title.name))
    return title


async def update(
    tx: WriteTx, title_id: str, *, name: str | None = None, users: Sequence[int] | None = None
) -> JobTitle:
    """None leaves a part as it is, a list replaces. Raises NotAllowed, NotFound, Invalid."""
    before = await managed(tx, title_id)
    after = before
    if name is not None:
        after = replace(after, name=clean_name(name), folded_name=fold(clean_name(name)))
    if users is not None:
        after = replace(after, users=tuple(dict.fromkeys(users)))
    await _check(tx, after, already=before.users)
    if after == before:
        return before
    after = replace(after, updated_at=tx.now)
    await job_titles.save(tx, after)
    tx.record(happened("job_title.updated", after.id, name=after.name))
    return after


async def delete(tx: WriteTx, title_id: str) -> None:
    """Steps lose it as they lose a deleted group; launched tasks keep their people. Raises NotAllowed, NotFound."""
    require_admin(tx.actor, MANAGE)
    # Templates come before what they name, as everywhere.
    rows = await templates.lock_many(tx, await templates.mentioning(tx, "role", title_id))
    title = await managed(tx, title_id)
    known = {row.id for row in rows}
    late = [each for each in await templates.mentioning(tx, "role", title_id) if each not in known]
    for row in [*rows, *await templates.lock_many(tx, late)]:
        steps = (
            replace(step, roles=tuple(each for each in step.roles if each != title_id)) for step in row.document.steps
        )
        await templates.save(tx, row, replace(row, document=replace(row.document, steps=tuple(steps))))
    await job_titles.remove(tx, title_id)
    tx.record(happened("job_title.deleted", title_id, name=title.name))


async def managed(tx: WriteTx, title_id: str) -> JobTitle:
    """The job title, locked for change. Raises NotAllowed, NotFound."""
    require_admin(tx.actor, MANAGE)
    title = await job_titles.lock(tx, title_id)
    if title is None:
        raise NotFound
    return title


async def _check(tx: WriteTx, title: JobTitle, *, already: Sequence[int]) -> None:
    """Raises Invalid; who held the title before is not asked about again."""
    errors: dict[str, list[str]] = {}
    if not title.name:
        errors["name"] = ["The name field is required."]
    elif len(title.name) > MAX_NAME:
        errors["name"] = [f"The name may not be greater than {MAX_NAME} characters."]
    elif await job_titles.named(tx, title.folded_name) not in (None, title.id):
        errors["name"] = ["The name has already been taken."]
    found = (await people.assignable(tx, title.users, ())).members | set(already)
    for index, user in enumerate(title.users):
        if user not in found:
            errors[f"users.{index}"] = ["There is no active member with this id."]
    if errors:
        raise Invalid(errors)
