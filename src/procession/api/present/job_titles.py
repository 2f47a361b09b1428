"""Job titles from rows. Spec: api-templates 11."""

from collections.abc import Sequence

from procession.api.contract.job_titles import Holders, Role
from procession.domain.job_titles import JobTitle
from procession.domain.times import wire
from procession.storage import people
from procession.storage.tx import ReadTx


async def present_job_titles(tx: ReadTx, rows: Sequence[JobTitle]) -> list[Role]:
    """A page of job titles with those of their people who are still there; two statements at most."""
    members = {each for row in rows for each in (*row.users, *row.last_holders.users)}
    there = await people.still_there(tx, members, {each for row in rows for each in row.last_holders.groups})
    return [
        Role(
            id=row.id,
            name=row.name,
            users=[each for each in row.users if each in there.members],
            last_holders=Holders(
                users=[each for each in row.last_holders.users if each in there.members],
                guests=list(row.last_holders.guests),
                groups=[each for each in row.last_holders.groups if each in there.groups],
            ),
            created_at=wire(row.created_at),
            last_updated=wire(row.updated_at),
        )
        for row in rows
    ]
